#include "rpc/json_unsigned.hpp"

#include "chain/core/dev_account.hpp"
#include "rpc/json_lenient.hpp"
#include "rpc/native.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::uint64_t default_fee = 36;  // of the dialect that lets it be left out

Amount amount_of(std::uint64_t units) { return Amount::from(units).value_or(Amount{}); }

Address read_recipient(const Params& params, LenientReader& reader,
                       std::initializer_list<std::string_view> names) {
  const std::string text = reader.text(names);
  if (!reader.faults().empty()) return {};
  const auto address = resolve_address(params, text);
  if (address) return *address;
  reader.fault("value_error", *names.begin(), address.error().detail);
  return {};
}

Transfer read_transfer(const Params& params, LenientReader& reader,
                       std::initializer_list<std::string_view> recipient,
                       std::initializer_list<std::string_view> amount) {
  const Address to = read_recipient(params, reader, recipient);
  return {to, amount_of(reader.whole(amount, {1}))};
}

// Of a body whose payload is an object.
Result<ReceiptClaim> read_claim(const Params& params, const std::string& body) {
  if (body.size() > limits::receipt_body_bytes_max) {
    return error(Errc::too_large, "receipt: expected at most " +
                                      std::to_string(limits::receipt_body_bytes_max) + " bytes");
  }
  AITBC_TRY_ASSIGN(const JsonValue request, read_json(body));
  const JsonValue* payload = request.find("payload");
  AITBC_CHECK(payload != nullptr);
  const JsonValue* wrapped = payload->find("receipt");
  return read_signed_receipt(params, wrapped == nullptr ? *payload : *wrapped);
}

}  // namespace

bool is_unsigned(const Json& body) {
  return body.is_object() && !body.contains("policy") && !body.contains("signatures");
}

bool looks_unsigned(const HttpRequest& request) {
  return request.content_type == json_type &&
         request.body.find("\"signatures\"") == std::string::npos;
}

Result<std::variant<DevEdge::Payment, HttpResponse>> read_unsigned(const Params& params,
                                                                   const HttpRequest& request,
                                                                   const Json& body,
                                                                   std::string_view fallback) {
  using Read = std::variant<DevEdge::Payment, HttpResponse>;
  LenientReader reader(body);
  DevEdge::Payment payment;
  const std::string type = upper(reader.text_or("type", std::string(fallback)));
  const bool is_claim = type == claim_type;
  if (type != transfer_type && !is_claim) {
    reader.fault("value_error", "", "Value error, unsupported transaction type: " + type);
  }
  if (is_claim || (!reader.has("from") && !reader.has("to"))) {
    payment.sender = reader.text({"sender"});
    payment.nonce = reader.whole({"nonce"}, {});
    payment.fee = amount_of(reader.whole({"fee"}, {}));
    const Json* object = reader.object("payload");
    if (object != nullptr && !is_claim) {
      LenientReader payload(*object, {"payload"});
      payment.payload = read_transfer(params, payload, {"recipient", "to"}, {"amount", "value"});
      reader.take_faults(payload);
    }
  } else {
    payment.sender = reader.text({"from"});
    payment.payload = read_transfer(params, reader, {"to"}, {"amount"});
    payment.fee = amount_of(reader.whole_or("fee", default_fee, {}));
    payment.nonce = reader.whole_or("nonce", 0, {});
  }
  if (!reader.faults().empty()) return Read(invalid_response(reader.faults(), Errc::bad_request));
  if (is_claim) {
    AITBC_TRY_ASSIGN(payment.payload, read_claim(params, request.body));
  }
  return Read(std::move(payment));
}

}  // namespace aitbc::rpc
