#pragma once
// Which transport and which supervisor a site's nodes are in the care of. The seam at which tests
// make a machine fail. Owned by the composition root, which outlives every Network over it.

#include "sites/manifest.hpp"
#include "sites/supervisor.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites {

struct Provider {
  Transport& transport;
  Supervisor& supervisor;
  std::string program;  // that nodes are run from there; absolute
  // Where networks are kept there; empty on the machine of the caller, whose command knows it.
  std::filesystem::path home = {};
  Duration clock_ahead{0};                         // of that machine's clock to this one's
  ServiceManager services = ServiceManager::none;  // that its nodes can be units of

  // Or of another one: then `up` and `upgrade` begin it again.
  bool is_of_this_build(const ProcessFacts& node) const { return node.program == program; }
};

// Of a site's machine, before it can be asked anything itself.
struct MachineState {
  bool is_there = true;
  bool runs = true;
  bool ours = false;  // the network made it, so it goes with the network
  // What has to be done so that it is as the network file says, in words. bad_manifest if it is not
  // there and the file does not say what to make it of.
  Result<std::vector<std::string>> wanted = std::vector<std::string>();
};

class Providers {
 public:
  virtual ~Providers() = default;
  // The machine of the caller, where the network's own folder is.
  virtual Provider here() = 0;
  // bad_manifest if there is no provider of that kind.
  virtual Result<Provider> provider_for(const Manifest::Site&) = 0;

  // Machines that a network may make (incus containers). All others are taken as they are found.
  virtual Result<MachineState> machine_state(const Manifest::Site&, const std::string& network);
  // Does what is wanted of it. refused, with what incus said.
  virtual Status make_machine(const Manifest::Site&, const std::string& network);
  // Takes away what the network made: the machine, unless it is `shared` with other networks, or
  // what was put on it.
  virtual Status leave_machine(const Manifest::Site&, const std::string& network, bool shared);
};

// Plain files and processes on this machine.
class LocalProviders final : public Providers {
 public:
  LocalProviders(std::string program, Clock& clock)
      : program_(std::move(program)), transport_(clock), supervisor_(clock) {}
  Provider here() override { return {transport_, supervisor_, program_}; }
  Result<Provider> provider_for(const Manifest::Site&) override;

 private:
  const std::string program_;
  LocalTransport transport_;
  ProcessSupervisor supervisor_;
};

}  // namespace aitbc::sites
