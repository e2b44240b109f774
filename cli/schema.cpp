#include "cli/schema.hpp"

#include <array>

#include "chain/core/result.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

using rpc::Json;

struct Entry {
  std::string_view command;
  std::string_view shape;
};

constexpr std::string_view sent_shape = "{id:hash status:text height:count~}";
constexpr std::string_view stopped_shape =
    "{network:text purged:flag nodes:[{node:text result:text}] given_up:[given_up]}";
constexpr std::string_view control_shape = "{node:text result:text state:text}";
constexpr std::string_view fault_shape = "{id:text what:text until:text nodes:[text]}";
constexpr std::string_view wallet_shape =
    "{name:text address:text public_key:text threshold:count keys:[text] encrypted:flag file:text}";
constexpr std::string_view tx_shape =
    "{tx_hash:hash hash:hash type:text chain_id:text sender:text recipient?:text amount?:count "
    "change?:text key?:text approve?:flag receipt?:text coordinator?:text receipt_signature?:text "
    "fee:count nonce:count payload:any policy:{threshold:count keys:[text]} "
    "signatures:[text~]}";
constexpr std::string_view tx_file_shape = "{genesis_hash:hash transaction:tx}";
constexpr std::string_view found_tx_shape =
    "{tx_hash:hash transaction_id:hash chain_id:text status:text height?:count block_height?:count "
    "position?:count timestamp?:text created_at?:text type?:text sender?:text recipient?:text "
    "amount?:count value?:count fee?:count nonce?:count payload?:any block_hash?:hash "
    "replaced_by?:hash transaction?:tx}";
constexpr std::string_view given_up_shape =
    "{site:text way:text folder:text nodes:[text] keys:[text]}";
constexpr std::string_view plan_shape =
    "{network:text changes:count new_genesis:flag given_up:[given_up] "
    "machines:[{site:text what:text}] "
    "steps:[{node:text site:text action:text why:text}]}";
constexpr std::string_view genesis_shape =
    "{genesis_hash:hash chain_id:text time:text slot_ms:count tail_guard_ms:count fee_min:count "
    "quorum:text depth_max:count devnet:flag mint_per_unit:count coordinator_ppm:count "
    "reserve:count coordinators:[text] authorities:[text] accounts:count supply:count "
    "state_root:hash}";
constexpr std::string_view check_shape =
    "{holds:flag height:count hash:hash transactions:count "
    "invariants:[{name:text sentence:text verdict:text}] "
    "violations:[{invariant:text nodes:[text] height:count expected:text seen:text}] "
    "nodes:[{node:text height:count head:hash final_height:count final_hash:hash}] "
    "silent:[{node:text code:text detail:text}] notes:[text]}|"
    "{holds:flag routes:[{site:text route:text url:text expected:text answered:text~ verdict:text "
    "detail:text}]}";
constexpr std::string_view authorities_shape =
    "{head:{height:count slot:count hash:hash} authorities:[text] "
    "open:{change:text key:text expires:count approvals:[text]}~ "
    "decision:{change:text key:text decided:count since:count before:[text]}~}";
constexpr std::string_view test_shape =
    "{passed:flag scenarios:[{name:text passed:flag took_ms:count "
    "steps:[{step:text passed:flag began_ms:count took_ms:count}] "
    "figures:{acknowledged:count refused:count included_p95_ms:count~ final_p95_ms:count~ "
    "orphans:count reorgs:count} failure:text~ folder:text~}]}|{scenarios:[{name:text "
    "about:text}]}";
constexpr std::string_view diagnosis_shape =
    "{network:text healthy:flag sites:count nodes:count findings:[{code:text site:text "
    "nodes:[text] about:text cause:text cure:text follows_from:count~}]}";
constexpr std::string_view nothing_shape = "{}";
constexpr std::string_view status_shape =
    "{network:text chain_id:text genesis_hash:hash~ in_sync:flag height:count~ head:hash~ "
    "nodes:[{node:text site:text url:text state:text process:text authority:flag height:count~ "
    "head:hash~ justified_height:count~ final_height:count~ state_root:hash~ mempool:count~ "
    "reorgs:count~ "
    "evidence:count~ clock_offset_ms:int~ "
    "round_trip_ms:count~ faults:[text] detail:text}]}";
constexpr std::string_view rates_shape =
    "{window_ms:count blocks:count transactions:count time_to_final_ms:count~}";
constexpr std::string_view stage_shape =
    "{per_s:count of_limit:number p50_ms:count p95_ms:count p99_ms:count}";
constexpr std::string_view top_shape =
    "{network:text chain_id:text time:text height:count~ final_height:count~ rates:rates~ "
    "nodes:[{node:text site:text url:text state:text process:text live:flag height:count~ "
    "final_height:count~ lag:count~ mempool:count~ rates:rates~}]}";
constexpr std::string_view block_shape =
    "{height:count hash:hash chain_id:text parent_hash:hash timestamp:text tx_count:count "
    "slot:count txs_root:hash state_root:hash proposer:text~}";

constexpr std::string_view receipt_shape =
    "{receipt_id:text job_id:text payload:any miner_signature:text~ "
    "coordinator_attestations:[{alg:text key_id:text sig:text}] minted_amount:count "
    "recorded_at:text miner:text coordinator:text coordinator_amount:count tx_hash:hash "
    "block_height:count}";

constexpr std::array entries{
    Entry{"authority add", authorities_shape},
    Entry{"authority ls", authorities_shape},
    Entry{"authority revoke add", authorities_shape},
    Entry{"authority revoke rm", authorities_shape},
    Entry{"authority rm", authorities_shape},
    Entry{"authority unlock", "{authority:text unlocked:[hash] state:text}"},
    Entry{"balance",
          "{address:text balance?:count nonce?:count next_nonce?:count height?:count "
          "url?:text same?:flag nodes?:[{node:text url:text balance:count~ "
          "nonce:count~ height:count~ error:text~}]}"},
    Entry{
        "bench",
        "{nodes:count connections:count batch:count accounts:count rate:count~ took_ms:count "
        "taken:count final:count put_off:[{code:text count:count}] answered:stage "
        "included:stage finality:stage signature_checks_per_s:{threads:count one_thread:count "
        "all_threads:count} cpu:{client:number nodes:[{node:text cores:number rss_bytes:count}]}}"},
    Entry{"chain block",
          "{+block seal:text~ signature:text~ transactions:[tx] receipts:[receipt]}"},
    Entry{"chain blocks",
          "{success:flag blocks:[{+block seal:text~ signature:text~}] start:count end:count "
          "count:count}"},
    Entry{"chain export", "{file:text genesis_hash:hash blocks:count head:hash}"},
    Entry{"chain head",
          "{height:count hash:hash chain_id:text genesis_hash:hash parent_hash:hash timestamp:text "
          "tx_count:count slot:count state_root:hash proposer:text~ justified_height:count "
          "justified_hash:hash final_height:count "
          "final_hash:hash}"},
    Entry{"chain import",
          "{file:text blocks:count appended:count rewound:count height:count head:hash}"},
    Entry{"chain tx", found_tx_shape},
    Entry{"chain verify",
          "{valid:flag source:text genesis_hash:hash height:count head:hash state_root:hash "
          "transactions:count accounts:count final_height:count~ certificates:count~ code:text~ "
          "detail:text~}"},
    Entry{"chaos clock", fault_shape},
    Entry{"chaos delay", fault_shape},
    Entry{"chaos disk", fault_shape},
    Entry{"chaos double-sign", fault_shape},
    Entry{"chaos duplicate", fault_shape},
    Entry{"chaos heal", "{healed:[text]}"},
    Entry{"chaos isolate", fault_shape},
    Entry{"chaos kill", fault_shape},
    Entry{"chaos lie", fault_shape},
    Entry{"chaos loss", fault_shape},
    Entry{"chaos ls",
          "{faults:[{id:text what:text kind:text nodes:[text] until:text}] silent:[text]}"},
    Entry{"chaos partition", fault_shape},
    Entry{"chaos pause", fault_shape},
    Entry{"chaos reorder", fault_shape},
    Entry{"chaos restart", control_shape},
    Entry{"chaos throttle", fault_shape},
    Entry{"check", check_shape},
    Entry{"doctor", diagnosis_shape},
    Entry{"down", stopped_shape},
    Entry{"dump", "{file:text nodes:count blocks:count silent:[text]}"},
    Entry{"evidence ls",
          "{count:count evidence:[{id:hash key:text kind:text detail:text encoding:text}] "
          "finality_conflict:{id:hash ours:{kind:text block:{height:count hash:hash} "
          "votes:[{voter:text signature:text}]} theirs:{kind:text block:{height:count hash:hash} "
          "votes:[{voter:text signature:text}]}}~}"},
    Entry{"evidence show", "{id:hash key:text kind:text detail:text encoding:text}"},
    Entry{"exec", "{node:text exit:count out:text err:text cut:flag}"},
    Entry{"export", "{network:text files:[{kind:text path:text text?:text}]}"},
    Entry{"faucet", sent_shape},
    Entry{"forks", "{blocks:[block] count:count}"},
    Entry{"genesis init", genesis_shape},
    Entry{"genesis show", genesis_shape},
    Entry{"genesis verify", "{same:flag genesis_hash:hash expected:hash}"},
    Entry{"host facts",
          "{architecture:text system:text systemd:flag services:text disk_free_bytes:count "
          "disk_free_files:count memory_free_bytes:count processes_left:count~ "
          "ports:[{address:text port:count state:text by:text}] "
          "urls:[{url:text answered:flag detail:text}] given_up:[{unit:text result:text}]}"},
    Entry{"host serve", "any"},
    Entry{"key create", "{name:text scope:text keys:text key?:text file?:text}"},
    Entry{"key list", "{keys:[{name:text scope:text}]}"},
    Entry{"key revoke", "{name:text revoked:flag}"},
    Entry{"keygen", "{public_key:text address:text file:text}"},
    Entry{"lint",
          "{network:text sites:count nodes:count authorities:count "
          "notes:[{kind:text text:text}]}"},
    Entry{"logs", "{lines:[{node:text line:text}]}"},
    Entry{"new", "{template:text text:text}"},
    Entry{"node config",
          "{settings:[{setting:text value:text from:text}] ignored:[{variable:text why:text}]}"},
    Entry{"node kill", control_shape},
    Entry{"node pause", control_shape},
    Entry{"node restart", control_shape},
    Entry{"node resume", control_shape},
    Entry{"node run", nothing_shape},
    Entry{"node start", control_shape},
    Entry{"node stop", control_shape},
    Entry{"package", "{file:text id:text bytes:count}"},
    Entry{"plan", plan_shape},
    Entry{"ps",
          "{network:text nodes:[{node:text site:text url:text state:text pid:count~ "
          "uptime_ms:count~ cpu_ms:count~ rss_bytes:count~}]}"},
    Entry{"receipt list", "{receipts:[receipt] total:count limit:count offset:count}"},
    Entry{"receipt show", receipt_shape},
    Entry{"receipt sign", "any"},
    Entry{"receipt submit", sent_shape},
    Entry{"schema", "any"},
    Entry{"send", sent_shape},
    Entry{"sim",
          "{commit:text first:count count:count failed:count conflicts:count halted:count "
          "blocks:count "
          "payments:count reorgs:count messages:count lost:count simulated_ms:count "
          "wall_ms:count faults:any failures:[{seed:count invariant:text at_ms:count "
          "what:text replay:text}]}|"
          "{commit:text nodes:count authorities:count sites:count latency_ms:count payments:count "
          "reached_all:count to_all_ms:{p50:count p95:count max:count} "
          "to_final_ms:{p50:count p95:count max:count} messages_at_rest:count "
          "bytes_at_rest:count bytes_of_payment:count wall_ms:count}"},
    Entry{"status", status_shape},
    Entry{"stop", stopped_shape},
    Entry{"sync run", nothing_shape},
    Entry{"sync status",
          "{network:text in_sync:flag nodes:[{node:text url:text state:text "
          "peers:[{url:text node:text state:text height:count~ head:hash~ "
          "round_trip_ms:count~ clock_offset_ms:int~ invalid:count "
          "last_error:text}]}]}"},
    Entry{"test", test_shape},
    Entry{"top", top_shape},
    Entry{"tx build", tx_file_shape},
    Entry{"tx combine", tx_file_shape},
    Entry{"tx pending",
          "{success:flag count:count size:count limit:count offset:count transactions:[tx] "
          "txs:[{hash:hash fee:count size:count}]}"},
    Entry{"tx show", found_tx_shape},
    Entry{"tx sign", tx_file_shape},
    Entry{"tx submit", sent_shape},
    Entry{"tx trace",
          "{tx_hash:hash over:flag stages:[{after_ms:count stage:text node:text time:text "
          "height:count~}] nodes:[{node:text clock_offset_ms:int note:text~}]}"},
    Entry{"up", "{changes:count given_up:[given_up] +status}"},
    Entry{"upgrade", plan_shape},
    Entry{"wait", "{holds:flag waited_ms:count}"},
    Entry{"wallet create", wallet_shape},
    Entry{"wallet delete", "{name:text deleted:flag}"},
    Entry{"wallet export", "{name:text file:text}"},
    Entry{"wallet import", wallet_shape},
    Entry{"wallet list",
          "{wallets:[{name:text address:text public_key:text threshold:count "
          "keys:[text] encrypted:flag file:text}]}"},
    Entry{"wallet passwd", wallet_shape},
    Entry{"wallet show", wallet_shape},
    Entry{"why", diagnosis_shape},
};

// Shapes that others are made of.
std::string_view named_shape(std::string_view name) {
  if (name == "tx") return tx_shape;
  if (name == "block") return block_shape;
  if (name == "given_up") return given_up_shape;
  if (name == "receipt") return receipt_shape;
  if (name == "status") return status_shape;
  if (name == "rates") return rates_shape;
  if (name == "stage") return stage_shape;
  return {};
}

// Reads the notation; the table is ours, so a mistake in it is our bug.
class ShapeReader {
 public:
  explicit ShapeReader(std::string_view text) : text_(text) {}

  Json read() {
    Json schema = read_type();
    if (take('|')) {
      Json either;
      either["anyOf"] = Json::array();
      either["anyOf"].push_back(std::move(schema));
      either["anyOf"].push_back(read_type());
      schema = std::move(either);
    }
    AITBC_CHECK(text_.empty());
    return schema;
  }

 private:
  Json read_type() {
    Json schema;
    if (take('{')) {
      schema = read_object();
    } else if (take('[')) {
      schema["type"] = "array";
      schema["items"] = read_type();
      AITBC_CHECK(take(']'));
    } else {
      schema = simple(word());
    }
    if (!take('~')) return schema;
    Json null;
    null["type"] = "null";
    Json either;
    either["anyOf"] = Json::array();
    either["anyOf"].push_back(std::move(schema));
    either["anyOf"].push_back(std::move(null));
    return either;
  }

  Json read_object() {
    Json properties = Json::object();
    Json required = Json::array();
    while (!take('}')) {
      if (take('+')) {
        include(ShapeReader(named_shape(word())).read(), properties, required);
        skip_blanks();
        continue;
      }
      const std::string name(word());
      AITBC_CHECK(!name.empty());
      if (!take('?')) required.push_back(name);
      AITBC_CHECK(take(':'));
      properties[name] = read_type();
      skip_blanks();
    }
    Json schema;
    schema["type"] = "object";
    schema["properties"] = std::move(properties);
    schema["required"] = std::move(required);
    schema["additionalProperties"] = false;
    return schema;
  }

  static void include(const Json& object, Json& properties, Json& required) {
    for (const auto& [name, type] : object["properties"].items()) properties[name] = type;
    for (const Json& name : object["required"]) required.push_back(name);
  }

  static Json simple(std::string_view type) {
    const std::string_view shape = named_shape(type);
    if (!shape.empty()) return ShapeReader(shape).read();
    Json schema = Json::object();
    if (type == "text") {
      schema["type"] = "string";
    } else if (type == "count") {
      schema["type"] = "integer";
      schema["minimum"] = 0;
    } else if (type == "int") {
      schema["type"] = "integer";
    } else if (type == "number") {
      schema["type"] = "number";
    } else if (type == "flag") {
      schema["type"] = "boolean";
    } else if (type == "hash") {
      schema["type"] = "string";
      schema["pattern"] = "^0x[0-9a-f]{64}$";
    } else {
      AITBC_CHECK(type == "any");
    }
    return schema;
  }

  std::string_view word() {
    const std::size_t end = std::min(text_.find_first_of("{}[]:?~ "), text_.size());
    const std::string_view found = text_.substr(0, end);
    text_.remove_prefix(end);
    return found;
  }

  void skip_blanks() {
    while (take(' ')) {
    }
  }

  bool take(char expected) {
    if (text_.empty() || text_.front() != expected) return false;
    text_.remove_prefix(1);
    return true;
  }

  std::string_view text_;
};

}  // namespace

std::optional<std::string> schema_of(std::string_view command) {
  for (const Entry& entry : entries) {
    if (entry.command != command) continue;
    Json schema;
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    schema["title"] = "aitbc " + std::string(command) + " --json";
    schema["anyOf"] = Json::array();
    schema["anyOf"].push_back(ShapeReader(entry.shape).read());
    schema["anyOf"].push_back(ShapeReader("{error:{code:text detail:text}}").read());
    return rpc::dump(schema);
  }
  return std::nullopt;
}

std::vector<std::string> commands_with_schema() {
  std::vector<std::string> commands;
  for (const Entry& entry : entries) commands.emplace_back(entry.command);
  return commands;
}

}  // namespace aitbc::cli
