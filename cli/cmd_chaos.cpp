#include <fcntl.h>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "cli/output.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"
#include "sites/chaos.hpp"
#include "sites/command.hpp"
#include "sites/descriptor.hpp"

namespace aitbc::cli {

namespace {

using sites::Chaos;
using sites::Control;
using sites::NodeFault;

struct Given {
  std::vector<std::string> words;  // what stands without an option's name
  std::string lasts = "60s";
  std::optional<std::string> from, to, jitter, offset, drift, delay;
  bool when_due = false;
};
using GivenPtr = std::shared_ptr<Given>;
// Who is told what.
using Plan = std::function<Result<std::vector<NodeFault>>(const sites::Manifest&, const Given&)>;

// Short enough to be typed, and unlike others of this network.
std::string new_id(const std::string& kind) {
  std::array<Byte, 2> bytes{};
  fill_random(bytes);
  return kind + "-" + to_hex(bytes);
}

std::string sentence(const std::string& kind, const Given& given) {
  std::string text = kind;
  for (const std::string& word : given.words) text += " " + word;
  const auto add = [&](const char* option, const std::optional<std::string>& value) {
    if (value) text += std::string(" ") + option + " " + *value;
  };
  add("--jitter", given.jitter);
  add("--from", given.from);
  add("--to", given.to);
  add("--offset", given.offset);
  add("--drift", given.drift);
  add("--delay", given.delay);
  return text.substr(0, limits::fault_text_bytes_max);
}

Result<Chaos::Order> order_of(const std::string& kind, const Given& given) {
  AITBC_TRY_ASSIGN(const Duration lasts, parse_duration(given.lasts, "--for"));
  if (lasts <= Duration{0} || lasts > limits::fault_time_max) {
    return error(Errc::bad_config, "--for: expected more than 0 and at most 24h, got '" +
                                       given.lasts + "'; every fault ends by itself");
  }
  return Chaos::Order{new_id(kind), sentence(kind, given), lasts};
}

std::string texts_json(const std::vector<std::string>& words) {
  rpc::ArrayWriter out;
  for (const std::string& word : words) out.text(word);
  return std::move(out).finish();
}

Verdict report(Invocation& invocation, const Chaos::Order& order,
               const std::vector<std::string>& nodes) {
  const std::string until = to_iso(invocation.clock.now() + order.lasts);
  rpc::ObjectWriter out;
  out.text("id", order.id).text("what", order.what).text("until", until);
  out.json("nodes", texts_json(nodes));
  invocation.output.document(std::move(out).finish());
  invocation.output.line(order.id + ": " + order.what + ", until " + until + ", at " +
                         joined(nodes));
  return Exit::done;
}

// The error of a node that said no is the node's; the rest is ours.
Verdict asked_nodes_said(const Status& outcome) {
  if (outcome) return Exit::done;
  const Category kind = category(outcome.error().code);
  const bool ours = kind == Category::usage || kind == Category::absent;
  return Failure{outcome.error(), ours ? Origin::here : Origin::node};
}

Verdict begin(Invocation& invocation, const std::string& kind, const Given& given,
              const Plan& plan) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const Chaos::Order order, order_of(kind, given));
  AITBC_TRY_ASSIGN(const auto faults, plan(open->manifest(), given));
  const Verdict begun = asked_nodes_said(open->chaos(invocation).begin(order, faults));
  if (!begun) return begun;
  std::vector<std::string> nodes;
  for (const NodeFault& fault : faults) nodes.push_back(fault.node);
  return report(invocation, order, nodes);
}

// ---- killed and paused nodes --------------------------------------------------------------------

// This program again, in a session of its own: it outlives the command and its terminal.
Status start_healer(Invocation& invocation, const OpenNetwork& open, const std::string& id) {
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  AITBC_TRY_ASSIGN(const std::string program, own_program());
  const std::string log = (open.layout().chaos() / "healer.log").string();
  const sites::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const sites::Descriptor output(
      ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!nothing.is_open() || !output.is_open()) return error(Errc::io, "cannot open " + log);
  sites::Spawn how;
  how.argv = {program, "--home", home, "-n",        open.manifest().network,
              "chaos", "heal",   id,   "--when-due"};
  how.in = nothing.get();
  how.out = output.get();
  how.err = output.get();
  how.new_session = true;
  how.directory = "/";
  how.clean_environment = true;
  AITBC_TRY(sites::spawn(how));
  return ok();
}

Verdict strike(Invocation& invocation, const std::string& kind, Control control,
               const Given& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const Chaos::Order order, order_of(kind, given));
  const std::string& node = given.words.front();
  const Status struck = open->chaos(invocation).strike(order, control, node, [&] {
    return start_healer(invocation, *open, order.id);
  });
  if (!struck) return asked_nodes_said(struck);
  return report(invocation, order, {node});
}

Verdict restart(Invocation& invocation, const Given& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(const sites::UpOptions options, start_options(progress, "30s"));
  const std::string& node = given.words.front();
  const Status done = open->chaos(invocation).restart(node, options);
  if (!done) return asked_nodes_said(done);
  progress.finish();
  rpc::ObjectWriter out;
  out.text("node", node).text("result", "restarted").text("state", "running");
  invocation.output.document(std::move(out).finish());
  invocation.output.line("node " + node + " restarted");
  return Exit::done;
}

// ---- what there is ------------------------------------------------------------------------------

Verdict list_faults(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const Chaos::Listed listed, open->chaos(invocation).list());
  rpc::ArrayWriter rows;
  Table table({"ID", "WHAT", "NODES", "UNTIL"});
  for (const Chaos::Active& fault : listed.faults) {
    rpc::ObjectWriter row;
    row.text("id", fault.id).text("what", fault.what).text("kind", fault.kind);
    row.json("nodes", texts_json(fault.nodes)).text("until", to_iso(fault.until));
    rows.json(std::move(row).finish());
    table.add({fault.id, fault.what, joined(fault.nodes), to_iso(fault.until)});
  }
  rpc::ObjectWriter out;
  out.json("faults", std::move(rows).finish()).json("silent", texts_json(listed.silent));
  invocation.output.document(std::move(out).finish());
  invocation.output.line(listed.faults.empty() ? "no faults" : table.text());
  if (!listed.silent.empty()) invocation.output.say("no answer from " + joined(listed.silent));
  return Exit::done;
}

Verdict heal(Invocation& invocation, const Given& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(const sites::UpOptions options, start_options(progress, "30s"));
  Chaos chaos = open->chaos(invocation);
  if (given.when_due) {
    AITBC_TRY(chaos.heal_when_due(given.words.front(), options));
    return Exit::done;
  }
  const auto healed = chaos.heal(given.words, options);
  if (!healed) return asked_nodes_said(healed.error());
  progress.finish();
  rpc::ObjectWriter out;
  out.json("healed", texts_json(*healed));
  invocation.output.document(std::move(out).finish());
  invocation.output.line(healed->empty() ? "no faults" : "healed " + joined(*healed));
  return Exit::done;
}

// ---- plans --------------------------------------------------------------------------------------

Plan one_node(const std::function<Result<decltype(Fault::kind)>(const Given&)>& kind) {
  return [kind](const sites::Manifest& manifest,
                const Given& given) -> Result<std::vector<NodeFault>> {
    AITBC_TRY_ASSIGN(const auto fault, kind(given));
    AITBC_TRY_ASSIGN(const auto nodes, sites::nodes_named(manifest, given.words.back()));
    std::vector<NodeFault> faults;
    for (const std::string& node : nodes) faults.push_back({node, fault});
    return faults;
  };
}

Plan links(const std::function<Result<LinkRule>(const Given&)>& rule_of) {
  return [rule_of](const sites::Manifest& manifest,
                   const Given& given) -> Result<std::vector<NodeFault>> {
    AITBC_TRY_ASSIGN(const LinkRule rule, rule_of(given));
    return sites::on_links(manifest, rule, given.from, given.to);
  };
}

Plan chance(std::uint32_t LinkRule::*field) {
  return links([field](const Given& given) -> Result<LinkRule> {
    LinkRule rule;
    AITBC_TRY_ASSIGN(rule.*field, parse_percent(given.words.front(), "PERCENT"));
    return rule;
  });
}

Result<LinkRule> delay_rule(const Given& given) {
  LinkRule rule;
  AITBC_TRY_ASSIGN(rule.delay, parse_duration(given.words.front(), "DELAY"));
  if (given.jitter) {
    AITBC_TRY_ASSIGN(rule.jitter, parse_duration(*given.jitter, "--jitter"));
  }
  return rule;
}

Result<LinkRule> throttle_rule(const Given& given) {
  LinkRule rule;
  AITBC_TRY_ASSIGN(rule.bytes_per_second, parse_bytes(given.words.front(), "RATE"));
  return rule;
}

Result<decltype(Fault::kind)> clock_kind(const Given& given) {
  ClockFault clock;
  if (given.offset) {
    AITBC_TRY_ASSIGN(clock.offset, parse_signed_duration(*given.offset, "--offset"));
  }
  if (given.drift) {
    AITBC_TRY_ASSIGN(clock.drift_ppm, parse_ppm(*given.drift, "--drift"));
  }
  if (clock == ClockFault{}) {
    return error(Errc::bad_config, "clock: expected --offset, e.g. 2s, or --drift, e.g. 200ppm");
  }
  return decltype(Fault::kind)(clock);
}

Result<decltype(Fault::kind)> disk_kind(const Given& given) {
  const std::string& word = given.words.front();
  if (word != "full" && word != "slow") {
    return error(Errc::bad_config, "disk: expected full or slow, got '" + word + "'");
  }
  if (word == "full") return decltype(Fault::kind)(DiskFault{.full = true});
  AITBC_TRY_ASSIGN(const Duration delay, parse_duration(given.delay.value_or("200ms"), "--delay"));
  return decltype(Fault::kind)(DiskFault{.delay = delay});
}

Result<decltype(Fault::kind)> lie_kind(const Given& given) {
  for (const Lie lie : {Lie::forged_head, Lie::garbage, Lie::withhold}) {
    if (given.words.front() == name(lie)) return decltype(Fault::kind)(lie);
  }
  return error(Errc::bad_config,
               "lie: expected forged-head, garbage or withhold, got '" + given.words.front() + "'");
}

// ---- the command line ---------------------------------------------------------------------------

struct FaultWords {
  const char* name;
  int count;  // 0: one or more
};

CLI::App* add_fault(CLI::App& group, const CommandText& text, const GivenPtr& given,
                    const FaultWords& words) {
  CLI::App* command = add_command(group, text);
  auto* option = command->add_option(words.name, given->words)->required();
  if (words.count > 0) option->expected(words.count);
  command->add_option("--for", given->lasts, "How long; then it heals by itself")
      ->capture_default_str();
  return command;
}

void add_planned(CLI::App& group, Invocation& invocation, const CommandText& text,
                 const FaultWords& words, const Plan& plan,
                 const std::function<void(CLI::App&, Given&)>& options = {}) {
  const auto given = std::make_shared<Given>();
  CLI::App* command = add_fault(group, text, given, words);
  if (options) options(*command, *given);
  choose(*command, invocation, [&invocation, given, plan, kind = std::string(text.name)] {
    return begin(invocation, kind, *given, plan);
  });
}

void add_ends(CLI::App& command, Given& given) {
  command.add_option("--from", given.from, "Only from these nodes or sites (default: all)");
  command.add_option("--to", given.to, "Only to these nodes or sites (default: all)");
}

void add_link_faults(CLI::App& group, Invocation& invocation) {
  add_planned(group, invocation,
              {"partition", "Cut the network in groups of nodes or sites",
               "aitbc chaos partition 1,2 3 --for 60s"},
              {"GROUP", 0}, [](const sites::Manifest& manifest, const Given& given) {
                return sites::partition(manifest, given.words);
              });
  add_planned(group, invocation,
              {"isolate", "Cut nodes off from all others", "aitbc chaos isolate 3 --for 60s"},
              {"NODE", 0}, [](const sites::Manifest& manifest, const Given& given) {
                return sites::isolate(manifest, given.words);
              });
  add_planned(group, invocation,
              {"delay", "Make messages late",
               "aitbc chaos delay 300ms --jitter 50ms --from 1 --to site_c --for 60s"},
              {"DELAY", 1}, links(delay_rule), [](CLI::App& command, Given& given) {
                command.add_option("--jitter", given.jitter, "Up to this much more, by chance");
                add_ends(command, given);
              });
  add_planned(group, invocation, {"loss", "Lose messages", "aitbc chaos loss 10% --for 60s"},
              {"PERCENT", 1}, chance(&LinkRule::loss_ppm), add_ends);
  add_planned(group, invocation,
              {"duplicate", "Send messages twice", "aitbc chaos duplicate 5% --for 60s"},
              {"PERCENT", 1}, chance(&LinkRule::duplicate_ppm), add_ends);
  add_planned(group, invocation,
              {"reorder", "Let messages be overtaken", "aitbc chaos reorder 10% --for 60s"},
              {"PERCENT", 1}, chance(&LinkRule::reorder_ppm), add_ends);
  add_planned(group, invocation,
              {"throttle", "Carry no more bytes a second than this",
               "aitbc chaos throttle 64kB --to 3 --for 60s"},
              {"RATE", 1}, links(throttle_rule), add_ends);
}

void add_node_faults(CLI::App& group, Invocation& invocation) {
  add_planned(group, invocation,
              {"clock", "Set a node's clock wrong, or let it drift",
               "aitbc chaos clock 2 --offset 2s --drift 200ppm --for 60s"},
              {"NODE", 1}, one_node(clock_kind), [](CLI::App& command, Given& given) {
                command.add_option("--offset", given.offset, "Ahead by so much; -2s is behind");
                command.add_option("--drift", given.drift, "Faster by so much; -200ppm is slower");
              });
  add_planned(group, invocation,
              {"disk", "Give a node a full or a slow disk",
               "aitbc chaos disk slow 2 --delay 200ms --for 60s"},
              {"full|slow NODE", 2}, one_node(disk_kind), [](CLI::App& command, Given& given) {
                command.add_option("--delay", given.delay,
                                   "How much longer each commit takes on a slow one "
                                   "(default: 200ms)");
              });
  add_planned(group, invocation,
              {"lie", "Let a node lie to its peers", "aitbc chaos lie forged-head 2 --for 60s"},
              {"forged-head|garbage|withhold NODE", 2}, one_node(lie_kind));
  add_planned(group, invocation,
              {"double-sign", "Let an authority sign second blocks and votes",
               "aitbc chaos double-sign 2 --for 60s"},
              {"NODE", 1},
              one_node([](const Given&) { return decltype(Fault::kind)(DoubleSign{}); }));
}

void add_strikes(CLI::App& group, Invocation& invocation) {
  const auto add = [&](const CommandText& text, Control control) {
    const auto given = std::make_shared<Given>();
    CLI::App* command = add_fault(group, text, given, {"NODE", 1});
    choose(*command, invocation, [&invocation, given, control, kind = std::string(text.name)] {
      return strike(invocation, kind, control, *given);
    });
  };
  add({"kill", "End a node without asking, and start it again later",
       "aitbc chaos kill 2 --for 10s"},
      Control::kill);
  add({"pause", "Freeze a node, and let it go on later", "aitbc chaos pause 2 --for 10s"},
      Control::pause);
  const auto given = std::make_shared<Given>();
  CLI::App* again =
      add_command(group, {"restart", "Stop and start a node", "aitbc chaos restart 2"});
  again->add_option("NODE", given->words, "The node's id")->required()->expected(1);
  choose(*again, invocation, [&invocation, given] { return restart(invocation, *given); });
}

}  // namespace

void add_chaos_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group = add_group(root, {"chaos", "Break a devnet on purpose, for a time",
                                     "aitbc chaos partition 1,2 3 --for 60s"});
  add_link_faults(*group, invocation);
  add_node_faults(*group, invocation);
  add_strikes(*group, invocation);
  CLI::App* ls = add_command(*group, {"ls", "The faults that there are", "aitbc chaos ls"});
  choose(*ls, invocation, [&invocation] { return list_faults(invocation); });
  const auto given = std::make_shared<Given>();
  CLI::App* end = add_command(
      *group, {"heal", "End faults before their time", "aitbc chaos heal partition-3f2a"});
  end->add_option("ID", given->words, "These alone (default: all)");
  end->add_flag("--when-due", given->when_due)->group("");
  choose(*end, invocation, [&invocation, given] { return heal(invocation, *given); });
}

}  // namespace aitbc::cli
