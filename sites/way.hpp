#pragma once
// How a program is run on a site's machine: through which programs of this one. Each hop takes the
// next command as its arguments, so ways can be joined: ssh to a host, and from there into a
// container. Plain values; any thread.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sites/manifest.hpp"

namespace aitbc::sites {

class Way {
 public:
  Way() = default;
  // From `access` and `container`: "ssh [OPTION...] HOST", "incus shell [REMOTE:]NAME", or the one
  // and then the other, with " -> " between them. bad_manifest says what was expected.
  static Result<Way> parse(const Manifest::Site&);

  // What to run here so that `command` runs there, with standard input and output. One connection
  // a host is kept in `sockets` for a minute, a folder of nobody else's.
  std::vector<std::string> argv_for(const std::vector<std::string>& command,
                                    const std::filesystem::path& sockets) const;
  // Ends that connection; empty where there is none.
  std::vector<std::string> farewell(const std::filesystem::path& sockets) const;

  // The container that it ends in, as incus names it; nullopt if it ends elsewhere.
  std::optional<std::string> container() const;
  // To where that container is run from. It may be here: then a command is its own way.
  Way outside() const;

  // "ssh host -> incus shell name": the same for the same machine.
  std::string text() const;
  // What a person types before a command so that it runs there: "ssh host incus exec name -- ".
  std::string prefix() const;
  // Of the text the first part: ways that share it share a connection.
  std::string first_hop() const { return text_of(hops_.front()); }

 private:
  struct Hop {
    enum class By { ssh, incus };
    By by = By::ssh;
    std::vector<std::string> options;  // of ssh
    std::string target;
  };
  static std::string text_of(const Hop& hop);
  std::vector<std::string> ssh(const Hop& hop, const std::filesystem::path& sockets) const;

  std::vector<Hop> hops_;  // the nearest first
};

// One word of a POSIX shell that stands for exactly this text.
std::string shell_quoted(std::string_view text);

}  // namespace aitbc::sites
