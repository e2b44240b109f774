#pragma once
// What the core thread is asked to do, each with the answer that its caller waits for. A work item
// belongs to one thread at a time; its answer may be waited for on another.

#include <algorithm>
#include <deque>
#include <future>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "chain/core/evidence.hpp"
#include "rpc/node.hpp"
#include "sync/protocol.hpp"

namespace aitbc::sync {

inline Error stopping() { return error(Errc::shutting_down, "node: it is shutting down"); }

// What a caller waits for. Work that is dropped undone answers that the node stops.
template <class T>
class Answer {
 public:
  Answer() = default;
  Answer(Answer&& other) noexcept : promise_(std::exchange(other.promise_, std::nullopt)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (promise_) promise_->set_value(stopping());
  }

  std::future<Result<T>> future() { return promise_->get_future(); }
  void set_value(Result<T> value) {
    promise_->set_value(std::move(value));
    promise_.reset();
  }

 private:
  std::optional<std::promise<Result<T>>> promise_{std::in_place};
};

using TxAnswers = std::vector<Result<TxId>>;
struct SubmitWork {
  std::vector<CheckedTx> txs;
  Answer<TxAnswers> answer;
};
struct ImportWork {
  std::vector<CheckedBlock> branch;
  Answer<Imported> answer;
};
struct PollWork {
  SyncQuery query;
  Answer<SyncAnswer> answer;
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
// Wakes the core thread: what it goes by has changed.
struct Nudge {};
using Work = std::variant<SubmitWork, ImportWork, PollWork, ProveWork, NonceWork, VotesWork,
                          EvidenceWork, UnlockWork, PeersWork, ReplyWork, Nudge>;

// Nothing of it changes the node.
inline bool asks_only(const std::deque<Work>& all) {
  return std::all_of(all.begin(), all.end(),
                     [](const Work& work) { return std::holds_alternative<PollWork>(work); });
}

}  // namespace aitbc::sync
