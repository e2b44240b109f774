#include "sync/agent.hpp"

#include <algorithm>
#include <utility>

namespace aitbc::sync {

namespace {

// Of a peer's status, what does not change with each answer.
struct Standing {
  std::string node_id, site, last_error;
  SyncState state;
  std::optional<Tip> head, final;
  std::optional<PublicKey> authority;
  std::uint64_t invalid = 0;
  bool operator==(const Standing&) const = default;
};

Standing standing_of(const PeerStatus& of) {
  return {of.node_id, of.site,  of.last_error, of.state,
          of.head,    of.final, of.authority,  of.invalid};
}

}  // namespace

Agent::Agent(Options options, Ledger& ledger, Time now)
    : options_(std::move(options)),
      ledger_(ledger),
      rng_(options_.seed),
      roster_(limits::silent_polls_max * options_.poll_interval, options_.check_claim) {
  const auto peers = std::move(options_.peers);
  set_peers(peers, now);
}

// ---- whom to follow -----------------------------------------------------------------------------

Agent::Peers::iterator Agent::find(const std::string& url) {
  return std::find_if(peers_.begin(), peers_.end(),
                      [&](const auto& peer) { return peer.second.status.url == url; });
}

void Agent::set_peers(std::span<const std::string> urls, Time now) {
  shorten_waits(now);
  for (auto it = peers_.begin(); it != peers_.end();) {
    const bool stays = std::find(urls.begin(), urls.end(), it->second.status.url) != urls.end();
    it = stays ? std::next(it) : drop(it);
  }
  for (const std::string& url : urls) {
    if (find(url) != peers_.end()) continue;
    Peer& peer = peers_.append(peers_known_++);
    peer.status.url = url;
    peer.next_poll = now;
    peer.followed = false;
  }
  note_change(now);
  choose_ = now + limits::connect_time_max;
  sample(now);
  choose_followed(now);
  fetch_all_txs();
}

// Nobody waits for its answers any more, and others may be asked for what it did not bring.
Agent::Peers::iterator Agent::drop(Peers::iterator peer) {
  const PeerId id = peer->first;
  end_download();
  std::erase_if(out_, [&](const Send& send) { return send.to == peer->second.status.url; });
  for (const TxId& tx : peer->second.refused) asked_txs_.erase(tx);
  std::erase_if(pending_, [&](const auto& each) {
    const Pending& pending = each.second;
    if (pending.peer != id) return false;
    if (const auto* txs = std::get_if<GetTxs>(&pending.request)) {
      for (const TxId& tx : txs->ids) asked_txs_.erase(tx);
    }
    return true;
  });
  return peers_.erase(peer);
}

RequestId Agent::send(PeerId to, Request request) {
  const RequestId id = ++last_id_;
  pending_.emplace(id, Pending{to, request, downloads_, clock_});
  out_.push_back({id, peers_.at(to).status.url, std::move(request)});
  return id;
}

Result<std::vector<Send>> Agent::finish() { return std::exchange(out_, {}); }

Result<std::vector<Send>> Agent::tick(Time now) {
  shorten_waits(now);
  choose_followed(now);
  for (const auto& [id, peer] : peers_) {
    if (!peer.followed) continue;
    while (peer.polls < polls_wanted(peer) && peer.next_poll <= now) poll(id, now);
  }
  glance(now);
  AITBC_TRY(advance(now));
  return finish();
}

Result<std::vector<Send>> Agent::on_reply(RequestId id, Result<Reply> reply, Time now) {
  shorten_waits(now);
  const auto found = pending_.find(id);
  if (found == pending_.end()) return finish();
  const Pending pending = std::move(found->second);
  pending_.erase(found);

  Peer& peer = peers_.at(pending.peer);
  if (!reply && category(reply.error().code) == Category::malformed) {
    distrust(peer, reply.error(), now);
  }
  if (std::holds_alternative<SyncQuery>(pending.request)) {
    --peer.polls;
    peer.glancing = false;
    // Of very many peers one more is met every instant at first.
    const bool one_more = !peer.tried && !peer.followed && !peer.sampled;
    peer.tried = std::max(peer.tried.value_or(pending.sent), pending.sent);
    if (reply) {
      const Standing before = standing_of(peer.status);
      AITBC_TRY(on_answer(id, pending, std::get<Heard>(std::move(*reply)), now));
      if (!one_more && standing_of(peer.status) != before) note_change(now);
      note_quiet(now);
    } else {
      on_poll_error(peer, id, reply.error(), now);
      note_change(now);
    }
  } else if (const auto* txs = std::get_if<GetTxs>(&pending.request)) {
    AITBC_TRY(on_txs(pending.peer, *txs, std::move(reply), now));
  } else if (const auto* blocks = std::get_if<GetBlocks>(&pending.request)) {
    AITBC_TRY(on_blocks(pending.peer, *blocks, pending.download, std::move(reply), now));
  } else {
    AITBC_TRY(on_headers(pending.peer, std::move(reply), now));
  }
  if (!std::holds_alternative<SyncQuery>(pending.request)) note_change(now);
  AITBC_TRY(advance(now));
  return finish();
}

// The time of day may step back. Whatever was put off is due no later than if it were put off now.
void Agent::shorten_waits(Time now) {
  if (now >= std::exchange(called_, now)) return;
  const auto within = [now](Time& time, Duration most) { time = std::min(time, now + most); };
  for (auto& [id, peer] : peers_) {
    within(peer.distrusted_until, limits::distrust_time);
    const Duration between = peer.followed ? options_.poll_interval : glance_time();
    within(peer.next_poll, std::max({between, limits::backoff_max, peer.distrusted_until - now}));
    within(peer.retry_blocks, std::max(limits::backoff_max, limits::future_wait_max));
  }
  if (retry_txs_) within(*retry_txs_, limits::refused_retry_time);
  if (choose_) within(*choose_, limits::connect_time_max);
}

std::optional<Time> Agent::next_wake() const {
  std::optional<Time> wake;
  const auto at = [&](Time time) { wake = wake ? std::min(*wake, time) : time; };
  const bool may_glance = glances() < limits::glances_max;  // or the next answer wakes it
  if (choose_) at(*choose_);
  for (const auto& [id, peer] : peers_) {
    const bool may_poll = peer.followed || may_glance;
    if (may_poll && peer.polls < polls_wanted(peer)) at(peer.next_poll);
    if (!peer.has_our_chain && !download_ && !peer.search && claims_better(peer))
      at(std::max(peer.retry_blocks, peer.distrusted_until));
  }
  if (retry_txs_ && !downloading()) at(*retry_txs_);
  return wake;
}

// ---- polls --------------------------------------------------------------------------------------

// Of a peer far away several are held open: while the answer to one is on its way, what happens
// next goes out with another.
std::size_t Agent::polls_wanted(const Peer& peer) const {
  const bool follows = peer.followed && peer.failures == 0 && !peer.instance.empty();
  if (options_.poll_only || options_.asker.empty() || !follows || !peer.status.round_trip) return 1;
  if (peer.gap) return std::min(peer.polls + 1, limits::polls_held_max);
  const auto more = static_cast<std::size_t>(*peer.status.round_trip / limits::poll_stagger);
  return std::min(1 + more, limits::polls_held_max);
}

void Agent::poll(PeerId id, Time now) {
  Peer& peer = peers_.at(id);
  ++peer.polls;
  // With another set other votes count: everything is named again.
  const Hash authorities = ledger_.authorities_hash();
  if (std::exchange(peer.authorities, authorities) != authorities) peer.instance.clear();
  peer.glancing = !peer.followed;
  const bool held = peer.followed && !options_.poll_only;
  const Duration wait = held ? options_.poll_interval : Duration{0};
  std::string asker = peer.gap || !peer.followed ? "" : options_.asker;
  peer.gap = false;
  if (!asker.empty() && peer.names > 0) asker += "." + std::to_string(peer.names);
  const RequestId sent = send(id, SyncQuery{peer.instance, peer.cursor, wait, asker});
  pending_.at(sent).sent = now;
}

Status Agent::on_answer(RequestId poll, const Pending& pending, Heard heard, Time now) {
  const PeerId id = pending.peer;
  const auto& asked = std::get<SyncQuery>(pending.request);
  SyncAnswer& answer = heard.answer;
  Peer& peer = peers_.at(id);
  PeerStatus& status = peer.status;
  if (std::exchange(peer.failures, 0U) > 0) choose_again(now);
  peer.answered = std::max(peer.answered, poll);
  status.last_answer = now;
  status.last_error.clear();
  if (status.node_id != answer.node_id) note_name(peer, answer.node_id);
  const Params& params = ledger_.params();
  if (answer.genesis_hash != params.genesis_hash || answer.chain_id != params.chain_id) {
    status.state = {SyncState::Kind::wrong_genesis, 0, {}};
    forget_word(status);
    status.last_error = "genesis: expected " + hash_text(params.genesis_hash) + " of " +
                        params.chain_id + ", the peer has " + hash_text(answer.genesis_hash) +
                        " of " + answer.chain_id;
    peer.next_poll = now + options_.poll_interval;
    return ok();
  }
  if (answer.txs.size() > limits::sync_txs_max) {
    distrust(peer, error(Errc::too_large, "poll: named too many transactions at once"), now);
    return ok();
  }
  if (answer.head.height == 0 && answer.head.id != genesis_tip(params).id) {
    distrust(peer, error(Errc::wrong_genesis, "poll: another block at height 0"), now);
    return ok();
  }
  if (pending.clock == clock_) measure_clock(peer, answer, pending.sent, now);
  status.head = answer.head;
  peer.has_our_chain = false;  // until it is judged
  peer.justified = answer.justified.height;
  AITBC_TRY(take_pushed(peer, heard.blocks, now));
  if (now < peer.distrusted_until) return ok();
  if (!answer.evidence.empty()) AITBC_TRY(ledger_.add_evidence(answer.evidence));
  if (!answer.votes.empty()) AITBC_TRY(ledger_.add_votes(answer.votes));
  hear_keys(peer, answer, pending.sent, now);
  if (now < peer.distrusted_until) return ok();
  note_word(status, answer);
  AITBC_TRY(submit(peer, heard.txs, now));
  want(peer, answer.txs);
  peer.next_poll = next_poll(peer, asked, answer, now);
  follow(peer, answer);
  fetch_txs(id);
  return judge(peer);
}

// Answers may overtake one another, or be lost.
void Agent::follow(Peer& peer, SyncAnswer& answer) {
  const bool follows_on = answer.instance == peer.instance && answer.since <= peer.cursor;
  if (follows_on) {
    peer.cursor = std::max(peer.cursor, answer.cursor);
  } else if (answer.since == 0) {
    peer.instance = std::move(answer.instance);
    peer.cursor = answer.cursor;
  }
  peer.gap = answer.more || (!follows_on && answer.since > 0);
}

// The answer left after it was asked for and held: heard no later than that, so that an age never
// shrinks on its way.
void Agent::hear_keys(Peer& peer, const SyncAnswer& answer, Time sent, Time now) {
  const Duration since = std::max(Duration{0}, now - sent - answer.held);
  const auto hear = [&](const KeyClaim& claim, const std::string& url, Duration age) -> Status {
    // Of others nothing follows, and anybody can make as many keys as would fill the roster.
    if (!ledger_.may_vote(claim.key)) return ok();
    return roster_.hear(ledger_.params().genesis_hash, {claim, url, age}, now);
  };
  Status heard = ok();
  for (const Sighting& told : answer.sightings) {
    if (heard) heard = hear(told.claim, told.url, told.age + since);
  }
  if (heard && answer.runs) heard = hear(*answer.runs, peer.status.url, since);
  if (!heard) distrust(peer, heard.error(), now);
}

// Offset against the midpoint of the exchange (Cristian's algorithm); the time the answer was held
// back is the peer's own and does not count. Samples of a much longer round trip are less exact,
// but clocks drift, so that none is kept for ever; and none that was taken before ours stepped
// back.
void Agent::measure_clock(Peer& peer, const SyncAnswer& answer, Time sent, Time now) {
  const Duration round_trip = std::max(Duration{0}, now - sent - answer.held);
  auto& kept = peer.status.round_trip;
  constexpr Duration resolution{1};
  const bool fresh = peer.measured <= now && now < peer.measured + limits::clock_sample_time;
  if (kept && fresh && round_trip > *kept + *kept / 2 + resolution) return;
  kept = round_trip;
  peer.measured = now;
  peer.status.clock_offset = answer.node_time - (now - round_trip / 2);
}

// A peer that answers early without news would be asked in a busy loop.
Time Agent::next_poll(const Peer& peer, const SyncQuery& asked, const SyncAnswer& answer,
                      Time now) {
  const bool news =
      answer.instance != asked.instance || answer.cursor > std::max(asked.cursor, answer.since);
  if (answer.more && news) return now;
  if (options_.poll_only) return now + options_.poll_interval - jitter(options_.poll_interval / 4);
  if (!peer.followed) return now + glance_time() - jitter(glance_time() / 4);
  if (news) return now + limits::poll_pause;
  const bool held = answer.held >= asked.wait / 2;
  return held ? now : now + limits::backoff_min;
}

// Nodes that were started together shall not go on asking together: what one has just learnt would
// wait a whole interval at each of them.
Duration Agent::jitter(Duration most) {
  return Duration{
      static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.count()) + 1))};
}

// Doubles with each failure in a row.
Duration Agent::backoff(unsigned& failures) {
  const unsigned doublings = std::min(failures++, 10U);
  return std::min(limits::backoff_max, limits::backoff_min * (1 << doublings));
}

// A poll that others overtook is lost, and no more; those that were sent before a failure fail with
// it. The peer may still hold what we gave up: it shall not answer those in place of the next ones.
void Agent::on_poll_error(Peer& peer, RequestId poll, const Error& failure, Time now) {
  peer.status.last_error = failure.detail;
  peer.gap = true;
  ++peer.names;
  if (poll < peer.answered || poll <= peer.failed) return;
  if (peer.followed) choose_again(now);
  peer.failed = last_id_;
  peer.status.state = {SyncState::Kind::unreachable, 0, {}};
  forget_word(peer.status);
  peer.search.reset();
  const Duration most = backoff(peer.failures);
  peer.next_poll = std::max(now + most - jitter(most / 2), peer.distrusted_until);
}

void Agent::distrust(Peer& peer, const Error& failure, Time now) {
  ++peer.status.invalid;
  peer.status.last_error = failure.detail;
  peer.status.state = {SyncState::Kind::unreachable, 0, {}};
  peer.status.head.reset();
  peer.search.reset();
  peer.distrusted_until = now + limits::distrust_time;
  peer.next_poll = peer.distrusted_until;
  choose_again(now);
}

bool Agent::usable(const Peer& peer, Time now) {
  return peer.status.head && now >= peer.distrusted_until;
}

// ---- transactions -------------------------------------------------------------------------------

void Agent::want(Peer& peer, std::span<const TxId> ids) {
  peer.wanted.insert(peer.wanted.end(), ids.begin(), ids.end());
  while (peer.wanted.size() > limits::mempool_txs_max) peer.wanted.pop_front();
}

// One request a peer at a time; what another peer was asked for stays queued in case that fails.
void Agent::fetch_txs(PeerId id) {
  Peer& peer = peers_.at(id);
  if (peer.fetching_txs || !peer.status.head) return;
  GetTxs request;
  std::deque<TxId> later;
  while (!peer.wanted.empty() && request.ids.size() < limits::sync_txs_max) {
    const TxId tx = peer.wanted.front();
    peer.wanted.pop_front();
    if (!ledger_.wants(tx)) continue;
    if (asked_txs_.insert(tx).second) {
      request.ids.push_back(tx);
    } else {
      later.push_back(tx);
    }
  }
  peer.wanted.insert(peer.wanted.begin(), later.begin(), later.end());
  if (request.ids.empty()) return;
  peer.fetching_txs = true;
  send(id, std::move(request));
}

void Agent::fetch_all_txs() {
  for (const auto& peer : peers_) fetch_txs(peer.first);
}

Status Agent::on_txs(PeerId id, const GetTxs& asked, Result<Reply> reply, Time now) {
  Peer& peer = peers_.at(id);
  peer.fetching_txs = false;
  for (const TxId& tx : asked.ids) asked_txs_.erase(tx);
  if (reply) {
    const auto& txs = std::get<std::vector<CheckedTx>>(*reply);
    if (txs.size() > asked.ids.size()) {
      distrust(peer, error(Errc::too_large, "transactions: more than were asked for"), now);
    } else {
      if (auto status = submit(peer, txs, now); !status) {
        peer.wanted.insert(peer.wanted.begin(), asked.ids.begin(), asked.ids.end());
        return status;
      }
    }
  } else if (category(reply.error().code) != Category::malformed) {
    peer.wanted.insert(peer.wanted.begin(), asked.ids.begin(), asked.ids.end());
    return ok();  // asked again after the next poll that succeeds
  }
  fetch_all_txs();
  return ok();
}

Status Agent::submit(Peer& peer, std::span<const CheckedTx> txs, Time now) {
  if (txs.empty()) return ok();
  AITBC_TRY_ASSIGN(const auto refused, ledger_.submit(txs));
  for (const TxId& tx : refused) {
    // What is forgotten for want of room comes with its block.
    if (peer.refused.size() >= limits::refused_txs_max) break;
    if (asked_txs_.insert(tx).second) peer.refused.push_back(tx);
    if (retry_txs_) continue;
    retry_txs_ = now + limits::refused_retry_time;
    refused_at_ = ledger_.head().id;
  }
  return ok();
}

// What was refused for now may be welcome once the head moved, but not with each range on the way.
void Agent::retry_refused(Time now) {
  if (!retry_txs_ || downloading()) return;
  if (refused_at_ == ledger_.head().id && now < *retry_txs_) return;
  retry_txs_.reset();
  for (auto& [id, peer] : peers_) {
    for (const TxId& tx : peer.refused) asked_txs_.erase(tx);
    want(peer, std::exchange(peer.refused, {}));
  }
  fetch_all_txs();
}

}  // namespace aitbc::sync
