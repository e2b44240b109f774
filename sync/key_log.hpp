#pragma once
// Tells the log whether the node's key is an authority's, what keeps it from signing, and what is
// known against keys, as it changes. Core thread.

#include "chain/log.hpp"
#include "sync/replica.hpp"

namespace aitbc::sync {

class KeyLog {
 public:
  explicit KeyLog(Log& log) : log_(log) {}
  void note(const Replica&);

 private:
  void note_role(const Replica&);

  Log& log_;
  std::optional<bool> in_set_;  // told last
  Fitness::Reason reason_ = Fitness::Reason::none;
  std::size_t evidence_ = 0;  // told so far
  bool conflict_ = false;
};

}  // namespace aitbc::sync
