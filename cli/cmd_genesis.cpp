#include <algorithm>
#include <chrono>

#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/keys.hpp"
#include "cli/node.hpp"
#include "cli/number.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

struct InitOptions {
  std::string chain_id = "ait-devnet";
  std::vector<std::string> authorities, accounts, coordinators;
  std::string mint_per_unit = "1000", coordinator_ratio = "5%", reserve = "0";
  std::string slot = "2s", tail_guard = "500ms", fee_min = "0", quorum = "majority",
              depth_max = "32";
  std::optional<std::string> time;
  std::string file;
  bool devnet = false;
};

// A public key, or a key file whose public key is meant.
Result<PublicKey> parse_key(const std::string& text) {
  if (const auto key = PublicKey::parse(text)) return parse_public_key(text);
  AITBC_TRY_ASSIGN(const KeyPair pair, read_key_file(text));
  return pair.public_key();
}

Result<Genesis::Allocation> parse_allocation(const Wallets& wallets, const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) {
    return error(Errc::bad_config, "--account: expected ADDRESS=AMOUNT, got '" + text + "'");
  }
  AITBC_TRY_ASSIGN(const Address address, resolve_address(wallets, text.substr(0, equals)));
  AITBC_TRY_ASSIGN(const Amount balance, parse_amount(text.substr(equals + 1), "--account"));
  return Genesis::Allocation{address, balance};
}

Time this_second() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

Result<Minting> build_minting(const InitOptions& given) {
  Minting minting;
  AITBC_TRY_ASSIGN(minting.mint_per_unit, parse_amount(given.mint_per_unit, "--mint-per-unit"));
  AITBC_TRY_ASSIGN(minting.coordinator_ppm,
                   parse_percent(given.coordinator_ratio, "--coordinator-ratio"));
  AITBC_TRY_ASSIGN(const std::uint64_t reserve, parse_number(given.reserve, "--reserve"));
  minting.reserve = Amount::from(reserve).value_or(Amount{});
  for (const std::string& text : given.coordinators) {
    AITBC_TRY_ASSIGN(const PublicKey key, parse_key(text));
    minting.coordinators.push_back(key);
  }
  return minting;
}

Result<Genesis> build_genesis(const Wallets& wallets, const InitOptions& given) {
  Genesis genesis;
  genesis.chain_id = given.chain_id;
  genesis.devnet = given.devnet;
  genesis.time = this_second();
  if (given.time) {
    const auto time = rpc::parse_iso(*given.time);
    if (!time) {
      return error(Errc::bad_config,
                   "--time: expected a time like 2026-02-13T21:39:43Z, got '" + *given.time + "'");
    }
    genesis.time = *time;
  }
  AITBC_TRY_ASSIGN(genesis.slot, parse_duration(given.slot, "--slot"));
  AITBC_TRY_ASSIGN(genesis.tail_guard, parse_duration(given.tail_guard, "--tail-guard"));
  AITBC_TRY_ASSIGN(const std::uint64_t fee, parse_number(given.fee_min, "--fee-min"));
  genesis.fee_min = Amount::from(fee).value_or(Amount{});
  genesis.quorum = parse_quorum(given.quorum).value();
  AITBC_TRY_ASSIGN(genesis.depth_max, parse_number(given.depth_max, "--depth-max"));
  AITBC_TRY_ASSIGN(genesis.minting, build_minting(given));
  for (const std::string& text : given.authorities) {
    AITBC_TRY_ASSIGN(const PublicKey key, parse_key(text));
    genesis.authorities.push_back(key);
  }
  for (const std::string& text : given.accounts) {
    AITBC_TRY_ASSIGN(const auto allocation, parse_allocation(wallets, text));
    genesis.allocations.push_back(allocation);
  }
  std::sort(genesis.allocations.begin(), genesis.allocations.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  AITBC_TRY(check_genesis(genesis));
  return genesis;
}

std::string facts_json(const Genesis& genesis) {
  rpc::ObjectWriter out;
  out.text("genesis_hash", hash_text(hash_of(genesis)))
      .text("chain_id", genesis.chain_id)
      .text("time", to_iso(genesis.time))
      .integer("slot_ms", static_cast<std::uint64_t>(genesis.slot.count()))
      .integer("tail_guard_ms", static_cast<std::uint64_t>(genesis.tail_guard.count()))
      .integer("fee_min", genesis.fee_min.units())
      .text("quorum", name(genesis.quorum))
      .integer("depth_max", genesis.depth_max)
      .boolean("devnet", genesis.devnet)
      .integer("mint_per_unit", genesis.minting.mint_per_unit.units())
      .integer("coordinator_ppm", genesis.minting.coordinator_ppm)
      .integer("reserve", genesis.minting.reserve.units())
      .json("coordinators", rpc::keys_json(genesis.minting.coordinators))
      .json("authorities", rpc::keys_json(genesis.authorities))
      .integer("accounts", genesis.allocations.size())
      .integer("supply", supply_of(genesis).units())
      .text("state_root", hash_text(State::of(genesis).root()));
  return std::move(out).finish();
}

void add_keys(Table& table, const std::string& what, const std::vector<PublicKey>& keys) {
  for (const PublicKey& key : keys) table.add({&key == keys.data() ? what : "", key.hex()});
}

void print_facts(Output& output, const Genesis& genesis) {
  Table table({"genesis", hash_text(hash_of(genesis))});
  table.add({"chain", genesis.chain_id + (genesis.devnet ? " (a devnet)" : "")});
  table.add({"time", to_iso(genesis.time)});
  table.add({"slot", std::to_string(genesis.slot.count()) + " ms, the last " +
                         std::to_string(genesis.tail_guard.count()) + " ms without sealing"});
  table.add({"least fee", std::to_string(genesis.fee_min.units())});
  table.add({"quorum", std::string(name(genesis.quorum)) + ", " +
                           std::to_string(quorum_of(genesis.quorum, genesis.authorities.size())) +
                           " of " + std::to_string(genesis.authorities.size()) + " votes"});
  table.add({"depth", std::to_string(genesis.depth_max) + " blocks that are not final at most"});
  table.add({"accounts", std::to_string(genesis.allocations.size())});
  table.add({"supply", std::to_string(supply_of(genesis).units())});
  const auto& [mint_per_unit, ppm, reserve, coordinators] = genesis.minting;
  if (!coordinators.empty()) {
    table.add({"receipts", std::to_string(mint_per_unit.units()) + " a unit, and " +
                               std::to_string(ppm) + " ppm of that to the coordinator, out of " +
                               std::to_string(reserve.units())});
  }
  add_keys(table, "coordinators", coordinators);
  add_keys(table, "authorities", genesis.authorities);
  output.line(table.text());
  output.document(facts_json(genesis));
}

Verdict init_genesis(Invocation& invocation, const InitOptions& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Genesis genesis, build_genesis(wallets, given));
  AITBC_TRY(write_file(given.file, rpc::genesis_json(genesis) + "\n", {}));
  print_facts(invocation.output, genesis);
  return Exit::done;
}

Outcome<Genesis> chosen_genesis(Invocation& invocation, const std::optional<std::string>& file) {
  if (file) {
    AITBC_TRY_ASSIGN(Genesis genesis, read_genesis_file(*file));
    return genesis;
  }
  return local_genesis(invocation);
}

struct VerifyOptions {
  std::optional<std::string> file, hash;
};

Outcome<GenesisHash> expected_hash(Invocation& invocation, const VerifyOptions& given) {
  if (given.hash) {
    const auto hash = parse_hash<GenesisHash>(*given.hash);
    if (hash) return *hash;
    return error(Errc::bad_config, "--hash: expected 0x and 64 digits, got '" + *given.hash + "'");
  }
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, asked(client.genesis()));
  return hash_of(genesis);
}

Verdict verify_genesis(Invocation& invocation, const VerifyOptions& given) {
  AITBC_TRY_ASSIGN(const Genesis genesis, chosen_genesis(invocation, given.file));
  AITBC_TRY_ASSIGN(const GenesisHash expected, expected_hash(invocation, given));
  const bool same = hash_of(genesis) == expected;
  rpc::ObjectWriter out;
  out.boolean("same", same)
      .text("genesis_hash", hash_text(hash_of(genesis)))
      .text("expected", hash_text(expected));
  invocation.output.document(std::move(out).finish());
  invocation.output.line(same ? "the same genesis: " + hash_text(expected)
                              : "another genesis: " + hash_text(hash_of(genesis)) + ", expected " +
                                    hash_text(expected));
  return same ? Exit::done : Exit::negative;
}

Verdict make_key(Invocation& invocation, const std::string& file) {
  const KeyPair key(random_seed());
  AITBC_TRY(write_key_file(file, key.seed()));
  const std::string address = to_text(address_of(Policy::single(key.public_key())));
  rpc::ObjectWriter out;
  out.text("public_key", key.public_key().hex()).text("address", address).text("file", file);
  invocation.output.document(std::move(out).finish());
  Table table({"public key", key.public_key().hex()});
  table.add({"address", address});
  table.add({"file", file});
  invocation.output.line(table.text());
  return Exit::done;
}

void add_init(CLI::App& group, Invocation& invocation) {
  const auto given = std::make_shared<InitOptions>();
  CLI::App* init = add_command(
      group, {"init", "Make a genesis file",
              "aitbc genesis init --authority node1.key --account alice=1000 -o genesis.json"});
  init->add_option("--authority", given->authorities, "A public key, or a key file; in turn order")
      ->required();
  init->add_option("--account", given->accounts, "ADDRESS=AMOUNT; ADDRESS may be a wallet name");
  init->add_option("--coordinator", given->coordinators,
                   "Signs receipts of work: a public key, or a key file; with --reserve");
  init->add_option("--reserve", given->reserve, "Out of which receipts are paid")
      ->capture_default_str();
  init->add_option("--mint-per-unit", given->mint_per_unit, "To the miner, for a unit of work")
      ->capture_default_str();
  init->add_option("--coordinator-ratio", given->coordinator_ratio,
                   "Of that, to the coordinator in addition")
      ->capture_default_str();
  init->add_option("--chain-id", given->chain_id, "The chain's name")->capture_default_str();
  init->add_option("--slot", given->slot, "Length of a slot")->capture_default_str();
  init->add_option("--tail-guard", given->tail_guard, "No sealing in the last part of a slot")
      ->capture_default_str();
  init->add_option("--fee-min", given->fee_min, "The least fee")->capture_default_str();
  init->add_option("--quorum", given->quorum, "Votes that make a block final: majority or bft")
      ->check(CLI::IsMember({"majority", "bft"}))
      ->capture_default_str();
  init->add_option("--depth-max", given->depth_max,
                   "Blocks that are not final, before sealing slows down")
      ->capture_default_str();
  init->add_option("--time", given->time, "Start of slot 0 (default: now)");
  init->add_flag("--devnet", given->devnet, "Allow a faucet and open wallets");
  init->add_option("-o,--output", given->file, "The file to write; never overwritten")->required();
  choose(*init, invocation, [&invocation, given] { return init_genesis(invocation, *given); });
}

}  // namespace

void add_genesis_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group =
      add_group(root, {"genesis", "Make, show and compare genesis files", "aitbc genesis show"});
  add_init(*group, invocation);

  const auto shown = std::make_shared<std::optional<std::string>>();
  CLI::App* show =
      add_command(*group, {"show", "What a genesis says", "aitbc genesis show genesis.json"});
  show->add_option("FILE", *shown, "A genesis file (default: the network's)");
  choose(*show, invocation, [&invocation, shown]() -> Verdict {
    AITBC_TRY_ASSIGN(const Genesis genesis, chosen_genesis(invocation, *shown));
    print_facts(invocation.output, genesis);
    return Exit::done;
  });

  const auto verified = std::make_shared<VerifyOptions>();
  CLI::App* verify =
      add_command(*group, {"verify", "Whether a node runs on this genesis",
                           "aitbc genesis verify genesis.json --node http://localhost:8082"});
  verify->add_option("FILE", verified->file, "A genesis file (default: the network's)");
  verify->add_option("--hash", verified->hash, "Compare with this hash instead of a node's");
  add_node_option(*verify, invocation);
  choose(*verify, invocation,
         [&invocation, verified] { return verify_genesis(invocation, *verified); });

  const auto file = std::make_shared<std::string>();
  CLI::App* keygen =
      add_command(root, {"keygen", "Make a key of an authority", "aitbc keygen -o node1.key"});
  keygen->add_option("-o,--output", *file, "The key file to write; never overwritten")->required();
  choose(*keygen, invocation, [&invocation, file] { return make_key(invocation, *file); });
}

}  // namespace aitbc::cli
