#include "sites/export/export.hpp"
#include "sites/supervisor.hpp"

namespace aitbc::sites {

namespace {

constexpr const char* image = "debian:12-slim";
constexpr const char* package_inside = "/opt/aitbc";

bool is_number(const std::string& text) {
  return text.find_first_not_of("0123456789") == std::string::npos;
}

// Where it is outside, too: the paths in a node's config hold in both.
std::string mount(const std::string& source, const std::string& target, bool writable) {
  return "      - {type: bind, source: " + yaml_text(source) + ", target: " + yaml_text(target) +
         (writable ? "" : ", read_only: true") + ", bind: {create_host_path: false}}\n";
}

std::string service(const Manifest& manifest, const Manifest::Node& node, const SitePlace& place,
                    const ExportOptions& options) {
  const Layout& layout = place.layout;
  std::string out = "  " + yaml_text("node-" + node.id) + ":\n    image: " + yaml_text(image) +
                    "\n    command: [" + yaml_text(std::string(package_inside) + "/bin/aitbc");
  for (const std::string& word : node_arguments(layout.config(node.id))) {
    out += ", " + yaml_text(word);
  }
  // A name means nothing inside of the image.
  const bool known = options.user && is_number(*options.user);
  const std::string user =
      known ? *options.user : "${AITBC_USER:?UID:GID of whom the network's folder belongs to}";
  out += "]\n    user: " + yaml_text(user) +
         "\n    network_mode: host\n    read_only: true\n    cap_drop: [ALL]\n"
         "    security_opt: [\"no-new-privileges:true\"]\n    restart: \"on-failure:5\"\n"
         "    stop_grace_period: 15s\n    ulimits: {nofile: 4096}\n    volumes:\n";
  out += mount("./package", package_inside, false);
  for (const std::string& file : shared_files_of(manifest, layout)) out += mount(file, file, false);
  const std::string own = layout.node(node.id).string();
  return out + mount(own, own, true);
}

}  // namespace

std::vector<ExportedFile> compose_files(const Manifest& manifest, const ExportOptions& options) {
  std::vector<ExportedFile> files;
  for (std::size_t i = 0; i < manifest.sites.size(); ++i) {
    const Manifest::Site& site = manifest.sites[i];
    if (site.nodes.empty()) continue;
    std::string out =
        export_marker(manifest) + "# On the machine of site " + site.name +
        ", where `aitbc up` has made the network's folder and `aitbc stop` has stopped its nodes.\n"
        "# The archive of `aitbc package` is unpacked to ./package. Nodes are on the machine's "
        "own\n"
        "# network: at the addresses that the network file says, and with its trust in callers.\n"
        "services:\n";
    for (const Manifest::Node& node : site.nodes) {
      out += service(manifest, node, *options.places[i], options);
    }
    files.push_back({site.name + ".yaml", std::move(out)});
  }
  return files;
}

}  // namespace aitbc::sites
