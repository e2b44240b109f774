#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t quorum_bytes_max = 16;

Result<std::vector<Genesis::Allocation>> read_accounts(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> items,
                   reader.objects("accounts", limits::genesis_accounts_max));
  std::vector<Genesis::Allocation> accounts;
  accounts.reserve(items.size());
  for (ObjectReader& item : items) {
    AITBC_TRY_ASSIGN(const Address address, read_address(item, "address"));
    AITBC_TRY_ASSIGN(const Amount balance, read_amount(item, "balance"));
    AITBC_TRY(item.finish());
    accounts.push_back({address, balance});
  }
  return accounts;
}

Result<Quorum> read_quorum(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string text, reader.text("quorum", quorum_bytes_max));
  if (const auto quorum = parse_quorum(text)) return *quorum;
  return error(Errc::bad_json, reader.path_of("quorum") +
                                   ": expected \"majority\" or \"bft\", got " + json_text(text));
}

std::string minting_json(const Minting& minting) {
  ObjectWriter out;
  out.integer("mint_per_unit", minting.mint_per_unit.units())
      .integer("coordinator_ppm", minting.coordinator_ppm)
      .integer("reserve", minting.reserve.units())
      .json("coordinators", keys_json(minting.coordinators));
  return std::move(out).finish();
}

Result<Minting> read_minting(ObjectReader reader) {
  Minting minting;
  AITBC_TRY_ASSIGN(minting.mint_per_unit, read_amount(reader, "mint_per_unit"));
  AITBC_TRY_ASSIGN(const std::uint64_t ppm,
                   reader.integer("coordinator_ppm", {0, limits::coordinator_ppm_max}));
  minting.coordinator_ppm = static_cast<std::uint32_t>(ppm);
  AITBC_TRY_ASSIGN(minting.reserve, read_amount(reader, "reserve"));
  AITBC_TRY_ASSIGN(minting.coordinators,
                   read_keys(reader, "coordinators", limits::coordinators_max));
  AITBC_TRY(reader.finish());
  return minting;
}

}  // namespace

std::string genesis_json(const Genesis& genesis) {
  ArrayWriter accounts;
  for (const auto& [address, balance] : genesis.allocations) {
    ObjectWriter account;
    account.text("address", to_text(address)).integer("balance", balance.units());
    accounts.json(std::move(account).finish());
  }
  ObjectWriter out;
  out.text("chain_id", genesis.chain_id)
      .text("time", to_iso(genesis.time))
      .signed_integer("slot_ms", genesis.slot.count())
      .signed_integer("tail_guard_ms", genesis.tail_guard.count())
      .integer("fee_min", genesis.fee_min.units())
      .text("quorum", name(genesis.quorum))
      .integer("depth_max", genesis.depth_max)
      .boolean("devnet", genesis.devnet)
      .json("receipts", minting_json(genesis.minting))
      .json("authorities", keys_json(genesis.authorities))
      .json("accounts", std::move(accounts).finish());
  return std::move(out).finish();
}

Result<Genesis> parse_genesis(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value, "genesis"));
  Genesis genesis;
  AITBC_TRY_ASSIGN(genesis.chain_id, reader.text("chain_id", limits::chain_id_bytes_max));
  AITBC_TRY_ASSIGN(genesis.time, read_time(reader, "time"));
  AITBC_TRY_ASSIGN(genesis.slot, read_ms(reader, "slot_ms"));
  AITBC_TRY_ASSIGN(genesis.tail_guard, read_ms(reader, "tail_guard_ms"));
  AITBC_TRY_ASSIGN(genesis.fee_min, read_amount(reader, "fee_min"));
  AITBC_TRY_ASSIGN(genesis.quorum, read_quorum(reader));
  AITBC_TRY_ASSIGN(genesis.depth_max, reader.integer("depth_max"));
  AITBC_TRY_ASSIGN(genesis.devnet, reader.boolean("devnet"));
  AITBC_TRY_ASSIGN(ObjectReader receipts, reader.object("receipts"));
  AITBC_TRY_ASSIGN(genesis.minting, read_minting(std::move(receipts)));
  AITBC_TRY_ASSIGN(genesis.authorities, read_keys(reader, "authorities", limits::authorities_max));
  AITBC_TRY_ASSIGN(genesis.allocations, read_accounts(reader));
  AITBC_TRY(reader.finish());
  AITBC_TRY(check_genesis(genesis));
  return genesis;
}

}  // namespace aitbc::rpc
