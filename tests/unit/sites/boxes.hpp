#pragma once
// Networks whose second machine is a box: a container in name, a folder in fact, which can be off,
// be somebody else's, or be gone.

#include <atomic>
#include <map>
#include <mutex>
#include <set>

#include "tests/unit/sites/fixture.hpp"

namespace aitbc::test {

using sites::Clock;
using sites::MachineState;
using sites::Provider;
using sites::ProviderKind;
using sites::Providers;

// Machines that are made of nothing: each a folder of this one, with files and processes of its
// own.
class Boxes final : public Providers {
 public:
  Boxes(std::filesystem::path home, Clock& clock)
      : home_(std::move(home)), clock_(clock), here_(AITBC_FAKE_NODE, clock) {}

  Provider here() override { return here_.here(); }
  Result<Provider> provider_for(const Manifest::Site& site) override {
    if (site.provider == ProviderKind::process) return here();
    const std::lock_guard lock(mutex_);
    if (there.count(site.container) == 0 || off.count(site.container) != 0) {
      return error(Errc::unreachable, site.container + " does not answer");
    }
    auto& machine = machines_[site.container];
    if (!machine) machine = std::make_unique<LocalProviders>(AITBC_FAKE_NODE, clock_);
    Provider provider = machine->here();
    provider.home = home_ / site.container;
    return provider;
  }
  Result<MachineState> machine_state(const Manifest::Site& site, const std::string&) override {
    if (site.provider == ProviderKind::process) return MachineState();
    ++asked;
    const std::lock_guard lock(mutex_);
    const bool is_there = there.count(site.container) != 0;
    const bool runs = is_there && off.count(site.container) == 0;
    const std::vector<std::string> wanted =
        runs ? std::vector<std::string>()
             : std::vector<std::string>{(is_there ? "start " : "create ") + site.container};
    return MachineState{is_there, runs, is_there && adopted.count(site.container) == 0, wanted};
  }
  Status make_machine(const Manifest::Site& site, const std::string&) override {
    const std::lock_guard lock(mutex_);
    there.insert(site.container);
    off.erase(site.container);
    return ok();
  }
  Status leave_machine(const Manifest::Site& site, const std::string&, bool shared) override {
    const std::lock_guard lock(mutex_);
    if (!shared) there.erase(site.container);
    return ok();
  }
  // The test's own, while nothing of the network's is under way.
  std::set<std::string> there, off, adopted;
  std::atomic<int> asked = 0;  // how it stands with a machine

 private:
  const std::filesystem::path home_;
  Clock& clock_;
  LocalProviders here_;
  std::mutex mutex_;  // of what a test may set, and of machines_: all may be asked at once
  std::map<std::string, std::unique_ptr<LocalProviders>> machines_;
};

inline std::string one_here() {
  return "network: net\nenvironments:\n  a:\n    bind: " + own_address(1) +
         "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 9001}\n";
}
inline std::string one_in_a_box(const std::string& id, int address = 2) {
  const std::string own = own_address(address);
  return "  " + id + ":\n    container: box\n    image: i\n    container_ip: " + own +
         "\n    bind: " + own + "\n    blockchain_nodes:\n      - {id: " + id +
         ", rpc_port: 9001, authority: false}\n";
}

// A network of a node here and two in a box, that is up.
struct Boxed {
  explicit Boxed(std::string yaml = one_here() + one_in_a_box("box") + one_in_a_box("two", 3))
      : yaml_(std::move(yaml)) {
    must(network().up(home.options()));
  }
  ~Boxed() {
    boxes.off.clear();
    static_cast<void>(purge(home.dir.path(), "net", boxes));
    static_cast<void>(home.providers.here().supervisor.kill_all_in(there()));
  }
  Network network() { return network(yaml_); }
  Network network(const std::string& yaml) {
    return must(Network::make(home.dir.path(), manifest_of(yaml), boxes, home.clock));
  }
  std::filesystem::path there() const { return far.path() / "box" / "networks" / "net"; }
  // As if a power cut had come.
  void turn_off() {
    must(home.providers.here().supervisor.kill_all_in(there()));
    boxes.off = {"box"};
  }

  Home home;
  const TempDir far;
  Boxes boxes{far.path(), home.clock};

 private:
  const std::string yaml_;
};

}  // namespace aitbc::test
