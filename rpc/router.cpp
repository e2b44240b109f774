#include "rpc/router.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <variant>

#include "rpc/errors.hpp"
#include "rpc/explorer.hpp"
#include "rpc/json_unsigned.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t shown_bytes_max = 80;          // of a path inside our sentence
constexpr std::size_t audited_body_bytes_max = 512;  // of a privileged request

std::vector<Route> join() {
  std::vector<Route> all;
  for (const auto part :
       {node_routes(), block_routes(), account_routes(), authority_routes(), chaos_routes(),
        docs_routes(), evidence_routes(), explorer_routes(), faucet_routes(), feed_routes(),
        finality_routes(), import_routes(), info_routes(), metrics_routes(), receipt_routes(),
        submit_routes(), tx_routes()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

// The text up to the next slash, which is taken off together with it.
std::string_view next_segment(std::string_view& path) {
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return segment;
}

using PathParts = std::vector<std::pair<std::string_view, std::string_view>>;

// The values of a pattern's parameters, or nullopt for a path of another shape.
std::optional<PathParts> match(std::string_view pattern, std::string_view path) {
  if (std::count(pattern.begin(), pattern.end(), '/') !=
      std::count(path.begin(), path.end(), '/')) {
    return std::nullopt;
  }
  PathParts parts;
  while (!pattern.empty() || !path.empty()) {
    const std::string_view expected = next_segment(pattern);
    const std::string_view actual = next_segment(path);
    if (is_parameter(expected)) {
      parts.emplace_back(expected.substr(1, expected.size() - 2), actual);
    } else if (expected != actual) {
      return std::nullopt;
    }
  }
  return parts;
}

struct FoundPath {
  std::vector<const Route*> routes;  // one for each method of the path
  PathParts parts;
};

// Most paths are one row's pattern as it stands.
struct Index {
  std::unordered_map<std::string_view, std::vector<const Route*>> exact;
  std::vector<const Route*> with_parameters;
};

Index make_index() {
  Index index;
  for (const Route& route : Router::routes()) {
    if (route.pattern.find('{') == std::string_view::npos) {
      index.exact[route.pattern].push_back(&route);
    } else {
      index.with_parameters.push_back(&route);
    }
  }
  return index;
}

// A pattern with fewer parameters goes before one with more: /rpc/blocks/import is no block.
FoundPath find(const HttpRequest& request) {
  static const Index index = make_index();
  if (const auto exact = index.exact.find(request.path); exact != index.exact.end()) {
    return {exact->second, {}};
  }
  FoundPath best;
  for (const Route* route : index.with_parameters) {
    auto parts = match(route->pattern, request.path);
    if (!parts) continue;
    if (best.routes.empty() || parts->size() < best.parts.size()) {
      best = {{route}, std::move(*parts)};
    } else if (best.routes.front()->pattern == route->pattern) {
      best.routes.push_back(route);
    }
  }
  return best;
}

const Route* pick(const FoundPath& found, const std::string& method) {
  for (const Route* route : found.routes) {
    if (route->method == method) return route;
  }
  return nullptr;
}

std::string allowed(const FoundPath& found) {
  std::string methods;
  for (const Route* route : found.routes) {
    methods += (methods.empty() ? "" : ", ") + std::string(route->method);
  }
  return methods;
}

constexpr std::string_view chain_parameter = "chain_id";  // of rows that the predecessor had

// Every parameter that is given must be one of the row's.
Status refuse_unknown(const Params& params, const Route& route, const HttpRequest& request) {
  for (const auto& [name, value] : request.query) {
    const bool known =
        std::any_of(route.parameters.begin(), route.parameters.end(),
                    [&name = name](const Parameter& parameter) {
                      return parameter.in == Parameter::In::query && parameter.name == name;
                    });
    if (known) continue;
    if (!route.lenient) {
      return error(Errc::bad_request, "query: " + json_text(name.substr(0, shown_bytes_max)) +
                                          " is no parameter of this route");
    }
    if (name == chain_parameter && !value.empty() && value != params.chain_id) {
      return error(Errc::wrong_chain, "Unsupported chain_id: " + value.substr(0, shown_bytes_max));
    }
  }
  return ok();
}

std::optional<std::string_view> given(const Parameter& parameter, const HttpRequest& request,
                                      const PathParts& parts) {
  if (parameter.in == Parameter::In::path) {
    for (const auto& [name, value] : parts) {
      if (name == parameter.name) return value;
    }
    return std::nullopt;
  }
  const auto found = request.query.find(std::string(parameter.name));
  if (found != request.query.end()) return found->second;
  if (!parameter.fallback.empty()) return parameter.fallback;
  return std::nullopt;
}

// The refusal of a parameter that cannot be read, as the predecessor's framework words it.
HttpResponse unreadable(const Parameter& parameter, std::string_view type, const Error& why) {
  const std::string_view in = parameter.in == Parameter::In::path ? "path" : "query";
  return invalid_response(
      std::vector<Invalid>{{type, {std::string(in), std::string(parameter.name)}, why.detail}},
      why.code);
}

std::string_view type_of_fault(const Parameter& parameter) {
  const bool is_integer = parameter.kind == Parameter::Kind::integer ||
                          parameter.kind == Parameter::Kind::count ||
                          parameter.kind == Parameter::Kind::block;
  return is_integer ? "int_parsing" : "value_error";
}

// The arguments, or the answer that refuses them.
std::variant<Arguments, HttpResponse> read_arguments(const Params& params, const Route& route,
                                                     const HttpRequest& request,
                                                     const PathParts& parts) {
  Arguments arguments;
  for (const Parameter& parameter : route.parameters) {
    const auto text = given(parameter, request, parts);
    if (text) {
      auto value = Arguments::read(params, parameter, *text);
      if (!value) return unreadable(parameter, type_of_fault(parameter), value.error());
      arguments.add(parameter.name, *std::move(value));
    } else if (parameter.required) {
      return unreadable(parameter, "missing",
                        error(Errc::bad_request,
                              std::string(parameter.name) + ": expected this parameter, got none"));
    }
  }
  return arguments;
}

Status check_media_type(const Route& route, const HttpRequest& request) {
  if (route.body.empty() || request.content_type == json_type) return ok();
  if (!route.binary_body.empty() && has_binary(request)) return ok();
  std::string expected = "Content-Type: expected " + std::string(json_type);
  if (!route.binary_body.empty()) expected += " or " + std::string(binary_type);
  return error(route.lenient ? Errc::bad_request : Errc::wrong_media_type,
               expected + ", got " + json_text(request.content_type.substr(0, shown_bytes_max)));
}

bool waits_itself(const Route& route, const HttpRequest& request) {
  return route.waits == Waits::always ||
         (route.waits == Waits::if_unsigned && looks_unsigned(request));
}

HttpResponse over_rate(std::chrono::seconds wait) {
  HttpResponse response = error_response(error(Errc::rate_limited, "Rate limit exceeded"));
  response.retry_after_s = static_cast<int>(wait.count());
  return response;
}

std::tuple<Tip, Tip, Tip> tips_of(const NodeStatus& status) {
  return {status.head, status.justified, status.final};
}

constexpr std::string_view websocket_version = "13";
constexpr std::size_t websocket_key_bytes = 24;

// Sixteen bytes in base64.
bool is_websocket_key(std::string_view key) {
  return key.size() == websocket_key_bytes && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                  c == '+' || c == '/';
         });
}

bool is_websocket(std::string_view upgrade) {
  constexpr std::string_view name = "websocket";
  return std::equal(upgrade.begin(), upgrade.end(), name.begin(), name.end(), [](char a, char b) {
    return a == b || (a >= 'A' && a <= 'Z' && a + ('a' - 'A') == b);
  });
}

// The answer to a request that is no handshake (RFC 6455, 4.2); nullopt: it is one.
std::optional<HttpResponse> refuse_upgrade(const HttpRequest& request) {
  if (!is_websocket(request.upgrade) || request.websocket_version != websocket_version) {
    HttpResponse response = error_response(
        error(Errc::upgrade_required,
              "expected a WebSocket's handshake: Connection: Upgrade, Upgrade: websocket, "
              "Sec-WebSocket-Version: 13"));
    response.fields = {{"Upgrade", "websocket"},
                       {"Sec-WebSocket-Version", std::string(websocket_version)}};
    return response;
  }
  if (is_websocket_key(request.websocket_key)) return std::nullopt;
  return invalid_response(
      std::vector<Invalid>{
          {"value_error", {"header", "Sec-WebSocket-Key"}, "expected 16 bytes in base64"}},
      Errc::bad_request);
}

}  // namespace

Router::Router(Node& node, Log& log, Options options)
    : node_(node),
      log_(log),
      audit_(options.audit),
      genesis_state_root_(State::of(node.genesis()).root()),
      clock_(std::move(options.clock)),
      access_(std::move(options.access)),
      edge_(node, std::move(options.faucet)),
      stats_(routes().size()),
      feed_(node) {}

std::span<const Route> Router::routes() {
  static const std::vector<Route> all = join();
  return all;
}

bool Router::waits(const HttpRequest& request) {
  const Route* route = pick(find(request), request.method);
  return route != nullptr && waits_itself(*route, request);
}

Result<HttpResponse> Router::answer(const HttpRequest& request, Origin& origin) const {
  const Caller& caller = origin.caller;
  const FoundPath found = find(request);
  const Route* route = pick(found, request.method);
  if (route != nullptr) origin.row = static_cast<std::size_t>(route - routes().data());
  const bool open = route != nullptr && route->is_open != nullptr && route->is_open(request);
  const Status may =
      open ? ok() : Access::admit(caller, route != nullptr ? route->scope : Scope::read);
  const bool is_peer = may && route != nullptr && route->sync_path;
  if (!is_peer) {
    if (const auto wait = access_.over_rate(request, caller, origin.begun)) return over_rate(*wait);
  }
  AITBC_TRY(may);
  const bool streams = route != nullptr && route->stream;
  AITBC_TRY(access_.check_origin(request, caller,
                                 streams ? Access::Opens::stream : Access::Opens::answer));
  // In the predecessor's words: its tools compare them.
  if (found.routes.empty()) return error(Errc::not_found, "Not Found");
  if (route == nullptr) {
    HttpResponse response = error_response(error(Errc::method_not_allowed, "Method Not Allowed"));
    response.allow = allowed(found);
    return response;
  }
  AITBC_TRY(refuse_unknown(node_.params(), *route, request));
  auto arguments = read_arguments(node_.params(), *route, request, found.parts);
  if (auto* refusal = std::get_if<HttpResponse>(&arguments)) return std::move(*refusal);
  AITBC_TRY(check_media_type(*route, request));
  if (streams) {
    if (auto refusal = refuse_upgrade(request)) return *std::move(refusal);
  }
  const auto call_handler = [&] {
    return route->handler({node_, request, std::get<Arguments>(arguments), genesis_state_root_,
                           edge_, stats_, feed_});
  };
  // Requests of callers from elsewhere are each judged: they have a rate.
  if (!route->of_the_tips || !caller.local) return call_handler();
  const auto tips = tips_of(*node_.status());  // the answer is of them or of what came later
  AITBC_TRY_ASSIGN(HttpResponse response, call_handler());
  response.again = [this, row = origin.row, tips] {
    if (tips_of(*node_.status()) != tips) return false;
    stats_.count(row, 200);
    stats_.count_time({});
    return true;
  };
  return response;
}

HttpResponse Router::handle(const HttpRequest& request) const {
  HttpFields common = {{node_field, node_.params().chain_id + "/" + node_.status()->node_id}};
  if (auto preflight = access_.preflight(request)) {
    stats_.count(routes().size(), preflight->status);
    preflight->fields.insert(preflight->fields.end(), common.begin(), common.end());
    return *std::move(preflight);
  }
  access_.allow_reading(request, common);
  Origin origin{.method = request.method,
                .path = request.path,
                .body = {},
                .caller = access_.identify(request),
                .begun = clock_(),
                .row = routes().size(),
                .timed = true,
                .fields = std::move(common)};
  auto answered = answer(request, origin);
  if (origin.row < routes().size()) {
    const Route& route = routes()[origin.row];
    origin.timed = route.waits != Waits::for_news && !waits_itself(route, request);
    if (route.scope == Scope::admin) origin.body = request.body.substr(0, audited_body_bytes_max);
  }
  if (!answered || !answered->later) return finish(origin, std::move(answered));
  answered->later->finish = [this, origin = std::move(origin)](Result<HttpResponse> made) {
    return finish(origin, std::move(made));
  };
  return *std::move(answered);
}

HttpResponse Router::finish(const Origin& origin, Result<HttpResponse> made) const {
  HttpResponse response = made ? std::move(made).value() : error_response(made.error());
  if (!made && response.status == 500) {
    log_.error("request_failed", {{"method", origin.method},
                                  {"path", origin.path},
                                  {"code", name(made.error().code)},
                                  {"detail", made.error().detail}});
  }
  response.fields.insert(response.fields.end(), origin.fields.begin(), origin.fields.end());
  const bool routed = origin.row < routes().size();
  if (routed && routes()[origin.row].scope == Scope::admin) audit(origin, response);
  stats_.count(origin.row, response.status);
  if (origin.timed) stats_.count_time(clock_() - origin.begun);
  return response;
}

// Before the answer leaves, whether it was done or refused.
void Router::audit(const Origin& origin, const HttpResponse& response) const {
  const Log::Fields fields = {
      {"audit.action", origin.method + " " + origin.path},
      {"audit.user_id", origin.caller.user},
      {"audit.resource_id", node_.status()->node_id},
      {"audit.details.client", origin.caller.address},
      {"audit.details.status", response.status},
      {"audit.details.body", origin.body},
      {"audit.success", response.status < 400},
  };
  log_.info("audit_event", fields);
  if (audit_ != nullptr) audit_->info("audit_event", fields);
}

}  // namespace aitbc::rpc
