// `up` is interrupted at every step there is, in two ways: the step fails, or the whole command is
// killed right after it. Another `up` must then complete what was begun, with the same keys.

#include <catch2/catch.hpp>

#include <sys/wait.h>

#include <csignal>
#include <mutex>

#include "sites/prepare.hpp"
#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::Home;
using aitbc::test::must;

namespace {

// Counts what changes the world; from the n-th on it fails, or kills its process after it.
class Fuse {
 public:
  enum class Way { fail, kill };
  Fuse(std::size_t steps, Way way) : left_(steps), way_(way) {}

  template <class Action>
  Status step(const Action& action) {
    const std::lock_guard lock(mutex_);
    if (left_ == 0 && way_ == Way::fail) return error(Errc::io, "the fuse is blown");
    const Status status = action();
    if (left_ == 0) ::kill(::getpid(), SIGKILL);
    --left_;
    return status;
  }

 private:
  std::mutex mutex_;  // machines are worked on at once
  std::size_t left_;
  Way way_;
};

class FusedTransport final : public Transport {
 public:
  FusedTransport(const Clock& clock, Fuse& fuse) : local_(clock), fuse_(fuse) {}

  Result<Output> run(const Command& command) override { return local_.run(command); }
  Status put(const std::filesystem::path& to, std::string_view bytes, Mode mode) override {
    return fuse_.step([&] { return local_.put(to, bytes, mode); });
  }
  Result<std::string> get(const std::filesystem::path& path, std::size_t bytes_max) override {
    return local_.get(path, bytes_max);
  }
  Result<sites::Growth> read_on(const std::filesystem::path& path, const sites::Mark& mark,
                                std::size_t bytes_max) override {
    return local_.read_on(path, mark, bytes_max);
  }
  Status make_folder(const std::filesystem::path& path, Mode mode) override {
    return fuse_.step([&] { return local_.make_folder(path, mode); });
  }
  Status rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return fuse_.step([&] { return local_.rename(from, to); });
  }
  Status remove_tree(const std::filesystem::path& path) override {
    return fuse_.step([&] { return local_.remove_tree(path); });
  }
  Result<bool> exists(const std::filesystem::path& path) override { return local_.exists(path); }
  Result<std::vector<std::string>> list(const std::filesystem::path& path) override {
    return local_.list(path);
  }
  Result<PublicKey> public_key(const std::filesystem::path& path) override {
    return local_.public_key(path);
  }
  Result<PublicKey> make_key(const std::filesystem::path& path) override {
    AITBC_TRY_ASSIGN(const KeyPair key, sites::read_or_make_key(*this, path));
    return key.public_key();
  }
  Result<std::unique_ptr<Lock>> lock(const Layout& layout, const std::string& holder) override {
    return local_.lock(layout, holder);
  }

 private:
  LocalTransport local_;
  Fuse& fuse_;
};

class FusedSupervisor final : public Supervisor {
 public:
  FusedSupervisor(Clock& clock, Fuse& fuse) : local_(clock), fuse_(fuse) {}

  Status start(const NodeSpec& spec) override {
    return fuse_.step([&] {
      const Status started = local_.start(spec);
      // As if the process had been killed before it could write the number down.
      std::filesystem::remove(spec.folder / "node.pid");
      return started;
    });
  }
  Result<Stopped> stop(const NodeSpec& spec, Duration patience) override {
    return local_.stop(spec, patience);
  }
  Status kill(const NodeSpec& spec) override { return local_.kill(spec); }
  Status pause(const NodeSpec& spec) override { return local_.pause(spec); }
  Status resume(const NodeSpec& spec) override { return local_.resume(spec); }
  Result<RunState> state(const NodeSpec& spec) override { return local_.state(spec); }
  Result<std::optional<ProcessFacts>> facts(const NodeSpec& spec) override {
    return local_.facts(spec);
  }
  Result<std::string> drift(const NodeSpec& spec) override { return local_.drift(spec); }
  std::string log_tail(const NodeSpec& spec, std::size_t lines) override {
    return local_.log_tail(spec, lines);
  }
  Result<std::size_t> kill_all_in(const std::filesystem::path& folder) override {
    return local_.kill_all_in(folder);
  }

 private:
  ProcessSupervisor local_;
  Fuse& fuse_;
};

class FusedProviders final : public Providers {
 public:
  // Sites of other kinds are on a machine that has its files below `far`.
  FusedProviders(Clock& clock, Fuse& fuse, std::filesystem::path far = {})
      : transport_(clock, fuse),
        far_transport_(clock, fuse),
        supervisor_(clock, fuse),
        far_(std::move(far)) {}
  Provider here() override { return {transport_, supervisor_, AITBC_FAKE_NODE}; }
  Result<Provider> provider_for(const Manifest::Site& site) override {
    if (site.provider == ProviderKind::process) return here();
    return Provider{far_transport_, supervisor_, AITBC_FAKE_NODE, far_};
  }

 private:
  FusedTransport transport_, far_transport_;
  FusedSupervisor supervisor_;
  const std::filesystem::path far_;
};

// Two are enough: the steps of a third would be those of the second.
std::string two_nodes() {
  const std::string three = test::three_nodes();
  return three.substr(0, three.rfind("      - {id: 3"));
}

// Whether it was done before the fuse blew.
bool interrupted_up(Home& home, std::size_t steps, Fuse::Way way,
                    const std::string& yaml = two_nodes()) {
  Fuse fuse(steps, way);
  FusedProviders providers(home.clock, fuse);
  auto network = Network::make(home.dir.path(), test::manifest_of(yaml), providers, home.clock);
  UpOptions options = home.options();
  options.wait = false;
  return network && network->up(options);
}

// In a process of its own, which is killed.
bool killed_up(Home& home, std::size_t steps, const std::string& yaml = two_nodes()) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(interrupted_up(home, steps, Fuse::Way::kill, yaml) ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void check_complete(Home& home) {
  Network network = home.network(two_nodes());
  must(network.up(home.options()));
  CHECK(must(network.plan()).changes() == 0);
  CHECK(home.running() == 2);
  Transport& files = home.providers.here().transport;
  const Genesis genesis = must(read_genesis(network.layout(), files));
  REQUIRE(genesis.authorities.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto path = network.layout().authority_key(std::to_string(i + 1));
    CHECK(must(read_key(files, path)).public_key() == genesis.authorities[i]);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(network.layout().root())) {
    CHECK(entry.path().extension() != ".part");
  }
  must(purge(home.dir.path(), "net", home.providers));
  CHECK(home.running() == 0);
  CHECK(std::filesystem::is_empty(home.dir.path() / "networks"));
}

constexpr std::size_t steps_max = 100;

// Node 2 of two_nodes() on a machine of its own.
std::string second_elsewhere() {
  const std::string both = two_nodes();
  return both.substr(0, both.find("      - {id: 2")) +
         "  far:\n    provider: ssh\n    access: ssh far\n    ip: " + test::own_address(2) +
         "\n    bind: " + test::own_address(2) +
         "\n    blockchain_nodes:\n      - {id: 2, rpc_port: 9002}\n";
}

// A network whose second node has signed things, and a place to move it to.
struct Moving {
  Moving() {
    must(up(two_nodes()));
    test::write_text(home.node("2") / "authority.key.guard-x", "what it has signed");
    test::write_text(home.node("2") / "chain.db", "what it knows");
    test::write_text(home.node("2") / "chain.db.lock", "1");
  }
  ~Moving() {
    Fuse fuse(10'000, Fuse::Way::fail);
    FusedProviders providers(home.clock, fuse, far.path());
    static_cast<void>(sites::purge(home.dir.path(), "net", providers));
  }
  Result<Plan> up(const std::string& yaml, std::size_t steps = 10'000) {
    Fuse fuse(steps, Fuse::Way::fail);
    FusedProviders providers(home.clock, fuse, far.path());
    AITBC_TRY_ASSIGN(auto network, Network::make(home.dir.path(), test::manifest_of(yaml),
                                                 providers, home.clock));
    UpOptions options = home.options();
    options.wait = false;
    return network.up(options);
  }
  std::filesystem::path there() const { return far.path() / "networks" / "net" / "nodes" / "2"; }

  Home home;
  test::TempDir far;
};

void check_moved(const std::filesystem::path& from, const std::filesystem::path& to,
                 const std::string& key) {
  CHECK(test::read_text(to / "authority.key") == key);
  CHECK(test::read_text(to / "authority.key.guard-x") == "what it has signed");
  CHECK(test::read_text(to / "chain.db").starts_with("what it knows"));
  CHECK_FALSE(std::filesystem::exists(from));
}

}  // namespace

TEST_CASE("an up that fails at any step is completed by the next") {
  std::size_t steps = 0;
  for (bool done = false; !done; ++steps) {
    INFO("step " << steps);
    REQUIRE(steps < steps_max);
    Home home;
    done = interrupted_up(home, steps, Fuse::Way::fail);
    check_complete(home);
  }
  CHECK(steps > 10);
}

TEST_CASE("an up that is killed after any step is completed by the next") {
  std::size_t steps = 0;
  for (bool done = false; !done; ++steps) {
    INFO("step " << steps);
    REQUIRE(steps < steps_max);
    Home home;
    done = killed_up(home, steps);
    check_complete(home);
  }
  CHECK(steps > 10);
}

TEST_CASE("a purge after an up that was killed at any step leaves nothing") {
  std::size_t steps = 0;
  for (bool done = false; !done; ++steps) {
    INFO("step " << steps);
    REQUIRE(steps < steps_max);
    Home home;
    done = killed_up(home, steps);
    must(purge(home.dir.path(), "net", home.providers));
    CHECK(home.running() == 0);
    CHECK(std::filesystem::is_empty(home.dir.path() / "networks"));
  }
}

TEST_CASE("a node that moves takes its key, its guard and its chain, wherever that is cut off") {
  std::size_t steps = 0;
  for (bool done = false; !done; ++steps) {
    INFO("step " << steps);
    REQUIRE(steps < steps_max);
    Moving moving;
    const auto from = moving.home.node("2");
    const std::string key = test::read_text(from / "authority.key");
    done = moving.up(second_elsewhere(), steps).has_value();
    // It may go on, or go back.
    if (steps % 2 == 0) {
      must(moving.up(second_elsewhere()));
      check_moved(from, moving.there(), key);
      CHECK_FALSE(std::filesystem::exists(moving.there() / "chain.db.lock"));
    } else {
      must(moving.up(two_nodes()));
      check_moved(moving.there(), from, key);
    }
    CHECK(moving.home.running() + (steps % 2 == 0 ? 1 : 0) == 2);
    CHECK_FALSE(std::filesystem::exists(from.parent_path().parent_path() / "moving" / "2"));
  }
  CHECK(steps > 10);
}

TEST_CASE(
    "nodes that are told of another one have the peers of their files, wherever it is cut off") {
  const Fuse::Way way = GENERATE(Fuse::Way::fail, Fuse::Way::kill);
  const std::string three = two_nodes() + "      - {id: f, rpc_port: 9004, authority: false}\n";
  std::size_t steps = 0;
  for (bool done = false; !done; ++steps) {
    INFO("step " << steps);
    REQUIRE(steps < steps_max);
    Home home;
    Network before = home.network(two_nodes());
    must(before.up(home.options()));
    const auto pids = Home::pids(before);
    done = way == Fuse::Way::fail ? interrupted_up(home, steps, way, three)
                                  : killed_up(home, steps, three);
    // It may go on, or be taken back.
    Network after = home.network(steps % 2 == 0 ? three : two_nodes());
    must(after.up(home.options()));
    CHECK(must(after.plan()).changes() == 0);
    for (const std::string id : {"1", "2"}) CHECK(home.follows_its_file(id));
    CHECK(Home::pids(before) == pids);
  }
  CHECK(steps > 10);
}

TEST_CASE("a node that is on two machines is not moved, and both are named") {
  Moving moving;
  test::write_text(moving.there() / "config.json", "{}");
  const auto up = moving.up(second_elsewhere());
  REQUIRE_FALSE(up);
  CHECK(up.error().code == Errc::in_use);
  CHECK_THAT(up.error().detail, Catch::Contains(moving.home.node("2").string()) &&
                                    Catch::Contains(moving.there().string()));
}
