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
    {"Text", R"({"type":"string"})"},
    {"Flag", R"({"type":"boolean"})"},
    {"TxType", R"({"type":"string","enum":["transfer","ballot"]})"},
    {"TransferType", R"({"type":"string","enum":["transfer"]})"},
    {"BallotType", R"({"type":"string","enum":["ballot"]})"},
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
    {"TxStatus", R"({"type":"string","enum":["pending","included","replaced"]})"},
    {"ImportStatus", R"({"type":"string","enum":["exists","imported","reorganised","side"]})"},
    {"State",
     R"({"type":"string","description":"in_sync, behind N, ahead N, diverged at H, paused: WHY, )"
     R"(unreachable, wrong_genesis or stopped. Of a node: in_sync until a peer names a better )"
     R"(chain, unreachable once all its peers were asked in vain."})"},
    {"OpenApi", R"({"type":"object"})"},
    {"Metrics", R"({"type":"string"})"},
};

// One of several shapes.
struct Choice {
  std::string_view name;
  std::string_view first, second;
};

constexpr Choice choices[] = {
    {"Branch", "Block", "Blocks"},
    {"Result", "Taken", "Error"},
    {"Transaction", "Transfer", "Ballot"},
};

// An object: "name:Type" for each field, a type followed by [] for an array, by ? when it may be
// null; a name followed by ? when the field may be absent. Unknown fields are refused in what nodes
// are sent, and to be expected in what they answer.
struct Shape {
  enum class Use { answer, body };
  std::string_view name;
  std::string_view fields;
  Use use = Use::answer;
};

constexpr Shape shapes[] = {
    {"Error", "detail:Text code:Text retry?:Flag"},
    {"Tip", "height:Height slot:Slot hash:Hash"},
    {"Policy", "threshold:Count keys:Key[]", Shape::Use::body},
    {"Transfer",
     "tx_hash?:Hash type:TransferType chain_id:Text from:Address to:Address amount:Amount "
     "fee:Amount "
     "nonce:Nonce policy:Policy signatures:Signature?[]",
     Shape::Use::body},
    {"Ballot",
     "tx_hash?:Hash type:BallotType chain_id:Text from:Address change:ChangeKind key:Key "
     "approve:Flag fee:Amount nonce:Nonce policy:Policy signatures:Signature?[]",
     Shape::Use::body},
    {"TransactionList", "[]Transaction"},
    {"Transactions", "transactions:Transaction[]"},
    {"Ids", "ids:Hash[]", Shape::Use::body},
    {"Header",
     "height:Height hash:Hash parent_hash:Hash timestamp:Time tx_count:Count slot:Slot "
     "txs_root:Hash state_root:Hash proposer:Key seal:Signature handover?:Certificate"},
    {"Block",
     "height:Height hash?:Hash parent_hash:Hash timestamp?:Time tx_count:Count slot:Slot "
     "txs_root:Hash state_root:Hash proposer:Key? seal:Signature? handover?:Certificate "
     "transactions:Transaction[]",
     Shape::Use::body},
    {"Blocks", "blocks:Block[]", Shape::Use::body},
    {"RangeRow",
     "height:Height hash:Hash parent_hash:Hash timestamp:Time tx_count:Count slot:Slot "
     "txs_root:Hash state_root:Hash proposer:Key? seal:Signature? handover?:Certificate "
     "transactions?:Transaction[]"},
    {"SideBlock",
     "height:Height hash:Hash parent_hash:Hash timestamp:Time tx_count:Count slot:Slot "
     "txs_root:Hash state_root:Hash proposer:Key"},
    {"Head",
     "height:Height hash:Hash timestamp:Time tx_count:Count slot:Slot state_root:Hash "
     "justified_height:Height justified_hash:Hash final_height:Height final_hash:Hash"},
    {"BlockRange", "blocks:RangeRow[] start:Height end:Height count:Count"},
    {"Headers", "headers:Header[] start:Height count:Count"},
    {"Forks", "blocks:SideBlock[] count:Count"},
    {"Imported",
     "status:ImportStatus height:Height hash:Hash tx_count:Count head:Tip rewound:Count "
     "appended:Count"},
    {"Allocation", "address:Address balance:Amount", Shape::Use::body},
    {"Genesis",
     "chain_id:Text time:Time slot_ms:Milliseconds tail_guard_ms:Milliseconds fee_min:Amount "
     "quorum:QuorumRule depth_max:Count devnet:Flag authorities:Key[] accounts:Allocation[]",
     Shape::Use::body},
    {"Account", "address:Address balance:Amount nonce:Nonce next_nonce:Nonce height:Height"},
    {"Balance", "address:Address balance:Amount nonce:Nonce"},
    {"HistoryRow",
     "tx_hash:Hash direction:Direction type:TxType counterparty:Address? height:Height "
     "amount:Amount "
     "fee:Amount nonce:Nonce timestamp:Time"},
    {"History",
     "address:Address balance:Amount nonce:Nonce total:Count limit:Count offset:Count "
     "transactions:HistoryRow[]"},
    {"ProofStep", "bit:Count sibling:Hash"},
    {"MerkleProof", "leaf:Balance? path:ProofStep[]"},
    {"Proof",
     "address:Address balance:Amount nonce:Nonce head:Tip state_root:Hash accounts_root:Hash "
     "authorities_hash:Hash proof:MerkleProof"},
    {"Taken", "tx_hash:Hash status:TakenStatus"},
    {"BatchResult", "results:Result[]"},
    {"TxPlace",
     "tx_hash:Hash status:TxStatus height?:Height block_hash?:Hash position?:Count "
     "timestamp?:Time transaction?:Transaction replaced_by?:Hash"},
    {"Mempool", "count:Count limit:Count offset:Count transactions:Transaction[]"},
    {"RouteRow", "method:Text path:Text summary:Text"},
    {"Index", "chain_id:Text description:Text routes:RouteRow[]"},
    {"Health", "status:Text chain_id:Text node_id:Text instance:Text proposer_id:Key? state:State"},
    {"Peer",
     "url:Text node_id:Text state:State head:Tip? round_trip_ms:Milliseconds? "
     "clock_offset_ms:Milliseconds? last_answer:Time? last_error:Text invalid:Count"},
    {"NodeStatus",
     "chain_id:Text genesis_hash:Hash node_id:Text instance:Text authority:Key? state:State "
     "head:Tip justified:Tip final:Tip state_root:Hash authorities_hash:Hash authorities:Key[] "
     "mempool_txs:Count reorgs:Count reorg_depth_max:Count evidence:Count "
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
     "node_id:Text instance:Text node_time:Time held_ms:Milliseconds since:Count cursor:Count "
     "txs:Hash[] "
     "more:Flag votes:Text[] evidence:Text[] runs?:Text sightings:Sighting[] "
     "own_txs:Text[] own_block?:Text"},
};

std::string reference(std::string_view name) {
  ObjectWriter out;
  out.text("$ref", "#/components/schemas/" + std::string(name));
  return std::move(out).finish();
}

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
  return reference(type);
}

std::string shape_schema(const Shape& shape) {
  std::string_view rest = shape.fields;
  if (rest.starts_with("[]")) return array_of(reference(rest.substr(2)));
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
  return std::move(out).finish();
}

}  // namespace

std::string schemas_json() {
  ObjectWriter out;
  for (const auto& [name, schema] : scalars) out.json(name, schema);
  for (const Shape& shape : shapes) out.json(shape.name, shape_schema(shape));
  for (const auto& [name, first, second] : choices) {
    out.json(name, any_of(reference(first), reference(second)));
  }
  return std::move(out).finish();
}

}  // namespace aitbc::rpc
