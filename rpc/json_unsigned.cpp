#include "rpc/json_unsigned.hpp"

#include "chain/core/dev_account.hpp"
#include "rpc/json_lenient.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view transfer_type = "TRANSFER";
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

}  // namespace

bool is_unsigned(const Json& body) {
  return body.is_object() && !body.contains("policy") && !body.contains("signatures");
}

bool looks_unsigned(const HttpRequest& request) {
  return request.content_type == json_type &&
         request.body.find("\"signatures\"") == std::string::npos;
}

std::variant<DevEdge::Payment, HttpResponse> read_unsigned(const Params& params, const Json& body) {
  LenientReader reader(body);
  DevEdge::Payment payment;
  const std::string type = upper(reader.text_or("type", std::string(transfer_type)));
  if (type != transfer_type) {
    reader.fault("value_error", "", "Value error, unsupported transaction type: " + type);
  }
  if (!reader.has("from") && !reader.has("to")) {
    payment.sender = reader.text({"sender"});
    payment.nonce = reader.whole({"nonce"}, {});
    payment.fee = amount_of(reader.whole({"fee"}, {}));
    if (const Json* object = reader.object("payload")) {
      LenientReader payload(*object, {"payload"});
      payment.recipient = read_recipient(params, payload, {"recipient", "to"});
      payment.amount = amount_of(payload.whole({"amount", "value"}, {1}));
      reader.take_faults(payload);
    }
  } else {
    payment.sender = reader.text({"from"});
    payment.recipient = read_recipient(params, reader, {"to"});
    payment.amount = amount_of(reader.whole({"amount"}, {1}));
    payment.fee = amount_of(reader.whole_or("fee", default_fee, {}));
    payment.nonce = reader.whole_or("nonce", 0, {});
  }
  if (!reader.faults().empty()) return invalid_response(reader.faults(), Errc::bad_request);
  return payment;
}

}  // namespace aitbc::rpc
