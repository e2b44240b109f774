#include <algorithm>
#include <mutex>

#include "chain/core/limits.hpp"
#include "rpc/client.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "sites/healing.hpp"
#include "sites/network.hpp"
#include "sites/parallel.hpp"
#include "sites/prepare.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration health_time_max{500};  // one answer of one node
constexpr std::size_t health_text_bytes_max = 4'096;
constexpr std::size_t log_lines_shown = 5;

std::string indented(const std::string& text) {
  std::string result;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    result += "\n    " + text.substr(start, end - start);
    start = end + 1;
  }
  return result;
}

// A node that could not be told was started again.
void note_outcome(const Plan& done, Step& planned) {
  for (const Step& step : done.steps) {
    const bool is_it = step.node == planned.node && planned.action == Step::Action::update;
    if (is_it) planned = step;
  }
}

}  // namespace

// ---- up -----------------------------------------------------------------------------------------

// What is being done, of how much: told by several threads.
class Network::Telling {
 public:
  Telling(const OnProgress& progress, std::size_t total) : progress_(progress), total_(total) {}
  void tell(const Step& step) {
    tell(std::string(name(step.action)) + " node " + step.node + " (" + step.why + ")");
  }
  void tell(std::string text) {
    const std::lock_guard lock(mutex_);
    progress_({std::move(text), done_++, total_});
  }

 private:
  const OnProgress& progress_;
  const std::size_t total_;
  std::mutex mutex_;  // guards the count, and keeps the words apart
  std::size_t done_ = 0;
};

// The network file here always names every machine that has something of the network: what the last
// file had goes before this one takes its place, and what this one adds comes after that.
Result<Plan> Network::up(const UpOptions& options) {
  AITBC_TRY_ASSIGN(auto given_up, giving_up(options.give_up));
  AITBC_TRY_ASSIGN(const auto states, machine_states());
  AITBC_TRY_ASSIGN(auto everyone, members_that_run(states));
  Transport& files = providers_.here().transport;
  Locks locks;
  AITBC_TRY(locks.take(files, layout_));
  AITBC_TRY_ASSIGN(Grounds grounds, lock_grounds(locks, everyone, std::move(given_up)));
  AITBC_TRY(files.remove_tree(layout_.purged()));
  AITBC_TRY_ASSIGN(Intent intent, plan_for(everyone, grounds));
  AITBC_TRY_ASSIGN(Plan plan, with_machines(intent, states));
  Telling telling(options.progress, plan.changes());
  AITBC_TRY(Healings(layout_, files).drop_all());
  AITBC_TRY(remove_left(intent, telling));
  AITBC_TRY(leave_sites(layout_, grounds.gone, providers_, locks));
  AITBC_TRY(files.make_folder(layout_.root(), Mode::secret_folder));
  AITBC_TRY(note_given_up(layout_, grounds.given_up, files));
  AITBC_TRY(put_if_changed(files, layout_.manifest(), manifest_.text, Mode::file));
  if (!plan.machines.empty()) {
    AITBC_TRY(make_machines(plan, telling));
    AITBC_TRY_ASSIGN(everyone, members());
    AITBC_TRY_ASSIGN(grounds, lock_grounds(locks, everyone, {}));
    AITBC_TRY_ASSIGN(intent, plan_for(everyone, grounds));
    AITBC_TRY(remove_left(intent, telling));
  }
  AITBC_TRY(write_shared_files(everyone));
  AITBC_TRY(carry_out(intent.plan, everyone, telling));
  for (Step& step : plan.steps) note_outcome(intent.plan, step);
  if (options.wait) AITBC_TRY(wait_healthy(options.timeout, options.progress));
  return plan;
}

Status Network::make_machines(const Plan& plan, Telling& telling) {
  return on_sites(manifest_.sites, [&](const Manifest::Site& site) -> Status {
    bool wanted = false;
    for (const MachineStep& step : plan.machines) {
      if (step.site != site.name) continue;
      telling.tell("site " + site.name + ": " + step.what);
      wanted = true;
    }
    return wanted ? providers_.make_machine(site, manifest_.network) : ok();
  });
}

Status Network::remove_left(const Intent& intent, Telling& telling) {
  for (const Left& left : intent.left) {
    if (!left.moves) {
      telling.tell({Step::Action::remove, "", left.node, "not in the network file"});
    }
    AITBC_TRY(left.provider.supervisor.stop(spec_of(left.provider, left.layout, left.node),
                                            stop_patience));
    if (left.moves) AITBC_TRY(take_along(left));
    AITBC_TRY(left.provider.transport.remove_tree(left.layout.node(left.node)));
  }
  return ok();
}

Status Network::put_if_changed(Transport& transport, const std::filesystem::path& path,
                               const std::string& text, Mode mode) {
  const auto there = transport.get(path, limits::network_file_bytes_max);
  if (there && *there == text) return ok();
  if (!there && there.error().code != Errc::not_found) return there.error();
  return transport.put(path, text, mode);
}

// Whatever is there already is taken as it is, so that this can be killed anywhere and done again.
Status Network::write_shared_files(const std::vector<Member>& members) {
  Transport& files = providers_.here().transport;
  AITBC_TRY(files.make_folder(layout_.nodes(), Mode::secret_folder));
  AITBC_TRY(on_machines(members, [&](std::size_t i) { return prepare_node(members[i]); }));
  AITBC_TRY(make_shared_files(members));
  return hand_out_shared_files(members);
}

// Its folders there with what it brings, and the key of a candidate, which is made where it lives.
Status Network::prepare_node(const Member& member) {
  Transport& there = member.provider.transport;
  AITBC_TRY(there.make_folder(member.layout.root(), Mode::secret_folder));
  AITBC_TRY(there.make_folder(member.layout.nodes(), Mode::secret_folder));
  AITBC_TRY(there.make_folder(member.layout.node(member.node.id), Mode::secret_folder));
  AITBC_TRY(set_down(member));
  if (!member.node.candidate) return ok();
  const auto key = there.make_key(member.layout.authority_key(member.node.id));
  return key ? ok() : Status(key.error());
}

// The genesis comes last: when it is there, every key that it names is on disk.
Status Network::make_shared_files(const std::vector<Member>& members) {
  Transport& files = providers_.here().transport;
  if (manifest_.is_reachable()) AITBC_TRY(make_api_key(files, layout_));
  const auto there = files.get(layout_.genesis(), limits::genesis_bytes_max);
  if (there || there.error().code != Errc::not_found) return there ? ok() : there.error();

  GenesisKeys keys;
  if (manifest_.chain.faucet_balance != Amount{}) {
    AITBC_TRY_ASSIGN(keys.faucet, files.make_key(layout_.faucet_key()));
  }
  if (manifest_.chain.makes_coordinator()) {
    AITBC_TRY_ASSIGN(keys.coordinator, files.make_key(layout_.coordinator_key()));
  }
  std::vector<PublicKey> made(members.size());
  AITBC_TRY(on_machines(members, [&](std::size_t i) -> Status {
    if (!members[i].node.authority) return ok();
    AITBC_TRY_ASSIGN(made[i], members[i].provider.transport.make_key(
                                  members[i].layout.authority_key(members[i].node.id)));
    return ok();
  }));
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].node.authority) keys.authorities.push_back(made[i]);
  }
  const Time now = std::chrono::floor<std::chrono::seconds>(clock_.now());
  AITBC_TRY_ASSIGN(const Genesis genesis, make_genesis(manifest_, keys, now));
  return files.put(layout_.genesis(), rpc::genesis_json(genesis) + "\n", Mode::file);
}

// What nodes of one network have in common, to the machines that they are on.
Status Network::hand_out_shared_files(const std::vector<Member>& members) {
  struct Shared {
    std::filesystem::path (Layout::*path)() const;
    Mode mode;
  };
  constexpr Shared shared[] = {{&Layout::genesis, Mode::file},
                               {&Layout::faucet_key, Mode::secret_file},
                               {&Layout::api_key, Mode::secret_file},
                               {&Layout::api_keys, Mode::secret_file}};
  struct File {
    Shared what;
    std::string bytes;
  };
  Transport& here = providers_.here().transport;
  std::vector<File> files;
  for (const Shared& what : shared) {
    auto bytes = here.get((layout_.*what.path)(), limits::genesis_bytes_max);
    if (!bytes && bytes.error().code == Errc::not_found) continue;
    if (!bytes) return bytes.error();
    files.push_back({what, std::move(*bytes)});
  }
  const std::vector<const Member*> others = machines(members);
  return all_at_once(others.size(), [&](std::size_t i) -> Status {
    Transport& there = others[i]->provider.transport;
    if (&there == &here) return ok();
    for (const File& file : files) {
      const auto to = (others[i]->layout.*file.what.path)();
      AITBC_TRY(put_if_changed(there, to, file.bytes, file.what.mode));
    }
    return ok();
  });
}

// A node is stopped before its config is replaced, unless it is told of it (network_update.cpp):
// whatever runs has the config that is on disk, and a later plan can tell from the files alone.
Status Network::stop_changed(const Plan& plan, const std::vector<Member>& members) const {
  return all_at_once(members.size(), [&](std::size_t i) -> Status {
    const Step::Action action = plan.steps[i].action;
    if (action == Step::Action::keep || action == Step::Action::start ||
        action == Step::Action::update) {
      return ok();
    }
    AITBC_TRY(members[i].provider.supervisor.stop(spec_of(members[i]), stop_patience));
    return ok();
  });
}

Status Network::carry_out(Plan& plan, const std::vector<Member>& members, Telling& telling) {
  AITBC_TRY(stop_changed(plan, members));
  return on_machines(members, [&](std::size_t i) -> Status {
    Step& step = plan.steps[i];
    if (step.action == Step::Action::keep) return ok();
    if (step.action == Step::Action::update) AITBC_TRY(update(step, members[i]));
    telling.tell(step);
    return step.action == Step::Action::update ? ok() : start(members[i]);
  });
}

Status Network::start(const Member& member) {
  Supervisor& supervisor = member.provider.supervisor;
  const NodeSpec spec = spec_of(member);
  AITBC_TRY_ASSIGN(const RunState state, supervisor.state(spec));
  if (state == RunState::paused) return supervisor.resume(spec);
  // A unit may be about to bring it back.
  AITBC_TRY(supervisor.stop(spec, stop_patience));
  AITBC_TRY(put_if_changed(member.provider.transport, member.layout.config(member.node.id),
                           config_text(manifest_, member.layout, member.node), Mode::file));
  AITBC_TRY(member.provider.transport.remove_tree(member.layout.next_config(member.node.id)));
  return supervisor.start(spec);
}

// ---- health -------------------------------------------------------------------------------------

// What is wrong with it; nullopt if it answers under its own name and with this network's genesis:
// another network may have nodes and a chain of the same names.
std::optional<std::string> Network::unhealthy(const Member& member,
                                              const std::optional<GenesisHash>& genesis) const {
  auto client = client_of(member.node.url(), health_time_max);
  if (!client) return client.error().detail;
  const auto body = client->get("/health");
  if (!body) return body.error().detail;
  const auto json = rpc::parse_json(*body);
  auto fields = json ? rpc::ObjectReader::open(*json) : Result<rpc::ObjectReader>(json.error());
  if (!fields) return "it does not answer as a node does: " + fields.error().detail;
  const auto node = fields->text("node_id", limits::manifest_text_bytes_max);
  const auto chain = fields->text("chain_id", limits::manifest_text_bytes_max);
  const auto health = fields->text("status", limits::manifest_text_bytes_max);
  const auto standing = fields->text("state", health_text_bytes_max);
  if (!node || !chain) return "it does not answer as a node of this project does";
  if (*node != member.node.id || *chain != manifest_.chain_id()) {
    return "node " + *node + " of chain " + *chain + " answers there, expected node " +
           member.node.id + " of chain " + manifest_.chain_id();
  }
  if (health && *health != "ok") return standing ? *standing : *health;
  const auto said = client->sync({});
  if (!said) return said.error().detail;
  if (genesis && said->genesis_hash != *genesis) {
    return "a node of another network with a chain of this name answers there";
  }
  return std::nullopt;
}

// For people: what it answered last, and what it wrote last.
std::string Network::account_of(const Member& member, const std::string& answer) const {
  const std::string log = member.provider.supervisor.log_tail(spec_of(member), log_lines_shown);
  return "\n  node " + member.node.id + " at " + member.node.url() + ": " + answer +
         "\n  the end of " + member.layout.log(member.node.id).string() + ":" +
         (log.empty() ? " (empty)" : indented(log));
}

Status Network::wait_for(std::vector<const Member*> waiting, Duration timeout,
                         const OnProgress& progress) {
  const Time deadline = clock_.now() + timeout;
  const std::size_t total = waiting.size();
  std::size_t healthy = 0;
  std::string accounts;
  std::optional<Error> ended;
  std::optional<GenesisHash> genesis;
  if (const auto read = read_genesis(layout_, providers_.here().transport)) {
    genesis = hash_of(*read);
  }
  const auto all_healthy = [&] {
    accounts.clear();
    std::vector<const Member*> still;
    for (const Member* member : waiting) {
      const auto wrong = unhealthy(*member, genesis);
      if (!wrong) {
        progress({"node " + member->node.id + " is healthy", ++healthy, total});
        continue;
      }
      accounts += account_of(*member, *wrong);
      still.push_back(member);
      const auto state = member->provider.supervisor.state(spec_of(*member));
      if (state && *state != RunState::running) {
        ended = error(Errc::unreachable, "node " + member->node.id + " is " +
                                             std::string(name(*state)) + " instead of running" +
                                             account_of(*member, *wrong));
      }
    }
    waiting = std::move(still);
    return waiting.empty() || ended;
  };
  const Status reached = wait_until(clock_, deadline, "healthy nodes", all_healthy);
  if (ended) return *ended;
  if (reached) return ok();
  return error(Errc::timeout, std::to_string(waiting.size()) + " of " + std::to_string(total) +
                                  " nodes are not healthy after " +
                                  std::to_string(timeout.count()) + " ms" + accounts);
}

Status Network::wait_healthy(Duration timeout, const OnProgress& progress) {
  AITBC_TRY_ASSIGN(const auto everyone, members());
  std::vector<const Member*> waiting;
  for (const Member& member : everyone) waiting.push_back(&member);
  return wait_for(std::move(waiting), timeout, progress);
}

// ---- stop and single nodes ----------------------------------------------------------------------

Result<std::vector<StoppedNode>> Network::stop(Duration patience) {
  Locks locks;
  AITBC_TRY_ASSIGN(const auto everyone, lock_members(locks));
  AITBC_TRY(Healings(layout_, providers_.here().transport).drop_all());
  std::vector<Result<Stopped>> outcomes(everyone.size(), Stopped::already);
  at_once(everyone.size(), [&](std::size_t i) {
    const Member& member = everyone[i];
    outcomes[i] = member.provider.supervisor.stop(spec_of(member), patience);
  });
  std::vector<StoppedNode> stopped;
  for (std::size_t i = 0; i < everyone.size(); ++i) {
    if (!outcomes[i]) return outcomes[i].error();
    stopped.push_back({everyone[i].node.id, *outcomes[i]});
  }
  return stopped;
}

// Whoever takes a node in hand ends what a fault was to do with it later.
Status Network::end_healings(Control control, const std::string& node, const std::string& fault) {
  Healings healings(layout_, providers_.here().transport);
  const bool heals = control == Control::start || control == Control::resume;
  if (heals && !fault.empty() && !healings.find(fault)) {
    return error(Errc::not_found, "there is no fault " + fault + " here");
  }
  return healings.drop_of(node, heals ? "" : fault);
}

Status Network::control(Control control, const std::string& node, const UpOptions& options) {
  AITBC_TRY_ASSIGN(const Manifest::Site* site, site_of(node));
  Locks locks;
  AITBC_TRY(locks.take(providers_.here().transport, layout_));
  AITBC_TRY_ASSIGN(const auto beside, members_of(*site));
  AITBC_TRY(lock_members(locks, beside));
  const auto found = std::find_if(beside.begin(), beside.end(),
                                  [&](const Member& each) { return each.node.id == node; });
  AITBC_TRY(end_healings(control, node, options.fault));
  Supervisor& supervisor = found->provider.supervisor;
  const NodeSpec spec = spec_of(*found);
  switch (control) {
    case Control::stop: {
      AITBC_TRY(supervisor.stop(spec, stop_patience));
      return ok();
    }
    case Control::kill:
      return supervisor.kill(spec);
    case Control::pause:
      return supervisor.pause(spec);
    case Control::resume:
      return supervisor.resume(spec);
    case Control::restart:
      AITBC_TRY(supervisor.stop(spec, stop_patience));
      [[fallthrough]];
    case Control::start:
      break;
  }
  AITBC_TRY(
      found->provider.transport.get(found->layout.config(node), limits::network_file_bytes_max));
  AITBC_TRY_ASSIGN(const RunState state, supervisor.state(spec));
  AITBC_TRY(state == RunState::paused ? supervisor.resume(spec) : supervisor.start(spec));
  return options.wait ? wait_for({&*found}, options.timeout, options.progress) : ok();
}

}  // namespace aitbc::sites
