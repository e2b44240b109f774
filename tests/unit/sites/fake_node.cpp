// A program with a node's command line, config file and a few of its routes, for the tests of those
// who run nodes. A file "behaviour" in its folder makes it misbehave, one word each:
//   fails     says why and ends at once        deaf      does not hear SIGTERM
//   silent    serves nothing                   stranger  answers as another node
//   fails-as-PROGRAM  fails, if it was started from a file of that name
//   waits-as-PROGRAM  has a transaction for which no block comes, likewise
//   old       cannot be told of its peers
//   chain=H/F has H blocks of which those above F are of a branch of its own
// Whom it follows is in its file "live".

#include <dirent.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "chain/core/crypto.hpp"
#include "rpc/binary.hpp"
#include "rpc/http_server.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"

namespace {

using namespace aitbc;

struct Behaviour {
  std::set<std::string> words;
  Height height = 0;
  Height fork = 0;

  bool is(const std::string& word) const { return words.contains(word); }
};

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Behaviour read_behaviour(const std::filesystem::path& folder) {
  Behaviour behaviour;
  std::istringstream words(read(folder / "behaviour"));
  for (std::string word; words >> word;) {
    if (std::sscanf(word.c_str(), "chain=%lu/%lu", &behaviour.height, &behaviour.fork) == 2)
      continue;
    behaviour.words.insert(word);
  }
  return behaviour;
}

// What it was started with: the tests read it in its log.
void say_facts(const std::string& node) {
  struct sigaction pipe {};
  ::sigaction(SIGPIPE, nullptr, &pipe);
  int highest = 0;
  if (DIR* folder = ::opendir("/proc/self/fd")) {
    while (const dirent* entry = ::readdir(folder)) {
      const int number = std::atoi(entry->d_name);
      if (number != ::dirfd(folder) && number > highest) highest = number;
    }
    ::closedir(folder);
  }
  std::printf("fake node %s: session %d, highest descriptor %d, sigpipe %s, setting %s\n",
              node.c_str(), ::getsid(0) == ::getpid() ? 1 : 0, highest,
              pipe.sa_handler == SIG_DFL ? "default" : "changed",
              std::getenv("AITBC_NODE_ID") != nullptr || std::getenv("DB_PATH") != nullptr
                  ? "leaked"
                  : "none");
  std::fflush(stdout);
}

std::vector<SealedHeader> make_chain(const Genesis& genesis, const Behaviour& behaviour,
                                     Byte salt) {
  std::vector<SealedHeader> headers;
  BlockId parent{hash_of(genesis).data};
  for (Height height = 1; height <= behaviour.height; ++height) {
    SealedHeader sealed;
    sealed.header.height = height;
    sealed.header.slot = height;
    sealed.header.parent = parent;
    sealed.header.proposer = genesis.authorities[0];
    sealed.header.tx_count = 1;
    if (height > behaviour.fork) sealed.header.state_root.data[0] = salt;
    parent = id_of(sealed.header);
    headers.push_back(sealed);
  }
  return headers;
}

void write_live(const std::filesystem::path& folder, const std::vector<std::string>& peers) {
  std::ofstream(folder / "live") << rpc::peer_urls_json(peers);
}

struct FakeNode {
  std::filesystem::path folder;
  bool is_old = false;
  std::string id;
  std::string shown_id;
  Genesis genesis;
  std::vector<SealedHeader> headers;
  bool waits = false;

  Tip head() const {
    return headers.empty() ? genesis_tip(params_of(genesis)) : tip_of(headers.back().header);
  }

  rpc::HttpResponse handle(const rpc::HttpRequest& request) const {
    rpc::HttpResponse response;
    if (request.path == "/health") {
      rpc::Json body;
      body["status"] = "ok";
      body["chain_id"] = genesis.chain_id;
      body["node_id"] = shown_id;
      response.body = rpc::dump(body);
    } else if (request.path == "/rpc/sync") {
      SyncAnswer answer;
      answer.chain_id = genesis.chain_id;
      answer.genesis_hash = hash_of(genesis);
      answer.head = answer.final = head();
      answer.node_id = shown_id;
      answer.instance = "i";
      answer.node_time = genesis.time;
      response.body = rpc::sync_answer_json(answer);
    } else if (request.path == "/rpc/peers" && !is_old) {
      const auto peers = rpc::parse_peer_urls(request.body);
      if (!peers) std::abort();
      write_live(folder, *peers);
      response.body = "{}";
    } else if (request.path == "/rpc/network") {
      NodeStatus status;
      status.node_id = id;
      status.instance = "i";
      status.state.kind = SyncState::Kind::in_sync;
      status.head = status.final = head();
      status.started = genesis.time;
      status.mempool_txs = waits ? 1 : 0;
      response.body = rpc::status_json(status, params_of(genesis));
    } else if (request.path == "/rpc/headers") {
      const Height start = std::strtoul(request.query.at("start").c_str(), nullptr, 10);
      std::vector<SealedHeader> one;
      if (start >= 1 && start <= headers.size()) one.push_back(headers[start - 1]);
      response.content_type = rpc::binary_type;
      response.body = as_text(rpc::encode_headers(one));
    } else {
      response.status = 404;
      response.body = R"({"detail":"no such route","code":"not_found"})";
    }
    return response;
  }
};

int wait_for_end(const Behaviour& behaviour, const sigset_t& ends) {
  int number = 0;
  do {
    ::sigwait(&ends, &number);
  } while (behaviour.is("deaf"));
  return 0;
}

int serve(const rpc::Json& config, const std::filesystem::path& folder, const sigset_t& ends) {
  const Behaviour behaviour = read_behaviour(folder);
  const std::string id = config.at("node_id").get<std::string>();
  say_facts(id);
  const auto program = std::filesystem::read_symlink("/proc/self/exe").filename();
  if (behaviour.is("fails") || behaviour.is("fails-as-" + program.string())) {
    std::fprintf(stderr, "fake node %s: cannot go on\n", id.c_str());
    return 3;
  }
  if (behaviour.is("silent")) return wait_for_end(behaviour, ends);
  auto genesis = rpc::parse_genesis(read(config.at("genesis").get<std::string>()));
  if (!genesis) return 4;
  std::ofstream(config.at("data").get<std::string>(), std::ios::app) << "data";
  const auto salt = static_cast<Byte>(id[0]);
  write_live(folder, config.at("peers").get<std::vector<std::string>>());
  FakeNode node{folder,   behaviour.is("old"),
                id,       behaviour.is("stranger") ? "stranger" : id,
                *genesis, make_chain(*genesis, behaviour, salt)};
  node.waits = behaviour.is("waits-as-" + program.string());
  NullLog log;
  rpc::HttpService service;
  service.handle = [&node](const rpc::HttpRequest& request) { return node.handle(request); };
  const rpc::Json& listen = config.at("listen");
  const auto server = rpc::HttpServer::start(
      {listen.at("address").get<std::string>(), listen.at("port").get<std::uint16_t>()},
      std::move(service), log);
  if (!server) {
    std::fprintf(stderr, "fake node %s: %s\n", id.c_str(), server.error().detail.c_str());
    return 5;
  }
  const int code = wait_for_end(behaviour, ends);
  (*server)->stop();
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  crypto_init();
  const auto config = rpc::parse_json(read(argv[4]));
  if (!config) return 2;
  return serve(*config, std::filesystem::path(argv[4]).parent_path(), ends);
}
