#include <algorithm>

#include <CLI/CLI.hpp>

#include "chain/core/receipt.hpp"
#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/json_view.hpp"
#include "cli/keys.hpp"
#include "cli/number.hpp"
#include "cli/password.hpp"
#include "cli/payment.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t receipt_id_bytes = 16;
constexpr std::uint64_t page_max = 100;

struct ReceiptSignOptions {
  std::string provider, units;
  std::string job, unit_type = "gpu_seconds";
  std::optional<std::string> key, id;
};

struct ReceiptSubmitOptions {
  std::string file, from;
  std::optional<std::string> fee, password_file;
  DeliveryText delivery;
};

// The network's, which `up` made, unless a file is given.
Result<KeyPair> coordinator_key(Invocation& invocation, const std::optional<std::string>& file) {
  if (file) return read_key_file(*file);
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  return read_key_file(open->layout().coordinator_key().string());
}

// A wallet's address; or an address, or a name of a devnet, as it is.
Result<std::string> provider_text(const Wallets& wallets, const std::string& text) {
  AITBC_TRY_ASSIGN(const std::vector<std::string> names, wallets.names());
  if (std::find(names.begin(), names.end(), text) == names.end()) return text;
  AITBC_TRY_ASSIGN(const Address address, resolve_address(wallets, text));
  return to_text(address);
}

std::string random_id() {
  Bytes<receipt_id_bytes, struct ReceiptIdTag> id;
  fill_random(id.data);
  return id.hex();
}

Verdict sign_receipt(Invocation& invocation, const ReceiptSignOptions& given) {
  if (!parse_decimal(given.units)) {
    return error(Errc::bad_config,
                 "UNITS: expected a number above zero of at most 18 digits, "
                 "e.g. 1.5, got '" +
                     given.units + "'");
  }
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const std::string provider, provider_text(wallets, given.provider));
  AITBC_TRY_ASSIGN(const Genesis genesis, local_genesis(invocation));
  AITBC_TRY_ASSIGN(const KeyPair key, coordinator_key(invocation, given.key));
  rpc::ObjectWriter fields;
  fields.text("version", "1.0")
      .text("receipt_id", given.id ? *given.id : random_id())
      .text("job_id", given.job)
      .text("provider", provider)
      .json("units", given.units)
      .text("unit_type", given.unit_type);
  AITBC_TRY_ASSIGN(const JsonValue receipt, read_json(std::move(fields).finish()));
  ReceiptClaim claim{canonical_text(receipt), key.public_key(), {}};
  claim.signature = key.sign(as_bytes(claim.receipt));
  const Params params = params_of(genesis);
  AITBC_TRY(mint_of(params, claim));
  const auto& coordinators = params.minting.coordinators;
  if (std::find(coordinators.begin(), coordinators.end(), claim.coordinator) ==
      coordinators.end()) {
    return error(Errc::bad_config, claim.coordinator.hex() + " is no coordinator of " +
                                       params.chain_id + ": its genesis does not list it");
  }
  const std::string text = rpc::signed_receipt_json(claim);
  invocation.output.line(text);
  invocation.output.document(text);
  return Exit::done;
}

Verdict submit_receipt(Invocation& invocation, const ReceiptSubmitOptions& given) {
  AITBC_TRY_ASSIGN(const Delivery delivery, parse_delivery(given.delivery));
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.from));
  AITBC_TRY_ASSIGN(const std::string text, read_file(given.file, limits::receipt_body_bytes_max));
  AITBC_TRY_ASSIGN(const KeyPair key, unlock(wallet, given.password_file));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  Payment payment;
  payment.from = wallet.policy;
  AITBC_TRY_ASSIGN(payment.payload, rpc::parse_signed_receipt(params_of(genesis), text));
  if (given.fee) {
    AITBC_TRY_ASSIGN(const std::uint64_t fee, parse_number(*given.fee, "--fee"));
    payment.fee = Amount::from(fee);
  }
  return pay(invocation, client, payment, key, delivery);
}

Verdict list_receipts(Invocation& invocation, const std::string& limit) {
  AITBC_TRY_ASSIGN(const std::uint64_t count, parse_number(limit, "--limit", {1, page_max}));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer,
                   asked(client.get("/rpc/receipts?limit=" + std::to_string(count))));
  AITBC_TRY_ASSIGN(const std::string text,
                   rows_of(answer, "receipts",
                           {"receipt_id", "job_id", "miner", "minted_amount", "block_height"}));
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

Verdict show_receipt(Invocation& invocation, const std::string& id) {
  if (!is_receipt_id(id)) {
    return error(Errc::bad_config, "ID: expected 1 to 64 letters, digits, '.', '_', ':' and '-'");
  }
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.get("/rpc/receipts/" + id)));
  AITBC_TRY_ASSIGN(const std::string text, fields_of(answer));
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

void add_sign(CLI::App& group, Invocation& invocation) {
  const auto given = std::make_shared<ReceiptSignOptions>();
  CLI::App* sign = add_command(group, {"sign", "Sign a receipt of work as a coordinator",
                                       "aitbc receipt sign alice 1.5 --job job-7 > receipt.json"});
  sign->add_option("PROVIDER", given->provider,
                   "The miner: an address, a wallet name, or a name of a devnet")
      ->required();
  sign->add_option("UNITS", given->units, "How much work, e.g. 1.5")->required();
  sign->add_option("--job", given->job, "Which job it was")->required();
  sign->add_option("--unit-type", given->unit_type, "What is counted")->capture_default_str();
  sign->add_option("--id", given->id, "The receipt's id (default: a random one)");
  sign->add_option("--key", given->key, "A coordinator's key file (default: the network's)");
  choose(*sign, invocation, [&invocation, given] { return sign_receipt(invocation, *given); });
}

void add_submit(CLI::App& group, Invocation& invocation) {
  const auto given = std::make_shared<ReceiptSubmitOptions>();
  CLI::App* submit = add_command(group, {"submit", "Claim a signed receipt: mints for its miner",
                                         "aitbc receipt submit receipt.json --from alice"});
  submit->add_option("FILE", given->file, "JSON; - is stdin")->required();
  submit->add_option("--from", given->from, "The wallet that pays the fee")->required();
  submit->add_option("--fee", given->fee, "To the proposer (default: the chain's least fee)");
  submit->add_option("--password-file", given->password_file,
                     "Read the wallet's password from here");
  add_delivery_options(*submit, given->delivery);
  add_node_option(*submit, invocation);
  choose(*submit, invocation, [&invocation, given] { return submit_receipt(invocation, *given); });
}

}  // namespace

void add_receipt_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group =
      add_group(root, {"receipt", "Receipts of work, which mint", "aitbc receipt list"});
  add_sign(*group, invocation);
  add_submit(*group, invocation);

  const auto limit = std::make_shared<std::string>("20");
  CLI::App* list = add_command(*group, {"list", "The receipts that were claimed, newest first",
                                        "aitbc receipt list --limit 5"});
  list->add_option("--limit", *limit, "How many at most")->capture_default_str();
  add_node_option(*list, invocation);
  choose(*list, invocation, [&invocation, limit] { return list_receipts(invocation, *limit); });

  const auto id = std::make_shared<std::string>();
  CLI::App* show = add_command(*group, {"show", "One receipt that was claimed",
                                        "aitbc receipt show 9b2d1c0c4a5e4f7f8a6b3c2d1e0f9a8b"});
  show->add_option("ID", *id, "As the coordinator chose it")->required();
  add_node_option(*show, invocation);
  choose(*show, invocation, [&invocation, id] { return show_receipt(invocation, *id); });
}

}  // namespace aitbc::cli
