#include "sites/give_up.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"
#include "chain/core/text.hpp"
#include "sites/parallel.hpp"
#include "sites/way.hpp"

namespace aitbc::sites {

namespace {

Result<const Manifest::Site*> lost_site(const Manifest& last, const std::string& name) {
  std::vector<std::string> known;
  for (const Manifest::Site& site : last.sites) {
    if (site.name == name) return &site;
    known.push_back(site.name);
  }
  return error(Errc::bad_config, "network " + last.network + " has no site " + name +
                                     " to give up; it has: " + joined(known));
}

// A container that is off, or is not there, does not answer. What answers and has nothing of the
// network any more was made anew.
Status check_it_is_gone(const Manifest::Site& site, const std::string& network,
                        Providers& providers) {
  const auto state = providers.machine_state(site, network);
  if (!state || !state->is_there || !state->runs) return ok();
  const auto there = providers.provider_for(site);
  if (!there) return ok();
  const auto has_it = there->transport.exists(there->home / "networks" / network);
  if (site.provider != ProviderKind::process && has_it && !*has_it) return ok();
  return error(Errc::refused, "the machine of site " + site.name +
                                  " answers and has what the network put there, so nothing of it "
                                  "needs to be given up: take its nodes out of the network file");
}

GivenUp account_of_site(const Manifest::Site& site, const std::string& network) {
  GivenUp given{site.name, site.access, "", {}, {}, {}};
  if (const auto way = Way::parse(site)) given.way = way->text();
  given.folder = (site.home.empty() ? "~/.aitbc" : site.home) + "/networks/" + network;
  for (const Manifest::Node& node : site.nodes) {
    given.nodes.push_back(node.id);
    if (node.authority || node.candidate) given.keys.push_back(node.id);
    if (node.authority) given.of_genesis.insert(node.id);
  }
  return given;
}

// One id a line.
Result<std::set<std::string>> noted(const Layout& layout, Transport& files) {
  std::set<std::string> ids;
  const auto text = files.get(layout.given_up(), limits::network_file_bytes_max);
  if (!text && text.error().code == Errc::not_found) return ids;
  if (!text) return text.error();
  for (std::size_t start = 0; start < text->size();) {
    const std::size_t end = std::min(text->find('\n', start), text->size());
    ids.insert(text->substr(start, end - start));
    start = end + 1;
  }
  return ids;
}

}  // namespace

Result<std::vector<GivenUp>> give_up(const Manifest& last, const GiveUp& wanted,
                                     Providers& providers) {
  std::vector<const Manifest::Site*> sites;
  for (const std::string& name : wanted.sites) {
    AITBC_TRY_ASSIGN(const Manifest::Site* site, lost_site(last, name));
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(site);
  }
  AITBC_TRY(all_at_once(sites.size(), [&](std::size_t i) {
    return check_it_is_gone(*sites[i], last.network, providers);
  }));
  std::vector<GivenUp> given;
  for (const Manifest::Site* site : sites) given.push_back(account_of_site(*site, last.network));
  return given;
}

Result<std::set<std::string>> given_up_authorities(const Layout& layout,
                                                   const std::vector<GivenUp>& given,
                                                   Transport& files) {
  AITBC_TRY_ASSIGN(auto ids, noted(layout, files));
  for (const GivenUp& each : given) ids.insert(each.of_genesis.begin(), each.of_genesis.end());
  return ids;
}

Status note_given_up(const Layout& layout, const std::vector<GivenUp>& given, Transport& files) {
  if (given.empty()) return ok();
  AITBC_TRY_ASSIGN(const auto ids, given_up_authorities(layout, given, files));
  std::string text;
  for (const std::string& id : ids) text += id + "\n";
  return files.put(layout.given_up(), text, Mode::file);
}

}  // namespace aitbc::sites
