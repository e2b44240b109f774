#pragma once
// Carries Sends to peers over HTTP and brings the replies back. Each peer has a lane for each poll
// that may be held and one for fetches, so that nothing waits behind a held poll; a lane is one
// thread with one connection, started when first used. What faults on the links do to messages
// happens outside the lanes: a delayed message holds up no other one.

#include <functional>
#include <memory>

#include "rpc/credentials.hpp"
#include "sync/link.hpp"
#include "sync/timer.hpp"

namespace aitbc::sync {

class PeerIo {
 public:
  // Called from a thread of the carrier, exactly once for each Send unless stopped before.
  using Deliver = std::function<void(RequestId, Result<Reply>)>;
  // The faults on the links with a peer, now; asked from any thread.
  using Rules = std::function<LinkRules(PeerId)>;

  struct Options {
    std::vector<std::string> urls;
    rpc::Credentials credentials = {};  // for all of them
    Rules rules = [](PeerId) { return LinkRules(); };
    std::function<Duration(const Request&)> patience = patience_of;
    std::uint64_t seed = 0;  // of what the faults do
  };

  // bad_config for a URL that is none.
  static Result<std::unique_ptr<PeerIo>> open(const Params&, Options, Deliver);
  ~PeerIo();

  void send(Send);  // from one thread
  // Cancels what is under way and joins the threads; nothing is delivered afterwards.
  void stop();

 private:
  class Lane;
  class Faulty;
  struct Peer {
    std::string url;
    std::vector<std::unique_ptr<Lane>> polls;
    std::unique_ptr<Lane> fetches;
  };

  PeerIo(const Params&, Options, Deliver);
  void put_on_lane(Send);

  Params params_;
  std::unique_ptr<Faulty> faulty_;  // outlives the lanes, which report to it
  std::vector<Peer> peers_;
};

}  // namespace aitbc::sync
