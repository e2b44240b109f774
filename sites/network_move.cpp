// A node that the network file has put on another machine goes there with its key, its sign-guard
// and its chain. It is never in two places: stopped where it was, kept whole in the network's own
// folder, removed where it was, and only then set down where it shall be. Whatever of that is
// interrupted is found by the next plan.

#include "chain/core/limits.hpp"
#include "sites/network.hpp"

namespace aitbc::sites {

namespace {

constexpr std::size_t moved_file_bytes_max = limits::remote_frame_bytes_max - 64 * 1024;

// What it is known by and what it knows; locks, shared memory and the old config stay.
bool goes_along(const std::string& file) {
  const bool own = file.starts_with("authority.key") || file.starts_with("chain.db");
  const auto is = [&](const char* end) { return file.ends_with(end); };
  return own && !is(".lock") && !is("-shm") && !is(".new") && !is(".part");
}

}  // namespace

// One whose config is there has arrived: what is kept of it is older.
Result<bool> Network::arrives(const Member& member) const {
  const std::string& id = member.node.id;
  AITBC_TRY_ASSIGN(const bool kept, providers_.here().transport.exists(layout_.moving(id)));
  if (!kept) return false;
  AITBC_TRY_ASSIGN(const bool is_there, member.provider.transport.exists(member.layout.config(id)));
  return !is_there;
}

// It does not run. A folder with a config is the truth, so what an earlier attempt kept is
// replaced; one without, where something is kept, is a part of that which was being set down.
Status Network::take_along(const Left& left) {
  Transport& here = providers_.here().transport;
  const auto kept = layout_.moving(left.node), part = layout_.moving() / (".part." + left.node);
  AITBC_TRY_ASSIGN(const bool has_lived,
                   left.provider.transport.exists(left.layout.config(left.node)));
  AITBC_TRY_ASSIGN(const bool is_kept, here.exists(kept));
  if (is_kept && !has_lived) return ok();
  AITBC_TRY(here.remove_tree(part));
  AITBC_TRY(here.make_folder(layout_.moving(), Mode::secret_folder));
  AITBC_TRY(here.make_folder(part, Mode::secret_folder));
  const auto folder = left.layout.node(left.node);
  AITBC_TRY_ASSIGN(const auto names, left.provider.transport.list(folder));
  for (const std::string& name : names) {
    if (!goes_along(name)) continue;
    const auto bytes = left.provider.transport.get(folder / name, moved_file_bytes_max);
    if (!bytes && bytes.error().code == Errc::too_large) {
      return error(Errc::too_large, "node " + left.node + " cannot be moved: its " + name +
                                        " has over " + std::to_string(moved_file_bytes_max) +
                                        " bytes; add a node under another id there instead");
    }
    if (!bytes) return bytes.error();
    AITBC_TRY(here.put(part / name, *bytes, Mode::secret_file));
  }
  AITBC_TRY(here.remove_tree(kept));
  return here.rename(part, kept);
}

Status Network::set_down(const Member& member) {
  const std::string& id = member.node.id;
  Transport& here = providers_.here().transport;
  AITBC_TRY_ASSIGN(const auto names, here.list(layout_.moving(id)));
  if (names.empty()) return ok();
  AITBC_TRY_ASSIGN(const bool brings, arrives(member));
  for (const std::string& name : names) {
    if (!brings) break;
    AITBC_TRY_ASSIGN(const std::string bytes,
                     here.get(layout_.moving(id) / name, moved_file_bytes_max));
    AITBC_TRY(
        member.provider.transport.put(member.layout.node(id) / name, bytes, Mode::secret_file));
  }
  return here.remove_tree(layout_.moving(id));
}

}  // namespace aitbc::sites
