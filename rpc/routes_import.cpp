// Blocks that are offered: sealed ones, which are judged, and those of the predecessor, which no
// authority sealed. The latter are answered as it answered them, but never taken.

#include <algorithm>

#include "chain/core/poa.hpp"
#include "rpc/binary.hpp"
#include "rpc/errors.hpp"
#include "rpc/json_lenient.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr int conflict_status = 409;

// Anybody can seal blocks with a key of his own, so a stranger's cost us no signature check. What
// follows a block that may change the authorities is offered again when that block is here.
Status leave_out_strangers(const Governance& governance, std::vector<Block>& blocks) {
  const auto is_known = [&](const Block& block) {
    const PublicKey& key = block.header().proposer;
    const auto& decision = governance.decision;
    return is_authority(governance.authorities, key) ||
           (decision && (decision->change.key == key || is_authority(decision->before, key)));
  };
  const auto stranger = std::find_if_not(blocks.begin(), blocks.end(), is_known);
  if (stranger == blocks.begin()) {
    const Header& header = stranger->header();
    return error(Errc::bad_proposer, "block " + std::to_string(header.height) + ": its proposer " +
                                         header.proposer.hex() + " is no authority");
  }
  blocks.erase(stranger, blocks.end());
  return ok();
}

struct Offered {
  Imported imported;
  SealedHeader last;
};

Result<std::vector<CheckedBlock>> check_offer(const Call& call, std::vector<Block>& blocks) {
  if (blocks.empty()) return error(Errc::bad_request, "blocks: expected one or more, got none");
  AITBC_TRY(leave_out_strangers(call.node.status()->governance, blocks));
  return call.node.verifier().blocks(blocks);
}

// The response that `answer` makes of what became of the blocks, also if it is an error.
template <class Answer>
Result<HttpResponse> offer(const Call& call, Result<std::vector<Block>> read, Answer answer) {
  if (!read) return answer(Result<Offered>(std::move(read).error()));
  std::vector<Block> blocks = *std::move(read);
  auto checked = check_offer(call, blocks);
  if (!checked) return answer(Result<Offered>(std::move(checked).error()));
  return later<Imported>(
      [&node = call.node, checked = *std::move(checked)](Tell<Imported> tell) mutable {
        node.import(std::move(checked), std::move(tell));
      },
      [answer, last = blocks.back().sealed](const Result<Imported>& imported) {
        return answer(imported ? Offered{*imported, last} : Result<Offered>(imported.error()));
      });
}

// ---- the predecessor's blocks -------------------------------------------------------------------

struct Unsealed {
  Height height = 0;
  std::string hash, parent_hash, proposer, timestamp;
};

// Neither a branch nor a block with its seal.
bool is_unsealed(const Json& body) {
  return body.is_object() && !body.contains("seal") && !body.contains("blocks");
}

Unsealed read_unsealed(LenientReader& reader) {
  Unsealed block;
  block.height = reader.whole({"height"}, {1});
  block.hash = reader.text({"hash"});
  block.parent_hash = reader.text({"parent_hash"});
  block.proposer = reader.text_or("proposer", "");
  block.timestamp = reader.text({"timestamp"});
  static_cast<void>(reader.whole_or("tx_count", 0, {}));  // it must be a count, and says no more
  return block;
}

// What the predecessor hashed: neither transactions nor state.
std::string legacy_hash(const Params& params, const Unsealed& block) {
  const std::string text = params.chain_id + "|" + std::to_string(block.height) + "|" +
                           block.parent_hash + "|" + block.timestamp;
  return hash_text(sha256(as_bytes(text)));
}

Result<bool> is_known(const Call& call, Snapshot& snapshot, const std::string& hash) {
  const auto id = parse_hash<BlockId>(hash);
  if (!id) return false;
  if (*id == genesis_tip(call.node.params()).id) return true;
  AITBC_TRY_ASSIGN(const auto height, snapshot.height_of(*id));
  return height.has_value();
}

// Whether it is the one that this node has at that height, which may be none.
bool is_ours(const std::optional<SealedHeader>& ours, const Unsealed& block) {
  return ours && hash_text(id_of(ours->header)) == block.hash;
}

constexpr const char* no_seal =
    "it has no seal: this chain takes blocks that an authority sealed, as GET /rpc/blocks shows "
    "them";

Result<HttpResponse> answer_unsealed(const Call& call, const Json& body) {
  LenientReader reader(body);
  const Unsealed block = read_unsealed(reader);
  if (!reader.faults().empty()) return invalid_response(reader.faults(), Errc::bad_request);
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const auto ours, snapshot->header(block.height));
  if (is_ours(ours, block)) {
    return json_response(imported_json(
        call.node.params(), {Imported::Kind::exists, tip_of(ours->header), 0, 0}, *ours));
  }
  if (ours) {
    HttpResponse conflict =
        error_response(error(Errc::bad_seal, "Block at height " + std::to_string(block.height) +
                                                 " already exists with different hash"));
    conflict.status = conflict_status;
    return conflict;
  }
  AITBC_TRY_ASSIGN(const bool follows, is_known(call, *snapshot, block.parent_hash));
  if (!follows) {
    return error(Errc::bad_seal,
                 "Block rejected: Parent block not found (" + block.parent_hash + ")");
  }
  if (const auto expected = legacy_hash(call.node.params(), block); block.hash != expected) {
    return error(Errc::bad_seal,
                 "Invalid block hash. Expected: " + expected + ", Got: " + block.hash);
  }
  return error(Errc::bad_seal, std::string("Block rejected: ") + no_seal);
}

Result<HttpResponse> import(const Call& call) {
  const std::string& body = call.request.body;
  const Params& params = call.node.params();
  const auto answer = [&params](const Result<Offered>& done) -> Result<HttpResponse> {
    if (!done) return done.error();
    return json_response(imported_json(params, done->imported, done->last));
  };
  if (has_binary(call.request)) {
    return offer(call, decode_blocks(as_bytes(body), limits::branch_blocks_max), answer);
  }
  AITBC_TRY_ASSIGN(const Json json, parse_json(body));
  if (is_unsealed(json)) return answer_unsealed(call, json);
  return offer(call, parse_branch(params, body), answer);
}

// Why the predecessor would not append it: its tools compare these words.
Result<std::string> reason_against(const Call& call, const Json& body, const Unsealed& block) {
  constexpr std::size_t digits = 64;
  if (block.proposer.empty()) return std::string("Missing proposer field");
  for (const char* field : {"height", "hash", "parent_hash", "timestamp"}) {
    if (!body.contains(field)) return std::string("Missing required field: ") + field;
  }
  if (!block.hash.starts_with(hash_prefix)) return "Invalid block hash format: " + block.hash;
  const std::string hex = block.hash.substr(hash_prefix.size());
  if (hex.size() != digits) return "Invalid hash length: " + std::to_string(hex.size());
  if (hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
    return "Invalid hex in hash: " + block.hash;
  }
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip head, snapshot->head());
  AITBC_TRY_ASSIGN(const auto ours, snapshot->header(block.height));
  if (is_ours(ours, block)) return std::string("Block already exists");
  const auto key = PublicKey::parse(block.proposer);
  if (!key || !is_authority(call.node.status()->governance.authorities, *key)) {
    return "Proposer '" + block.proposer + "' not in trusted set";
  }
  const std::string height = std::to_string(head.height);
  if (block.height > head.height + 1) {
    return "Gap detected (our height: " + height + ", received: " + std::to_string(block.height) +
           ")";
  }
  if (block.height <= head.height) return "Stale block (our height: " + height + ")";
  return std::string(no_seal);
}

std::string accepted_json(bool accepted, Height height, std::string_view hash,
                          std::string_view reason, std::uint64_t rewound) {
  ObjectWriter out;
  out.boolean("accepted", accepted)
      .integer("height", height)
      .text("hash", hash)
      .text("reason", reason)
      .boolean("reorged", rewound > 0)
      .integer("reorg_depth", rewound);
  return std::move(out).finish();
}

std::string_view what_became_of(Imported::Kind kind) {
  switch (kind) {
    case Imported::Kind::exists:
      return "Block already exists";
    case Imported::Kind::side:
      return "Kept beside the chain, which is better";
    case Imported::Kind::extended:
    case Imported::Kind::reorganised:
      return "Appended to chain";
  }
  AITBC_CHECK(false && "an Imported::Kind outside its enumerators");
}

// Whatever comes of it, the answer is 200 and says so.
Result<HttpResponse> import_block(const Call& call) {
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  LenientReader reader(json);
  const Unsealed block = read_unsealed(reader);
  const auto answer = [block](bool accepted, std::string_view reason, std::uint64_t rewound = 0) {
    return json_response(accepted_json(accepted, block.height, block.hash, reason, rewound));
  };
  if (is_unsealed(json)) {
    AITBC_TRY_ASSIGN(const std::string reason, reason_against(call, json, block));
    return answer(false, reason);
  }
  return offer(call, parse_branch(call.node.params(), call.request.body),
               [answer](const Result<Offered>& done) -> Result<HttpResponse> {
                 if (!done && is_internal(done.error())) return done.error();
                 if (!done) return answer(false, done.error().detail);
                 return answer(done->imported.kind != Imported::Kind::exists,
                               what_became_of(done->imported.kind), done->imported.rewound);
               });
}

constexpr Errc import_errors[] = {
    Errc::bad_handover, Errc::bad_seal,       Errc::bad_txs_root, Errc::bad_state_root,
    Errc::bad_height,   Errc::bad_slot,       Errc::bad_proposer, Errc::recent_signer,
    Errc::empty_block,  Errc::broken_branch,  Errc::bad_policy,   Errc::bad_signature,
    Errc::bad_amount,   Errc::wrong_chain,    Errc::fee_too_low,  Errc::invalid_block_tx,
    Errc::below_final,  Errc::unknown_parent, Errc::from_future,  Errc::inbox_full,
    Errc::timeout,      Errc::shutting_down};

constexpr Route import_row(std::string_view pattern) {
  return {.method = "POST",
          .pattern = pattern,
          .handler = import,
          .summary = "Offers a block, or a branch of blocks that follow one another.",
          .parameters = {},
          .answer = "Imported",
          .body = "Branch",
          .binary_body = "u32 count, then the blocks",
          .errors = import_errors,
          .scope = Scope::admin,
          .lenient = true};
}

constexpr Route import_rows[] = {
    import_row("/rpc/blocks/import"),
    import_row("/rpc/block"),
    {.method = "POST",
     .pattern = "/rpc/importBlock",
     .handler = import_block,
     .summary = "Offers a block; always answered with 200, and whether it was accepted.",
     .parameters = {},
     .answer = "Accepted",
     .body = "Block",
     .scope = Scope::admin,
     .lenient = true},
};

}  // namespace

std::span<const Route> import_routes() { return import_rows; }

}  // namespace aitbc::rpc
