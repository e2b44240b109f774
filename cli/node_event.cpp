#include "cli/node_event.hpp"

#include "rpc/json.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

using EventKind = NodeEvent::Kind;

Result<EventKind> kind_of(std::string_view type) {
  if (type == "head") return EventKind::head;
  if (type == "final") return EventKind::final;
  if (type == "reorg") return EventKind::reorg;
  if (type == "state") return EventKind::state;
  if (type == "gap") return EventKind::gap;
  return error(Errc::bad_json, "expected a type of event, got '" + std::string(type) + "'");
}

Status read_block(rpc::ObjectReader& reader, NodeEvent& event) {
  AITBC_TRY_ASSIGN(event.height, reader.integer("height"));
  AITBC_TRY_ASSIGN(event.hash, reader.text("hash", rpc::name_bytes_max));
  return ok();
}

Status read_what(rpc::ObjectReader& reader, NodeEvent& event) {
  switch (event.kind) {
    case EventKind::head: {
      AITBC_TRY_ASSIGN(event.tx_count, reader.integer("tx_count"));
      AITBC_TRY_ASSIGN(event.proposer, reader.text("proposer", rpc::name_bytes_max));
      return read_block(reader, event);
    }
    case EventKind::final:
      return read_block(reader, event);
    case EventKind::reorg: {
      AITBC_TRY_ASSIGN(event.rewound, reader.integer("rewound"));
      AITBC_TRY_ASSIGN(rpc::ObjectReader to, reader.object("to"));
      return read_block(to, event);
    }
    case EventKind::state: {
      AITBC_TRY_ASSIGN(event.state, reader.text("state", rpc::name_bytes_max));
      return ok();
    }
    case EventKind::gap: {
      AITBC_TRY_ASSIGN(rpc::ObjectReader head, reader.object("head"));
      AITBC_TRY_ASSIGN(rpc::ObjectReader last, reader.object("final"));
      AITBC_TRY_ASSIGN(event.final_height, last.integer("height"));
      return read_block(head, event);
    }
  }
  return ok();
}

}  // namespace

Result<NodeEvent> parse_node_event(std::string_view type, std::string_view json) {
  NodeEvent event;
  AITBC_TRY_ASSIGN(event.kind, kind_of(type));
  AITBC_TRY_ASSIGN(const rpc::Json value, rpc::parse_json(json));
  AITBC_TRY_ASSIGN(rpc::ObjectReader reader, rpc::ObjectReader::open(value));
  if (event.kind != EventKind::gap) {
    AITBC_TRY_ASSIGN(event.time, rpc::read_time(reader, "time"));
  }
  AITBC_TRY(read_what(reader, event));
  return event;
}

}  // namespace aitbc::cli
