#pragma once
// How a process that runs until it is told to end is told: SIGTERM and SIGINT, or raise(). Made by
// the main thread before any other thread, so that all inherit the mask; raise() is for any thread.

#include <optional>
#include <string>

#include "chain/core/time.hpp"
#include "sites/descriptor.hpp"

namespace aitbc::cli {

class StopSignal {
 public:
  StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  void raise();
  // The signal's name, or "none" after raise().
  std::string wait();
  // Likewise; nullopt if none came in that time.
  std::optional<std::string> wait(Duration patience);

 private:
  sites::Descriptor signals_;
  sites::Descriptor raised_;
};

}  // namespace aitbc::cli
