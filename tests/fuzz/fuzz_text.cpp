// Text that people and files give to the program: what has one spelling is taken in that spelling
// alone, and what is printed reads back the same.

#include <array>

#include "chain/core/address.hpp"
#include "cli/config.hpp"
#include "cli/dump_file.hpp"
#include "cli/expression.hpp"
#include "cli/number.hpp"
#include "cli/scenario.hpp"
#include "cli/wallet.hpp"
#include "rpc/client_views.hpp"
#include "rpc/http_client.hpp"
#include "rpc/native_fields.hpp"
#include "sites/manifest.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace aitbc {
namespace {

void spellings(ByteView in) {
  const std::string_view text = as_text(in);
  if (const auto address = parse_address(text)) AITBC_CHECK(to_text(*address) == text);
  if (const auto time = rpc::parse_iso(text)) AITBC_CHECK(to_iso(*time) == text);
  if (const auto hash = parse_hash<Hash>(text)) AITBC_CHECK(hash_text(*hash) == text);
  if (const auto key = PublicKey::parse(text)) AITBC_CHECK(key->hex() == text);
}

void numbers(ByteView in) {
  const std::string_view text = as_text(in);
  const auto number = cli::parse_number(text, "number");
  if (number) AITBC_CHECK(std::to_string(*number) == text && *number <= limits::supply_max);
  const auto amount = cli::parse_amount(text, "amount");
  if (amount) AITBC_CHECK(amount->units() > 0 && std::to_string(amount->units()) == text);
  const auto duration = cli::parse_duration(text, "duration");
  if (duration) AITBC_CHECK(duration->count() >= 0);
  const auto signed_duration = cli::parse_signed_duration(text, "duration");
  if (duration) AITBC_CHECK(signed_duration && *signed_duration == *duration);
  static_cast<void>(cli::parse_percent(text, "percent"));
  static_cast<void>(cli::parse_ppm(text, "ppm"));
  static_cast<void>(cli::parse_bytes(text, "bytes"));
}

void expression(ByteView in) {
  const auto parsed = cli::parse_expression(as_text(in));
  if (!parsed) return;
  cli::NodeFacts silent;
  silent.node = "1";
  cli::NodeFacts known = silent;
  known.ledger = cli::NodeFacts::Ledger{};
  static_cast<void>(cli::check_scopes(*parsed, {"1"}));
  static_cast<void>(cli::holds(*parsed, {silent, known}));
}

void url(ByteView in) {
  const auto parsed = rpc::parse_url(as_text(in));
  if (parsed) AITBC_CHECK(rpc::parse_url(rpc::to_string(*parsed)).value() == *parsed);
  const auto target = rpc::parse_target(as_text(in));
  if (target) AITBC_CHECK(target->path.starts_with('/'));
}

void manifest(ByteView in) {
  const auto parsed = sites::parse_manifest(as_text(in), "network.yaml");
  if (!parsed) return;
  AITBC_CHECK(sites::is_network_name(parsed->network));
  AITBC_CHECK(parsed->authority_count() <= parsed->node_count());
  static_cast<void>(sites::lint(*parsed));
}

void scenario(ByteView in) {
  static_cast<void>(cli::parse_scenario(std::string(as_text(in)), "scenario.yaml"));
}

void wallet(ByteView in) {
  const auto parsed = cli::parse_wallet(as_text(in), "alice");
  if (!parsed) return;
  const std::string printed = cli::print_wallet(*parsed);
  const auto again = cli::parse_wallet(printed, "alice");
  AITBC_CHECK(again && cli::print_wallet(*again) == printed);
}

void config(ByteView in) {
  const auto parsed = cli::parse_config(as_text(in), "folder");
  if (!parsed) return;
  for (const cli::NodeSetting& setting : cli::node_settings()) {
    static_cast<void>(setting.shown(*parsed));
  }
}

void dump(ByteView in) {
  const auto parsed = cli::parse_dump(as_text(in));
  if (!parsed) return;
  AITBC_CHECK(!parsed->nodes.empty());
  cli::Dump whole{parsed->genesis, parsed->made, {}};
  for (const sim::RecordedNode& node : parsed->nodes) whole.nodes.push_back({node, "", "{}", ""});
  const std::string printed = cli::dump_json(whole);
  AITBC_CHECK(cli::parse_dump(printed).has_value());
}

constexpr std::array<fuzz::Case, 9> cases = {spellings, numbers, expression, url, manifest,
                                             scenario,  wallet,  config,     dump};

}  // namespace
}  // namespace aitbc

void aitbc::fuzz::run(ByteView input) { choose(cases, input); }
