#include "cli/app.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "cli/schema.hpp"
#include "rpc/json.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

struct Ran {
  int exit = 0;
  std::string out, talk;
};

Ran run_command(const std::vector<std::string>& arguments,
                const std::string& home = "/nonexistent") {
  std::ostringstream out;
  std::ostringstream talk;
  const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "AITBC_HOME") return home;
    return std::nullopt;
  };
  const int exit = run(arguments, {out, talk, environment});
  return {exit, out.str(), talk.str()};
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string file_of(const std::string& command) {
  std::string file = command.empty() ? "aitbc" : command;
  std::replace(file.begin(), file.end(), ' ', '_');
  return "tests/golden/help/" + file + ".txt";
}

// The help of a command, held against its golden file; AITBC_GOLDEN=write writes the file instead.
std::string expected_help(const std::string& command, const std::string& actual) {
  const char* mode = std::getenv("AITBC_GOLDEN");
  if (mode != nullptr && std::string(mode) == "write") {
    std::ofstream(file_of(command)) << actual;
    return actual;
  }
  std::ifstream in(file_of(command));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Every command and every group above one.
std::set<std::string> pages() {
  std::set<std::string> pages{""};
  for (const std::string& name : command_names()) {
    pages.insert(name);
    const auto space = name.find(' ');
    if (space != std::string::npos) pages.insert(name.substr(0, space));
  }
  return pages;
}

}  // namespace

TEST_CASE("every command's help is as it was, and shows an example") {
  for (const std::string& page : pages()) {
    INFO("aitbc " << page);
    auto arguments = words_of(page);
    arguments.push_back("--help");
    const Ran ran = run_command(arguments);
    CHECK(ran.exit == 0);
    CHECK(ran.talk.empty());
    CHECK(ran.out.find("\nExample:\n  ") != std::string::npos);
    CHECK(ran.out == expected_help(page, ran.out));
  }
}

TEST_CASE("no golden help is left of a command that is gone") {
  std::set<std::string> known;
  for (const std::string& page : pages()) known.insert(file_of(page));
  for (const auto& entry : std::filesystem::directory_iterator("tests/golden/help")) {
    CHECK(known.count(entry.path().string()) == 1);
  }
}

TEST_CASE("every command has a schema, and every schema a command") {
  CHECK(command_names() == commands_with_schema());
  for (const std::string& command : command_names()) {
    INFO(command);
    auto arguments = words_of("schema " + command);
    const Ran ran = run_command(arguments);
    CHECK(ran.exit == 0);
    CHECK(rpc::parse_json(ran.out).has_value());
  }
}

TEST_CASE("a wrong command line is exit 2 and names what is wrong") {
  struct Case {
    std::vector<std::string> arguments;
    std::string said;
  };
  const std::vector<Case> cases{
      {{}, "subcommand is required"},
      {{"nonsense"}, "no command or option 'nonsense'"},
      {{"chain"}, "subcommand is required"},
      {{"chain", "nonsense"}, "no command or option 'nonsense'"},
      {{"up", "--bogus"}, "--bogus"},
      {{"send", "alice"}, "TO is required"},
      {{"balance"}, "ADDRESS is required"},
      {{"schema", "chain", "tail"}, "no command 'chain tail'"},
      {{"new", "nothing"}, "no template 'nothing'"},
      {{"up", "--wait", "sometimes"}, "expected healthy, none or final:N"},
      {{"up", "--wait", "final:soon"}, "--wait final:"},
      {{"up", "--timeout", "soon"}, "--timeout: expected a number with a unit"},
      {{"wait", "all: heigth > 1"}, "expected height, final"},
      {{"send", "a", "b", "1", "--wait", "for ever"}, "expected none, included or final"},
      {{"wallet", "create", "../evil"}, "no name for a wallet"},
      {{"wallet", "create", "a", "--threshold", "0"}, "--threshold: expected a whole number"},
      {{"wallet", "create", "a", "--keys", "00"}, "expected a public key"},
      {{"up", "-f", "/nonexistent/network.yaml"}, "cannot read /nonexistent/network.yaml"},
      {{"node", "run", "--config", "/nonexistent/c.json"}, "cannot read /nonexistent/c.json"},
      {{"node", "run"}, "node_id is missing"},
      {{"genesis", "show", "/nonexistent/g.json"}, "cannot read /nonexistent/g.json"},
      {{"chain", "block", "../head", "--node", "http://localhost:1"}, "BLOCK: expected a height"},
      {{"tx", "show", "0xAB", "--node", "http://localhost:1"}, "ID: expected 0x"},
      {{"chain", "head", "--node", "ftp://localhost"}, "http://"},
  };
  for (const Case& each : cases) {
    INFO(each.said);
    const Ran ran = run_command(each.arguments);
    CHECK(ran.exit == 2);
    CHECK(ran.out.empty());
    CHECK(ran.talk.substr(0, 7) == "aitbc: ");
    CHECK(ran.talk.find(each.said) != std::string::npos);
  }
}

TEST_CASE("with --json a failure is one JSON document, wherever it comes from") {
  struct Case {
    std::vector<std::string> arguments;
    int exit;
    std::string code;
  };
  const std::vector<Case> cases{
      {{"--json", "up", "--bogus"}, 2, "usage"},
      {{"new", "nothing", "--json"}, 2, "bad_config"},
      {{"status", "--json"}, 1, "not_found"},
      {{"wallet", "show", "alice", "--json"}, 1, "not_found"},
      {{"chain", "head", "--node", "http://127.0.0.1:1", "--json"}, 3, "unreachable"},
  };
  for (const Case& each : cases) {
    INFO(each.code);
    const Ran ran = run_command(each.arguments);
    CHECK(ran.exit == each.exit);
    const auto document = rpc::parse_json(ran.out);
    REQUIRE(document.has_value());
    CHECK((*document)["error"]["code"] == each.code);
    CHECK((*document)["error"]["detail"].is_string());
    CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 1);
  }
}

TEST_CASE("an answer that could not be written is not done") {
  std::ostringstream out;
  std::ostringstream talk;
  out.setstate(std::ios::badbit);
  const Environment nothing = [](const std::string&) { return std::nullopt; };
  CHECK(run({"new", "default"}, {out, talk, nothing}) == 70);
  CHECK(talk.str() == "aitbc: stdout is full or was closed\n");
}

TEST_CASE("global options may stand behind the command") {
  const test::TempDir home;
  const Ran ran = run_command({"wallet", "list", "--home", home.path().string(), "--json"});
  CHECK(ran.exit == 0);
  CHECK(ran.out == "{\"wallets\":[]}\n");
}

TEST_CASE("without a network there is nothing to do, and that is said with what to do") {
  const test::TempDir home;
  const std::string folder = home.path().string();
  CHECK(run_command({"status"}, folder).talk.find("bring one up with: aitbc up") !=
        std::string::npos);
  CHECK(run_command({"stop"}, folder).exit == 1);
  CHECK(run_command({"down", "--purge"}, folder).exit == 0);
  CHECK(run_command({"status", "-n", "other"}, folder).exit == 1);
}
