#pragma once
// What a command comes to: an exit code, or a failure that knows whether a node or this program
// said no. The same error (a bad signature, say) is exit 4 when a node refused it and exit 2 when
// it stands on the command line, so the origin travels with it. Plain values: any thread.

#include "chain/core/result.hpp"

namespace aitbc::cli {

enum class Exit : int {
  done = 0,
  negative = 1,  // not in sync, check failed, not found
  usage = 2,
  unreachable = 3,  // or timed out
  refused = 4,      // by a node
  internal = 70,
};

enum class Origin { here, node };

struct Failure {
  Error error;
  Origin origin = Origin::here;
};

// The one place that turns errors into exit codes.
Exit exit_code(const Failure&);

// Like Result, with a Failure; AITBC_TRY works on both and in functions that return either.
template <class T>
class [[nodiscard]] Outcome {
 public:
  // NOLINTBEGIN(google-explicit-constructor): values and errors are returned as they are.
  Outcome(T value) : value_(std::in_place_index<0>, std::move(value)) {}
  Outcome(Failure failure) : value_(std::in_place_index<1>, std::move(failure)) {}
  Outcome(Error error) : Outcome(Failure{std::move(error), Origin::here}) {}
  // NOLINTEND(google-explicit-constructor)

  explicit operator bool() const { return value_.index() == 0; }
  T& value() & { return std::get<0>(value_); }
  const T& value() const& { return std::get<0>(value_); }
  T&& value() && { return std::get<0>(std::move(value_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Failure& error() const& { return std::get<1>(value_); }
  Failure&& error() && { return std::get<1>(std::move(value_)); }

 private:
  std::variant<T, Failure> value_;
};

using Verdict = Outcome<Exit>;

// Marks the error of a call to a node as the node's.
template <class T>
Outcome<T> asked(Result<T> answer) {
  if (!answer) return Failure{std::move(answer).error(), Origin::node};
  return std::move(answer).value();
}

}  // namespace aitbc::cli
