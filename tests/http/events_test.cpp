// Server-sent events of a node: what each says, resuming, what is left out; and the trace of a
// transaction.

#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "chain/memory_store.hpp"
#include "rpc/feed.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "tests/http/schema_check.hpp"
#include "tests/http/served.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/rpc/socket_client.hpp"

using namespace aitbc;
using namespace aitbc::test;
using rpc::Json;

namespace {

using Source = std::shared_ptr<rpc::EventSource>;
using Words = std::vector<std::string>;

// One event of a stream, read as a browser does.
struct Heard {
  std::string id, type;
  Json data;
};

std::string field(const std::string& frame, const std::string& name) {
  const std::string begin = "\n" + name + ": ";
  const std::size_t at = ("\n" + frame).find(begin);
  if (at == std::string::npos) return {};
  const std::size_t from = at + begin.size() - 1;
  return frame.substr(from, frame.find('\n', from) - from);
}

Heard heard(const std::string& frame) {
  const std::string data = field(frame, "data");
  return {field(frame, "id"), field(frame, "event"),
          data.empty() ? Json() : rpc::parse_json(data).value()};
}

std::vector<Heard> all_of(const Source& source) {
  std::vector<Heard> events;
  while (true) {
    const auto taken = source->take();
    REQUIRE(taken.has_value());
    if (taken->empty()) return events;
    for (const std::string& frame : *taken) {
      CHECK(frame.ends_with("\n\n"));
      if (const Heard event = heard(frame); !event.type.empty()) events.push_back(event);
    }
  }
}

Words types_of(const Source& source) {
  Words words;
  for (const Heard& each : all_of(source)) {
    words.push_back(each.type);
    if (each.type == "transaction") words.back() += " " + each.data["status"].get<std::string>();
  }
  return words;
}

rpc::HttpRequest events(std::map<std::string, std::string> query = {}, std::string after = {}) {
  rpc::HttpRequest request = get("/rpc/events", std::move(query));
  request.last_event_id = std::move(after);
  return request;
}

struct Listening {
  Scene scene{std::make_unique<MemoryStore>()};

  Source listen(std::map<std::string, std::string> query = {}, std::string after = {}) {
    const rpc::HttpResponse answer =
        scene.router.handle(events(std::move(query), std::move(after)));
    CHECK(answer.status == 200);
    CHECK(answer.content_type == rpc::event_stream_type);
    REQUIRE(answer.stream != nullptr);
    return answer.stream;
  }
  void append(const std::vector<CheckedTx>& txs) {
    scene.builder.append(txs);
    scene.node.import_all(std::span(&scene.builder.blocks.back(), 1));
  }
  void make_final(Height height) {
    const auto& keys = scene.builder.ledger.authorities;
    const GenesisHash& chain = scene.builder.params().genesis_hash;
    const Checkpoint target =
        checkpoint_of(tip_of(scene.builder.blocks[height - 1].block.header()));
    const Checkpoint genesis = checkpoint_of(genesis_tip(scene.builder.params()));
    std::vector<SignedVote> votes;
    for (const KeyPair* key : {&keys[0], &keys[1]}) {
      votes.push_back(sign(chain, Vote::prepare(target, genesis), *key));
      votes.push_back(sign(chain, Vote::commit(target), *key));
    }
    REQUIRE(test::Asking(scene.node).add_votes(votes).has_value());
  }
};

}  // namespace

TEST_CASE("each kind of event is told with the fields that are described") {
  Listening node;
  ChainBuilder& builder = node.scene.builder;
  const Source source = node.listen();
  CHECK(types_of(source).empty());
  const CheckedTx sent = builder.transfer(0, 1, 5);
  REQUIRE(test::Asking(node.scene.node).submit(sent).has_value());
  node.append({sent});
  node.scene.node.tell(StateEvent{"node-1", "behind 2", {{"http://b", "node-2", "in_sync"}}});
  builder.rewind_to(builder.head().height - 1);
  builder.append({builder.transfer(0, 2, 6)});
  builder.append({builder.transfer(3, 2, 7)});
  node.scene.node.import_all(std::span(builder.blocks).last(2));
  node.make_final(builder.head().height);

  const auto document = rpc::parse_json(node.scene.router.handle(get("/openapi.json")).body);
  const Json& schemas = (*document)["components"]["schemas"];
  const SchemaCheck check(schemas);
  std::set<std::string> types;
  std::size_t last = 0;
  for (const Heard& each : all_of(source)) {
    INFO(each.type << " " << each.data.dump());
    types.insert(each.type);
    CHECK_FALSE(
        check.fault(each.data, schemas["EventStream"]["properties"][each.type]).has_value());
    const std::string prefix = "0123456789abcdef-";
    REQUIRE(each.id.starts_with(prefix));
    const std::size_t number = std::stoul(each.id.substr(prefix.size()));
    if (last != 0) CHECK(number == last + 1);
    last = number;
    if (each.type == "head" && each.data["height"] == builder.head().height) {
      CHECK(each.data["hash"] == hash_text(builder.head().id));
      CHECK(each.data["tx_count"] == 1);
    }
    if (each.type != "transaction" || each.data["status"] != "replaced") continue;
    CHECK(each.data["tx_hash"] == hash_text(sent.id()));
    CHECK(each.data["replaced_by"].is_string());
  }
  CHECK(types == std::set<std::string>{"head", "final", "transaction", "vote", "reorg", "state"});
}

TEST_CASE("a listener goes on where it was, without a gap and without a repetition") {
  Listening node;
  ChainBuilder& builder = node.scene.builder;
  const Source first = node.listen({{"types", "head"}});
  node.append({builder.transfer(0, 1, 5)});
  const auto before = all_of(first);
  REQUIRE(before.size() == 1);
  for (int i = 0; i < 3; ++i) node.append({builder.transfer(0, 1, 5)});
  const Source second = node.listen({{"types", "head"}}, before.back().id);
  node.append({builder.transfer(0, 1, 5)});
  std::vector<Height> heights;
  for (const Heard& each : all_of(second)) heights.push_back(each.data["height"].get<Height>());
  const Height seen = before.back().data["height"].get<Height>();
  CHECK(heights == std::vector<Height>{seen + 1, seen + 2, seen + 3, seen + 4});

  // Before the first event, and with nothing but heartbeats, there is an id to go on from.
  const Source quiet = node.listen({{"types", "vote"}});
  const std::string greeting = quiet->take().value().front();
  CHECK(field(greeting, "retry") == "1000");
  const std::string begun = field(greeting, "id");
  CHECK(begun == field(quiet->heartbeat(), "id"));
  node.append({builder.transfer(0, 1, 5)});
  CHECK(all_of(quiet).empty());
  const std::string later = field(quiet->heartbeat(), "id");
  CHECK(later != begun);
  CHECK(types_of(node.listen({}, begun)) == Words{"head", "transaction included"});
  CHECK(types_of(node.listen({}, later)).empty());
}

TEST_CASE("who asks for what is forgotten, or was never told, is told so and goes on") {
  ChainBuilder builder;
  TestNode node(builder.genesis(), std::make_unique<MemoryStore>(), {.events_max = 4});
  NullLog log;
  const test::WaitingRouter router(node, log);
  const auto append = [&] {
    builder.append();
    node.import_all(std::span(&builder.blocks.back(), 1));
  };
  for (int i = 0; i < 4; ++i) append();  // events 5 to 8 are kept
  const std::string instance = "0123456789abcdef-";
  const auto after = [&](const std::string& id) {
    return router.handle(events({{"types", "head"}}, id)).stream;
  };
  CHECK(types_of(after(instance + "4")) == Words{"head", "head"});
  CHECK(types_of(after(instance + "8")).empty());
  for (const std::string& id :
       {instance + "3", instance + "999", instance + "x", instance + "8x", instance,
        std::string("fedcba9876543210-8"), std::string("8"), std::string("0123456789abcdef")}) {
    INFO(id);
    const Source source = after(id);
    const auto told = all_of(source);
    REQUIRE(told.size() == 1);
    CHECK(told.front().type == "gap");
    CHECK(told.front().id == instance + std::to_string(node.journal().last()));
    CHECK(told.front().data["head"]["height"] == builder.head().height);
    append();
    CHECK(types_of(source) == Words{"head"});
  }
  // A number that there is, of an earlier start.
  const std::string last = std::to_string(node.journal().last());
  CHECK(types_of(after("fedcba9876543210-" + last)) == Words{"gap"});
  CHECK(types_of(after(instance + last)).empty());
}

TEST_CASE("a listener that reads too slowly is told what it missed, and then ends") {
  ChainBuilder builder;
  TestNode node(builder.genesis(), std::make_unique<MemoryStore>(), {.events_max = 4});
  NullLog log;
  const test::WaitingRouter router(node, log);
  const Source lazy = router.handle(events()).stream;
  const Source eager = router.handle(events()).stream;
  CHECK(types_of(lazy).empty());
  for (int i = 0; i < 3; ++i) {
    builder.append();
    node.import_all(std::span(&builder.blocks.back(), 1));
    CHECK(types_of(eager) == Words{"head", "transaction included"});
  }
  const auto last = lazy->take();
  REQUIRE(last.has_value());
  REQUIRE(last->size() == 1);
  CHECK(heard(last->front()).type == "gap");
  CHECK(lazy->take().error().code == Errc::out_of_range);
  node.close_journal();
  CHECK(eager->take().error().code == Errc::shutting_down);
}

TEST_CASE("a listener hears the types it asks for, and the transactions of an address") {
  Listening node;
  ChainBuilder& builder = node.scene.builder;
  const Source heads = node.listen({{"types", "head,final"}});
  const Source one = node.listen({{"types", "transaction"}, {"address", node.scene.address(3)}});
  const Source all = node.listen({{"address", node.scene.address(3)}});
  const CheckedTx to = builder.transfer(0, 3, 5);
  const CheckedTx from = builder.transfer(3, 0, 6);
  node.append({to, builder.transfer(1, 0, 7), from});
  CHECK(types_of(heads) == Words{"head"});
  std::vector<std::string> ids;
  for (const Heard& each : all_of(one)) ids.push_back(each.data["tx_hash"].get<std::string>());
  CHECK(ids == std::vector<std::string>{hash_text(to.id()), hash_text(from.id())});
  CHECK(types_of(all) == Words{"head", "transaction included", "transaction included"});

  for (const char* types : {"", "heads", "head,", "head,,final", "head final"}) {
    INFO(types);
    const rpc::HttpResponse refused = node.scene.router.handle(events({{"types", types}}));
    CHECK(refused.status == 422);
    CHECK(refused.stream == nullptr);
  }
  rpc::HttpRequest stranger = events();
  stranger.client = "192.0.2.1";
  CHECK(node.scene.router.handle(stranger).status == 401);
}

TEST_CASE("what a node remembers of a transaction is its trace") {
  Listening node;
  ChainBuilder& builder = node.scene.builder;
  const CheckedTx sent = builder.transfer(0, 1, 5);
  const auto trace = [&](const TxId& id) {
    return node.scene.router.handle(get("/rpc/tx/" + hash_text(id) + "/trace"));
  };
  CHECK(trace(sent.id()).status == 404);
  CHECK(node.scene.router.handle(get("/rpc/tx/0x12/trace")).status == 404);
  REQUIRE(test::Asking(node.scene.node).submit(sent).has_value());
  node.append({sent});
  node.make_final(builder.head().height);
  const rpc::HttpResponse answer = trace(sent.id());
  REQUIRE(answer.status == 200);
  const auto document = rpc::parse_json(node.scene.router.handle(get("/openapi.json")).body);
  const SchemaCheck check((*document)["components"]["schemas"]);
  const auto fault = check.fault_of(rpc::parse_json(answer.body).value(), "TxTrace");
  CHECK(fault.value_or("") == "");
  const rpc::TxTrace read = rpc::parse_trace(answer.body).value();
  CHECK(read.node_id == "node-1");
  REQUIRE(read.stages.size() == 3);
  using Status = TxEvent::Status;
  CHECK(read.stages[0].status == Status::pending);
  CHECK(read.stages[1].status == Status::included);
  CHECK(read.stages[1].height == builder.head().height);
  CHECK(read.stages[1].proposer == builder.blocks.back().block.header().proposer);
  CHECK(read.stages[2].status == Status::final);
}

TEST_CASE("what was before the window is known, and not remembered") {
  ChainBuilder builder;
  TestNode node(builder.genesis(), std::make_unique<MemoryStore>(), {.events_max = 2});
  NullLog log;
  const test::WaitingRouter router(node, log);
  const CheckedTx old = builder.transfer(0, 1, 5);
  builder.append({old});
  builder.append();
  node.import_all(builder.blocks);
  const auto answer = router.handle(get("/rpc/tx/" + hash_text(old.id()) + "/trace"));
  REQUIRE(answer.status == 200);
  const rpc::TxTrace read = rpc::parse_trace(answer.body).value();
  CHECK(read.stages.empty());
  CHECK(read.remembered_since > node.status()->started);
}

TEST_CASE("events come over a socket, and a client goes on after its connection ended") {
  Served served;
  ChainBuilder& builder = served.scene.builder;
  const auto append = [&] {
    builder.append();
    served.scene.node.import_all(std::span(&builder.blocks.back(), 1));
  };
  std::string last;
  std::vector<Height> heights;
  const Height begun = builder.head().height;
  for (int connection = 0; connection < 3; ++connection) {
    rpc::SocketClient client(served.port());
    client.send("GET /rpc/events?types=head HTTP/1.1\r\nHost: localhost\r\n" +
                (last.empty() ? "" : "Last-Event-ID: " + last + "\r\n") + "\r\n");
    REQUIRE(client.read_until(
        [](const std::string& text) { return text.find("retry: ") != std::string::npos; }));
    for (int i = 0; i < 4; ++i) append();
    // What was not read any more comes with the next connection.
    const std::string wanted =
        "\"height\":" + std::to_string(begun + 4 * static_cast<Height>(connection) + 3);
    REQUIRE(client.read_until([&](const std::string& text) {
      const std::size_t at = text.find(wanted);
      return at != std::string::npos && text.find("\n\n", at) != std::string::npos;
    }));
    std::string rest = client.input().substr(client.input().find("\r\n\r\n") + 4);
    for (std::size_t end = rest.find("\n\n"); end != std::string::npos; end = rest.find("\n\n")) {
      const Heard event = heard(rest.substr(0, end + 2));
      rest.erase(0, end + 2);
      last = event.id;
      if (event.type == "head") heights.push_back(event.data["height"].get<Height>());
    }
  }
  std::vector<Height> expected;
  for (Height height = begun + 1; height <= heights.back(); ++height) expected.push_back(height);
  CHECK(heights == expected);
  CHECK(heights.size() >= 11);
}

TEST_CASE("a client that listens goes on where it was, over its next connection") {
  Served served;
  std::jthread blocks([&](const std::stop_token& end) {
    ChainBuilder& builder = served.scene.builder;
    while (!end.stop_requested()) {
      builder.append();
      served.scene.node.import_all(std::span(&builder.blocks.back(), 1));
    }
  });
  rpc::EventReader reader;
  std::vector<Height> told;
  for (std::size_t connection = 1; connection <= 3; ++connection) {
    rpc::Client client = served.client();
    int opened = 0;
    const auto hear = [&](const rpc::ToldEvent& event) {
      told.push_back(rpc::parse_json(event.data).value()["height"].get<Height>());
      if (told.size() >= connection * 3) client.cancel();
    };
    const Error ended = client.listen("head", reader, {[&] { ++opened; }, hear});
    CHECK(opened == 1);
    CHECK(ended.code == Errc::shutting_down);
  }
  CHECK(told.size() >= 9);
  for (std::size_t i = 1; i < told.size(); ++i) CHECK(told[i] == told[i - 1] + 1);
}

TEST_CASE("a client that may not listen gets the node's own error") {
  Served served;
  rpc::EventReader reader;
  rpc::Client client = served.client();
  bool opened = false;
  const Error refused =
      client.listen("nonsense", reader, {[&] { opened = true; }, [](const rpc::ToldEvent&) {}});
  CHECK_FALSE(opened);
  CHECK(refused.code == Errc::bad_request);
  CHECK(refused.detail.find("nonsense") != std::string::npos);
}
