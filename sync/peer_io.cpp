#include "sync/peer_io.hpp"

#include <pthread.h>

#include <thread>

#include "rpc/client.hpp"
#include "sync/queue.hpp"

namespace aitbc::sync {

namespace {

// One request after the other: the answers' signatures are checked here, off the core thread.
class Exchange {
 public:
  Exchange(rpc::Client& client, const Params& params) : client_(client), params_(params) {}

  Result<Reply> operator()(const SyncQuery& query) {
    AITBC_TRY_ASSIGN(SyncAnswer answer, client_.sync(query));
    AITBC_TRY_ASSIGN(Heard heard, hear(params_, std::move(answer)));
    return Reply(std::move(heard));
  }
  Result<Reply> operator()(const GetHeaders& asked) {
    AITBC_TRY_ASSIGN(auto headers, client_.headers(asked.from, asked.limit));
    return Reply(std::move(headers));
  }
  Result<Reply> operator()(const GetBlocks& asked) {
    AITBC_TRY_ASSIGN(const auto blocks, client_.blocks(asked.from, asked.limit));
    AITBC_TRY_ASSIGN(auto checked, check_blocks(params_, blocks));
    return Reply(std::move(checked));
  }
  Result<Reply> operator()(const GetTxs& asked) {
    AITBC_TRY_ASSIGN(auto txs, client_.pending(asked.ids));
    std::vector<CheckedTx> checked;
    checked.reserve(txs.size());
    for (SignedTx& tx : txs) {
      AITBC_TRY_ASSIGN(CheckedTx good, CheckedTx::check(params_, std::move(tx)));
      checked.push_back(std::move(good));
    }
    return Reply(std::move(checked));
  }

 private:
  rpc::Client& client_;
  const Params& params_;
};

}  // namespace

class PeerIo::Lane {
 public:
  Lane(rpc::Client client, const Params& params, const Deliver& deliver, const char* name)
      : client_(std::move(client)), params_(params), deliver_(deliver), name_(name) {}
  ~Lane() { stop(); }

  void send(Send send) {
    if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
    queue_.push_always(std::move(send));
  }

  void stop() {
    queue_.close();
    client_.cancel();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), name_);
    while (!queue_.closed()) {
      for (const Send& send : queue_.take_all(limits::poll_interval)) {
        if (queue_.closed()) return;
        auto reply = std::visit(Exchange(client_, params_), send.request);
        if (!queue_.closed()) deliver_(send.id, std::move(reply));
      }
    }
  }

  rpc::Client client_;
  const Params& params_;
  const Deliver& deliver_;
  const char* name_;
  BoundedQueue<Send> queue_{limits::inbox_items_max};
  std::jthread thread_;
};

Result<std::unique_ptr<PeerIo>> PeerIo::open(const Params& params, std::vector<std::string> urls,
                                             Deliver deliver) {
  std::unique_ptr<PeerIo> io(new PeerIo(params, std::move(urls), std::move(deliver)));
  for (Peer& peer : io->peers_) {
    AITBC_TRY_ASSIGN(auto polls, rpc::Client::open(peer.url));
    AITBC_TRY_ASSIGN(auto fetches, rpc::Client::open(peer.url));
    peer.polls = std::make_unique<Lane>(std::move(polls), io->params_, io->deliver_, "peer-poll");
    peer.fetches =
        std::make_unique<Lane>(std::move(fetches), io->params_, io->deliver_, "peer-fetch");
  }
  return io;
}

PeerIo::PeerIo(const Params& params, std::vector<std::string> urls, Deliver deliver)
    : params_(params), deliver_(std::move(deliver)) {
  for (std::string& url : urls) peers_.push_back({std::move(url), nullptr, nullptr});
}

PeerIo::~PeerIo() { stop(); }

void PeerIo::send(Send send) {
  AITBC_CHECK(send.to < peers_.size());
  Peer& peer = peers_[send.to];
  Lane& lane = std::holds_alternative<SyncQuery>(send.request) ? *peer.polls : *peer.fetches;
  lane.send(std::move(send));
}

void PeerIo::stop() {
  for (Peer& peer : peers_) {
    if (peer.polls) peer.polls->stop();
    if (peer.fetches) peer.fetches->stop();
  }
}

}  // namespace aitbc::sync
