// The incremental tree against the plainest implementation of its definition.

#include <catch2/catch.hpp>

#include <map>

#include "chain/core/crypto.hpp"
#include "tests/support/generators.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;

namespace {

using Accounts = std::map<Address, Account>;
using Sorted = std::span<const std::pair<Address, Account>>;

bool bit_at(const Address& address, unsigned bit) {
  return (address.data[bit / 8] & (0x80U >> (bit % 8))) != 0;
}

// The root of a sorted list: a leaf if there is one; else a branch on the first bit in which the
// first and the last differ, with the zeros on one side and the ones on the other.
Hash naive_root(Sorted accounts) {
  if (accounts.empty()) return {};
  if (accounts.size() == 1) {
    Encoder out;
    out.fixed(accounts[0].first);
    out.integer(accounts[0].second.balance.units());
    out.integer(accounts[0].second.nonce);
    return hash("aitbc/account/1", {out.bytes()});
  }
  unsigned bit = 0;
  while (bit_at(accounts.front().first, bit) == bit_at(accounts.back().first, bit)) ++bit;
  std::size_t zeros = 0;
  while (!bit_at(accounts[zeros].first, bit)) ++zeros;
  const auto number = static_cast<Byte>(bit);
  const Hash zero = naive_root(accounts.first(zeros));
  const Hash one = naive_root(accounts.subspan(zeros));
  return hash("aitbc/accounts-node/1", {ByteView(&number, 1), zero.view(), one.view()});
}

Hash naive_root(const Accounts& accounts) {
  const std::vector<std::pair<Address, Account>> sorted(accounts.begin(), accounts.end());
  return naive_root(Sorted(sorted));
}

// Addresses that share long prefixes, so that branches sit at every depth.
Address clustered_address(gen::Rng& rng) {
  Address address;
  if (rng.one_in(3)) return gen::any_address(rng);
  address.data.fill(0x33);
  const std::size_t flips = rng.index(4);
  for (std::size_t i = 0; i < flips; ++i) {
    address.data[rng.index(32)] ^= static_cast<Byte>(1U << rng.below(8));
  }
  return address;
}

Account some_account(gen::Rng& rng) { return {*Amount::from(rng.below(1'000)), rng.below(3)}; }

struct Pair {
  StateTree tree;
  Accounts model;

  void set(const Address& address, const Account& account) {
    tree.set(address, account);
    if (account == Account{}) {
      model.erase(address);
    } else {
      model[address] = account;
    }
  }
};

Pair random_pair(gen::Rng& rng, std::size_t changes) {
  Pair pair;
  for (std::size_t i = 0; i < changes; ++i) {
    pair.set(clustered_address(rng), rng.one_in(5) ? Account{} : some_account(rng));
  }
  return pair;
}

Address any_of(gen::Rng& rng, const Accounts& accounts) {
  return std::next(accounts.begin(), static_cast<std::ptrdiff_t>(rng.index(accounts.size())))
      ->first;
}

// Every way to change one byte of a proof, its leaf and its path.
std::vector<AccountProof> tampered(const AccountProof& proof) {
  std::vector<AccountProof> all;
  const auto add = [&](auto&& change) {
    AccountProof changed = proof;
    change(changed);
    all.push_back(std::move(changed));
  };
  for (std::size_t i = 0; i < Address::size; ++i) {
    for (const unsigned mask : {0x01U, 0x80U}) {
      add([&](AccountProof& p) { p.leaf->address.data[i] ^= static_cast<Byte>(mask); });
    }
  }
  for (unsigned bit = 0; bit < 53; ++bit) {
    add([&](AccountProof& p) {
      p.leaf->account.balance =
          *Amount::from(p.leaf->account.balance.units() ^ std::uint64_t{1} << bit);
    });
    add([&](AccountProof& p) { p.leaf->account.nonce ^= std::uint64_t{1} << bit; });
  }
  for (std::size_t step = 0; step < proof.path.size(); ++step) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      add([&](AccountProof& p) { p.path[step].bit ^= static_cast<Byte>(1U << bit); });
    }
    for (std::size_t i = 0; i < Hash::size; ++i) {
      add([&](AccountProof& p) { p.path[step].sibling.data[i] ^= 0x40; });
    }
    add([&](AccountProof& p) { p.path.erase(p.path.begin() + static_cast<std::ptrdiff_t>(step)); });
    add([&](AccountProof& p) { p.path.insert(p.path.begin(), p.path[step]); });
    add([&](AccountProof& p) { p.path.push_back(p.path[step]); });
  }
  add([&](AccountProof& p) { p.leaf.reset(); });
  return all;
}

}  // namespace

TEST_CASE("a tree that is built at once is the one that grew, and grows on") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 60; ++round) {
    Pair grown = random_pair(rng, rng.index(120));
    std::vector<AccountProof::Leaf> leaves;
    for (const auto& [address, account] : grown.model) {
      leaves.insert(leaves.begin() + static_cast<std::ptrdiff_t>(rng.index(leaves.size() + 1)),
                    {address, account});
    }
    StateTree built(std::move(leaves));
    REQUIRE(built.size() == grown.model.size());
    REQUIRE(built.root() == naive_root(grown.model));
    for (int step = 0; step < 20; ++step) {
      const bool known = !grown.model.empty() && rng.one_in(2);
      const Address address = known ? any_of(rng, grown.model) : clustered_address(rng);
      const Account account = rng.one_in(3) ? Account{} : some_account(rng);
      REQUIRE(built.exchange(address, account) == grown.tree.at(address));
      grown.set(address, account);
    }
    REQUIRE(built.root() == naive_root(grown.model));
  }
}

TEST_CASE("the tree holds what the map holds and has the root of the plain definition") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 20; ++round) {
    Pair pair;
    for (int step = 0; step < 150; ++step) {
      const bool erase = !pair.model.empty() && rng.one_in(3);
      const Address address =
          pair.model.empty() || rng.one_in(2) ? clustered_address(rng) : any_of(rng, pair.model);
      pair.set(address, erase ? Account{} : some_account(rng));
      REQUIRE(pair.tree.size() == pair.model.size());
      // Hashing at random moments leaves some branches stale and others fresh.
      if (rng.one_in(4)) REQUIRE(pair.tree.root() == naive_root(pair.model));
    }
    REQUIRE(pair.tree.root() == naive_root(pair.model));
    std::vector<Address> asked{clustered_address(rng)};
    for (const auto& [address, account] : pair.model) asked.push_back(address);
    const std::vector<Account> answers = pair.tree.at(asked);
    for (std::size_t i = 0; i < asked.size(); ++i) {
      const auto found = pair.model.find(asked[i]);
      const Account expected = found == pair.model.end() ? Account{} : found->second;
      REQUIRE(pair.tree.at(asked[i]) == expected);
      REQUIRE(answers[i] == expected);
    }
  }
}

TEST_CASE("the root does not depend on the order of changes") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 20; ++round) {
    const Pair pair = random_pair(rng, 100);
    std::vector<std::pair<Address, Account>> items(pair.model.begin(), pair.model.end());
    std::vector<Address> strangers;
    for (int i = 0; i < 20; ++i) strangers.push_back(gen::any_address(rng));
    rng.shuffle(items);
    StateTree other;
    for (const Address& stranger : strangers) other.set(stranger, some_account(rng));
    for (const auto& [address, account] : items) other.set(address, account);
    rng.shuffle(strangers);
    for (const Address& stranger : strangers) other.set(stranger, Account{});
    REQUIRE(other.root() == pair.tree.root());
  }
}

TEST_CASE("each account, and each absence, has a proof") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 20; ++round) {
    const Pair pair = random_pair(rng, rng.index(120));
    const Hash root = pair.tree.root();
    for (const auto& [address, account] : pair.model) {
      REQUIRE(check_proof(pair.tree.prove(address), address, root) == account);
    }
    for (int i = 0; i < 50; ++i) {
      const Address address = clustered_address(rng);
      const auto held = pair.model.find(address);
      const Account expected = held == pair.model.end() ? Account{} : held->second;
      REQUIRE(check_proof(pair.tree.prove(address), address, root) == expected);
    }
  }
}

TEST_CASE("a proof is never good for another account of the tree, nor for another root") {
  gen::Rng rng = gen::suite_rng();
  const Pair pair = random_pair(rng, 60);
  const Hash root = pair.tree.root();
  const Hash other_root = random_pair(rng, 60).tree.root();
  for (const auto& [address, account] : pair.model) {
    const AccountProof proof = pair.tree.prove(address);
    REQUIRE_FALSE(check_proof(proof, address, other_root));
    for (const auto& [other, unused] : pair.model) {
      if (other == address) continue;
      // Were it taken, it would deny an account that exists.
      REQUIRE_FALSE(check_proof(proof, other, root));
    }
  }
}

TEST_CASE("a proof with any byte changed shows nothing") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 8; ++round) {
    const Pair pair = random_pair(rng, 2 + rng.index(60));
    if (pair.model.empty()) continue;
    const Hash root = pair.tree.root();
    for (const Address& address : {any_of(rng, pair.model), clustered_address(rng)}) {
      const AccountProof proof = pair.tree.prove(address);
      REQUIRE(check_proof(proof, address, root));
      for (const AccountProof& bad : tampered(proof)) {
        REQUIRE_FALSE(check_proof(bad, address, root));
      }
    }
  }
}
