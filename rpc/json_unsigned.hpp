#pragma once
// Transfers and claims of receipts without a sender's signature, as the predecessor's tools send
// them in three dialects. They are read here and signed by DevEdge. Pure functions; any thread.

#include <variant>

#include "rpc/dev_edge.hpp"
#include "rpc/http.hpp"
#include "rpc/json.hpp"

namespace aitbc::rpc {

// Whether it is meant as one: an object without policy and signatures.
bool is_unsigned(const Json& body);
// The same, from the text alone and in passing: for whether its handler may have to wait.
bool looks_unsigned(const HttpRequest&);

inline constexpr std::string_view transfer_type = "TRANSFER";
inline constexpr std::string_view claim_type = "RECEIPT_CLAIM";

// {"type", "sender", "nonce", "fee", "payload"}, or {"from", "to", "amount", ...}; or the answer
// that refuses it. The payload of a claim is the signed receipt, or has it as "receipt"; it is read
// from the text, which has the numbers as they were signed. Without a type it is of `type`.
Result<std::variant<DevEdge::Payment, HttpResponse>> read_unsigned(
    const Params&, const HttpRequest&, const Json& body, std::string_view type = transfer_type);

}  // namespace aitbc::rpc
