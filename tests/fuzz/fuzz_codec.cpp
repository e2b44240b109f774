// Every decoder of the canonical encoding: what it takes is the one encoding of its value, and the
// pure functions over values hold for whatever was taken.

#include <algorithm>
#include <array>

#include "chain/core/evidence.hpp"
#include "chain/core/genesis.hpp"
#include "chain/core/governance.hpp"
#include "chain/core/key_claim.hpp"
#include "chain/core/limits.hpp"
#include "chain/core/state.hpp"
#include "rpc/binary.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace aitbc {
namespace {

constexpr std::size_t items_max = 256;

template <class Value>
Buffer encoded(const Value& value) {
  Encoder out;
  encode(out, value);
  return std::move(out).bytes();
}

template <class Value>
Result<Value> whole(ByteView in, Value (*decode)(Decoder&)) {
  Decoder decoder(in);
  Value value = decode(decoder);
  AITBC_TRY(decoder.finish("value"));
  return value;
}

void require_same(const Buffer& again, ByteView in) {
  AITBC_CHECK(std::equal(again.begin(), again.end(), in.begin(), in.end()));
}

void tx(ByteView in) {
  const auto value = decode_signed_tx(in);
  if (!value) return;
  require_same(encode(*value), in);
  AITBC_CHECK(value->body.from == address_of(value->witness.policy));
  static_cast<void>(cost_of(value->body));
  static_cast<void>(check_policy(value->witness.policy));
}

void block(ByteView in) {
  const auto value = decode_block(in);
  if (!value) return;
  require_same(encode(*value), in);
  static_cast<void>(id_of(value->header()));
  static_cast<void>(txs_root_of(value->txs));
}

void blocks(ByteView in) {
  const auto value = decode_blocks(in, items_max);
  if (value) require_same(encode(std::span<const Block>(*value)), in);
}

void sealed_header(ByteView in) {
  const auto value = whole(in, decode_sealed_header);
  if (!value) return;
  require_same(encoded(*value), in);
  static_cast<void>(check_seal({}, *value));
}

void headers(ByteView in) {
  const auto value = rpc::decode_headers(in, items_max);
  if (value) require_same(rpc::encode_headers(*value), in);
}

void txs(ByteView in) {
  const auto value = rpc::decode_txs(in, items_max);
  if (value) require_same(rpc::encode_txs(*value), in);
}

void ids(ByteView in) {
  const auto value = rpc::decode_ids(in, items_max);
  if (value) require_same(rpc::encode_ids(*value), in);
}

void sync_answer(ByteView in) {
  const auto value = rpc::decode_sync_answer(in);
  if (value) require_same(rpc::encode_sync_answer(*value), in);
}

void certificate(ByteView in) {
  const auto value = decode_certificate(in);
  if (!value) return;
  require_same(encode(*value), in);
  std::vector<PublicKey> voters;
  for (const SignedVote& vote : value->votes) voters.push_back(vote.voter);
  static_cast<void>(check_certificate({}, voters, voters.size(), *value));
}

void vote(ByteView in) {
  const auto value = whole(in, decode_vote);
  if (!value) return;
  require_same(encoded(*value), in);
  AITBC_CHECK(!excludes(*value, *value));
  Watermarks marks;
  if (may_sign(marks, *value)) marks.raise(*value);
}

void signed_vote(ByteView in) {
  const auto value = whole(in, decode_signed_vote);
  if (!value) return;
  require_same(encoded(*value), in);
  static_cast<void>(check_vote({}, *value));
}

void evidence(ByteView in) {
  const auto value = decode_evidence(in);
  if (!value) return;
  require_same(encode(*value), in);
  static_cast<void>(id_of(*value));
  static_cast<void>(describe(*value));
  static_cast<void>(check_evidence({}, *value));
}

void finality_conflict(ByteView in) {
  const auto value = decode_finality_conflict(in);
  if (!value) return;
  require_same(encode(*value), in);
  static_cast<void>(id_of(*value));
}

void effects(ByteView in) {
  const auto value = decode_effects(in);
  if (value) require_same(encoded(*value), in);
}

void governance(ByteView in) {
  const auto value = whole(in, decode_governance);
  if (!value) return;
  require_same(encoded(*value), in);
  const Height next = value->decision ? value->decision->since : 1;
  AITBC_CHECK(is_changing(*value, next) || !needs_handover(*value, next));
}

void genesis(ByteView in) {
  const auto value = decode_genesis(in);
  if (!value) return;
  require_same(encode(*value), in);
  if (!check_genesis(*value)) return;
  AITBC_CHECK(params_of(*value).genesis_hash == hash_of(*value));
  static_cast<void>(State::of(*value).root());
}

void key_claim(ByteView in) {
  const auto value = decode_key_claim(in);
  if (!value) return;
  require_same(encoded(*value), in);
  static_cast<void>(check_claim({}, *value));
}

void policy(ByteView in) {
  const auto value = whole(in, decode_policy);
  if (!value) return;
  require_same(encoded(*value), in);
  static_cast<void>(check_policy(*value));
}

constexpr std::array<fuzz::Case, 18> cases = {
    tx,      block,       blocks,  sealed_header, headers,  txs,
    ids,     certificate, vote,    signed_vote,   evidence, finality_conflict,
    effects, governance,  genesis, key_claim,     policy,   sync_answer};

}  // namespace
}  // namespace aitbc

void aitbc::fuzz::run(ByteView input) { choose(cases, input); }
