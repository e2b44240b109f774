#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/json_view.hpp"
#include "cli/number.hpp"
#include "cli/password.hpp"
#include "cli/payment.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t tx_bytes_max = 64 * 1024;

struct SubmitOptions {
  std::string file;
  std::string wait = "included";
  std::string timeout = "30s";
};

struct SignOptions {
  std::string file, wallet;
  std::optional<std::string> password_file;
};

Verdict submit(Invocation& invocation, const SubmitOptions& given) {
  AITBC_TRY_ASSIGN(const Delivery delivery, parse_delivery(given.wait, given.timeout));
  AITBC_TRY_ASSIGN(const std::string text, read_file(given.file, tx_bytes_max));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  AITBC_TRY_ASSIGN(const SignedTx tx, rpc::parse_tx(params_of(genesis), text));
  return deliver(invocation, client, tx, delivery);
}

// Adds one signature to a transaction that `send --print` or an earlier `tx sign` printed.
Verdict sign_file(Invocation& invocation, const SignOptions& given) {
  AITBC_TRY_ASSIGN(const std::string text, read_file(given.file, tx_bytes_max));
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.wallet));
  AITBC_TRY_ASSIGN(const Genesis genesis, local_genesis(invocation));
  const Params params = params_of(genesis);
  AITBC_TRY_ASSIGN(SignedTx tx, rpc::parse_tx(params, text));
  std::optional<std::string> password;
  if (wallet.encrypted()) {
    AITBC_TRY_ASSIGN(password, find_password({.file = given.password_file}, given.wallet));
  }
  AITBC_TRY_ASSIGN(const KeyPair key, open_wallet(wallet, password));
  const std::size_t before = tx.witness.parts.size();
  const std::size_t needed = tx.witness.policy.threshold;
  tx = sign_partly(params.genesis_hash, std::move(tx), key);
  if (tx.witness.parts.size() == before) {
    return error(Errc::refused,
                 before >= needed
                     ? "the transaction has all its signatures already"
                     : "wallet " + wallet.name + " has signed it already, or is no party to it");
  }
  const std::string signed_text = rpc::tx_json(params, tx);
  invocation.output.line(signed_text);
  invocation.output.document(signed_text);
  invocation.output.say(std::to_string(tx.witness.parts.size()) + " of " + std::to_string(needed) +
                        " signatures");
  return Exit::done;
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

}  // namespace

void add_tx_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group = add_group(root, {"tx", "Single transactions", "aitbc tx pending"});

  const auto submitted = std::make_shared<SubmitOptions>();
  CLI::App* send = add_command(*group, {"submit", "Send a signed transaction from a file",
                                        "aitbc send alice bob 5 --print | aitbc tx submit -"});
  send->add_option("FILE", submitted->file, "JSON; - is stdin")->required();
  send->add_option("--wait", submitted->wait, "Until: none, included, final")
      ->capture_default_str();
  send->add_option("--timeout", submitted->timeout, "How long to wait")->capture_default_str();
  add_node_option(*send, invocation);
  choose(*send, invocation, [&invocation, submitted] { return submit(invocation, *submitted); });

  const auto signing = std::make_shared<SignOptions>();
  CLI::App* sign = add_command(*group, {"sign", "Add a signature to a transaction of many keys",
                                        "aitbc tx sign payment.json --wallet bob"});
  sign->add_option("FILE", signing->file, "JSON; - is stdin")->required();
  sign->add_option("--wallet", signing->wallet, "The wallet to sign with")->required();
  sign->add_option("--password-file", signing->password_file,
                   "Read the wallet's password from here");
  choose(*sign, invocation, [&invocation, signing] { return sign_file(invocation, *signing); });

  const auto id = std::make_shared<std::string>();
  CLI::App* one = add_command(*group, {"show", "Where a transaction is", "aitbc tx show 0x5f..."});
  one->add_option("ID", *id, "As send printed it")->required();
  add_node_option(*one, invocation);
  choose(*one, invocation, [&invocation, id] { return show_tx(invocation, *id); });

  const auto limit = std::make_shared<std::string>("100");
  CLI::App* pending =
      add_command(*group, {"pending", "What waits for a block", "aitbc tx pending --node 2"});
  pending->add_option("--limit", *limit, "How many at most")->capture_default_str();
  add_node_option(*pending, invocation);
  choose(*pending, invocation, [&invocation, limit] { return show_pending(invocation, *limit); });
}

}  // namespace aitbc::cli
