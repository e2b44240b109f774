#include <algorithm>
#include <map>

#include "sites/chaos.hpp"

namespace aitbc::sites {

namespace {

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<std::string> all_nodes(const Manifest& manifest) {
  std::vector<std::string> nodes;
  for (const auto& site : manifest.sites) {
    for (const auto& node : site.nodes) nodes.push_back(node.id);
  }
  return nodes;
}

Error unknown(const Manifest& manifest, const std::string& word) {
  std::string known;
  for (const auto& site : manifest.sites) {
    known += (known.empty() ? "" : ", ") + site.name;
    for (const auto& node : site.nodes) known += ", " + node.id;
  }
  return error(Errc::not_found, "network " + manifest.network + " has no node or site '" + word +
                                    "'; it has: " + known);
}

// What to tell the ends of directed links with this rule.
class Links {
 public:
  Links(const Manifest& manifest, const LinkRule& rule) : manifest_(manifest), rule_(rule) {}

  void add(const std::string& from, const std::string& to) {
    if (from == to) return;
    of(from).out.push_back(manifest_.find(to)->url());
    of(to).in.push_back(manifest_.find(from)->url());
  }
  std::vector<NodeFault> take() && {
    std::vector<NodeFault> told;
    for (auto& [node, link] : links_) told.push_back({node, std::move(link)});
    return told;
  }

 private:
  LinkFault& of(const std::string& node) {
    LinkFault& link = links_[node];
    link.rule = rule_;
    return link;
  }

  const Manifest& manifest_;
  const LinkRule rule_;
  std::map<std::string, LinkFault> links_;
};

Result<std::vector<NodeFault>> some_links(std::vector<NodeFault> links) {
  if (!links.empty()) return links;
  return error(Errc::bad_config, "there is no link between these nodes");
}

// Between the groups, numbered, of all nodes.
std::vector<NodeFault> cut_between(const Manifest& manifest,
                                   const std::map<std::string, std::size_t>& groups) {
  Links links(manifest, {.cut = true});
  for (const auto& [from, group] : groups) {
    for (const auto& [to, other] : groups) {
      if (group != other) links.add(from, to);
    }
  }
  return std::move(links).take();
}

}  // namespace

Result<std::vector<std::string>> nodes_named(const Manifest& manifest, const std::string& words) {
  std::vector<std::string> nodes;
  const auto add = [&](const std::string& node) {
    if (!contains(nodes, node)) nodes.push_back(node);
  };
  for (std::size_t start = 0; start <= words.size();) {
    const std::size_t end = std::min(words.find(',', start), words.size());
    const std::string word = words.substr(start, end - start);
    start = end + 1;
    const auto site = std::find_if(manifest.sites.begin(), manifest.sites.end(),
                                   [&](const auto& each) { return each.name == word; });
    if (manifest.find(word) != nullptr) {
      add(word);
    } else if (site != manifest.sites.end()) {
      for (const auto& node : site->nodes) add(node.id);
    } else {
      return unknown(manifest, word);
    }
  }
  return nodes;
}

Result<std::vector<NodeFault>> partition(const Manifest& manifest,
                                         const std::vector<std::string>& groups) {
  if (groups.size() < 2) {
    return error(Errc::bad_config,
                 "partition: expected two groups or more, e.g. '1,2 3'; for one node alone there "
                 "is: aitbc chaos isolate NODE");
  }
  std::map<std::string, std::size_t> group_of;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    AITBC_TRY_ASSIGN(const auto nodes, nodes_named(manifest, groups[i]));
    for (const std::string& node : nodes) {
      if (group_of.emplace(node, i).first->second == i) continue;
      return error(Errc::bad_config, "partition: node " + node + " is in two groups");
    }
  }
  for (const std::string& node : all_nodes(manifest)) group_of.emplace(node, 0);
  return some_links(cut_between(manifest, group_of));
}

Result<std::vector<NodeFault>> isolate(const Manifest& manifest,
                                       const std::vector<std::string>& words) {
  std::map<std::string, std::size_t> group_of;
  for (const std::string& word : words) {
    AITBC_TRY_ASSIGN(const auto nodes, nodes_named(manifest, word));
    for (const std::string& node : nodes) group_of.emplace(node, group_of.size() + 1);
  }
  for (const std::string& node : all_nodes(manifest)) group_of.emplace(node, 0);
  return some_links(cut_between(manifest, group_of));
}

Result<std::vector<NodeFault>> on_links(const Manifest& manifest, const LinkRule& rule,
                                        const std::optional<std::string>& from,
                                        const std::optional<std::string>& to) {
  std::vector<std::string> sources = all_nodes(manifest);
  std::vector<std::string> targets = sources;
  if (from) {
    AITBC_TRY_ASSIGN(sources, nodes_named(manifest, *from));
  }
  if (to) {
    AITBC_TRY_ASSIGN(targets, nodes_named(manifest, *to));
  }
  Links links(manifest, rule);
  for (const std::string& source : sources) {
    for (const std::string& target : targets) links.add(source, target);
  }
  return some_links(std::move(links).take());
}

}  // namespace aitbc::sites
