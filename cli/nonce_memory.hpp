#pragma once
// The next nonce of an account as this machine knows it: one more than that of the last payment
// that a node acknowledged. A node that has not heard of that payment yet would name its nonce
// again, and two equal payments would become one transaction. Holds a lock, so that payments of one
// account that are made at the same time take their turns. Main thread only.

#include "chain/core/genesis.hpp"
#include "chain/file_lock.hpp"
#include "cli/invocation.hpp"

namespace aitbc::cli {

class NonceMemory {
 public:
  // Waits for its turn; timeout if another payment of the account takes too long.
  static Result<NonceMemory> open(Invocation& invocation, const GenesisHash& chain,
                                  const Address& account);

  // 0 when nothing was paid from here.
  Nonce next() const { return next_; }
  // When the chain is gone.
  static Status forget(Invocation& invocation, const GenesisHash& chain);

  // A node has acknowledged this nonce.
  Status used(Nonce nonce);

 private:
  NonceMemory(FileLock lock, std::string path, Nonce next)
      : lock_(std::move(lock)), path_(std::move(path)), next_(next) {}

  FileLock lock_;
  std::string path_;
  Nonce next_;
};

}  // namespace aitbc::cli
