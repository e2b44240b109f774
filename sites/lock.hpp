#pragma once
// The right to change a network. Held by one process at a time; the OS takes it back when the
// holder dies, so nothing is ever left locked. Move-only; one thread.

#include "chain/core/result.hpp"
#include "sites/descriptor.hpp"
#include "sites/layout.hpp"

namespace aitbc::sites {

class NetworkLock {
 public:
  // in_use, naming the process that has it. Does not wait.
  static Result<NetworkLock> take(const Layout&);
  // Removes the lock's file as well: the network is gone.
  void remove() &&;

 private:
  NetworkLock(Descriptor file, std::filesystem::path path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Descriptor file_;
  std::filesystem::path path_;
};

}  // namespace aitbc::sites
