#pragma once
// Where a network keeps what on disk: one folder <home>/networks/<name>, all that there is of it.
//   network.yaml  genesis.json  faucet.key  coordinator.key  api.key  api-keys.json
//   nodes/<id>/{config.json authority.key chain.db node.log node.pid}, and beside the folder its
//   lock. Pure; any thread.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/result.hpp"

namespace aitbc::sites {

class Layout {
 public:
  // Absolute, with symbolic links resolved, because processes are found again by these paths.
  // bad_config for a name that cannot be a folder's.
  static Result<Layout> make(const std::filesystem::path& home, std::string_view network);

  // The same network on another machine, by whose own account `home` is absolute.
  Layout below(const std::filesystem::path& home) const {
    return Layout(home / "networks" / root_.filename());
  }

  // The same again, from its folder as another command tells it.
  static Layout at(std::filesystem::path root) { return Layout(std::move(root)); }

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path manifest() const { return root_ / "network.yaml"; }
  std::filesystem::path genesis() const { return root_ / "genesis.json"; }
  std::filesystem::path faucet_key() const { return root_ / "faucet.key"; }
  std::filesystem::path api_key() const { return root_ / "api.key"; }
  std::filesystem::path api_keys() const { return root_ / "api-keys.json"; }
  std::filesystem::path coordinator_key() const { return root_ / "coordinator.key"; }
  std::filesystem::path nodes() const { return root_ / "nodes"; }
  std::filesystem::path node(std::string_view id) const { return nodes() / id; }
  std::filesystem::path config(std::string_view id) const { return node(id) / "config.json"; }
  // The config that it is being told of while it runs, until that is its config.
  std::filesystem::path next_config(std::string_view id) const {
    return node(id) / "config.next.json";
  }
  std::filesystem::path authority_key(std::string_view id) const {
    return node(id) / "authority.key";
  }
  std::filesystem::path data(std::string_view id) const { return node(id) / "chain.db"; }
  // What a node keeps of its faults on purpose; see run_node().
  std::filesystem::path faults(std::string_view id) const { return node(id) / "chain.db.faults"; }
  // Authorities whose machines were given up; see give_up.hpp.
  std::filesystem::path given_up() const { return root_ / "given-up"; }
  std::filesystem::path chaos() const { return root_ / "chaos"; }
  // What nodes on their way from one machine to another take along.
  std::filesystem::path moving() const { return root_ / "moving"; }
  std::filesystem::path moving(std::string_view id) const { return moving() / id; }
  std::filesystem::path log(std::string_view id) const { return node(id) / "node.log"; }

  // No network's name begins with a dot, so these collide with none.
  std::filesystem::path lock() const { return beside(".lock."); }
  std::filesystem::path purged() const { return beside(".purged."); }

 private:
  explicit Layout(std::filesystem::path root) : root_(std::move(root)) {}
  std::filesystem::path beside(const std::string& prefix) const {
    return root_.parent_path() / (prefix + root_.filename().string());
  }

  std::filesystem::path root_;
};

// The names of the networks under a home, in order.
std::vector<std::string> list_networks(const std::filesystem::path& home);

}  // namespace aitbc::sites
