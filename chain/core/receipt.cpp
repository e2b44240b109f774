#include "chain/core/receipt.hpp"

#include <algorithm>

#include "chain/core/crypto.hpp"
#include "chain/core/dev_account.hpp"
#include "chain/core/limits.hpp"
#include "chain/core/state.hpp"

namespace aitbc {

namespace {

// A product of a mantissa and a factor, or of an amount and a ratio, is below 2^113.
__extension__ using Wide = unsigned __int128;

constexpr std::size_t mantissa_digits_max = 18;
constexpr std::size_t exponent_digits_max = 3;  // a double's is above -325
constexpr std::uint64_t million = 1'000'000;

Error bad_receipt(const std::string& what) { return error(Errc::bad_receipt, "receipt: " + what); }

std::optional<Amount> amount_of(Wide units) {
  if (units > limits::supply_max) return std::nullopt;
  return Amount::from(static_cast<std::uint64_t>(units));
}

Result<std::string> text_field(const JsonValue& object, std::string_view name,
                               std::size_t bytes_max) {
  const std::string* text = object.find_text(name);
  if (text != nullptr && !text->empty() && text->size() <= bytes_max) return *text;
  return bad_receipt(std::string(name) + ": expected a text of 1 to " + std::to_string(bytes_max) +
                     " bytes");
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  const std::size_t e = std::min(text.find_first_of("eE"), text.size());
  int exponent = 0;
  if (e < text.size()) {
    std::string_view power = text.substr(e + 1);
    const bool is_negative = power.starts_with('-');
    if (is_negative || power.starts_with('+')) power.remove_prefix(1);
    power.remove_prefix(std::min(power.find_first_not_of('0'), power.size()));
    if (power.size() > exponent_digits_max) return std::nullopt;
    for (const char c : power) {
      if (c < '0' || c > '9') return std::nullopt;
      exponent = exponent * 10 + (c - '0');
    }
    if (is_negative) exponent = -exponent;
  }
  std::string digits;
  bool is_fraction = false;
  for (const char c : text.substr(0, e)) {
    if (c == '.' && !is_fraction) {
      is_fraction = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    if (is_fraction) --exponent;
    if (c != '0' || !digits.empty()) digits.push_back(c);
  }
  for (; !digits.empty() && digits.back() == '0'; digits.pop_back()) ++exponent;
  if (digits.empty() || digits.size() > mantissa_digits_max) return std::nullopt;
  Decimal value{0, exponent};
  for (const char c : digits) value.mantissa = value.mantissa * 10 + static_cast<unsigned>(c - '0');
  return value;
}

std::optional<Amount> floor_of(Decimal value, std::uint64_t factor) {
  Wide product = Wide{value.mantissa} * factor;
  for (; value.exponent < 0 && product > 0; ++value.exponent) product /= 10;
  for (; value.exponent > 0 && product <= limits::supply_max && product > 0; --value.exponent) {
    product *= 10;
  }
  return amount_of(product);
}

bool is_receipt_id(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == ':' || c == '-';
  };
  return !text.empty() && text.size() <= limits::receipt_id_bytes_max &&
         std::all_of(text.begin(), text.end(), allowed);
}

Result<Receipt> read_receipt(std::string_view text) {
  if (text.size() > limits::receipt_bytes_max) {
    return error(Errc::too_large, "receipt: expected at most " +
                                      std::to_string(limits::receipt_bytes_max) + " bytes, got " +
                                      std::to_string(text.size()));
  }
  auto object = read_json(text);
  if (!object) return bad_receipt(object.error().detail);
  if (object->kind != JsonValue::Kind::object) return bad_receipt("expected a JSON object");
  if (canonical_text(*object) != text) {
    return bad_receipt("expected canonical JSON: keys in order, no spaces, no nulls, ASCII");
  }
  if (object->find("signature") != nullptr || object->find("attestations") != nullptr) {
    return bad_receipt(
        "expected neither signature nor attestations: they are no part of what is signed");
  }
  Receipt receipt;
  AITBC_TRY_ASSIGN(receipt.id, text_field(*object, "receipt_id", limits::receipt_id_bytes_max));
  if (!is_receipt_id(receipt.id)) {
    return bad_receipt("receipt_id: expected letters, digits, '.', '_', ':' and '-' alone");
  }
  AITBC_TRY_ASSIGN(receipt.job_id, text_field(*object, "job_id", limits::job_id_bytes_max));
  AITBC_TRY_ASSIGN(receipt.provider, text_field(*object, "provider", limits::address_bytes_max));
  const JsonValue* units = object->find("units");
  const auto value = units == nullptr || units->kind != JsonValue::Kind::number
                         ? std::nullopt
                         : parse_decimal(units->text);
  if (!value) return bad_receipt("units: expected a number above zero of at most 18 digits");
  receipt.units = *value;
  return receipt;
}

Result<Mint> mint_of(const Params& params, const ReceiptClaim& claim) {
  AITBC_TRY_ASSIGN(const Receipt receipt, read_receipt(claim.receipt));
  Mint mint;
  mint.marker = marker_of(receipt.id);
  mint.coordinator = address_of(Policy::single(claim.coordinator));
  auto miner = resolve_address(params, receipt.provider);
  if (!miner) return error(miner.error().code, "receipt: provider: " + miner.error().detail);
  mint.miner = *miner;
  const Minting& minting = params.minting;
  const auto to_miner = floor_of(receipt.units, minting.mint_per_unit.units());
  if (!to_miner || *to_miner == Amount{}) {
    return error(Errc::bad_amount, "receipt: units: expected so many that, times " +
                                       std::to_string(minting.mint_per_unit.units()) +
                                       ", 1 to 2^53 - 1 is minted");
  }
  mint.to_miner = *to_miner;
  mint.to_coordinator =
      amount_of(Wide{to_miner->units()} * minting.coordinator_ppm / million).value_or(Amount{});
  const auto total = mint.to_miner.plus(mint.to_coordinator);
  if (!total) {
    return error(Errc::bad_amount, "receipt: units: more than 2^53 - 1 would be minted");
  }
  mint.total = *total;
  return mint;
}

Address marker_of(std::string_view receipt_id) {
  return Address{hash("aitbc/receipt/1", {as_bytes(receipt_id)}).data};
}

Status check_claim(const Accounts& accounts, const Mint& mint) {
  if (accounts.at(mint.marker).nonce != 0) {
    return error(Errc::receipt_claimed, "receipt: it was claimed before, and mints once");
  }
  const Amount reserve = accounts.at(reserve_address()).balance;
  if (reserve >= mint.total) return ok();
  return error(Errc::refused, "receipt: the claim mints " + std::to_string(mint.total.units()) +
                                  ", but the reserve of the chain has " +
                                  std::to_string(reserve.units()));
}

}  // namespace aitbc
