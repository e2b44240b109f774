#include "rpc/feed.hpp"

#include <catch2/catch.hpp>

#include "chain/memory_store.hpp"
#include "rpc/json.hpp"
#include "rpc/native_fields.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;
using rpc::Feed;

namespace {

using Source = std::shared_ptr<rpc::EventSource>;

std::vector<rpc::Json> told_by(const Source& source) {
  std::vector<rpc::Json> told;
  while (true) {
    const auto taken = source->take();
    REQUIRE(taken.has_value());
    if (taken->empty()) return told;
    for (const std::string& text : *taken) told.push_back(rpc::parse_json(text).value());
  }
}

std::vector<std::uint64_t> heights_of(const Source& source) {
  std::vector<std::uint64_t> heights;
  for (const rpc::Json& each : told_by(source))
    heights.push_back(each["height"].get<std::uint64_t>());
  return heights;
}

std::vector<std::string> txs_of(const Source& source) {
  std::vector<std::string> ids;
  for (const rpc::Json& each : told_by(source)) ids.push_back(each["tx_hash"].get<std::string>());
  return ids;
}

using Heights = std::vector<std::uint64_t>;
using Ids = std::vector<std::string>;

struct FeedScene {
  Scene scene{std::make_unique<MemoryStore>()};
  Feed feed{scene.node};

  Source listen(Feed::News news) { return feed.listen(news); }
  // Block h of the builder's chain.
  void import(Height from) {
    scene.node.import_all(
        std::span(scene.builder.blocks).subspan(static_cast<std::size_t>(from - 1)));
  }
};

}  // namespace

TEST_CASE("blocks are told as they become canonical, with the predecessor's fields") {
  FeedScene heard;
  const Source blocks = heard.listen(Feed::News::blocks);
  CHECK(heights_of(blocks).empty());
  const Applied& next = heard.scene.builder.append();
  const Header header = next.block.header();
  heard.import(5);
  const auto told = told_by(blocks);
  REQUIRE(told.size() == 1);
  const rpc::Json expected = {
      {"height", 5},
      {"hash", hash_text(id_of(header))},
      {"parent_hash", hash_text(header.parent)},
      {"timestamp", to_naive_iso(start_of(heard.scene.builder.params(), header.slot))},
      {"tx_count", 1}};
  CHECK(told.front() == expected);
  CHECK(heights_of(blocks).empty());

  // Several at once, and a listener that comes later hears only what is later.
  heard.scene.builder.append();
  heard.scene.builder.append();
  heard.import(6);
  const Source late = heard.listen(Feed::News::blocks);
  CHECK(heights_of(blocks) == Heights{6, 7});
  heard.scene.builder.append();
  heard.import(8);
  CHECK(heights_of(blocks) == Heights{8});
  CHECK(heights_of(late).back() == 8);
}

TEST_CASE("after a reorganisation the new branch is told from the common ancestor on") {
  FeedScene heard;
  const Source blocks = heard.listen(Feed::News::blocks);
  ChainBuilder& builder = heard.scene.builder;
  builder.append({builder.transfer(0, 1, 5)});
  builder.append({builder.transfer(0, 1, 6)});
  heard.import(5);
  CHECK(heights_of(blocks) == Heights{5, 6});
  // Also below what was the head when the first listener came.
  builder.rewind_to(3);
  for (const std::uint64_t amount : {11u, 12u, 13u, 14u})
    builder.append({builder.transfer(3, 2, amount)});
  heard.import(4);
  REQUIRE(heard.scene.node.head() == builder.head());
  const auto told = told_by(blocks);
  REQUIRE(told.size() == 4);
  for (std::size_t i = 0; i < told.size(); ++i) {
    CHECK(told[i]["hash"] == hash_text(id_of(builder.blocks[3 + i].block.header())));
  }
}

TEST_CASE("transactions are told once, as they are first seen") {
  FeedScene heard;
  const Source txs = heard.listen(Feed::News::transactions);
  ChainBuilder& builder = heard.scene.builder;
  // The one that was pending before is no news, also not when it comes into a block.
  heard.scene.node.on_wait();
  CHECK(txs_of(txs).empty());

  const CheckedTx first = builder.transfer(0, 1, 5);
  REQUIRE(test::Asking(heard.scene.node).submit(first).has_value());
  const auto told = told_by(txs);
  REQUIRE(told.size() == 1);
  const rpc::Json expected = {{"tx_hash", hash_text(first.id())},
                              {"sender", heard.scene.address(0)},
                              {"recipient", heard.scene.address(1)},
                              {"payload", {{"to", heard.scene.address(1)}, {"amount", 5}}},
                              {"nonce", first.signed_tx().body.nonce},
                              {"fee", first.signed_tx().body.fee.units()},
                              {"type", "transfer"}};
  CHECK(told.front() == expected);
  const CheckedTx second = builder.transfer(1, 0, 7);
  builder.append({first, second});
  heard.import(builder.head().height);
  CHECK(txs_of(txs) == Ids{hash_text(second.id())});

  // Pending and included between two looks.
  const CheckedTx quick = builder.transfer(2, 0, 8);
  REQUIRE(test::Asking(heard.scene.node).submit(quick).has_value());
  builder.append({quick});
  heard.import(builder.head().height);
  CHECK(txs_of(txs) == Ids{hash_text(quick.id())});

  // A reorganisation makes it pending again: that is no news.
  builder.rewind_to(builder.head().height - 1);
  builder.append({builder.transfer(3, 2, 1)});
  builder.append({builder.transfer(3, 2, 2)});
  heard.import(builder.head().height - 1);
  CHECK(txs_of(txs).size() == 2);
}

TEST_CASE("a listener hears the bell, and one that never takes is told what it lost") {
  ChainBuilder builder;
  TestNode node(builder.genesis(), std::make_unique<MemoryStore>(), {.events_max = 6});
  Feed feed(node);
  const Source lazy = feed.listen(Feed::News::blocks);
  const Source eager = feed.listen(Feed::News::blocks);
  std::size_t rings = 0;
  eager->watch([&] { ++rings; });
  // A block of one transaction is two events.
  for (Height height = 1; height <= 3; ++height) {
    builder.append({builder.transfer(0, 1, height)});
    node.import_all(std::span(&builder.blocks.back(), 1));
    CHECK(rings == height);
    CHECK(heights_of(eager) == Heights{height});
  }
  CHECK(heights_of(lazy) == Heights{1, 2, 3});
  for (Height height = 4; height <= 7; ++height) {
    builder.append({builder.transfer(0, 1, height)});
    node.import_all(std::span(&builder.blocks.back(), 1));
    CHECK(heights_of(eager) == Heights{height});
  }
  CHECK(lazy->take().error().code == Errc::out_of_range);
}

TEST_CASE("a handshake at the gate opens a stream, and no other request does") {
  const Scene scene(std::make_unique<MemoryStore>());
  rpc::HttpRequest request = get("/rpc/ws/blocks");
  request.upgrade = "websocket";
  request.websocket_version = "13";
  request.websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
  const rpc::HttpResponse opened = scene.router.handle(request);
  CHECK(opened.status == 101);
  CHECK(opened.stream != nullptr);
  request.origin = "http://evil.example";
  const rpc::HttpResponse page = scene.router.handle(request);
  CHECK(page.status == 403);
  CHECK(page.stream == nullptr);
  request.origin = "http://localhost:3000";
  CHECK(scene.router.handle(request).status == 101);
  request.websocket_key.clear();
  CHECK(scene.router.handle(request).status == 422);
}
