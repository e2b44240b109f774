#include "sites/remote/container.hpp"

#include <algorithm>

#include "rpc/json.hpp"

namespace aitbc::sites::remote {

namespace {

constexpr std::string_view owner_key = "user.aitbc.network";
constexpr std::string_view disk_limit = "disk";

using Texts = std::map<std::string, std::string>;

// What incus says of texts is texts; of others it is left out.
Texts texts_of(const rpc::Json& object) {
  Texts texts;
  if (!object.is_object()) return texts;
  for (const auto& item : object.items()) {
    if (item.value().is_string()) texts.emplace(item.key(), item.value().get<std::string>());
  }
  return texts;
}

std::map<std::string, ContainerState::Device> devices_of(const rpc::Json& object) {
  std::map<std::string, ContainerState::Device> devices;
  if (!object.is_object()) return devices;
  for (const auto& item : object.items()) devices.emplace(item.key(), texts_of(item.value()));
  return devices;
}

std::string value_of(const Texts& texts, std::string_view key) {
  const auto found = texts.find(std::string(key));
  return found == texts.end() ? "" : found->second;
}

// Proxies of the network, by their place in the file. Another network may have some on the same
// container; no network's name has a capital letter.
std::string proxy_prefix(const std::string& network) { return "aitbc-" + network + "-P"; }

std::map<std::string, ContainerState::Device> proxies_of(const Manifest::Site& site,
                                                         const std::string& network) {
  std::map<std::string, ContainerState::Device> proxies;
  std::size_t number = 0;
  for (const auto& [listen, connect] : site.proxies) {
    proxies[proxy_prefix(network) + std::to_string(++number)] = {
        {"type", "proxy"}, {"listen", listen}, {"connect", connect}};
  }
  return proxies;
}

ContainerStep remove_device(const ContainerName& container, const std::string& device) {
  return {"remove proxy " + device, {"config", "device", "remove", container.text(), device}};
}

ContainerStep add_proxy(const ContainerName& container, const std::string& name,
                        const ContainerState::Device& proxy) {
  const std::string listen = value_of(proxy, "listen"), connect = value_of(proxy, "connect");
  return {"add proxy " + listen + " to " + connect,
          {"config", "device", "add", container.text(), name, "proxy", "listen=" + listen,
           "connect=" + connect}};
}

ContainerStep launch(const Manifest::Site& site, const std::string& network,
                     const ContainerName& container) {
  std::vector<std::string> argv{"launch",         "-q", site.image,
                                container.text(), "-c", std::string(owner_key) + "=" + network};
  for (const auto& [what, value] : site.limits) {
    if (what == disk_limit) {
      argv.insert(argv.end(), {"-d", "root,size=" + value});
    } else {
      argv.insert(argv.end(), {"-c", "limits." + what + "=" + value});
    }
  }
  const bool v6 = site.address.find(':') != std::string::npos;
  if (!site.address.empty()) {
    argv.insert(argv.end(),
                {"-d", std::string("eth0,") + (v6 ? "ipv6" : "ipv4") + ".address=" + site.address});
  }
  return {"create container " + container.text() + " of image " + site.image, std::move(argv)};
}

// Limits that the file names no more end on a container that is the network's own.
void add_limits(const Manifest::Site& site, const std::string& network,
                const ContainerName& container, const ContainerState& state,
                std::vector<ContainerStep>& steps) {
  for (const auto& [what, value] : site.limits) {
    if (what == disk_limit) {
      const auto root = state.expanded.find("root");
      const std::string now = root == state.expanded.end() ? "" : value_of(root->second, "size");
      if (now == value) continue;
      const bool own = state.devices.find("root") != state.devices.end();
      steps.push_back({"disk " + (now.empty() ? "unlimited" : now) + " -> " + value,
                       {"config", "device", own ? "set" : "override", container.text(), "root",
                        "size=" + value}});
      continue;
    }
    const std::string key = "limits." + what, now = value_of(state.config, key);
    if (now == value) continue;
    steps.push_back({what + " " + (now.empty() ? "unlimited" : now) + " -> " + value,
                     {"config", "set", container.text(), key + "=" + value}});
  }
  if (!state.belongs_to(network)) return;
  for (const char* what : {"cpu", "memory", "processes"}) {
    const std::string key = std::string("limits.") + what, now = value_of(state.config, key);
    if (now.empty() || site.limits.find(what) != site.limits.end()) continue;
    steps.push_back({std::string(what) + " " + now + " -> unlimited",
                     {"config", "unset", container.text(), key}});
  }
}

}  // namespace

std::string ContainerName::resource() const {
  const std::size_t colon = text_.find(':');
  const std::string path = "/1.0/instances/";
  if (colon == std::string::npos) return path + text_;
  return text_.substr(0, colon + 1) + path + text_.substr(colon + 1);
}

bool ContainerState::belongs_to(const std::string& network) const {
  return value_of(config, owner_key) == network;
}

Result<ContainerState> parse_container(std::string_view json) {
  const auto parsed = rpc::parse_json(json);
  if (!parsed || !parsed->is_object() || !parsed->contains("status") ||
      !(*parsed)["status"].is_string()) {
    return error(Errc::bad_encoding, "incus does not describe a container");
  }
  const auto part = [&](const char* name) {
    const auto found = parsed->find(name);
    return found == parsed->end() ? rpc::Json() : *found;
  };
  return ContainerState{(*parsed)["status"].get<std::string>(), texts_of(part("config")),
                        devices_of(part("devices")), devices_of(part("expanded_devices"))};
}

Result<std::vector<ContainerStep>> container_steps(const Manifest::Site& site,
                                                   const std::string& network,
                                                   const ContainerName& container,
                                                   const std::optional<ContainerState>& state) {
  std::vector<ContainerStep> steps;
  const auto proxies = proxies_of(site, network);
  if (!state) {
    if (site.image.empty()) {
      return error(Errc::bad_manifest, "site " + site.name + ": there is no container " +
                                           container.text() +
                                           "; make it, or name the image to make it of");
    }
    steps.push_back(launch(site, network, container));
    for (const auto& [name, proxy] : proxies) steps.push_back(add_proxy(container, name, proxy));
    return steps;
  }
  add_limits(site, network, container, *state, steps);
  for (const auto& [name, device] : state->devices) {
    const auto wanted = proxies.find(name);
    if (!name.starts_with(proxy_prefix(network))) continue;
    if (wanted == proxies.end() || wanted->second != device) {
      steps.push_back(remove_device(container, name));
    }
  }
  for (const auto& [name, proxy] : proxies) {
    const auto there = state->devices.find(name);
    if (there != state->devices.end() && there->second == proxy) continue;
    steps.push_back(add_proxy(container, name, proxy));
  }
  if (!state->runs()) {
    const bool frozen = state->status == "Frozen";
    steps.push_back({(frozen ? "resume container " : "start container ") + container.text(),
                     {frozen ? "resume" : "start", container.text()}});
  }
  return steps;
}

std::vector<ContainerStep> leaving_steps(const std::string& network, const ContainerName& container,
                                         const ContainerState& state) {
  std::vector<ContainerStep> steps;
  for (const auto& [name, device] : state.devices) {
    if (name.starts_with(proxy_prefix(network))) steps.push_back(remove_device(container, name));
  }
  if (state.belongs_to(network)) {
    steps.push_back({"leave container " + container.text() + " to others",
                     {"config", "unset", container.text(), std::string(owner_key)}});
  }
  return steps;
}

std::vector<ContainerStep> deleting_steps(const ContainerName& container) {
  return {{"delete container " + container.text(), {"delete", "-f", container.text()}}};
}

}  // namespace aitbc::sites::remote
