#include "sites/export/export.hpp"

namespace aitbc::sites {

namespace {

constexpr const char* targets_name = "targets.yaml";

std::string target(const Manifest& manifest, const Manifest::Site& site,
                   const Manifest::Node& node) {
  return "- targets: [" + yaml_text(endpoint_text(node.host, node.port)) +
         "]\n  labels: {network: " + yaml_text(manifest.network) +
         ", site: " + yaml_text(site.name) + ", node: " + yaml_text(node.id) + "}\n";
}

}  // namespace

std::vector<ExportedFile> prometheus_files(const Manifest& manifest, const ExportOptions& options) {
  std::string targets = export_marker(manifest);
  for (const Manifest::Site& site : manifest.sites) {
    for (const Manifest::Node& node : site.nodes) targets += target(manifest, site, node);
  }
  std::string scrape = export_marker(manifest) +
                       "# For prometheus.yml, or under its scrape_config_files.\nscrape_configs:\n"
                       "  - job_name: " +
                       yaml_text("aitbc-" + manifest.network) + "\n";
  if (options.key_file) {
    scrape +=
        "    authorization: {type: Bearer, credentials_file: " + yaml_text(*options.key_file) +
        "}\n";
  }
  scrape += "    file_sd_configs:\n      - files: [" + yaml_text(targets_name) + "]\n";
  return {{targets_name, std::move(targets)}, {"scrape.yaml", std::move(scrape)}};
}

}  // namespace aitbc::sites
