#pragma once
// The sync agent as a process of its own: makes a node follow its peers through the HTTP interfaces
// of both, for nodes that run without an agent. It keeps nothing: everything is in the node.

#include <memory>

#include "chain/log.hpp"
#include "chain/protocol.hpp"
#include "rpc/credentials.hpp"

namespace aitbc::sync {

class Daemon {
 public:
  struct Options {
    std::string local;               // base URL of the node that follows
    std::vector<std::string> peers;  // base URLs of those it follows
    bool poll_only = false;
    Duration poll_interval{};
    std::string instance = {};          // new at every start; empty: one poll a peer
    rpc::Credentials credentials = {};  // for all of them
  };

  // Fails if the local node does not answer; later it may come and go.
  static Result<std::unique_ptr<Daemon>> start(Options, Log&);
  ~Daemon();
  void stop();

  // How each peer stands to the local node.
  std::vector<PeerStatus> peers() const;

 private:
  class Worker;
  explicit Daemon(std::unique_ptr<Worker>);
  std::unique_ptr<Worker> worker_;
};

}  // namespace aitbc::sync
