// Submitting transactions: signed ones, and the unsigned ones of a devnet's names.

#include "rpc/binary.hpp"
#include "rpc/errors.hpp"
#include "rpc/json.hpp"
#include "rpc/json_unsigned.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr int bad_status = 400;
constexpr int server_fault_status = 500;
constexpr int created_status = 201;

// What was submitted well: it is new, or was known already.
struct Taken {
  TxId id;
  bool known = false;
};

Result<Taken> taken_of(const TxId& id, const Result<TxId>& judged) {
  const bool known = !judged && category(judged.error().code) == Category::known;
  if (!judged && !known) return judged.error();
  return Taken{id, known};
}

// What became of those that were known. They were taken, so whatever the store cannot say now does
// not make an error of it.
class Inclusions {
 public:
  explicit Inclusions(Node& node) : node_(node) {}

  bool has(const TxId& id) {
    if (!view_) view_ = node_.reader().snapshot();
    if (!*view_) return false;
    const auto found = (**view_)->tx(id);
    return found && found->has_value();
  }

 private:
  Node& node_;
  std::optional<Result<std::unique_ptr<Snapshot>>> view_;
};

// A new one was pending when it was taken.
std::string taken_json(Inclusions& inclusions, const Taken& taken) {
  const bool included = taken.known && inclusions.has(taken.id);
  ObjectWriter out;
  out.text("tx_hash", hash_text(taken.id)).text("status", included ? "included" : "pending");
  return std::move(out).finish();
}

HttpResponse taken_response(const Call& call, const Taken& taken) {
  Inclusions inclusions(call.node);
  return json_response(taken_json(inclusions, taken));
}

Result<Taken> submit(Node& node, CheckedTx tx) {
  const TxId id = tx.id();
  return taken_of(id, node.submit(std::move(tx)));
}

Result<SignedTx> read_signed(const Call& call, const Json& body) {
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(body, "transaction"));
  return read_tx(call.node.params(), std::move(reader));
}

Result<Taken> check_and_submit(const Call& call, Result<SignedTx> tx) {
  if (!tx) return std::move(tx).error();
  AITBC_TRY_ASSIGN(CheckedTx checked, CheckedTx::check(call.node.params(), *std::move(tx)));
  return submit(call.node, std::move(checked));
}

// Of a transaction that its sender signed, or that the edge signs for a name of a devnet.
using Sent = std::variant<Taken, HttpResponse>;

Result<Sent> send_json(const Call& call, const Json& body, std::string_view type = transfer_type) {
  if (!is_unsigned(body)) {
    AITBC_TRY_ASSIGN(const Taken taken, check_and_submit(call, read_signed(call, body)));
    return Sent(taken);
  }
  AITBC_TRY_ASSIGN(auto read, read_unsigned(call.node.params(), call.request, body, type));
  if (auto* refusal = std::get_if<HttpResponse>(&read)) return Sent(std::move(*refusal));
  const auto& payment = std::get<DevEdge::Payment>(read);
  if (payment.fee < call.node.params().fee_min) {
    return error(Errc::fee_too_low, "Fee " + std::to_string(payment.fee.units()) +
                                        " below minimum " +
                                        std::to_string(call.node.params().fee_min.units()));
  }
  AITBC_TRY_ASSIGN(const TxId id, call.edge.pay(payment));
  return Sent(Taken{id, true});  // of a request that came before, perhaps
}

Result<HttpResponse> send_json(const Call& call, std::string_view type) {
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  AITBC_TRY_ASSIGN(Sent sent, send_json(call, json, type));
  if (auto* refusal = std::get_if<HttpResponse>(&sent)) return std::move(*refusal);
  return taken_response(call, std::get<Taken>(sent));
}

Result<HttpResponse> send_tx(const Call& call) {
  if (!has_binary(call.request)) return send_json(call, transfer_type);
  AITBC_TRY_ASSIGN(const Taken taken,
                   check_and_submit(call, decode_signed_tx(as_bytes(call.request.body))));
  return taken_response(call, taken);
}

Result<HttpResponse> submit_receipt(const Call& call) { return send_json(call, claim_type); }

// In the later dialect, whatever fails is a 400 with this in front.
Result<HttpResponse> send_transaction(const Call& call) {
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  auto sent = send_json(call, json);
  if (!sent) {
    HttpResponse refusal = error_response(
        error(sent.error().code, "Failed to submit transaction: " + sent.error().detail));
    if (refusal.status < server_fault_status) refusal.status = bad_status;
    return refusal;
  }
  if (auto* refusal = std::get_if<HttpResponse>(&*sent)) return std::move(*refusal);
  const std::string id = hash_text(std::get<Taken>(*sent).id);
  ObjectWriter out;
  out.boolean("success", true)
      .text("transaction_hash", id)
      .text("tx_hash", id)
      .text("message", "Transaction submitted to mempool");
  return json_response(std::move(out).finish());
}

using Parsed = std::vector<Result<SignedTx>>;

Result<Parsed> decode_batch(const Call& call) {
  Parsed parsed;
  AITBC_TRY_ASSIGN(std::vector<SignedTx> txs,
                   decode_txs(as_bytes(call.request.body), limits::submit_batch_max));
  for (SignedTx& tx : txs) parsed.emplace_back(std::move(tx));
  return parsed;
}

Result<Parsed> read_batch(const Call& call, const Json& items) {
  Parsed parsed;
  if (!items.is_array() || items.size() > limits::submit_batch_max) {
    return error(Errc::bad_json, "expected an array of at most " +
                                     std::to_string(limits::submit_batch_max) + " transactions");
  }
  for (const Json& item : items) {
    const std::string path = "transactions[" + std::to_string(parsed.size()) + "]";
    auto reader = ObjectReader::open(item, path);
    if (reader) {
      parsed.push_back(read_tx(call.node.params(), *std::move(reader)));
    } else {
      parsed.emplace_back(std::move(reader).error());
    }
  }
  return parsed;
}

// One answer for each transaction; those that cannot be read or do not hold never reach the node.
Result<std::vector<Result<Taken>>> submit_each(const Call& call, Parsed parsed) {
  std::vector<Result<Taken>> answers;
  std::vector<CheckedTx> good;
  std::vector<std::size_t> places;
  for (Result<SignedTx>& tx : parsed) {
    auto checked = tx ? CheckedTx::check(call.node.params(), std::move(tx).value())
                      : Result<CheckedTx>(tx.error());
    if (checked) {
      places.push_back(answers.size());
      answers.emplace_back(Taken{checked->id()});
      good.push_back(*std::move(checked));
    } else {
      answers.emplace_back(std::move(checked).error());
    }
  }
  if (good.empty()) return answers;
  AITBC_TRY_ASSIGN(auto judged, call.node.submit_all(std::move(good)));
  for (std::size_t i = 0; i < places.size(); ++i) {
    Result<Taken>& answer = answers[places[i]];
    answer = taken_of(answer->id, judged[i]);
  }
  return answers;
}

Result<HttpResponse> batch_response(const Call& call, Result<Parsed> parsed) {
  if (!parsed) return std::move(parsed).error();
  AITBC_TRY_ASSIGN(const auto answers, submit_each(call, *std::move(parsed)));
  Inclusions inclusions(call.node);
  ArrayWriter results;
  for (const Result<Taken>& answer : answers) {
    if (!answer && is_internal(answer.error())) return answer.error();
    results.json(answer ? taken_json(inclusions, *answer) : error_json(answer.error()));
  }
  ObjectWriter out;
  out.json("results", std::move(results).finish());
  return json_response(std::move(out).finish());
}

// A list of signed transactions; or a single unsigned one, which the predecessor's wallet sends
// here and wants to be told 201.
Result<HttpResponse> send_batch(const Call& call) {
  if (has_binary(call.request)) return batch_response(call, decode_batch(call));
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  if (!is_unsigned(json)) return batch_response(call, read_batch(call, json));
  AITBC_TRY_ASSIGN(Sent sent, send_json(call, json));
  if (auto* refusal = std::get_if<HttpResponse>(&sent)) return std::move(*refusal);
  const std::string id = hash_text(std::get<Taken>(sent).id);
  ObjectWriter out;
  out.text("hash", id).text("tx_hash", id);
  HttpResponse response = json_response(std::move(out).finish());
  response.status = created_status;
  return response;
}

constexpr Errc send_errors[] = {
    Errc::bad_policy,    Errc::bad_signature, Errc::bad_amount,           Errc::wrong_chain,
    Errc::fee_too_low,   Errc::nonce_used,    Errc::nonce_pending,        Errc::nonce_gap,
    Errc::mempool_full,  Errc::inbox_full,    Errc::insufficient_balance, Errc::timeout,
    Errc::shutting_down, Errc::not_devnet,    Errc::bad_receipt,          Errc::receipt_claimed,
    Errc::too_large,     Errc::refused};

constexpr Route routes[] = {
    {.method = "POST",
     .pattern = "/rpc/sendTx",
     .handler = send_tx,
     .summary =
         "Submits a signed transaction, or on a devnet an unsigned one of a name; durable when "
         "answered. Sending it again is no error.",
     .parameters = {},
     .answer = "Taken",
     .body = "Submission",
     .binary_body = "a signed transaction",
     .errors = send_errors,
     .scope = Scope::submit,
     .waits = Waits::if_unsigned,
     .lenient = true},
    {.method = "POST",
     .pattern = "/rpc/submitReceipt",
     .handler = submit_receipt,
     .summary = "Claims a receipt that a coordinator signed: mints for the miner whom it names, "
                "once. Signed by the sender, or on a devnet unsigned and of a name.",
     .parameters = {},
     .answer = "Taken",
     .body = "Submission",
     .errors = send_errors,
     .scope = Scope::submit,
     .waits = Waits::if_unsigned,
     .lenient = true},
    {.method = "POST",
     .pattern = "/rpc/transaction",
     .handler = send_transaction,
     .summary = "The same in the predecessor's later dialect.",
     .parameters = {},
     .answer = "Submitted",
     .body = "Submission",
     .errors = send_errors,
     .scope = Scope::submit,
     .waits = Waits::if_unsigned,
     .lenient = true},
    {.method = "POST",
     .pattern = "/rpc/transactions",
     .handler = send_batch,
     .summary = "Submits several signed transactions; one result for each, in their order. Also "
                "takes one unsigned transfer of a devnet's name, answered with 201 and its hash.",
     .parameters = {},
     .answer = "BatchResult",
     .created = "Created",
     .body = "BatchOrUnsigned",
     .binary_body = "u32 count, then the signed transactions",
     .errors = send_errors,
     .scope = Scope::submit,
     .sync_path = true,
     .waits = Waits::if_unsigned,
     .lenient = true},
};

}  // namespace

std::span<const Route> submit_routes() { return routes; }

}  // namespace aitbc::rpc
