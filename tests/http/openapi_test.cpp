#include <catch2/catch.hpp>
#include <set>

#include "chain/memory_store.hpp"
#include "rpc/json.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;
using rpc::Json;

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// Every "$ref" below `value`.
void collect_references(const Json& value, std::set<std::string>& found) {
  if (value.is_object() && value.contains("$ref")) found.insert(value["$ref"].get<std::string>());
  if (value.is_structured()) {
    for (const Json& item : value) collect_references(item, found);
  }
}

}  // namespace

TEST_CASE("the description lists every route with its parameters, bodies and answers") {
  const Scene scene(std::make_unique<MemoryStore>());
  const rpc::HttpResponse answer = scene.router.handle(get("/openapi.json"));
  CHECK(answer.status == 200);
  const auto parsed = rpc::parse_json(answer.body);
  REQUIRE(parsed);
  const Json& document = *parsed;
  CHECK(document["openapi"] == "3.1.0");
  CHECK(document["info"].contains("title"));
  CHECK(document["info"].contains("version"));

  std::size_t operations = 0;
  for (const auto& [path, methods] : document["paths"].items()) operations += methods.size();
  CHECK(operations == rpc::Router::routes().size());

  for (const rpc::Route& route : rpc::Router::routes()) {
    INFO(route.method << " " << route.pattern);
    REQUIRE(document["paths"].contains(std::string(route.pattern)));
    const Json& methods = document["paths"][std::string(route.pattern)];
    REQUIRE(methods.contains(lower(std::string(route.method))));
    const Json& operation = methods[lower(std::string(route.method))];
    CHECK(operation["parameters"].size() == route.parameters.size());
    for (const Json& parameter : operation["parameters"]) {
      const bool in_path = parameter["in"] == "path";
      const std::string braced = "{" + parameter["name"].get<std::string>() + "}";
      CHECK(in_path == (route.pattern.find(braced) != std::string_view::npos));
      if (in_path) CHECK(parameter["required"] == true);
      CHECK_FALSE(parameter["description"].get<std::string>().empty());
    }
    CHECK(operation.contains("requestBody") == !route.body.empty());
    CHECK(operation["responses"].contains(route.stream ? "101" : "200"));
    CHECK(operation["responses"].contains("422"));
    CHECK(operation["responses"].contains("503"));
  }
}

TEST_CASE("each schema that the description refers to is there, and none is idle") {
  const Scene scene(std::make_unique<MemoryStore>());
  const auto document = rpc::parse_json(scene.router.handle(get("/openapi.json")).body);
  REQUIRE(document);
  std::set<std::string> wanted;
  collect_references(*document, wanted);
  std::set<std::string> there;
  for (const auto& [name, schema] : (*document)["components"]["schemas"].items()) {
    there.insert("#/components/schemas/" + name);
  }
  CHECK(wanted == there);
}

TEST_CASE("the page of the description has every route, and needs nothing from elsewhere") {
  const Scene scene(std::make_unique<MemoryStore>());
  const rpc::HttpResponse page = scene.router.handle(get("/docs"));
  CHECK(page.status == 200);
  CHECK(page.content_type == rpc::html_type);
  for (const rpc::Route& route : rpc::Router::routes()) {
    const std::string line =
        "<code>" + std::string(route.method) + " " + std::string(route.pattern) + "</code>";
    INFO(line);
    CHECK(page.body.find(line) != std::string::npos);
    CHECK(page.body.find("id=\"" + std::string(route.answer) + "\"") != std::string::npos);
  }
  for (const char* forbidden : {"<script", "<style", " style=", " onclick=", "http:", "https:"}) {
    CHECK(page.body.find(forbidden) == std::string::npos);
  }
}
