#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

std::string open_json(const Governance::Open& open) {
  ObjectWriter out;
  write_change(out, open.change);
  out.integer("expires", open.expires).json("approvals", keys_json(open.approvals));
  return std::move(out).finish();
}

std::string decision_json(const Governance::Decision& decision) {
  ObjectWriter out;
  write_change(out, decision.change);
  out.integer("decided", decision.decided)
      .integer("since", decision.since)
      .json("before", keys_json(decision.before));
  return std::move(out).finish();
}

}  // namespace

std::string governance_json(const Tip& head, const Governance& governance) {
  ObjectWriter out;
  out.json("head", tip_json(head)).json("authorities", keys_json(governance.authorities));
  const auto& [authorities, open, decision] = governance;
  open ? out.json("open", open_json(*open)) : out.null("open");
  decision ? out.json("decision", decision_json(*decision)) : out.null("decision");
  return std::move(out).finish();
}

Result<GovernanceView> parse_governance(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  GovernanceView view;
  AITBC_TRY_ASSIGN(ObjectReader head, reader.object("head"));
  AITBC_TRY_ASSIGN(view.head, read_tip(std::move(head)));
  auto& [authorities, open, decision] = view.governance;
  AITBC_TRY_ASSIGN(authorities, read_keys(reader, "authorities", limits::authorities_max));
  AITBC_TRY_ASSIGN(const bool none_open, is_null(reader, "open"));
  if (!none_open) {
    AITBC_TRY_ASSIGN(ObjectReader fields, reader.object("open"));
    open.emplace(Governance::Open{});
    AITBC_TRY_ASSIGN(open->change, read_change(fields));
    AITBC_TRY_ASSIGN(open->expires, fields.integer("expires"));
    AITBC_TRY_ASSIGN(open->approvals, read_keys(fields, "approvals", limits::authorities_max));
  }
  AITBC_TRY_ASSIGN(const bool none_decided, is_null(reader, "decision"));
  if (!none_decided) {
    AITBC_TRY_ASSIGN(ObjectReader fields, reader.object("decision"));
    decision.emplace(Governance::Decision{});
    AITBC_TRY_ASSIGN(decision->change, read_change(fields));
    AITBC_TRY_ASSIGN(decision->decided, fields.integer("decided"));
    AITBC_TRY_ASSIGN(decision->since, fields.integer("since"));
    AITBC_TRY_ASSIGN(decision->before, read_keys(fields, "before", limits::authorities_max));
  }
  return view;
}

}  // namespace aitbc::rpc
