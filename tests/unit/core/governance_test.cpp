#include "chain/core/governance.hpp"

#include <catch2/catch.hpp>

#include <map>

#include "chain/core/limits.hpp"
#include "tests/support/generators.hpp"

namespace aitbc {
namespace {

using Kind = AuthorityChange::Kind;

// Authorities are letters, as in EIP-225.
class Names {
 public:
  PublicKey key(char name) {
    const auto [found, is_new] = keys_.try_emplace(name, PublicKey{});
    if (is_new) found->second = gen::keys(rng_, 1)[0].public_key();
    return found->second;
  }
  std::vector<PublicKey> set(std::string_view names) {
    std::vector<PublicKey> keys;
    for (const char name : names) keys.push_back(key(name));
    return keys;
  }
  std::string text(std::span<const PublicKey> keys) const {
    std::string names;
    for (const PublicKey& key : keys) {
      for (const auto& [name, known] : keys_) {
        if (known == key) names += name;
      }
    }
    return names;
  }

 private:
  gen::Rng rng_{1};
  std::map<char, PublicKey> keys_;
};

// "A+D": A approves that D is added; "B-C": B approves that C goes; "A~D", "A~-C": A takes it back.
// Each word is a block, commas separate the ballots in one, "." is a block without.
struct Case {
  const char* what;
  const char* authorities;
  const char* blocks;
  const char* result;    // the set for the block after the last
  const char* open;      // who approves the open change, "" for none
  const char* decision;  // of the decided change, "" for none
};

Ballot parse_ballot(Names& names, std::string_view text) {
  const bool approve = text[1] != '~';
  const bool removes = text[approve ? 1 : 2] == '-';
  return {{removes ? Kind::remove : Kind::add, names.key(text.back())}, approve};
}

void play(Names& names, Governance& governance, std::string_view blocks) {
  Height height = 0;
  while (!blocks.empty()) {
    std::string_view block = blocks.substr(0, blocks.find(' '));
    blocks.remove_prefix(std::min(block.size() + 1, blocks.size()));
    ++height;
    while (block != "." && !block.empty()) {
      const std::string_view text = block.substr(0, block.find(','));
      block.remove_prefix(std::min(text.size() + 1, block.size()));
      cast(governance, address_of(Policy::single(names.key(text[0]))), parse_ballot(names, text),
           height);
    }
    end_block(governance, height);
  }
}

// The table of EIP-225 (Clique) in this project's rules: one change at a time, more than half of
// the set, and 2n blocks until it is in force.
constexpr Case cases[] = {
    {"one authority, no ballots", "A", ". .", "A", "", ""},
    {"one authority adds another", "A", "A+B . .", "AB", "", "B"},
    {"it is not in force before 2n blocks", "A", "A+B .", "AB", "", "B"},
    {"nor at once", "A", "A+B", "A", "", "B"},
    {"one change at a time: the second waits for the first", "A", "A+B,A+C . .", "AB", "", "B"},
    {"after it the next one can come", "A", "A+B . A+C B+C . . .", "ABC", "", "C"},
    {"two of two must agree to add", "AB", "A+C . . . . .", "AB", "A", ""},
    {"and then it is added", "AB", "A+C B+C . . .", "ABC", "", "C"},
    {"two of four are not more than half", "ABCD", "A+E B+E", "ABCD", "AB", ""},
    {"three of four are", "ABCD", "A+E B+E C+E", "ABCD", "", "E"},
    {"two of three", "ABC", "A+D,C+D . . . . . .", "ABCD", "", "D"},
    {"one authority cannot remove itself", "A", "A-A . .", "A", "", ""},
    {"two: both must agree that one goes", "AB", "A-B . . . .", "AB", "A", ""},
    {"also the one that goes counts", "AB", "A-B B-B . . .", "A", "", "B"},
    {"two of three remove the third", "ABC", "A-C B-C . . . . .", "AB", "", "C"},
    {"the order of turns stays when one goes", "ABC", "A-B C-B . . . . .", "AC", "", "B"},
    {"a stranger's ballot does not count", "AB", "X+C A+C . . . . .", "AB", "A", ""},
    {"voting twice does not count twice", "AB", "A+C A+C A+C", "AB", "A", ""},
    {"an authority cannot be added again", "AB", "A+B B+B", "AB", "", ""},
    {"who is none cannot be removed", "AB", "A-C B-C", "AB", "", ""},
    {"an approval can be taken back", "ABC", "A+D A~D", "ABC", "", ""},
    {"then it takes two again", "ABC", "A+D A~D B+D", "ABC", "B", ""},
    {"of two approvals one stays", "ABCD", "A+E B+E A~E", "ABCD", "B", ""},
    {"what was not approved cannot be taken back", "ABC", "A+D B~D", "ABC", "A", ""},
    {"what was decided cannot be taken back", "ABC", "A+D B+D A~D . . . .", "ABCD", "", "D"},
    {"ballots on another change do not count", "ABC", "A+D B-C B+E C+E", "ABC", "A", ""},
    {"a removal and an addition are two changes", "ABC", "A-C B+C", "ABC", "A", ""},
    {"while one is decided no other is opened", "ABC", "A+D B+D A+E B+E . . . .", "ABCD", "", "D"},
    {"no cascade: a removal takes no other with it", "ABCD", "A-D B-D,A-C C-D . . . . . . . .",
     "ABC", "", "D"},
    {"the removed one's ballot does not count any more", "ABC", "A-C B-C . . . . . C+D A+D", "AB",
     "A", "C"},
    {"it can come back", "AB", "A-B B-B . . . A+B . .", "AB", "", "B"},
};

TEST_CASE("governance: the table of ballots") {
  const Case& each = GENERATE(from_range(std::begin(cases), std::end(cases)));
  INFO(each.what << ": " << each.blocks);
  Names names;
  Governance governance{names.set(each.authorities), {}, {}};
  play(names, governance, each.blocks);
  CHECK(names.text(governance.authorities) == each.result);
  CHECK((governance.open ? names.text(governance.open->approvals) : "") == each.open);
  CHECK((governance.decision ? names.text(std::vector{governance.decision->change.key}) : "") ==
        each.decision);
}

TEST_CASE("governance: a proposal expires after its blocks") {
  Names names;
  Governance governance{names.set("ABC"), {}, {}};
  const auto sender = [&](char name) { return address_of(Policy::single(names.key(name))); };
  cast(governance, sender('A'), {{Kind::add, names.key('D')}, true}, 5);
  end_block(governance, 5);
  REQUIRE(governance.open);
  CHECK(governance.open->expires == 5 + limits::ballot_blocks);
  end_block(governance, governance.open->expires - 1);
  REQUIRE(governance.open);  // the ballots of the next block still count
  end_block(governance, governance.open->expires);
  CHECK_FALSE(governance.open);
}

TEST_CASE("governance: a decision says when, and who was there before") {
  Names names;
  Governance governance{names.set("ABC"), {}, {}};
  play(names, governance, "A+D B+D");
  REQUIRE(governance.decision);
  CHECK(governance.decision->decided == 2);
  CHECK(governance.decision->since == 8);
  CHECK(names.text(governance.decision->before) == "ABC");
  CHECK(is_changing(governance, 8));
  CHECK(needs_handover(governance, 8));
  CHECK_FALSE(needs_handover(governance, 7));
  CHECK_FALSE(is_changing(governance, 9));
  end_block(governance, 6);
  CHECK(names.text(governance.authorities) == "ABC");
  end_block(governance, 7);
  CHECK(names.text(governance.authorities) == "ABCD");
}

TEST_CASE("governance: a refused ballot says why") {
  Names names;
  Governance governance{names.set("AB"), {}, {}};
  const auto check = [&](char voter, Ballot ballot) {
    return check_ballot(governance, address_of(Policy::single(names.key(voter))), ballot);
  };
  const Ballot add{{Kind::add, names.key('C')}, true};
  CHECK(check('X', add).error().code == Errc::not_an_authority);
  CHECK(check('A', {{Kind::add, names.key('B')}, true}).error().code == Errc::bad_ballot);
  CHECK(check('A', {add.change, false}).error().code == Errc::bad_ballot);
  CHECK(check('A', add));
  play(names, governance, "A+C");
  CHECK(check('A', add).error().code == Errc::bad_ballot);
  CHECK(check('B', {{Kind::remove, names.key('A')}, true}).error().code == Errc::bad_ballot);
  CHECK(check('B', add));
  play(names, governance, "B+C");
  CHECK(check('B', {{Kind::remove, names.key('A')}, true}).error().code == Errc::bad_ballot);
}

TEST_CASE("governance: there are at most so many authorities") {
  gen::Rng rng(2);
  Governance governance{
      gen::public_keys(gen::keys(rng, limits::authorities_max)), {}, {}};
  const Address sender = address_of(Policy::single(governance.authorities[0]));
  const PublicKey another = gen::keys(rng, 1)[0].public_key();
  CHECK(check_ballot(governance, sender, {{Kind::add, another}, true}).error().code ==
        Errc::bad_ballot);
}

TEST_CASE("governance: its encoding is read back, and nothing else") {
  Names names;
  for (const char* blocks : {".", "A+D", "A+D B+D", "A+D B+D . . . . . . A-B"}) {
    Governance governance{names.set("ABC"), {}, {}};
    play(names, governance, blocks);
    Encoder out;
    encode(out, governance);
    Decoder in(out.bytes());
    CHECK(decode_governance(in) == governance);
    CHECK(in.finish("governance"));
    for (std::size_t cut = 0; cut < out.bytes().size(); ++cut) {
      Decoder shortened(ByteView(out.bytes()).first(cut));
      decode_governance(shortened);
      CHECK_FALSE(shortened.finish("governance"));
    }
  }
}

}  // namespace
}  // namespace aitbc
