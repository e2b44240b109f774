// A million accounts: they load, change and can be proven. Times are printed for people; nothing is
// asserted about them, so that a slow machine is no failure.

#include <chrono>
#include <cstdio>

#include <catch2/catch.hpp>

#include "tests/support/generators.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;

namespace {

constexpr std::size_t accounts = 1'000'000;

class Stopwatch {
 public:
  void print(const char* what) {
    const auto now = std::chrono::steady_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now - last_).count();
    std::printf("%-40s %6lld ms\n", what, static_cast<long long>(ms));
    last_ = std::chrono::steady_clock::now();
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

Account account_number(std::uint64_t number) { return {*Amount::from(1 + number), number % 3}; }

}  // namespace

TEST_CASE("a million accounts load, change and are proven") {
  gen::Rng rng = gen::suite_rng();
  std::vector<Address> addresses(accounts);
  for (Address& address : addresses) rng.fill(address.data);

  Stopwatch watch;
  State state({});
  for (std::size_t i = 0; i < accounts; ++i) state.load(addresses[i], account_number(i));
  watch.print("load 1,000,000 accounts");
  REQUIRE(state.accounts() == accounts);
  const Hash root = state.accounts_root();
  watch.print("first root");

  Effects effects;
  for (std::size_t i = 0; i < 1'000; ++i) {
    Account after = account_number(i);
    ++after.nonce;
    effects.changes.push_back({addresses[i], account_number(i), after});
  }
  state.redo(effects);
  REQUIRE(state.accounts_root() != root);
  watch.print("change 1,000 of them, with the new root");
  state.undo(effects);
  REQUIRE(state.accounts_root() == root);
  watch.print("take the changes back, with the root");

  for (int i = 0; i < 1'000; ++i) {
    const std::size_t number = rng.index(accounts);
    const AccountProof proof = state.prove(addresses[number]);
    REQUIRE(check_proof(proof, addresses[number], root) == account_number(number));
    const Address stranger = gen::any_address(rng);
    REQUIRE(check_proof(state.prove(stranger), stranger, root) == Account{});
  }
  watch.print("prove 1,000 accounts and 1,000 absences");

  for (const Address& address : addresses) state.load(address, Account{});
  REQUIRE(state.accounts() == 0);
  REQUIRE(state.accounts_root() == Hash{});
  watch.print("remove all");
}
