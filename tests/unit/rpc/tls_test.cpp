#include <catch2/catch.hpp>

#include <atomic>
#include <thread>

#include "rpc/http_client.hpp"
#include "rpc/http_server.hpp"
#include "tests/support/certificate.hpp"
#include "tests/unit/rpc/server_fixture.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using namespace aitbc::rpc::test_server;
using aitbc::test::Certificate;
using aitbc::test::TempDir;

namespace {

const HttpClient::CallLimits patient{Duration{5'000}, Duration{10'000}, 16 << 20};

// Answers with the length of the body, or with eight million bytes.
struct TlsFixture {
  TempDir folder;
  Certificate own{folder};
  Events log;
  std::atomic<int> handled = 0;
  std::unique_ptr<HttpServer> server;

  explicit TlsFixture(HttpLimits limits = {}) {
    HttpService service;
    service.handle = [this](const HttpRequest& request) {
      ++handled;
      HttpResponse response;
      response.body = std::to_string(request.body.size()) + " " + request.api_key;
      if (request.path == "/large") response.body.assign(8 << 20, 'x');
      return response;
    };
    auto tls = TlsServer::load(own.certificate, own.key);
    REQUIRE(tls.has_value());
    HttpServer::Options options{"127.0.0.1", 0, limits, *std::move(tls)};
    auto started = HttpServer::start(std::move(options), std::move(service), log);
    REQUIRE(started.has_value());
    server = std::move(started).value();
  }

  Url url(const std::string& host = "127.0.0.1") const { return {host, server->port(), {}, true}; }
  Credentials trusting() const { return {{}, {own.certificate, {}}}; }
};

HttpRequest request_of(const std::string& method, const std::string& path, std::string body = {}) {
  HttpRequest request;
  request.method = method;
  request.path = path;
  request.body = std::move(body);
  return request;
}

Result<HttpResponse> ask(const Url& url, Credentials credentials) {
  HttpClient client(url, std::move(credentials));
  return client.send(request_of("GET", "/"), patient);
}

}  // namespace

TEST_CASE("a certificate is believed by its CA and name, or by its fingerprint, and not else") {
  const TlsFixture fixture;
  CHECK(ask(fixture.url(), fixture.trusting())->status == 200);
  CHECK(ask(fixture.url("localhost"), fixture.trusting())->status == 200);

  const auto refused = [&](const Url& url, Credentials credentials, const std::string& why) {
    const int before = fixture.handled;
    const auto answer = ask(url, std::move(credentials));
    REQUIRE_FALSE(answer.has_value());
    INFO(answer.error().detail);
    CHECK(answer.error().code == Errc::unreachable);
    CHECK(contains(answer.error().detail, why));
    CHECK(fixture.handled == before);
  };
  refused(fixture.url(), {}, "self-signed certificate");
  const Certificate other(fixture.folder, "other");
  refused(fixture.url(), {{}, {other.certificate, {}}}, "self-signed certificate");
  // Another name of the same address.
  refused(fixture.url("127.0.0.2"), fixture.trusting(), "");
  const Certificate elsewhere(fixture.folder, "elsewhere", "DNS:node.example");
  auto tls = TlsServer::load(elsewhere.certificate, elsewhere.key);
  NullLog log;
  auto server =
      HttpServer::start({"127.0.0.1", 0, {}, *std::move(tls)},
                        {.handle = [](const HttpRequest&) { return HttpResponse(); }}, log);
  REQUIRE(server.has_value());
  refused({"127.0.0.1", (*server)->port(), {}, true}, {{}, {elsewhere.certificate, {}}},
          "IP address mismatch");
  refused({"localhost", (*server)->port(), {}, true}, {{}, {elsewhere.certificate, {}}},
          "hostname mismatch");

  const auto pinned = [](const std::string& pin) {
    return Credentials{{}, {std::nullopt, {parse_pin(pin).value()}}};
  };
  CHECK(ask(fixture.url(), pinned(fixture.own.fingerprint()))->status == 200);
  refused(fixture.url(), pinned(other.fingerprint()), "certificate rejected");
}

TEST_CASE("many requests and large bodies go through one connection") {
  const TlsFixture fixture;
  Credentials credentials = fixture.trusting();
  credentials.api_key = "k";
  HttpClient client(fixture.url(), credentials);
  for (int i = 0; i < 3; ++i) {
    const auto posted = client.send(request_of("POST", "/", std::string(7 << 20, 'y')), patient);
    REQUIRE(posted.has_value());
    CHECK(posted->body == std::to_string(7 << 20) + " k");
    const auto large = client.send(request_of("GET", "/large"), patient);
    REQUIRE(large.has_value());
    CHECK(large->body.size() == 8 << 20);
  }
  std::vector<std::thread> others;
  std::atomic<int> good = 0;
  for (int i = 0; i < 6; ++i) {  // as many large answers as may be unread at once
    others.emplace_back([&] {
      HttpClient own(fixture.url(), fixture.trusting());
      for (int k = 0; k < 20; ++k) {
        const auto answer = own.send(request_of("GET", k % 7 == 0 ? "/large" : "/"), patient);
        if (answer && answer->status == 200) ++good;
      }
    });
  }
  for (std::thread& each : others) each.join();
  CHECK(good == 120);
}

TEST_CASE("what is no TLS, or an old one, is not served, and others are meanwhile") {
  HttpLimits limits;
  limits.idle_time_max = Duration{200};
  const TlsFixture fixture(limits);
  SocketClient silent(fixture.server->port());
  SocketClient plain(fixture.server->port());
  plain.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  SocketClient half(fixture.server->port());
  half.send(std::string("\x16\x03\x01\x02\x00\x01", 6));  // the beginning of a hello
  CHECK(ask(fixture.url(), fixture.trusting())->status == 200);
  CHECK_FALSE(contains(plain.answer(), "HTTP"));
  CHECK(silent.answer().empty());  // closed when it has been silent for too long
  CHECK(half.answer().empty());
  const std::string old = "openssl s_client -tls1_1 -cipher ALL@SECLEVEL=0 -connect 127.0.0.1:" +
                          std::to_string(fixture.server->port()) + " </dev/null >/dev/null 2>&1";
  CHECK(std::system(old.c_str()) != 0);
  const std::string current =
      "openssl s_client -tls1_2 -connect 127.0.0.1:" + std::to_string(fixture.server->port()) +
      " </dev/null >/dev/null 2>&1";
  CHECK(std::system(current.c_str()) == 0);
}

TEST_CASE("certificates, keys, CAs and pins that cannot be read are named") {
  const TempDir folder;
  const Certificate own(folder);
  const Certificate other(folder, "other");
  const auto names = [](const auto& failed, const std::string& what) {
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == Errc::bad_config);
    CHECK(contains(failed.error().detail, what));
  };
  names(TlsServer::load(folder.file("none"), own.key), "tls.certificate");
  names(TlsServer::load(own.key, own.key), "tls.certificate");
  names(TlsServer::load(own.certificate, folder.file("none")), "tls.key");
  names(TlsServer::load(own.certificate, other.key), "tls.key");
  names(TlsClient::make({folder.file("none"), {}}), folder.file("none"));
  names(parse_pin("AB:CD"), "fingerprint");
  CHECK(parse_pin(own.fingerprint()).has_value());
}
