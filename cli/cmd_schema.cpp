#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/schema.hpp"

namespace aitbc::cli {

namespace {

Verdict print_schema(Invocation& invocation, const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  const auto schema = schema_of(command);
  if (!schema) {
    return error(Errc::bad_config, "there is no command '" + command + "'; see aitbc --help");
  }
  invocation.output.line(*schema);
  invocation.output.document(*schema);
  return Exit::done;
}

}  // namespace

void add_schema_command(CLI::App& root, Invocation& invocation) {
  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = add_command(root, {"schema",
                                         "The JSON Schema of what a command prints "
                                         "with --json",
                                         "aitbc schema chain head"});
  command->add_option("COMMAND", *words, "As it is typed, without aitbc")->required();
  choose(*command, invocation, [&invocation, words] { return print_schema(invocation, *words); });
}

}  // namespace aitbc::cli
