#pragma once
// A network on disk and at work. All its state is in its folder (layout.hpp) and in its processes:
// there is no daemon, so any command may be killed at any moment and run again. Whatever changes
// something holds the network's lock meanwhile, here and on each machine that it changes (in_use if
// another command has one of them); what only asks does not. One thread at a time; `providers` and
// `clock` must outlive it.

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rpc/client.hpp"
#include "sites/checks.hpp"
#include "sites/give_up.hpp"
#include "sites/layout.hpp"
#include "sites/lock.hpp"
#include "sites/provider.hpp"

namespace aitbc::sites {

// One step of a plan: what `up` would do with a node.
struct Step {
  enum class Action { create, move, start, restart, update, remove, keep };
  Action action = Action::keep;
  std::string site;  // empty for a node that the network file does not have any more
  std::string node;
  std::string why;
};
std::string_view name(Step::Action);

// What `up` would do with a site's machine itself, before its nodes.
struct MachineStep {
  std::string site;
  std::string what;
};

struct Plan {
  std::vector<GivenUp> given_up;
  std::vector<MachineStep> machines;
  std::vector<Step> steps;  // in the order of the network file
  bool new_genesis = false;
  std::size_t changes() const;
};

// What is being done or waited for.
struct Progress {
  std::string text;
  std::size_t done = 0;
  std::size_t total = 0;
};
using OnProgress = std::function<void(const Progress&)>;

struct UpOptions {
  Duration timeout{30'000};  // until all nodes are healthy
  bool wait = true;
  OnProgress progress = [](const Progress&) {};
  // What is done is part of this fault: others of the node end with it. To start or resume a node
  // for a fault that is no longer recorded is not_found.
  std::string fault = {};
  GiveUp give_up = {};  // of up() alone
};

enum class Control { start, stop, restart, kill, pause, resume };

struct StoppedNode {
  std::string node;
  Stopped how = Stopped::already;
};

struct NodeProcess {
  std::string site;
  std::string node;
  std::string url;
  RunState state = RunState::stopped;
  std::optional<ProcessFacts> facts;
};

inline constexpr Duration stop_patience{10'000};  // then a node is killed

class Network {
 public:
  // With this network file; nothing is on disk before up().
  static Result<Network> make(const std::filesystem::path& home, Manifest manifest, Providers&,
                              Clock&);
  // As the last up() left it; not_found if there is no such network.
  static Result<Network> load(const std::filesystem::path& home, const std::string& network,
                              Providers&, Clock&);

  const Manifest& manifest() const { return manifest_; }
  const Layout& layout() const { return layout_; }

  // With the network's own key where its nodes ask for one. Any thread.
  Result<rpc::Client> client_of(const std::string& url, Duration patience) const;
  // none where all nodes are reached from their own machine alone.
  Result<rpc::Credentials> credentials() const;

  // What up() would do now; changes nothing. refused when the file asks for another genesis than
  // the chain has or gives up what must not be, bad_manifest when a site has no provider.
  Result<Plan> plan(const GiveUp& = {});
  // Makes it so, and waits until every node is healthy. Returns what was done.
  Result<Plan> up(const UpOptions&);
  // Starts nodes that run another build of the program from this one, one site after the other.
  // Each must be healthy, all nodes in sync, and the chain going on, before the next; else all that
  // were changed run again what they ran, and the error says so. refused unless all are in sync
  // before.
  Result<Plan> upgrade(const UpOptions&);
  // Every node answers under its own name and chain; timeout with what each answered last.
  Status wait_healthy(Duration timeout, const OnProgress& progress);

  // All at once; data is kept.
  Result<std::vector<StoppedNode>> stop(Duration patience = stop_patience);
  // start and restart wait until the node is healthy. not_found for a node it does not have.
  Status control(Control, const std::string& node, const UpOptions&);

  // Where a node lives. not_found for one that the network does not have; unreachable.
  struct Place {
    Provider provider;
    Layout layout;  // there
  };
  Result<Place> place_of(const std::string& node);
  // How that node is known to the supervisor there, whatever it is run by. To look at it, or to end
  // it with all that it has outside of its folder.
  static NodeSpec spec_of(const Provider&, const Layout&, const std::string& node);
  // Of a site's machine, before it can be asked anything itself.
  Result<MachineState> machine_state(const Manifest::Site& site) {
    return providers_.machine_state(site, manifest_.network);
  }

  Result<std::vector<NodeProcess>> processes();
  // The truth as seen from outside: every node is asked at once.
  Result<NetworkStatus> status(Duration timeout = Duration{2'000});

 private:
  Network(Layout layout, Manifest manifest, Providers& providers, Clock& clock)
      : layout_(std::move(layout)),
        manifest_(std::move(manifest)),
        providers_(providers),
        clock_(clock) {}

  // A node of the file with what is in charge of it.
  struct Member {
    const Manifest::Site& site;
    const Manifest::Node& node;
    Provider provider;
    Layout layout;  // on its machine
  };
  // not_found if the network has no such node.
  Result<const Manifest::Site*> site_of(const std::string& node) const;
  // Of one site; unreachable if its machine is.
  Result<std::vector<Member>> members_of(const Manifest::Site& site);
  // All of them, or those of the sites in `asked`; the first failure, once all machines were asked.
  Result<std::vector<Member>> members();
  Result<std::vector<Member>> members(const std::vector<const Manifest::Site*>& asked);
  // Of each site of the file, in order.
  Result<std::vector<MachineState>> machine_states();
  Result<std::vector<Member>> members_that_run(const std::vector<MachineState>&);
  // The machines that nodes are on, each once, with one of its nodes.
  static std::vector<const Member*> machines(const std::vector<Member>& members);
  // `action` for each node by its place in the list: machines at once, the nodes of one in turn up
  // to the first failure. The first failure in the order of the machines.
  static Status on_machines(const std::vector<Member>& members,
                            const std::function<Status(std::size_t)>& action);
  // With its unit, if it has one there.
  NodeSpec spec_of(const Member& member) const { return spec_of(member, member.provider.program); }
  NodeSpec spec_of(const Member& member, const std::string& program) const;
  static Status check_service(const Member&);

  // This machine, and those of all members, who are given back.
  Result<std::vector<Member>> lock_members(Locks&);
  Status lock_members(Locks&, const std::vector<Member>&);

  // Where there may be something of the network: every machine once that can be asked.
  struct Grounds {
    std::vector<Place> places;
    std::vector<Manifest::Site> gone;  // sites of the last file whose machines are used no more
    std::vector<GivenUp> given_up;     // and those that are asked nothing any more
  };
  Result<Grounds> grounds_of(const std::vector<Member>&, std::vector<GivenUp>);
  Result<Grounds> lock_grounds(Locks&, const std::vector<Member>&, std::vector<GivenUp>);
  Result<std::vector<GivenUp>> giving_up(const GiveUp&);
  // A node that is somewhere and not in the network file, or not there.
  struct Left {
    Provider provider;
    Layout layout;
    std::string node;
    bool moves;  // the file has it on another machine
  };
  struct Intent {
    Plan plan;               // the steps of the members, in order, and then of
    std::vector<Left> left;  // these
  };
  Result<std::vector<Left>> left_behind(const std::vector<Member>&, const Grounds&);
  Result<Intent> plan_for(const std::vector<Member>&, const Grounds&);
  Result<Plan> with_machines(const Intent&, const std::vector<MachineState>&);
  Status check_genesis_fits(const std::vector<Member>&, const Intent&, const Genesis&) const;
  Status check_quorum_stays(const GiveUp&) const;
  Result<PublicKey> key_of(const Member&, const std::vector<Left>&) const;
  Result<Step> step_for(const Member&, bool new_genesis) const;
  // Upgrading (network_upgrade.cpp).
  struct Earlier {
    Member member;
    std::string program, config;
  };
  Result<std::vector<Earlier>> outdated(const Manifest::Site&);
  Status exchange(const std::vector<Earlier>&, const UpOptions&,
                  const std::function<Status(const Earlier&)>& begin);
  Status replace(const std::vector<Earlier>&, const UpOptions&);
  Status put_back(const std::vector<Earlier>&, const UpOptions&);
  Status wait_until_it_goes_on(const NetworkStatus& before, Duration timeout);
  Error rolled_back(const std::vector<Earlier>&, const std::string& site, const Error& why,
                    const UpOptions&);
  // Moving (network_move.cpp).
  Result<bool> arrives(const Member&) const;
  Status take_along(const Left&);
  Status set_down(const Member&);
  Status write_shared_files(const std::vector<Member>&);
  Status prepare_node(const Member&);
  Status make_shared_files(const std::vector<Member>&);
  Status hand_out_shared_files(const std::vector<Member>&);
  class Telling;
  Status make_machines(const Plan&, Telling&);
  Status remove_left(const Intent&, Telling&);
  Status carry_out(Plan&, const std::vector<Member>&, Telling&);
  Status stop_changed(const Plan&, const std::vector<Member>&) const;
  Status start(const Member&);
  // Telling a running node of its peers (network_update.cpp).
  Status update(Step&, const Member&);
  Status tell_peers(const Member&) const;
  Status end_healings(Control, const std::string& node, const std::string& fault);
  static Status put_if_changed(Transport&, const std::filesystem::path&, const std::string& text,
                               Mode mode);

  Status wait_for(std::vector<const Member*>, Duration timeout, const OnProgress&);
  std::optional<std::string> unhealthy(const Member&, const std::optional<GenesisHash>&) const;
  std::string account_of(const Member&, const std::string& answer) const;
  static NodeReport report_of(const Manifest::Site&, const Manifest::Node&);
  void ask(NodeReport&, Duration timeout);
  void ask_site(const Manifest::Site&, std::span<NodeReport>, Duration timeout);

  Layout layout_;
  Manifest manifest_;
  Providers& providers_;
  Clock& clock_;
};

// Kills whatever runs of the network and removes its folder, whatever state it is in; ok if there
// is nothing of it. Says what may be left at the sites that are given up.
Result<std::vector<GivenUp>> purge(const std::filesystem::path& home, const std::string& network,
                                   Providers&, const GiveUp& = {});

// Machines at once, the sites of one machine in turn.
Status on_sites(const std::vector<Manifest::Site>&,
                const std::function<Status(const Manifest::Site&)>&);

// Ends what runs of the network on the machines of these sites and removes its files there, and a
// machine that came with the network if no other has files on it. `layout` is that of this machine,
// which is left alone. ok where there is nothing; in_use; unreachable.
Status leave_sites(const Layout& layout, const std::vector<Manifest::Site>&, Providers&, Locks&);

// The network file as the last up() left it; not_found before the first.
Result<Manifest> read_manifest(const Layout&, Transport&);

// The genesis that a network's chain began with; not_found before its first up().
Result<Genesis> read_genesis(const Layout&, Transport&);

}  // namespace aitbc::sites
