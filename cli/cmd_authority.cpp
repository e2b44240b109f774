#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/keys.hpp"
#include "cli/number.hpp"
#include "cli/payment.hpp"
#include "cli/running.hpp"
#include "rpc/native.hpp"
#include "sites/prepare.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration change_look_pause{200};

struct BallotOptions {
  std::string authority;  // a key, or the node that has it
  std::vector<std::string> keys;
  std::string wait = "in-force";
  std::string timeout = "120s";
};

Outcome<rpc::GovernanceView> ask_governance(rpc::Client& client) {
  AITBC_TRY_ASSIGN(const std::string answer, asked(client.get("/rpc/authorities")));
  AITBC_TRY_ASSIGN(rpc::GovernanceView view, asked(rpc::parse_governance(answer)));
  return view;
}

bool is_in_force(const rpc::GovernanceView& view, const AuthorityChange& change) {
  const bool is_member = is_authority(view.governance.authorities, change.key);
  return is_member == (change.kind == AuthorityChange::Kind::add);
}

bool is_decided(const rpc::GovernanceView& view, const AuthorityChange& change) {
  const auto& decision = view.governance.decision;
  return is_in_force(view, change) || (decision && decision->change == change);
}

Outcome<PublicKey> key_of(Invocation& invocation, const std::string& text) {
  if (const auto key = parse_public_key(text)) return *key;
  AITBC_TRY_ASSIGN(const auto nodes, asked_nodes(invocation));
  for (const NodeAddress& node : nodes) {
    if (node.id != text) continue;
    AITBC_TRY_ASSIGN(rpc::Client client, node.open(short_limits()));
    AITBC_TRY_ASSIGN(const NodeStatus status, asked(client.network()));
    if (status.authority) return *status.authority;
    return error(Errc::bad_config, "node " + text + " has no authority key; say 'authority: " +
                                       "candidate' in the network file, and up");
  }
  return error(Errc::bad_config,
               "expected a key of 64 hexadecimal digits or the id of a node, "
               "got '" +
                   text + "'");
}

// Those of --key, else all that lie in the network's folder on this machine.
Outcome<std::vector<KeyPair>> signing_keys(Invocation& invocation,
                                           const std::vector<std::string>& files) {
  std::vector<KeyPair> keys;
  for (const std::string& file : files) {
    AITBC_TRY_ASSIGN(KeyPair key, read_key_file(file));
    keys.push_back(std::move(key));
  }
  if (!files.empty()) return keys;
  AITBC_TRY_ASSIGN(const auto running, OpenNetwork::of(invocation));
  for (const sites::Manifest::Site& site : running->manifest().sites) {
    for (const sites::Manifest::Node& node : site.nodes) {
      if (!node.authority && !node.candidate) continue;
      AITBC_TRY_ASSIGN(const sites::Network::Place place, running->network().place_of(node.id));
      AITBC_TRY_ASSIGN(KeyPair key, sites::read_key(place.provider.transport,
                                                    place.layout.authority_key(node.id)));
      keys.push_back(std::move(key));
    }
  }
  return keys;
}

Status check_progress(const rpc::GovernanceView& view, const Ballot& ballot) {
  const auto& open = view.governance.open;
  if (!open && !ballot.approve) {
    return error(Errc::refused, "the authorities vote on no change: there is nothing to take back");
  }
  if (open && open->change != ballot.change) {
    return error(Errc::refused, "one change at a time: the authorities vote on " +
                                    std::string(name(open->change.kind)) + " " +
                                    open->change.key.hex());
  }
  return ok();
}

bool has_cast(const rpc::GovernanceView& view, const Ballot& ballot, const PublicKey& voter) {
  const auto& open = view.governance.open;
  const bool approves = open && is_authority(open->approvals, voter);
  return approves == ballot.approve;
}

// Ballots of one authority after the other, until they decide.
Outcome<rpc::GovernanceView> cast_all(Invocation& invocation, rpc::Client& client,
                                      const Ballot& ballot, const std::vector<KeyPair>& keys,
                                      const Delivery& delivery) {
  AITBC_TRY_ASSIGN(rpc::GovernanceView view, ask_governance(client));
  std::size_t voters = 0;
  for (const KeyPair& key : keys) {
    AITBC_TRY(check_progress(view, ballot));
    if (ballot.approve && is_decided(view, ballot.change)) return view;
    if (!is_authority(view.governance.authorities, key.public_key())) continue;
    ++voters;
    if (has_cast(view, ballot, key.public_key())) continue;
    const Payment payment{Policy::single(key.public_key()), ballot, {}, {}};
    AITBC_TRY(carry_out(invocation, client, payment, key, delivery));
    invocation.output.say("ballot of " + key.public_key().hex() + " is included");
    AITBC_TRY_ASSIGN(view, ask_governance(client));
  }
  if (voters == 0) {
    return error(Errc::not_an_authority, "none of the " + std::to_string(keys.size()) +
                                             " keys here is an authority's; name one with --key");
  }
  return view;
}

Outcome<rpc::GovernanceView> wait_in_force(Invocation& invocation, rpc::Client& client,
                                           const AuthorityChange& change,
                                           const Delivery& delivery) {
  const Time begun = invocation.clock.now();
  Progress progress = invocation.progress();
  for (;;) {
    AITBC_TRY_ASSIGN(rpc::GovernanceView view, ask_governance(client));
    if (is_in_force(view, change)) return view;
    const auto& decision = view.governance.decision;
    const Height since = decision ? decision->since : 0;
    const Time now = invocation.clock.now();
    if (now - begun >= delivery.timeout) {
      return error(Errc::timeout, "decided, but not in force after " +
                                      std::to_string(delivery.timeout.count()) + " ms: block " +
                                      std::to_string(view.head.height) + " of " +
                                      std::to_string(since) + "; see: aitbc authority ls");
    }
    progress.step("waiting for block " + std::to_string(since), view.head.height, since);
    invocation.clock.sleep_until(now + change_look_pause);
  }
}

std::string summary_of(const rpc::GovernanceView& view, const Ballot& ballot) {
  const auto& [authorities, open, decision] = view.governance;
  if (!ballot.approve) return "taken back";
  if (is_in_force(view, ballot.change)) {
    return "in force: " + std::to_string(authorities.size()) + " authorities";
  }
  if (is_decided(view, ballot.change)) {
    return "decided: in force from block " + std::to_string(decision->since) + " on";
  }
  const std::size_t approvals = open ? open->approvals.size() : 0;
  return "proposed: " + std::to_string(approvals) + " of " +
         std::to_string(authorities.size() / 2 + 1) + " approvals";
}

Verdict change(Invocation& invocation, const BallotOptions& given, AuthorityChange::Kind kind,
               bool approve) {
  Delivery delivery{WaitFor::included, {}};
  AITBC_TRY_ASSIGN(delivery.timeout, parse_duration(given.timeout, "--timeout"));
  Ballot ballot{{kind, {}}, approve};
  AITBC_TRY_ASSIGN(ballot.change.key, key_of(invocation, given.authority));
  AITBC_TRY_ASSIGN(const std::vector<KeyPair> keys, signing_keys(invocation, given.keys));
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(rpc::GovernanceView view, ask_governance(client));
  if (approve && is_in_force(view, ballot.change)) {
    return Failure{
        error(Errc::bad_ballot, ballot.change.key.hex() + (kind == AuthorityChange::Kind::add
                                                               ? " is an authority already"
                                                               : " is no authority")),
        Origin::node};
  }
  AITBC_TRY_ASSIGN(view, cast_all(invocation, client, ballot, keys, delivery));
  if (approve && given.wait == "in-force" && is_decided(view, ballot.change)) {
    AITBC_TRY_ASSIGN(view, wait_in_force(invocation, client, ballot.change, delivery));
  }
  invocation.output.line(summary_of(view, ballot));
  invocation.output.document(rpc::governance_json(view.head, view.governance));
  return Exit::done;
}

Verdict list_authorities(Invocation& invocation) {
  AITBC_TRY_ASSIGN(rpc::Client client, connect(invocation));
  AITBC_TRY_ASSIGN(const rpc::GovernanceView view, ask_governance(client));
  const auto& [authorities, open, decision] = view.governance;
  Table table({"TURN", "AUTHORITY", ""});
  for (std::size_t turn = 0; turn < authorities.size(); ++turn) {
    table.add({std::to_string(turn), authorities[turn].hex(),
               open && is_authority(open->approvals, authorities[turn]) ? "approves" : ""});
  }
  invocation.output.line(table.text());
  const auto text = [](const AuthorityChange& what) {
    return std::string(name(what.kind)) + " " + what.key.hex();
  };
  if (open) {
    invocation.output.line("proposed: " + text(open->change) + ", " +
                           std::to_string(open->approvals.size()) + " of " +
                           std::to_string(authorities.size() / 2 + 1) + " approvals, until block " +
                           std::to_string(open->expires));
  }
  if (decision) {
    invocation.output.line((is_in_force(view, decision->change) ? "in force: " : "decided: ") +
                           text(decision->change) + ", from block " +
                           std::to_string(decision->since) + " on");
  }
  invocation.output.document(rpc::governance_json(view.head, view.governance));
  return Exit::done;
}

struct Action {
  CommandText text;
  AuthorityChange::Kind kind;
  bool approve;
};

void add_action(CLI::App& group, Invocation& invocation, const Action& action) {
  const auto given = std::make_shared<BallotOptions>();
  CLI::App* command = add_command(group, action.text);
  command->add_option("AUTHORITY", given->authority, "Its key, or the id of the node that has it")
      ->required();
  command->add_option("--key", given->keys,
                      "Key files of authorities to vote with (default: all of this machine)");
  if (action.approve) {
    command->add_option("--wait", given->wait, "Until: in-force, decided")
        ->check(CLI::IsMember({"in-force", "decided"}))
        ->capture_default_str();
  }
  command->add_option("--timeout", given->timeout, "How long to wait")->capture_default_str();
  add_node_option(*command, invocation);
  choose(*command, invocation, [&invocation, given, kind = action.kind, approve = action.approve] {
    return change(invocation, *given, kind, approve);
  });
}

}  // namespace

void add_authority_commands(CLI::App& root, Invocation& invocation) {
  using Kind = AuthorityChange::Kind;
  CLI::App* group =
      add_group(root, {"authority", "Who seals blocks, and changes of that", "aitbc authority ls"});
  CLI::App* ls =
      add_command(*group, {"ls", "The authorities and the change under way", "aitbc authority ls"});
  add_node_option(*ls, invocation);
  choose(*ls, invocation, [&invocation] { return list_authorities(invocation); });
  add_action(*group, invocation,
             {{"add", "Vote for one more authority", "aitbc authority add 4"}, Kind::add, true});
  add_action(*group, invocation,
             {{"rm", "Vote for one authority less", "aitbc authority rm 3"}, Kind::remove, true});

  CLI::App* revoke =
      add_group(*group, {"revoke", "Take approvals back", "aitbc authority revoke add 4"});
  add_action(*revoke, invocation,
             {{"add", "Of an addition", "aitbc authority revoke add 4"}, Kind::add, false});
  add_action(*revoke, invocation,
             {{"rm", "Of a removal", "aitbc authority revoke rm 3"}, Kind::remove, false});
  add_unlock_command(*group, invocation);
}

}  // namespace aitbc::cli
