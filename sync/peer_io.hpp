#pragma once
// Carries Sends to peers over HTTP and brings the replies back. Each peer has two lanes, so that a
// held poll never delays a fetch; a lane is one thread with one connection, started when first
// used.

#include <functional>
#include <memory>

#include "sync/protocol.hpp"

namespace aitbc::sync {

class PeerIo {
 public:
  // Called from a lane's thread, exactly once for each Send unless stopped before.
  using Deliver = std::function<void(RequestId, Result<Reply>)>;

  // bad_config for a URL that is none.
  static Result<std::unique_ptr<PeerIo>> open(const Params&, std::vector<std::string> urls,
                                              Deliver);
  ~PeerIo();

  void send(Send);  // from one thread
  // Cancels what is under way and joins the lanes; nothing is delivered afterwards.
  void stop();

 private:
  class Lane;
  struct Peer {
    std::string url;
    std::unique_ptr<Lane> polls;
    std::unique_ptr<Lane> fetches;
  };

  PeerIo(const Params&, std::vector<std::string> urls, Deliver);

  Params params_;
  Deliver deliver_;
  std::vector<Peer> peers_;
};

}  // namespace aitbc::sync
