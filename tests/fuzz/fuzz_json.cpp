// JSON from clients and from other nodes: what the readers take is printed and read back as the
// same value.

#include <array>

#include "chain/core/receipt.hpp"
#include "rpc/access.hpp"
#include "rpc/client_views.hpp"
#include "rpc/errors.hpp"
#include "rpc/json.hpp"
#include "rpc/json_unsigned.hpp"
#include "rpc/native.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace aitbc {
namespace {

const Params& params() {
  static const Params made = [] {
    Params chain;
    chain.chain_id = "test";
    chain.devnet = true;
    chain.slot = Duration{2'000};
    return chain;
  }();
  return made;
}

// What was printed is the print of what is read from it.
template <class Parse, class Print>
void stable(ByteView in, const Parse& parse, const Print& print) {
  const auto value = parse(as_text(in));
  if (!value) return;
  const std::string printed = print(*value);
  const auto again = parse(printed);
  AITBC_CHECK(again.has_value());
  AITBC_CHECK(print(*again) == printed);
}

template <class Value>
void read_alone(ByteView in, Result<Value> (*parse)(std::string_view)) {
  static_cast<void>(parse(as_text(in)));
}

void strict(ByteView in) {
  stable(in, rpc::parse_json, rpc::dump);
  stable(in, rpc::parse_json, rpc::canonical_json);
}
void unsigned_body(ByteView in) {
  rpc::HttpRequest request;
  request.body = as_text(in);
  request.content_type = rpc::json_type;
  const bool looks = rpc::looks_unsigned(request);
  const auto json = rpc::parse_json(request.body);
  if (!json || !rpc::is_unsigned(*json)) return;
  const auto read = rpc::read_unsigned(params(), request, *json);
  if (!read) return;
  // A payment may have to wait for a gift: then it must be told from the text that it may.
  if (std::holds_alternative<rpc::DevEdge::Payment>(*read)) AITBC_CHECK(looks);
  const auto* refusal = std::get_if<rpc::HttpResponse>(&*read);
  if (refusal != nullptr) AITBC_CHECK(refusal->status == 400 || refusal->status == 422);
}
void tx(ByteView in) {
  stable(
      in, [](std::string_view text) { return rpc::parse_tx(params(), text); },
      [](const SignedTx& value) { return rpc::tx_json(params(), value); });
}
void branch(ByteView in) {
  stable(
      in, [](std::string_view text) { return rpc::parse_branch(params(), text); },
      [](const std::vector<Block>& blocks) {
        std::string list;
        for (const Block& block : blocks) {
          list += (list.empty() ? "" : ",") + rpc::block_json(params(), block, {});
        }
        return "{\"blocks\":[" + list + "]}";
      });
}
void genesis(ByteView in) { stable(in, rpc::parse_genesis, rpc::genesis_json); }
void sync_answer(ByteView in) { stable(in, rpc::parse_sync_answer, rpc::sync_answer_json); }
void votes(ByteView in) { stable(in, rpc::parse_votes, rpc::votes_json); }
void evidence(ByteView in) { stable(in, rpc::parse_evidence, rpc::evidence_json); }
void ids(ByteView in) { stable(in, rpc::parse_ids, rpc::ids_json); }
void faults(ByteView in) {
  stable(in, rpc::parse_faults, rpc::faults_json);
  stable(in, rpc::parse_fault, rpc::fault_json);
  stable(in, rpc::parse_new_fault,
         [](const rpc::NewFault& value) { return rpc::new_fault_json(value.fault, value.lasts); });
}
void governance(ByteView in) {
  stable(in, rpc::parse_governance, [](const rpc::GovernanceView& view) {
    return rpc::governance_json(view.head, view.governance);
  });
}
void status(ByteView in) {
  const auto value = rpc::parse_status(as_text(in));
  if (value) static_cast<void>(rpc::status_json(*value, params()));
}
void proof(ByteView in) {
  const auto value = rpc::parse_proof(as_text(in));
  if (!value) return;
  const Address address = value->proof.leaf ? value->proof.leaf->address : Address{};
  static_cast<void>(rpc::check_account(*value, address));
}
void answers(ByteView in) {
  read_alone(in, rpc::parse_certificate);
  read_alone(in, rpc::parse_imported);
  read_alone(in, rpc::parse_heal);
  read_alone(in, rpc::parse_healed);
  read_alone(in, rpc::parse_taken);
  read_alone(in, rpc::parse_account_view);
  read_alone(in, rpc::parse_tx_view);
  static_cast<void>(rpc::parse_batch_result(as_text(in), 2));
  rpc::HttpResponse response;
  response.status = 409;
  response.body = as_text(in);
  static_cast<void>(rpc::error_from_answer(response));
}

void canonical(ByteView in) {
  static_cast<void>(read_receipt(as_text(in)));
  const auto value = read_json(as_text(in));
  if (!value) return;
  const std::string text = canonical_text(*value);
  const auto again = read_json(text);
  AITBC_CHECK(again.has_value());
  AITBC_CHECK(canonical_text(*again) == text);
}
void api_keys(ByteView in) { stable(in, rpc::parse_api_keys, rpc::api_keys_json); }

constexpr std::array<fuzz::Case, 16> cases = {
    strict, unsigned_body, tx,         branch, genesis, sync_answer, votes,     evidence,
    ids,    faults,        governance, status, proof,   answers,     canonical, api_keys};

}  // namespace
}  // namespace aitbc

void aitbc::fuzz::run(ByteView input) { choose(cases, input); }
