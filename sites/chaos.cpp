#include "sites/chaos.hpp"

#include <algorithm>

#include "rpc/native.hpp"
#include "sites/parallel.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration answer_patience{3'000};
constexpr Duration lock_patience{10'000};  // for another command, or a healer at work
constexpr Duration look_pause{100};        // of a healer, at whether it is still wanted

Error about(const std::string& node, const Error& failure) {
  return error(failure.code, "node " + node + ": " + failure.detail);
}

// Commands that change the network do not wait for one another; faults come in quick succession.
Status with_patience(Clock& clock, const std::function<Status()>& change) {
  Status outcome = change();
  const Time deadline = clock.now() + lock_patience;
  while (!outcome && outcome.error().code == Errc::in_use && clock.now() < deadline) {
    clock.sleep_until(clock.now() + poll_pause);
    outcome = change();
  }
  return outcome;
}

}  // namespace

Status Chaos::require_devnet() {
  AITBC_TRY_ASSIGN(const Genesis genesis,
                   read_genesis(network_.layout(), providers_.here().transport));
  if (genesis.devnet) return ok();
  return error(Errc::not_devnet, "the genesis of " + genesis.chain_id +
                                     " does not say devnet, so nothing is broken here on purpose");
}

Result<std::vector<Chaos::Target>> Chaos::targets() {
  AITBC_TRY_ASSIGN(const auto processes, network_.processes());
  std::vector<Target> targets;
  for (const NodeProcess& process : processes) {
    targets.push_back({process.node, process.url, process.state});
  }
  return targets;
}

// ---- what nodes are told ------------------------------------------------------------------------

Result<std::vector<Fault>> Chaos::read_file_of(const std::string& node) {
  AITBC_TRY_ASSIGN(const Network::Place place, network_.place_of(node));
  const auto text =
      place.provider.transport.get(place.layout.faults(node), limits::network_file_bytes_max);
  if (!text && text.error().code == Errc::not_found) return std::vector<Fault>();
  if (!text) return text.error();
  AITBC_TRY_ASSIGN(auto faults, rpc::parse_faults(*text));
  std::erase_if(faults, [&](const Fault& fault) { return fault.until <= clock_.now(); });
  return faults;
}

Status Chaos::write_file_of(const std::string& node, const std::vector<Fault>& faults) {
  AITBC_TRY_ASSIGN(const Network::Place place, network_.place_of(node));
  return place.provider.transport.put(place.layout.faults(node), rpc::faults_json(faults) + "\n",
                                      Mode::file);
}

Status Chaos::tell(const Target& target, const Order& order, const NodeFault& told) {
  Fault fault{order.id, order.what, {}, {}, told.kind};
  if (target.state == RunState::paused) {
    return error(Errc::refused, "node " + target.node + " is paused and cannot be told anything");
  }
  if (target.state == RunState::stopped) {
    AITBC_TRY_ASSIGN(auto faults, read_file_of(target.node));
    fault.since = clock_.now();
    fault.until = fault.since + order.lasts;
    faults.push_back(std::move(fault));
    return write_file_of(target.node, faults);
  }
  AITBC_TRY_ASSIGN(rpc::Client client, network_.client_of(target.url, answer_patience));
  const auto begun = client.add_fault(fault, order.lasts);
  return begun ? ok() : Status(about(target.node, begun.error()));
}

Status Chaos::begin(const Order& order, const std::vector<NodeFault>& faults) {
  AITBC_TRY(require_devnet());
  AITBC_TRY_ASSIGN(const auto everyone, targets());
  std::vector<Status> outcomes(faults.size(), ok());
  const auto target_of = [&](const NodeFault& fault) -> const Target& {
    return *std::find_if(everyone.begin(), everyone.end(),
                         [&](const Target& each) { return each.node == fault.node; });
  };
  at_once(faults.size(),
          [&](std::size_t i) { outcomes[i] = tell(target_of(faults[i]), order, faults[i]); });
  const auto failed = std::find_if(outcomes.begin(), outcomes.end(),
                                   [](const Status& outcome) { return !outcome; });
  if (failed == outcomes.end()) return ok();
  // What cannot be taken back either ends by itself.
  at_once(faults.size(), [&](std::size_t i) {
    if (outcomes[i]) static_cast<void>(heal_on(target_of(faults[i]), order.id));
  });
  return *failed;
}

Result<std::vector<Fault>> Chaos::faults_of(const Target& target) {
  if (target.state == RunState::stopped) return read_file_of(target.node);
  if (target.state == RunState::paused) {
    return error(Errc::unreachable, "node " + target.node + " is paused");
  }
  AITBC_TRY_ASSIGN(rpc::Client client, network_.client_of(target.url, answer_patience));
  return client.faults();
}

Result<std::size_t> Chaos::heal_on(const Target& target, const std::optional<std::string>& id) {
  if (target.state == RunState::stopped) {
    AITBC_TRY_ASSIGN(auto faults, read_file_of(target.node));
    const std::size_t healed =
        std::erase_if(faults, [&](const Fault& fault) { return !id || fault.id == *id; });
    if (healed > 0) AITBC_TRY(write_file_of(target.node, faults));
    return healed;
  }
  AITBC_TRY_ASSIGN(rpc::Client client, network_.client_of(target.url, answer_patience));
  return client.heal(id);
}

// ---- killed and paused nodes --------------------------------------------------------------------

Status Chaos::strike(const Order& order, Control control, const std::string& node,
                     const std::function<Status()>& healer) {
  AITBC_TRY(require_devnet());
  AITBC_TRY_ASSIGN(const auto everyone, targets());
  const auto target = std::find_if(everyone.begin(), everyone.end(),
                                   [&](const Target& each) { return each.node == node; });
  if (target == everyone.end()) {
    return error(Errc::not_found,
                 "network " + network_.manifest().network + " has no node " + node);
  }
  if (target->state != RunState::running) {
    return error(Errc::refused,
                 "node " + node + " is " + std::string(name(target->state)) + ", not running");
  }
  const auto how = control == Control::pause ? Healing::How::resume : Healing::How::start;
  AITBC_TRY(healings().put({order.id, order.what, node, how, clock_.now() + order.lasts}));
  UpOptions options;
  options.fault = order.id;
  Status struck = healer();
  if (struck) {
    struck = with_patience(clock_, [&] { return network_.control(control, node, options); });
  }
  if (!struck) AITBC_TRY(healings().drop(order.id));
  return struck;
}

Status Chaos::restart(const std::string& node, const UpOptions& options) {
  AITBC_TRY(require_devnet());
  return with_patience(clock_, [&] { return network_.control(Control::restart, node, options); });
}

Status Chaos::heal_when_due(const std::string& id, const UpOptions& given) {
  for (;;) {
    const auto healing = healings().find(id);
    if (!healing) return ok();  // somebody took the node in hand
    if (clock_.now() < healing->until) {
      clock_.sleep_until(std::min(clock_.now() + look_pause, healing->until));
      continue;
    }
    UpOptions options = given;
    options.fault = id;
    options.wait = false;  // the network's lock is not held for longer than it must be
    const Control control = healing->how == Healing::How::resume ? Control::resume : Control::start;
    const Status healed =
        with_patience(clock_, [&] { return network_.control(control, healing->node, options); });
    const bool gone =
        !healed && (healed.error().code == Errc::not_found || healed.error().code == Errc::refused);
    return gone ? ok() : healed;
  }
}

// ---- what there is ------------------------------------------------------------------------------

Result<Chaos::Listed> Chaos::list() {
  AITBC_TRY(require_devnet());
  AITBC_TRY_ASSIGN(const auto everyone, targets());
  std::vector<Result<std::vector<Fault>>> answers(everyone.size(), std::vector<Fault>());
  at_once(everyone.size(), [&](std::size_t i) { answers[i] = faults_of(everyone[i]); });
  Listed listed;
  for (std::size_t i = 0; i < everyone.size(); ++i) {
    const std::string& node = everyone[i].node;
    if (!answers[i]) {
      listed.silent.push_back(node);
      continue;
    }
    for (const Fault& fault : *answers[i]) {
      const auto known = std::find_if(listed.faults.begin(), listed.faults.end(),
                                      [&](const Active& each) { return each.id == fault.id; });
      if (known != listed.faults.end()) {
        known->nodes.push_back(node);
      } else {
        listed.faults.push_back(
            {fault.id, fault.what, std::string(kind_name(fault)), {node}, fault.until});
      }
    }
  }
  for (const Healing& healing : healings().all()) {
    const bool resumes = healing.how == Healing::How::resume;
    listed.faults.push_back(
        {healing.id, healing.what, resumes ? "pause" : "kill", {healing.node}, healing.until});
  }
  return listed;
}

Result<std::vector<std::string>> Chaos::heal(const std::vector<std::string>& ids,
                                             const UpOptions& given) {
  AITBC_TRY_ASSIGN(const Listed listed, list());
  const auto wanted = [&](const std::string& id) {
    return ids.empty() || std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  for (const std::string& id : ids) {
    const bool known = std::any_of(listed.faults.begin(), listed.faults.end(),
                                   [&](const Active& each) { return each.id == id; });
    if (!known) {
      return error(Errc::not_found,
                   "there is no fault " + id + " in " + network_.manifest().network);
    }
  }
  // Nodes that are brought back first: they may have other faults.
  for (const Healing& healing : healings().all()) {
    if (!wanted(healing.id)) continue;
    UpOptions options = given;
    options.fault = healing.id;
    const Control control = healing.how == Healing::How::resume ? Control::resume : Control::start;
    AITBC_TRY(
        with_patience(clock_, [&] { return network_.control(control, healing.node, options); }));
  }
  AITBC_TRY_ASSIGN(const auto everyone, targets());
  std::vector<std::string> healed;
  for (const Active& fault : listed.faults) {
    if (!wanted(fault.id)) continue;
    healed.push_back(fault.id);
    for (const Target& target : everyone) {
      const bool has =
          std::find(fault.nodes.begin(), fault.nodes.end(), target.node) != fault.nodes.end();
      if (!has || fault.kind == "kill" || fault.kind == "pause") continue;
      const auto ended = heal_on(target, fault.id);
      const bool over = ended || ended.error().code == Errc::not_found;
      if (!over) return about(target.node, ended.error());
    }
  }
  return healed;
}

}  // namespace aitbc::sites
