#include "sites/export/export.hpp"
#include "sites/supervisor.hpp"

namespace aitbc::sites {

namespace {

constexpr std::string_view default_user = "aitbc";

// What `systemd-analyze security` asks about, but for what a node needs: the network, and its own
// folder to write. It compiles nothing at run time. ProcSubset= stays as it is: without the
// machine's boot id the guard of an authority's key takes every start for that of a copy.
constexpr std::string_view hardening = R"(
# What it may: the network, the files above, and nothing else.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
LockPersonality=yes
MemoryDenyWriteExecute=yes
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
RestrictAddressFamilies=AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
UMask=0077

[Install]
WantedBy=multi-user.target
)";

// The program with the libraries of its package; what is below /usr is seen anyway.
std::string program_lines(const std::string& program) {
  if (program.starts_with("/usr/")) return {};
  const std::filesystem::path folder = std::filesystem::path(program).parent_path();
  const bool packaged = folder.filename() == "bin";
  return "BindReadOnlyPaths=" + (packaged ? folder.parent_path().string() : program) + "\n";
}

std::string unit(const Manifest& manifest, const Manifest::Site& site, const Manifest::Node& node,
                 const SitePlace& place, const std::string& user) {
  const Layout& layout = place.layout;
  std::string out = export_marker(manifest) + "# On the machine of site " + site.name +
                    ": /etc/systemd/system/. The network's folder must belong to " + user +
                    "; `aitbc up` makes it.\n\n[Unit]\nDescription=aitbc node " + node.id +
                    " of the network " + manifest.network +
                    "\nWants=network-online.target\nAfter=network-online.target\n"
                    "StartLimitIntervalSec=60\nStartLimitBurst=5\n\n[Service]\nType=exec\n"
                    "ExecStart=" +
                    place.program;
  for (const std::string& word : node_arguments(layout.config(node.id))) out += " " + word;
  out += "\nUser=" + user +
         "\nRestart=on-failure\nRestartSec=2\n"
         "# Of exit code 2: its configuration is wrong, and stays so.\n"
         "RestartPreventExitStatus=2\nTimeoutStopSec=15\nLimitNOFILE=4096\n\n"
         "# What it sees of the network's folder: what all share, and its own.\n" +
         program_lines(place.program) + "TemporaryFileSystem=" + layout.root().string() + ":ro\n";
  for (const std::string& file : shared_files_of(manifest, layout)) {
    out += "BindReadOnlyPaths=" + file + "\n";
  }
  out += "BindPaths=" + layout.node(node.id).string() + "\n";
  return out + std::string(hardening);
}

}  // namespace

std::vector<ExportedFile> systemd_files(const Manifest& manifest, const ExportOptions& options) {
  const std::string user = options.user.value_or(std::string(default_user));
  std::vector<ExportedFile> files;
  for (std::size_t i = 0; i < manifest.sites.size(); ++i) {
    const Manifest::Site& site = manifest.sites[i];
    for (const Manifest::Node& node : site.nodes) {
      files.push_back({"aitbc-" + manifest.network + "-" + node.id + ".service",
                       unit(manifest, site, node, *options.places[i], user)});
    }
  }
  return files;
}

}  // namespace aitbc::sites
