#include "sites/provider.hpp"

namespace aitbc::sites {

Result<Provider> LocalProviders::provider_for(const Manifest::Site& site) {
  if (site.provider == ProviderKind::process) return here();
  return error(Errc::bad_manifest, "site " + site.name + ": provider " +
                                       std::string(name(site.provider)) +
                                       " is not available yet; use provider: process to run this "
                                       "site on this machine");
}

}  // namespace aitbc::sites
