// The part of the machine's facts that asks the machine.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "chain/core/limits.hpp"
#include "rpc/client.hpp"
#include "sites/descriptor.hpp"
#include "sites/diagnosis/machine_facts.hpp"
#include "sites/parallel.hpp"
#include "sites/process.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t no_limit = limits::supply_max;  // exact in any JSON reader

// ---- disk and memory ----------------------------------------------------------------------------

Status look_at_disk(const fs::path& folder, MachineFacts& facts) {
  std::error_code failed;
  fs::path there = fs::absolute(folder, failed);
  while (!fs::exists(there, failed) && there.has_relative_path()) there = there.parent_path();
  struct statvfs disk {};
  if (::statvfs(there.c_str(), &disk) != 0) {
    return error(Errc::io,
                 "cannot look at the disk of " + there.string() + ": " + std::strerror(errno));
  }
  facts.disk_free_bytes = std::min<std::uint64_t>(disk.f_bavail * disk.f_frsize, no_limit);
  // A file system that makes them as it goes says that it has none.
  facts.disk_free_files =
      disk.f_files == 0 ? no_limit : std::min<std::uint64_t>(disk.f_favail, no_limit);
  return ok();
}

std::optional<std::uint64_t> number_in_file(const fs::path& path) {
  std::ifstream in(path);
  std::uint64_t number = 0;
  if (in >> number) return std::min(number, no_limit);
  return std::nullopt;  // also for "max"
}

std::uint64_t memory_available() {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::uint64_t kib = 0;
    if (std::sscanf(line.c_str(), "MemAvailable: %lu kB", &kib) == 1) return kib * 1024;
  }
  return no_limit;
}

// The control groups that this process is in, innermost first: each may limit what is below it.
// `whose` begins after the number in the line of /proc/self/cgroup.
std::vector<fs::path> control_groups(const fs::path& list, std::string_view whose,
                                     const fs::path& mount, std::string_view folder) {
  const fs::path top = folder.empty() ? mount : mount / folder;
  std::ifstream in(list);
  std::vector<fs::path> groups;
  for (std::string line; std::getline(in, line);) {
    const std::string_view rest =
        std::string_view(line).substr(std::min(line.find(':'), line.size()));
    if (!rest.starts_with(whose)) continue;
    fs::path at = top / rest.substr(whose.size());
    if (!at.has_filename()) at = at.parent_path();
    for (; at.string().starts_with(top.string()); at = at.parent_path()) groups.push_back(at);
  }
  return groups;
}

// Of memory that is used: what was read from files and is given back when it is needed.
std::uint64_t reclaimable(const fs::path& group, std::string_view key) {
  std::ifstream in(group / "memory.stat");
  std::string word;
  for (std::uint64_t bytes = 0; in >> word >> bytes;) {
    if (word == key) return bytes;
  }
  return 0;
}

void take_least(std::optional<std::uint64_t>& least, std::optional<std::uint64_t> most,
                std::uint64_t used) {
  if (!most) return;
  const std::uint64_t left = *most - std::min(*most, used);
  least = std::min(least.value_or(left), left);
}

// What the two versions of control groups call the same.
struct GroupFiles {
  std::string_view memory_whose, pids_whose, memory_folder, pids_folder;
  std::string_view memory_max, memory_used, memory_reclaimable;
};
constexpr GroupFiles group_versions[] = {
    {":memory:/", ":pids:/", "memory", "pids", "memory.limit_in_bytes", "memory.usage_in_bytes",
     "total_inactive_file"},
    {"::/", "::/", "", "", "memory.max", "memory.current", "inactive_file"}};

void look_at_limits(MachineFacts& facts) {
  const GroupLimits limits = look_at_groups("/proc/self/cgroup", "/sys/fs/cgroup");
  facts.memory_free_bytes = memory_available();
  if (limits.memory_left) {
    facts.memory_free_bytes = std::min(facts.memory_free_bytes, *limits.memory_left);
  }
  facts.processes_left = limits.processes_left;
}

// ---- ports --------------------------------------------------------------------------------------

struct SocketPlace {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<SocketPlace> place_of_socket(const PortUse& use) {
  SocketPlace place;
  auto* four = reinterpret_cast<sockaddr_in*>(&place.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&place.storage);
  if (::inet_pton(AF_INET, use.address.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(use.port);
    place.size = sizeof(sockaddr_in);
    return place;
  }
  if (::inet_pton(AF_INET6, use.address.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(use.port);
    place.size = sizeof(sockaddr_in6);
    return place;
  }
  return std::nullopt;
}

// As /proc writes it: the words of the address in hexadecimal, each in the machine's own order.
std::string hex_address(const SocketPlace& place) {
  std::array<std::uint32_t, 4> words{};
  std::size_t count = 1;
  if (place.storage.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&place.storage);
    std::memcpy(words.data(), &six->sin6_addr, sizeof(words));
    count = words.size();
  } else {
    words[0] = reinterpret_cast<const sockaddr_in*>(&place.storage)->sin_addr.s_addr;
  }
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    std::array<char, 9> digits{};
    std::snprintf(digits.data(), digits.size(), "%08X", words[i]);
    text += digits.data();
  }
  return text;
}

bool is_wildcard(const std::string& hex) { return hex.find_first_not_of('0') == std::string::npos; }

// The sockets that listen there, or at all addresses, as /proc names them: "socket:[INODE]".
std::vector<std::string> listeners_at(const SocketPlace& place, std::uint16_t port) {
  const std::string wanted = hex_address(place);
  std::vector<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream in(table);
    std::string line;
    std::getline(in, line);  // the titles
    while (std::getline(in, line)) {
      constexpr unsigned listening = 0x0A;
      std::array<char, 40> address{};
      unsigned at = 0, state = 0;
      unsigned long inode = 0;
      const int read = std::sscanf(line.c_str(),
                                   " %*d: %39[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*d %*d %lu",
                                   address.data(), &at, &state, &inode);
      if (read != 4 || at != port || state != listening) continue;
      const std::string there = address.data();
      // An IPv4 address among the IPv6 ones ends in its own word.
      if (is_wildcard(wanted) || is_wildcard(there) || there.ends_with(wanted)) {
        sockets.push_back("socket:[" + std::to_string(inode) + "]");
      }
    }
  }
  return sockets;
}

bool has_open(pid_t pid, const std::vector<std::string>& sockets) {
  std::error_code failed;
  const fs::path folder = "/proc/" + std::to_string(pid) + "/fd";
  for (auto at = fs::directory_iterator(folder, failed); !failed && at != fs::end(at);
       at.increment(failed)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(at->path(), gone).string();
    if (std::find(sockets.begin(), sockets.end(), target) != sockets.end()) return true;
  }
  return false;
}

std::string holder_of_port(const SocketPlace& place, std::uint16_t port) {
  const auto sockets = listeners_at(place, port);
  if (sockets.empty()) return "";
  for (const pid_t pid : all_processes()) {
    if (!has_open(pid, sockets)) continue;
    const auto info = read_process(pid);
    const std::string what = !info                ? "a process"
                             : info->argv.empty() ? info->program
                                                  : info->argv.front();
    return fs::path(what).filename().string() + " (pid " + std::to_string(pid) + ")";
  }
  return "";
}

// ---- nodes elsewhere ----------------------------------------------------------------------------

// Whatever it answers, also that it wants a key: the way there is open.
UrlReach reach_from_here(const std::string& url, Duration patience) {
  auto client = rpc::Client::open(url, {patience, patience});
  if (!client) return {url, false, client.error().detail};
  const auto answer = client->get("/health");
  const bool answered = answer || (category(answer.error().code) != Category::unreachable &&
                                   answer.error().code != Errc::timeout);
  return {url, answered, answered ? "" : answer.error().detail};
}

}  // namespace

GroupLimits look_at_groups(const fs::path& list, const fs::path& mount) {
  GroupLimits limits;
  for (const GroupFiles& files : group_versions) {
    for (const fs::path& group :
         control_groups(list, files.memory_whose, mount, files.memory_folder)) {
      const auto used = number_in_file(group / files.memory_used);
      if (!used) continue;
      take_least(limits.memory_left, number_in_file(group / files.memory_max),
                 *used - std::min(*used, reclaimable(group, files.memory_reclaimable)));
    }
    for (const fs::path& group : control_groups(list, files.pids_whose, mount, files.pids_folder)) {
      const auto used = number_in_file(group / "pids.current");
      if (used) take_least(limits.processes_left, number_in_file(group / "pids.max"), *used);
    }
  }
  return limits;
}

void look_at_port(PortUse& use) {
  using State = PortUse::State;
  use.state = State::no_address;
  const auto place = place_of_socket(use);
  if (!place) return;
  const Descriptor socket(::socket(place->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  const auto* address = reinterpret_cast<const sockaddr*>(&place->storage);
  const bool free =
      ::bind(socket.get(), address, place->size) == 0 && ::listen(socket.get(), 1) == 0;
  if (free) {
    use.state = State::free;
  } else if (errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT) {
    use.state = State::taken;
    use.by = holder_of_port(*place, use.port);
  }
}

Result<MachineFacts> look_at_machine(const FactsWanted& wanted, const Units& units,
                                     const Clock& clock) {
  MachineFacts facts;
  utsname names{};
  if (::uname(&names) != 0) return error(Errc::io, "the system does not say what it is");
  facts.architecture = names.machine;
  facts.system = std::string(names.sysname) + " " + names.release;
  std::error_code failed;
  facts.systemd = fs::is_directory("/run/systemd/system", failed);
  facts.services = units.manager;
  AITBC_TRY(look_at_disk(wanted.folder, facts));
  look_at_limits(facts);
  facts.ports = wanted.ports;
  for (PortUse& use : facts.ports) look_at_port(use);
  facts.urls.resize(wanted.urls.size());
  at_once(wanted.urls.size(),
          [&](std::size_t i) { facts.urls[i] = reach_from_here(wanted.urls[i], wanted.patience); });
  facts.given_up = given_up_of(wanted.units, units, clock);
  return facts;
}

}  // namespace aitbc::sites
