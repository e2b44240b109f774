#pragma once
// What a network file says, in the words of programs of others: proxies in front of the nodes,
// systemd, Prometheus, docker compose. And the one place that says which public path leads to which
// node. Pure: nothing is read, written or asked. Plain values; any thread.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sites/layout.hpp"
#include "sites/manifest.hpp"
#include "sites/supervisor.hpp"

namespace aitbc::sites {

// A path that a site shows to everybody, and what is behind it.
struct PublicRoute {
  enum class Kind { requests, streams, events, page };
  Kind kind = Kind::requests;
  std::string site;
  std::string node;
  std::string path;     // what begins so comes here: "/rpc2/"; of a page, also the path itself
  std::string at_node;  // what the node knows it by: "/rpc/"
  std::string probe;    // a path of this route that every node answers, if only to refuse
};

// Of a site's nodes in the order of the file: /rpc/ is the first one, /rpc2/ the second, and so on;
// /explorer is the first one's. Paths that are inside of others come before those.
std::vector<PublicRoute> public_routes(const Manifest::Site&);

enum class ExportKind { nginx, apache, systemd, prometheus, compose };
inline constexpr ExportKind export_kinds[] = {ExportKind::nginx, ExportKind::apache,
                                              ExportKind::systemd, ExportKind::prometheus,
                                              ExportKind::compose};
std::string_view name(ExportKind);

struct ExportedFile {
  std::string path;  // within the folder of its kind; a plain name
  std::string text;
};

// Where a proxy listens; without an address on all of them.
struct Listening {
  std::string address = {};  // numeric
  std::uint16_t port = 80;
};

struct ProxyTls {
  std::string certificate, key;  // files on the proxy's machine
  Listening listening{{}, 443};
};

// How a site's nodes are run where they are.
struct SitePlace {
  std::string program;  // absolute
  Layout layout;
};

struct ExportOptions {
  Listening listening;
  std::optional<ProxyTls> tls;          // without it, HTTP in the clear
  std::optional<std::string> user;      // whom the nodes run as
  std::optional<std::string> key_file;  // with an API key, on Prometheus' machine
  // In the order of the manifest's sites; none where that is not known, which systemd and compose
  // cannot do without.
  std::vector<std::optional<SitePlace>> places;
};

// bad_manifest for a domain that is no host name; bad_config for what would have to be quoted in
// such a file, and for a place that is missing.
Result<std::vector<ExportedFile>> export_files(ExportKind, const Manifest&, const ExportOptions&);

// The first line of each file. A file that begins with it may be overwritten by an export of the
// same network.
std::string export_marker(const Manifest&);

// Each kind's own; what they are given was checked by export_files().
std::vector<ExportedFile> nginx_files(const Manifest&, const ExportOptions&);
std::vector<ExportedFile> apache_files(const Manifest&, const ExportOptions&);
std::vector<ExportedFile> systemd_files(const Manifest&, const ExportOptions&);
std::vector<ExportedFile> prometheus_files(const Manifest&, const ExportOptions&);
std::vector<ExportedFile> compose_files(const Manifest&, const ExportOptions&);

// "127.0.0.1:8082": where programs of the node's own machine reach it.
std::string upstream_of(const Manifest::Node&);
// "10.0.0.1:80"; `any` stands for a missing address.
std::string text(const Listening&, std::string_view any);
// In double quotes, as "1" is a number and "on" a truth elsewhere in YAML; `plain` needs no
// escapes.
std::string yaml_text(const std::string& plain);
// How long a proxy waits for a node that holds a long poll, and for news on a stream.
Duration proxy_patience(const Manifest&, PublicRoute::Kind);

// "aitbc-NETWORK-NODE.service".
std::string unit_name(const std::string& network, const std::string& node);
// Without the first line, which says whose it is. `user` is whom it runs as; without one it is the
// manager's own, and what it says goes where ours go: to the node's log.
struct UnitUse {
  ServiceManager manager = ServiceManager::system;
  std::optional<std::string> user = {};
};
std::string unit_text(const Manifest&, const Manifest::Node&, const SitePlace&, const UnitUse&);
// bad_config for a place whose paths would have to be quoted there.
Status check_place(const Manifest::Site&, const SitePlace&);

// What a node reads beside its own folder; absolute paths.
std::vector<std::string> shared_files_of(const Manifest&, const Layout&);

}  // namespace aitbc::sites
