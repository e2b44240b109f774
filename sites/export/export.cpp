#include "sites/export/export.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration stream_patience{3'600'000};  // nodes ask a silent client much sooner
constexpr std::size_t host_name_bytes_max = 253;

// What needs no quotes in any of these files: so nothing in them is quoted, and none can be broken
// out of.
bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+@").find(c) != std::string_view::npos;
  });
}

bool is_host_name(std::string_view text) {
  return is_plain(text) && text.size() <= host_name_bytes_max &&
         text.find_first_of("/_+@") == std::string_view::npos && text.front() != '-' &&
         text.front() != '.';
}

Status check_plain(std::string_view what, const std::string& value) {
  if (is_plain(value)) return ok();
  return error(Errc::bad_config, std::string(what) +
                                     ": expected only letters, digits and / . _ - + @, which need "
                                     "no quotes, got '" +
                                     value + "'");
}

Status check_path(std::string_view what, const std::string& value) {
  AITBC_TRY(check_plain(what, value));
  if (value.starts_with('/')) return ok();
  return error(Errc::bad_config,
               std::string(what) + ": expected an absolute path, got '" + value + "'");
}

Status check_options(const ExportOptions& options) {
  if (options.tls) {
    AITBC_TRY(check_path("--tls: the certificate", options.tls->certificate));
    AITBC_TRY(check_path("--tls: the key", options.tls->key));
  }
  if (options.user && options.user->find_first_of("/+@") != std::string::npos) {
    return error(Errc::bad_config, "--user: expected a name or a number");
  }
  if (options.user) AITBC_TRY(check_plain("--user", *options.user));
  if (options.key_file) AITBC_TRY(check_path("--key-file", *options.key_file));
  return ok();
}

Status check_sites(ExportKind kind, const Manifest& manifest, const ExportOptions& options) {
  const bool runs_nodes = kind == ExportKind::systemd || kind == ExportKind::compose;
  for (std::size_t i = 0; i < manifest.sites.size(); ++i) {
    const Manifest::Site& site = manifest.sites[i];
    if (site.nodes.empty()) continue;
    AITBC_TRY(check_plain("environments: the name of a site", site.name));
    if (site.name.find('/') != std::string::npos || site.name.front() == '.') {
      return error(Errc::bad_config,
                   "environments: a file cannot be named after the site '" + site.name + "'");
    }
    if (!site.domain.empty() && !is_host_name(site.domain)) {
      return error(
          Errc::bad_manifest,
          "environments." + site.name + ".domain: expected a host name, got '" + site.domain + "'");
    }
    if (!runs_nodes) continue;
    if (!options.places.at(i)) {
      return error(Errc::bad_config,
                   "site " + site.name +
                       ": where its networks are kept is not known here; say so with --site-home, "
                       "or with home: in the network file");
    }
    AITBC_TRY(check_place(site, *options.places.at(i)));
  }
  return ok();
}

}  // namespace

Status check_place(const Manifest::Site& site, const SitePlace& place) {
  AITBC_TRY(check_path("site " + site.name + ": its program", place.program));
  return check_path("site " + site.name + ": its folder", place.layout.root().string());
}

std::vector<PublicRoute> public_routes(const Manifest::Site& site) {
  std::vector<PublicRoute> routes;
  for (std::size_t i = 0; i < site.nodes.size(); ++i) {
    const std::string prefix = i == 0 ? "/rpc" : "/rpc" + std::to_string(i + 1);
    const std::string& node = site.nodes[i].id;
    routes.push_back({PublicRoute::Kind::streams, site.name, node, prefix + "/ws/", "/rpc/ws/",
                      prefix + "/ws/blocks"});
    // Asked for what there is not, it answers like any other.
    routes.push_back({PublicRoute::Kind::events, site.name, node, prefix + "/events", "/rpc/events",
                      prefix + "/events?types=none"});
    routes.push_back(
        {PublicRoute::Kind::requests, site.name, node, prefix + "/", "/rpc/", prefix + "/head"});
  }
  if (!site.nodes.empty()) {
    routes.push_back({PublicRoute::Kind::page, site.name, site.nodes.front().id, "/explorer",
                      "/explorer", "/explorer"});
  }
  return routes;
}

std::string_view name(ExportKind kind) {
  switch (kind) {
    case ExportKind::nginx:
      return "nginx";
    case ExportKind::apache:
      return "apache";
    case ExportKind::systemd:
      return "systemd";
    case ExportKind::prometheus:
      return "prometheus";
    case ExportKind::compose:
      return "compose";
  }
  AITBC_CHECK(false && "an ExportKind outside its enumerators");
}

std::string export_marker(const Manifest& manifest) {
  return "# Made by aitbc export from the network " + manifest.network +
         "; the next export overwrites it.\n";
}

Result<std::vector<ExportedFile>> export_files(ExportKind kind, const Manifest& manifest,
                                               const ExportOptions& options) {
  AITBC_TRY(check_options(options));
  AITBC_TRY(check_sites(kind, manifest, options));
  switch (kind) {
    case ExportKind::nginx:
      return nginx_files(manifest, options);
    case ExportKind::apache:
      return apache_files(manifest, options);
    case ExportKind::systemd:
      return systemd_files(manifest, options);
    case ExportKind::prometheus:
      return prometheus_files(manifest, options);
    case ExportKind::compose:
      return compose_files(manifest, options);
  }
  AITBC_CHECK(false && "an ExportKind outside its enumerators");
}

std::string upstream_of(const Manifest::Node& node) {
  return endpoint_text(node.near_host(), node.port);
}

std::string text(const Listening& listening, std::string_view any) {
  const std::string& address = listening.address;
  return address.empty() ? std::string(any) + ":" + std::to_string(listening.port)
                         : endpoint_text(address, listening.port);
}

std::string yaml_text(const std::string& plain) { return "\"" + plain + "\""; }

Duration proxy_patience(const Manifest& manifest, PublicRoute::Kind kind) {
  const bool stays_open = kind == PublicRoute::Kind::streams || kind == PublicRoute::Kind::events;
  if (stays_open) return stream_patience;
  return std::max(manifest.features.sync_interval, limits::poll_interval) + limits::answer_time_max;
}

std::vector<std::string> shared_files_of(const Manifest& manifest, const Layout& layout) {
  std::vector<std::string> files{layout.genesis().string()};
  if (manifest.chain.faucet_balance != Amount{}) files.push_back(layout.faucet_key().string());
  if (manifest.is_reachable()) {
    files.push_back(layout.api_key().string());
    files.push_back(layout.api_keys().string());
  }
  return files;
}

}  // namespace aitbc::sites
