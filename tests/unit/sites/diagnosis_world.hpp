#pragma once
// What was seen of a network in which all is well, for the tests of diagnoses to break. One thread.

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"
#include "sites/diagnosis/diagnosis.hpp"

namespace aitbc::test {

inline PublicKey key_of(std::size_t node) {
  PublicKey key;
  key.data[0] = static_cast<Byte>(node);
  return key;
}

// Three authorities at three sites, each on a machine of its own, all well.
struct SeenNetwork {
  using Kind = SyncState::Kind;

  sites::Symptoms symptoms;

  SeenNetwork() {
    symptoms.network_asked = true;
    symptoms.devnet = true;
    symptoms.best = Tip{};
    for (const std::size_t number : {1U, 2U, 3U}) {
      const std::string id = std::to_string(number);
      sites::NodeSymptoms node;
      node.report.site = "site_" + id;
      node.report.node = id;
      node.report.url = "http://10.0.0." + id + ":8082";
      node.report.authority = true;
      node.report.process = sites::RunState::running;
      node.report.genesis_hash = GenesisHash{};
      node.report.answer.emplace();
      node.report.answer->state.kind = Kind::in_sync;
      node.report.answer->authority = key_of(number);
      for (const std::size_t each : {1U, 2U, 3U}) {
        node.report.answer->governance.authorities.push_back(key_of(each));
        if (each == number) continue;
        PeerStatus peer;
        peer.url = "http://10.0.0." + std::to_string(each) + ":8082";
        peer.state.kind = Kind::in_sync;
        node.report.answer->peers.push_back(peer);
      }
      node.report.state.kind = Kind::in_sync;
      node.bind = "0.0.0.0";
      node.port = 8082;
      symptoms.nodes.push_back(std::move(node));
      sites::MachineSymptoms machine;
      machine.sites = {"site_" + id};
      machine.prefix = "ssh host" + id + " ";
      machine.home = "/srv/aitbc";
      machine.facts = plenty();
      symptoms.machines.push_back(std::move(machine));
    }
  }

  static sites::MachineFacts plenty() {
    sites::MachineFacts facts;
    facts.disk_free_bytes = facts.memory_free_bytes = 100ULL * 1024 * 1024 * 1024;
    facts.disk_free_files = 1'000'000;
    return facts;
  }
  sites::NodeSymptoms& node(std::size_t number) { return symptoms.nodes[number - 1]; }
  NodeStatus& answer(std::size_t number) { return *node(number).report.answer; }
  sites::MachineSymptoms& machine(std::size_t number) { return symptoms.machines[number - 1]; }

  void end(std::size_t number, sites::NodeEnd how) {
    node(number).report.process = sites::RunState::stopped;
    node(number).report.answer.reset();
    node(number).report.state.kind = Kind::stopped;
    node(number).end = std::move(how);
  }
  void kill(std::size_t number) { end(number, {sites::NodeEnd::How::killed, "", "block_sealed"}); }
  void fail(std::size_t number, const std::string& code, const std::string& words) {
    end(number, {sites::NodeEnd::How::failed, code, words});
  }
  void pause_itself(std::size_t number, const std::string& why) {
    answer(number).state = {Kind::paused, 0, why};
  }
  void hears_not(std::size_t number, std::size_t other) {
    for (PeerStatus& peer : answer(number).peers) {
      if (peer.url == node(other).report.url) {
        peer.state.kind = Kind::unreachable;
        peer.last_error = "TCP refused";
      }
    }
  }
  void add_fault(std::size_t number, decltype(Fault::kind) kind) {
    answer(number).faults.push_back({"f1", "something", Time{}, Time{}, std::move(kind)});
  }
  void wait(std::size_t number, Nonce lowest, std::uint64_t cost = 1) {
    symptoms.waiting.push_back({std::to_string(number), "ait1alice", 2, 4, lowest, 100, cost});
  }
  std::vector<sites::Diagnosis> found() const { return sites::diagnose(symptoms); }

  // "CODE NODES", and "<N" after what follows from the Nth.
  std::string said() const {
    std::string text;
    for (const sites::Diagnosis& each : found()) {
      if (!text.empty()) text += " | ";
      text += name(each.finding);
      for (const std::string& id : each.nodes) text += " " + id;
      if (each.follows_from) text += " <" + std::to_string(*each.follows_from + 1);
      CHECK_FALSE(each.cause.empty());
      CHECK(each.cure.find(": ") != std::string::npos);  // what for, and what to type
    }
    return text;
  }
};

}  // namespace aitbc::test
