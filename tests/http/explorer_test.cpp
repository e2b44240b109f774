#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "chain/memory_store.hpp"
#include "rpc/json.hpp"
#include "rpc/web_files.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

constexpr std::size_t page_bytes_max = 150'000;

rpc::HttpRequest browse(const std::string& path) {
  rpc::HttpRequest request = get(path);
  request.accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
  return request;
}

std::string field(const rpc::HttpResponse& response, std::string_view name) {
  for (const auto& [each, value] : response.fields) {
    if (each == name) return value;
  }
  return {};
}

// What stands in quotes after each `mark`.
std::set<std::string> quoted_after(std::string_view text, const std::string& mark) {
  std::set<std::string> found;
  for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at)) {
    at += mark.size();
    found.emplace(text.substr(at, text.find('"', at) - at));
  }
  return found;
}

// A module's import as a path below the folder of all.
std::string resolve(std::string_view importer, std::string import) {
  REQUIRE(import.starts_with("."));
  const bool nested = importer.find('/') != std::string_view::npos;
  if (import.starts_with("../")) {
    REQUIRE(nested);
    return import.substr(3);
  }
  return (nested ? std::string(importer.substr(0, importer.find('/') + 1)) : "") + import.substr(2);
}

}  // namespace

TEST_CASE("a browser that opens a node gets the explorer, a program the routes") {
  const Scene scene(std::make_unique<MemoryStore>());
  for (const char* path : {"/", "/explorer"}) {
    INFO(path);
    const rpc::HttpResponse page = scene.router.handle(browse(path));
    CHECK(page.status == 200);
    CHECK(page.content_type == rpc::html_type);
    CHECK(page.body.find("<main id=\"main\"") != std::string::npos);
    CHECK(field(page, "Vary") == "Accept");
  }
  const rpc::HttpResponse routes = scene.router.handle(get("/"));
  CHECK(routes.content_type == rpc::json_type);
  CHECK(field(routes, "Vary") == "Accept");
  CHECK(scene.router.handle(get("/explorer")).content_type == rpc::html_type);
}

TEST_CASE("all that the explorer consists of is there, and is light") {
  const Scene scene(std::make_unique<MemoryStore>());
  std::set<std::string> wanted = {"index.html"};
  std::set<std::string> there;
  std::size_t bytes = 0;
  for (const rpc::WebFile& file : rpc::web_files()) {
    INFO(file.path);
    there.emplace(file.path);
    bytes += file.contents.size();
    if (file.path == "index.html") {
      wanted.merge(quoted_after(file.contents, "=\"explorer/"));
      continue;
    }
    for (const std::string& each : quoted_after(file.contents, " from \"")) {
      wanted.insert(resolve(file.path, each));
    }
    const std::string path = "/explorer/" + std::string(file.path);
    const rpc::HttpResponse answer = scene.router.handle(get(path));
    CHECK(answer.status == 200);
    CHECK(answer.body == file.contents);
    const bool script = file.path.ends_with(".js");
    CHECK(answer.content_type.starts_with("text/javascript") == script);
  }
  CHECK(there == wanted);
  CHECK(bytes < page_bytes_max);
  for (const char* path : {"/explorer/index.html", "/explorer/nothing.js",
                           "/explorer/views/nothing.js", "/explorer/embed.cmake"}) {
    CHECK(scene.router.handle(get(path)).status == 404);
  }
}

TEST_CASE("the explorer needs nothing from elsewhere, and makes no markup of what nodes say") {
  for (const rpc::WebFile& file : rpc::web_files()) {
    INFO(file.path);
    std::string text(file.contents);
    // A name, and no place to load anything from.
    constexpr std::string_view svg = "http://www.w3.org/2000/svg";
    if (const auto at = text.find(svg); at != std::string::npos) text.erase(at, svg.size());
    for (const char* forbidden : {"http:", "https:", "//cdn", "innerHTML", "outerHTML",
                                  "insertAdjacentHTML", "document.write", "eval(", "Function(",
                                  " style=\"", "<style", " onclick=\"", "import("}) {
      INFO(forbidden);
      CHECK(text.find(forbidden) == std::string::npos);
    }
  }
}
