#pragma once
// Errors are values. `Result<T>` holds a T or an Error; the error's category says what the caller
// should do, its code is stable and for programs, its detail is a sentence for people.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace aitbc {

enum class Category {
  malformed,    // invalid in any state: drop it, count it against the sender      HTTP 400
  rejected,     // well-formed, but this state forbids it: do not retry as it is   HTTP 409
  early,        // may become valid: retry later or fetch what it stands on        HTTP 409, retry
  known,        // already here: treat as success                                  HTTP 200
  absent,       // the thing asked for does not exist                              HTTP 404
  busy,         // a local limit: back off                                         HTTP 503
  unreachable,  // no answer in time                                               exit code 3
  usage,        // the caller's configuration or command line is wrong             exit code 2
  internal,     // our bug or our disk                                             HTTP 500
};

// Numbers and names are part of the API: append only.
enum class Errc : std::uint16_t {
  // malformed
  bad_encoding = 100,
  bad_json,
  bad_request,
  bad_address,
  bad_policy,
  bad_signature,
  bad_amount,
  wrong_chain,
  fee_too_low,
  too_large,
  bad_height,
  bad_slot,
  bad_proposer,
  recent_signer,
  bad_seal,
  bad_txs_root,
  bad_state_root,
  empty_block,
  broken_branch,
  wrong_media_type,
  length_required,
  method_not_allowed,
  invalid_block_tx,
  bad_vote,
  bad_certificate,
  bad_handover,
  bad_evidence,
  out_of_range,
  bad_receipt,
  upgrade_required,
  // rejected
  nonce_used = 200,
  nonce_pending,
  insufficient_balance,
  below_final,
  wrong_genesis,
  not_an_authority,
  refused = 207,  // 206 is retired: nothing ever answered it
  not_devnet,
  unauthorized,
  forbidden,
  receipt_claimed,
  // early
  nonce_gap = 300,
  unknown_parent,
  from_future,
  bad_ballot,
  // known
  duplicate = 400,
  // absent
  not_found = 500,
  // busy
  mempool_full = 600,
  inbox_full = 602,  // 601 is retired: nothing ever answered it
  timeout,
  overloaded,
  shutting_down,
  disk_full,
  rate_limited,
  // unreachable
  unreachable = 700,
  // usage
  bad_config = 800,
  bad_manifest,
  in_use,
  // internal
  storage = 900,
  corrupt,
  newer_schema,
  io,
};

std::string_view name(Errc);
Category category(Errc);

struct Error {
  Errc code;
  std::string detail;
  bool operator==(const Error&) const = default;
};

// Our bug or our disk: whoever owns what failed must stop. Whatever is merely busy (a full disk,
// all readers lent) passes.
inline bool is_internal(const Error& failure) {
  return category(failure.code) == Category::internal;
}

inline Error error(Errc code, std::string detail) { return Error{code, std::move(detail)}; }

// A subset of std::expected (C++23), which libstdc++ 12 does not have in C++20 mode.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : value_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error failure)
      : value_(std::in_place_index<1>, std::move(failure)) {
  }  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return value_.index() == 0; }
  bool has_value() const { return value_.index() == 0; }

  T& value() & { return std::get<0>(value_); }
  const T& value() const& { return std::get<0>(value_); }
  T&& value() && { return std::get<0>(std::move(value_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return std::get<1>(value_); }
  Error&& error() && { return std::get<1>(std::move(value_)); }

 private:
  std::variant<T, Error> value_;
};

struct Done {
  bool operator==(const Done&) const = default;
};
using Status = Result<Done>;
inline Status ok() { return Done{}; }

// A broken invariant of ours, never bad input: prints and aborts, in release builds too.
[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: invariant broken: %s\n", file, line, what);
  std::abort();
}

}  // namespace aitbc

#define AITBC_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::aitbc::check_failed(#condition, __FILE__, __LINE__))

#define AITBC_CONCAT_(a, b) a##b
#define AITBC_CONCAT(a, b) AITBC_CONCAT_(a, b)

// Returns the error of `expression` from the enclosing function.
#define AITBC_TRY(expression)                                          \
  do {                                                                 \
    auto aitbc_try_status = (expression);                              \
    if (!aitbc_try_status) return std::move(aitbc_try_status).error(); \
  } while (false)

// Declares `declaration` from the value of `expression`, or returns its error.
#define AITBC_TRY_ASSIGN(declaration, expression) \
  AITBC_TRY_ASSIGN_(declaration, expression, AITBC_CONCAT(aitbc_try_, __LINE__))
#define AITBC_TRY_ASSIGN_(declaration, expression, temporary) \
  auto temporary = (expression);                              \
  if (!temporary) return std::move(temporary).error();        \
  declaration = std::move(temporary).value()
