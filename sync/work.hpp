#pragma once
// What the core thread is asked to do, each with whom to tell what came of it. A work item belongs
// to one thread at a time.

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "chain/core/evidence.hpp"
#include "rpc/node.hpp"
#include "sync/protocol.hpp"

namespace aitbc::sync {

inline Error stopping() { return error(Errc::shutting_down, "node: it is shutting down"); }

// Tells once. Work that is dropped undone answers that the node stops.
template <class T>
class Answer {
 public:
  explicit Answer(rpc::Tell<T> tell) : tell_(std::move(tell)) {}
  Answer(Answer&& other) noexcept : tell_(std::exchange(other.tell_, nullptr)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (tell_) tell_(stopping());
  }

  void operator()(Result<T> value) { std::exchange(tell_, nullptr)(std::move(value)); }

 private:
  rpc::Tell<T> tell_;
};

struct SubmitWork {
  std::vector<CheckedTx> txs;
  Answer<rpc::TxAnswers> answer;
};
struct ImportWork {
  std::vector<CheckedBlock> branch;
  Answer<Imported> answer;
};
struct PollWork {
  using Clock = std::chrono::steady_clock;

  SyncQuery query;
  Clock::time_point asked;
  Answer<SyncAnswer> answer;

  Clock::time_point until() const { return asked + query.wait; }
};
struct ProveWork {
  Address address;
  Answer<rpc::ProvenAccount> answer;
};
struct NonceWork {
  Address address;
  Answer<Nonce> answer;
};
struct VotesWork {
  std::vector<SignedVote> votes;
  Answer<Done> answer;
};
struct EvidenceWork {
  std::vector<Evidence> evidence;
  Answer<Done> answer;
};
struct UnlockWork {
  Answer<std::vector<EvidenceId>> answer;
};
struct PeersWork {
  std::vector<std::string> urls;
  Answer<Done> answer;
};
struct ReplyWork {
  RequestId id;
  Result<Reply> reply;
};
struct ShrinkWork {
  Answer<Done> answer;
};
// Wakes the core thread: what it goes by has changed.
struct Nudge {};
using Work = std::variant<SubmitWork, ImportWork, PollWork, ProveWork, NonceWork, VotesWork,
                          EvidenceWork, UnlockWork, PeersWork, ReplyWork, ShrinkWork, Nudge>;

// What it changes of the node shows in Told.
inline bool is_quiet(std::span<const Work> all) {
  return std::all_of(all.begin(), all.end(), [](const Work& work) {
    return std::holds_alternative<PollWork>(work) || std::holds_alternative<ReplyWork>(work);
  });
}

}  // namespace aitbc::sync
