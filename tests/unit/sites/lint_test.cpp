#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "sites/manifest.hpp"

using namespace aitbc;
using namespace aitbc::sites;

namespace {

Manifest with_authorities(std::size_t count) {
  Manifest manifest;
  Manifest::Site site;
  site.name = "a";
  for (std::size_t i = 0; i < count; ++i) {
    Manifest::Node node;
    node.id = std::to_string(i);
    site.nodes.push_back(node);
  }
  manifest.sites.push_back(site);
  return manifest;
}

std::vector<std::string> texts(const Manifest& manifest) {
  std::vector<std::string> result;
  for (const Note& note : lint(manifest)) result.push_back(note.text);
  return result;
}

}  // namespace

TEST_CASE("lint says what a network survives") {
  const std::pair<std::size_t, const char*> cases[] = {
      {1, "survives: no node down; 0 duplicated keys"},
      {2, "survives: no node down; 1 duplicated key"},
      {3, "survives: any one node down; 0 duplicated keys"},
      {4, "survives: any one node down; 1 duplicated key"},
      {5, "survives: any 2 nodes down; 0 duplicated keys"},
      {6, "survives: any 2 nodes down; 1 duplicated key"},
      {7, "survives: any 3 nodes down; 0 duplicated keys"}};
  for (const auto& [authorities, expected] : cases) {
    CHECK_THAT(texts(with_authorities(authorities)).front(), Catch::StartsWith(expected));
  }
}

TEST_CASE("a node that is no authority changes nothing in what a network survives") {
  Manifest manifest = with_authorities(3);
  Manifest::Node follower;
  follower.id = "f";
  follower.authority = false;
  manifest.sites[0].nodes.push_back(follower);
  CHECK_THAT(texts(manifest).front(), Catch::StartsWith("survives: any one node down"));
}

TEST_CASE("lint names each key of the predecessor that does nothing once") {
  std::ifstream in("tests/golden/predecessor.yaml");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto manifest = parse_manifest(text, "predecessor.yaml");
  REQUIRE(manifest);
  const auto notes = texts(*manifest);
  for (const std::string key : {"p2p_port", "p2p_connected", "rpc_mempool_polling", "bridge"}) {
    CHECK(std::count_if(notes.begin(), notes.end(), [&](const std::string& note) {
            return note.starts_with(key + " does nothing any more");
          }) == 1);
  }
  CHECK_THAT(notes, Catch::VectorContains(std::string("site site_b_ns3_host runs no node")));
  CHECK_THAT(notes, Catch::VectorContains(std::string("site site_a_localhost has 2 of 3 authorities"
                                                      ": without it no block becomes final")));
}

TEST_CASE("lint says which nodes wait for a command after a crash") {
  Manifest manifest = with_authorities(1);
  const std::string note = "site " + manifest.sites[0].name +
                           " has service none: a node that crashes, or whose machine restarts, "
                           "waits for a command";
  const auto says = Catch::VectorContains(note);
  CHECK_THAT(texts(manifest), !says);
  manifest.sites[0].service = Manifest::Service::none;
  CHECK_THAT(texts(manifest), says);
}

TEST_CASE("lint counts with the quorum of the chain, and says which site may vanish") {
  Manifest manifest = with_authorities(4);
  manifest.chain.quorum = Quorum::bft;
  CHECK_THAT(texts(manifest).front(),
             Catch::StartsWith("survives: any one node down; 1 duplicated key"));
  manifest = with_authorities(1);
  for (const std::string name : {"b", "c"}) {
    Manifest::Site site = manifest.sites[0];
    site.name = name;
    site.nodes[0].id = name;
    manifest.sites.push_back(site);
  }
  const auto notes = texts(manifest);
  CHECK_THAT(notes, Catch::VectorContains(std::string("site b may vanish as a whole")));
  CHECK(std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
    return note.find("a second one at each") != std::string::npos;
  }));
}
