#pragma once
// From what somebody wants done to a transaction that a node has accepted, and to the block that
// holds it. Main thread only.

#include <optional>

#include "cli/ask.hpp"

namespace aitbc::cli {

struct Payment {
  Policy from;
  Payload payload;
  std::optional<Amount> fee;   // the least one of the chain
  std::optional<Nonce> nonce;  // the next one, by the node and by what was paid from here
};

// A payment as it stands on the command line.
struct PaymentText {
  std::string to, amount;  // an address or a wallet's name; units
  std::optional<std::string> fee, nonce;
};
Result<Payment> parse_payment(const PaymentText& text, const Wallets& wallets, Policy from);

// Not signed yet: the nonce and the fee are asked of the node where they are not given.
Outcome<Tx> compose(rpc::Client& client, const Params& params, const Payment& payment);

enum class WaitFor { none, included, final };

struct Progressed {
  TxId id;
  rpc::Client::TxView view;
  bool is_final = false;  // its block is
};

// Prints what `send`, `faucet` and `tx submit` print.
void print_sent(Output& output, const Progressed& sent);

struct Delivery {
  WaitFor wait = WaitFor::included;
  Duration timeout{};
};
struct DeliveryText {
  std::string wait = "included";
  std::string timeout = "30s";
};
Result<Delivery> parse_delivery(const DeliveryText& text);

// Sends, waits as asked and prints.
Verdict deliver(Invocation& invocation, rpc::Client& client, const SignedTx& tx,
                const Delivery& delivery);

// The whole payment with one key, up to where the delivery says. Where the nonce is ours to choose
// and another machine's payment of the same account takes it first, the next one is taken.
Outcome<Progressed> carry_out(Invocation& invocation, rpc::Client& client, const Payment& payment,
                              const KeyPair& key, const Delivery& delivery);
// The same, and prints.
Verdict pay(Invocation& invocation, rpc::Client& client, const Payment& payment, const KeyPair& key,
            const Delivery& delivery);

}  // namespace aitbc::cli
