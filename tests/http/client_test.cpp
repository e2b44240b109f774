// The typed client against the router behind a real socket.

#include <catch2/catch.hpp>
#include <thread>

#include "tests/http/served.hpp"

using namespace aitbc;
using namespace aitbc::test;

TEST_CASE("the client reads what the node holds") {
  Served served;
  const Scene& scene = served.scene;
  rpc::Client client = served.client();
  CHECK(client.url() == served.url());

  CHECK(client.genesis().value() == scene.builder.genesis());
  CHECK(client.blocks(1, 100).value() == scene.blocks());
  CHECK(client.blocks(2, 1).value() == std::vector{scene.blocks()[1]});
  CHECK(client.blocks(9, 5).value().empty());
  CHECK(client.blocks(1, 0).value().empty());
  CHECK(client.headers(4, 10).value() == std::vector{scene.blocks()[3].sealed});
  CHECK(client.network().value().peers.size() == 2);

  const auto bodies = client.pending(std::vector{scene.pending, scene.included});
  REQUIRE(bodies);
  REQUIRE(bodies->size() == 1);
  CHECK(id_of(served.params().genesis_hash, bodies->front().body) == scene.pending);

  const auto account = client.account(scene.builder.address(2));
  REQUIRE(account);
  CHECK(account->account == scene.builder.ledger.state.at(scene.builder.address(2)));
  CHECK(account->next_nonce == account->account.nonce + 1);
  CHECK(account->height == 4);
  const auto proven = client.prove(scene.builder.address(2));
  REQUIRE(proven);
  CHECK(proven->account == account->account);
  CHECK(proven->head == scene.node.head());
}

TEST_CASE("the client finds transactions wherever they are") {
  Served served;
  rpc::Client client = served.client();
  using Where = rpc::Client::TxView::Where;
  CHECK(client.tx(served.scene.pending).value().where == Where::pending);
  const auto included = client.tx(served.scene.included).value();
  CHECK(included.where == Where::included);
  CHECK(included.height == 2);
  const auto replaced = client.tx(served.scene.replaced).value();
  CHECK(replaced.where == Where::replaced);
  CHECK(replaced.by == served.scene.included);
  CHECK(client.tx(TxId{}).error().code == Errc::not_found);
}

TEST_CASE("the client submits, and gets the node's own errors") {
  Served served;
  Scene& scene = served.scene;
  rpc::Client client = served.client();
  const CheckedTx good = scene.builder.transfer(0, 1, 5);
  CHECK(client.submit(good.signed_tx()).value() == good.id());
  CHECK(client.submit(good.signed_tx()).value() == good.id());

  SignedTx changed = good.signed_tx();
  changed.body.fee = Amount::from(3).value();
  CHECK(client.submit(changed).error().code == Errc::bad_signature);

  const auto answers = client.submit_all(std::vector{changed, good.signed_tx()});
  REQUIRE(answers);
  REQUIRE(answers->size() == 2);
  CHECK((*answers)[0].error().code == Errc::bad_signature);
  CHECK((*answers)[1].value() == good.id());
  CHECK(client.submit_all({}).value().empty());

  scene.node.failure = error(Errc::mempool_full, "full");
  CHECK(client.submit(scene.builder.transfer(1, 2).signed_tx()).error() ==
        error(Errc::mempool_full, "full"));
}

TEST_CASE("the client offers branches") {
  Served served;
  rpc::Client client = served.client();
  const auto known = client.import(served.scene.blocks());
  REQUIRE(known);
  CHECK(known->kind == Imported::Kind::exists);
  CHECK(known->head == served.scene.node.head());

  served.scene.builder.append();
  const auto next = client.import(std::vector{served.scene.blocks().back()});
  REQUIRE(next);
  CHECK(next->kind == Imported::Kind::extended);
  CHECK(next->appended == 1);
  CHECK(next->head.height == 5);

  Block forged = served.scene.blocks().back();
  forged.sealed.header.slot += 1;
  CHECK(client.import(std::vector{forged}).error().code == Errc::bad_seal);
}

TEST_CASE("the client polls, with the wait added to its deadline") {
  Served served;
  rpc::Client client = served.client();
  const auto first = client.sync({});
  REQUIRE(first);
  CHECK(first->txs == std::vector{served.scene.pending});
  const auto again = client.sync({first->instance, first->cursor, Duration{1'025}});
  REQUIRE(again);
  CHECK(again->txs.empty());
  CHECK(again->node_time - first->node_time == Duration{1'025});
  // Longer than any node waits.
  CHECK(client.sync({first->instance, first->cursor, Duration{600'000}}));
  served.json_alone = true;
  const auto in_json = client.sync({});
  REQUIRE(in_json);
  CHECK(in_json->instance == first->instance);
}

TEST_CASE("any route can be asked for as text") {
  Served served;
  rpc::Client client = served.client();
  CHECK(
      client.get("/rpc/blocks-range?start=1&end=1&include_tx=false").value() ==
      served.scene.router
          .handle(get("/rpc/blocks-range", {{"start", "1"}, {"end", "1"}, {"include_tx", "false"}}))
          .body);
  CHECK(client.get("/rpc/sync?instance=%61%62").has_value());
  CHECK(client.get("/rpc/sync?instance=%6").error().code == Errc::bad_request);
  CHECK(client.get("rpc/head").error().code == Errc::bad_request);
  CHECK(client.get("/rpc/nothing").error().code == Errc::not_found);
}

TEST_CASE("nobody there, and no URL") {
  CHECK(rpc::Client::open("ftp://x").error().code == Errc::bad_config);
  std::string url;
  {
    const Served served;
    url = served.url();
  }
  rpc::Client client = rpc::Client::open(url).value();
  CHECK(client.network().error().code == Errc::unreachable);
  client.cancel();
  CHECK(client.network().error().code == Errc::shutting_down);
}

TEST_CASE("many clients at once get whole answers") {
  Served served;
  const std::string expected = served.scene.router.handle(get("/rpc/blocks/2")).body;
  std::vector<std::size_t> right(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < right.size(); ++i) {
    threads.emplace_back([&, i] {
      rpc::Client client = served.client();
      for (int n = 0; n < 50; ++n) {
        const auto body = client.get("/rpc/blocks/2");
        if (body && *body == expected) ++right[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(right == std::vector<std::size_t>(4, 50));
}
