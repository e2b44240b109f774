#pragma once
// The network that a command works on, with everything that it needs to work: the composition of
// sites/ for this process. Main thread only.

#include <memory>
#include <string>

#include "chain/core/crypto.hpp"
#include "cli/invocation.hpp"
#include "cli/outcome.hpp"
#include "rpc/client.hpp"
#include "sites/chaos.hpp"
#include "sites/remote/providers.hpp"

namespace aitbc::cli {

// For questions that are asked of many nodes, some of which may hang.
rpc::Client::Limits short_limits();

class OpenNetwork {
 public:
  // The network of --network, else that of ./network.yaml, else the only one there is. bad_config
  // or not_found, naming those that there are.
  static Result<std::unique_ptr<OpenNetwork>> of(Invocation& invocation);
  // For `up`, `plan` and `lint`: of that network file; without one the network above, and the
  // built-in network file where there is none yet.
  static Result<std::unique_ptr<OpenNetwork>> from_file(Invocation& invocation,
                                                        const std::optional<std::string>& file);
  OpenNetwork(const OpenNetwork&) = delete;
  OpenNetwork& operator=(const OpenNetwork&) = delete;

  sites::Network& network() { return *network_; }
  const sites::Manifest& manifest() const { return network_->manifest(); }
  const sites::Layout& layout() const { return network_->layout(); }
  sites::Chaos chaos(Invocation& invocation) { return {*network_, providers_, invocation.clock}; }

 private:
  OpenNetwork(const std::string& home, const std::string& program, sites::Clock& clock)
      : providers_(home, program, clock) {}
  static Result<std::unique_ptr<OpenNetwork>> load(Invocation& invocation, const std::string& name);
  static Result<std::unique_ptr<OpenNetwork>> make(Invocation& invocation,
                                                   sites::Manifest manifest);

  sites::remote::AllProviders providers_;
  std::optional<sites::Network> network_;
};

// The name of the chosen network, whether or not it is still whole: what `down --purge` removes.
Result<std::string> chosen_network(Invocation& invocation);

// The file of the running program.
Result<std::string> own_program();

Result<sites::Manifest> read_manifest(const std::string& file);

// How this command starts nodes and waits for them: with this binary, telling `progress`.
Result<sites::UpOptions> start_options(Progress& progress, const std::string& timeout);

Result<KeyPair> faucet_key(Invocation& invocation);

}  // namespace aitbc::cli
