#include "sync/link.hpp"

#include <algorithm>

namespace aitbc::sync {

namespace {

constexpr std::uint64_t whole_ppm = 1'000'000;
constexpr std::size_t frame_bytes = 300;  // request line or status, headers
constexpr std::size_t vote_bytes = 400;   // in hexadecimal
constexpr std::size_t sighting_bytes = 480;
constexpr std::size_t peer_link_bytes = 45;
constexpr std::size_t id_bytes = 32;
constexpr std::size_t id_text_bytes = 70;

bool happens(Rng& rng, std::uint32_t ppm) { return ppm > 0 && rng.below(whole_ppm) < ppm; }

Duration at_most(Rng& rng, Duration most) {
  if (most <= Duration{0}) return Duration{0};
  return Duration{static_cast<std::int64_t>(rng.below(std::uint64_t(most.count()) + 1))};
}

template <class Blocks>
std::size_t bytes_of_blocks(const Blocks& blocks) {
  std::size_t bytes = 0;
  for (const CheckedBlock& block : blocks) bytes += encode(block.block()).size();
  return bytes;
}

std::size_t bytes_of_txs(std::span<const CheckedTx> txs) {
  std::size_t bytes = 0;
  for (const CheckedTx& tx : txs) bytes += encode(tx.signed_tx()).size();
  return bytes;
}

struct ReplyBytes {
  std::size_t operator()(const Heard& heard) const {
    return heard.answer.txs.size() * id_text_bytes + heard.answer.votes.size() * vote_bytes +
           heard.answer.sightings.size() * sighting_bytes +
           heard.answer.links.size() * peer_link_bytes + bytes_of_txs(heard.txs) +
           bytes_of_blocks(heard.blocks);
  }
  std::size_t operator()(const std::vector<SealedHeader>& headers) const {
    return headers.size() * sealed_header_bytes;
  }
  std::size_t operator()(const std::vector<CheckedBlock>& blocks) const {
    return bytes_of_blocks(blocks);
  }
  std::size_t operator()(const std::vector<CheckedTx>& txs) const { return bytes_of_txs(txs); }
};

}  // namespace

std::vector<Duration> Link::carry(const LinkRule& rule, Rng& rng, Time now, std::size_t bytes) {
  if (rule.cut || happens(rng, rule.loss_ppm)) return {};
  Duration queued{0};
  if (rule.bytes_per_second > 0) {
    const std::uint64_t ms =
        (bytes * std::uint64_t{1'000} + rule.bytes_per_second - 1) / rule.bytes_per_second;
    const Time free_at = std::max(free_at_, now) + Duration{static_cast<std::int64_t>(ms)};
    queued = free_at - now;
    // As a full buffer on the way does: what would wait for longer than anybody waits is dropped.
    if (queued > limits::link_queue_time_max) return {};
    free_at_ = free_at;
  }
  std::vector<Duration> arrivals;
  for (int copies = happens(rng, rule.duplicate_ppm) ? 2 : 1; copies > 0; --copies) {
    Time arrival = now + queued + rule.delay + at_most(rng, rule.jitter);
    if (happens(rng, rule.reorder_ppm)) {
      arrival += limits::link_reorder_time;
    } else {
      arrival = last_arrival_ = std::max(arrival, last_arrival_);
    }
    arrivals.push_back(arrival - now);
  }
  return arrivals;
}

Duration patience_of(const Request& request) {
  const auto* poll = std::get_if<SyncQuery>(&request);
  return limits::answer_time_max + (poll != nullptr ? poll->wait : Duration{0});
}

std::size_t bytes_of(const Request& request) {
  const auto* txs = std::get_if<GetTxs>(&request);
  return frame_bytes + (txs != nullptr ? txs->ids.size() * id_bytes : 0);
}

std::size_t bytes_of(const Result<Reply>& reply) {
  return frame_bytes + (reply ? std::visit(ReplyBytes(), *reply) : 0);
}

}  // namespace aitbc::sync
