// Phrases and passwords at a terminal, and accounts of many keys.

#include <sys/stat.h>

#include "cli/output.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/terminal.hpp"

using namespace aitbc;
using test::Answer;
using test::RunningNetwork;
using test::Terminal;

namespace {

std::string detail_of(const Answer& answer) {
  return answer.json.contains("error") ? answer.json["error"]["detail"].get<std::string>() : "";
}

// A network with a password in a file, and somebody at its terminal.
class Desk : public RunningNetwork {
 public:
  Desk() : RunningNetwork({.nodes = 1}) { password = write("password", "correct horse\n"); }

  Terminal sit(std::vector<std::string> words) const {
    words.insert(words.begin(), {program(), "--home", file("home")});
    return Terminal(std::move(words), file("out"));
  }
  std::string secret_file(const std::string& name, const std::string& text) const {
    write(name, text);
    REQUIRE(::chmod(file(name).c_str(), 0600) == 0);
    return file(name);
  }
  std::string address(const std::string& wallet) const {
    return must("wallet show", {wallet})["address"].get<std::string>();
  }

  std::string password;
};

// The words between their numbers: "  1. abandon    2. ability".
std::vector<std::string> words_shown(const std::string& shown) {
  std::istringstream in(shown);
  std::vector<std::string> words;
  for (std::string token; in >> token;) {
    if (token == std::to_string(words.size() + 1) + "." && in >> token) words.push_back(token);
  }
  return words;
}

std::string spoken(const std::vector<std::string>& words) { return joined(words, " "); }

}  // namespace

TEST_CASE("a phrase is shown once, typed back, and brings the wallet back") {
  const Desk desk;
  Terminal making = desk.sit({"wallet", "create", "alice", "--password-file", desk.password});
  REQUIRE(making.shows("then press Enter: "));
  const std::vector<std::string> words = words_shown(making.shown());
  REQUIRE(words.size() == 24);
  making.type("\n");
  REQUIRE(making.shows("on one line or many:"));
  std::vector<std::string> wrong = words;
  wrong[2] = wrong[2] == "zoo" ? "zone" : "zoo";
  making.type(spoken(wrong) + "\n");
  REQUIRE(making.shows("word 3 is not the one that was shown; tries left: 2"));
  REQUIRE(making.shows("Press Enter to try again: "));
  making.type("\n");
  REQUIRE(making.shows("on one line or many:"));
  std::string loud = spoken(words);
  for (char& c : loud) c = static_cast<char>(std::toupper(c));
  making.type(loud.substr(0, loud.find(' ', 40)) + "\n");
  making.type(loud.substr(loud.find(' ', 40)) + "\n");
  REQUIRE(making.wait() == 0);
  CHECK(making.is_as_before());
  // Each screen is left again, and nothing of the phrase goes to stdout or into the wallet.
  CHECK(making.shown().rfind("\x1b[?1049l") > making.shown().rfind("\x1b[?1049h"));
  CHECK(making.out().find(words[0] + " " + words[1]) == std::string::npos);
  CHECK(making.out().find(desk.address("alice")) != std::string::npos);
  CHECK(test::read_text(desk.file("home/wallets/alice.json")).find(words[0] + " ") ==
        std::string::npos);

  const std::string phrase = desk.secret_file("phrase", spoken(words) + "\n");
  desk.must("wallet import", {"copy", "--phrase-file", phrase, "--no-password"});
  CHECK(desk.address("copy") == desk.address("alice"));

  Terminal typing = desk.sit({"wallet", "import", "typed", "--password-file", desk.password});
  REQUIRE(typing.shows("The phrase of wallet typed"));
  REQUIRE(typing.shows("empty line):"));
  typing.type(spoken(words) + "\n");
  REQUIRE(typing.wait() == 0);
  CHECK(typing.shown().find(words[0] + " " + words[1]) == std::string::npos);
  CHECK(desk.address("typed") == desk.address("alice"));
}

TEST_CASE("a phrase that is not typed back makes no wallet") {
  const Desk desk;
  Terminal wrong = desk.sit({"wallet", "create", "alice", "--password-file", desk.password});
  REQUIRE(wrong.shows("then press Enter: "));
  wrong.type("\n");
  for (int left = 2;; --left) {
    REQUIRE(wrong.shows("on one line or many:"));
    wrong.type("abandon\n\n");
    if (left == 0) break;
    REQUIRE(wrong.shows("expected 24 words, got 1; tries left: " + std::to_string(left)));
    REQUIRE(wrong.shows("Press Enter to try again: "));
    wrong.type("\n");
  }
  CHECK(wrong.wait() == 1);
  CHECK(wrong.shown().find("wallet alice was not made") != std::string::npos);

  Terminal stopped = desk.sit({"wallet", "create", "alice", "--password-file", desk.password});
  REQUIRE(stopped.shows("then press Enter: "));
  stopped.type("\x03");
  CHECK(stopped.wait() == 1);
  CHECK(stopped.is_as_before());
  CHECK(stopped.shown().rfind("\x1b[?1049l") > stopped.shown().rfind("\x1b[?1049h"));
  CHECK(desk.ask("wallet show", {"alice"}).exit == 1);
}

TEST_CASE("a phrase file is its owner's, is not overwritten, and says what is wrong with it") {
  const Desk desk;
  const std::string phrase = desk.file("alice.phrase");
  const std::vector<std::string> more{"--phrase-file", phrase, "--no-password"};
  const auto with = [&](const std::string& name) {
    std::vector<std::string> all{name};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  desk.must("wallet create", with("alice"));
  struct stat facts {};
  REQUIRE(::stat(phrase.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  CHECK(desk.ask("wallet create", with("bob")).exit == 2);
  CHECK(desk.ask("wallet show", {"bob"}).exit == 1);
  desk.must("wallet import", with("copy"));
  CHECK(desk.address("copy") == desk.address("alice"));

  std::string words = test::read_text(phrase);
  const std::string bad = desk.secret_file("bad", "abandn" + words.substr(words.find(' ')));
  const Answer unknown = desk.ask("wallet import", {"x", "--phrase-file", bad, "--no-password"});
  CHECK(unknown.exit == 2);
  CHECK(detail_of(unknown).find("word 1 of the phrase, 'abandn'") != std::string::npos);
  CHECK(detail_of(unknown).find("near it: abandon") != std::string::npos);
  REQUIRE(::chmod(phrase.c_str(), 0644) == 0);
  CHECK(detail_of(desk.ask("wallet import", with("x"))).find("chmod 600") != std::string::npos);
  // Without a terminal nobody is asked.
  CHECK(desk.ask("wallet import", {"x", "--no-password"}).exit == 2);
}

TEST_CASE("a changed password opens, the one before does not, and a wrong one says what it cost") {
  const Desk desk;
  const std::string next = desk.write("next", "battery staple\n");
  desk.must("wallet create", {"alice", "--password-file", desk.password});
  const std::string before = desk.address("alice");
  const auto opens = [&](const std::vector<std::string>& how) {
    std::vector<std::string> words{"alice", "-o", desk.file("key")};
    words.insert(words.end(), how.begin(), how.end());
    std::filesystem::remove(desk.file("key"));
    return desk.ask("wallet export", words);
  };
  desk.must("wallet passwd",
            {"alice", "--password-file", desk.password, "--new-password-file", next});
  const Answer old = opens({"--password-file", desk.password});
  CHECK(old.exit == 1);
  CHECK(detail_of(old).find("the password is wrong") != std::string::npos);
  CHECK(detail_of(old).find("each try takes ") != std::string::npos);
  CHECK(detail_of(old).find(" ms and 256 MiB") != std::string::npos);
  CHECK(opens({"--password-file", next}).exit == 0);
  CHECK(desk.address("alice") == before);

  Terminal asking = desk.sit({"wallet", "passwd", "alice"});
  REQUIRE(asking.shows("Password of wallet alice: "));
  asking.type("battery staple\n");
  REQUIRE(asking.shows("New password of wallet alice: "));
  asking.type("correct horse\n");
  REQUIRE(asking.shows("The same again: "));
  asking.type("correct horse\n");
  REQUIRE(asking.wait() == 0);
  CHECK(asking.is_as_before());
  CHECK(asking.shown().find("horse") == std::string::npos);
  CHECK(opens({"--password-file", desk.password}).exit == 0);

  desk.must("wallet passwd", {"alice", "--password-file", desk.password, "--no-password"});
  CHECK(opens({}).exit == 0);
  CHECK(desk.ask("wallet passwd", {"alice"}).exit == 2);
  desk.must("wallet passwd", {"alice", "--new-password-file", next});
  CHECK(opens({}).exit == 1);
}

TEST_CASE("two of three keys pay together, through files") {
  const RunningNetwork net({.nodes = 1});
  const auto key_of = [&](const std::string& name) {
    return net.must("wallet create", {name, "--no-password"})["public_key"].get<std::string>();
  };
  const std::string a = key_of("a");
  const std::string b = key_of("b");
  const std::string c = key_of("c");
  net.must("wallet export", {"a", "-o", net.file("a.key")});
  const rpc::Json joint =
      net.must("wallet import", {"joint", "--key-file", net.file("a.key"), "--no-password",
                                 "--threshold", "2", "--keys", b + "," + c});
  CHECK(joint["threshold"] == 2);
  CHECK(joint["keys"].size() == 3);
  net.must("faucet", {"joint", "100"});
  const Answer alone = net.ask("send", {"joint", "b", "5"});
  CHECK(alone.exit == 1);
  CHECK(detail_of(alone).find("aitbc tx build joint b 5 -o FILE") != std::string::npos);

  // Whoever knows the keys can write the payment; the wallet is not needed.
  const std::string payment = net.file("payment");
  net.must("tx build", {joint["address"].get<std::string>(), "b", "5", "--threshold", "2", "--keys",
                        a + "," + b + "," + c, "-o", payment});
  CHECK(net.ask("tx build", {joint["address"].get<std::string>(), "b", "5"}).exit == 2);
  CHECK(net.ask("tx build", {joint["address"].get<std::string>(), "b", "5", "--threshold", "1",
                             "--keys", a + "," + b + "," + c})
            .exit == 2);
  const Answer none = net.ask("tx submit", {payment});
  CHECK(none.exit == 1);
  CHECK(detail_of(none).find("signatures missing: 2 of 2") != std::string::npos);

  const std::string by_a = net.file("by_a");
  const std::string by_c = net.file("by_c");
  const Answer told = net.run({"tx", "sign", payment, "--wallet", "joint", "-o", by_a});
  CHECK(told.exit == 0);
  CHECK(told.talk.find("pays   5\n") != std::string::npos);
  CHECK(told.talk.find(joint["address"].get<std::string>()) != std::string::npos);
  CHECK(told.talk.find("1 of 2 signatures") != std::string::npos);
  const Answer half = net.ask("tx submit", {by_a});
  CHECK(half.exit == 1);
  CHECK(detail_of(half).find("signatures missing: 1 of 2") != std::string::npos);
  CHECK(detail_of(half).find(b + " (wallet b)") != std::string::npos);
  CHECK(detail_of(half).find(a) == std::string::npos);
  CHECK(detail_of(net.ask("tx sign", {by_a, "--wallet", "a"})).find("has signed already") !=
        std::string::npos);
  net.new_wallet("stranger");
  CHECK(detail_of(net.ask("tx sign", {by_a, "--wallet", "stranger"})).find("no party") !=
        std::string::npos);

  net.must("tx sign", {payment, "--wallet", "c", "-o", by_c});
  CHECK(net.ask("tx sign", {payment, "--wallet", "c", "-o", by_c}).exit == 2);
  const std::string whole = net.file("whole");
  net.must("tx combine", {by_a, by_c, "-o", whole});
  CHECK(detail_of(net.ask("tx sign", {whole, "--wallet", "b"})).find("has all of its signatures") !=
        std::string::npos);
  const rpc::Json sent = net.must("tx submit", {whole});
  CHECK(sent["status"] == "included");
  CHECK(net.balance("b", "1") == 5);
  CHECK(net.balance("joint", "1") == 94);
  CHECK(net.must("tx submit", {whole})["id"] == sent["id"]);

  // In one file, from hand to hand.
  net.must("tx build", {"joint", "c", "7", "-o", payment + "2"});
  for (const std::string name : {"b", "c"}) {
    net.must("tx sign", {payment + "2", "--wallet", name, "-o", payment + "2"});
  }
  net.must("tx submit", {payment + "2"});
  CHECK(net.balance("c", "1") == 7);
}

TEST_CASE("what was signed is neither changed nor taken to another chain") {
  const RunningNetwork net({.nodes = 1});
  net.new_wallet("alice");
  net.new_wallet("bob");
  net.must("faucet", {"alice", "100"});
  rpc::Json built = net.must("tx build", {"alice", "bob", "5"});
  const rpc::Json signed_by_alice =
      net.must("tx sign", {net.write("built", rpc::dump(built)), "--wallet", "alice"});
  rpc::Json raised = signed_by_alice;
  raised["transaction"]["amount"] = 50;
  for (const char* name : {"tx_hash", "hash", "payload"}) raised["transaction"].erase(name);
  const Answer changed = net.ask("tx submit", {net.write("raised", rpc::dump(raised))});
  CHECK(changed.exit == 2);
  CHECK(changed.json["error"]["code"] == "bad_signature");

  const std::string whole = net.write("signed", rpc::dump(signed_by_alice));
  net.must("down", {"--purge"});
  net.must("up", {"-f", net.file("network.yaml")});
  for (const std::string command : {"tx submit", "tx sign"}) {
    std::vector<std::string> words{whole};
    if (command == "tx sign") words.insert(words.end(), {"--wallet", "bob"});
    const Answer elsewhere = net.ask(command, words);
    INFO(command);
    CHECK(elsewhere.json["error"]["code"] == "wrong_genesis");
    CHECK(detail_of(elsewhere).find(built["genesis_hash"].get<std::string>()) != std::string::npos);
  }
}
