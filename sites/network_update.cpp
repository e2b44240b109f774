// A running node whose config differs in its peers alone is told of them and goes on. What it is
// told is in a file beside its config first, and takes the place of the config last: so whenever
// this is cut off, the files say that the node may have other peers than its config, and the next
// plan tells it again.

#include "chain/core/limits.hpp"
#include "sites/network.hpp"
#include "sites/prepare.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration tell_time_max{2'000};  // an answer of a node that works

}  // namespace

// To tell another network's node would join the two.
Status Network::tell_peers(const Member& member) const {
  AITBC_TRY_ASSIGN(auto client, client_of(member.node.url(), tell_time_max));
  AITBC_TRY_ASSIGN(const SyncAnswer who, client.sync({}));
  AITBC_TRY_ASSIGN(const Genesis genesis, read_genesis(layout_, providers_.here().transport));
  if (who.node_id != member.node.id || who.genesis_hash != hash_of(genesis)) {
    return error(Errc::refused, "node " + who.node_id + " of chain " + who.chain_id +
                                    " answers at " + member.node.url());
  }
  return client.set_peers(peers_of(manifest_, member.node));
}

// A node that cannot be told, of an earlier build say, is stopped, and its step is to start it.
Status Network::update(Step& step, const Member& member) {
  Transport& there = member.provider.transport;
  const std::filesystem::path next = member.layout.next_config(member.node.id);
  AITBC_TRY(there.put(next, config_text(manifest_, member.layout, member.node), Mode::file));
  const Status told = tell_peers(member);
  if (told) return there.rename(next, member.layout.config(member.node.id));
  step.action = Step::Action::restart;
  step.why += "; it cannot be told while it runs: " + told.error().detail;
  AITBC_TRY(member.provider.supervisor.stop(spec_of(member), stop_patience));
  return ok();
}

}  // namespace aitbc::sites
