#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/dump_file.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

Verdict dump(Invocation& invocation, const std::string& file) {
  AITBC_TRY_ASSIGN(const auto nodes, asked_nodes(invocation));
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(const Dump dump, take_dump(nodes, invocation.clock, progress));
  progress.finish();
  AITBC_TRY(write_file(file, dump_json(dump), {Access::everyone, Existing::refuse}));
  std::uint64_t blocks = 0;
  std::uint64_t answered = 0;
  rpc::ArrayWriter silent;
  for (const Dump::Node& node : dump.nodes) {
    blocks += node.recorded.blocks.size();
    if (node.error.empty()) ++answered;
    if (node.error.empty()) continue;
    silent.text(node.recorded.name);
    invocation.output.say("node " + node.recorded.name + " is not in it: " + node.error);
  }
  rpc::ObjectWriter out;
  out.text("file", file)
      .integer("nodes", answered)
      .integer("blocks", blocks)
      .json("silent", std::move(silent).finish());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(file + ": " + std::to_string(answered) + " nodes, " +
                         std::to_string(blocks) + " blocks");
  invocation.output.say("try next:\n  aitbc sim --replay " + file + " --faults none");
  return Exit::done;
}

}  // namespace

void add_dump_command(CLI::App& root, Invocation& invocation) {
  const auto file = std::make_shared<std::string>("dump.json");
  CLI::App* command =
      add_command(root, {"dump", "Record a network for the simulator, without any key",
                         "aitbc dump -o field.json && aitbc sim --replay field.json"});
  command->add_option("-o,--output", *file, "The file to write")->capture_default_str();
  add_credential_options(*command, invocation);
  command->add_option("--node", invocation.node, "Only this node: its id, or a URL (default: all)");
  choose(*command, invocation, [&invocation, file] { return dump(invocation, *file); });
}

}  // namespace aitbc::cli
