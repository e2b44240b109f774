#include "sites/remote/providers.hpp"

#include <sys/stat.h>

namespace aitbc::sites::remote {

namespace fs = std::filesystem;

namespace {

constexpr Duration dial_patience{20'000};
constexpr Duration install_patience{300'000};  // megabytes over a thin line
constexpr Duration hang_up_patience{2'000};
constexpr Duration incus_patience{120'000};          // it may unpack an image
constexpr std::size_t socket_folder_bytes_max = 50;  // a socket's whole path has 108 at most
constexpr std::string_view missing = "aitbc-package-missing";

// All that is asked of a machine's shell: the rest is this program's own.
std::string home_line(const std::string& home) {
  return home.empty() ? "h=${AITBC_HOME:-$HOME/.aitbc}; " : "h=" + shell_quoted(home) + "; ";
}

std::string launch_script(const std::string& home, const std::string& id) {
  return home_line(home) + "p=$h/packages/" + id +
         "/bin/aitbc; if [ -x \"$p\" ]; then exec \"$p\" "
         "--home \"$h\" host serve; fi; echo " +
         std::string(missing);
}

// What is cut off is removed by the shell, or by the next one an hour later; what is there is
// whole.
std::string install_script(const std::string& home, const std::string& id) {
  return home_line(home) +
         "set -e; umask 022; d=$h/packages; mkdir -p \"$d\"; "
         "find \"$d\" -maxdepth 1 -name '.new.*' -mmin +60 -exec rm -rf {} +; "
         "t=$d/.new.$$; rm -rf \"$t\"; mkdir \"$t\"; trap 'rm -rf \"$t\"' EXIT; "
         "tar -xzf - -C \"$t\"; \"$t/bin/aitbc\" --version >/dev/null; sync; "
         "mv -T \"$t\" \"$d/" +
         id + "\" 2>/dev/null || [ -x \"$d/" + id + "/bin/aitbc\" ]";
}

}  // namespace

AllProviders::AllProviders(fs::path home, std::string program, Clock& clock)
    : home_(std::move(home)), clock_(clock), local_(std::move(program), clock) {}

void AllProviders::hang_up() {
  for (auto& [text, place] : places_) {
    place->host->hang_up();
    const auto folder = sockets();
    const auto argv = folder ? place->way.farewell(*folder) : std::vector<std::string>();
    // Best effort: a connection that nobody uses ends by itself after a minute.
    if (!argv.empty()) static_cast<void>(run({.argv = argv, .timeout = hang_up_patience}, clock_));
  }
}

// Where only this user can connect, and with a path that is short enough for a socket.
Result<fs::path> AllProviders::sockets() {
  fs::path folder = home_ / "ssh";
  if (folder.string().size() > socket_folder_bytes_max) {
    folder = "/tmp/aitbc-ssh-" + std::to_string(::getuid());
  }
  AITBC_TRY(local_.here().transport.make_folder(folder, Mode::secret_folder));
  struct stat info {};
  const bool own = ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
                   info.st_uid == ::getuid() && (info.st_mode & 077) == 0;
  if (own) return folder;
  return error(Errc::io, folder.string() + " is not a folder of this user's alone");
}

Result<AllProviders::Place*> AllProviders::place_of(const Manifest::Site& site) {
  AITBC_TRY_ASSIGN(Way way, Way::parse(site));
  const std::string text = way.text() + " " + site.home;
  const std::lock_guard lock(mutex_);
  auto& known = places_[text];
  if (!known) {
    known = std::make_unique<Place>();
    known->way = std::move(way);
    known->home = site.home;
    auto& door = doors_[known->way.first_hop()];
    if (!door) door = std::make_shared<std::mutex>();
    known->door = door;
    known->host =
        std::make_unique<Host>("site " + site.name, [this, to = known.get()] { return dial(*to); });
  }
  return known.get();
}

Result<Provider> AllProviders::provider_for(const Manifest::Site& site) {
  if (site.provider == ProviderKind::process) return here();
  AITBC_TRY_ASSIGN(Place * place, place_of(site));
  {
    const std::lock_guard lock(mutex_);
    if (place->machine) return provider_of(*place);
  }
  AITBC_TRY(place->host->machine());  // connects
  const Time asked = clock_.now();
  AITBC_TRY_ASSIGN(const Machine machine, place->host->machine());
  const Time answered = clock_.now();
  const std::lock_guard lock(mutex_);
  place->machine = machine;
  place->clock_ahead = machine.time - (asked + (answered - asked) / 2);
  return provider_of(*place);
}

Provider AllProviders::provider_of(const Place& place) {
  const Machine& machine = *place.machine;
  return {*place.host,  *place.host,       machine.program,
          machine.home, place.clock_ahead, machine.services};
}

// The first connection to a host is the one that the others then share: two at once would both
// become the first.
Result<std::unique_ptr<Session>> AllProviders::dial(const Place& place) {
  const std::lock_guard lock(*place.door);
  AITBC_TRY_ASSIGN(const std::string id, package_id());
  AITBC_TRY_ASSIGN(const fs::path folder, sockets());
  const auto argv = place.way.argv_for({"sh", "-c", launch_script(place.home, id)}, folder);
  auto session = Session::open(argv, clock_, dial_patience);
  if (session || session.error().detail.find(missing) == std::string::npos) return session;
  AITBC_TRY(install(place, id));
  return Session::open(argv, clock_, dial_patience);
}

// ---- containers ---------------------------------------------------------------------------------

Result<Output> AllProviders::incus(Place& place, const std::vector<std::string>& arguments) {
  AITBC_TRY_ASSIGN(const fs::path folder, sockets());
  std::vector<std::string> command{"incus"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return run({.argv = place.way.outside().argv_for(command, folder), .timeout = incus_patience},
             clock_);
}

Result<std::optional<ContainerState>> AllProviders::container_of(Place& place) {
  const ContainerName name(*place.way.container());
  // Asked before anything else is, so it makes the connection that the rest shares, as in dial().
  const std::lock_guard lock(*place.door);
  AITBC_TRY_ASSIGN(const Output said, incus(place, {"query", name.resource()}));
  if (said.exit_code == 0) {
    AITBC_TRY_ASSIGN(ContainerState state, parse_container(said.out));
    return std::optional(std::move(state));
  }
  if (said.err.find("not found") != std::string::npos) return std::optional<ContainerState>();
  return error(Errc::unreachable, place.host->name() + ": incus does not tell of container " +
                                      name.text() + ": " + first_line(said.err));
}

Status AllProviders::take(Place& place, const std::vector<ContainerStep>& steps) {
  for (const ContainerStep& step : steps) {
    AITBC_TRY_ASSIGN(const Output said, incus(place, step.arguments));
    if (said.exit_code == 0) continue;
    return error(Errc::refused, place.host->name() + ": cannot " + step.why + ": " +
                                    first_line(said.err.empty() ? said.out : said.err));
  }
  return ok();
}

Result<AllProviders::Place*> AllProviders::container_place(const Manifest::Site& site) {
  if (site.provider == ProviderKind::process) return nullptr;
  AITBC_TRY_ASSIGN(Place * place, place_of(site));
  return place->way.container() ? place : nullptr;
}

Result<MachineState> AllProviders::machine_state(const Manifest::Site& site,
                                                 const std::string& network) {
  AITBC_TRY_ASSIGN(Place * place, container_place(site));
  if (place == nullptr) return MachineState();
  AITBC_TRY_ASSIGN(const auto state, container_of(*place));
  MachineState machine{state.has_value(), state && state->runs(),
                       state && state->belongs_to(network)};
  const auto steps = container_steps(site, network, ContainerName(*place->way.container()), state);
  if (!steps) {
    machine.wanted = steps.error();
    return machine;
  }
  std::vector<std::string> words;
  for (const ContainerStep& step : *steps) words.push_back(step.why);
  machine.wanted = std::move(words);
  return machine;
}

Status AllProviders::make_machine(const Manifest::Site& site, const std::string& network) {
  AITBC_TRY_ASSIGN(Place * place, container_place(site));
  if (place == nullptr) return ok();
  AITBC_TRY_ASSIGN(const auto state, container_of(*place));
  AITBC_TRY_ASSIGN(const auto steps,
                   container_steps(site, network, ContainerName(*place->way.container()), state));
  return take(*place, steps);
}

Status AllProviders::leave_machine(const Manifest::Site& site, const std::string& network,
                                   bool shared) {
  AITBC_TRY_ASSIGN(Place * place, container_place(site));
  if (place == nullptr) return ok();
  AITBC_TRY_ASSIGN(const auto state, container_of(*place));
  if (!state) return ok();
  const ContainerName name(*place->way.container());
  const bool deletes = state->belongs_to(network) && !shared;
  if (deletes) {
    place->host->hang_up();
    const std::lock_guard lock(mutex_);
    place->machine.reset();
  }
  return take(*place, deletes ? deleting_steps(name) : leaving_steps(network, name, *state));
}

// ---- packages -----------------------------------------------------------------------------------

// All machines get the same one: it is made for the first that needs it.
Result<std::string> AllProviders::package() {
  const std::lock_guard lock(packing_);
  if (!package_) {
    AITBC_TRY_ASSIGN(package_, make_package(home_ / "packages", clock_));
  }
  return package_->bytes;
}

Status AllProviders::install(const Place& place, const std::string& id) {
  AITBC_TRY_ASSIGN(std::string bytes, package());
  AITBC_TRY_ASSIGN(const fs::path folder, sockets());
  AITBC_TRY_ASSIGN(
      const Output output,
      run({.argv = place.way.argv_for({"sh", "-c", install_script(place.home, id)}, folder),
           .input = std::move(bytes),
           .timeout = install_patience},
          clock_));
  if (output.exit_code == 0) return ok();
  return error(Errc::unreachable, "this program cannot be put there: " +
                                      (output.err.empty() ? output.out : output.err));
}

}  // namespace aitbc::sites::remote
