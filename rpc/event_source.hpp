#pragma once
// What a connection that stays open tells its client, whatever the protocol. One thread.

#include <functional>
#include <string>
#include <vector>

#include "chain/core/result.hpp"

namespace aitbc::rpc {

class EventSource {
 public:
  virtual ~EventSource() = default;

  // What has come and was not taken yet, in order, each a text of its own; never waits for more.
  // An error that may pass (a busy node) loses nothing: ask again later. shutting_down,
  // out_of_range (it was asked too seldom, and events are lost) and those of a broken node are
  // final.
  virtual Result<std::vector<std::string>> take() = 0;

  // From now on `ring` is called whenever there may be something to take, from any thread, until
  // the source is gone. It must return at once and call nothing here.
  virtual void watch(std::function<void()> ring) = 0;

  // What a client is sent that was told nothing for a while, if its protocol has no sign of its
  // own.
  virtual std::string heartbeat() const { return {}; }
};

}  // namespace aitbc::rpc
