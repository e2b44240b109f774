#pragma once
// One row of the route table: what a request must look like, who answers it, and what it says about
// itself in openapi.json. Parameters are read by the row's own description, before the handler
// runs, so that the description cannot lie. Rows are constants; handlers are called from many
// threads at once.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "rpc/http.hpp"
#include "rpc/node.hpp"
#include "rpc/scope.hpp"

namespace aitbc::rpc {

// A block by its place or by its hash.
using BlockRef = std::variant<Height, BlockId>;
class DevEdge;
class Feed;

struct Parameter {
  enum class In { path, query };
  // A count is any whole number: its handler says what is too much, as the predecessor does. An
  // account is an address, or on a devnet a name.
  enum class Kind { integer, count, boolean, seconds, text, account, block };

  std::string_view name;
  In in = In::query;
  Kind kind = Kind::integer;
  std::string_view description;
  // Of an integer or of whole seconds; of a text, its bytes.
  std::uint64_t min = 0;
  std::uint64_t max = limits::supply_max;
  bool required = false;
  std::string_view fallback = {};  // as it would be written in the query; empty: none
};

// An address as it was given.
struct AccountRef {
  Address address;
  std::string text;
};

// The parameters of one request, read. A handler asks for what its row declares.
class Arguments {
 public:
  using Value =
      std::variant<std::uint64_t, std::int64_t, bool, Duration, std::string, AccountRef, BlockRef>;

  static Result<Value> read(const Params&, const Parameter&, std::string_view text);
  void add(std::string_view name, Value value) { values_.emplace_back(name, std::move(value)); }

  template <class T>
  const T* find(std::string_view name) const {
    for (const auto& [known, value] : values_) {
      if (known == name) return &std::get<T>(value);
    }
    return nullptr;
  }
  // Of a parameter that is required or has a fallback.
  template <class T>
  const T& get(std::string_view name) const {
    const T* value = find<T>(name);
    AITBC_CHECK(value != nullptr);
    return *value;
  }
  std::uint64_t integer(std::string_view name) const { return get<std::uint64_t>(name); }

 private:
  std::vector<std::pair<std::string_view, Value>> values_;
};

// What a handler is given.
struct Call {
  Node& node;
  const HttpRequest& request;
  const Arguments& arguments;
  const Hash& genesis_state_root;
  DevEdge& edge;
  const class RequestStats& stats;
  Feed& feed;
};

using Handler = Result<HttpResponse> (*)(const Call&);

// What a request may wait for on purpose: a held-back answer costs no thread; a handler that waits
// itself must not hold up short requests.
enum class Waits { never, for_news, if_unsigned, always };

struct Route {
  std::string_view method;
  std::string_view pattern;  // segments in braces are parameters
  Handler handler;
  std::string_view summary;
  std::span<const Parameter> parameters;
  std::string_view answer;              // the schema of the answer, by name
  std::string_view created = {};        // of a 201, if it may answer that
  std::string_view body = {};           // the schema of the JSON body, by name; empty: no body
  std::string_view binary_body = {};    // what the canonical body holds; empty: none is taken
  std::string_view binary_answer = {};  // what the canonical answer holds; empty: none is given
  std::span<const Errc> errors = {};    // what it may refuse, beyond what any route may
  Scope scope = Scope::read;            // what a caller from elsewhere must have
  bool sync_path = false;               // nodes ask each other: no rate limit
  Waits waits = Waits::never;
  // The answer opens a WebSocket, and each of its messages has the answer's schema. Requests that
  // ask for none never reach the handler.
  bool stream = false;
  std::string_view media = json_type;                  // of the answer
  std::span<const std::string_view> other_media = {};  // that it may have as well
  bool kept = false;  // by browsers: the answer has a tag, and may be a 304
  // Whoever asks so is answered, as nothing of the chain is told; null: by scope alone.
  bool (*is_open)(const HttpRequest&) = nullptr;
  // The answer follows from the request, the head, and what is justified and final.
  bool of_the_tips = false;
  // One that the predecessor had: parameters that it does not know are ignored, and a chain_id, if
  // one is given, must be this chain's.
  bool lenient = false;
};

// Whether the body is in the canonical encoding, and whether the answer shall be.
bool has_binary(const HttpRequest&);
bool wants_binary(const HttpRequest&);

// What a page of rows asks for: limit and offset, which the row declares as counts. out_of_range
// in the predecessor's words.
struct Page {
  std::size_t limit, offset;
};
Result<Page> page_of(const Arguments&);
// {"<name>": [rows], "total", "limit", "offset"}
HttpResponse page_response(std::string_view name, std::string rows, std::uint64_t total,
                           const Page&);

HttpResponse json_response(std::string json);
HttpResponse binary_response(const Buffer& bytes);

}  // namespace aitbc::rpc
