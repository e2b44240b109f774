#include <algorithm>

#include "rpc/json_writer.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

// Single values, as OpenAPI spells them.
struct Scalar {
  std::string_view name;
  std::string_view schema;
};

constexpr Scalar scalars[] = {
    {"Hash", R"({"type":"string","pattern":"^0x[0-9a-f]{64}$"})"},
    {"Key", R"({"type":"string","pattern":"^[0-9a-f]{64}$"})"},
    {"Signature", R"({"type":"string","pattern":"^[0-9a-f]{128}$"})"},
    {"Address", R"({"type":"string","pattern":"^aitbc1[02-9ac-hj-np-z]{58}$"})"},
    {"Amount", R"({"type":"integer","minimum":0,"maximum":9007199254740991})"},
    {"Count", R"({"type":"integer","minimum":0})"},
    {"Height", R"({"type":"integer","minimum":0})"},
    {"Slot", R"({"type":"integer","minimum":0})"},
    {"Nonce", R"({"type":"integer","minimum":0,"maximum":9007199254740991})"},
    {"Milliseconds", R"({"type":"integer"})"},
    {"Time", R"({"type":"string","format":"date-time","description":"UTC, ends in Z"})"},
    {"NaiveTime",
     R"({"type":"string","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}([.][0-9]{6})?$",)"
     R"("description":"UTC, without a zone"})"},
    {"Seconds", R"({"type":"number"})"},
    {"Units", R"({"type":"number","exclusiveMinimum":0})"},
    {"AccountName",
     R"({"type":"string","description":"An address; on a devnet also a name, which stands for the )"
     R"(account of a key that follows from it."})"},
    {"Anything", R"({"type":"object"})"},
    {"Text", R"({"type":"string"})"},
    {"Flag", R"({"type":"boolean"})"},
    {"TxType", R"({"type":"string","enum":["transfer","ballot","receipt_claim"]})"},
    {"TransferType", R"({"type":"string","enum":["transfer"]})"},
    {"BallotType", R"({"type":"string","enum":["ballot"]})"},
    {"ClaimType", R"({"type":"string","enum":["receipt_claim"]})"},
    {"Ratio", R"({"type":"number","minimum":0,"maximum":1})"},
    {"ChangeKind", R"({"type":"string","enum":["add","remove"]})"},
    {"VoteKind", R"({"type":"string","enum":["prepare","commit"]})"},
    {"EvidenceKind", R"({"type":"string","enum":["seals","votes"]})"},
    {"ClockState",
     R"({"type":"string","enum":["good","warn","red","unknown"],"description":"Against the )"
     R"(median of the clocks that the node heard, its own among them."})"},
    {"QuorumRule", R"({"type":"string","enum":["majority","bft"]})"},
    {"FaultKind", R"({"type":"string","enum":["link","clock","disk","lie","double-sign"]})"},
    {"Lie", R"({"type":"string","enum":["forged-head","garbage","withhold"]})"},
    {"Ppm", R"({"type":"integer","description":"of a million; may be negative for a clock"})"},
    {"Direction", R"({"type":"string","enum":["sent","received","self"]})"},
    {"TakenStatus", R"({"type":"string","enum":["pending","included"]})"},
    {"TxStage", R"({"type":"string","enum":["pending","included","final","replaced"]})"},
    {"TxStatus", R"({"type":"string","enum":["pending","included","replaced"]})"},
    {"ImportStatus", R"({"type":"string","enum":["exists","imported","reorganised","side"]})"},
    {"State",
     R"({"type":"string","description":"in_sync, behind N, ahead N, diverged at H, paused: WHY, )"
     R"(unreachable, wrong_genesis or stopped. Of a node: in_sync until a peer names a better )"
     R"(chain, unreachable once all its peers were asked in vain."})"},
    {"OpenApi", R"({"type":"object"})"},
    {"Metrics", R"({"type":"string"})"},
    {"Page", R"({"type":"string"})"},
};

// One of several shapes.
struct Choice {
  std::string_view name;
  std::string_view first, second;
};

constexpr Choice choices[] = {
    {"Detail", "Text", "InvalidList"},
    {"Payload", "BodyPayload", "SignedReceipt"},
    {"BodyPayload", "TransferPayload", "BallotPayload"},
    {"RangeAnswer", "BlockRange", "RangeRows"},
    {"TxAnswer", "TxPage", "TxRows"},
    {"Submission", "Transaction", "Unsigned"},
    {"Unsigned", "UnsignedTransfer", "UnsignedPaymentOrClaim"},
    {"UnsignedPaymentOrClaim", "UnsignedPayment", "UnsignedClaim"},
    {"BatchOrUnsigned", "TransactionList", "Unsigned"},
    {"Branch", "Block", "Blocks"},
    {"Result", "Taken", "Error"},
    {"Transaction", "Transfer", "BallotOrClaim"},
    {"BallotOrClaim", "Ballot", "ReceiptClaim"},
};

// An object: "name:Type" for each field, a type followed by [] for an array, by ? when it may be
// null; a name followed by ? when the field may be absent. Unknown fields are refused in what nodes
// are sent, and to be expected in what they answer.
struct Shape {
  // What somebody else has written may hold more than is described.
  enum class Use { answer, body, foreign };
  std::string_view name;
  std::string_view fields;
  Use use = Use::answer;
};

constexpr Shape shapes[] = {
    {"Invalid", "type:Text loc:Text[] msg:Text"},
    {"InvalidList", "[]Invalid"},
    {"Error", "detail:Detail code:Text retry?:Flag"},
    {"Tip", "height:Height slot:Slot hash:Hash"},
    {"Policy", "threshold:Count keys:Key[]", Shape::Use::body},
    {"Transfer",
     "tx_hash?:Hash hash?:Hash type:TransferType chain_id:Text sender:Address recipient:Address "
     "amount:Amount fee:Amount nonce:Nonce payload?:TransferPayload policy:Policy "
     "signatures:Signature?[]",
     Shape::Use::body},
    {"Ballot",
     "tx_hash?:Hash hash?:Hash type:BallotType chain_id:Text sender:Address change:ChangeKind "
     "key:Key approve:Flag fee:Amount nonce:Nonce payload?:BallotPayload policy:Policy "
     "signatures:Signature?[]",
     Shape::Use::body},
    {"ReceiptClaim",
     "tx_hash?:Hash hash?:Hash type:ClaimType chain_id:Text sender:Address receipt:Text "
     "coordinator:Key receipt_signature:Signature fee:Amount nonce:Nonce payload?:SignedReceipt "
     "policy:Policy signatures:Signature?[]",
     Shape::Use::body},
    {"ReceiptSignature", "alg:Text key_id:Text sig:Text"},
    {"SignedReceipt",
     "receipt_id:Text job_id:Text provider:AccountName units:Units signature:ReceiptSignature",
     Shape::Use::foreign},
    {"ReceiptText", "receipt_id:Text job_id:Text provider:AccountName units:Units",
     Shape::Use::foreign},
    {"Receipt",
     "receipt_id:Text job_id:Text payload:ReceiptText miner_signature:Text? "
     "coordinator_attestations:ReceiptSignature[] minted_amount:Amount recorded_at:NaiveTime "
     "miner:Address coordinator:Address coordinator_amount:Amount tx_hash:Hash "
     "block_height:Height"},
    {"ReceiptPage", "receipts:Receipt[] total:Count limit:Count offset:Count"},
    {"TxSearchRow",
     "tx_hash:Hash block_height:Height type:TxType sender:Address recipient:Address "
     "amount:Amount payload:SignedReceipt created_at:NaiveTime"},
    {"TxSearch", "transactions:TxSearchRow[] total:Count"},
    {"UnsignedClaim",
     "type?:Text sender:AccountName nonce:Nonce fee:Amount payload:Anything sig?:Text?"},
    {"TransferPayload", "to:Address amount:Amount", Shape::Use::body},
    {"BallotPayload", "change:ChangeKind key:Key approve:Flag", Shape::Use::body},
    {"FreePayload", "to?:AccountName recipient?:AccountName amount?:Amount value?:Amount"},
    {"UnsignedTransfer",
     "type?:Text sender:AccountName nonce:Nonce fee:Amount payload:FreePayload sig?:Text?"},
    {"UnsignedPayment",
     "from:AccountName to:AccountName amount:Amount fee?:Amount nonce?:Nonce type?:Text "
     "description?:Text?"},
    {"TransactionList", "[]Transaction"},
    {"Transactions", "transactions:Transaction[]"},
    {"Ids", "ids:Hash[]", Shape::Use::body},
    {"Header",
     "height:Height hash:Hash chain_id:Text parent_hash:Hash timestamp:NaiveTime tx_count:Count "
     "slot:Slot txs_root:Hash state_root:Hash proposer:Key seal:Signature signature:Signature "
     "handover?:Certificate"},
    {"Block",
     "height:Height hash?:Hash chain_id?:Text parent_hash:Hash timestamp?:NaiveTime tx_count:Count "
     "slot:Slot txs_root:Hash state_root:Hash proposer:Key? seal:Signature? signature?:Signature? "
     "handover?:Certificate transactions:Transaction[] receipts?:Receipt[]",
     Shape::Use::body},
    {"Blocks", "blocks:Block[]", Shape::Use::body},
    {"RangeRow",
     "height:Height hash:Hash chain_id:Text parent_hash:Hash timestamp:NaiveTime tx_count:Count "
     "slot:Slot txs_root:Hash state_root:Hash proposer:Key? seal:Signature? signature:Signature? "
     "handover?:Certificate transactions?:Transaction[] receipts?:Receipt[]"},
    {"RangeRows", "[]RangeRow"},
    {"BlockPage", "blocks:RangeRow[] total:Count limit:Count offset:Count"},
    {"SideBlock",
     "height:Height hash:Hash chain_id:Text parent_hash:Hash timestamp:NaiveTime tx_count:Count "
     "slot:Slot txs_root:Hash state_root:Hash proposer:Key"},
    {"Head",
     "height:Height hash:Hash chain_id:Text genesis_hash:Hash parent_hash:Hash "
     "timestamp:NaiveTime tx_count:Count slot:Slot state_root:Hash proposer:Key? "
     "justified_height:Height justified_hash:Hash final_height:Height final_hash:Hash"},
    {"BlockRange", "success:Flag blocks:RangeRow[] start:Height end:Height count:Count"},
    {"Headers", "headers:Header[] start:Height count:Count"},
    {"Forks", "blocks:SideBlock[] count:Count"},
    {"Imported",
     "status:ImportStatus success:Flag accepted:Flag chain_id:Text height:Height "
     "block_height:Height hash:Hash block_hash:Hash tx_count:Count reorged:Flag "
     "reorg_depth:Count head:Tip rewound:Count appended:Count"},
    {"Accepted",
     "accepted:Flag height:Height hash:Text reason:Text reorged:Flag reorg_depth:Count"},
    {"Allocation", "address:Address balance:Amount", Shape::Use::body},
    {"Minting", "mint_per_unit:Amount coordinator_ppm:Count reserve:Amount coordinators:Key[]",
     Shape::Use::body},
    {"Genesis",
     "chain_id:Text time:Time slot_ms:Milliseconds tail_guard_ms:Milliseconds fee_min:Amount "
     "quorum:QuorumRule depth_max:Count devnet:Flag receipts:Minting authorities:Key[] "
     "accounts:Allocation[]",
     Shape::Use::body},
    {"Account",
     "address:AccountName balance:Amount nonce:Nonce next_nonce:Nonce height:Height "
     "chain_id:Text"},
    {"Balance", "address:AccountName balance:Amount nonce:Nonce updated_at?:NaiveTime"},
    {"AvailableBalance",
     "address:AccountName balance:Amount nonce:Nonce available_balance:Amount "
     "total_balance:Amount staked:Amount bridge_locked:Amount"},
    {"AccountRow",
     "address:Address balance:Amount nonce:Nonce total_transactions_sent:Count "
     "total_transactions_received:Count updated_at:NaiveTime"},
    {"Accounts", "addresses:AccountRow[] total:Count limit:Count offset:Count"},
    {"HistoryRow",
     "tx_hash:Hash direction:Direction block_height:Height created_at:NaiveTime payload:Payload "
     "type:TxType counterparty:Address? height:Height amount:Amount fee:Amount nonce:Nonce "
     "timestamp:NaiveTime"},
    {"History",
     "address:AccountName balance:Amount nonce:Nonce total_transactions_sent:Count "
     "total_transactions_received:Count latest_sent:HistoryRow[] latest_received:HistoryRow[] "
     "total:Count limit:Count offset:Count transactions:HistoryRow[] updated_at?:NaiveTime"},
    {"ProofStep", "bit:Count sibling:Hash"},
    {"MerkleProof", "leaf:Balance? path:ProofStep[]"},
    {"Proof",
     "address:Address balance:Amount nonce:Nonce head:Tip state_root:Hash accounts_root:Hash "
     "authorities_hash:Hash proof:MerkleProof"},
    {"Taken", "tx_hash:Hash status:TakenStatus"},
    {"BatchResult", "results:Result[]"},
    {"TxPlace",
     "tx_hash:Hash transaction_id:Hash chain_id:Text status:TxStatus height?:Height "
     "block_height?:Height position?:Count timestamp?:NaiveTime created_at?:NaiveTime "
     "type?:TxType sender?:Address recipient?:Text amount?:Amount value?:Amount fee?:Amount "
     "nonce?:Nonce payload?:Payload block_hash?:Hash transaction?:Transaction replaced_by?:Hash"},
    {"TxRows", "[]TxPlace"},
    {"TxPage", "transactions:TxPlace[] total:Count limit:Count offset:Count"},
    {"Created", "hash:Hash tx_hash:Hash"},
    {"Submitted", "success:Flag transaction_hash:Hash tx_hash:Hash message:Text"},
    {"BlockNews", "height:Height hash:Hash parent_hash:Hash timestamp:NaiveTime tx_count:Count"},
    {"TxNews",
     "tx_hash:Hash sender:Address recipient:Text payload:Payload nonce:Nonce fee:Amount "
     "type:TxType"},
    {"HeadEvent",
     "time:Time height:Height hash:Hash parent_hash:Hash timestamp:NaiveTime tx_count:Count "
     "slot:Slot proposer:Key state_root:Hash"},
    {"FinalEvent", "time:Time height:Height hash:Hash"},
    {"TxEvent",
     "time:Time tx_hash:Hash status:TxStage type:TxType sender:Address recipient:Text "
     "amount:Amount fee:Amount nonce:Nonce height?:Height block_hash?:Hash proposer?:Key "
     "replaced_by?:Hash"},
    {"VotedBlock", "height:Height hash:Hash"},
    {"VoteEvent", "time:Time kind:VoteKind voter:Key block:VotedBlock"},
    {"ReorgEvent", "time:Time from:Tip to:Tip ancestor_height:Height rewound:Count appended:Count"},
    {"StatePeer", "url:Text node_id:Text state:State"},
    {"StateEvent", "time:Time node_id:Text state:State peers:StatePeer[]"},
    {"GapEvent", "detail:Text head:Tip final:Tip"},
    // By the name of an event, what its data is.
    {"EventStream",
     "head?:HeadEvent final?:FinalEvent transaction?:TxEvent vote?:VoteEvent reorg?:ReorgEvent "
     "state?:StateEvent gap?:GapEvent"},
    {"TxTraceStage",
     "status:TxStage time:Time height?:Height block_hash?:Hash proposer?:Key replaced_by?:Hash"},
    {"TxTrace", "tx_hash:Hash node_id:Text remembered_since:Time stages:TxTraceStage[]"},
    {"MempoolSize", "hash:Hash fee:Amount size:Count"},
    {"Mempool",
     "success:Flag count:Count size:Count limit:Count offset:Count transactions:Transaction[] "
     "txs:MempoolSize[]"},
    {"Gift", "address:AccountName amount?:Amount"},
    {"Minted", "address:AccountName balance:Amount"},
    {"Given",
     "success:Flag address:AccountName amount:Amount tx_hash:Hash chain_id:Text message:Text"},
    {"GenesisParams",
     "chain_id:Text base_fee:Amount fee_per_byte:Amount mint_per_unit:Amount "
     "coordinator_ratio:Ratio block_time_seconds:Seconds max_block_size_bytes:Count"},
    {"Info",
     "chain_id:Text height:Height total_blocks:Count total_transactions:Count "
     "total_accounts:Count total_receipts:Count latest_block_hash:Hash last_block_hash:Hash "
     "latest_block_timestamp:NaiveTime timestamp:NaiveTime genesis_params:GenesisParams "
     "node_id:Text proposer_id:Key? state:State supported_chains:Text[] rpc_version:Text"},
    {"HeadHeight", "height:Height"},
    {"Supply",
     "chain_id:Text total_supply:Amount circulating_supply:Amount faucet_balance:Amount "
     "faucet_address:Address? reserve_balance:Amount minted:Amount mint_per_unit:Amount "
     "total_accounts:Count"},
    {"Validator", "address:Key weight:Count status:Text"},
    {"Validators",
     "chain_id:Text validators:Validator[] total_validators:Count consensus_type:Text "
     "proposer_id:Key?"},
    {"ShortPeer", "url:Text node_id:Text state:State height:Height?"},
    {"Peers", "peers:ShortPeer[] count:Count"},
    {"PeerUrls", "peers:Text[]", Shape::Use::body},
    {"SyncStatus",
     "chain_id:Text head_height:Height head_hash:Hash head_proposer:Key? "
     "head_timestamp:NaiveTime total_blocks:Count total_transactions:Count "
     "validate_signatures:Flag trusted_proposers:Key[] max_reorg_depth:Count"},
    {"FeeQuestion", "type?:Text payload?:Anything"},
    {"FeeEstimate", "type:Text base_fee:Amount payload_bytes:Count estimated_fee:Amount"},
    {"RouteRow", "method:Text path:Text summary:Text"},
    {"Index", "chain_id:Text description:Text routes:RouteRow[]"},
    {"Health",
     "status:Text chain_id:Text node_id:Text instance:Text proposer_id:Key? state:State "
     "height:Height supported_chains:Text[]"},
    {"PeerLink", "node_id:Text round_trip_ms:Milliseconds?"},
    {"Peer",
     "url:Text node_id:Text site:Text state:State authority:Key? head:Tip? final:Tip? "
     "round_trip_ms:Milliseconds? clock_offset_ms:Milliseconds? last_answer:Time? last_error:Text "
     "invalid:Count links:PeerLink[]"},
    {"NodeStatus",
     "chain_id:Text genesis_hash:Hash node_id:Text site:Text instance:Text authority:Key? "
     "state:State "
     "head:Tip justified:Tip final:Tip state_root:Hash authorities_hash:Hash authorities:Key[] "
     "accounts:Count mempool_txs:Count reorgs:Count reorg_depth_max:Count evidence:Count "
     "finality_conflict:Flag clock:ClockState clock_offset_ms:Milliseconds? started:Time "
     "peers:Peer[] faults:Fault[]"},
    {"Fault",
     "id:Text what:Text kind:FaultKind since:Time until:Time out?:Text[] in?:Text[] cut?:Flag "
     "delay_ms?:Milliseconds jitter_ms?:Milliseconds loss_ppm?:Ppm duplicate_ppm?:Ppm "
     "reorder_ppm?:Ppm bytes_per_second?:Count offset_ms?:Milliseconds drift_ppm?:Ppm full?:Flag "
     "lie?:Lie"},
    {"NewFault",
     "id:Text what:Text kind:FaultKind for_ms:Milliseconds out?:Text[] in?:Text[] cut?:Flag "
     "delay_ms?:Milliseconds jitter_ms?:Milliseconds loss_ppm?:Ppm duplicate_ppm?:Ppm "
     "reorder_ppm?:Ppm bytes_per_second?:Count offset_ms?:Milliseconds drift_ppm?:Ppm full?:Flag "
     "lie?:Lie",
     Shape::Use::body},
    {"Faults", "faults:Fault[]"},
    {"Heal", "id?:Text", Shape::Use::body},
    {"Healed", "healed:Count"},
    {"OpenChange", "change:ChangeKind key:Key expires:Height approvals:Key[]"},
    {"DecidedChange", "change:ChangeKind key:Key decided:Height since:Height before:Key[]"},
    {"Authorities", "head:Tip authorities:Key[] open:OpenChange? decision:DecidedChange?"},
    {"Checkpoint", "height:Height hash:Hash"},
    {"CertifiedVote", "voter:Key signature:Signature"},
    {"Certificate", "kind:VoteKind block:Checkpoint votes:CertifiedVote[]"},
    {"Finality",
     "head:Tip justified:Tip final:Tip authorities:Count quorum:Count quorum_rule:QuorumRule "
     "certificate:Certificate?"},
    {"BlockFinality", "height:Height hash:Hash final:Flag certificate:Certificate?"},
    {"Votes", "votes:Text[]", Shape::Use::body},
    {"EvidenceRow", "id:Hash key:Key kind:EvidenceKind detail:Text encoding:Text"},
    {"FinalityConflict", "id:Hash ours:Certificate theirs:Certificate"},
    {"EvidenceList", "count:Count evidence:EvidenceRow[] finality_conflict:FinalityConflict?"},
    {"EvidenceBody", "evidence:Text[]", Shape::Use::body},
    {"EvidenceTaken", "evidence:Count"},
    {"Unlocked", "authority:Text unlocked:Hash[] state:State"},
    {"Sighting", "claim:Text url:Text age_ms:Milliseconds"},
    {"VotesTaken", "justified:Tip final:Tip"},
    {"SyncAnswer",
     "chain_id:Text genesis_hash:Hash head:Tip justified:Tip final:Tip authorities_hash:Hash "
     "node_id:Text site:Text links:PeerLink[] instance:Text node_time:Time held_ms:Milliseconds "
     "since:Count cursor:Count txs:Hash[] more:Flag votes:Text[] evidence:Text[] runs?:Text "
     "sightings:Sighting[] own_txs:Text[] own_block?:Text"},
};

std::string any_of(std::string_view first, std::string_view second) {
  ArrayWriter list;
  list.json(first).json(second);
  ObjectWriter out;
  out.json("anyOf", std::move(list).finish());
  return std::move(out).finish();
}

std::string array_of(const std::string& item) {
  ObjectWriter out;
  out.text("type", "array").json("items", item);
  return std::move(out).finish();
}

bool take_end(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

std::string type_schema(std::string_view type) {
  if (take_end(type, "[]")) return array_of(type_schema(type));
  if (take_end(type, "?")) return any_of(type_schema(type), R"({"type":"null"})");
  return schema_reference(type);
}

std::string shape_schema(const Shape& shape) {
  std::string_view rest = shape.fields;
  if (rest.starts_with("[]")) return array_of(schema_reference(rest.substr(2)));
  ObjectWriter properties;
  ArrayWriter required;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view field = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t colon = field.find(':');
    std::string_view name = field.substr(0, colon);
    if (!take_end(name, "?")) required.text(name);
    properties.json(name, type_schema(field.substr(colon + 1)));
  }
  ObjectWriter out;
  out.text("type", "object")
      .json("properties", std::move(properties).finish())
      .json("required", std::move(required).finish());
  if (shape.use == Shape::Use::body) out.boolean("additionalProperties", false);
  if (shape.use == Shape::Use::foreign) out.boolean("additionalProperties", true);
  return std::move(out).finish();
}

}  // namespace

std::string schema_reference(std::string_view name) {
  ObjectWriter out;
  out.text("$ref", "#/components/schemas/" + std::string(name));
  return std::move(out).finish();
}

std::string schemas_json() {
  ObjectWriter out;
  for (const auto& [name, schema] : scalars) out.json(name, schema);
  for (const Shape& shape : shapes) out.json(shape.name, shape_schema(shape));
  for (const auto& [name, first, second] : choices) {
    out.json(name, any_of(schema_reference(first), schema_reference(second)));
  }
  return std::move(out).finish();
}

}  // namespace aitbc::rpc
