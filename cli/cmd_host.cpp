#include <fcntl.h>
#include <pwd.h>
#include <sys/utsname.h>

#include <filesystem>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/json_view.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"
#include "sites/diagnosis/machine_facts.hpp"
#include "sites/remote/server.hpp"
#include "sites/units.hpp"

namespace aitbc::cli {

namespace {

std::string user_name() {
  const passwd* entry = ::getpwuid(::getuid());
  return entry == nullptr ? std::to_string(::getuid()) : entry->pw_name;
}

std::string system_name() {
  utsname names{};
  if (::uname(&names) != 0) return "unknown";
  return std::string(names.sysname) + " " + names.release + " " + names.machine;
}

// What a command on another machine starts here. Standard output is the wire; nothing else may
// write to it, so the wire gets a descriptor of its own.
Verdict serve_host(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  AITBC_TRY_ASSIGN(const std::string program, own_program());
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(home, failed);
  if (failed) return error(Errc::io, "cannot use the home folder " + home);
  const sites::Descriptor in(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  const sites::Descriptor out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!in.is_open() || !out.is_open()) return error(Errc::io, "no standard input or output");
  const sites::Units units = sites::units_here();
  const sites::remote::Machine machine{absolute.string(), program,       user_name(),
                                       system_name(),     units.manager, {}};
  sites::LocalTransport files(invocation.clock);
  sites::UnitSupervisor nodes(units, invocation.clock);
  AITBC_TRY(sites::remote::serve({files, nodes, machine, invocation.clock}, in, out));
  return Exit::done;
}

struct FactsRequest {
  std::vector<std::string> ports, urls, units;
};

Result<sites::PortUse> parse_port_use(const std::string& text) {
  const std::size_t comma = text.rfind(',');
  if (comma == std::string::npos) {
    return error(Errc::bad_config, "--port: expected ADDRESS,PORT, got '" + text + "'");
  }
  AITBC_TRY_ASSIGN(const std::uint16_t port, parse_port(text.substr(comma + 1), "--port"));
  return sites::PortUse{text.substr(0, comma), port, {}, {}};
}

Verdict show_facts(Invocation& invocation, const FactsRequest& given) {
  sites::FactsWanted wanted;
  AITBC_TRY_ASSIGN(wanted.folder, invocation.home());
  for (const std::string& text : given.ports) {
    AITBC_TRY_ASSIGN(sites::PortUse use, parse_port_use(text));
    wanted.ports.push_back(std::move(use));
  }
  wanted.urls = given.urls;
  wanted.units = given.units;
  AITBC_TRY_ASSIGN(const sites::MachineFacts facts,
                   sites::look_at_machine(wanted, sites::units_here(), invocation.clock));
  const std::string json = sites::facts_json(facts);
  invocation.output.document(json);
  AITBC_TRY_ASSIGN(const std::string text, fields_of(json));
  invocation.output.line(text);
  return Exit::done;
}

Verdict write_package(Invocation& invocation, const std::string& file) {
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  AITBC_TRY_ASSIGN(const sites::Package package,
                   sites::make_package(std::filesystem::path(home) / "packages", invocation.clock));
  sites::LocalTransport files(invocation.clock);
  AITBC_TRY(files.put(file, package.bytes, sites::Mode::file));
  rpc::ObjectWriter out;
  out.text("file", file).text("id", package.id).integer("bytes", package.bytes.size());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(file + ": " + std::to_string(package.bytes.size()) +
                         " bytes; unpack it anywhere and run bin/aitbc");
  return Exit::done;
}

struct ExecRequest {
  std::string node;
  std::vector<std::string> command;
  std::string timeout = "60s";
};

// With its exit code as ours: what a script asks of the machine is answered as by the machine.
Verdict run_on_machine(Invocation& invocation, const ExecRequest& given) {
  AITBC_TRY_ASSIGN(const Duration timeout, parse_duration(given.timeout, "--timeout"));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const sites::Network::Place place, open->network().place_of(given.node));
  std::vector<std::string> argv{"env", "-C", place.layout.node(given.node).string()};
  argv.insert(argv.end(), given.command.begin(), given.command.end());
  AITBC_TRY_ASSIGN(const sites::Output output,
                   place.provider.transport.run({.argv = std::move(argv), .timeout = timeout}));
  const auto without_end = [](const std::string& text) {
    return text.substr(0, text.find_last_not_of('\n') + 1);
  };
  if (!output.err.empty()) invocation.output.say(without_end(output.err));
  if (!output.out.empty()) invocation.output.line(without_end(output.out));
  rpc::ObjectWriter out;
  out.text("node", given.node)
      .integer("exit", static_cast<std::uint64_t>(output.exit_code))
      .text("out", output.out)
      .text("err", output.err)
      .boolean("cut", output.cut);
  invocation.output.document(std::move(out).finish());
  return static_cast<Exit>(output.exit_code);
}

}  // namespace

void add_host_commands(CLI::App& root, Invocation& invocation) {
  const auto file = std::make_shared<std::string>("aitbc.tar.gz");
  CLI::App* package =
      add_command(root, {"package", "This program with its libraries, for machines without them",
                         "aitbc package -o aitbc.tar.gz"});
  package->add_option("-o,--output", *file, "The archive to write")->capture_default_str();
  choose(*package, invocation, [&invocation, file] { return write_package(invocation, *file); });

  const auto wanted = std::make_shared<ExecRequest>();
  CLI::App* exec = add_command(
      root, {"exec", "Run a program on a node's machine, in its folder", "aitbc exec 1 -- ls -l"});
  exec->add_option("NODE", wanted->node, "On whose machine")->required();
  exec->add_option("COMMAND", wanted->command, "The program and its arguments")->required();
  exec->add_option("--timeout", wanted->timeout, "Then it is killed")->capture_default_str();
  choose(*exec, invocation, [&invocation, wanted] { return run_on_machine(invocation, *wanted); });

  CLI::App* host = add_group(
      root, {"host", "What is done on a machine for a command elsewhere", "aitbc host serve"});
  host->group("");
  CLI::App* serve = add_command(*host, {"serve", "Answer the command at the other end of stdin",
                                        "ssh HOST aitbc host serve"});
  choose(*serve, invocation, [&invocation] { return serve_host(invocation); });

  const auto asked = std::make_shared<FactsRequest>();
  CLI::App* facts = add_command(
      *host, {"facts", "What this machine has for nodes: disk, memory, ports, ways to others",
              "aitbc host facts --port 127.0.0.1,8082 --reach http://10.0.0.2:8082"});
  facts->add_option("--port", asked->ports, "ADDRESS,PORT: whether a node could listen there")
      ->allow_extra_args(false);
  facts->add_option("--unit", asked->units, "NAME: whether systemd has given that unit up")
      ->allow_extra_args(false);
  facts->add_option("--reach", asked->urls, "URL: whether that node can be reached from here")
      ->allow_extra_args(false);
  choose(*facts, invocation, [&invocation, asked] { return show_facts(invocation, *asked); });
}

}  // namespace aitbc::cli
