#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/json_view.hpp"
#include "cli/keys.hpp"
#include "cli/number.hpp"
#include "cli/password.hpp"
#include "cli/payment.hpp"
#include "cli/tx_file.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t tx_bytes_max = 64 * 1024;
constexpr std::size_t combined_files_max = limits::policy_keys_max;

struct BuildOptions {
  std::string from;
  PaymentText payment;
  std::optional<std::string> threshold, output;
  std::vector<std::string> keys;
};

struct SignOptions {
  std::string file, wallet;
  std::optional<std::string> password_file, output;
};

struct CombineOptions {
  std::vector<std::string> files;
  std::optional<std::string> output;
};

struct SubmitOptions {
  std::string file;
  DeliveryText delivery;
};

// The policy that pays: a wallet's, or one that is spelled out and hashes to the address.
Result<Policy> paying_policy(const Wallets& wallets, const BuildOptions& given) {
  if (!given.threshold && given.keys.empty()) {
    if (!parse_address(given.from)) {
      AITBC_TRY_ASSIGN(Wallet wallet, wallets.load(given.from));
      return std::move(wallet.policy);
    }
    return error(Errc::bad_config,
                 "an address does not say whose keys sign for it: give the name of a wallet, or "
                 "--threshold and --keys");
  }
  AITBC_TRY_ASSIGN(
      const std::uint64_t threshold,
      parse_number(given.threshold.value_or("1"), "--threshold", {1, limits::policy_keys_max}));
  AITBC_TRY_ASSIGN(std::vector<PublicKey> keys, parse_public_keys(given.keys));
  AITBC_TRY_ASSIGN(Policy policy, make_policy(threshold, std::move(keys)));
  AITBC_TRY_ASSIGN(const Address from, resolve_address(wallets, given.from));
  if (address_of(policy) == from) return policy;
  return error(Errc::bad_config, to_text(from) + " is not the address of these keys, which is " +
                                     to_text(address_of(policy)));
}

// To the file, which may be the one that was read, or to stdout.
Outcome<Done> hand_on(Invocation& invocation, const Params& params, const SignedTx& tx,
                      const std::optional<std::string>& output, const std::string& read_from) {
  const std::string text = print_tx_file(params, tx);
  if (output) {
    const Existing existing = *output == read_from ? Existing::replace : Existing::refuse;
    AITBC_TRY(write_file(*output, text + "\n", {.existing = existing}));
  }
  invocation.output.line(output ? *output : text);
  invocation.output.document(text);
  invocation.output.say(std::to_string(tx.witness.parts.size()) + " of " +
                        std::to_string(tx.witness.policy.threshold) + " signatures");
  return Done{};
}

// What a signature will agree to, before anything is asked for it.
void say_in_words(Output& output, const Params& params, const SignedTx& tx) {
  const Tx& body = tx.body;
  Table table({"chain", params.chain_id + ", genesis " + hash_text(params.genesis_hash)});
  table.add({"from", to_text(body.from) + ", " + std::to_string(tx.witness.policy.threshold) +
                         " of " + std::to_string(tx.witness.policy.keys.size()) + " keys"});
  if (const auto* transfer = std::get_if<Transfer>(&body.payload)) {
    table.add({"pays", std::to_string(transfer->amount.units())});
    table.add({"to", to_text(transfer->to)});
  } else if (const auto* ballot = std::get_if<Ballot>(&body.payload)) {
    table.add({ballot->approve ? "approves" : "takes back",
               std::string(name(ballot->change.kind)) + " authority " + ballot->change.key.hex()});
  } else {
    const auto& claim = std::get<ReceiptClaim>(body.payload);
    table.add({"claims the receipt", claim.receipt});
    table.add({"signed by coordinator", claim.coordinator.hex()});
  }
  table.add({"fee", std::to_string(body.fee.units())});
  table.add({"nonce", std::to_string(body.nonce)});
  output.say(table.text());
}

Result<SignedTx> read_tx_file(const Params& params, const std::string& file) {
  AITBC_TRY_ASSIGN(const std::string text, read_file(file, tx_bytes_max));
  auto tx = parse_tx_file(params, text);
  if (!tx) return error(tx.error().code, file + ": " + tx.error().detail);
  return tx;
}

Verdict build(Invocation& invocation, const BuildOptions& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(Policy policy, paying_policy(wallets, given));
  AITBC_TRY_ASSIGN(Payment payment, parse_payment(given.payment, wallets, std::move(policy)));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  const Params params = params_of(genesis);
  AITBC_TRY_ASSIGN(Tx body, compose(client, params, payment));
  const SignedTx tx{std::move(body), {std::move(payment.from), {}}};
  AITBC_TRY(hand_on(invocation, params, tx, given.output, ""));
  return Exit::done;
}

Verdict sign_file(Invocation& invocation, const SignOptions& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.wallet));
  AITBC_TRY_ASSIGN(const Genesis genesis, local_genesis(invocation));
  const Params params = params_of(genesis);
  AITBC_TRY_ASSIGN(SignedTx tx, read_tx_file(params, given.file));
  say_in_words(invocation.output, params, tx);
  AITBC_TRY_ASSIGN(const KeyPair key, unlock(wallet, given.password_file));
  AITBC_TRY_ASSIGN(tx, add_signature(params.genesis_hash, std::move(tx), key));
  AITBC_TRY(hand_on(invocation, params, tx, given.output, given.file));
  return Exit::done;
}

Verdict combine_files(Invocation& invocation, const CombineOptions& given) {
  AITBC_TRY_ASSIGN(const Genesis genesis, local_genesis(invocation));
  const Params params = params_of(genesis);
  std::vector<SignedTx> txs;
  for (const std::string& file : given.files) {
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx_file(params, file));
    txs.push_back(std::move(tx));
  }
  AITBC_TRY_ASSIGN(const SignedTx tx, combine(txs));
  AITBC_TRY(hand_on(invocation, params, tx, given.output, ""));
  return Exit::done;
}

// A key as its owner knows it, where the owner's wallet is on this machine.
Result<std::string> named_keys(const Wallets& wallets, const std::vector<PublicKey>& keys) {
  AITBC_TRY_ASSIGN(const auto names, wallets.names());
  std::vector<std::string> words;
  for (const PublicKey& key : keys) {
    words.push_back(key.hex());
    for (const std::string& name : names) {
      const auto wallet = wallets.load(name);
      if (wallet && wallet->key == key) words.back() += " (wallet " + name + ")";
    }
  }
  return joined(words);
}

Verdict submit(Invocation& invocation, const SubmitOptions& given) {
  AITBC_TRY_ASSIGN(const Delivery delivery, parse_delivery(given.delivery));
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  AITBC_TRY_ASSIGN(const SignedTx tx, read_tx_file(params_of(genesis), given.file));
  if (const std::size_t missing = signatures_missing(tx); missing > 0) {
    AITBC_TRY_ASSIGN(const std::string who, named_keys(wallets, silent_keys(tx)));
    return error(Errc::refused, "signatures missing: " + std::to_string(missing) + " of " +
                                    std::to_string(tx.witness.policy.threshold) +
                                    "; not signed by: " + who + "; add one with: aitbc tx sign");
  }
  return deliver(invocation, client, tx, delivery);
}

Verdict show_pending(Invocation& invocation, const std::string& limit) {
  AITBC_TRY_ASSIGN(const std::uint64_t count,
                   parse_number(limit, "--limit", {1, limits::page_items_max}));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const std::string answer,
                   asked(client.get("/rpc/mempool?limit=" + std::to_string(count))));
  AITBC_TRY_ASSIGN(const std::string text,
                   rows_of(answer, "transactions",
                           {"tx_hash", "sender", "recipient", "amount", "fee", "nonce"}));
  invocation.output.line(text);
  invocation.output.document(answer);
  return Exit::done;
}

void add_output_option(CLI::App& command, std::optional<std::string>& output) {
  command.add_option("-o,--output", output, "The file to write (default: stdout)");
}

void add_signing(CLI::App& group, Invocation& invocation) {
  const auto built = std::make_shared<BuildOptions>();
  CLI::App* making = add_command(group, {"build", "A payment for others to sign, in a file",
                                         "aitbc tx build joint bob 5 -o payment.json"});
  making->add_option("FROM", built->from, "A wallet name, or an address with its keys")->required();
  add_payment_options(*making, built->payment);
  making->add_option("--threshold", built->threshold, "Signatures that the address needs");
  making->add_option("--keys", built->keys, "All of its public keys, separated by commas")
      ->delimiter(',');
  add_output_option(*making, built->output);
  add_node_option(*making, invocation);
  choose(*making, invocation, [&invocation, built] { return build(invocation, *built); });

  const auto signing = std::make_shared<SignOptions>();
  CLI::App* sign = add_command(group, {"sign", "Add a wallet's signature to a transaction",
                                       "aitbc tx sign payment.json --wallet bob -o payment.json"});
  sign->add_option("FILE", signing->file, "JSON; - is stdin")->required();
  sign->add_option("--wallet", signing->wallet, "The wallet to sign with")->required();
  sign->add_option("--password-file", signing->password_file,
                   "Read the wallet's password from here");
  add_output_option(*sign, signing->output);
  choose(*sign, invocation, [&invocation, signing] { return sign_file(invocation, *signing); });

  const auto combining = std::make_shared<CombineOptions>();
  CLI::App* merge = add_command(group, {"combine", "One transaction from copies signed apart",
                                        "aitbc tx combine a.json b.json -o payment.json"});
  merge->add_option("FILE", combining->files, "Copies of one file, each signed by somebody")
      ->required()
      ->expected(2, combined_files_max);
  add_output_option(*merge, combining->output);
  choose(*merge, invocation,
         [&invocation, combining] { return combine_files(invocation, *combining); });

  const auto submitted = std::make_shared<SubmitOptions>();
  CLI::App* send = add_command(
      group, {"submit", "Send a signed transaction from a file", "aitbc tx submit payment.json"});
  send->add_option("FILE", submitted->file, "JSON; - is stdin")->required();
  add_delivery_options(*send, submitted->delivery);
  add_node_option(*send, invocation);
  choose(*send, invocation, [&invocation, submitted] { return submit(invocation, *submitted); });
}

}  // namespace

void add_tx_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group = add_group(root, {"tx", "Single transactions", "aitbc tx pending"});

  add_signing(*group, invocation);

  const auto id = std::make_shared<std::string>();
  CLI::App* one = add_command(*group, {"show", "Where a transaction is", "aitbc tx show 0x5f..."});
  one->add_option("ID", *id, "As send printed it")->required();
  add_node_option(*one, invocation);
  choose(*one, invocation, [&invocation, id] { return show_tx(invocation, *id); });

  add_trace_command(*group, invocation);

  const auto limit = std::make_shared<std::string>("100");
  CLI::App* pending =
      add_command(*group, {"pending", "What waits for a block", "aitbc tx pending --node 2"});
  pending->add_option("--limit", *limit, "How many at most")->capture_default_str();
  add_node_option(*pending, invocation);
  choose(*pending, invocation, [&invocation, limit] { return show_pending(invocation, *limit); });
}

}  // namespace aitbc::cli
