#pragma once
// What those who hold several polls open were told last: one piece of news ends one poll of an
// asker, and its next poll, which waits already, carries what comes after. So news never wait for a
// poll to come round. Forgetting an asker costs it an answer that says things again. Pure;
// not thread-safe.

#include <map>
#include <string>

#include "chain/core/mempool.hpp"
#include "chain/protocol.hpp"

namespace aitbc::sync {

class Askers {
 public:
  using Sequence = Mempool::Sequence;

  // Whether the node, whose news have come up to `latest`, has some that the asker was not told.
  bool has_news(const SyncQuery&, const std::string& instance, Sequence latest) const;
  // From now on the asker was told all up to `latest`. After which sequence the answer begins.
  Sequence release(const SyncQuery&, const std::string& instance, Sequence latest);

 private:
  Sequence known(const SyncQuery&, const std::string& instance) const;

  std::map<std::string, Sequence> told_;
};

}  // namespace aitbc::sync
