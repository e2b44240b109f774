#include "rpc/access.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;
using namespace aitbc::rpc;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

const std::string secret = "aitbc_0123456789";

AccessRules with_keys() {
  AccessRules rules;
  rules.keys = {{"reader", Scope::read, digest_of_key("another")},
                {"exchange", Scope::submit, digest_of_key(secret)}};
  return rules;
}

HttpRequest from(const std::string& client, const std::string& key = {}) {
  HttpRequest request;
  request.method = "GET";
  request.path = "/rpc/head";
  request.client = client;
  request.api_key = key;
  return request;
}

HttpRequest through_proxy(const std::string& proxy, const std::string& forwarded_for) {
  HttpRequest request = from(proxy);
  request.forwarded = true;
  request.forwarded_for = forwarded_for;
  return request;
}

IpRange range(const std::string& text) { return IpRange::parse(text).value(); }

}  // namespace

TEST_CASE("addresses are read in every spelling, ranges hold what they should") {
  CHECK(IpAddress::parse("127.0.0.1")->is_loopback());
  CHECK(IpAddress::parse("127.9.9.9")->is_loopback());
  CHECK(IpAddress::parse("::1")->is_loopback());
  CHECK(IpAddress::parse("::ffff:127.0.0.1")->is_loopback());
  CHECK(IpAddress::parse("fe80::1%eth0").has_value());
  CHECK_FALSE(IpAddress::parse("128.0.0.1")->is_loopback());
  CHECK_FALSE(IpAddress::parse("::2")->is_loopback());
  for (const char* wrong : {"", "localhost", "127.0.0.1.1", "0x7f.1", "127.1", "１27.0.0.1"}) {
    INFO(wrong);
    CHECK_FALSE(IpAddress::parse(wrong).has_value());
  }
  const IpRange ten = range("10.0.0.0/8");
  CHECK(ten.contains(*IpAddress::parse("10.255.1.2")));
  CHECK(ten.contains(*IpAddress::parse("::ffff:10.0.0.1")));
  CHECK_FALSE(ten.contains(*IpAddress::parse("11.0.0.1")));
  CHECK(range("192.0.2.7").contains(*IpAddress::parse("192.0.2.7")));
  CHECK_FALSE(range("192.0.2.7").contains(*IpAddress::parse("192.0.2.8")));
  CHECK(range("2001:db8::/33").contains(*IpAddress::parse("2001:db8:7fff::1")));
  CHECK_FALSE(range("2001:db8::/33").contains(*IpAddress::parse("2001:db8:8000::1")));
  for (const char* wrong : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "::/129", "ten"}) {
    CHECK(IpRange::parse(wrong).error().code == Errc::bad_config);
  }
}

TEST_CASE("this machine may do everything, others what their key says") {
  const Access access(with_keys());
  const Caller local = access.identify(from("127.0.0.1"));
  CHECK(local.local);
  CHECK(local.user == "local");
  CHECK(Access::admit(local, Scope::admin));

  const Caller stranger = access.identify(from("192.0.2.1"));
  CHECK(stranger.user == "anonymous");
  CHECK(Access::admit(stranger, Scope::read).error().code == Errc::unauthorized);

  const Caller exchange = access.identify(from("192.0.2.1", secret));
  CHECK(exchange.user == "exchange");
  CHECK(Access::admit(exchange, Scope::read));
  CHECK(Access::admit(exchange, Scope::submit));
  CHECK(Access::admit(exchange, Scope::admin).error().code == Errc::forbidden);

  for (const std::string& forged :
       {secret.substr(1), secret + "0", std::string(1'000'000, 'x'), std::string("reader")}) {
    const Caller caller = access.identify(from("192.0.2.1", forged));
    CHECK(Access::admit(caller, Scope::read).error().code == Errc::unauthorized);
  }
  // The predecessor's tools send keys that its nodes never looked at.
  CHECK(Access::admit(access.identify(from("::1", "client_dev_key")), Scope::admin));
}

TEST_CASE("what everybody may is added to what a key may") {
  AccessRules rules = with_keys();
  rules.everybody = Scope::submit;
  const Access access(rules);
  CHECK(Access::admit(access.identify(from("192.0.2.1")), Scope::submit));
  CHECK_FALSE(Access::admit(access.identify(from("192.0.2.1")), Scope::admin));
  CHECK(Access::admit(access.identify(from("192.0.2.1", "another")), Scope::submit));
  CHECK_FALSE(Access::admit(access.identify(from("192.0.2.1", "wrong")), Scope::read));
}

TEST_CASE("a proxy on this machine opens nothing") {
  AccessRules rules = with_keys();
  rules.proxies = {range("127.0.0.1"), range("10.0.0.0/8")};
  const Access access(rules);
  HttpRequest traced = from("127.0.0.1");
  traced.forwarded = true;
  CHECK_FALSE(access.identify(traced).local);
  // Not even if it claims to ask for this machine.
  CHECK_FALSE(access.identify(through_proxy("127.0.0.1", "127.0.0.1")).local);

  // The nearest address that no proxy of ours vouches for; what stands before may be invented.
  CHECK(access.identify(through_proxy("127.0.0.1", "192.0.2.9")).address == "192.0.2.9");
  CHECK(access.identify(through_proxy("127.0.0.1", "6.6.6.6, 192.0.2.9")).address == "192.0.2.9");
  CHECK(access.identify(through_proxy("127.0.0.1", "6.6.6.6, 192.0.2.9, 10.1.1.1")).address ==
        "192.0.2.9");
  CHECK(access.identify(through_proxy("127.0.0.1", "10.2.2.2,10.1.1.1")).address == "10.2.2.2");
  CHECK(access.identify(through_proxy("192.0.2.1", "6.6.6.6")).address == "192.0.2.1");
  CHECK(access.identify(through_proxy("127.0.0.1", "")).address == "127.0.0.1");
}

TEST_CASE("a client has so many requests a minute, then it is told how long to wait") {
  AccessRules rules = with_keys();
  rules.rate_per_minute = 60;
  rules.proxies = {range("127.0.0.1")};
  Access access(rules);
  const auto over = [&](const HttpRequest& request, Access::Elapsed now) {
    return access.over_rate(request, access.identify(request), now);
  };
  const Access::Elapsed start = seconds(1'000);
  for (int i = 0; i < 60; ++i) CHECK_FALSE(over(from("192.0.2.1"), start));
  CHECK(over(from("192.0.2.1"), start) == seconds(1));
  CHECK(over(from("192.0.2.1"), start + milliseconds(999)) == seconds(1));
  CHECK_FALSE(over(from("192.0.2.1"), start + seconds(1)));
  CHECK(over(from("192.0.2.1"), start + seconds(1)));
  // Others are not held up: another address, a key, this machine.
  CHECK_FALSE(over(from("192.0.2.2"), start));
  CHECK_FALSE(over(from("192.0.2.1", secret), start));
  for (int i = 0; i < 1'000; ++i) CHECK_FALSE(over(from("127.0.0.1"), start));
  // Through a proxy it is the client that counts, and of IPv6 its network.
  for (int i = 0; i < 60; ++i) CHECK_FALSE(over(through_proxy("127.0.0.1", "192.0.2.3"), start));
  CHECK(over(through_proxy("127.0.0.1", "192.0.2.3"), start));
  CHECK_FALSE(over(through_proxy("127.0.0.1", "192.0.2.4"), start));
  for (int i = 0; i < 60; ++i) {
    CHECK_FALSE(over(from("2001:db8::" + std::to_string(i + 1)), start));
  }
  CHECK(over(from("2001:db8::ffff"), start));
  CHECK_FALSE(over(from("2001:db8:0:1::1"), start));
}

TEST_CASE("more clients than are counted cost no more memory, and a rate of 0 counts nobody") {
  AccessRules rules;
  rules.rate_per_minute = 1;
  Access access(rules);
  const auto over = [&](std::uint32_t client) {
    const HttpRequest request =
        from("10." + std::to_string(client >> 16) + "." + std::to_string((client >> 8) & 255) +
             "." + std::to_string(client & 255));
    return access.over_rate(request, access.identify(request), seconds(1));
  };
  for (std::uint32_t i = 0; i < 3 * limits::rate_clients_max; ++i) CHECK_FALSE(over(i));
  CHECK(over(3 * limits::rate_clients_max - 1));
  CHECK_FALSE(over(0));  // long forgotten

  rules.rate_per_minute = 0;
  Access free(rules);
  const HttpRequest request = from("192.0.2.1");
  for (int i = 0; i < 1'000; ++i) {
    CHECK_FALSE(free.over_rate(request, free.identify(request), seconds(1)));
  }
}

TEST_CASE("pages of other origins may change nothing on this machine") {
  const Access access{AccessRules()};
  HttpRequest request = from("127.0.0.1");
  request.method = "POST";
  request.host = "127.0.0.1:8082";
  const auto allowed = [&](const std::string& origin) {
    request.origin = origin;
    return access.check_origin(request, access.identify(request), Access::Opens::answer)
        .has_value();
  };
  CHECK(allowed(""));
  CHECK(allowed("http://localhost:3000"));
  CHECK(allowed("http://127.0.0.1:8082"));
  CHECK_FALSE(allowed("http://evil.example"));
  CHECK_FALSE(allowed("null"));
  // A name that was made to point here: the browser takes it for the page's own host.
  request.host = "evil.example:8082";
  CHECK_FALSE(allowed("http://evil.example:8082"));
  request.host = "[::1]:8082";
  CHECK(allowed("http://[::1]:8082"));
  request.method = "GET";
  CHECK(allowed("http://evil.example"));
  // What a stream tells, a browser keeps from no page: also not what others than this machine hear.
  const auto listens = [&](const std::string& client, const std::string& origin) {
    request.client = client;
    request.origin = origin;
    return access.check_origin(request, access.identify(request), Access::Opens::stream)
        .has_value();
  };
  for (const char* client : {"127.0.0.1", "192.0.2.1"}) {
    CHECK(listens(client, ""));
    CHECK(listens(client, "http://localhost:3000"));
    CHECK_FALSE(listens(client, "http://evil.example"));
  }
}

TEST_CASE("browsers are told which pages may ask") {
  const Access access{AccessRules()};
  HttpRequest request = from("127.0.0.1");
  request.origin = "http://localhost:8080";
  HttpResponse answer;
  access.allow_reading(request, answer.fields);
  CHECK(answer.fields ==
        decltype(answer.fields){{"Vary", "Origin"},
                                {"Access-Control-Allow-Origin", "http://localhost:8080"}});
  CHECK_FALSE(access.preflight(request));
  request.method = "OPTIONS";
  CHECK_FALSE(access.preflight(request));
  request.asked_method = "POST";
  request.asked_headers = "content-type, x-api-key";
  const auto allowed = access.preflight(request);
  REQUIRE(allowed);
  CHECK(allowed->status == 200);
  CHECK(allowed->body == "OK");
  CHECK(allowed->fields ==
        decltype(answer.fields){{"Vary", "Origin"},
                                {"Access-Control-Allow-Origin", "http://localhost:8080"},
                                {"Access-Control-Allow-Methods", "GET, POST, OPTIONS"},
                                {"Access-Control-Max-Age", "600"},
                                {"Access-Control-Allow-Headers", "content-type, x-api-key"}});
  request.origin = "http://localhost:8080.evil.example";
  const auto refused = access.preflight(request);
  REQUIRE(refused);
  CHECK(refused->status == 400);
  CHECK(refused->body == "Disallowed CORS origin");
  HttpResponse plain;
  access.allow_reading(request, plain.fields);
  CHECK(plain.fields == decltype(plain.fields){{"Vary", "Origin"}});
}

TEST_CASE("the file of keys is read as it was written, and refused by name") {
  const auto keys = with_keys().keys;
  const std::string text = api_keys_json(keys);
  CHECK(text.find(secret) == std::string::npos);
  const auto back = parse_api_keys(text);
  REQUIRE(back.has_value());
  REQUIRE(back->size() == 2);
  CHECK(back->at(1).name == "exchange");
  CHECK(back->at(1).scope == Scope::submit);
  CHECK(back->at(1).digest == keys[1].digest);
  const std::string digest(64, '0');
  const auto row = [](const std::string& name, const std::string& scope, const std::string& hash) {
    return R"({"name":")" + name + R"(","scope":")" + scope + R"(","digest":")" + hash + R"("})";
  };
  for (const std::string& wrong :
       {row("a", "root", digest), row("a", "read", "00"), row("", "read", digest),
        row("a", "read", digest) + "," + row("a", "admin", digest)}) {
    INFO(wrong);
    CHECK_FALSE(parse_api_keys(R"({"keys":[)" + wrong + "]}").has_value());
  }
}
