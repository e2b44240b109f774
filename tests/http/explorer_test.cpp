#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "chain/memory_store.hpp"
#include "rpc/json.hpp"
#include "rpc/web_files.hpp"
#include "tests/http/served.hpp"
#include "tests/http/test_node.hpp"
#include "tests/unit/rpc/socket_client.hpp"

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

std::size_t length_in(const std::string& answer) {
  constexpr std::string_view name = "Content-Length: ";
  const std::size_t at = answer.find(name);
  return at == std::string::npos ? 0 : std::stoul(answer.substr(at + name.size()));
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
    CHECK(field(page, "Vary") == "Accept, Accept-Encoding");
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

TEST_CASE("the page is shown to those without a key, and nothing else") {
  const Scene scene(std::make_unique<MemoryStore>());
  const auto status = [&](rpc::HttpRequest request) {
    request.client = "192.0.2.1";
    return scene.router.handle(request).status;
  };
  CHECK(status(browse("/")) == 200);
  CHECK(status(browse("/explorer")) == 200);
  CHECK(status(get("/explorer/app.js")) == 200);
  CHECK(status(get("/explorer/views/block.js")) == 200);
  CHECK(status(get("/")) == 401);
  for (const char* path : {"/rpc/head", "/rpc/network", "/rpc/events", "/health", "/docs"}) {
    INFO(path);
    CHECK(status(browse(path)) == 401);
  }
  // A key that nobody knows is no reason to show less than to those who have none.
  rpc::HttpRequest wrong = browse("/");
  wrong.api_key = "no such key";
  CHECK(status(wrong) == 200);
}

TEST_CASE("whoever has a file of the page is not sent it again") {
  const Scene scene(std::make_unique<MemoryStore>());
  for (const char* path : {"/", "/explorer/app.js"}) {
    INFO(path);
    rpc::HttpRequest request = browse(path);
    const std::string tag = field(scene.router.handle(request), "ETag");
    CHECK(tag.size() == 34);
    CHECK(tag.starts_with('"'));
    CHECK(field(scene.router.handle(request), "Cache-Control") == "no-cache");
    for (const std::string& known : {tag, "W/" + tag, "\"other\" , " + tag, std::string("*")}) {
      INFO(known);
      request.if_none_match = known;
      const rpc::HttpResponse same = scene.router.handle(request);
      CHECK(same.status == 304);
      CHECK(same.body.empty());
      CHECK(field(same, "ETag") == tag);
      CHECK(field(same, "Cache-Control") == "no-cache");
    }
    for (const std::string& other : {std::string("\"other\""), tag.substr(1, 32)}) {
      request.if_none_match = other;
      CHECK(scene.router.handle(request).status == 200);
    }
    // The compressed file is another one.
    request.if_none_match = tag;
    request.accept_encoding = "gzip";
    CHECK(scene.router.handle(request).status == 200);
  }
  rpc::HttpRequest style = get("/explorer/style.css");
  style.if_none_match = field(scene.router.handle(get("/explorer/app.js")), "ETag");
  CHECK(scene.router.handle(style).status == 200);
}

TEST_CASE("over a connection, a file that is not sent again ends where it ends") {
  const Served served;
  rpc::SocketClient client(served.port());
  const auto ask = [&](const std::string& more) {
    const std::size_t before = client.input().size();
    client.send("GET /explorer/app.js HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n");
    const auto whole = [&](const std::string& input) {
      const std::size_t end = input.find("\r\n\r\n", before);
      if (end == std::string::npos) return false;
      const bool bare = input.compare(before, 12, "HTTP/1.1 304") == 0;
      return bare || input.size() - end - 4 == length_in(input.substr(before));
    };
    REQUIRE(client.read_until(whole));
    return client.input().substr(before);
  };
  const std::string first = ask("");
  const auto tags = quoted_after(first, "ETag: \"");
  REQUIRE(tags.size() == 1);
  const std::string same = ask("If-None-Match: \"" + *tags.begin() + "\"\r\n");
  CHECK(same.starts_with("HTTP/1.1 304"));
  CHECK(same.ends_with("\r\n\r\n"));
  CHECK(length_in(same) == length_in(first));
  const std::string packed = ask("Accept-Encoding: gzip\r\n");
  CHECK(packed.find("Content-Encoding: gzip") != std::string::npos);
  CHECK(length_in(packed) < length_in(first));
  CHECK(packed.find("\r\n\r\n\x1f\x8b") != std::string::npos);
  // In place of what all answers say, not beside it.
  for (const std::string& answer : {first, same, packed}) {
    CHECK(answer.find("Cache-Control: no-cache\r\n") != std::string::npos);
    CHECK(answer.find("no-store") == std::string::npos);
    CHECK(answer.find("Content-Security-Policy: default-src 'self'") != std::string::npos);
  }
}

TEST_CASE("files of the page are compressed for those who can take it") {
  const Scene scene(std::make_unique<MemoryStore>());
  const auto ask = [&](const std::string& codings) {
    rpc::HttpRequest request = get("/explorer/app.js");
    request.accept_encoding = codings;
    return scene.router.handle(request);
  };
  const rpc::HttpResponse plain = ask("");
  CHECK(field(plain, "Content-Encoding").empty());
  CHECK(field(plain, "Vary") == "Accept-Encoding");
  for (const char* codings :
       {"gzip", "deflate, gzip", "br;q=1.0, gzip;q=0.8", "*", "gzip ; q=0.01"}) {
    INFO(codings);
    const rpc::HttpResponse packed = ask(codings);
    CHECK(field(packed, "Content-Encoding") == "gzip");
    CHECK(packed.body.size() < plain.body.size() / 2);
    CHECK(packed.body.starts_with("\x1f\x8b"));
    CHECK(packed.content_type == plain.content_type);
    CHECK(field(packed, "ETag") != field(plain, "ETag"));
    CHECK(field(packed, "Vary") == "Accept-Encoding");
  }
  for (const char* codings : {"br", "gzipped", "gzip;q=0", "gzip;q=0.000, br", "identity"}) {
    INFO(codings);
    CHECK(ask(codings).body == plain.body);
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
