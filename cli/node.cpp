#include "cli/node.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>

#include "cli/file.hpp"
#include "cli/keys.hpp"
#include "cli/log.hpp"
#include "cli/memory.hpp"
#include "cli/node_access.hpp"
#include "cli/signals.hpp"
#include "rpc/http_server.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/router.hpp"
#include "sync/runner.hpp"
#include "sync/wal_copier.hpp"

namespace aitbc::cli {

namespace {

// Ten million accounts of about 100 bytes; a real file is a few kilobytes.
constexpr std::size_t genesis_bytes_max = std::size_t{1} << 30;
constexpr rlim_t files_wanted = 2 * limits::http_connections_max;

// A usual limit is 1,024 open files: as many as there may be clients, with none left for the
// database and the peers.
void allow_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = std::max(files.rlim_cur, std::min(files.rlim_max, files_wanted));
  ::setrlimit(RLIMIT_NOFILE, &files);
}

rpc::RequestStats::Elapsed monotonic() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

Error about(const std::string& subject, const Error& failure) {
  return error(failure.code, subject + ": " + failure.detail);
}

// One for each chain that the key is an authority of, beside the key: it travels with it.
Result<std::shared_ptr<SignGuard>> open_guard(const std::string& key_file, const KeyPair& key,
                                              const Genesis& genesis) {
  constexpr std::size_t digits = 16;
  const GenesisHash chain = hash_of(genesis);
  const std::string path = key_file + ".guard-" + chain.hex().substr(0, digits);
  auto guard = open_sign_guard(path, chain, key.public_key());
  if (!guard) return about("authority_key", guard.error());
  return std::shared_ptr<SignGuard>(std::move(*guard));
}

Result<std::optional<Authority>> load_authority(const NodeConfig& config, const Genesis& genesis) {
  std::optional<Authority> none;
  if (!config.authority_key) return none;
  AITBC_TRY_ASSIGN(KeyPair key, read_key_file(*config.authority_key));
  AITBC_TRY_ASSIGN(auto guard, open_guard(*config.authority_key, key, genesis));
  return std::optional(Authority(std::move(key), std::move(guard)));
}

Result<std::optional<KeyPair>> load_faucet(const NodeConfig& config, const Genesis& genesis) {
  if (!config.faucet_key) return std::optional<KeyPair>();
  if (!genesis.devnet) {
    return error(Errc::bad_config,
                 "faucet_key: only a devnet has a faucet, and " + genesis.chain_id + " is none");
  }
  AITBC_TRY_ASSIGN(KeyPair key, read_key_file(*config.faucet_key));
  return std::optional(std::move(key));
}

Result<std::unique_ptr<Store>> open_store(const NodeConfig& config) {
  AITBC_TRY(make_folder(folder_of(config.data)));
  auto store = sync::open_node_store(config.data);
  if (!store) return about("data " + config.data, store.error());
  return store;
}

// Beside the database: a restarted node still has the faults that it was told to have.
std::string faults_file(const NodeConfig& config) { return config.data + ".faults"; }

Result<std::unique_ptr<Log>> open_audit(const NodeConfig& config) {
  auto opened = open_log_file(config.audit_file(), config.node_id);
  if (!opened) return about("access.audit", opened.error());
  return opened;
}

std::vector<Fault> read_faults(const NodeConfig& config, Log& log) {
  const std::string path = faults_file(config);
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return {};
  const auto text = read_file(path, limits::network_file_bytes_max);
  auto faults = text ? rpc::parse_faults(*text) : Result<std::vector<Fault>>(text.error());
  if (faults) return std::move(*faults);
  log.warn("faults_lost", {{"file", path}, {"detail", faults.error().detail}});
  return {};
}

Status write_faults(const NodeConfig& config, std::span<const Fault> faults) {
  return write_file(faults_file(config), rpc::faults_json(faults) + "\n",
                    {.existing = Existing::replace});
}

// The first failure of any part ends the node; the others are its consequences.
class FirstFailure {
 public:
  explicit FirstFailure(StopSignal& stop) : stop_(stop) {}
  void report(const Error& failure) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = failure;
    }
    stop_.raise();
  }
  std::optional<Error> get() {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

 private:
  StopSignal& stop_;
  std::mutex mutex_;
  std::optional<Error> failure_;
};

sync::Runner::Options runner_options(const NodeConfig& config, std::optional<Authority> authority,
                                     rpc::Credentials credentials, std::vector<Fault> faults) {
  sync::Runner::Options options;
  options.node_id = config.node_id;
  options.site = config.site;
  options.forced = config.force;
  options.instance = new_instance();
  options.authority = std::move(authority);
  options.peers = config.peers;
  options.credentials = std::move(credentials);
  options.sync = config.sync;
  options.poll_only = config.poll_only;
  options.poll_interval = config.poll_interval;
  options.faults = std::move(faults);
  options.keep_faults = [&config](std::span<const Fault> all) { return write_faults(config, all); };
  return options;
}

void log_started(Log& log, const NodeConfig& config, const sync::Runner& runner,
                 std::uint16_t port) {
  const auto status = runner.status();
  log.info("node_started",
           {{"chain_id", runner.params().chain_id},
            {"genesis", hash_text(runner.params().genesis_hash)},
            {"address", config.address},
            {"port", std::uint64_t{port}},
            {"height", status->head.height},
            {"head", hash_text(status->head.id)},
            {"authority", status->authority ? status->authority->hex() : std::string("none")},
            {"peers", config.peers.size()}});
}

}  // namespace

Result<Genesis> read_genesis_file(const std::string& path) {
  AITBC_TRY_ASSIGN(const std::string text, read_file(path, genesis_bytes_max));
  auto genesis = rpc::parse_genesis(text);
  if (!genesis) return error(Errc::bad_config, path + ": " + genesis.error().detail);
  return genesis;
}

std::string new_instance() {
  std::array<Byte, 8> bytes{};
  fill_random(bytes);
  return to_hex(bytes);
}

Status run_node(const NodeConfig& config, Log& log) {
  stay_small();
  allow_files();
  StopSignal stop;
  FirstFailure failed(stop);
  AITBC_TRY_ASSIGN(const Genesis genesis, read_genesis_file(config.genesis));
  if (config.chain_id && *config.chain_id != genesis.chain_id) {
    return error(Errc::bad_config, "chain_id: expected a genesis of " + *config.chain_id +
                                       ", but " + config.genesis + " is of " + genesis.chain_id);
  }
  AITBC_TRY_ASSIGN(rpc::AccessRules access, access_rules(config));
  AITBC_TRY_ASSIGN(auto tls, tls_server(config));
  auto credentials = read_credentials(config.peer_access);
  if (!credentials) return about("peer_access", credentials.error());
  AITBC_TRY_ASSIGN(auto authority, load_authority(config, genesis));
  AITBC_TRY_ASSIGN(auto faucet, load_faucet(config, genesis));
  AITBC_TRY_ASSIGN(auto store, open_store(config));
  auto started =
      sync::Runner::start(genesis, std::move(store),
                          runner_options(config, std::move(authority), *std::move(credentials),
                                         read_faults(config, log)),
                          log, [&failed](const Error& error) { failed.report(error); });
  if (!started) return about("data " + config.data, started.error());
  const std::unique_ptr<sync::Runner> runner = std::move(started).value();

  AITBC_TRY_ASSIGN(const auto audit, open_audit(config));
  const rpc::Router router(*runner, log,
                           {.faucet = std::move(faucet),
                            .access = std::move(access),
                            .audit = audit.get(),
                            .clock = monotonic});
  rpc::HttpService service;
  service.handle = [&router](const rpc::HttpRequest& request) { return router.handle(request); };
  service.waits = [](const rpc::HttpRequest& request) { return rpc::Router::waits(request); };
  service.failed = [&failed](const Error& error) { failed.report(error); };
  auto server = rpc::HttpServer::start(
      {.address = config.address, .port = config.port, .tls = std::move(tls)}, std::move(service),
      log);
  if (!server) {
    runner->stop();
    return about("listen", server.error());
  }
  log_started(log, config, *runner, (*server)->port());
  if (config.force && runner->status()->authority) {
    log.warn("forced", {{"detail",
                         "this node signs with its authority key even if another node is heard to: "
                         "two that do leave evidence against the key"}});
  }

  auto why = stop.wait(give_back_interval);
  for (; !why; why = stop.wait(give_back_interval)) {
    // One after another, as each frees what the next one looks at; a core that is busy may be late.
    static_cast<void>(
        rpc::wait_for<Done>([&](rpc::Tell<Done> tell) { runner->shrink(std::move(tell)); }));
    runner->verifier().forget_gone();
    give_back();
  }
  // Waiting polls are answered first, so that the server's handlers come back at once.
  runner->stop();
  (*server)->stop();
  if (const auto failure = failed.get()) return *failure;
  log.info("node_stopped", {{"signal", *why}});
  return ok();
}

}  // namespace aitbc::cli
