// How a machine is reached, and that what arrives there is what was meant.

#include "sites/way.hpp"

#include <catch2/catch.hpp>

#include "sites/command.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;
using namespace aitbc::sites;

namespace {

Manifest::Site site_by(ProviderKind provider, std::string access, std::string container = "") {
  Manifest::Site site;
  site.name = "far";
  site.provider = provider;
  site.access = std::move(access);
  site.container = std::move(container);
  return site;
}

std::vector<std::string> last(const std::vector<std::string>& words, std::size_t count) {
  return {words.end() - static_cast<std::ptrdiff_t>(count), words.end()};
}

}  // namespace

TEST_CASE("the predecessor's ways to a machine are understood") {
  const auto ssh = Way::parse(site_by(ProviderKind::ssh, "ssh aitbc-cascade", "aitbc"));
  REQUIRE(ssh);
  CHECK(ssh->text() == "ssh aitbc-cascade");
  CHECK(last(ssh->argv_for({"sh", "-c", "a b"}, "/s"), 2) ==
        std::vector<std::string>{"aitbc-cascade", "sh -c 'a b'"});

  for (const char* arrow : {"->", "\u2192"}) {
    const auto both = Way::parse(
        site_by(ProviderKind::incus, std::string("ssh ns3-root ") + arrow + " incus shell aitbc"));
    REQUIRE(both);
    CHECK(both->text() == "ssh ns3-root -> incus shell aitbc");
    CHECK(last(both->argv_for({"cat"}, "/s"), 2) ==
          std::vector<std::string>{"ns3-root", "incus exec aitbc -T -- cat"});
  }

  const auto container = Way::parse(site_by(ProviderKind::incus, "", "far:aitbc"));
  REQUIRE(container);
  CHECK(container->argv_for({"cat"}, "/s") ==
        std::vector<std::string>{"incus", "exec", "far:aitbc", "-T", "--", "cat"});
  CHECK(container->farewell("/s").empty());

  const auto options = Way::parse(site_by(ProviderKind::ssh, "ssh -F /etc/own -p 2222 host"));
  REQUIRE(options);
  CHECK(last(options->argv_for({"cat"}, "/s"), 6) ==
        std::vector<std::string>{"-F", "/etc/own", "-p", "2222", "host", "cat"});
}

TEST_CASE("a way that nobody can go is refused with what was expected") {
  for (const auto& site :
       {site_by(ProviderKind::ssh, ""), site_by(ProviderKind::ssh, "telnet host"),
        site_by(ProviderKind::ssh, "ssh"), site_by(ProviderKind::ssh, "ssh -oProxyCommand=x"),
        site_by(ProviderKind::incus, ""), site_by(ProviderKind::incus, "incus delete aitbc"),
        site_by(ProviderKind::incus, "incus shell --force"),
        site_by(ProviderKind::incus, "", "-x")}) {
    INFO(site.access << "|" << site.container);
    const auto way = Way::parse(site);
    REQUIRE_FALSE(way);
    CHECK(way.error().code == Errc::bad_manifest);
    CHECK_THAT(way.error().detail, Catch::Contains("site far: ") && Catch::Contains("expected"));
  }
}

TEST_CASE("a shell gives back every text as it was", "[property]") {
  gen::Rng rng = gen::suite_rng();
  const SystemClock clock;
  std::vector<std::string> words{"",   "'",  "a b", "$HOME", "`id`", "a\nb",
                                 "\\", "!x", "*",   "~",     "-n"};
  while (words.size() < 60) {
    std::string word;
    for (std::uint64_t left = rng.below(12); left > 0; --left) {
      word += static_cast<char>(1 + rng.below(255));
    }
    words.push_back(std::move(word));
  }
  std::string script = "printf '%s\\001'";
  std::string expected;
  for (const std::string& word : words) {
    if (word.find('\001') != std::string::npos) continue;
    script += " " + shell_quoted(word);
    expected += word + '\001';
  }
  const auto output = run({.argv = {"sh", "-c", script}}, clock);
  REQUIRE(output);
  CHECK(output->out == expected);
}
