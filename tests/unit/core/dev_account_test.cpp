#include "chain/core/dev_account.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"
#include "tests/support/ledger.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

// So that a wallet of any version finds the same account.
constexpr const char* alice_text =
    "aitbc1hnuyp43cjnfhrp04tv2y8ukzzqjmnh36pz6xg6lkhvm0sp8phqcqy7cr38";

Params params_with(bool devnet) {
  Params params = Ledger(LedgerShape{}, 1).params;
  params.devnet = devnet;
  return params;
}

}  // namespace

TEST_CASE("on a devnet a name is an account, everywhere the same one") {
  const Params devnet = params_with(true);
  const Address alice = resolve_address(devnet, "alice").value();
  CHECK(alice == address_of(Policy::single(dev_key("alice").public_key())));
  CHECK(to_text(alice) == alice_text);
  Params other = devnet;
  other.genesis_hash.data[0] ^= 1;
  CHECK(resolve_address(other, "alice").value() == alice);
  CHECK(resolve_address(devnet, "Alice").value() != alice);
  CHECK(resolve_address(devnet, "aitbc1alice00000000000000000000000000000000000"));
  CHECK(resolve_address(devnet, std::string(limits::dev_name_bytes_max, 'a')));
  CHECK(resolve_address(devnet, to_text(alice)).value() == alice);
}

TEST_CASE("what is no name is no account") {
  const Params devnet = params_with(true);
  for (const std::string& text :
       {std::string(), std::string(limits::dev_name_bytes_max + 1, 'a'), std::string("al ice"),
        std::string("\xd0\xb0lice"), std::string("alice/bob"), std::string("alice\0", 6)}) {
    INFO(text);
    const auto address = resolve_address(devnet, text);
    REQUIRE_FALSE(address);
    CHECK(address.error().code == Errc::bad_address);
  }
  // An address with a typing error is as long as one, so it is no name.
  std::string wrong = to_text(resolve_address(devnet, "alice").value());
  wrong.back() = wrong.back() == 'q' ? 'p' : 'q';
  CHECK_FALSE(resolve_address(devnet, wrong));
  CHECK_FALSE(resolve_address(devnet, wrong.substr(1)));
}

TEST_CASE("elsewhere a name is refused, and why is said") {
  const Params params = params_with(false);
  const auto refused = resolve_address(params, "alice");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().detail.find("on devnets alone") != std::string::npos);
  const Address address = address_of(Policy::single(dev_key("alice").public_key()));
  CHECK(resolve_address(params, to_text(address)).value() == address);
}
