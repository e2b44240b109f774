// The node's description of itself as a page: /openapi.json, rendered here, so that it needs
// neither scripts nor anything from elsewhere.

#include <algorithm>

#include "rpc/json.hpp"
#include "rpc/markup.hpp"
#include "rpc/router.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view style = R"css(:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code { font-family: ui-monospace, monospace; }
h2 { margin-top: 3rem; }
section { border-top: 1px solid GrayText; margin-top: 1.5rem; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.2rem 1rem 0.2rem 0; }
)css";

std::string text_of(const Json& object, const char* name) {
  return object.contains(name) ? markup_text(object[name].get<std::string>()) : std::string();
}

std::string code(const std::string& text) { return "<code>" + text + "</code>"; }

// A schema in a few words; those that have a name are links.
std::string words_of(const Json& schema) {
  if (schema.contains("$ref")) {
    const auto reference = schema["$ref"].get<std::string>();
    const std::string name = markup_text(reference.substr(reference.rfind('/') + 1));
    return "<a href=\"#" + name + "\">" + name + "</a>";
  }
  if (schema.contains("anyOf")) {
    std::string words;
    for (const Json& each : schema["anyOf"])
      words += (words.empty() ? "" : " or ") + words_of(each);
    return words;
  }
  const std::string type = text_of(schema, "type");
  if (type == "array") return "list of " + words_of(schema["items"]);
  std::string words = type;
  for (const char* limit : {"minimum", "maximum", "maxLength", "default", "pattern", "enum"}) {
    if (schema.contains(limit))
      words += ", " + std::string(limit) + " " + code(markup_text(dump(schema[limit])));
  }
  return words;
}

std::string row_of(const std::string& name, const std::string& what, const std::string& words) {
  return "<tr><td>" + code(name) + "</td><td>" + what + "</td><td>" + words + "</td></tr>\n";
}

std::string content_of(const Json& content) {
  std::string words;
  for (const auto& [media, described] : content.items()) {
    const Json& schema = described["schema"];
    const std::string note = text_of(schema, "description");
    words += (words.empty() ? "" : "<br>") + code(markup_text(media)) + ": " +
             (note.empty() ? words_of(schema) : note);
  }
  return words;
}

std::string operation_of(const std::string& method, const std::string& path,
                         const Json& operation) {
  std::string out = "<section><h3>" + code(method + " " + markup_text(path)) + "</h3>\n<p>" +
                    text_of(operation, "summary") + "</p>\n<table>\n";
  for (const Json& parameter : operation["parameters"]) {
    const std::string required = parameter["required"].get<bool>() ? ", required" : "";
    out += row_of(text_of(parameter, "name"), text_of(parameter, "in") + required,
                  text_of(parameter, "description") + " " + words_of(parameter["schema"]));
  }
  if (operation.contains("requestBody")) {
    out += row_of("body", "", content_of(operation["requestBody"]["content"]));
  }
  for (const auto& [status, response] : operation["responses"].items()) {
    const std::string words =
        response.contains("content") ? content_of(response["content"]) : std::string();
    out += row_of(status, text_of(response, "description"), words);
  }
  return out + "</table></section>\n";
}

std::string schema_of(const std::string& name, const Json& schema) {
  std::string out = "<section id=\"" + name + "\"><h3>" + name + "</h3>\n";
  if (!schema.contains("properties")) return out + "<p>" + words_of(schema) + "</p></section>\n";
  out += "<table>\n";
  const Json& required = schema["required"];
  for (const auto& [field, described] : schema["properties"].items()) {
    const bool must = std::find(required.begin(), required.end(), field) != required.end();
    out += row_of(markup_text(field), must ? "" : "optional", words_of(described));
  }
  return out + "</table></section>\n";
}

std::string page_of(const Json& openapi) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\">"
      "<title>" +
      text_of(openapi["info"], "title") +
      "</title><link rel=\"stylesheet\" href=\"/docs.css\"></head>\n<body>\n<h1>" +
      text_of(openapi["info"], "title") + "</h1>\n<p>" + text_of(openapi["info"], "description") +
      " For programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>\n<h2>Routes</h2>\n";
  for (const auto& [path, methods] : openapi["paths"].items()) {
    for (const auto& [method, operation] : methods.items()) {
      std::string word = method;
      for (char& c : word) c = static_cast<char>(c - ('a' - 'A'));
      out += operation_of(word, path, operation);
    }
  }
  out += "<h2>Shapes</h2>\n";
  for (const auto& [name, schema] : openapi["components"]["schemas"].items()) {
    out += schema_of(markup_text(name), schema);
  }
  return out + "</body>\n</html>\n";
}

HttpResponse media_response(std::string_view media, std::string body) {
  HttpResponse response;
  response.content_type = media;
  response.body = std::move(body);
  return response;
}

Result<HttpResponse> docs(const Call&) {
  static const Result<std::string> page = []() -> Result<std::string> {
    AITBC_TRY_ASSIGN(const Json openapi, parse_json(openapi_json(Router::routes())));
    return page_of(openapi);
  }();
  if (!page) return page.error();
  return media_response(html_type, *page);
}

Result<HttpResponse> docs_style(const Call&) {
  return media_response(css_type, std::string(style));
}

constexpr Route docs_rows[] = {
    {.method = "GET",
     .pattern = "/docs",
     .handler = docs,
     .summary = "This description, for people.",
     .parameters = {},
     .answer = "Page",
     .media = html_type},
    {.method = "GET",
     .pattern = "/docs.css",
     .handler = docs_style,
     .summary = "How that page looks.",
     .parameters = {},
     .answer = "Page",
     .media = css_type},
};

}  // namespace

std::span<const Route> docs_routes() { return docs_rows; }

}  // namespace aitbc::rpc
