#include "sites/provider.hpp"

namespace aitbc::sites {

Result<MachineState> Providers::machine_state(const Manifest::Site&, const std::string&) {
  return MachineState();
}
Status Providers::make_machine(const Manifest::Site&, const std::string&) { return ok(); }
Status Providers::leave_machine(const Manifest::Site&, const std::string&, bool) { return ok(); }

Result<Provider> LocalProviders::provider_for(const Manifest::Site& site) {
  if (site.provider == ProviderKind::process) return here();
  return error(Errc::bad_manifest, "site " + site.name + ": provider " +
                                       std::string(name(site.provider)) +
                                       " is of another machine, and only this one is meant here");
}

}  // namespace aitbc::sites
