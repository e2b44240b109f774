// Another build of the program, one site after the other: each must be healthy and the chain must
// go on before the next one's turn. When that fails, all that were changed get back what they ran.

#include <algorithm>

#include "chain/core/limits.hpp"
#include "chain/core/text.hpp"
#include "sites/healing.hpp"
#include "sites/network.hpp"
#include "sites/parallel.hpp"
#include "sites/prepare.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration watch_look_patience{2'000};  // of one look at all nodes
// Between two of them: nodes count the requests of callers from elsewhere.
constexpr Duration watch_look_pause{500};
constexpr Duration quiet_time_max{2'000};  // that a chain with longer slots is watched, too

// What the OS says after the name of a file that is not there any more.
constexpr std::string_view gone = " (deleted)";

ChainWatch::Look look_at(const NetworkStatus& status, Time now) {
  ChainWatch::Look look{now, status.best ? status.best->height : 0, 0};
  for (const NodeReport& node : status.nodes) {
    if (node.answer) look.waiting = std::max(look.waiting, node.answer->mempool_txs);
  }
  return look;
}

std::size_t authorities_of(const NetworkStatus& status) {
  std::size_t most = 0;
  for (const NodeReport& node : status.nodes) {
    if (node.answer) most = std::max(most, node.answer->governance.authorities.size());
  }
  return most;
}

}  // namespace

// With what it runs and is told now.
Result<std::vector<Network::Earlier>> Network::outdated(const Manifest::Site& site) {
  std::vector<Earlier> nodes;
  AITBC_TRY_ASSIGN(const auto members, members_of(site));
  for (const Member& member : members) {
    AITBC_TRY_ASSIGN(const auto facts, member.provider.supervisor.facts(spec_of(member)));
    if (!facts || member.provider.is_of_this_build(*facts)) continue;
    AITBC_TRY_ASSIGN(std::string config,
                     member.provider.transport.get(member.layout.config(member.node.id),
                                                   limits::network_file_bytes_max));
    nodes.push_back({member, facts->program, std::move(config)});
  }
  return nodes;
}

// Stopped and begun again, all of them, and healthy.
Status Network::exchange(const std::vector<Earlier>& nodes, const UpOptions& options,
                         const std::function<Status(const Earlier&)>& begin) {
  std::vector<const Member*> waiting;
  for (const Earlier& node : nodes) waiting.push_back(&node.member);
  const Status begun = all_at_once(nodes.size(), [&](std::size_t i) -> Status {
    const Member& member = nodes[i].member;
    AITBC_TRY(member.provider.supervisor.stop(spec_of(member), stop_patience));
    return begin(nodes[i]);
  });
  if (!begun) return begun;
  return wait_for(std::move(waiting), options.timeout, options.progress);
}

Status Network::replace(const std::vector<Earlier>& nodes, const UpOptions& options) {
  return exchange(nodes, options, [&](const Earlier& node) { return start(node.member); });
}

// The config first, as ever: what runs has what is on disk.
Status Network::put_back(const std::vector<Earlier>& nodes, const UpOptions& options) {
  return exchange(nodes, options, [this](const Earlier& node) -> Status {
    const Member& member = node.member;
    AITBC_TRY(put_if_changed(member.provider.transport, member.layout.config(member.node.id),
                             node.config, Mode::file));
    return member.provider.supervisor.start(spec_of(member, node.program));
  });
}

// All nodes have one chain, and what is paid gets into it. What waited before may go on waiting:
// for a nonce that nobody sends, say.
Status Network::wait_until_it_goes_on(const NetworkStatus& before, Duration timeout) {
  ChainWatch watch(look_at(before, {}).waiting, authorities_of(before),
                   std::min(manifest_.features.block_interval, quiet_time_max));
  std::string last;
  bool looked = false;
  const Status reached =
      wait_until(clock_, clock_.now() + timeout, "the chain to go on", [&]() -> bool {
        if (looked) clock_.sleep_until(clock_.now() + watch_look_pause);
        looked = true;
        const auto now = status(watch_look_patience);
        if (!now) {
          last = now.error().detail;
          return false;
        }
        last = "transactions wait and no blocks come";
        for (const NodeReport& node : now->nodes) {
          if (node.state.kind == SyncState::Kind::in_sync) continue;
          last = "node " + node.node + " is " + node.state.text();
          return false;
        }
        return watch.goes_on(look_at(*now, clock_.now()));
      });
  if (reached) return ok();
  return error(Errc::timeout, last + " for " + std::to_string(timeout.count()) + " ms");
}

Result<Plan> Network::upgrade(const UpOptions& options) {
  Locks locks;
  AITBC_TRY(lock_members(locks));
  AITBC_TRY_ASSIGN(const NetworkStatus before, status(watch_look_patience));
  if (!before.all_in_sync()) {
    return error(Errc::refused, "not all nodes of " + manifest_.network +
                                    " are in sync, so nothing was changed; see 'aitbc why'");
  }
  AITBC_TRY(Healings(layout_, providers_.here().transport).drop_all());
  Plan plan;
  std::vector<Earlier> changed;
  for (const Manifest::Site& site : manifest_.sites) {
    AITBC_TRY_ASSIGN(const auto nodes, outdated(site));
    if (nodes.empty()) continue;
    options.progress({"site " + site.name, plan.steps.size(), manifest_.node_count()});
    for (const Earlier& node : nodes) changed.push_back(node);
    Status done = replace(nodes, options);
    if (done) done = wait_until_it_goes_on(before, options.timeout);
    if (!done) return rolled_back(changed, site.name, done.error(), options);
    for (const Earlier& node : nodes) {
      plan.steps.push_back({Step::Action::restart, site.name, node.member.node.id,
                            "program " + node.program + " -> " + node.member.provider.program});
    }
  }
  return plan;
}

Error Network::rolled_back(const std::vector<Earlier>& changed, const std::string& site,
                           const Error& why, const UpOptions& options) {
  std::vector<Earlier> kept;
  std::vector<std::string> names, lost;
  for (const Earlier& node : changed) {
    const std::string& id = node.member.node.id;
    if (node.program.ends_with(gone)) {
      lost.push_back(id);
    } else {
      names.push_back(id);
      kept.push_back(node);
    }
  }
  std::string text = "site " + site + " does not do with this build: " + why.detail;
  const Status back = put_back(kept, options);
  if (!names.empty())
    text += "\n" + joined(names) + (back ? " run" : " should run") + " what they ran before";
  if (!back) text += ", but " + back.error().detail;
  if (!lost.empty()) {
    text += "\n" + joined(lost) + " stay with it: the file of what they ran is gone";
  }
  return error(why.code, std::move(text));
}

}  // namespace aitbc::sites
