#include <array>
#include <map>
#include <set>

#include "rpc/errors.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view api_version = "1.0.0";
constexpr std::string_view binary_schema = R"({"type":"string","format":"binary","description":)";

// What any route may refuse, and what one with a body may.
constexpr Errc common_errors[] = {Errc::bad_request,  Errc::overloaded, Errc::storage,
                                  Errc::unauthorized, Errc::forbidden,  Errc::rate_limited};
constexpr Errc body_errors[] = {Errc::bad_json,         Errc::bad_encoding, Errc::bad_address,
                                Errc::wrong_media_type, Errc::too_large,    Errc::length_required};

constexpr std::string_view key_scheme = "ApiKey";

std::string key_scheme_json() {
  ObjectWriter key;
  key.text("type", "apiKey")
      .text("in", "header")
      .text("name", "X-Api-Key")
      .text("description",
            "Or as Authorization: Bearer. For callers from elsewhere than the node's own machine; "
            "the scopes are read, submit "
            "and admin, each includes those before it.");
  ObjectWriter out;
  out.json(key_scheme, std::move(key).finish());
  return std::move(out).finish();
}

std::string ranged(std::string_view type, const Parameter& parameter) {
  ObjectWriter out;
  out.text("type", type).integer("minimum", parameter.min).integer("maximum", parameter.max);
  if (!parameter.fallback.empty()) out.json("default", parameter.fallback);
  return std::move(out).finish();
}

std::string schema_of(const Parameter& parameter) {
  ObjectWriter out;
  switch (parameter.kind) {
    case Parameter::Kind::integer:
      return ranged("integer", parameter);
    case Parameter::Kind::seconds:
      return ranged("number", parameter);
    case Parameter::Kind::count:
      out.text("type", "integer");
      if (!parameter.fallback.empty()) out.json("default", parameter.fallback);
      break;
    case Parameter::Kind::account:
      return schema_reference("AccountName");
    case Parameter::Kind::block: {
      ArrayWriter either;
      either.json(schema_reference("Height")).json(schema_reference("Hash"));
      out.json("anyOf", std::move(either).finish());
      break;
    }
    case Parameter::Kind::boolean:
      out.text("type", "boolean");
      if (!parameter.fallback.empty()) out.json("default", parameter.fallback);
      break;
    case Parameter::Kind::text:
      out.text("type", "string").integer("maxLength", parameter.max);
      break;
  }
  return std::move(out).finish();
}

std::string parameters_of(const Route& route) {
  ArrayWriter list;
  for (const Parameter& parameter : route.parameters) {
    ObjectWriter out;
    out.text("name", parameter.name)
        .text("in", parameter.in == Parameter::In::path ? "path" : "query")
        .boolean("required", parameter.required)
        .text("description", parameter.description)
        .json("schema", schema_of(parameter));
    list.json(std::move(out).finish());
  }
  return std::move(list).finish();
}

// The media types of a body or an answer; the canonical one is described in words.
std::string content_of(std::string_view schema, std::string_view binary,
                       std::string_view media = json_type,
                       std::span<const std::string_view> other_media = {}) {
  ObjectWriter out;
  ObjectWriter json;
  json.json("schema", schema_reference(schema));
  const std::string described = std::move(json).finish();
  out.json(media, described);
  for (const std::string_view other : other_media) out.json(other, described);
  if (!binary.empty()) {
    ObjectWriter canonical;
    canonical.json("schema", std::string(binary_schema) + json_text(binary) + "}");
    out.json(binary_type, std::move(canonical).finish());
  }
  return std::move(out).finish();
}

using ByStatus = std::map<int, std::set<std::string_view>>;

ByStatus errors_of(const Route& route) {
  ByStatus found;
  const auto add = [&](std::span<const Errc> codes) {
    for (const Errc code : codes) found[http_status(code)].insert(name(code));
  };
  add(common_errors);
  add(route.errors);
  if (!route.body.empty()) add(body_errors);
  for (const Parameter& parameter : route.parameters) {
    if (parameter.kind == Parameter::Kind::account) add(std::array{Errc::bad_address});
  }
  return found;
}

std::string responses_of(const Route& route) {
  ObjectWriter out;
  ObjectWriter good;
  good.text("description",
            route.stream ? "The connection is a WebSocket from now on; each message is such a text."
                         : "The answer.")
      .json("content",
            content_of(route.answer, route.binary_answer, route.media, route.other_media));
  out.json(route.stream ? "101" : "200", std::move(good).finish());
  if (route.kept) {
    ObjectWriter same;
    same.text("description", "As the caller has it already, by If-None-Match and ETag.");
    out.json("304", std::move(same).finish());
  }
  if (!route.created.empty()) {
    ObjectWriter made;
    made.text("description", "It was made.").json("content", content_of(route.created, {}));
    out.json("201", std::move(made).finish());
  }
  for (const auto& [status, codes] : errors_of(route)) {
    std::string words = "Refused:";
    for (const std::string_view code : codes) words.append(" ").append(code);
    ObjectWriter bad;
    bad.text("description", words).json("content", content_of("Error", {}));
    out.json(std::to_string(status), std::move(bad).finish());
  }
  return std::move(out).finish();
}

std::string operation_of(const Route& route) {
  ObjectWriter out;
  out.text("summary", route.summary).json("parameters", parameters_of(route));
  if (!route.body.empty()) {
    ObjectWriter body;
    body.boolean("required", true).json("content", content_of(route.body, route.binary_body));
    out.json("requestBody", std::move(body).finish());
  }
  ArrayWriter scopes;
  scopes.text(name(route.scope));
  ObjectWriter key;
  key.json(key_scheme, std::move(scopes).finish());
  ArrayWriter security;
  if (route.is_open != nullptr) security.json("{}");  // also without a key
  security.json(std::move(key).finish());
  out.json("responses", responses_of(route)).json("security", std::move(security).finish());
  return std::move(out).finish();
}

std::string operation_key(std::string_view method) {
  std::string text;
  for (const char c : method) text += static_cast<char>(c + ('a' - 'A'));
  return text;
}

}  // namespace

std::string openapi_json(std::span<const Route> routes) {
  std::map<std::string_view, ObjectWriter> by_path;
  for (const Route& route : routes) {
    by_path[route.pattern].json(operation_key(route.method), operation_of(route));
  }
  ObjectWriter paths;
  for (auto& [pattern, methods] : by_path) paths.json(pattern, std::move(methods).finish());
  ObjectWriter info;
  info.text("title", "aitbc node")
      .text("version", api_version)
      .text("description",
            "The HTTP interface of a node. Amounts are integers below 2^53; "
            "application/vnd.aitbc is the chain's canonical encoding. Every answer names the node "
            "that gave it: " +
                std::string(node_field) + ": CHAIN/NODE.");
  ObjectWriter components;
  components.json("schemas", schemas_json()).json("securitySchemes", key_scheme_json());
  ObjectWriter out;
  out.text("openapi", "3.1.0")
      .json("info", std::move(info).finish())
      .json("paths", std::move(paths).finish())
      .json("components", std::move(components).finish());
  return std::move(out).finish();
}

}  // namespace aitbc::rpc
