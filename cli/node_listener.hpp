#pragma once
// One node's events (GET /rpc/events), over as many connections as it takes, on a thread of its
// own.

#include <functional>
#include <string>
#include <thread>

#include "chain/core/time.hpp"
#include "cli/node_event.hpp"
#include "rpc/client.hpp"

namespace aitbc::cli {

class NodeListener {
 public:
  // What it hears, on its thread. `opened` and `ended` may be left out.
  struct On {
    std::function<void()> opened;  // of each connection
    std::function<void()> ended;   // of each that was opened
    std::function<void(const NodeEvent&)> told;
  };
  // Begins to listen, as often as it has to, with a pause before it tries again.
  NodeListener(rpc::Client client, std::string_view types, Duration pause, On on);
  ~NodeListener() { cancel(); }
  NodeListener(const NodeListener&) = delete;
  NodeListener& operator=(const NodeListener&) = delete;

  // Ends soon; from any thread. To be destroyed is to wait for that.
  void cancel();

 private:
  void listen();
  bool rest(const std::stop_token& stop) const;

  rpc::Client client_;
  const std::string types_;
  const Duration pause_;
  const On on_;
  rpc::EventReader reader_;
  std::jthread thread_;
};

}  // namespace aitbc::cli
