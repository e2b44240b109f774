#include "cli/payment.hpp"

#include <algorithm>

#include "cli/nonce_memory.hpp"
#include "cli/number.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration payment_pause{20};
constexpr Duration payment_pause_max{500};
constexpr int nonce_attempts_max = 10;

using Where = rpc::Client::TxView::Where;

std::string_view word(Where where) {
  switch (where) {
    case Where::pending:
      return "pending";
    case Where::included:
      return "included";
    case Where::replaced:
      return "replaced";
  }
  return "pending";
}

}  // namespace

Result<Payment> parse_payment(const PaymentText& text, const Wallets& wallets, Policy from) {
  Payment payment;
  payment.from = std::move(from);
  Transfer transfer;
  AITBC_TRY_ASSIGN(transfer.to, resolve_address(wallets, text.to));
  AITBC_TRY_ASSIGN(transfer.amount, parse_amount(text.amount, "AMOUNT"));
  payment.payload = transfer;
  if (text.fee) {
    AITBC_TRY_ASSIGN(const std::uint64_t fee, parse_number(*text.fee, "--fee"));
    payment.fee = Amount::from(fee);
  }
  if (text.nonce) {
    AITBC_TRY_ASSIGN(payment.nonce,
                     parse_number(*text.nonce, "--nonce", {0, limits::supply_max - 1}));
  }
  return payment;
}

Outcome<Tx> compose(rpc::Client& client, const Params& params, const Payment& payment) {
  Tx tx;
  tx.from = address_of(payment.from);
  tx.fee = payment.fee.value_or(params.fee_min);
  tx.payload = payment.payload;
  if (payment.nonce) {
    tx.nonce = *payment.nonce;
  } else {
    AITBC_TRY_ASSIGN(const auto account, asked(client.account(tx.from)));
    tx.nonce = account.next_nonce;
  }
  return tx;
}

Result<Delivery> parse_delivery(const DeliveryText& text) {
  Delivery delivery;
  if (text.wait != "none" && text.wait != "included" && text.wait != "final") {
    return error(Errc::bad_config,
                 "--wait: expected none, included or final, got '" + text.wait + "'");
  }
  delivery.wait = text.wait == "none"    ? WaitFor::none
                  : text.wait == "final" ? WaitFor::final
                                         : WaitFor::included;
  AITBC_TRY_ASSIGN(delivery.timeout, parse_duration(text.timeout, "--timeout"));
  return delivery;
}

void print_sent(Output& output, const Progressed& sent) {
  rpc::ObjectWriter out;
  out.text("id", hash_text(sent.id))
      .text("status", sent.is_final ? "final" : word(sent.view.where));
  if (sent.view.where == Where::included) {
    out.integer("height", sent.view.height);
    output.say((sent.is_final ? "final in block " : "included in block ") +
               std::to_string(sent.view.height));
  } else {
    out.null("height");
  }
  output.document(std::move(out).finish());
  output.line(hash_text(sent.id));
}

namespace {

// A node that is restarted meanwhile answers again later: only the deadline ends this. timeout when
// it is not yet what was asked for at the deadline, refused when another one took its place.
Outcome<Progressed> await(Invocation& invocation, rpc::Client& client, const TxId& id,
                          const Delivery& delivery) {
  const Time begun = invocation.clock.now();
  Duration pause = payment_pause;
  Progress progress = invocation.progress();
  for (;;) {
    const auto view = client.tx(id);
    const bool included = view && view->where == Where::included;
    if (included && delivery.wait == WaitFor::included) return Progressed{id, *view};
    // Asked after its place: a final block keeps its height, whatever happens in between.
    const auto status = included ? client.network() : Result<NodeStatus>(NodeStatus{});
    if (included && status && status->final.height >= view->height) {
      return Progressed{id, *view, true};
    }
    if (view && view->where == Where::replaced) {
      return Failure{error(Errc::refused, "transaction " + hash_text(id) + " lost its place to " +
                                              (view->by ? hash_text(*view->by) : "another")),
                     Origin::node};
    }
    const Time now = invocation.clock.now();
    if (now - begun >= delivery.timeout) {
      return error(Errc::timeout, "transaction " + hash_text(id) + " is in no " +
                                      (included ? "final " : "") + "block after " +
                                      std::to_string(delivery.timeout.count()) +
                                      " ms; ask again with: aitbc tx show " + hash_text(id) +
                                      (view ? "" : " (" + view.error().detail + ")"));
    }
    progress.step((included ? "waiting for votes for the block of " : "waiting for a block with ") +
                      hash_text(id),
                  0, 1);
    invocation.clock.sleep_until(std::min(now + pause, begun + delivery.timeout));
    pause = std::min(pause * 3 / 2, payment_pause_max);
  }
}

Outcome<Progressed> follow(Invocation& invocation, rpc::Client& client, const TxId& id,
                           const Delivery& delivery) {
  if (delivery.wait == WaitFor::none) return Progressed{id, {}};
  return await(invocation, client, id, delivery);
}

// Composes, signs and submits while no other payment of the account can come between. What the node
// says and what was paid from here before agree once the node has heard of everything.
Outcome<TxId> submit_next(Invocation& invocation, rpc::Client& client, const Params& params,
                          const Payment& payment, const KeyPair& key) {
  AITBC_TRY_ASSIGN(auto memory,
                   NonceMemory::open(invocation, params.genesis_hash, address_of(payment.from)));
  AITBC_TRY_ASSIGN(Tx body, compose(client, params, payment));
  if (!payment.nonce) body.nonce = std::max(body.nonce, memory.next());
  const Nonce nonce = body.nonce;
  const KeyPair* const keys[] = {&key};
  AITBC_TRY_ASSIGN(const SignedTx tx,
                   sign(params.genesis_hash, std::move(body), payment.from, keys));
  AITBC_TRY_ASSIGN(const TxId id, asked(client.submit(tx)));
  AITBC_TRY(memory.used(nonce));
  return id;
}

}  // namespace

Verdict deliver(Invocation& invocation, rpc::Client& client, const SignedTx& tx,
                const Delivery& delivery) {
  AITBC_TRY_ASSIGN(const TxId id, asked(client.submit(tx)));
  AITBC_TRY_ASSIGN(const Progressed sent, follow(invocation, client, id, delivery));
  print_sent(invocation.output, sent);
  return Exit::done;
}

Outcome<Progressed> carry_out(Invocation& invocation, rpc::Client& client, const Payment& payment,
                              const KeyPair& key, const Delivery& delivery) {
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, client));
  const Params params = params_of(genesis);
  for (int left = nonce_attempts_max;; --left) {
    auto id = submit_next(invocation, client, params, payment, key);
    if (id) return follow(invocation, client, *id, delivery);
    if (payment.nonce || left == 1) return std::move(id).error();
    const Errc why = id.error().error.code;
    if (why != Errc::nonce_pending && why != Errc::nonce_used) return std::move(id).error();
  }
}

Verdict pay(Invocation& invocation, rpc::Client& client, const Payment& payment, const KeyPair& key,
            const Delivery& delivery) {
  AITBC_TRY_ASSIGN(const Progressed sent, carry_out(invocation, client, payment, key, delivery));
  print_sent(invocation.output, sent);
  return Exit::done;
}

}  // namespace aitbc::cli
