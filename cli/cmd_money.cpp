#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "cli/password.hpp"
#include "cli/payment.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

struct SendOptions {
  std::string from;
  PaymentText payment;
  std::optional<std::string> password_file;
  DeliveryText delivery;
};

struct BalanceOptions {
  std::string address;
  std::optional<std::string> at;
};

std::string account_json(const Address& address, const rpc::Client::AccountView& view,
                         const std::string& url) {
  rpc::ObjectWriter out;
  out.text("address", to_text(address))
      .integer("balance", view.account.balance.units())
      .integer("nonce", view.account.nonce)
      .integer("next_nonce", view.next_nonce)
      .integer("height", view.height)
      .text("url", url);
  return std::move(out).finish();
}

Verdict show_balance(Invocation& invocation, const Address& address) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const auto view, asked(client.account(address)));
  invocation.output.line(std::to_string(view.account.balance.units()));
  invocation.output.document(account_json(address, view, client.url()));
  return Exit::done;
}

Result<rpc::Client::AccountView> ask_account(const NodeAddress& node, const Address& address) {
  AITBC_TRY_ASSIGN(rpc::Client client, node.open(short_limits()));
  return client.account(address);
}

Verdict show_balance_everywhere(Invocation& invocation, const Address& address) {
  AITBC_TRY_ASSIGN(const auto nodes, asked_nodes(invocation));
  Table table({"NODE", "BALANCE", "NONCE", "HEIGHT"});
  rpc::ArrayWriter rows;
  std::optional<Account> first;
  bool same = true;
  bool all_answer = true;
  for (const NodeAddress& node : nodes) {
    const auto view = ask_account(node, address);
    rpc::ObjectWriter row;
    row.text("node", node.id).text("url", node.url);
    if (view) {
      same = same && (!first || *first == view->account);
      first = view->account;
      row.integer("balance", view->account.balance.units())
          .integer("nonce", view->account.nonce)
          .integer("height", view->height)
          .null("error");
      table.add({node.id, std::to_string(view->account.balance.units()),
                 std::to_string(view->account.nonce), std::to_string(view->height)});
    } else {
      all_answer = false;
      row.null("balance").null("nonce").null("height").text("error", view.error().detail);
      table.add({node.id, view.error().detail});
    }
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.text("address", to_text(address))
      .boolean("same", same && all_answer)
      .json("nodes", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(table.text());
  if (!all_answer) return Exit::unreachable;
  return same ? Exit::done : Exit::negative;
}

Verdict balance(Invocation& invocation, const BalanceOptions& given) {
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Address address, resolve_address(wallets, given.address));
  if (given.at == "all") return show_balance_everywhere(invocation, address);
  if (given.at) invocation.node = given.at;
  return show_balance(invocation, address);
}

Verdict send(Invocation& invocation, const SendOptions& given) {
  AITBC_TRY_ASSIGN(const Delivery delivery, parse_delivery(given.delivery));
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  AITBC_TRY_ASSIGN(const Wallet wallet, wallets.load(given.from));
  AITBC_TRY_ASSIGN(const Payment payment, parse_payment(given.payment, wallets, wallet.policy));
  if (wallet.policy.threshold > 1) {
    return error(Errc::refused,
                 "wallet " + wallet.name + " needs " + std::to_string(wallet.policy.threshold) +
                     " signatures: aitbc tx build " + wallet.name + " " + given.payment.to + " " +
                     given.payment.amount + " -o FILE, then tx sign by each, then tx submit");
  }
  AITBC_TRY_ASSIGN(const KeyPair key, unlock(wallet, given.password_file));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  return pay(invocation, client, payment, key, delivery);
}

struct FaucetOptions {
  std::string to, amount;
  DeliveryText delivery;
};

Verdict faucet(Invocation& invocation, const FaucetOptions& given) {
  AITBC_TRY_ASSIGN(const Delivery delivery, parse_delivery(given.delivery));
  AITBC_TRY_ASSIGN(const Wallets wallets, invocation.wallets());
  Payment payment;
  Transfer transfer;
  AITBC_TRY_ASSIGN(transfer.to, resolve_address(wallets, given.to));
  AITBC_TRY_ASSIGN(transfer.amount, parse_amount(given.amount, "AMOUNT"));
  payment.payload = transfer;
  AITBC_TRY_ASSIGN(const Genesis own, local_genesis(invocation));
  if (!own.devnet) {
    return error(Errc::refused, own.chain_id + " has no faucet: its genesis is not a devnet's");
  }
  AITBC_TRY_ASSIGN(const KeyPair key, faucet_key(invocation));
  payment.from = Policy::single(key.public_key());
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  return pay(invocation, client, payment, key, delivery);
}

}  // namespace

void add_delivery_options(CLI::App& command, DeliveryText& text) {
  command.add_option("--wait", text.wait, "Until: none, included, final")->capture_default_str();
  command.add_option("--timeout", text.timeout, "How long to wait")->capture_default_str();
}

void add_payment_options(CLI::App& command, PaymentText& text) {
  command.add_option("TO", text.to, "An address or a wallet name")->required();
  command.add_option("AMOUNT", text.amount, "Units, a whole number")->required();
  command.add_option("--fee", text.fee, "To the proposer (default: the chain's least fee)");
  command.add_option("--nonce", text.nonce, "The transaction's number (default: the next one)");
}

void add_money_commands(CLI::App& root, Invocation& invocation) {
  const auto asked_for = std::make_shared<BalanceOptions>();
  CLI::App* show =
      add_command(root, {"balance", "What an address owns", "aitbc balance alice --at all"});
  show->add_option("ADDRESS", asked_for->address, "An address or a wallet name")->required();
  show->add_option("--at", asked_for->at, "A node's id, or all: ask every node");
  add_node_option(*show, invocation);
  choose(*show, invocation, [&invocation, asked_for] { return balance(invocation, *asked_for); });

  const auto sent = std::make_shared<SendOptions>();
  CLI::App* pay = add_command(root, {"send", "Send money", "aitbc send alice bob 5 --fee 1"});
  pay->add_option("FROM", sent->from, "A wallet name")->required();
  add_payment_options(*pay, sent->payment);
  pay->add_option("--password-file", sent->password_file, "Read the wallet's password from here");
  add_delivery_options(*pay, sent->delivery);
  add_node_option(*pay, invocation);
  choose(*pay, invocation, [&invocation, sent] { return send(invocation, *sent); });

  const auto poured = std::make_shared<FaucetOptions>();
  CLI::App* pour = add_command(
      root, {"faucet", "Send money from the devnet's faucet", "aitbc faucet alice 100"});
  pour->add_option("ADDRESS", poured->to, "An address or a wallet name")->required();
  pour->add_option("AMOUNT", poured->amount, "Units, a whole number")->required();
  add_delivery_options(*pour, poured->delivery);
  add_node_option(*pour, invocation);
  choose(*pour, invocation, [&invocation, poured] { return faucet(invocation, *poured); });
}

}  // namespace aitbc::cli
