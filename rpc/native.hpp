#pragma once
// The project's own JSON: what a transaction, a block, a genesis, a node's status look like as
// text, in both directions. What comes from people (transactions, blocks, genesis files) is read
// strictly: every field required, unknown ones refused. What a node answers may grow, so those
// readers take the fields they know. Reading checks the form alone; the rules are CheckedTx's and
// CheckedBlock's. Pure functions; any thread.

#include <string>
#include <string_view>
#include <vector>

#include "chain/core/apply.hpp"
#include "chain/protocol.hpp"
#include "rpc/node.hpp"

namespace aitbc::rpc {

class ObjectReader;

// "transfer", "ballot" or "receipt_claim".
std::string_view type_of(const Tx&);
// {"tx_hash", "hash", "type", "chain_id", "sender", ...}, then the fields of its type.
std::string tx_json(const Params&, const SignedTx&);
// What the predecessor's tools read as "payload": what follows from the type's own fields.
std::string payload_json(const Tx&);
// "tx_hash", "hash" and "payload" may be absent; if they are there they must be the transaction's.
Result<SignedTx> parse_tx(const Params&, std::string_view json);
Result<SignedTx> read_tx(const Params&, ObjectReader);

// A receipt as its coordinator hands it out: the canonical JSON that was signed, with the field
// "signature": {"alg", "key_id", "sig"}, in base64url (RFC 4648) without padding.
std::string signed_receipt_json(const ReceiptClaim&);
// One whose keys are in any order, with any number of "attestations" by others, which the signature
// does not cover. Of all who signed it, the first that is a coordinator of the genesis counts.
Result<ReceiptClaim> read_signed_receipt(const Params&, const JsonValue&);
Result<ReceiptClaim> parse_signed_receipt(const Params&, std::string_view json);
// A row of /rpc/receipts: a claim that minted.
std::string receipt_json(const Params&, const LocatedTx&);

// A header's fields, then the seal and, for a block, "transactions" and "receipts": of those of its
// transactions that minted, by their positions.
std::string header_json(const Params&, const SealedHeader&);
std::string block_json(const Params&, const Block&, std::span<const std::uint32_t> claims);
std::string side_block_json(const Params&, const SideBlock&);

enum class Body { with_transactions, without };
std::string genesis_block_json(const Params&, const Hash& state_root, Body);

// One block as block_json() printed it, or {"blocks": [...]}.
Result<std::vector<Block>> parse_branch(const Params&, std::string_view json);

// What a genesis file holds.
std::string genesis_json(const Genesis&);
Result<Genesis> parse_genesis(std::string_view json);

std::string proof_json(const Address&, const ProvenAccount&);
// Taken as the node gave it; check_account() judges it.
Result<ProvenAccount> parse_proof(std::string_view json);
// The account that the proof shows under the answer's own state root; refused if it does not.
Result<Account> check_account(const ProvenAccount&, const Address&);

std::string status_json(const NodeStatus&, const Params&);
// The change of authorities that is under way is parse_governance()'s.
Result<NodeStatus> parse_status(std::string_view json);

struct GovernanceView {
  Tip head;
  Governance governance;
};
std::string governance_json(const Tip& head, const Governance&);
Result<GovernanceView> parse_governance(std::string_view json);

std::string sync_answer_json(const SyncAnswer&);
Result<SyncAnswer> parse_sync_answer(std::string_view json);

std::string fault_json(const Fault&);
// {"faults": [...]}
std::string faults_json(std::span<const Fault>);
Result<std::vector<Fault>> parse_faults(std::string_view json);
Result<Fault> parse_fault(std::string_view json);
// A fault that is to begin; its times are the node's to say.
struct NewFault {
  Fault fault;
  Duration lasts{0};
};
std::string new_fault_json(const Fault&, Duration lasts);
Result<NewFault> parse_new_fault(std::string_view json);
// {} or {"id": ...}, and {"healed": N}.
Result<std::optional<std::string>> parse_heal(std::string_view json);
Result<std::size_t> parse_healed(std::string_view json);

// {"peers": [URL, ...]}: whom a node shall follow. Each is a URL, of at most
// limits::manifest_text_bytes_max bytes; at most limits::peers_max.
std::string peer_urls_json(std::span<const std::string>);
Result<std::vector<std::string>> parse_peer_urls(std::string_view json);

std::string certificate_json(const Certificate&);
// The field "certificate" of an answer: one of commits, or null.
Result<std::optional<Certificate>> parse_certificate(std::string_view json);
// {"votes": [...]}, each the canonical encoding in hexadecimal.
std::string votes_json(std::span<const SignedVote>);
Result<std::vector<SignedVote>> parse_votes(std::string_view json);

std::string evidence_list_json(std::span<const Evidence>, const std::optional<FinalityConflict>&);
// {"evidence": [...]}, each the canonical encoding in hexadecimal.
std::string evidence_json(std::span<const Evidence>);
Result<std::vector<Evidence>> parse_evidence(std::string_view json);

// What a node tells of an event, by its type, and the stages of one transaction: its events in the
// answer of /rpc/tx/{id}/trace, oldest first.
std::string event_json(const Params&, const Event&);
std::string stage_json(Time, const TxEvent&);
struct TxTrace {
  struct Stage {
    TxEvent::Status status = TxEvent::Status::pending;
    Time time;                // by the node's own clock
    Height height = 0;        // of its block, if included or final
    PublicKey proposer = {};  // of that block
  };
  std::string node_id;
  Time remembered_since;  // what came before is forgotten
  std::vector<Stage> stages;
};
Result<TxTrace> parse_trace(std::string_view json);

// {"ids": [...]}, the pending transactions that a peer asks for.
std::string ids_json(std::span<const TxId>);
Result<std::vector<TxId>> parse_ids(std::string_view json);

// `last` is the last block of the branch that was offered.
std::string imported_json(const Params&, const Imported&, const SealedHeader& last);
Result<Imported> parse_imported(std::string_view json);

}  // namespace aitbc::rpc
