#pragma once
// How an error crosses HTTP: its code by name, its sentence, and a status that follows from the
// code alone, so that a client can turn the answer back into the error. Pure functions; any thread.
//
//   422  the request could not be read: not the shape, type or spelling that was asked for; then
//        "detail" is a list of Invalid
//   400  it was read and breaks a rule that holds in every state
//   409  this state forbids it; with "retry": true when it may become valid
//   503  a local limit; with "retry": true and Retry-After

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/result.hpp"
#include "rpc/http.hpp"

namespace aitbc::rpc {

int http_status(Errc);
// Whether the same request may succeed later.
bool may_retry(Errc);

// {"detail", "code"} and, if so, "retry": true.
std::string error_json(const Error&);
HttpResponse error_response(const Error&);

// What of a request could not be read, in the words of the predecessor's framework: its tools look
// at the list under "detail" of a 422.
struct Invalid {
  std::string_view type;         // missing, int_parsing, json_invalid, value_error
  std::vector<std::string> loc;  // "body", "query" or "path", then the name of the field
  std::string msg;
};
HttpResponse invalid_response(std::span<const Invalid>, Errc);

// The inverse of name().
std::optional<Errc> errc_from_name(std::string_view);
// The error of an answer's two fields; `refused` for a code that only a newer node knows.
Error error_of(std::string_view code, std::string detail);
// The error that a node answered with; `refused`, naming the status, when it is no error of ours.
Error error_from_answer(const HttpResponse&);

}  // namespace aitbc::rpc
