#include "sites/export/export.hpp"

namespace aitbc::sites {

namespace {

constexpr std::string_view default_user = "aitbc";

// What `systemd-analyze security` asks about, but for what a node needs: the network, and its own
// folder to write. It compiles nothing at run time. ProcSubset= stays as it is: without the
// machine's boot id the guard of an authority's key takes every start for that of a copy.
// First what only the machine's own systemd can do, then what a user's can, too.
constexpr std::string_view system_hardening = R"(CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=tmpfs
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RemoveIPC=yes
)";
constexpr std::string_view hardening = R"(NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077
)";

// The program with the libraries of its package; what is below /usr is seen anyway.
std::string program_lines(const std::string& program) {
  if (program.starts_with("/usr/")) return {};
  const std::filesystem::path folder = std::filesystem::path(program).parent_path();
  const bool packaged = folder.filename() == "bin";
  return "BindReadOnlyPaths=" + (packaged ? folder.parent_path().string() : program) + "\n";
}

std::string visible_files(const Manifest& manifest, const Manifest::Node& node,
                          const SitePlace& place) {
  std::string out = "\n# What it sees of the network's folder: what all share, and its own.\n" +
                    program_lines(place.program) +
                    "TemporaryFileSystem=" + place.layout.root().string() + ":ro\n";
  for (const std::string& file : shared_files_of(manifest, place.layout)) {
    out += "BindReadOnlyPaths=" + file + "\n";
  }
  return out + "BindPaths=" + place.layout.node(node.id).string() + "\n";
}

}  // namespace

std::string unit_name(const std::string& network, const std::string& node) {
  return "aitbc-" + network + "-" + node + ".service";
}

std::string unit_text(const Manifest& manifest, const Manifest::Node& node, const SitePlace& place,
                      const UnitUse& use) {
  const Layout& layout = place.layout;
  const bool system = use.manager == ServiceManager::system;
  std::string out =
      "[Unit]\nDescription=aitbc node " + node.id + " of the network " + manifest.network + "\n";
  if (system) out += "Wants=network-online.target\nAfter=network-online.target\n";
  out += "StartLimitIntervalSec=60\nStartLimitBurst=5\n\n[Service]\nType=exec\nExecStart=" +
         place.program;
  for (const std::string& word : node_arguments(layout.config(node.id))) out += " " + word;
  out += "\n" +
         (use.user ? "User=" + *use.user : "StandardOutput=append:" + layout.log(node.id).string());
  out +=
      "\nRestart=on-failure\nRestartSec=2\n"
      "# Of exit code 2: its configuration is wrong, and stays so.\n"
      "RestartPreventExitStatus=2\nTimeoutStopSec=15\nLimitNOFILE=4096\n";
  if (system) out += visible_files(manifest, node, place);
  out += "\n# What it may: the network, its files, and nothing else.\n";
  if (system) out += system_hardening;
  out += hardening;
  return out + "\n[Install]\nWantedBy=" + (system ? "multi-user" : "default") + ".target\n";
}

std::vector<ExportedFile> systemd_files(const Manifest& manifest, const ExportOptions& options) {
  const UnitUse use{ServiceManager::system, options.user.value_or(std::string(default_user))};
  std::vector<ExportedFile> files;
  for (std::size_t i = 0; i < manifest.sites.size(); ++i) {
    const Manifest::Site& site = manifest.sites[i];
    const std::string head = export_marker(manifest) + "# On the machine of site " + site.name +
                             ": /etc/systemd/system/. The network's folder must belong to " +
                             *use.user + "; `aitbc up` makes it.\n\n";
    for (const Manifest::Node& node : site.nodes) {
      files.push_back({unit_name(manifest.network, node.id),
                       head + unit_text(manifest, node, *options.places[i], use)});
    }
  }
  return files;
}

}  // namespace aitbc::sites
