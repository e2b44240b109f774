#include "sites/units.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <functional>

#include "chain/core/text.hpp"
#include "sites/process.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

// Of one request; less than what a command on another machine waits for its answer.
constexpr Duration systemctl_patience{15'000};
constexpr Duration boot_patience{10'000};  // of a machine that has just been started
constexpr Duration look_patience{2'000};   // of who only wants to know
constexpr std::size_t unit_bytes_max = 64 * 1024;
constexpr std::string_view header_begin = "# The node in ";
constexpr std::string_view header_end = ", a node of the network ";

bool is_there(const fs::path& path) {
  std::error_code failed;
  return fs::exists(fs::symlink_status(path, failed));
}

std::string read_unit(const fs::path& path) {
  std::string text(unit_bytes_max, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

// The folder of the node that a unit is of; empty if it is none of ours.
fs::path owner_of(const std::string& text) {
  const std::size_t end = text.find(header_end);
  if (!text.starts_with(header_begin) || end == std::string::npos) return {};
  return text.substr(header_begin.size(), end - header_begin.size());
}

bool is_in(const fs::path& path, const fs::path& folder) {
  return path == folder || path.string().starts_with((folder / "").string());
}

// The first line in which they differ.
std::string difference(std::string_view is, std::string_view wanted) {
  const auto cut = std::mismatch(is.begin(), is.end(), wanted.begin(), wanted.end()).first;
  const std::size_t at = static_cast<std::size_t>(cut - is.begin());
  const std::size_t end = is.substr(0, at).rfind('\n');
  const std::size_t start = end == std::string_view::npos ? 0 : end + 1;
  return "'" + first_line(is.substr(start)) + "' -> '" + first_line(wanted.substr(start)) + "'";
}

Error systemctl_failure(const std::vector<std::string>& words, const Output& said) {
  return error(Errc::refused,
               "'systemctl " + joined(words, " ") + "' failed: " + first_line(said.err));
}

Units user_units(const passwd& user) {
  const std::string runtime = "/run/user/" + std::to_string(user.pw_uid);
  const fs::path socket = runtime + "/systemd/private";
  const bool lingers = is_there(fs::path("/var/lib/systemd/linger") / user.pw_name);
  if (!lingers || !is_there(socket)) return {};
  return {ServiceManager::user,
          fs::path(user.pw_dir) / ".config" / "systemd" / "user",
          socket,
          {"env", "XDG_RUNTIME_DIR=" + runtime, "systemctl", "--user"}};
}

}  // namespace

Units units_here() {
  const passwd* user = ::getpwuid(::geteuid());
  if (user == nullptr || !is_there("/run/systemd/system")) return {};
  if (user->pw_uid != 0) return user_units(*user);
  return {ServiceManager::system, "/etc/systemd/system", "/run/systemd/private", {"systemctl"}};
}

std::vector<GivenUpUnit> given_up_of(const std::vector<std::string>& names, const Units& units,
                                     const Clock& clock) {
  std::vector<GivenUpUnit> given_up;
  if (units.manager == ServiceManager::none || !is_there(units.socket)) return given_up;
  for (const std::string& unit : names) {
    std::vector<std::string> words = units.systemctl;
    words.insert(words.end(), {"show", "--property=ActiveState,Result", unit});
    const auto said = run({.argv = std::move(words), .timeout = look_patience}, clock);
    if (!said || said->out.find("ActiveState=failed\n") == std::string::npos) continue;
    constexpr std::string_view key = "Result=";
    const std::size_t at = said->out.find(key);
    const bool told = at != std::string::npos;
    given_up.push_back({unit, told ? first_line(said->out.substr(at + key.size())) : "failed"});
  }
  return given_up;
}

std::string unit_header(const fs::path& node_folder, const std::string& network) {
  return std::string(header_begin) + node_folder.string() + std::string(header_end) + network +
         ". Made by 'aitbc up', which undoes what is changed here by hand.\n";
}

// ---- systemctl ----------------------------------------------------------------------------------

Result<Output> UnitSupervisor::systemctl(std::vector<std::string> words) const {
  AITBC_TRY(wait_until(clock_, clock_.now() + boot_patience,
                       "systemd to listen at " + units_.socket.string(),
                       [&] { return is_there(units_.socket); }));
  words.insert(words.begin(), units_.systemctl.begin(), units_.systemctl.end());
  return run({.argv = std::move(words), .timeout = systemctl_patience}, clock_);
}

// The one word or number that it answers.
Result<std::string> UnitSupervisor::asked(const std::vector<std::string>& words) const {
  AITBC_TRY_ASSIGN(const Output said, systemctl(words));
  // That something is not so may also be said by the exit code.
  if (said.exit_code == 0 || !said.out.empty()) return first_line(said.out);
  return systemctl_failure(words, said);
}

Status UnitSupervisor::told(const std::vector<std::string>& words) const {
  AITBC_TRY_ASSIGN(const Output said, systemctl(words));
  return said.exit_code == 0 ? ok() : Status(systemctl_failure(words, said));
}

// ---- files --------------------------------------------------------------------------------------

std::vector<std::string> UnitSupervisor::units_in(const fs::path& folder) const {
  std::vector<std::string> names;
  std::error_code failed;
  if (units_.manager == ServiceManager::none) return names;
  for (const auto& entry : fs::directory_iterator(units_.folder, failed)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("aitbc-") || !name.ends_with(".service")) continue;
    const fs::path owner = owner_of(read_unit(entry.path()));
    if (!owner.empty() && is_in(owner, folder)) names.push_back(name);
  }
  return names;
}

Result<std::optional<std::string>> UnitSupervisor::text_of(const NodeSpec& spec) const {
  const fs::path path = units_.folder / spec.unit->name;
  if (!is_there(path)) return std::optional<std::string>();
  std::string text = read_unit(path);
  if (owner_of(text) == spec.folder) return std::optional(std::move(text));
  return error(Errc::in_use, path.string() + " is no unit of the node in " + spec.folder.string() +
                                 ": disable and remove it, or say 'service: none' for the site");
}

fs::path UnitSupervisor::additions_to(const std::string& unit) const {
  return units_.folder / (unit + ".d");
}

// Reloaded also when somebody was interrupted before he could do it.
Status UnitSupervisor::write(const NodeSpec& spec) {
  LocalTransport files(clock_);
  AITBC_TRY_ASSIGN(const auto text, text_of(spec));
  AITBC_TRY(files.remove_tree(additions_to(spec.unit->name)));
  if (text != spec.unit->text) {
    AITBC_TRY(files.make_folder(units_.folder, Mode::folder));
    AITBC_TRY(files.put(units_.folder / spec.unit->name, spec.unit->text, Mode::file));
  }
  AITBC_TRY_ASSIGN(const std::string stale,
                   asked({"show", "--property=NeedDaemonReload", "--value", spec.unit->name}));
  return stale == "yes" ? told({"daemon-reload"}) : ok();
}

// ---- starting and ending ------------------------------------------------------------------------

Status UnitSupervisor::start(const NodeSpec& spec) {
  if (!spec.unit) return ProcessSupervisor::start(spec);
  if (units_.manager == ServiceManager::none) {
    return error(Errc::refused, "there is no systemd that could run " + spec.unit->name);
  }
  AITBC_TRY_ASSIGN(const RunState before, state(spec));
  if (before != RunState::stopped) return ok();
  AITBC_TRY(write(spec));
  // Enabled first: what runs will come back.
  AITBC_TRY(told({"enable", "--no-reload", spec.unit->name}));
  // It may have been given up after too many attempts; and if it was not, all the better.
  static_cast<void>(told({"reset-failed", spec.unit->name}));
  AITBC_TRY(told({"start", spec.unit->name}));
  const auto found = state(spec);  // and written down
  return found ? ok() : Status(found.error());
}

// Its unit neither brings a node back that `end` ends, nor does the machine's next start. systemd
// waits for two seconds before it does, which is when it is told not to.
Status UnitSupervisor::take_down(const fs::path& folder, const std::optional<Unit>& kept,
                                 const std::function<Status()>& end) {
  const std::vector<std::string> units = units_in(folder);
  for (const std::string& unit : units) AITBC_TRY(told({"disable", "--no-reload", unit}));
  AITBC_TRY(end());
  bool removed = false;
  for (const std::string& unit : units) {
    AITBC_TRY(told({"stop", unit}));
    static_cast<void>(told({"reset-failed", unit}));  // there is nothing to forget but a failure
    if (kept && kept->name == unit) continue;
    LocalTransport files(clock_);
    AITBC_TRY(files.remove_tree(additions_to(unit)));
    AITBC_TRY(files.remove_tree(units_.folder / unit));
    removed = true;
  }
  return removed ? told({"daemon-reload"}) : ok();
}

Result<Stopped> UnitSupervisor::stop(const NodeSpec& spec, Duration patience) {
  Stopped how = Stopped::already;
  AITBC_TRY(take_down(spec.folder, spec.unit, [&]() -> Status {
    const auto ended = ProcessSupervisor::stop(spec, patience);
    if (ended) how = *ended;
    return ended ? ok() : Status(ended.error());
  }));
  return how;
}

Status UnitSupervisor::kill(const NodeSpec& spec) {
  return take_down(spec.folder, spec.unit, [&] { return ProcessSupervisor::kill(spec); });
}

Result<std::size_t> UnitSupervisor::kill_all_in(const fs::path& folder) {
  std::size_t killed = 0;
  AITBC_TRY(take_down(folder, {}, [&]() -> Status {
    const auto count = ProcessSupervisor::kill_all_in(folder);
    if (count) killed = *count;
    return count ? ok() : Status(count.error());
  }));
  return killed;
}

// ---- drift --------------------------------------------------------------------------------------

Result<std::string> UnitSupervisor::drift(const NodeSpec& spec) {
  for (const std::string& unit : units_in(spec.folder)) {
    if (!spec.unit || spec.unit->name != unit) return "it has the unit " + unit;
  }
  if (!spec.unit) return std::string();
  const std::string& unit = spec.unit->name;
  AITBC_TRY_ASSIGN(const auto text, text_of(spec));
  AITBC_TRY_ASSIGN(const auto process, facts(spec));
  if (!text) return process ? "unit " + unit + " is missing" : std::string();
  if (*text != spec.unit->text) {
    return "unit " + unit + ": " + difference(*text, spec.unit->text);
  }
  if (is_there(additions_to(unit))) return "unit " + unit + ".d adds to it";
  return process ? running_drift(unit, process->pid) : std::string();
}

Result<std::string> UnitSupervisor::running_drift(const std::string& unit, int pid) const {
  AITBC_TRY_ASSIGN(const std::string main, asked({"show", "--property=MainPID", "--value", unit}));
  if (main != std::to_string(pid)) return "it runs outside of unit " + unit;
  AITBC_TRY_ASSIGN(const std::string enabled, asked({"is-enabled", unit}));
  return enabled == "enabled" ? std::string() : "unit " + unit + " is " + enabled;
}

}  // namespace aitbc::sites
