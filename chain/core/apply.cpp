#include "chain/core/apply.hpp"

#include <algorithm>

#include "chain/core/invariants.hpp"
#include "chain/core/limits.hpp"
#include "chain/core/parties.hpp"

namespace aitbc {

namespace {

Status check_payload(const Params&, const Transfer& transfer) {
  if (transfer.amount == Amount{}) {
    return error(Errc::bad_amount, "transaction: amount: expected 1 or more, got 0");
  }
  return ok();
}

Status check_payload(const Params&, const Ballot& ballot) {
  if (is_valid_key(ballot.change.key)) return ok();
  return error(Errc::bad_request,
               "ballot: key: " + ballot.change.key.hex() + " is not a valid Ed25519 public key");
}

Status check_payload(const Params& params, const ReceiptClaim& claim) {
  const auto& coordinators = params.minting.coordinators;
  if (std::find(coordinators.begin(), coordinators.end(), claim.coordinator) ==
      coordinators.end()) {
    return error(Errc::bad_receipt, "receipt: " + claim.coordinator.hex() +
                                        " is no coordinator of this chain's genesis");
  }
  if (verify(claim.coordinator, as_bytes(claim.receipt), claim.signature)) return ok();
  return error(Errc::bad_signature,
               "receipt: the coordinator's signature does not match; it must "
               "cover the canonical JSON (changed after signing?)");
}

// What follows from the payload and the genesis alone.
Result<std::optional<Mint>> read_mint(const Params& params, const Tx& tx) {
  const auto* claim = std::get_if<ReceiptClaim>(&tx.payload);
  if (claim == nullptr) return std::optional<Mint>();
  AITBC_TRY_ASSIGN(Mint mint, mint_of(params, *claim));
  return std::optional(mint);
}

Status check_sender(const SignedTx& tx) {
  AITBC_TRY(check_policy(tx.witness.policy));
  if (address_of(tx.witness.policy) != tx.body.from) {
    return error(Errc::bad_policy, "transaction: the policy hashes to " +
                                       to_text(address_of(tx.witness.policy)) +
                                       ", not to the sender " + to_text(tx.body.from));
  }
  return ok();
}

// Of those signatures that are there.
Status check_signatures(const Witness& witness, const TxId& id) {
  for (std::size_t i = 0; i < witness.parts.size(); ++i) {
    const auto& [key, signature] = witness.parts[i];
    if (key >= witness.policy.keys.size() || (i > 0 && key <= witness.parts[i - 1].key)) {
      return error(Errc::bad_signature,
                   "transaction: signatures must be of distinct keys of the "
                   "policy, in their order");
    }
    if (!verify(witness.policy.keys[key], id.view(), signature)) {
      return error(Errc::bad_signature, "transaction: the signature of key " + std::to_string(key) +
                                            " does not match; it must cover the transaction id " +
                                            hash_text(id) +
                                            " (another chain, or changed after signing?)");
    }
  }
  return ok();
}

Status check_witness(const SignedTx& tx, const TxId& id) {
  const Witness& witness = tx.witness;
  AITBC_TRY(check_sender(tx));
  if (witness.parts.size() != witness.policy.threshold) {
    return error(Errc::bad_signature,
                 "transaction: expected " + std::to_string(witness.policy.threshold) +
                     " signatures, got " + std::to_string(witness.parts.size()));
  }
  return check_signatures(witness, id);
}

}  // namespace

Status check_partly_signed(const GenesisHash& chain, const SignedTx& tx) {
  AITBC_TRY(check_sender(tx));
  return check_signatures(tx.witness, id_of(chain, tx.body));
}

Result<CheckedTx> CheckedTx::check(const Params& params, SignedTx tx) {
  const TxId id = id_of(params.genesis_hash, tx.body);
  return check(params, std::move(tx), id);
}

Result<CheckedTx> CheckedTx::check(const Params& params, SignedTx tx, const TxId& id) {
  if (tx.body.fee < params.fee_min) {
    return error(Errc::fee_too_low, "transaction: fee: expected at least " +
                                        std::to_string(params.fee_min.units()) + ", got " +
                                        std::to_string(tx.body.fee.units()));
  }
  if (tx.body.nonce >= limits::supply_max) {
    return error(Errc::bad_request, "transaction: nonce: expected less than 2^53 - 1");
  }
  if (!cost_of(tx.body)) {
    return error(Errc::bad_amount, "transaction: amount and fee together exceed 2^53 - 1");
  }
  AITBC_TRY(std::visit([&](const auto& payload) { return check_payload(params, payload); },
                       tx.body.payload));
  AITBC_TRY(check_witness(tx, id));
  return stored(params, std::move(tx), id);
}

Result<CheckedTx> CheckedTx::stored(const Params& params, SignedTx tx) {
  const TxId id = id_of(params.genesis_hash, tx.body);
  return stored(params, std::move(tx), id);
}

Result<CheckedTx> CheckedTx::stored(const Params& params, SignedTx tx, const TxId& id) {
  AITBC_TRY_ASSIGN(auto mint, read_mint(params, tx.body));
  return CheckedTx(std::make_shared<const Entry>(Entry{std::move(tx), id, mint}));
}

Result<CheckedBlock> CheckedBlock::check(const Params& params, const Block& block) {
  return check(params, block, [&](const SignedTx& tx) { return CheckedTx::check(params, tx); });
}

Result<CheckedBlock> CheckedBlock::check(const Params& params, const Block& block,
                                         const CheckTx& check_tx) {
  const Header& header = block.header();
  const std::string which = "block " + std::to_string(header.height);
  // From the cheapest question to the dearest.
  if (block.txs.size() > limits::block_txs_max || encode(block).size() > limits::block_bytes_max) {
    return error(Errc::too_large, which + ": over " + std::to_string(limits::block_txs_max) +
                                      " transactions or " +
                                      std::to_string(limits::block_bytes_max) + " bytes");
  }
  if (header.tx_count != block.txs.size() || header.txs_root != txs_root_of(block.txs)) {
    return error(Errc::bad_txs_root, which + ": the header does not commit to these transactions");
  }
  if (!check_seal(params.genesis_hash, block.sealed)) {
    return error(Errc::bad_seal, which + ": the seal is not its proposer's signature");
  }
  CheckedBlock checked{block.sealed, {}};
  checked.txs.reserve(block.txs.size());
  for (const SignedTx& tx : block.txs) {
    AITBC_TRY_ASSIGN(CheckedTx good, check_tx(tx));
    checked.txs.push_back(std::move(good));
  }
  return checked;
}

Block CheckedBlock::block() const {
  Block block{sealed, {}};
  block.txs.reserve(txs.size());
  for (const CheckedTx& tx : txs) block.txs.push_back(tx.signed_tx());
  return block;
}

Result<std::vector<CheckedBlock>> check_blocks(const Params& params,
                                               std::span<const Block> blocks) {
  return check_blocks(params, blocks,
                      [&](const SignedTx& tx) { return CheckedTx::check(params, tx); });
}

Result<std::vector<CheckedBlock>> check_blocks(const Params& params, std::span<const Block> blocks,
                                               const CheckTx& check_tx) {
  std::vector<CheckedBlock> checked;
  checked.reserve(blocks.size());
  for (const Block& block : blocks) {
    AITBC_TRY_ASSIGN(CheckedBlock good, CheckedBlock::check(params, block, check_tx));
    checked.push_back(std::move(good));
  }
  return checked;
}

Status check_tx(const Accounts& accounts, const Tx& tx) {
  const Account sender = accounts.at(tx.from);
  if (tx.nonce < sender.nonce) {
    return error(Errc::nonce_used, "transaction: nonce " + std::to_string(tx.nonce) +
                                       " is used; the next of " + to_text(tx.from) + " is " +
                                       std::to_string(sender.nonce));
  }
  if (tx.nonce > sender.nonce) {
    return error(Errc::nonce_gap, "transaction: nonce " + std::to_string(tx.nonce) +
                                      " is too early; the next of " + to_text(tx.from) + " is " +
                                      std::to_string(sender.nonce));
  }
  const auto cost = cost_of(tx);
  if (!cost || *cost > sender.balance) {
    return error(Errc::insufficient_balance,
                 "transaction: needs amount and fee, " +
                     (cost ? std::to_string(cost->units()) : "over 2^53 - 1") + "; " +
                     to_text(tx.from) + " has " + std::to_string(sender.balance.units()));
  }
  return ok();
}

namespace {

void credit(Overlay& accounts, const Address& address, Amount amount) {
  Account account = accounts.at(address);
  const auto sum = account.balance.plus(amount);
  AITBC_CHECK(sum.has_value());  // no balance can exceed the supply, which fits
  account.balance = *sum;
  accounts.set(address, account);
}

// What the transactions of a block change.
struct Draft {
  Overlay accounts;
  Governance governance;
  Height height;
  std::uint32_t position = 0;  // of the transaction that is next
  std::vector<std::uint32_t> claims;

  Draft(const State& state, Height at, std::span<const CheckedTx> txs)
      : accounts(state), governance(state.governance()), height(at) {
    std::vector<Address> named;
    named.reserve(2 * txs.size());
    for (const CheckedTx& tx : txs) {
      const Parties parties(tx.body());
      named.insert(named.end(), parties.begin(), parties.end());
    }
    accounts.load(named);
  }

  // After the last transaction.
  Effects effects(const Governance& before) {
    end_block(governance, height);
    Effects effects = accounts.effects();
    if (governance != before) effects.governance = {before, governance};
    effects.claims = claims;
    return effects;
  }
};

void execute_payload(Draft& draft, const CheckedTx& tx, const Ballot& ballot) {
  cast(draft.governance, tx.body().from, ballot, draft.height);
}

void execute_payload(Draft& draft, const CheckedTx& tx, const ReceiptClaim&) {
  Overlay& accounts = draft.accounts;
  const Mint& mint = tx.mint().value();
  if (!check_claim(accounts, mint)) return;
  Account marker = accounts.at(mint.marker);
  marker.nonce = 1;
  accounts.set(mint.marker, marker);
  Account reserve = accounts.at(reserve_address());
  reserve.balance = reserve.balance.minus(mint.total).value();
  accounts.set(reserve_address(), reserve);
  credit(accounts, mint.miner, mint.to_miner);
  credit(accounts, mint.coordinator, mint.to_coordinator);
  draft.claims.push_back(draft.position);
}

void execute_payload(Draft& draft, const CheckedTx& tx, const Transfer& transfer) {
  const Address& from = tx.body().from;
  Overlay& accounts = draft.accounts;
  Account sender = accounts.at(from);
  const auto rest = sender.balance.minus(transfer.amount);
  AITBC_CHECK(rest.has_value());
  sender.balance = *rest;
  accounts.set(from, sender);
  credit(accounts, transfer.to, transfer.amount);
}

// The transaction's whole effect; the fee goes to the proposer's own account.
Status execute(Draft& draft, const Address& proposer, const CheckedTx& checked) {
  const Tx& tx = checked.body();
  Overlay& accounts = draft.accounts;
  AITBC_TRY(check_tx(accounts, tx));
  Account sender = accounts.at(tx.from);
  const auto rest = sender.balance.minus(tx.fee);
  AITBC_CHECK(rest.has_value());
  accounts.set(tx.from, {*rest, sender.nonce + 1});
  std::visit([&](const auto& payload) { execute_payload(draft, checked, payload); }, tx.payload);
  if (tx.fee != Amount{}) credit(accounts, proposer, tx.fee);
  ++draft.position;
  return ok();
}

}  // namespace

void advance(Governance& governance, const CheckedBlock& block) {
  const Height height = block.header().height;
  for (const CheckedTx& tx : block.txs) {
    const auto* ballot = std::get_if<Ballot>(&tx.body().payload);
    if (ballot != nullptr) cast(governance, tx.body().from, *ballot, height);
  }
  end_block(governance, height);
}

Result<Effects> apply_block(const Params& params, const Parent& parent, State& state,
                            const CheckedBlock& block) {
  const Header& header = block.header();
  AITBC_TRY(check_header(parent, state.governance(), header));
  AITBC_TRY(check_handover(params, parent, state.governance(), block.sealed));
  const Address proposer = address_of(Policy::single(header.proposer));
  Draft draft(state, header.height, block.txs);
  for (const CheckedTx& tx : block.txs) {
    if (const auto status = execute(draft, proposer, tx); !status) {
      return error(Errc::invalid_block_tx, "block " + std::to_string(header.height) +
                                               " cannot hold " + tx.id().hex() + ": " +
                                               status.error().detail);
    }
  }
  Effects effects = draft.effects(state.governance());
  check_invariants(block.txs, effects);
  state.redo(effects);
  if (const Hash root = state.root(); root != header.state_root) {
    state.undo(effects);
    return error(Errc::bad_state_root, "block " + std::to_string(header.height) +
                                           ": expected state root " + hash_text(root) + ", got " +
                                           hash_text(header.state_root));
  }
  return effects;
}

std::optional<Built> build_block(const Params& params, const Parent& parent, State& state,
                                 const KeyPair& key, Slot slot,
                                 std::span<const CheckedTx> candidates,
                                 std::optional<Certificate> handover) {
  const Address proposer = address_of(Policy::single(key.public_key()));
  Draft draft(state, parent.tip.height + 1,
              candidates.first(std::min(candidates.size(), limits::block_txs_max)));
  std::vector<CheckedTx> included;
  std::vector<SignedTx> bodies;
  std::size_t bytes = sealed_header_bytes;
  if (handover) bytes += encode(*handover).size();
  for (const CheckedTx& tx : candidates) {
    if (included.size() == limits::block_txs_max) break;
    const std::size_t tx_bytes = encode(tx.signed_tx()).size();
    if (bytes + tx_bytes > limits::block_bytes_max) break;
    if (!execute(draft, proposer, tx)) continue;
    bytes += tx_bytes;
    included.push_back(tx);
    bodies.push_back(tx.signed_tx());
  }
  if (included.empty() && slot <= last_slot_for_txs(parent, state.governance())) {
    return std::nullopt;
  }

  Effects effects = draft.effects(state.governance());
  check_invariants(included, effects);
  state.redo(effects);
  Header header;
  header.height = parent.tip.height + 1;
  header.slot = slot;
  header.parent = parent.tip.id;
  header.txs_root = txs_root_of(bodies);
  header.state_root = state.root();
  header.proposer = key.public_key();
  header.tx_count = static_cast<std::uint32_t>(included.size());
  SealedHeader sealed{header, seal(params.genesis_hash, header, key), std::move(handover)};
  return Built{{std::move(sealed), std::move(included)}, std::move(effects)};
}

}  // namespace aitbc
