#include "cli/route_check.hpp"

#include <algorithm>

#include "cli/ask.hpp"
#include "cli/running.hpp"
#include "rpc/client_views.hpp"
#include "rpc/http_client.hpp"
#include "rpc/json_writer.hpp"
#include "sites/export/export.hpp"

namespace aitbc::cli {

namespace {

constexpr rpc::HttpClient::CallLimits route_limits{
    .connect = Duration{3'000}, .total = Duration{5'000}, .body_bytes_max = 4 * 1024 * 1024};

// What gateways answer when nobody is behind them.
bool says_nobody(int status) { return status >= 502 && status <= 504; }

struct Asked {
  sites::PublicRoute route;
  std::string url;
  std::string expected;
  RouteFinding finding;
};

std::string expected_node(const sites::Manifest& manifest, const sites::PublicRoute& route) {
  return manifest.chain_id() + "/" + route.node;
}

// The URLs to try for a site, the first that is reached counts.
Result<std::vector<std::string>> bases_of(const sites::Manifest::Site& site, bool only,
                                          const std::vector<std::string>& given) {
  for (const std::string& base : given) {
    const std::size_t equals = base.find('=');
    const bool named = equals < base.find("://");
    if (named && base.substr(0, equals) != site.name) continue;
    if (!named && !only) {
      return error(Errc::bad_config,
                   "--base: there are several sites with nodes, so say which: "
                   "--base SITE=URL");
    }
    const std::string url = named ? base.substr(equals + 1) : base;
    AITBC_TRY(rpc::parse_url(url));
    return std::vector{url};
  }
  if (site.domain.empty()) return std::vector<std::string>{};
  return std::vector{"https://" + site.domain, "http://" + site.domain};
}

Status check_named_sites(const sites::Manifest& manifest, const std::vector<std::string>& bases) {
  for (const std::string& base : bases) {
    const std::size_t equals = base.find('=');
    if (equals >= base.find("://")) continue;
    const auto has_name = [&](const sites::Manifest::Site& site) {
      return site.name == base.substr(0, equals) && !site.nodes.empty();
    };
    if (std::any_of(manifest.sites.begin(), manifest.sites.end(), has_name)) continue;
    return error(Errc::bad_config,
                 "--base: there is no site with nodes named '" + base.substr(0, equals) + "'");
  }
  return ok();
}

Result<rpc::HttpResponse> ask(const std::string& base, const std::string& path,
                              const rpc::Credentials& credentials) {
  AITBC_TRY_ASSIGN(rpc::Url url, rpc::parse_url(base));
  rpc::HttpClient client(std::move(url), credentials);
  AITBC_TRY_ASSIGN(rpc::Target target, rpc::parse_target(path));
  rpc::HttpRequest request;
  request.method = "GET";
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  return client.send(request, route_limits);
}

Asked ask_route(const sites::PublicRoute& route, const std::string& expected,
                const std::vector<std::string>& bases, const rpc::Credentials& credentials) {
  Asked asked{route, {}, expected, {}};
  for (const std::string& base : bases) {
    asked.url = base + route.probe;
    asked.finding = judge_route(expected, ask(base, route.probe, credentials));
    if (asked.finding.kind != RouteFinding::Kind::unreachable) break;
  }
  return asked;
}

Exit exit_of_routes(const std::vector<Asked>& all) {
  const auto any = [&](RouteFinding::Kind kind) {
    return std::any_of(all.begin(), all.end(),
                       [&](const Asked& asked) { return asked.finding.kind == kind; });
  };
  if (any(RouteFinding::Kind::wrong_node) || any(RouteFinding::Kind::not_aitbc)) {
    return Exit::negative;
  }
  return any(RouteFinding::Kind::unreachable) ? Exit::unreachable : Exit::done;
}

void print_routes(Output& output, const std::vector<Asked>& all) {
  Table table({"SITE", "ROUTE", "NODE", "VERDICT", "DETAIL"});
  rpc::ArrayWriter rows;
  for (const Asked& asked : all) {
    const RouteFinding& finding = asked.finding;
    table.add({asked.route.site, asked.route.path, asked.route.node,
               std::string(name(finding.kind)), finding.detail});
    rpc::ObjectWriter row;
    row.text("site", asked.route.site)
        .text("route", asked.route.path)
        .text("url", asked.url)
        .text("expected", asked.expected);
    if (finding.answered.empty()) {
      row.json("answered", "null");
    } else {
      row.text("answered", finding.answered);
    }
    row.text("verdict", name(finding.kind)).text("detail", finding.detail);
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.boolean("holds", exit_of_routes(all) == Exit::done).json("routes", std::move(rows).finish());
  output.document(std::move(out).finish());
  output.line(table.text());
}

}  // namespace

std::string_view name(RouteFinding::Kind kind) {
  switch (kind) {
    case RouteFinding::Kind::ok:
      return "ok";
    case RouteFinding::Kind::wrong_node:
      return "wrong_node";
    case RouteFinding::Kind::unreachable:
      return "unreachable";
    case RouteFinding::Kind::not_aitbc:
      return "not_aitbc";
  }
  AITBC_CHECK(false && "a Kind outside its enumerators");
}

RouteFinding judge_route(const std::string& expected, const Result<rpc::HttpResponse>& answer) {
  using enum RouteFinding::Kind;
  if (!answer) return {unreachable, {}, answer.error().detail};
  const auto& fields = answer->fields;
  const auto named = std::find_if(fields.begin(), fields.end(),
                                  [](const auto& field) { return field.first == rpc::node_field; });
  const std::string status = "the status " + std::to_string(answer->status);
  if (named == fields.end() || named->second.empty()) {
    if (says_nobody(answer->status)) {
      return {unreachable, {}, "a proxy answers, with " + status};
    }
    return {not_aitbc, {}, "somebody answers who is no node, with " + status};
  }
  if (named->second == expected) return {ok, expected, {}};
  return {wrong_node, named->second, named->second + " answers, not " + expected};
}

Verdict check_routes(Invocation& invocation, const RouteCheckOptions& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, given.file));
  AITBC_TRY_ASSIGN(const rpc::Credentials credentials, credentials_of(invocation));
  const sites::Manifest& manifest = open->manifest();
  AITBC_TRY(check_named_sites(manifest, given.bases));
  const auto has_nodes = [](const sites::Manifest::Site& site) { return !site.nodes.empty(); };
  const bool only = std::count_if(manifest.sites.begin(), manifest.sites.end(), has_nodes) == 1;
  std::vector<Asked> all;
  for (const sites::Manifest::Site& site : manifest.sites) {
    if (site.nodes.empty()) continue;
    AITBC_TRY_ASSIGN(const auto bases, bases_of(site, only, given.bases));
    if (bases.empty()) {
      invocation.output.say("site " + site.name + " has no domain and no --base: not asked");
      continue;
    }
    for (const sites::PublicRoute& route : sites::public_routes(site)) {
      all.push_back(ask_route(route, expected_node(manifest, route), bases, credentials));
    }
  }
  if (all.empty()) {
    return error(Errc::bad_config,
                 "no site has a domain, so say where its proxy is: --base [SITE=]URL");
  }
  print_routes(invocation.output, all);
  return exit_of_routes(all);
}

}  // namespace aitbc::cli
