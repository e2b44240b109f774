#include <algorithm>
#include <array>

#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

Result<Tip> read_tip_of(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(ObjectReader tip, reader.object(name));
  return read_tip(std::move(tip));
}

Result<std::vector<TxId>> read_ids(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const std::vector<std::string> texts,
                   reader.texts(name, limits::sync_txs_max, hash_prefix.size() + 2 * TxId::size));
  std::vector<TxId> ids;
  ids.reserve(texts.size());
  for (const std::string& text : texts) {
    const auto id = parse_hash<TxId>(text);
    if (!id) {
      return error(Errc::bad_json, reader.path_of(name) + "[" + std::to_string(ids.size()) +
                                       "]: expected 0x and 64 digits of lower-case hexadecimal, " +
                                       "got " + json_text(text));
    }
    ids.push_back(*id);
  }
  return ids;
}

std::string ids_array(std::span<const TxId> ids) {
  ArrayWriter out;
  for (const TxId& id : ids) out.text(hash_text(id));
  return std::move(out).finish();
}

// Canonical encodings, in hexadecimal.
std::string encoded_array(std::span<const SignedTx> txs) {
  ArrayWriter out;
  for (const SignedTx& tx : txs) out.text(to_hex(encode(tx)));
  return std::move(out).finish();
}

Result<Buffer> read_encoded(const std::string& path, const std::string& text) {
  Buffer bytes(text.size() / 2);
  if (!from_hex(text, bytes)) {
    return error(Errc::bad_json, path + ": expected lower-case hexadecimal");
  }
  return bytes;
}

Status read_own(ObjectReader& reader, SyncAnswer& answer) {
  constexpr std::size_t digits_max = 2 * limits::push_bytes_max;
  AITBC_TRY_ASSIGN(const auto texts, reader.texts("own_txs", limits::sync_txs_max, digits_max));
  for (const std::string& text : texts) {
    AITBC_TRY_ASSIGN(const Buffer bytes, read_encoded(reader.path_of("own_txs"), text));
    AITBC_TRY_ASSIGN(SignedTx tx, decode_signed_tx(bytes));
    answer.own_txs.push_back(std::move(tx));
  }
  AITBC_TRY_ASSIGN(const auto block, reader.optional_text("own_block", digits_max));
  if (block) {
    AITBC_TRY_ASSIGN(const Buffer bytes, read_encoded(reader.path_of("own_block"), *block));
    AITBC_TRY_ASSIGN(answer.own_block, decode_block(bytes));
  }
  return ok();
}

}  // namespace

std::string sync_answer_json(const SyncAnswer& answer) {
  ObjectWriter out;
  out.text("chain_id", answer.chain_id)
      .text("genesis_hash", hash_text(answer.genesis_hash))
      .json("head", tip_json(answer.head))
      .json("justified", tip_json(answer.justified))
      .json("final", tip_json(answer.final))
      .text("authorities_hash", hash_text(answer.authorities_hash))
      .text("node_id", answer.node_id)
      .text("site", answer.site)
      .json("links", links_array(answer.links))
      .text("instance", answer.instance)
      .text("node_time", to_iso(answer.node_time))
      .integer("held_ms", static_cast<std::uint64_t>(answer.held.count()))
      .integer("since", answer.since)
      .integer("cursor", answer.cursor)
      .json("txs", ids_array(answer.txs))
      .boolean("more", answer.more)
      .json("votes", votes_array(answer.votes))
      .json("evidence", evidence_array(answer.evidence))
      .json("own_txs", encoded_array(answer.own_txs));
  write_keys(out, answer);
  if (answer.own_block) out.text("own_block", to_hex(encode(*answer.own_block)));
  return std::move(out).finish();
}

Result<SyncAnswer> parse_sync_answer(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  SyncAnswer answer;
  AITBC_TRY_ASSIGN(answer.chain_id, reader.text("chain_id", limits::chain_id_bytes_max));
  AITBC_TRY_ASSIGN(answer.genesis_hash, read_hash<GenesisHash>(reader, "genesis_hash"));
  AITBC_TRY_ASSIGN(answer.head, read_tip_of(reader, "head"));
  AITBC_TRY_ASSIGN(answer.justified, read_tip_of(reader, "justified"));
  AITBC_TRY_ASSIGN(answer.final, read_tip_of(reader, "final"));
  AITBC_TRY_ASSIGN(answer.authorities_hash, read_hash<Hash>(reader, "authorities_hash"));
  AITBC_TRY_ASSIGN(answer.node_id, reader.text("node_id", name_bytes_max));
  AITBC_TRY_ASSIGN(const auto site, reader.optional_text("site", word_bytes_max));
  answer.site = site.value_or("");
  AITBC_TRY_ASSIGN(answer.links, read_links(reader));
  AITBC_TRY_ASSIGN(answer.instance, reader.text("instance", name_bytes_max));
  AITBC_TRY_ASSIGN(answer.node_time, read_time(reader, "node_time"));
  AITBC_TRY_ASSIGN(answer.held, read_ms(reader, "held_ms"));
  AITBC_TRY_ASSIGN(answer.since, reader.integer("since"));
  AITBC_TRY_ASSIGN(answer.cursor, reader.integer("cursor"));
  AITBC_TRY_ASSIGN(answer.txs, read_ids(reader, "txs"));
  AITBC_TRY_ASSIGN(answer.more, reader.boolean("more"));
  AITBC_TRY_ASSIGN(answer.votes, read_votes(reader));
  AITBC_TRY_ASSIGN(answer.evidence, read_evidence(reader));
  AITBC_TRY(read_keys(reader, answer));
  AITBC_TRY(read_own(reader, answer));
  return answer;
}

std::string imported_json(const Params& params, const Imported& imported,
                          const SealedHeader& last) {
  const std::string hash = hash_text(id_of(last.header));
  ObjectWriter out;
  out.text("status", name(imported.kind))
      .boolean("success", true)
      .boolean("accepted", true)
      .text("chain_id", params.chain_id)
      .integer("height", last.header.height)
      .integer("block_height", last.header.height)
      .text("hash", hash)
      .text("block_hash", hash)
      .integer("tx_count", last.header.tx_count)
      .boolean("reorged", imported.rewound > 0)
      .integer("reorg_depth", imported.rewound)
      .json("head", tip_json(imported.head))
      .integer("rewound", imported.rewound)
      .integer("appended", imported.appended);
  return std::move(out).finish();
}

Result<Imported> parse_imported(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(const std::string word, reader.text("status", name_bytes_max));
  using Kind = Imported::Kind;
  constexpr std::array kinds = {Kind::exists, Kind::extended, Kind::reorganised, Kind::side};
  const auto kind =
      std::find_if(kinds.begin(), kinds.end(), [&](Kind known) { return name(known) == word; });
  if (kind == kinds.end()) {
    return error(Errc::bad_json,
                 "status: expected what became of the blocks, got " + json_text(word));
  }
  Imported imported{*kind, {}, 0, 0};
  AITBC_TRY_ASSIGN(imported.head, read_tip_of(reader, "head"));
  AITBC_TRY_ASSIGN(imported.rewound, reader.integer("rewound"));
  AITBC_TRY_ASSIGN(imported.appended, reader.integer("appended"));
  return imported;
}

std::string ids_json(std::span<const TxId> ids) {
  ObjectWriter out;
  out.json("ids", ids_array(ids));
  return std::move(out).finish();
}

Result<std::vector<TxId>> parse_ids(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(std::vector<TxId> ids, read_ids(reader, "ids"));
  AITBC_TRY(reader.finish());
  return ids;
}

}  // namespace aitbc::rpc
