#pragma once
// How an error crosses HTTP: its code by name, its sentence, and a status that follows from the
// code alone, so that a client can turn the answer back into the error. Pure functions; any thread.
//
//   422  the request could not be read: not the shape, type or spelling that was asked for
//   400  it was read and breaks a rule that holds in every state
//   409  this state forbids it; with "retry": true when it may become valid
//   503  a local limit; with "retry": true and Retry-After

#include <optional>
#include <string>
#include <string_view>

#include "chain/core/result.hpp"
#include "rpc/http.hpp"

namespace aitbc::rpc {

int http_status(Errc);
// Whether the same request may succeed later.
bool may_retry(Errc);

// {"detail", "code"} and, if so, "retry": true.
std::string error_json(const Error&);
HttpResponse error_response(const Error&);

// The inverse of name().
std::optional<Errc> errc_from_name(std::string_view);
// The error of an answer's two fields; `refused` for a code that only a newer node knows.
Error error_of(std::string_view code, std::string detail);
// The error that a node answered with; `refused`, naming the status, when it is no error of ours.
Error error_from_answer(const HttpResponse&);

}  // namespace aitbc::rpc
