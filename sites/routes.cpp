#include "sites/routes.hpp"

#include <algorithm>

#include "rpc/client_views.hpp"

namespace aitbc::sites {

namespace {

constexpr rpc::HttpClient::CallLimits route_limits{
    .connect = Duration{3'000}, .total = Duration{5'000}, .body_bytes_max = 4 * 1024 * 1024};

// What gateways answer when nobody is behind them.
bool says_nobody(int status) { return status >= 502 && status <= 504; }

std::string expected_node(const Manifest& manifest, const PublicRoute& route) {
  return manifest.chain_id() + "/" + route.node;
}

// The URLs to try for a site, the first that is reached counts.
Result<std::vector<std::string>> bases_of(const Manifest::Site& site, bool only,
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

Status check_named_sites(const Manifest& manifest, const std::vector<std::string>& bases) {
  for (const std::string& base : bases) {
    const std::size_t equals = base.find('=');
    if (equals >= base.find("://")) continue;
    const auto has_name = [&](const Manifest::Site& site) {
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

AskedRoute ask_route(const PublicRoute& route, const std::string& expected,
                     const std::vector<std::string>& bases, const rpc::Credentials& credentials) {
  AskedRoute asked{route, {}, expected, {}};
  for (const std::string& base : bases) {
    asked.url = base + route.probe;
    asked.finding = judge_route(expected, ask(base, route.probe, credentials));
    if (asked.finding.kind != RouteFinding::Kind::unreachable) break;
  }
  return asked;
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

Result<std::vector<AskedRoute>> ask_routes(const Manifest& manifest,
                                           const std::vector<std::string>& bases,
                                           const rpc::Credentials& credentials) {
  AITBC_TRY(check_named_sites(manifest, bases));
  const auto has_nodes = [](const Manifest::Site& site) { return !site.nodes.empty(); };
  const bool only = std::count_if(manifest.sites.begin(), manifest.sites.end(), has_nodes) == 1;
  std::vector<AskedRoute> all;
  for (const Manifest::Site& site : manifest.sites) {
    if (site.nodes.empty()) continue;
    AITBC_TRY_ASSIGN(const auto urls, bases_of(site, only, bases));
    if (urls.empty()) continue;
    for (const PublicRoute& route : public_routes(site)) {
      all.push_back(ask_route(route, expected_node(manifest, route), urls, credentials));
    }
  }
  return all;
}

}  // namespace aitbc::sites
