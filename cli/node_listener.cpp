#include "cli/node_listener.hpp"

#include <condition_variable>
#include <mutex>

namespace aitbc::cli {

NodeListener::NodeListener(rpc::Client client, std::string_view types, Duration pause, On on)
    : client_(std::move(client)),
      types_(types),
      pause_(pause),
      on_(std::move(on)),
      thread_([this](const std::stop_token& stop) {
        do {
          listen();
        } while (rest(stop));
      }) {}

void NodeListener::cancel() {
  thread_.request_stop();
  client_.cancel();
}

void NodeListener::listen() {
  bool open = false;
  const auto opened = [&] {
    open = true;
    if (on_.opened) on_.opened();
  };
  const auto told = [&](const rpc::ToldEvent& each) {
    // A newer node may tell of what this program does not know.
    if (const auto event = parse_node_event(each.type, each.data)) on_.told(*event);
  };
  static_cast<void>(client_.listen(types_, reader_, {opened, told}));
  if (open && on_.ended) on_.ended();
}

// False when it is over.
bool NodeListener::rest(const std::stop_token& stop) const {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, pause_, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace aitbc::cli
