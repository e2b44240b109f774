// The answer to a poll in the canonical encoding, as nodes ask one another for it. Five times as
// much is said in JSON, and to print and parse that was a fifth of what many nodes cost at rest.

#include "chain/core/limits.hpp"
#include "rpc/binary.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::uint8_t form = 1;  // of what follows it; another would be asked for by another name
constexpr std::size_t claim_bytes_max = 1'024;
constexpr std::size_t evidence_bytes_max = 1'024;
constexpr std::size_t url_bytes_max = 1'024;
constexpr std::size_t sightings_max = limits::authorities_max * limits::key_runners_max;
constexpr std::size_t blob_bytes_min = 4;

class AnswerWriter {
 public:
  void text(const std::string& text) { out.blob(as_bytes(text)); }
  void flag(bool value) { out.integer(static_cast<std::uint8_t>(value)); }
  void ms(Duration duration) { out.integer(static_cast<std::uint64_t>(duration.count())); }
  void tip(const Tip& tip) {
    out.integer(tip.height);
    out.integer(tip.slot);
    out.fixed(tip.id);
  }
  void claim(const KeyClaim& claim) {
    Encoder bytes;
    encode(bytes, claim);
    out.blob(bytes.bytes());
  }
  template <class Items, class Write>
  void list(const Items& items, Write write) {
    out.integer(static_cast<std::uint32_t>(items.size()));
    for (const auto& item : items) write(item);
  }

  Encoder out;
};

// The first failure sticks, as with the Decoder.
class AnswerReader {
 public:
  explicit AnswerReader(ByteView bytes) : in(bytes) {}

  std::string text(std::size_t bytes_max) { return std::string(as_text(in.blob(bytes_max))); }
  bool flag() {
    const auto value = in.integer<std::uint8_t>();
    if (value > 1) in.fail();
    return value == 1;
  }
  std::uint64_t number() {
    const auto value = in.integer<std::uint64_t>();
    if (value > limits::supply_max) in.fail();
    return value & limits::supply_max;
  }
  Duration ms() { return Duration{static_cast<Duration::rep>(number())}; }
  Tip tip() {
    const Height height = number();
    const Slot slot = number();
    return {height, slot, in.fixed<BlockId>()};
  }
  // Of a value that is read whole or not at all.
  template <class Value>
  Value nested(std::size_t bytes_max, Result<Value> (*decode)(ByteView)) {
    auto value = decode(in.blob(bytes_max));
    if (!value) in.fail();
    return value ? *std::move(value) : Value();
  }
  KeyClaim claim() { return nested<KeyClaim>(claim_bytes_max, decode_key_claim); }
  template <class Item, class Read>
  void list(std::vector<Item>& items, std::size_t items_max, std::size_t item_bytes_min,
            Read read) {
    const std::size_t count = in.count(items_max, item_bytes_min);
    items.reserve(count);
    for (std::size_t i = 0; i < count && !in.failed(); ++i) items.push_back(read());
  }

  Decoder in;
};

void write_entries(AnswerWriter& to, const SyncAnswer& answer) {
  to.list(answer.txs, [&](const TxId& id) { to.out.fixed(id); });
  to.flag(answer.more);
  to.list(answer.votes, [&](const SignedVote& vote) { encode(to.out, vote); });
  to.list(answer.evidence, [&](const Evidence& each) { to.out.blob(encode(each)); });
  to.list(answer.own_txs, [&](const SignedTx& tx) { to.out.blob(encode(tx)); });
  to.flag(answer.own_block.has_value());
  if (answer.own_block) to.out.blob(encode(*answer.own_block));
}

void read_entries(AnswerReader& from, SyncAnswer& answer) {
  from.list(answer.txs, limits::sync_txs_max, TxId::size, [&] { return from.in.fixed<TxId>(); });
  answer.more = from.flag();
  from.list(answer.votes, limits::sync_votes_max, PublicKey::size + Signature::size,
            [&] { return decode_signed_vote(from.in); });
  from.list(answer.evidence, limits::evidence_max, blob_bytes_min,
            [&] { return from.nested<Evidence>(evidence_bytes_max, decode_evidence); });
  from.list(answer.own_txs, limits::sync_txs_max, blob_bytes_min,
            [&] { return from.nested<SignedTx>(limits::push_bytes_max, decode_signed_tx); });
  if (from.flag()) {
    answer.own_block = from.nested<Block>(limits::push_bytes_max, decode_block);
  }
}

void write_keys(AnswerWriter& to, const SyncAnswer& answer) {
  to.flag(answer.runs.has_value());
  if (answer.runs) to.claim(*answer.runs);
  to.list(answer.sightings, [&](const Sighting& sighting) {
    to.claim(sighting.claim);
    to.text(sighting.url);
    to.ms(sighting.age);
  });
}

void read_keys(AnswerReader& from, SyncAnswer& answer) {
  if (from.flag()) answer.runs = from.claim();
  from.list(answer.sightings, sightings_max, blob_bytes_min, [&] {
    Sighting sighting;
    sighting.claim = from.claim();
    sighting.url = from.text(url_bytes_max);
    sighting.age = from.ms();
    return sighting;
  });
}

}  // namespace

Buffer encode_sync_answer(const SyncAnswer& answer) {
  AnswerWriter to;
  to.out.integer(form);
  to.text(answer.chain_id);
  to.out.fixed(answer.genesis_hash);
  for (const Tip* tip : {&answer.head, &answer.justified, &answer.final}) to.tip(*tip);
  to.out.fixed(answer.authorities_hash);
  to.text(answer.node_id);
  to.text(answer.site);
  to.list(answer.links, [&](const PeerLink& link) {
    to.text(link.node_id);
    to.flag(link.round_trip.has_value());
    if (link.round_trip) to.ms(*link.round_trip);
  });
  to.text(answer.instance);
  to.out.integer(static_cast<std::uint64_t>(to_unix_ms(answer.node_time)));
  to.ms(answer.held);
  to.out.integer(answer.since);
  to.out.integer(answer.cursor);
  write_entries(to, answer);
  write_keys(to, answer);
  return std::move(to.out).bytes();
}

Result<SyncAnswer> decode_sync_answer(ByteView bytes) {
  AnswerReader from(bytes);
  if (from.in.integer<std::uint8_t>() != form) from.in.fail();
  SyncAnswer answer;
  answer.chain_id = from.text(limits::chain_id_bytes_max);
  answer.genesis_hash = from.in.fixed<GenesisHash>();
  for (Tip* tip : {&answer.head, &answer.justified, &answer.final}) *tip = from.tip();
  answer.authorities_hash = from.in.fixed<Hash>();
  answer.node_id = from.text(name_bytes_max);
  answer.site = from.text(word_bytes_max);
  from.list(answer.links, limits::peers_max, blob_bytes_min, [&] {
    PeerLink link;
    link.node_id = from.text(name_bytes_max);
    if (from.flag()) link.round_trip = from.ms();
    return link;
  });
  answer.instance = from.text(name_bytes_max);
  answer.node_time = from_unix_ms(from.ms().count());
  answer.held = from.ms();
  answer.since = from.number();
  answer.cursor = from.number();
  read_entries(from, answer);
  read_keys(from, answer);
  AITBC_TRY(from.in.finish("answer to a poll"));
  return answer;
}

}  // namespace aitbc::rpc
