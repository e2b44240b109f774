#include "sites/diagnosis/machine_facts.hpp"

#include <algorithm>
#include <array>

#include "chain/core/limits.hpp"
#include "rpc/json.hpp"

namespace aitbc::sites {

namespace {

constexpr std::size_t port_uses_max = limits::network_nodes_max;
constexpr std::size_t fact_bytes_max = 4 * 1024;
constexpr std::uint64_t port_number_max = 65'535;

constexpr std::array service_managers{ServiceManager::none, ServiceManager::system,
                                      ServiceManager::user};
constexpr std::array port_states{PortUse::State::free, PortUse::State::taken,
                                 PortUse::State::no_address};

Result<PortUse> read_port_use(rpc::ObjectReader& reader) {
  PortUse use;
  AITBC_TRY_ASSIGN(use.address, reader.text("address", fact_bytes_max));
  AITBC_TRY_ASSIGN(const std::uint64_t port, reader.integer("port", {1, port_number_max}));
  use.port = static_cast<std::uint16_t>(port);
  AITBC_TRY_ASSIGN(const std::string word, reader.text("state", fact_bytes_max));
  const auto found = std::find_if(port_states.begin(), port_states.end(),
                                  [&](PortUse::State state) { return name(state) == word; });
  if (found == port_states.end()) {
    return error(Errc::bad_json, reader.path_of("state") + ": expected free, taken or no_address");
  }
  use.state = *found;
  AITBC_TRY_ASSIGN(use.by, reader.text("by", fact_bytes_max));
  return use;
}

Result<UrlReach> read_url_reach(rpc::ObjectReader& reader) {
  UrlReach reach;
  AITBC_TRY_ASSIGN(reach.url, reader.text("url", fact_bytes_max));
  AITBC_TRY_ASSIGN(reach.answered, reader.boolean("answered"));
  AITBC_TRY_ASSIGN(reach.detail, reader.text("detail", fact_bytes_max));
  return reach;
}

Result<GivenUpUnit> read_given_up(rpc::ObjectReader& reader) {
  GivenUpUnit unit;
  AITBC_TRY_ASSIGN(unit.name, reader.text("unit", fact_bytes_max));
  AITBC_TRY_ASSIGN(unit.result, reader.text("result", fact_bytes_max));
  return unit;
}

Result<ServiceManager> read_services(rpc::ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string word, reader.text("services", fact_bytes_max));
  for (const ServiceManager each : service_managers) {
    if (name(each) == word) return each;
  }
  return error(Errc::bad_json, reader.path_of("services") + ": expected none, system or user");
}

}  // namespace

std::string_view name(PortUse::State state) {
  switch (state) {
    case PortUse::State::free:
      return "free";
    case PortUse::State::taken:
      return "taken";
    case PortUse::State::no_address:
      return "no_address";
  }
  AITBC_CHECK(false && "a State outside its enumerators");
}

std::string facts_json(const MachineFacts& facts) {
  rpc::Json out;
  out["architecture"] = facts.architecture;
  out["system"] = facts.system;
  out["systemd"] = facts.systemd;
  out["services"] = name(facts.services);
  out["disk_free_bytes"] = facts.disk_free_bytes;
  out["disk_free_files"] = facts.disk_free_files;
  out["memory_free_bytes"] = facts.memory_free_bytes;
  out["processes_left"] = nullptr;
  if (facts.processes_left) out["processes_left"] = *facts.processes_left;
  out["ports"] = rpc::Json::array();
  for (const PortUse& use : facts.ports) {
    rpc::Json row;
    row["address"] = use.address;
    row["port"] = use.port;
    row["state"] = name(use.state);
    row["by"] = use.by;
    out["ports"].push_back(std::move(row));
  }
  out["urls"] = rpc::Json::array();
  for (const UrlReach& reach : facts.urls) {
    rpc::Json row;
    row["url"] = reach.url;
    row["answered"] = reach.answered;
    row["detail"] = reach.detail;
    out["urls"].push_back(std::move(row));
  }
  out["given_up"] = rpc::Json::array();
  for (const GivenUpUnit& unit : facts.given_up) {
    rpc::Json row;
    row["unit"] = unit.name;
    row["result"] = unit.result;
    out["given_up"].push_back(std::move(row));
  }
  return rpc::dump(out);
}

Result<MachineFacts> parse_facts(std::string_view json) {
  AITBC_TRY_ASSIGN(const rpc::Json document, rpc::parse_json(json));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(document));
  MachineFacts facts;
  AITBC_TRY_ASSIGN(facts.architecture, reader.text("architecture", fact_bytes_max));
  AITBC_TRY_ASSIGN(facts.system, reader.text("system", fact_bytes_max));
  AITBC_TRY_ASSIGN(facts.systemd, reader.boolean("systemd"));
  AITBC_TRY_ASSIGN(facts.services, read_services(reader));
  AITBC_TRY_ASSIGN(facts.disk_free_bytes, reader.integer("disk_free_bytes"));
  AITBC_TRY_ASSIGN(facts.disk_free_files, reader.integer("disk_free_files"));
  AITBC_TRY_ASSIGN(facts.memory_free_bytes, reader.integer("memory_free_bytes"));
  AITBC_TRY_ASSIGN(const rpc::Json* left, reader.value("processes_left"));
  if (!left->is_null()) {
    AITBC_TRY_ASSIGN(facts.processes_left, reader.optional_integer("processes_left"));
  }
  AITBC_TRY_ASSIGN(auto ports, reader.objects("ports", port_uses_max));
  for (rpc::ObjectReader& each : ports) {
    AITBC_TRY_ASSIGN(PortUse use, read_port_use(each));
    facts.ports.push_back(std::move(use));
  }
  AITBC_TRY_ASSIGN(auto urls, reader.objects("urls", port_uses_max));
  for (rpc::ObjectReader& each : urls) {
    AITBC_TRY_ASSIGN(UrlReach reach, read_url_reach(each));
    facts.urls.push_back(std::move(reach));
  }
  AITBC_TRY_ASSIGN(auto units, reader.objects("given_up", port_uses_max));
  for (rpc::ObjectReader& each : units) {
    AITBC_TRY_ASSIGN(GivenUpUnit unit, read_given_up(each));
    facts.given_up.push_back(std::move(unit));
  }
  return facts;
}

}  // namespace aitbc::sites
