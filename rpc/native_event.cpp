#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

void write(ObjectWriter& out, const Params& params, const HeadEvent& event) {
  const Header& header = event.block->header;
  out.integer("height", header.height)
      .text("hash", hash_text(event.block->id))
      .text("parent_hash", hash_text(header.parent))
      .text("timestamp", to_naive_iso(start_of(params, header.slot)))
      .integer("tx_count", header.tx_count)
      .integer("slot", header.slot)
      .text("proposer", header.proposer.hex())
      .text("state_root", hash_text(header.state_root));
}

void write(ObjectWriter& out, const Params&, const FinalEvent& event) {
  out.integer("height", event.block.height).text("hash", hash_text(event.block.id));
}

void write_place(ObjectWriter& out, const TxEvent& event) {
  if (event.block) {
    out.integer("height", event.block->header.height)
        .text("block_hash", hash_text(event.block->id))
        .text("proposer", event.block->header.proposer.hex());
  }
  if (event.status == TxEvent::Status::replaced) out.text("replaced_by", hash_text(event.by));
}

void write(ObjectWriter& out, const Params&, const TxEvent& event) {
  const Tx& tx = event.tx.body();
  const auto* transfer = std::get_if<Transfer>(&tx.payload);
  out.text("tx_hash", hash_text(event.tx.id()))
      .text("status", name(event.status))
      .text("type", type_of(tx))
      .text("sender", to_text(tx.from))
      .text("recipient", transfer == nullptr ? "" : to_text(transfer->to))
      .integer("amount", transfer == nullptr ? 0 : transfer->amount.units())
      .integer("fee", tx.fee.units())
      .integer("nonce", tx.nonce);
  write_place(out, event);
}

void write(ObjectWriter& out, const Params&, const VoteEvent& event) {
  const SignedVote& vote = event.vote;
  ObjectWriter block;
  block.integer("height", vote.vote.target.height).text("hash", hash_text(vote.vote.target.id));
  out.text("kind", name(vote.vote.kind))
      .text("voter", vote.voter.hex())
      .json("block", std::move(block).finish());
}

void write(ObjectWriter& out, const Params&, const ReorgEvent& event) {
  out.json("from", tip_json(event.from))
      .json("to", tip_json(event.to))
      .integer("ancestor_height", event.ancestor)
      .integer("rewound", event.rewound)
      .integer("appended", event.appended);
}

void write(ObjectWriter& out, const Params&, const StateEvent& event) {
  ArrayWriter peers;
  for (const StateEvent::Peer& peer : event.peers) {
    ObjectWriter row;
    row.text("url", peer.url).text("node_id", peer.node_id).text("state", peer.state);
    peers.json(std::move(row).finish());
  }
  out.text("node_id", event.node_id)
      .text("state", event.state)
      .json("peers", std::move(peers).finish());
}

std::optional<TxEvent::Status> parse_stage(std::string_view word) {
  using Status = TxEvent::Status;
  for (const Status status : {Status::pending, Status::included, Status::final, Status::replaced}) {
    if (name(status) == word) return status;
  }
  return std::nullopt;
}

Result<TxTrace::Stage> read_stage(ObjectReader reader) {
  AITBC_TRY_ASSIGN(const std::string word, reader.text("status", word_bytes_max));
  const auto status = parse_stage(word);
  if (!status) {
    return error(Errc::bad_json,
                 reader.path_of("status") + ": expected what became of it, got " + json_text(word));
  }
  TxTrace::Stage stage;
  stage.status = *status;
  AITBC_TRY_ASSIGN(stage.time, read_time(reader, "time"));
  if (reader.has("height")) {
    AITBC_TRY_ASSIGN(stage.height, reader.integer("height"));
    AITBC_TRY_ASSIGN(stage.proposer, read_hex<PublicKey>(reader, "proposer"));
  }
  return stage;
}

}  // namespace

std::string event_json(const Params& params, const Event& event) {
  ObjectWriter out;
  out.text("time", to_iso(event.time));
  std::visit([&](const auto& what) { write(out, params, what); }, event.what);
  return std::move(out).finish();
}

std::string stage_json(Time time, const TxEvent& event) {
  ObjectWriter out;
  out.text("status", name(event.status)).text("time", to_iso(time));
  write_place(out, event);
  return std::move(out).finish();
}

Result<TxTrace> parse_trace(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  TxTrace trace;
  AITBC_TRY_ASSIGN(trace.node_id, reader.text("node_id", name_bytes_max));
  AITBC_TRY_ASSIGN(trace.remembered_since, read_time(reader, "remembered_since"));
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> stages,
                   reader.objects("stages", limits::trace_stages_max));
  for (ObjectReader& item : stages) {
    AITBC_TRY_ASSIGN(TxTrace::Stage stage, read_stage(std::move(item)));
    trace.stages.push_back(std::move(stage));
  }
  return trace;
}

}  // namespace aitbc::rpc
