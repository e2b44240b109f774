#include "chain/core/result.hpp"

namespace aitbc {

// No default: -Wswitch names a code that was added without a name.
std::string_view name(Errc code) {
  // clang-format off
  switch (code) {
    case Errc::bad_encoding: return "bad_encoding";
    case Errc::bad_json: return "bad_json";
    case Errc::bad_request: return "bad_request";
    case Errc::bad_address: return "bad_address";
    case Errc::bad_policy: return "bad_policy";
    case Errc::bad_signature: return "bad_signature";
    case Errc::bad_amount: return "bad_amount";
    case Errc::wrong_chain: return "wrong_chain";
    case Errc::fee_too_low: return "fee_too_low";
    case Errc::too_large: return "too_large";
    case Errc::bad_height: return "bad_height";
    case Errc::bad_slot: return "bad_slot";
    case Errc::bad_proposer: return "bad_proposer";
    case Errc::recent_signer: return "recent_signer";
    case Errc::bad_seal: return "bad_seal";
    case Errc::bad_txs_root: return "bad_txs_root";
    case Errc::bad_state_root: return "bad_state_root";
    case Errc::empty_block: return "empty_block";
    case Errc::broken_branch: return "broken_branch";
    case Errc::wrong_media_type: return "wrong_media_type";
    case Errc::length_required: return "length_required";
    case Errc::method_not_allowed: return "method_not_allowed";
    case Errc::invalid_block_tx: return "invalid_block_tx";
    case Errc::bad_vote: return "bad_vote";
    case Errc::bad_certificate: return "bad_certificate";
    case Errc::bad_handover: return "bad_handover";
    case Errc::bad_evidence: return "bad_evidence";
    case Errc::out_of_range: return "out_of_range";
    case Errc::bad_receipt: return "bad_receipt";
    case Errc::upgrade_required: return "upgrade_required";
    case Errc::nonce_used: return "nonce_used";
    case Errc::nonce_pending: return "nonce_pending";
    case Errc::insufficient_balance: return "insufficient_balance";
    case Errc::below_final: return "below_final";
    case Errc::wrong_genesis: return "wrong_genesis";
    case Errc::not_an_authority: return "not_an_authority";
    case Errc::refused: return "refused";
    case Errc::not_devnet: return "not_devnet";
    case Errc::unauthorized: return "unauthorized";
    case Errc::forbidden: return "forbidden";
    case Errc::receipt_claimed: return "receipt_claimed";
    case Errc::nonce_gap: return "nonce_gap";
    case Errc::unknown_parent: return "unknown_parent";
    case Errc::from_future: return "from_future";
    case Errc::bad_ballot: return "bad_ballot";
    case Errc::duplicate: return "duplicate";
    case Errc::not_found: return "not_found";
    case Errc::mempool_full: return "mempool_full";
    case Errc::inbox_full: return "inbox_full";
    case Errc::timeout: return "timeout";
    case Errc::overloaded: return "overloaded";
    case Errc::shutting_down: return "shutting_down";
    case Errc::disk_full: return "disk_full";
    case Errc::rate_limited: return "rate_limited";
    case Errc::unreachable: return "unreachable";
    case Errc::bad_config: return "bad_config";
    case Errc::bad_manifest: return "bad_manifest";
    case Errc::in_use: return "in_use";
    case Errc::storage: return "storage";
    case Errc::corrupt: return "corrupt";
    case Errc::newer_schema: return "newer_schema";
    case Errc::io: return "io";
  }
  // clang-format on
  AITBC_CHECK(false && "an Errc outside its enumerators");
}

Category category(Errc code) {
  const auto number = static_cast<std::uint16_t>(code);
  if (number < 200) return Category::malformed;
  if (number < 300) return Category::rejected;
  if (number < 400) return Category::early;
  if (number < 500) return Category::known;
  if (number < 600) return Category::absent;
  if (number < 700) return Category::busy;
  if (number < 800) return Category::unreachable;
  if (number < 900) return Category::usage;
  return Category::internal;
}

}  // namespace aitbc
