#include "sites/way.hpp"

#include <algorithm>
#include <array>

namespace aitbc::sites {

namespace {

constexpr std::array<std::string_view, 2> arrows = {"->", "\u2192"};

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \t", at);
    if (begin == std::string_view::npos) break;
    at = std::min(text.find_first_of(" \t", begin), text.size());
    words.emplace_back(text.substr(begin, at - begin));
  }
  return words;
}

// A name that no program takes for an option.
bool is_target(const std::string& word) { return !word.empty() && word.front() != '-'; }

Error misunderstood(const Manifest::Site& site) {
  return error(Errc::bad_manifest, "site " + site.name +
                                       ": access: expected 'ssh [OPTION...] HOST', 'incus shell "
                                       "[REMOTE:]NAME' or 'ssh HOST -> incus shell NAME', got '" +
                                       site.access + "'");
}

}  // namespace

Result<Way> Way::parse(const Manifest::Site& site) {
  Way way;
  std::vector<std::string> hop;
  std::vector<std::string> words = words_of(site.access);
  words.emplace_back(arrows.front());
  for (std::string& word : words) {
    if (std::find(arrows.begin(), arrows.end(), word) == arrows.end()) {
      hop.push_back(std::move(word));
      continue;
    }
    if (hop.empty()) continue;
    const bool by_ssh = hop.front() == "ssh" && hop.size() >= 2;
    const bool by_incus =
        hop.front() == "incus" && hop.size() == 3 && (hop[1] == "shell" || hop[1] == "exec");
    if ((!by_ssh && !by_incus) || !is_target(hop.back())) return misunderstood(site);
    Hop next{by_ssh ? Hop::By::ssh : Hop::By::incus, {}, hop.back()};
    if (by_ssh) next.options.assign(hop.begin() + 1, hop.end() - 1);
    way.hops_.push_back(std::move(next));
    hop.clear();
  }
  const bool enters = std::any_of(way.hops_.begin(), way.hops_.end(),
                                  [](const Hop& each) { return each.by == Hop::By::incus; });
  if (site.provider == ProviderKind::incus && !enters) {
    if (!is_target(site.container)) {
      return error(Errc::bad_manifest,
                   "site " + site.name + ": container: expected the name of an incus container");
    }
    way.hops_.push_back({Hop::By::incus, {}, site.container});
  }
  if (way.hops_.empty()) return misunderstood(site);
  return way;
}

std::vector<std::string> Way::ssh(const Hop& hop, const std::filesystem::path& sockets) const {
  // Never a question to a person, never a wait without an end; %C is a hash of the destination.
  std::vector<std::string> argv{"ssh", "-T",
                                "-o",  "BatchMode=yes",
                                "-o",  "ConnectTimeout=10",
                                "-o",  "ServerAliveInterval=5",
                                "-o",  "ServerAliveCountMax=3",
                                "-o",  "ControlMaster=auto",
                                "-o",  "ControlPersist=60",
                                "-o",  "ControlPath=" + (sockets / "%C").string()};
  argv.insert(argv.end(), hop.options.begin(), hop.options.end());
  return argv;
}

std::vector<std::string> Way::argv_for(const std::vector<std::string>& command,
                                       const std::filesystem::path& sockets) const {
  std::vector<std::string> argv = command;
  for (auto hop = hops_.rbegin(); hop != hops_.rend(); ++hop) {
    if (hop->by == Hop::By::incus) {
      const std::vector<std::string> prefix{"incus", "exec", hop->target, "-T", "--"};
      argv.insert(argv.begin(), prefix.begin(), prefix.end());
      continue;
    }
    // ssh gives the words to the shell of the user there, as one text.
    std::string line;
    for (const std::string& word : argv) line += (line.empty() ? "" : " ") + shell_quoted(word);
    argv = ssh(*hop, sockets);
    argv.insert(argv.end(), {hop->target, std::move(line)});
  }
  return argv;
}

std::optional<std::string> Way::container() const {
  if (hops_.empty() || hops_.back().by != Hop::By::incus) return std::nullopt;
  return hops_.back().target;
}

Way Way::outside() const {
  Way way = *this;
  way.hops_.pop_back();
  return way;
}

std::vector<std::string> Way::farewell(const std::filesystem::path& sockets) const {
  if (hops_.front().by != Hop::By::ssh) return {};
  std::vector<std::string> argv = ssh(hops_.front(), sockets);
  argv.insert(argv.end(), {"-O", "exit", hops_.front().target});
  return argv;
}

std::string Way::text_of(const Hop& hop) {
  std::string text = hop.by == Hop::By::ssh ? "ssh" : "incus shell";
  for (const std::string& option : hop.options) text += " " + option;
  return text + " " + hop.target;
}

std::string Way::text() const {
  std::string text;
  for (const Hop& hop : hops_) text += (text.empty() ? "" : " -> ") + text_of(hop);
  return text;
}

std::string Way::prefix() const {
  std::string text;
  for (const Hop& hop : hops_) {
    text += hop.by == Hop::By::ssh ? text_of(hop) + " " : "incus exec " + hop.target + " -- ";
  }
  return text;
}

std::string shell_quoted(std::string_view text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:=,@%+").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace aitbc::sites
