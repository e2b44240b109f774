#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

#include "cli/app.hpp"
#include "rpc/json.hpp"
#include "sites/routes.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

const std::string network =
    "network: net\nenvironments: {a: {domain: a.example, blockchain_nodes: [{id: 1, rpc_port: 1}, "
    "{id: 2, rpc_port: 2}]}}\n";

struct Workplace {
  Workplace() { write("network.yaml", network); }

  std::string path(const std::string& name) const { return dir.file(name); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // The exit code; what was said is in `out` and `talk`.
  int run(std::vector<std::string> arguments) {
    std::ostringstream said, talked;
    const Environment environment = [&](const std::string& name) -> std::optional<std::string> {
      if (name == "AITBC_HOME") return path("home");
      return std::nullopt;
    };
    const int exit = cli::run(arguments, {said, talked, environment});
    out = said.str();
    talk = talked.str();
    return exit;
  }
  int run_export(const std::string& kind, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"export", kind, "-f", path("network.yaml")});
    return run(std::move(more));
  }

  test::TempDir dir;
  std::string out, talk;
};

rpc::HttpResponse answer_of(int status, const std::string& node) {
  rpc::HttpResponse answer;
  answer.status = status;
  if (!node.empty()) answer.fields = {{rpc::node_field, node}};
  return answer;
}

}  // namespace

TEST_CASE("a route is judged by the node that its answer names") {
  using sites::judge_route;
  using Kind = sites::RouteFinding::Kind;
  const std::string expected = "net/1";
  CHECK(judge_route(expected, answer_of(200, "net/1")).kind == Kind::ok);
  // A refusal comes from the node, too.
  CHECK(judge_route(expected, answer_of(401, "net/1")).kind == Kind::ok);
  for (const std::string other : {"net/2", "other/1", "net/11"}) {
    const sites::RouteFinding wrong = judge_route(expected, answer_of(200, other));
    CHECK(wrong.kind == Kind::wrong_node);
    CHECK(wrong.answered == other);
    CHECK(wrong.detail == other + " answers, not net/1");
  }
  CHECK(judge_route(expected, answer_of(200, "")).kind == Kind::not_aitbc);
  CHECK(judge_route(expected, answer_of(404, "")).kind == Kind::not_aitbc);
  for (const int status : {502, 503, 504}) {
    CHECK(judge_route(expected, answer_of(status, "")).kind == Kind::unreachable);
  }
  // A node that is busy is there.
  CHECK(judge_route(expected, answer_of(503, "net/1")).kind == Kind::ok);
  CHECK(judge_route(expected, error(Errc::timeout, "late")).detail == "late");
}

TEST_CASE("one file goes to stdout, several want a folder") {
  Workplace here;
  CHECK(here.run_export("nginx") == 0);
  CHECK(here.out.starts_with("# Made by aitbc export from the network net"));
  CHECK(here.out.find("server_name a.example;") != std::string::npos);
  CHECK(here.run_export("systemd") == 2);
  CHECK(here.talk.find("-o") != std::string::npos);
  CHECK(here.run_export("lighttpd") == 2);
  CHECK(here.run_export("nginx", {"--listen", "example:80"}) == 2);
  CHECK(here.run_export("nginx", {"--listen", "70000"}) == 2);
  CHECK(here.run_export("nginx", {"--tls", "/a.pem"}) == 2);
  CHECK(here.run_export("nginx", {"--json"}) == 0);
  const auto json = rpc::parse_json(here.out);
  REQUIRE(json);
  CHECK((*json)["files"][0]["path"] == "a.conf");
  CHECK((*json)["files"][0].contains("text"));
}

TEST_CASE("an export overwrites its own files, and nobody else's") {
  Workplace here;
  const std::string folder = here.path("out");
  CHECK(here.run_export("all", {"-o", folder}) == 0);
  CHECK(std::filesystem::exists(folder + "/systemd/aitbc-net-2.service"));
  const std::string before = here.read("out/nginx/a.conf");
  here.write("out/nginx/a.conf", before + "# changed by hand\n");
  CHECK(here.run_export("all", {"-o", folder}) == 0);
  CHECK(here.read("out/nginx/a.conf") == before);

  here.write("out/systemd/aitbc-net-2.service", "# mine\n");
  here.write("out/nginx/a.conf", before + "# changed by hand\n");
  CHECK(here.run_export("all", {"-o", folder}) == 2);
  CHECK(here.talk.find("aitbc-net-2.service") != std::string::npos);
  CHECK(here.read("out/systemd/aitbc-net-2.service") == "# mine\n");
  CHECK(here.read("out/nginx/a.conf") != before);  // all or none
  // Another network's is somebody else's.
  std::string other = before;
  other.replace(other.find("network net"), 11, "network ten");
  here.write("out/systemd/aitbc-net-2.service", other);
  CHECK(here.run_export("all", {"-o", folder}) == 2);
  CHECK(here.run_export("all", {"-o", folder, "--force"}) == 0);
  CHECK(here.read("out/nginx/a.conf") == before);
  CHECK(here.read("out/systemd/aitbc-net-2.service").find("[Service]") != std::string::npos);
}

TEST_CASE("routes are asked where somebody said that they are") {
  Workplace here;
  here.write("several.yaml",
             "network: net\nenvironments: {a: {blockchain_nodes: [{id: 1, rpc_port: 1}]}, b: "
             "{blockchain_nodes: [{id: 2, rpc_port: 2}]}}\n");
  const auto check = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"check", "--routes", "-f", here.path("several.yaml")});
    return here.run(std::move(more));
  };
  CHECK(check({}) == 2);
  CHECK(here.talk.find("--base") != std::string::npos);
  CHECK(check({"--base", "http://127.0.0.1:1"}) == 2);
  CHECK(here.talk.find("several sites") != std::string::npos);
  CHECK(check({"--base", "c=http://127.0.0.1:1"}) == 2);
  CHECK(check({"--base", "a=ftp://127.0.0.1:1"}) == 2);
  CHECK(check({"--base", "a=http://127.0.0.1:1", "--json"}) == 3);
  const auto json = rpc::parse_json(here.out);
  REQUIRE(json);
  REQUIRE((*json)["routes"].size() == 4);
  CHECK((*json)["routes"][2]["url"] == "http://127.0.0.1:1/rpc/head");
  CHECK((*json)["routes"][2]["expected"] == "net/1");
  CHECK((*json)["routes"][2]["verdict"] == "unreachable");
  CHECK(here.run({"check", "--base", "http://127.0.0.1:1"}) == 2);
  CHECK(here.run({"check", "--routes", "--growing", "1s"}) == 2);
}
