#pragma once
// An incus container as the machine of a site: what there is of it, and what has to be done so that
// it is as the network file says. A container that a network made carries its name
// (`user.aitbc.network`) and goes with it; one that was there before is adopted: only the limits
// and proxies of the file are put on it, and it stays. Pure; any thread.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sites/manifest.hpp"

namespace aitbc::sites::remote {

// "REMOTE:NAME" or "NAME", as incus takes it.
class ContainerName {
 public:
  explicit ContainerName(std::string text) : text_(std::move(text)) {}
  const std::string& text() const { return text_; }
  // What `incus query` asks for its state.
  std::string resource() const;

 private:
  std::string text_;
};

struct ContainerState {
  std::string status;  // "Running", "Stopped", "Frozen", ...
  std::map<std::string, std::string> config;
  using Device = std::map<std::string, std::string>;
  std::map<std::string, Device> devices;   // its own
  std::map<std::string, Device> expanded;  // with those of its profiles

  bool runs() const { return status == "Running"; }
  bool belongs_to(const std::string& network) const;
};

// The answer of `incus query`: bad_encoding if it is none.
Result<ContainerState> parse_container(std::string_view json);

struct ContainerStep {
  std::string why;                     // for people
  std::vector<std::string> arguments;  // of incus
};

// In order; none if all is as it should be. bad_manifest if there is no such container and the file
// names no image to make it of.
Result<std::vector<ContainerStep>> container_steps(const Manifest::Site&,
                                                   const std::string& network, const ContainerName&,
                                                   const std::optional<ContainerState>&);

// When the network leaves it: what it put there, and its name.
std::vector<ContainerStep> leaving_steps(const std::string& network, const ContainerName&,
                                         const ContainerState&);
std::vector<ContainerStep> deleting_steps(const ContainerName&);

}  // namespace aitbc::sites::remote
