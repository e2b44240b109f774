#include "cli/app.hpp"

#include <algorithm>
#include <ostream>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t help_column = 30;

void add_global_options(CLI::App& root, Invocation& invocation, bool& json, bool& quiet) {
  root.add_option("-n,--network", invocation.network,
                  "The network to work on; needed only where there are several");
  root.add_option("--home", invocation.home_option,
                  "Where networks and wallets are kept (default: $AITBC_HOME, else ~/.aitbc)");
  root.add_flag("--json", json, "One compact JSON document on stdout");
  root.add_flag("-q,--quiet", quiet, "No talk on stderr, errors excepted");
  root.add_flag("-v,--verbose", invocation.verbose, "More talk on stderr");
}

void build(CLI::App& root, Invocation& invocation) {
  root.name("aitbc");
  root.set_help_flag("-h,--help", "Print this help and exit");
  root.set_version_flag("--version", std::string("aitbc ") + AITBC_VERSION);
  root.require_subcommand(1);
  root.fallthrough();
  root.get_formatter()->column_width(help_column);
  root.footer(
      "Example:\n  aitbc up && aitbc status\n\nExit codes: 0 done, 1 negative answer, "
      "2 usage, 3 unreachable or timed out,\n4 refused by a node, 70 internal.");
  add_network_commands(root, invocation);
  add_node_commands(root, invocation);
  add_log_commands(root, invocation);
  add_top_command(root, invocation);
  add_sync_commands(root, invocation);
  add_key_commands(root, invocation);
  add_chain_commands(root, invocation);
  add_evidence_commands(root, invocation);
  add_wallet_commands(root, invocation);
  add_money_commands(root, invocation);
  add_tx_commands(root, invocation);
  add_receipt_commands(root, invocation);
  add_authority_commands(root, invocation);
  add_genesis_commands(root, invocation);
  add_diagnosis_commands(root, invocation);
  add_host_commands(root, invocation);
  add_export_command(root, invocation);
  add_chaos_commands(root, invocation);
  add_wait_command(root, invocation);
  add_check_command(root, invocation);
  add_test_command(root, invocation);
  add_bench_command(root, invocation);
  add_dump_command(root, invocation);
  add_sim_command(root, invocation);
  add_schema_command(root, invocation);
}

void collect_names(const CLI::App& app, const std::string& prefix,
                   std::vector<std::string>& names) {
  const auto children = app.get_subcommands([](const CLI::App*) { return true; });
  if (children.empty()) names.push_back(prefix);
  for (const CLI::App* child : children) {
    collect_names(*child, prefix.empty() ? child->get_name() : prefix + " " + child->get_name(),
                  names);
  }
}

// The parser may stop before it sees --json, but a program that asked for JSON gets JSON.
bool asks_for_json(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

// A mistyped command is to the parser a missing one.
std::string explain(const CLI::App& root, const CLI::Error& failure) {
  const std::vector<std::string> unknown = root.remaining(true);
  if (dynamic_cast<const CLI::RequiredError*>(&failure) == nullptr || unknown.empty()) {
    return failure.what();
  }
  return "there is no command or option '" + unknown.front() + "' here";
}

int report(const Failure& failure, Output& output) {
  output.fail(failure);
  return static_cast<int>(exit_code(failure));
}

int perform(Invocation& invocation) {
  AITBC_CHECK(invocation.action != nullptr);
  const Verdict verdict = invocation.action();
  if (!verdict) return report(verdict.error(), invocation.output);
  if (!invocation.output.wanted()) {
    return report({error(Errc::io, "stdout is full or was closed"), Origin::here},
                  invocation.output);
  }
  return static_cast<int>(*verdict);
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Surroundings& surroundings) {
  Output output(surroundings.out, surroundings.talk);
  Invocation invocation{output, surroundings.environment};
  CLI::App root("Brings up, drives and checks proof-of-authority test networks of many nodes.");
  bool json = false;
  bool quiet = false;
  add_global_options(root, invocation, json, quiet);
  build(root, invocation);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants it
    root.parse(std::move(reversed));
  } catch (const CLI::Success& answer) {
    // --help and --version: CLI11 prints for the command they were asked of.
    return root.exit(answer, surroundings.out, surroundings.talk);
  } catch (const CLI::Error& failure) {
    output.use_json(asks_for_json(arguments));
    output.fail_usage(explain(root, failure) + "; see --help");
    return static_cast<int>(Exit::usage);
  }
  output.use_json(json);
  output.use_quiet(quiet);
  return perform(invocation);
}

std::vector<std::string> command_names() {
  Output output(std::cout, std::cerr);
  Invocation invocation{output, process_environment()};
  CLI::App root;
  build(root, invocation);
  std::vector<std::string> names;
  collect_names(root, "", names);
  std::sort(names.begin(), names.end());
  return names;
}

CLI::App* add_command(CLI::App& parent, const CommandText& text) {
  CLI::App* command = parent.add_subcommand(text.name, text.summary);
  command->footer(std::string("Example:\n  ") + text.example);
  return command;
}

CLI::App* add_group(CLI::App& parent, const CommandText& text) {
  CLI::App* group = add_command(parent, text);
  group->require_subcommand(1);
  return group;
}

void choose(CLI::App& command, Invocation& invocation, std::function<Verdict()> action) {
  command.callback([&invocation, action = std::move(action)] { invocation.action = action; });
}

void add_credential_options(CLI::App& command, Invocation& invocation) {
  CredentialSources& given = invocation.credentials;
  command.add_option("--api-key-file", given.api_key_file,
                     "API key to show, mode 0600 (AITBC_API_KEY_FILE, or AITBC_API_KEY itself)");
  command.add_option("--ca-file", given.ca_file,
                     "PEM file of who signed https nodes (AITBC_CA_FILE)");
  command
      .add_option(
          "--pin", given.pins,
          "SHA-256 fingerprint of an https node's certificate; may be repeated (AITBC_PINS)")
      ->allow_extra_args(false);
}

void add_node_option(CLI::App& command, Invocation& invocation) {
  command.add_option("--node", invocation.node,
                     "The node to ask: its id, or a URL (default: the first that answers)");
  add_credential_options(command, invocation);
}

}  // namespace aitbc::cli
