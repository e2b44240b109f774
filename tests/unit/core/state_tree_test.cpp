#include "chain/core/state_tree.hpp"

#include <catch2/catch.hpp>

#include "chain/core/crypto.hpp"
#include "tests/support/amounts.hpp"

using namespace aitbc;
using test::account;

namespace {

Address address_with(Byte first, Byte last) {
  Address address;
  address.data[0] = first;
  address.data[31] = last;
  return address;
}

Hash leaf(const Address& address, const Account& value) {
  Encoder out;
  out.fixed(address);
  out.integer(value.balance.units());
  out.integer(value.nonce);
  return hash("aitbc/account/1", {out.bytes()});
}

Hash inner(Byte bit, const Hash& zero, const Hash& one) {
  return hash("aitbc/accounts-node/1", {ByteView(&bit, 1), zero.view(), one.view()});
}

}  // namespace

TEST_CASE("the empty tree has the root zero and proves every absence") {
  StateTree tree;
  const Address address = address_with(1, 1);
  CHECK(tree.size() == 0);
  CHECK(tree.root() == Hash{});
  CHECK(tree.at(address) == Account{});
  const AccountProof proof = tree.prove(address);
  CHECK_FALSE(proof.leaf);
  CHECK(proof.path.empty());
  CHECK(check_proof(proof, address, Hash{}) == Account{});
  Hash other;
  other.data[0] = 1;
  CHECK_FALSE(check_proof(proof, address, other));
  AccountProof longer = proof;
  longer.path.push_back({0, {}});
  CHECK_FALSE(check_proof(longer, address, Hash{}));
}

TEST_CASE("the root is made of leaves and branches as documented") {
  const Address a = address_with(0x00, 0);
  const Address b = address_with(0x00, 1);  // differs from a in bit 255
  const Address c = address_with(0x80, 0);  // differs from both in bit 0
  StateTree tree;
  tree.set(a, account(1));
  CHECK(tree.root() == leaf(a, account(1)));
  tree.set(b, account(2, 3));
  const Hash low = inner(255, leaf(a, account(1)), leaf(b, account(2, 3)));
  CHECK(tree.root() == low);
  tree.set(c, account(4));
  CHECK(tree.root() == inner(0, low, leaf(c, account(4))));
  CHECK(tree.size() == 3);
}

TEST_CASE("a changed account changes the root, setting it back restores it") {
  StateTree tree;
  tree.set(address_with(1, 0), account(1));
  tree.set(address_with(2, 0), account(2));
  const Hash before = tree.root();
  tree.set(address_with(1, 0), account(1, 1));
  CHECK(tree.root() != before);
  CHECK(tree.at(address_with(1, 0)) == account(1, 1));
  tree.set(address_with(1, 0), account(1));
  CHECK(tree.root() == before);
}

TEST_CASE("balance and nonce are not mistaken for each other") {
  StateTree one;
  one.set(address_with(1, 0), account(5, 0));
  StateTree other;
  other.set(address_with(1, 0), account(0, 5));
  CHECK(one.root() != other.root());
}

TEST_CASE("an account that becomes empty leaves, one with a nonce stays") {
  StateTree tree;
  tree.set(address_with(1, 0), account(1));
  const Hash one = tree.root();
  tree.set(address_with(2, 0), account(2));
  tree.set(address_with(3, 0), account(3));
  tree.set(address_with(2, 0), Account{});
  tree.set(address_with(3, 0), Account{});
  CHECK(tree.size() == 1);
  CHECK(tree.root() == one);
  tree.set(address_with(9, 0), Account{});  // was never there
  CHECK(tree.size() == 1);
  tree.set(address_with(1, 0), account(0, 1));
  CHECK(tree.size() == 1);
  tree.set(address_with(1, 0), Account{});
  CHECK(tree.size() == 0);
  CHECK(tree.root() == Hash{});
}

TEST_CASE("a tree that is built at once leaves out what is empty and what is said twice") {
  CHECK(StateTree(std::vector<AccountProof::Leaf>{}).root() == Hash{});
  const Address a = address_with(0x80, 0);
  const Address b = address_with(0x00, 1);
  const Address c = address_with(0x00, 2);  // differs from b in bit 254
  const Address d = address_with(0x40, 0);
  const StateTree tree(
      {{a, account(1)}, {d, account(0)}, {c, account(3)}, {b, account(2)}, {a, account(1)}});
  CHECK(tree.size() == 3);
  CHECK(tree.at(a) == account(1));
  CHECK(tree.at(b) == account(2));
  CHECK(tree.at(c) == account(3));
  CHECK(tree.at(d) == account(0));
  const Hash below = inner(254, leaf(b, account(2)), leaf(c, account(3)));
  CHECK(tree.root() == inner(0, below, leaf(a, account(1))));
}

TEST_CASE("places of erased accounts are used again") {
  StateTree tree;
  for (int round = 0; round < 3; ++round) {
    for (Byte i = 1; i < 50; ++i) tree.set(address_with(i, i), account(i));
    for (Byte i = 1; i < 50; ++i) CHECK(tree.at(address_with(i, i)) == account(i));
    for (Byte i = 1; i < 50; ++i) tree.set(address_with(i, i), Account{});
    CHECK(tree.size() == 0);
    CHECK(tree.root() == Hash{});
  }
}

TEST_CASE("neighbours in every bit are told apart") {
  const Address base = address_with(0x55, 0xaa);
  StateTree tree;
  tree.set(base, account(1'000));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Address near = base;
    near.data[bit / 8] ^= static_cast<Byte>(0x80 >> bit % 8);
    tree.set(near, account(bit + 1));
  }
  CHECK(tree.size() == 257);
  const Hash root = tree.root();
  const AccountProof deepest = tree.prove(base);
  CHECK(deepest.path.size() == 256);
  CHECK(check_proof(deepest, base, root) == account(1'000));
  for (std::size_t bit = 0; bit < 256; ++bit) {
    Address near = base;
    near.data[bit / 8] ^= static_cast<Byte>(0x80 >> bit % 8);
    CHECK(tree.at(near) == account(bit + 1));
    CHECK(check_proof(tree.prove(near), near, root) == account(bit + 1));
  }
}

TEST_CASE("a proof shows an account, or its absence, for one address and one root") {
  StateTree tree;
  for (Byte i = 1; i < 9; ++i) tree.set(address_with(i, 0), account(i));
  const Hash root = tree.root();
  const AccountProof present = tree.prove(address_with(3, 0));
  CHECK(check_proof(present, address_with(3, 0), root) == account(3));
  CHECK_FALSE(check_proof(present, address_with(4, 0), root));
  CHECK_FALSE(check_proof(present, address_with(3, 0), Hash{}));

  const Address absent = address_with(3, 1);
  const AccountProof absence = tree.prove(absent);
  CHECK(check_proof(absence, absent, root) == Account{});
  REQUIRE(absence.leaf);
  CHECK(absence.leaf->address == address_with(3, 0));

  AccountProof leafless = present;
  leafless.leaf.reset();
  CHECK_FALSE(check_proof(leafless, address_with(3, 0), root));
  AccountProof emptied = present;
  emptied.leaf->account = Account{};
  CHECK_FALSE(check_proof(emptied, address_with(3, 0), root));
}

TEST_CASE("a proof whose branches do not descend is refused though its hashes fit") {
  const Address a = address_with(0x00, 0);
  const Hash own = leaf(a, account(1));
  const Hash sibling = leaf(address_with(0x80, 0), account(2));
  AccountProof proof;
  proof.leaf = AccountProof::Leaf{a, account(1)};
  proof.path = {{5, sibling}, {5, sibling}};
  const Hash twice = inner(5, inner(5, own, sibling), sibling);
  CHECK_FALSE(check_proof(proof, a, twice));
  proof.path = {{5, sibling}, {4, sibling}};
  CHECK_FALSE(check_proof(proof, a, inner(5, inner(4, own, sibling), sibling)));
  proof.path = {{4, sibling}, {5, sibling}};
  CHECK(check_proof(proof, a, inner(4, inner(5, own, sibling), sibling)) == account(1));
}
