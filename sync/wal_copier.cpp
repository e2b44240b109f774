#include "sync/wal_copier.hpp"

#include <pthread.h>

#include <thread>

#include "chain/core/limits.hpp"
#include "chain/sqlite_store.hpp"
#include "sync/queue.hpp"

namespace aitbc::sync {

namespace {

// Long enough that a page which many commits change is copied once for all of them; far enough from
// the bound that there is time.
constexpr std::size_t wal_bytes_copied = limits::wal_bytes_max / 4;

class WalCopier {
 public:
  explicit WalCopier(std::string path) : path_(std::move(path)) {}
  ~WalCopier() { calls_.close(); }

  // From the thread that commits. Told again after each commit until the log was begun again: it is
  // only if none came between the end of a copy and the next one.
  void told(std::size_t bytes) {
    if (bytes < wal_bytes_copied) return;
    if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
    calls_.push(Call{});
  }

 private:
  struct Call {};

  void run() {
    pthread_setname_np(pthread_self(), "wal-copier");
    while (!calls_.closed()) {
      if (calls_.take_all(limits::poll_interval).empty()) continue;
      // What fails is tried again after the next commit, and loses nothing: the log is whole.
      static_cast<void>(copy_wal(path_));
    }
  }

  const std::string path_;
  BoundedQueue<Call> calls_{1};
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace

Result<std::unique_ptr<Store>> open_node_store(const std::string& path) {
  const auto copier = std::make_shared<WalCopier>(path);
  return open_sqlite_store(path, [copier](std::size_t bytes) { copier->told(bytes); });
}

}  // namespace aitbc::sync
