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

// How a dialect answers what became of a transaction that one request brought.
using AnswerTaken = Result<HttpResponse> (*)(Node&, const Result<Taken>&);

Result<HttpResponse> answer_taken(Node& node, const Result<Taken>& taken) {
  if (!taken) return taken.error();
  Inclusions inclusions(node);
  return json_response(taken_json(inclusions, *taken));
}

Result<SignedTx> read_signed(const Call& call, const Json& body) {
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(body, "transaction"));
  return read_tx(call.node.params(), std::move(reader));
}

Result<CheckedTx> check(Node& node, const Result<SignedTx>& tx) {
  if (!tx) return tx.error();
  return node.verifier().tx(*tx);
}

Result<HttpResponse> submit(const Call& call, const Result<SignedTx>& tx, AnswerTaken answer) {
  auto checked = check(call.node, tx);
  if (!checked) return answer(call.node, std::move(checked).error());
  const TxId id = checked->id();
  return later<TxAnswers>(
      [&node = call.node, tx = *std::move(checked)](Tell<TxAnswers> tell) mutable {
        node.submit_all({std::move(tx)}, std::move(tell));
      },
      [&node = call.node, id, answer](const Result<TxAnswers>& judged) {
        return answer(node, judged ? taken_of(id, judged->front()) : judged.error());
      });
}

// Of a request that is not signed: the edge of a devnet signs for the name.
Result<HttpResponse> pay(const Call& call, const Json& body, std::string_view type,
                         AnswerTaken answer) {
  auto read = read_unsigned(call.node.params(), call.request, body, type);
  if (!read) return answer(call.node, std::move(read).error());
  if (auto* refusal = std::get_if<HttpResponse>(&*read)) return std::move(*refusal);
  const auto& payment = std::get<DevEdge::Payment>(*read);
  if (payment.fee < call.node.params().fee_min) {
    return answer(
        call.node,
        error(Errc::fee_too_low, "Fee " + std::to_string(payment.fee.units()) + " below minimum " +
                                     std::to_string(call.node.params().fee_min.units())));
  }
  const auto id = call.edge.pay(payment);
  if (!id) return answer(call.node, id.error());
  return answer(call.node, Taken{*id, true});  // of a request that came before, perhaps
}

Result<HttpResponse> send_json(const Call& call, const Json& body, AnswerTaken answer,
                               std::string_view type = transfer_type) {
  if (is_unsigned(body)) return pay(call, body, type, answer);
  return submit(call, read_signed(call, body), answer);
}

Result<HttpResponse> send_tx(const Call& call) {
  if (has_binary(call.request)) {
    return submit(call, decode_signed_tx(as_bytes(call.request.body)), answer_taken);
  }
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  return send_json(call, json, answer_taken);
}

Result<HttpResponse> submit_receipt(const Call& call) {
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  return send_json(call, json, answer_taken, claim_type);
}

// In the later dialect, whatever fails is a 400 with this in front.
Result<HttpResponse> answer_submitted(Node&, const Result<Taken>& taken) {
  if (!taken) {
    HttpResponse refusal = error_response(
        error(taken.error().code, "Failed to submit transaction: " + taken.error().detail));
    if (refusal.status < server_fault_status) refusal.status = bad_status;
    return refusal;
  }
  const std::string id = hash_text(taken->id);
  ObjectWriter out;
  out.boolean("success", true)
      .text("transaction_hash", id)
      .text("tx_hash", id)
      .text("message", "Transaction submitted to mempool");
  return json_response(std::move(out).finish());
}

Result<HttpResponse> send_transaction(const Call& call) {
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  return send_json(call, json, answer_submitted);
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

using Answers = std::vector<Result<Taken>>;

Result<HttpResponse> answer_batch(Node& node, const Answers& answers) {
  Inclusions inclusions(node);
  ArrayWriter results;
  for (const Result<Taken>& answer : answers) {
    if (!answer && is_internal(answer.error())) return answer.error();
    results.json(answer ? taken_json(inclusions, *answer) : error_json(answer.error()));
  }
  ObjectWriter out;
  out.json("results", std::move(results).finish());
  return json_response(std::move(out).finish());
}

// One answer for each transaction; those that cannot be read or do not hold never reach the node.
Result<HttpResponse> submit_batch(const Call& call, const Result<Parsed>& parsed) {
  if (!parsed) return parsed.error();
  Answers answers;
  std::vector<CheckedTx> good;
  std::vector<std::size_t> places;
  for (const Result<SignedTx>& tx : *parsed) {
    auto checked = check(call.node, tx);
    if (checked) {
      places.push_back(answers.size());
      answers.emplace_back(Taken{checked->id()});
      good.push_back(*std::move(checked));
    } else {
      answers.emplace_back(std::move(checked).error());
    }
  }
  if (good.empty()) return answer_batch(call.node, answers);
  return later<TxAnswers>(
      [&node = call.node, good = std::move(good)](Tell<TxAnswers> tell) mutable {
        node.submit_all(std::move(good), std::move(tell));
      },
      [&node = call.node, answers = std::move(answers),
       places = std::move(places)](const TxAnswers& judged) mutable {
        for (std::size_t i = 0; i < places.size(); ++i) {
          Result<Taken>& answer = answers[places[i]];
          answer = taken_of(answer->id, judged[i]);
        }
        return answer_batch(node, answers);
      });
}

Result<HttpResponse> answer_created(Node&, const Result<Taken>& taken) {
  if (!taken) return taken.error();
  const std::string id = hash_text(taken->id);
  ObjectWriter out;
  out.text("hash", id).text("tx_hash", id);
  HttpResponse response = json_response(std::move(out).finish());
  response.status = created_status;
  return response;
}

// A list of signed transactions; or a single unsigned one, which the predecessor's wallet sends
// here and wants to be told 201.
Result<HttpResponse> send_batch(const Call& call) {
  if (has_binary(call.request)) return submit_batch(call, decode_batch(call));
  AITBC_TRY_ASSIGN(const Json json, parse_json(call.request.body));
  if (!is_unsigned(json)) return submit_batch(call, read_batch(call, json));
  return pay(call, json, transfer_type, answer_created);
}

constexpr Errc send_errors[] = {
    Errc::bad_policy,    Errc::bad_signature, Errc::bad_amount,           Errc::wrong_chain,
    Errc::fee_too_low,   Errc::nonce_used,    Errc::nonce_pending,        Errc::nonce_gap,
    Errc::mempool_full,  Errc::inbox_full,    Errc::insufficient_balance, Errc::timeout,
    Errc::shutting_down, Errc::not_devnet,    Errc::bad_receipt,          Errc::receipt_claimed,
    Errc::too_large,     Errc::refused};

constexpr Route submit_rows[] = {
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

std::span<const Route> submit_routes() { return submit_rows; }

}  // namespace aitbc::rpc
