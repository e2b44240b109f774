#include <algorithm>

#include "chain/core/limits.hpp"
#include "rpc/ip.hpp"
#include "sites/manifest.hpp"

namespace aitbc::sites {

namespace {

bool is_name(std::string_view text, std::size_t bytes_max, bool upper) {
  const auto is_start = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (upper && c >= 'A' && c <= 'Z');
  };
  return !text.empty() && text.size() <= bytes_max && is_start(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_start(c) || c == '-' || c == '.' || c == '_'; });
}

}  // namespace

bool is_network_name(std::string_view text) {
  return is_name(text, limits::chain_id_bytes_max, false);
}

// 'all' and 'any' are words where a command takes nodes.
bool is_node_id(std::string_view text) {
  return is_name(text, limits::node_id_bytes_max, true) && text != "all" && text != "any";
}

std::string_view name(ProviderKind kind) {
  switch (kind) {
    case ProviderKind::process:
      return "process";
    case ProviderKind::ssh:
      return "ssh";
    case ProviderKind::incus:
      return "incus";
  }
  AITBC_CHECK(false && "a ProviderKind outside its enumerators");
}

bool Manifest::Node::is_reachable() const {
  const auto address = rpc::IpAddress::parse(bind);
  return !address || !address->is_loopback();
}

bool Manifest::is_reachable() const {
  return std::any_of(sites.begin(), sites.end(), [](const Site& site) {
    return site.is_published() || std::any_of(site.nodes.begin(), site.nodes.end(),
                                              [](const Node& node) { return node.is_reachable(); });
  });
}

std::string Manifest::Node::near_host() const {
  if (bind == "0.0.0.0") return "127.0.0.1";
  return bind == "::" ? "::1" : bind;
}

std::string endpoint_text(const std::string& host, std::uint16_t port) {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Manifest::Node::url() const { return "http://" + endpoint_text(host, port); }

const Manifest::Node* Manifest::find(std::string_view node) const {
  const Site* site = site_of(node);
  if (site == nullptr) return nullptr;
  return &*std::find_if(site->nodes.begin(), site->nodes.end(),
                        [&](const Node& each) { return each.id == node; });
}

const Manifest::Site* Manifest::site_of(std::string_view node) const {
  for (const Site& site : sites) {
    for (const Node& each : site.nodes) {
      if (each.id == node) return &site;
    }
  }
  return nullptr;
}

std::size_t Manifest::node_count() const {
  std::size_t count = 0;
  for (const Site& site : sites) count += site.nodes.size();
  return count;
}

std::size_t Manifest::authority_count() const {
  std::size_t count = 0;
  for (const Site& site : sites) {
    for (const Node& node : site.nodes) {
      if (node.authority) ++count;
    }
  }
  return count;
}

}  // namespace aitbc::sites
