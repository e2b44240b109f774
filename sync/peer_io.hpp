#pragma once
// Carries Sends to peers over HTTP and brings the replies back. Each peer has a lane for each poll
// that may be held, so that nothing waits behind one, and some for fetches, so that signatures of
// blocks are checked on all processors. A lane is one thread with one connection while it is used:
// both end after limits::lane_rest_time without work, so that a peer which is asked now and then
// costs nothing in between. What faults on the links do to messages happens outside the lanes: a
// delayed message holds up no other one.

#include <functional>
#include <map>
#include <memory>
#include <span>

#include "chain/mutex.hpp"
#include "rpc/credentials.hpp"
#include "sync/link.hpp"
#include "sync/timer.hpp"

namespace aitbc::sync {

class PeerIo {
 public:
  // Called from a thread of the carrier, exactly once for each Send unless stopped, or its peer
  // taken away, before.
  using Deliver = std::function<void(RequestId, Result<Reply>)>;
  // The faults on the links with a peer, by its URL, now; asked from any thread.
  using Rules = std::function<LinkRules(const std::string&)>;

  struct Options {
    std::vector<std::string> urls;
    rpc::Credentials credentials = {};  // for all of them
    Rules rules = [](const std::string&) { return LinkRules(); };
    std::function<Duration(const Request&)> patience = patience_of;
    std::uint64_t seed = 0;  // of what the faults do
  };

  // The verifier must outlive it. bad_config for a URL that is none.
  static Result<std::unique_ptr<PeerIo>> open(Verifier&, Options, Deliver);
  ~PeerIo();

  // From one thread.
  void send(Send);  // to a peer that it has
  // Who can be sent to from now on. Those that stay keep their connections and what is under way;
  // of the others that is cancelled, and their threads are joined. bad_config for a URL that is
  // none, and then nothing has changed.
  Status set_peers(std::span<const std::string> urls);

  // Cancels what is under way and joins the threads; nothing is delivered afterwards.
  void stop();

 private:
  class Lane;
  class Faulty;
  using Lanes = std::vector<std::unique_ptr<Lane>>;
  struct Peer {  // its lanes are made when they are first needed
    Lanes polls, fetches;
  };
  using Peers = std::map<std::string, Peer>;

  PeerIo(Verifier&, Options, Deliver);
  std::unique_ptr<Lane> open_lane(const std::string& url, const char* name);
  Lane& lane_for(const Send&, Peer&);
  void put_on_lane(Send);
  static void end(Peers);

  Verifier& verifier_;
  const rpc::Credentials credentials_;
  std::unique_ptr<Faulty> faulty_;  // outlives the lanes, which report to it
  Mutex mutex_;                     // delayed messages are put on lanes by the timer's thread
  Peers peers_ AITBC_GUARDED_BY(mutex_);
};

}  // namespace aitbc::sync
