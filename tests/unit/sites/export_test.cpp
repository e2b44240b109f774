#include "sites/export/export.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

using namespace aitbc;
using namespace aitbc::sites;

namespace {

const std::string yaml = R"(network: net
environments:
  a:
    domain: a.example
    blockchain_nodes:
      - {id: one, rpc_port: 8082}
      - {id: two, rpc_port: 8081, bind: 127.0.0.2}
      - {id: three, rpc_port: 8083, bind: 0.0.0.0}
  carrier: {ip: 10.0.0.9, access: ssh far}
  b:
    ip: fd00::2
    access: ssh far
    home: /srv/aitbc
    blockchain_nodes:
      - {id: four, rpc_port: 8082, bind: "::", authority: false}
)";

Manifest parsed(const std::string& text) {
  auto manifest = parse_manifest(text, "test.yaml");
  if (!manifest) FAIL(manifest.error().detail);
  return *manifest;
}

ExportOptions plain(const Manifest& manifest) {
  ExportOptions options;
  auto layout = Layout::make("/srv/local", manifest.network);
  REQUIRE(layout);
  for (const Manifest::Site& site : manifest.sites) {
    const bool far = !site.home.empty();
    options.places.emplace_back(
        SitePlace{far ? "/srv/aitbc/packages/0/bin/aitbc" : "/usr/bin/aitbc",
                  far ? layout->below(site.home) : *layout});
  }
  return options;
}

ExportOptions with_tls(const Manifest& manifest) {
  ExportOptions options = plain(manifest);
  options.listening = {"10.0.0.1", 8080};
  options.tls = ProxyTls{"/etc/ssl/site.pem", "/etc/ssl/site.key", {{}, 8443}};
  options.user = "1000";
  options.key_file = "/etc/prometheus/aitbc.key";
  return options;
}

// Held against tests/golden/export/NAME; AITBC_GOLDEN=write writes the file instead.
void check_golden(const std::string& name, const std::string& actual) {
  INFO(name);
  const std::string path = "tests/golden/export/" + name;
  const char* mode = std::getenv("AITBC_GOLDEN");
  if (mode != nullptr && std::string(mode) == "write") {
    std::ofstream(path) << actual;
    return;
  }
  std::ifstream in(path);
  CHECK(actual == std::string(std::istreambuf_iterator<char>(in), {}));
}

std::vector<ExportedFile> must_export(ExportKind kind, const Manifest& manifest,
                                      const ExportOptions& options) {
  auto files = export_files(kind, manifest, options);
  if (!files) FAIL(files.error().detail);
  return *std::move(files);
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Between the line that has `begin` and the next one that is `end`.
std::string block_of(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find(end, from) - from);
}

}  // namespace

TEST_CASE("the nodes of a site are public in the order of the file, streams before requests") {
  const Manifest manifest = parsed(yaml);
  std::vector<std::string> seen;
  for (const PublicRoute& route : public_routes(manifest.sites[0])) {
    CHECK(route.site == "a");
    CHECK(route.probe.starts_with(route.path));
    seen.push_back(route.path + " " + route.node + route.at_node);
  }
  CHECK(seen == std::vector<std::string>{"/rpc/ws/ one/rpc/ws/", "/rpc/events one/rpc/events",
                                         "/rpc/ one/rpc/", "/rpc2/ws/ two/rpc/ws/",
                                         "/rpc2/events two/rpc/events", "/rpc2/ two/rpc/",
                                         "/rpc3/ws/ three/rpc/ws/", "/rpc3/events three/rpc/events",
                                         "/rpc3/ three/rpc/", "/explorer one/explorer"});
  CHECK(public_routes(manifest.sites[1]).empty());
  CHECK(public_routes(manifest.sites[2]).size() == 4);
}

TEST_CASE("a node that the file switches off has no public path") {
  Manifest manifest = parsed(
      "network: net\nenvironments: {a: {blockchain_nodes: [{id: 1, rpc_port: 1, status: inactive}, "
      "{id: 2, rpc_port: 2}]}}\n");
  const auto routes = public_routes(manifest.sites[0]);
  REQUIRE(routes.size() == 4);
  for (const PublicRoute& route : routes) CHECK(route.node == "2");
}

TEST_CASE("a proxy asks a node where its own machine reaches it") {
  const Manifest manifest = parsed(yaml);
  CHECK(upstream_of(*manifest.find("one")) == "127.0.0.1:8082");
  CHECK(upstream_of(*manifest.find("two")) == "127.0.0.2:8081");
  CHECK(upstream_of(*manifest.find("three")) == "127.0.0.1:8083");
  CHECK(upstream_of(*manifest.find("four")) == "[::1]:8082");
}

TEST_CASE("exports are as they were") {
  const Manifest manifest = parsed(yaml);
  for (const ExportKind kind : export_kinds) {
    std::set<std::string> names;
    for (const auto& [variant, options] :
         {std::pair{"plain", plain(manifest)}, std::pair{"tls", with_tls(manifest)}}) {
      for (const ExportedFile& file : must_export(kind, manifest, options)) {
        CHECK(file.text.starts_with(export_marker(manifest)));
        CHECK(file.text.ends_with('\n'));
        CHECK_FALSE(contains(file.path, "/"));
        check_golden(std::string(name(kind)) + "-" + variant + "-" + file.path, file.text);
      }
    }
  }
}

TEST_CASE("only streams are upgraded, and only they are waited for beyond a long poll") {
  const Manifest manifest = parsed(yaml);
  const std::string nginx = must_export(ExportKind::nginx, manifest, plain(manifest)).front().text;
  for (const std::string path : {"/rpc", "/rpc2", "/rpc3"}) {
    INFO(path);
    const std::string streams = block_of(nginx, "location " + path + "/ws/ {", "}");
    CHECK(contains(streams, "proxy_set_header Upgrade $http_upgrade;"));
    CHECK(contains(streams, "proxy_set_header Connection \"upgrade\";"));
    CHECK(contains(streams, "proxy_read_timeout 3600s;"));
    const std::string events = block_of(nginx, "location = " + path + "/events {", "}");
    CHECK(contains(events, "proxy_buffering off;"));
    CHECK(contains(events, "proxy_read_timeout 3600s;"));
    CHECK_FALSE(contains(events, "Upgrade"));
    const std::string requests = block_of(nginx, "location " + path + "/ {", "}");
    CHECK_FALSE(contains(requests, "Upgrade"));
    CHECK(contains(requests, "proxy_read_timeout 20s;"));
  }
  const std::string apache =
      must_export(ExportKind::apache, manifest, plain(manifest)).front().text;
  CHECK(contains(block_of(apache, "ProxyPass \"/rpc2/ws/\"", "\n"), "upgrade=websocket"));
  CHECK_FALSE(contains(block_of(apache, "ProxyPass \"/rpc2/\"", "\n"), "upgrade"));
  CHECK(contains(block_of(apache, "ProxyPass \"/rpc2/events\"", "\n"), "flushpackets=on"));
  for (const char* inner : {"\"/rpc2/ws/\"", "\"/rpc2/events\""}) {
    CHECK(apache.find(inner) < apache.find("\"/rpc2/\""));
  }

  Manifest patient = manifest;
  patient.features.sync_interval = Duration{60'000};
  CHECK(proxy_patience(patient, PublicRoute::Kind::requests) == Duration{70'000});
}

TEST_CASE("a node is told of every caller, and nothing else is public") {
  const Manifest manifest = parsed(yaml);
  const std::string nginx =
      must_export(ExportKind::nginx, manifest, with_tls(manifest)).front().text;
  std::size_t locations = 0;
  for (std::size_t at = nginx.find("proxy_pass"); at != std::string::npos;
       at = nginx.find("proxy_pass", at + 1)) {
    ++locations;
    const std::string rest = nginx.substr(at, nginx.find('}', at) - at);
    CHECK(contains(rest, "X-Forwarded-For $proxy_add_x_forwarded_for;"));
  }
  CHECK(locations == 11);
  CHECK(contains(block_of(nginx, "location / {", "}"), "return 404;"));
}

TEST_CASE("a unit sees its own node's folder and what all share") {
  const Manifest manifest = parsed(yaml);
  const auto units = must_export(ExportKind::systemd, manifest, plain(manifest));
  REQUIRE(units.size() == 4);
  CHECK(units[1].path == "aitbc-net-two.service");
  CHECK(contains(units[1].text, "\nBindPaths=/srv/local/networks/net/nodes/two\n"));
  CHECK_FALSE(contains(units[1].text, "nodes/one"));
  CHECK(contains(units[1].text, "\nUser=aitbc\n"));
  CHECK(contains(units[3].text,
                 "\nExecStart=/srv/aitbc/packages/0/bin/aitbc node run --config "
                 "/srv/aitbc/networks/net/nodes/four/config.json\n"));
  CHECK(contains(units[3].text, "\nBindReadOnlyPaths=/srv/aitbc/packages/0\n"));
}

TEST_CASE("what could break out of a file is refused, by name") {
  const Manifest good = parsed(yaml);
  for (const ExportKind kind : export_kinds) {
    Manifest manifest = good;
    manifest.sites[0].domain = "a.example; return 200";
    const auto domain = export_files(kind, manifest, plain(good));
    REQUIRE_FALSE(domain);
    CHECK(domain.error().code == Errc::bad_manifest);
    CHECK(contains(domain.error().detail, "environments.a.domain"));
    manifest = good;
    for (const std::string name : {"a\nb", "../a", ".a", "a/b", "a b"}) {
      manifest.sites[0].name = name;
      CHECK(export_files(kind, manifest, plain(good)).error().code == Errc::bad_config);
    }
  }
  ExportOptions options = with_tls(good);
  options.tls->key = "site.key";
  CHECK(contains(export_files(ExportKind::nginx, good, options).error().detail, "absolute"));
  options = plain(good);
  options.user = "a b";
  CHECK_FALSE(export_files(ExportKind::systemd, good, options));
  options = plain(good);
  options.places[0]->program = "/opt/my programs/aitbc";
  CHECK_FALSE(export_files(ExportKind::systemd, good, options));
  CHECK(export_files(ExportKind::nginx, good, options));
}

TEST_CASE("a unit of a user's own systemd asks for nothing that needs root") {
  const Manifest manifest = parsed(yaml);
  const Manifest::Node& node = manifest.sites[0].nodes[0];
  const SitePlace place = *plain(manifest).places[0];
  const std::string unit = unit_text(manifest, node, place, {ServiceManager::user});
  for (const char* rooted :
       {"User=", "Bind", "Protect", "Private", "Capabilit", "network-online"}) {
    INFO(rooted);
    CHECK_FALSE(contains(unit, rooted));
  }
  CHECK(contains(unit, "\nStandardOutput=append:/srv/local/networks/net/nodes/one/node.log\n"));
  CHECK(contains(unit, "\nSystemCallFilter=@system-service\n"));
  CHECK(contains(unit, "\nWantedBy=default.target\n"));
  const std::string root = unit_text(manifest, node, place, {ServiceManager::system});
  CHECK(contains(root, "\nProtectSystem=strict\n"));
  CHECK(contains(root, "\nWantedBy=multi-user.target\n"));
  CHECK_FALSE(contains(root, "User="));
}

TEST_CASE("a unit needs to know where its network is kept, a proxy does not") {
  const Manifest manifest = parsed(yaml);
  ExportOptions options = plain(manifest);
  options.places[2].reset();
  for (const ExportKind kind : {ExportKind::systemd, ExportKind::compose}) {
    const auto files = export_files(kind, manifest, options);
    REQUIRE_FALSE(files);
    CHECK(contains(files.error().detail, "site b"));
    CHECK(contains(files.error().detail, "--site-home"));
  }
  options.places[2] = plain(manifest).places[2];
  options.places[1].reset();  // no node is there
  CHECK(export_files(ExportKind::systemd, manifest, options));
  options.places[0].reset();
  CHECK(export_files(ExportKind::prometheus, manifest, options));
}
