#pragma once
// The groups of commands; each adds its own to the root of the command line. A callback only
// chooses invocation.action: nothing is done while options are still being read. Called by app.cpp.

#include <functional>
#include <string>

#include "cli/outcome.hpp"

namespace CLI {
class App;
}

namespace aitbc::cli {

struct DeliveryText;
struct Invocation;
struct PaymentText;

void add_network_commands(CLI::App& root, Invocation& invocation);
void add_node_commands(CLI::App& root, Invocation& invocation);
void add_log_commands(CLI::App& root, Invocation& invocation);
void add_top_command(CLI::App& root, Invocation& invocation);
void add_sync_commands(CLI::App& root, Invocation& invocation);
void add_chain_commands(CLI::App& root, Invocation& invocation);
void add_evidence_commands(CLI::App& root, Invocation& invocation);
void add_key_commands(CLI::App& root, Invocation& invocation);
void add_copy_commands(CLI::App& chain, Invocation& invocation);
void add_wallet_commands(CLI::App& root, Invocation& invocation);
void add_money_commands(CLI::App& root, Invocation& invocation);
void add_tx_commands(CLI::App& root, Invocation& invocation);
// `tx trace`, in the group of the transactions.
void add_trace_command(CLI::App& tx, Invocation& invocation);
void add_receipt_commands(CLI::App& root, Invocation& invocation);
void add_authority_commands(CLI::App& root, Invocation& invocation);
// `authority unlock`, in the group of the authorities.
void add_unlock_command(CLI::App& authority, Invocation& invocation);
void add_genesis_commands(CLI::App& root, Invocation& invocation);
void add_diagnosis_commands(CLI::App& root, Invocation& invocation);
void add_host_commands(CLI::App& root, Invocation& invocation);
void add_export_command(CLI::App& root, Invocation& invocation);
void add_dump_command(CLI::App& root, Invocation& invocation);
void add_wait_command(CLI::App& root, Invocation& invocation);
void add_chaos_commands(CLI::App& root, Invocation& invocation);
void add_check_command(CLI::App& root, Invocation& invocation);
void add_bench_command(CLI::App& root, Invocation& invocation);
void add_test_command(CLI::App& root, Invocation& invocation);
void add_sim_command(CLI::App& root, Invocation& invocation);
void add_schema_command(CLI::App& root, Invocation& invocation);

// A command without subcommands: its name, what it does, an example, and what it does it with.
struct CommandText {
  const char* name;
  const char* summary;
  const char* example;
};
CLI::App* add_command(CLI::App& parent, const CommandText& text);
// The same for a group, which needs one of its subcommands.
CLI::App* add_group(CLI::App& parent, const CommandText& text);
void choose(CLI::App& command, Invocation& invocation, std::function<Verdict()> action);
// `tx show` and `chain tx` are one.
Verdict show_tx(Invocation& invocation, const std::string& id);
// TO, AMOUNT, --fee and --nonce; --wait and --timeout.
void add_payment_options(CLI::App& command, PaymentText& text);
void add_delivery_options(CLI::App& command, DeliveryText& text);
// --api-key-file, --ca-file, --pin.
void add_credential_options(CLI::App& command, Invocation& invocation);
// --node NODE|URL, and those.
void add_node_option(CLI::App& command, Invocation& invocation);

}  // namespace aitbc::cli
