#include "sites/provider.hpp"

namespace aitbc::sites {

Result<Provider> LocalProviders::provider_for(const Manifest::Site& site) {
  if (site.provider == ProviderKind::process) return here();
  return error(Errc::bad_manifest, "site " + site.name + ": provider " +
                                       std::string(name(site.provider)) +
                                       " is of another machine, and only this one is meant here");
}

}  // namespace aitbc::sites
