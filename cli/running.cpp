#include "cli/running.hpp"

#include <algorithm>
#include <filesystem>

#include "cli/file.hpp"
#include "cli/keys.hpp"
#include "cli/number.hpp"
#include "cli/output.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t manifest_bytes_max = 1024 * 1024;
constexpr std::string_view folder_file = "network.yaml";  // of the current folder
constexpr std::string_view default_template = "default";

bool exists(std::string_view path) {
  std::error_code failure;
  return std::filesystem::exists(path, failure);
}

// nullopt where there is no network at all and none was asked for.
Result<std::optional<std::string>> find_name(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  const auto names = sites::list_networks(home);
  const auto known = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (invocation.network) {
    if (known(*invocation.network)) return invocation.network;
    return error(Errc::not_found, "there is no network '" + *invocation.network + "' in " + home +
                                      (names.empty() ? "; bring one up with: aitbc up"
                                                     : "; there are: " + joined(names)));
  }
  if (exists(folder_file)) {
    AITBC_TRY_ASSIGN(const sites::Manifest manifest, read_manifest(std::string(folder_file)));
    if (known(manifest.network)) return std::optional<std::string>(manifest.network);
  }
  if (names.empty()) return std::optional<std::string>();
  if (names.size() == 1) return std::optional<std::string>(names.front());
  return error(Errc::bad_config,
               "there are several networks, so say which with -n NAME: " + joined(names));
}

}  // namespace

rpc::Client::Limits short_limits() {
  return {.connect = Duration{1'000}, .total = Duration{2'000}};
}

Result<std::string> chosen_network(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto name, find_name(invocation));
  if (name) return *name;
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  return error(Errc::not_found, "there is no network in " + home + "; bring one up with: aitbc up");
}

Result<sites::Manifest> read_manifest(const std::string& file) {
  AITBC_TRY_ASSIGN(const std::string text, read_file(file, manifest_bytes_max));
  return sites::parse_manifest(text, file);
}

Result<std::unique_ptr<OpenNetwork>> OpenNetwork::load(Invocation& invocation,
                                                       const std::string& name) {
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  AITBC_TRY_ASSIGN(const std::string program, own_program());
  std::unique_ptr<OpenNetwork> open(new OpenNetwork(home, program, invocation.clock));
  AITBC_TRY_ASSIGN(auto network,
                   sites::Network::load(home, name, open->providers_, invocation.clock));
  open->network_.emplace(std::move(network));
  return open;
}

Result<std::unique_ptr<OpenNetwork>> OpenNetwork::make(Invocation& invocation,
                                                       sites::Manifest manifest) {
  if (invocation.network && *invocation.network != manifest.network) {
    return error(Errc::bad_config, "the network file is that of " + manifest.network + ", not of " +
                                       *invocation.network);
  }
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  AITBC_TRY_ASSIGN(const std::string program, own_program());
  std::unique_ptr<OpenNetwork> open(new OpenNetwork(home, program, invocation.clock));
  AITBC_TRY_ASSIGN(auto network, sites::Network::make(home, std::move(manifest), open->providers_,
                                                      invocation.clock));
  open->network_.emplace(std::move(network));
  return open;
}

Result<std::unique_ptr<OpenNetwork>> OpenNetwork::of(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const std::string name, chosen_network(invocation));
  return load(invocation, name);
}

Result<std::unique_ptr<OpenNetwork>> OpenNetwork::from_file(
    Invocation& invocation, const std::optional<std::string>& file) {
  if (file) {
    AITBC_TRY_ASSIGN(sites::Manifest manifest, read_manifest(*file));
    return make(invocation, std::move(manifest));
  }
  if (!invocation.network && exists(folder_file)) {
    AITBC_TRY_ASSIGN(sites::Manifest manifest, read_manifest(std::string(folder_file)));
    return make(invocation, std::move(manifest));
  }
  AITBC_TRY_ASSIGN(const auto name, find_name(invocation));
  if (name) return load(invocation, *name);
  const auto built_in = sites::network_template(default_template);
  AITBC_CHECK(built_in.has_value());
  AITBC_TRY_ASSIGN(sites::Manifest manifest, sites::parse_manifest(*built_in, "default.yaml"));
  return make(invocation, std::move(manifest));
}

Result<std::string> own_program() {
  std::error_code failure;
  std::string program = std::filesystem::read_symlink("/proc/self/exe", failure).string();
  if (failure) return error(Errc::io, "cannot find this program's own file: " + failure.message());
  return program;
}

Result<sites::UpOptions> start_options(Progress& progress, const std::string& timeout) {
  sites::UpOptions options;
  AITBC_TRY_ASSIGN(options.timeout, parse_duration(timeout, "--timeout"));
  options.progress = [&progress](const sites::Progress& step) {
    progress.step(step.text, step.done, step.total);
  };
  return options;
}

Result<KeyPair> faucet_key(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  return read_key_file(open->network().layout().faucet_key().string());
}

}  // namespace aitbc::cli
