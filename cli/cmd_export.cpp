#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "chain/core/limits.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "rpc/ip.hpp"
#include "rpc/json_writer.hpp"
#include "sites/export/export.hpp"
#include "sites/package.hpp"

namespace aitbc::cli {

namespace {

constexpr std::string_view all_kinds = "all";

struct ExportRequest {
  std::string kind;
  std::optional<std::string> file, folder, user, key_file, site_home, program;
  std::string listen = "80", listen_tls = "443";
  std::vector<std::string> tls;
  bool force = false;
};

struct Exported {
  sites::ExportKind kind;
  sites::ExportedFile file;
};

Result<std::vector<sites::ExportKind>> parse_kinds(const std::string& text) {
  std::string known;
  for (const sites::ExportKind kind : sites::export_kinds) {
    if (text == name(kind)) return std::vector{kind};
    known += std::string(name(kind)) + ", ";
  }
  if (text == all_kinds) {
    return std::vector(std::begin(sites::export_kinds), std::end(sites::export_kinds));
  }
  return error(Errc::bad_config, "expected " + known + "or all, got '" + text + "'");
}

// [ADDRESS:]PORT
Result<sites::Listening> parse_listening(const std::string& text, const char* what) {
  const std::size_t colon = text.rfind(':');
  const std::string port = colon == std::string::npos ? text : text.substr(colon + 1);
  std::string address = colon == std::string::npos ? "" : text.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) {
    address = address.substr(1, address.size() - 2);
  }
  AITBC_TRY_ASSIGN(const std::uint16_t number, parse_port(port, what));
  if (colon != std::string::npos && !rpc::IpAddress::parse(address)) {
    return error(
        Errc::bad_config,
        std::string(what) + ": expected [ADDRESS:]PORT with a numeric address, got '" + text + "'");
  }
  return sites::Listening{std::move(address), number};
}

// What is run there: this program on this machine, elsewhere its package.
Result<std::string> program_of(const sites::Manifest::Site& site, const std::string& home,
                               const ExportRequest& given) {
  if (given.program) return *given.program;
  if (site.provider == sites::ProviderKind::process) return own_program();
  AITBC_TRY_ASSIGN(const std::string id, sites::package_id());
  return (std::filesystem::path(home) / "packages" / id / "bin" / "aitbc").string();
}

Result<std::optional<sites::SitePlace>> place_of(const OpenNetwork& open,
                                                 const sites::Manifest::Site& site,
                                                 const ExportRequest& given) {
  std::string home = site.home.empty() ? given.site_home.value_or("") : site.home;
  sites::Layout layout = open.layout();
  if (site.provider == sites::ProviderKind::process) {
    home = layout.root().parent_path().parent_path().string();
  } else {
    if (home.empty()) return std::optional<sites::SitePlace>();
    layout = layout.below(home);
  }
  AITBC_TRY_ASSIGN(std::string program, program_of(site, home, given));
  return std::optional(sites::SitePlace{std::move(program), std::move(layout)});
}

Result<sites::ExportOptions> options_of(const OpenNetwork& open, const ExportRequest& given) {
  sites::ExportOptions options;
  AITBC_TRY_ASSIGN(options.listening, parse_listening(given.listen, "--listen"));
  if (!given.tls.empty()) {
    AITBC_TRY_ASSIGN(sites::Listening secure, parse_listening(given.listen_tls, "--listen-tls"));
    options.tls = sites::ProxyTls{given.tls.front(), given.tls.back(), std::move(secure)};
  }
  options.user = given.user;
  options.key_file = given.key_file;
  for (const sites::Manifest::Site& site : open.manifest().sites) {
    AITBC_TRY_ASSIGN(auto place, place_of(open, site, given));
    options.places.push_back(std::move(place));
  }
  return options;
}

// Nothing is written when one of them is somebody else's.
Status check_overwriting(const std::vector<std::string>& paths, const std::string& marker) {
  for (const std::string& path : paths) {
    std::error_code failure;
    if (!std::filesystem::exists(std::filesystem::symlink_status(path, failure))) continue;
    const auto text = read_file(path, limits::network_file_bytes_max);
    if (text && text->starts_with(marker)) continue;
    return error(Errc::bad_config, path +
                                       " is there and is no export of this network; take another "
                                       "folder, or overwrite it with --force");
  }
  return ok();
}

Verdict write_exports(Invocation& invocation, const sites::Manifest& manifest,
                      const ExportRequest& given, const std::vector<Exported>& exported) {
  std::vector<std::string> paths;
  for (const Exported& each : exported) {
    std::filesystem::path path = *given.folder;
    if (given.kind == all_kinds) path /= name(each.kind);
    paths.push_back((path / each.file.path).string());
  }
  if (!given.force) AITBC_TRY(check_overwriting(paths, sites::export_marker(manifest)));
  rpc::ArrayWriter rows;
  for (std::size_t i = 0; i < exported.size(); ++i) {
    AITBC_TRY(make_folder(folder_of(paths[i])));
    AITBC_TRY(write_file(paths[i], exported[i].file.text, {.existing = Existing::replace}));
    rpc::ObjectWriter row;
    row.text("kind", name(exported[i].kind)).text("path", paths[i]);
    rows.json(std::move(row).finish());
    invocation.output.line(paths[i]);
  }
  rpc::ObjectWriter out;
  out.text("network", manifest.network).json("files", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  return Exit::done;
}

Verdict print_export(Invocation& invocation, const sites::Manifest& manifest,
                     const Exported& exported) {
  const std::string& text = exported.file.text;
  rpc::ObjectWriter row;
  row.text("kind", name(exported.kind)).text("path", exported.file.path).text("text", text);
  rpc::ArrayWriter rows;
  rows.json(std::move(row).finish());
  rpc::ObjectWriter out;
  out.text("network", manifest.network).json("files", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(text.substr(0, text.find_last_not_of('\n') + 1));
  return Exit::done;
}

Verdict export_network(Invocation& invocation, const ExportRequest& given) {
  AITBC_TRY_ASSIGN(const auto kinds, parse_kinds(given.kind));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, given.file));
  AITBC_TRY_ASSIGN(const sites::ExportOptions options, options_of(*open, given));
  const sites::Manifest& manifest = open->manifest();
  std::vector<Exported> exported;
  for (const sites::ExportKind kind : kinds) {
    AITBC_TRY_ASSIGN(auto files, sites::export_files(kind, manifest, options));
    for (sites::ExportedFile& file : files) exported.push_back({kind, std::move(file)});
  }
  if (given.folder) return write_exports(invocation, manifest, given, exported);
  if (exported.size() == 1) return print_export(invocation, manifest, exported.front());
  return error(Errc::bad_config, "these are " + std::to_string(exported.size()) +
                                     " files: say in which folder they shall be, with -o");
}

}  // namespace

void add_export_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<ExportRequest>();
  CLI::App* command = add_command(
      root,
      {"export", "The network file in the words of proxies, systemd, Prometheus and docker",
       "aitbc export nginx -f network.yaml --tls /etc/ssl/site.pem /etc/ssl/site.key -o conf.d\n"
       "  aitbc export systemd --user aitbc -o units && systemd-analyze verify units/*\n"
       "  aitbc export all -o exported"});
  command->add_option("KIND", given->kind, "nginx, apache, systemd, prometheus, compose, all")
      ->required();
  command->add_option("-f,--file", given->file,
                      "The network file (default: ./network.yaml, else the network there is)");
  command->add_option("-o,--output", given->folder,
                      "The folder to write to, made if needed (default: stdout, of one file)");
  command->add_flag("--force", given->force, "Overwrite also what is no export of this network");
  command->add_option("--listen", given->listen, "[ADDRESS:]PORT of a proxy for HTTP")
      ->capture_default_str();
  command->add_option("--tls", given->tls, "CERTIFICATE KEY of a proxy; HTTP then leads to HTTPS")
      ->expected(2);
  command->add_option("--listen-tls", given->listen_tls, "[ADDRESS:]PORT of a proxy for HTTPS")
      ->capture_default_str();
  command->add_option("--user", given->user,
                      "Whom systemd (default: aitbc) and docker (UID, default: $AITBC_USER) run "
                      "nodes as");
  command->add_option("--program", given->program,
                      "What systemd runs (default: this program, elsewhere its package)");
  command->add_option("--site-home", given->site_home,
                      "Where networks are kept on machines whose home: is not in the file");
  command->add_option("--key-file", given->key_file,
                      "File on Prometheus' machine with the API key that nodes ask for");
  choose(*command, invocation, [&invocation, given] { return export_network(invocation, *given); });
}

}  // namespace aitbc::cli
