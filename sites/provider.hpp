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
  Duration clock_ahead{0};  // of that machine's clock to this one's
};

class Providers {
 public:
  virtual ~Providers() = default;
  // The machine of the caller, where the network's own folder is.
  virtual Provider here() = 0;
  // bad_manifest if there is no provider of that kind.
  virtual Result<Provider> provider_for(const Manifest::Site&) = 0;
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
