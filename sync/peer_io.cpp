#include "sync/peer_io.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "rpc/client.hpp"
#include "sync/queue.hpp"

namespace aitbc::sync {

namespace {

// While one waits for its answer another checks signatures, on as many processors as there are.
std::size_t fetch_lanes() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 2, limits::ranges_max);
}

// One request after the other: the answers' signatures are checked here, off the core thread.
class Exchange {
 public:
  Exchange(rpc::Client& client, Verifier& verifier) : client_(client), verifier_(verifier) {}

  Result<Reply> operator()(const SyncQuery& query) {
    AITBC_TRY_ASSIGN(SyncAnswer answer, client_.sync(query));
    AITBC_TRY_ASSIGN(Heard heard, hear(verifier_, std::move(answer)));
    return Reply(std::move(heard));
  }
  Result<Reply> operator()(const GetHeaders& asked) {
    AITBC_TRY_ASSIGN(auto headers, client_.headers(asked.from, asked.limit));
    return Reply(std::move(headers));
  }
  Result<Reply> operator()(const GetBlocks& asked) {
    AITBC_TRY_ASSIGN(const auto blocks, client_.blocks(asked.from, asked.limit));
    AITBC_TRY_ASSIGN(auto checked, verifier_.blocks(blocks));
    return Reply(std::move(checked));
  }
  Result<Reply> operator()(const GetTxs& asked) {
    AITBC_TRY_ASSIGN(const auto txs, client_.pending(asked.ids));
    std::vector<CheckedTx> checked;
    checked.reserve(txs.size());
    for (const SignedTx& tx : txs) {
      AITBC_TRY_ASSIGN(CheckedTx good, verifier_.tx(tx));
      checked.push_back(std::move(good));
    }
    return Reply(std::move(checked));
  }

 private:
  rpc::Client& client_;
  Verifier& verifier_;
};

}  // namespace

class PeerIo::Lane {
 public:
  using Open = std::function<rpc::Client()>;
  using OnReply = std::function<void(const Send&, Result<Reply>)>;

  Lane(Open open, Verifier& verifier, OnReply on_reply, const char* name)
      : open_(std::move(open)), verifier_(verifier), on_reply_(std::move(on_reply)), name_(name) {}
  ~Lane() {
    cancel();
    std::jthread ending;
    {
      const MutexLock lock(mutex_);
      ending = std::move(thread_);
    }
  }  // joins

  void send(Send send) {
    const MutexLock lock(mutex_);
    ++under_way_;
    queue_.push_always(std::move(send));
    if (client_) return;
    client_.emplace(open_());
    thread_ = std::jthread([this] { run(); });  // the last one has ended, or is about to
  }
  std::size_t under_way() const { return under_way_; }

  // Ends what is under way, and nothing more is begun; the destructor waits for it.
  void cancel() {
    queue_.close();
    const MutexLock lock(mutex_);
    if (client_) client_->cancel();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), name_);
    while (!queue_.closed()) {
      auto sends = queue_.take_all(limits::lane_rest_time);
      if (sends.empty() && rest()) return;
      for (const Send& send : sends) {
        if (queue_.closed()) return;
        auto reply = std::visit(Exchange(*client_, verifier_), send.request);
        --under_way_;  // before the reply, which may bring the next one
        if (!queue_.closed()) on_reply_(send, std::move(reply));
      }
    }
  }

  // False if there is work after all. Without a client, the next send() begins anew.
  bool rest() {
    const MutexLock lock(mutex_);
    if (under_way_ > 0) return false;
    client_.reset();
    return true;
  }

  const Open open_;
  Verifier& verifier_;
  const OnReply on_reply_;
  const char* name_;
  std::atomic<std::size_t> under_way_ = 0;
  BoundedQueue<Send> queue_{limits::inbox_items_max};
  Mutex mutex_;
  // While there is a thread, which alone uses it, and made or ended with the mutex.
  std::optional<rpc::Client> client_;
  std::jthread thread_ AITBC_GUARDED_BY(mutex_);
};

// Between the lanes and those who ask: what becomes of each message, and that each request is
// answered once whatever becomes of it.
class PeerIo::Faulty {
 public:
  using PutOnLane = std::function<void(Send)>;

  Faulty(Options options, PutOnLane put_on_lane, Deliver deliver)
      : rules_(std::move(options.rules)),
        patience_(std::move(options.patience)),
        put_on_lane_(std::move(put_on_lane)),
        deliver_(std::move(deliver)),
        rng_(options.seed) {}

  void send(Send send) {
    const LinkRules rules = rules_(send.to);
    const Duration patience = patience_(send.request);
    const Time now = Timer::now();
    std::vector<Duration> arrivals{Duration{0}};
    {
      const MutexLock lock(mutex_);
      open_[send.id] = {send.to, now + patience};
      if (!rules.out.is_plain()) {
        arrivals = links_[send.to].out.carry(rules.out, rng_, now, bytes_of(send.request));
      }
    }
    if (rules.cut()) {
      fail_after(limits::connect_time_max, send, Errc::unreachable, "no connection");
      return;
    }
    if (!rules.out.is_plain()) fail_after(patience, send, Errc::timeout, "no answer in time");
    for (const Duration arrival : arrivals) {
      if (arrival == Duration{0}) {
        put_on_lane_(send);
      } else {
        timer_.after(arrival, [this, send] { put_on_lane_(send); });
      }
    }
  }

  void on_reply(const Send& send, Result<Reply> reply) {
    const LinkRule rule = rules_(send.to).in;
    if (rule.is_plain()) return finish(send.id, std::move(reply));
    const Time now = Timer::now();
    std::vector<Duration> arrivals;
    Duration patience{0};
    {
      const MutexLock lock(mutex_);
      const auto open = open_.find(send.id);
      if (open == open_.end()) return;
      patience = open->second.deadline - now;
      arrivals = links_[send.to].in.carry(rule, rng_, now, bytes_of(reply));
    }
    if (arrivals.empty() || arrivals.front() >= patience) {
      return fail_after(patience, send, Errc::timeout, "no answer in time");
    }
    const auto kept = std::make_shared<Result<Reply>>(std::move(reply));
    timer_.after(arrivals.front(), [this, id = send.id, kept] { finish(id, std::move(*kept)); });
  }

  // What it was asked is answered no more.
  void forget(const std::string& url) {
    const MutexLock lock(mutex_);
    std::erase_if(open_, [&](const auto& each) { return each.second.to == url; });
    links_.erase(url);
  }

  void stop() { timer_.stop(); }

 private:
  struct Links {
    Link out, in;
  };
  struct Open {
    std::string to;
    Time deadline;
  };

  void fail_after(Duration delay, const Send& send, Errc code, const std::string& what) {
    timer_.after(delay, [this, id = send.id, to = send.to, code, what] {
      finish(id, error(code, to + ": " + what + "; its link has a fault on purpose"));
    });
  }

  void finish(RequestId id, Result<Reply> reply) {
    {
      const MutexLock lock(mutex_);
      if (open_.erase(id) == 0) return;
    }
    deliver_(id, std::move(reply));
  }

  const Rules rules_;
  const std::function<Duration(const Request&)> patience_;
  const PutOnLane put_on_lane_;
  const Deliver deliver_;
  Mutex mutex_;
  Rng rng_ AITBC_GUARDED_BY(mutex_);
  std::map<std::string, Links> links_ AITBC_GUARDED_BY(mutex_);
  std::map<RequestId, Open> open_ AITBC_GUARDED_BY(mutex_);  // not answered yet
  Timer timer_;
};

Result<std::unique_ptr<PeerIo>> PeerIo::open(Verifier& verifier, Options options, Deliver deliver) {
  const std::vector<std::string> urls = std::move(options.urls);
  std::unique_ptr<PeerIo> io(new PeerIo(verifier, std::move(options), std::move(deliver)));
  AITBC_TRY(io->set_peers(urls));
  return io;
}

PeerIo::PeerIo(Verifier& verifier, Options options, Deliver deliver)
    : verifier_(verifier), credentials_(options.credentials) {
  faulty_ = std::make_unique<Faulty>(
      std::move(options), [this](Send send) { put_on_lane(std::move(send)); }, std::move(deliver));
}

PeerIo::~PeerIo() { stop(); }

std::unique_ptr<PeerIo::Lane> PeerIo::open_lane(const std::string& url, const char* name) {
  const auto open = [this, url] { return *rpc::Client::open(url, {}, credentials_); };
  const auto on_reply = [faulty = faulty_.get()](const Send& send, Result<Reply> reply) {
    faulty->on_reply(send, std::move(reply));
  };
  return std::make_unique<Lane>(open, verifier_, on_reply, name);
}

// One that is idle, then a new one; at the bound that which has the least to do.
PeerIo::Lane& PeerIo::lane_for(const Send& send, Peer& peer) {
  const bool is_poll = std::holds_alternative<SyncQuery>(send.request);
  Lanes& lanes = is_poll ? peer.polls : peer.fetches;
  const std::size_t lanes_max = is_poll ? limits::polls_held_max : fetch_lanes();
  const auto least = std::min_element(lanes.begin(), lanes.end(), [](const auto& a, const auto& b) {
    return a->under_way() < b->under_way();
  });
  if (least != lanes.end() && (lanes.size() == lanes_max || (*least)->under_way() == 0)) {
    return **least;
  }
  return *lanes.emplace_back(open_lane(send.to, is_poll ? "peer-poll" : "peer-fetch"));
}

Status PeerIo::set_peers(std::span<const std::string> urls) {
  const auto has = [this](const std::string& url) {
    const MutexLock lock(mutex_);
    return peers_.contains(url);
  };
  Peers fresh;
  for (const std::string& url : urls) {
    if (has(url) || fresh.contains(url)) continue;
    AITBC_TRY(rpc::Client::open(url));  // so that its lanes can be opened
    fresh.emplace(url, Peer());
  }
  Peers ended;
  {
    const MutexLock lock(mutex_);
    peers_.merge(fresh);
    for (auto it = peers_.begin(); it != peers_.end();) {
      const auto peer = it++;
      if (std::find(urls.begin(), urls.end(), peer->first) == urls.end()) {
        ended.insert(peers_.extract(peer));
      }
    }
  }
  for (const auto& peer : ended) faulty_->forget(peer.first);
  end(std::move(ended));
  return ok();
}

// All are told before any is waited for.
void PeerIo::end(Peers peers) {
  for (const auto& [url, peer] : peers) {
    for (const auto& poll : peer.polls) poll->cancel();
    for (const auto& fetch : peer.fetches) fetch->cancel();
  }
}

void PeerIo::send(Send send) {
  {
    const MutexLock lock(mutex_);
    AITBC_CHECK(peers_.contains(send.to));
  }
  faulty_->send(std::move(send));
}

// A delayed message may come later than the end of its peer.
void PeerIo::put_on_lane(Send send) {
  const MutexLock lock(mutex_);
  const auto found = peers_.find(send.to);
  if (found == peers_.end()) return;
  lane_for(send, found->second).send(std::move(send));
}

void PeerIo::stop() {
  faulty_->stop();  // first: its actions use the lanes
  Peers all;
  {
    const MutexLock lock(mutex_);
    all.swap(peers_);
  }
  end(std::move(all));
}

}  // namespace aitbc::sync
