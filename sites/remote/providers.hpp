#pragma once
// Every kind of site: those of this machine, and those that are reached by ssh or incus, or by the
// one through the other. The first question to a machine puts this program there (package.hpp), in
// a folder of its own name; later ones find it. Thread-safe.

#include <map>

#include "sites/package.hpp"
#include "sites/provider.hpp"
#include "sites/remote/container.hpp"
#include "sites/remote/host.hpp"
#include "sites/way.hpp"

namespace aitbc::sites::remote {

class AllProviders final : public Providers {
 public:
  // `home` is that of the networks here: packages are made and connections are kept below it.
  // `program` is the file of this program.
  AllProviders(std::filesystem::path home, std::string program, Clock& clock);

  Provider here() override { return local_.here(); }
  // unreachable names the site's machine and what came instead of an answer.
  Result<Provider> provider_for(const Manifest::Site&) override;
  Result<MachineState> machine_state(const Manifest::Site&, const std::string& network) override;
  Status make_machine(const Manifest::Site&, const std::string& network) override;
  Status leave_machine(const Manifest::Site&, const std::string& network, bool shared) override;
  // Ends the connections that ssh would keep for the next command. Nobody may be asking.
  void hang_up();

 private:
  struct Place {
    Way way;
    std::string home;  // as the network file says; empty: that of the user there
    std::unique_ptr<Host> host;
    std::shared_ptr<std::mutex> door;  // of all that share its first hop: one at a time
    std::optional<Machine> machine;
    Duration clock_ahead{0};
  };
  static Provider provider_of(const Place& place);
  Result<Place*> place_of(const Manifest::Site&);
  // The place of a site in a container; nullptr for any other.
  Result<Place*> container_place(const Manifest::Site&);
  // Runs incus where the container is run from.
  Result<Output> incus(Place& place, const std::vector<std::string>& arguments);
  Result<std::optional<ContainerState>> container_of(Place& place);
  Status take(Place& place, const std::vector<ContainerStep>& steps);
  Result<std::unique_ptr<Session>> dial(const Place& place);
  Status install(const Place& place, const std::string& id);
  Result<std::string> package();
  Result<std::filesystem::path> sockets();

  const std::filesystem::path home_;
  Clock& clock_;
  LocalProviders local_;
  std::mutex packing_;
  std::optional<Package> package_;  // once it was needed; with packing_ held
  std::mutex mutex_;                // guards the map and what is in it but the hosts
  std::map<std::string, std::unique_ptr<Place>> places_;  // by way and home
  std::map<std::string, std::shared_ptr<std::mutex>> doors_;
};

}  // namespace aitbc::sites::remote
