#include <CLI/CLI.hpp>

#include "cli/await.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

struct WaitOptions {
  std::string expression;
  std::string timeout = "30s";
};

void print_held(Invocation& invocation, Duration waited) {
  rpc::ObjectWriter out;
  out.boolean("holds", true).integer("waited_ms", static_cast<std::uint64_t>(waited.count()));
  invocation.output.document(std::move(out).finish());
  invocation.output.line("holds");
}

Verdict wait(Invocation& invocation, const WaitOptions& given) {
  AITBC_TRY_ASSIGN(const Awaited awaited, parse_awaited(given.expression));
  AITBC_TRY_ASSIGN(const Duration timeout, parse_duration(given.timeout, "--timeout"));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const Duration waited, await(invocation, *open, awaited, timeout));
  print_held(invocation, waited);
  return Exit::done;
}

}  // namespace

void add_wait_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<WaitOptions>();
  CLI::App* command = add_command(root, {"wait", "Wait until a condition holds",
                                         "aitbc wait 'all: head == same, mempool == 0' "
                                         "--timeout 30s"});
  command
      ->add_option(
          "EXPR", given->expression,
          "SCOPE: FIELD OP VALUE[, ...] [and SCOPE: ...]; SCOPE is all, any or a "
          "node; FIELD is height, final, mempool, reorgs, evidence, state, head or state_root; "
          "OP is == != < <= > >=; VALUE is a number, a word, 0x and a hash, or same")
      ->required();
  command->add_option("--timeout", given->timeout, "How long to wait")->capture_default_str();
  choose(*command, invocation, [&invocation, given] { return wait(invocation, *given); });
}

}  // namespace aitbc::cli
