#include "sync/daemon.hpp"

#include <pthread.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <thread>

#include "chain/mutex.hpp"
#include "sync/agent.hpp"
#include "sync/http_ledger.hpp"
#include "sync/peer_io.hpp"
#include "sync/queue.hpp"
#include "sync/time_of_day.hpp"

namespace aitbc::sync {

namespace {

struct Arrived {
  RequestId id;
  Result<Reply> reply;
};

}  // namespace

class Daemon::Worker {
 public:
  Worker(Options options, std::unique_ptr<HttpLedger> ledger, Log& log)
      : ledger_(std::move(ledger)),
        verifier_(ledger_->params()),
        agent_({std::move(options.peers), options.poll_only, options.poll_interval, 0,
                std::move(options.instance)},
               *ledger_, time_of_day()),
        log_(log) {}
  ~Worker() { stop(); }

  Status connect(PeerIo::Options peers) {
    AITBC_TRY_ASSIGN(peer_io_, PeerIo::open(verifier_, std::move(peers),
                                            [this](RequestId id, Result<Reply> reply) {
                                              inbox_.push_always({id, std::move(reply)});
                                            }));
    return ok();
  }

  void start() {
    thread_ = std::jthread([this] { run(); });
  }

  void stop() {
    inbox_.close();
    ledger_->cancel();
    if (thread_.joinable()) thread_.join();
    if (peer_io_) peer_io_->stop();  // after the thread that sends through it
  }

  std::vector<PeerStatus> peers() {
    const MutexLock lock(mutex_);
    return peers_;
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "sync");
    while (!inbox_.closed()) {
      note(step(inbox_.take_all(patience())));
      const MutexLock lock(mutex_);
      peers_ = agent_.peers();
    }
  }

  Duration patience() const {
    if (local_failed_) return limits::backoff_min;
    const Time now = time_of_day();
    const auto wake = agent_.next_wake();
    return wake ? std::clamp(*wake - now, Duration{0}, limits::poll_interval)
                : limits::poll_interval;
  }

  // Replies are kept across a failure of the local node: each must reach the agent once.
  Status step(std::vector<Arrived> arrived) {
    std::move(arrived.begin(), arrived.end(), std::back_inserter(waiting_));
    AITBC_TRY(ledger_->refresh());
    while (!waiting_.empty()) {
      auto [id, reply] = std::move(waiting_.front());
      waiting_.pop_front();
      AITBC_TRY_ASSIGN(auto sends, agent_.on_reply(id, std::move(reply), time_of_day()));
      send_all(std::move(sends));
    }
    AITBC_TRY_ASSIGN(auto sends, agent_.tick(time_of_day()));
    send_all(std::move(sends));
    return ok();
  }

  void send_all(std::vector<Send> sends) {
    for (Send& send : sends) peer_io_->send(std::move(send));
  }

  void note(const Status& status) {
    if (!status && !local_failed_) {
      log_.warn("local_node_failed",
                {{"code", name(status.error().code)}, {"detail", status.error().detail}});
    }
    if (status && local_failed_) log_.info("local_node_back");
    local_failed_ = !status;
    if (const Tip head = ledger_->head(); head != noted_head_) {
      log_.info("local_head", {{"height", head.height}, {"hash", hash_text(head.id)}});
      noted_head_ = head;
    }
  }

  std::unique_ptr<HttpLedger> ledger_;
  Verifier verifier_;
  Agent agent_;
  Log& log_;
  BoundedQueue<Arrived> inbox_{limits::inbox_items_max};
  std::deque<Arrived> waiting_;
  std::unique_ptr<PeerIo> peer_io_;
  bool local_failed_ = false;
  Tip noted_head_;
  Mutex mutex_;
  std::vector<PeerStatus> peers_ AITBC_GUARDED_BY(mutex_);
  std::jthread thread_;
};

Daemon::Daemon(std::unique_ptr<Worker> worker) : worker_(std::move(worker)) {}
Daemon::~Daemon() { stop(); }

Result<std::unique_ptr<Daemon>> Daemon::start(Options options, Log& log) {
  AITBC_TRY_ASSIGN(auto ledger, HttpLedger::open(options.local, options.credentials));
  const PeerIo::Options peers{.urls = options.peers, .credentials = options.credentials};
  auto worker = std::make_unique<Worker>(std::move(options), std::move(ledger), log);
  AITBC_TRY(worker->connect(peers));
  worker->start();
  return std::unique_ptr<Daemon>(new Daemon(std::move(worker)));
}

void Daemon::stop() { worker_->stop(); }
std::vector<PeerStatus> Daemon::peers() const { return worker_->peers(); }

}  // namespace aitbc::sync
