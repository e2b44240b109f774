#include "chain/core/poa.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t timestamp_bytes_max = 64;

// The block's own hash comes first but for the height, so that tools which take the first "hash" of
// an answer find it.
void write_header(ObjectWriter& out, const Params& params, const Header& header,
                  const BlockId& id) {
  out.integer("height", header.height)
      .text("hash", hash_text(id))
      .text("chain_id", params.chain_id)
      .text("parent_hash", hash_text(header.parent))
      .text("timestamp", to_naive_iso(start_of(params, header.slot)))
      .integer("tx_count", header.tx_count)
      .integer("slot", header.slot)
      .text("txs_root", hash_text(header.txs_root))
      .text("state_root", hash_text(header.state_root));
}

void write_sealed(ObjectWriter& out, const Params& params, const SealedHeader& sealed) {
  write_header(out, params, sealed.header, id_of(sealed.header));
  out.text("proposer", sealed.header.proposer.hex())
      .text("seal", sealed.seal.hex())
      .text("signature", sealed.seal.hex());
  if (sealed.handover) out.json("handover", certificate_json(*sealed.handover));
}

// The fields that follow from the others may be left out, but may not lie.
Status check_derived(const Params& params, ObjectReader& reader, const SealedHeader& sealed) {
  const Header& header = sealed.header;
  if (reader.has("chain_id")) AITBC_TRY(check_chain(params, reader));
  if (reader.has("hash")) {
    AITBC_TRY_ASSIGN(const BlockId claimed, read_hash<BlockId>(reader, "hash"));
    if (const BlockId id = id_of(header); id != claimed) {
      return error(Errc::bad_seal, reader.path_of("hash") + ": expected " + hash_text(id) +
                                       ", the hash of the header's fields, got " +
                                       hash_text(claimed));
    }
  }
  if (reader.has("timestamp")) {
    AITBC_TRY_ASSIGN(const std::string claimed, reader.text("timestamp", timestamp_bytes_max));
    if (const auto start = to_naive_iso(start_of(params, header.slot)); start != claimed) {
      return error(Errc::bad_slot, reader.path_of("timestamp") + ": expected " + start +
                                       ", the start of slot " + std::to_string(header.slot));
    }
  }
  if (reader.has("signature")) {
    AITBC_TRY_ASSIGN(const auto claimed, read_hex<Signature>(reader, "signature"));
    if (claimed != sealed.seal) {
      return error(Errc::bad_seal, reader.path_of("signature") + ": expected the seal, or nothing");
    }
  }
  return ok();
}

Result<SealedHeader> read_header(const Params& params, ObjectReader& reader) {
  SealedHeader sealed;
  Header& header = sealed.header;
  AITBC_TRY_ASSIGN(header.height, reader.integer("height", {1, limits::supply_max}));
  AITBC_TRY_ASSIGN(header.parent, read_hash<BlockId>(reader, "parent_hash"));
  // So that a slot's start stays within the range of Time.
  const auto slots_max = limits::supply_max / static_cast<std::uint64_t>(params.slot.count());
  AITBC_TRY_ASSIGN(header.slot, reader.integer("slot", {1, slots_max}));
  AITBC_TRY_ASSIGN(header.txs_root, read_hash<Hash>(reader, "txs_root"));
  AITBC_TRY_ASSIGN(header.state_root, read_hash<Hash>(reader, "state_root"));
  AITBC_TRY_ASSIGN(header.proposer, read_hex<PublicKey>(reader, "proposer"));
  AITBC_TRY_ASSIGN(const std::uint64_t txs, reader.integer("tx_count", {0, limits::block_txs_max}));
  header.tx_count = static_cast<std::uint32_t>(txs);
  AITBC_TRY_ASSIGN(sealed.seal, read_hex<Signature>(reader, "seal"));
  if (reader.has("handover")) {
    AITBC_TRY_ASSIGN(ObjectReader handover, reader.object("handover"));
    AITBC_TRY_ASSIGN(sealed.handover, read_certificate(std::move(handover)));
  }
  AITBC_TRY(check_derived(params, reader, sealed));
  return sealed;
}

Result<Block> read_block(const Params& params, ObjectReader reader) {
  Block block;
  AITBC_TRY_ASSIGN(block.sealed, read_header(params, reader));
  AITBC_TRY_ASSIGN(const std::vector<ObjectReader> txs,
                   reader.objects("transactions", limits::block_txs_max));
  // What it minted follows from the state, which is not here.
  if (reader.has("receipts")) AITBC_TRY(reader.array("receipts", limits::block_txs_max));
  AITBC_TRY(reader.finish());
  block.txs.reserve(txs.size());
  for (const ObjectReader& item : txs) {
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(params, item));
    block.txs.push_back(std::move(tx));
  }
  return block;
}

}  // namespace

std::string header_json(const Params& params, const SealedHeader& sealed) {
  ObjectWriter out;
  write_sealed(out, params, sealed);
  return std::move(out).finish();
}

std::string block_json(const Params& params, const Block& block,
                       std::span<const std::uint32_t> claims) {
  const Header& header = block.header();
  ArrayWriter txs, receipts;
  for (const SignedTx& tx : block.txs) txs.json(tx_json(params, tx));
  for (const std::uint32_t position : claims) {
    receipts.json(
        receipt_json(params, {block.txs[position], header.height, position, header.slot}));
  }
  ObjectWriter out;
  write_sealed(out, params, block.sealed);
  out.json("transactions", std::move(txs).finish()).json("receipts", std::move(receipts).finish());
  return std::move(out).finish();
}

std::string side_block_json(const Params& params, const SideBlock& side) {
  ObjectWriter out;
  write_header(out, params, side.sealed.header, side.id);
  out.text("proposer", side.sealed.header.proposer.hex());
  return std::move(out).finish();
}

std::string genesis_block_json(const Params& params, const Hash& state_root, Body body) {
  Header header;
  header.state_root = state_root;
  ObjectWriter out;
  write_header(out, params, header, genesis_tip(params).id);
  out.null("proposer").null("seal").null("signature");
  if (body == Body::with_transactions) out.json("transactions", "[]").json("receipts", "[]");
  return std::move(out).finish();
}

Result<std::vector<Block>> parse_branch(const Params& params, std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  std::vector<Block> blocks;
  if (value.is_object() && value.contains("blocks")) {
    AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
    AITBC_TRY_ASSIGN(const std::vector<ObjectReader> items,
                     reader.objects("blocks", limits::branch_blocks_max));
    AITBC_TRY(reader.finish());
    for (const ObjectReader& item : items) {
      AITBC_TRY_ASSIGN(Block block, read_block(params, item));
      blocks.push_back(std::move(block));
    }
    return blocks;
  }
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value, "block"));
  AITBC_TRY_ASSIGN(Block block, read_block(params, std::move(reader)));
  blocks.push_back(std::move(block));
  return blocks;
}

}  // namespace aitbc::rpc
