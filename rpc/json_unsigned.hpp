#pragma once
// Transfers without a signature, as the predecessor's tools send them in three dialects. They are
// read here and signed by DevEdge. Pure functions; any thread.

#include <variant>

#include "rpc/dev_edge.hpp"
#include "rpc/http.hpp"
#include "rpc/json.hpp"

namespace aitbc::rpc {

// Whether it is meant as one: an object without policy and signatures.
bool is_unsigned(const Json& body);
// The same, from the text alone and in passing: for whether its handler may have to wait.
bool looks_unsigned(const HttpRequest&);

// {"type", "sender", "nonce", "fee", "payload"}, or {"from", "to", "amount", ...}; or the answer
// that refuses it.
std::variant<DevEdge::Payment, HttpResponse> read_unsigned(const Params&, const Json& body);

}  // namespace aitbc::rpc
