#include "cli/scenario.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"
#include "cli/number.hpp"
#include "sites/document.hpp"
#include "sites/yaml.hpp"

namespace aitbc::cli {

namespace {

using sites::Mapping;
using sites::Value;
using Kind = ScenarioStep::Kind;

constexpr std::uint16_t usual_port = 8082;

Result<Duration> as_duration(const Value& at) {
  AITBC_TRY_ASSIGN(const std::string text, sites::as_text(at));
  const auto duration = parse_duration(text, "");
  if (!duration || *duration > limits::scenario_wait_max) {
    return sites::wrong(at, "a time of at most 10m, e.g. 500ms or 30s");
  }
  return *duration;
}

auto integer_up_to(std::uint64_t max) {
  return [max](const Value& at) { return sites::as_integer(at, {0, max}); };
}

template <class T>
auto maybe(Result<T> (*read)(const Value&)) {
  return [read](const Value& at) -> Result<std::optional<T>> {
    AITBC_TRY_ASSIGN(T value, read(at));
    return std::optional<T>(std::move(value));
  };
}

Result<std::uint64_t> as_count(const Value& at) { return sites::as_integer(at, {}); }

// ---- the network --------------------------------------------------------------------------------

// So many nodes at each site, all of them authorities; they are numbered from 1 on.
Status parse_sites(const Value& at, sites::Manifest& network) {
  AITBC_TRY_ASSIGN(const Mapping map, Mapping::open(at));
  int id = 0;
  for (const std::string& name : map.keys()) {
    sites::Manifest::Site site;
    site.name = name;
    AITBC_TRY_ASSIGN(const std::uint64_t nodes,
                     sites::as_integer(*map.find(name), {1, limits::network_nodes_max}));
    for (std::uint64_t i = 0; i < nodes; ++i) {
      sites::Manifest::Node node;
      node.id = std::to_string(++id);
      node.port = usual_port;
      site.nodes.push_back(std::move(node));
    }
    network.sites.push_back(std::move(site));
  }
  if (network.sites.empty() || network.node_count() > limits::network_nodes_max) {
    return sites::wrong(
        at, "sites with 1 to " + std::to_string(limits::network_nodes_max) + " nodes together");
  }
  return ok();
}

Status parse_network(const Value& at, sites::Manifest& network) {
  if (at.is_scalar()) {
    const auto text = sites::network_template(at.text());
    if (!text) return sites::wrong(at, "sites with their nodes, or the name of a template");
    AITBC_TRY_ASSIGN(network, sites::parse_manifest(*text, at.text()));
    return ok();
  }
  AITBC_TRY_ASSIGN(const Mapping map, Mapping::open(at, {"sites", "quorum", "slot", "poll",
                                                         "poll_only", "log_level"}));
  AITBC_TRY_ASSIGN(const Value* where, map.need("sites"));
  AITBC_TRY(parse_sites(*where, network));
  std::string quorum(name(network.chain.quorum));
  AITBC_TRY(map.optional("quorum", quorum, [](const Value& value) {
    return sites::as_word(value, {"majority", "bft"});
  }));
  if (quorum == name(Quorum::bft)) network.chain.quorum = Quorum::bft;
  const auto seconds = [](const Value& value) -> Result<Duration> {
    AITBC_TRY_ASSIGN(const Duration duration, as_duration(value));
    if (duration.count() >= 1'000 && duration.count() % 1'000 == 0) return duration;
    return sites::wrong(value, "whole seconds, e.g. 2s");
  };
  AITBC_TRY(map.optional("slot", network.features.block_interval, seconds));
  network.features.tail_guard = network.features.block_interval / 4;
  AITBC_TRY(map.optional("poll", network.features.sync_interval, seconds));
  AITBC_TRY(map.optional("poll_only", network.features.poll_only, sites::as_boolean));
  return map.optional("log_level", network.features.log_level, [](const Value& value) {
    return sites::as_word(value, {"debug", "info", "warn", "error"});
  });
}

// ---- steps --------------------------------------------------------------------------------------

struct Word {
  const char* key;
  Kind kind;
};
constexpr Word words[] = {
    {"run", Kind::run},       {"shell", Kind::shell},       {"wait", Kind::wait},
    {"expect", Kind::expect}, {"no_final", Kind::no_final}, {"traffic", Kind::traffic},
    {"sleep", Kind::sleep},   {"check", Kind::check},       {"measure", Kind::measure},
};

class StepReader {
 public:
  explicit StepReader(const sites::Manifest& network) : network_(network) {}

  Result<ScenarioStep> read(const Value& at);

 private:
  Status read_command(const Value& at);
  Status read_condition(const Value& at);
  Status read_traffic(const Value& at);
  Status read_time(const Value& at);
  Status read_bounds(const Value& at);
  Status read_main(const Value& at);

  const sites::Manifest& network_;
  ScenarioStep step_;
};

Status StepReader::read_command(const Value& at) {
  AITBC_TRY_ASSIGN(step_.text, sites::as_text(at));
  if (step_.kind == Kind::shell) return ok();
  const auto split = split_words(step_.text);
  if (!split || split->empty()) return sites::wrong(at, "the words of a command, quotes closed");
  step_.words = *split;
  if (step_.words.front() == "aitbc" || step_.words.front() == "test") {
    return sites::wrong(at, "a command of aitbc without its name, and no test");
  }
  return ok();
}

Status StepReader::read_condition(const Value& at) {
  AITBC_TRY_ASSIGN(step_.text, sites::as_text(at));
  const auto expression = parse_expression(step_.text);
  if (!expression) return sites::bad(at, expression.error().detail);
  std::vector<std::string> ids;
  for (const auto& site : network_.sites) {
    for (const auto& node : site.nodes) ids.push_back(node.id);
  }
  if (const Status known = check_scopes(*expression, ids); !known) {
    return sites::bad(at, known.error().detail);
  }
  return ok();
}

Status StepReader::read_traffic(const Value& at) {
  if (at.is_scalar()) {
    AITBC_TRY(sites::as_word(at, {"stop"}));
    step_.kind = Kind::still;
    step_.text = "stop";
    return ok();
  }
  AITBC_TRY_ASSIGN(const Mapping map, Mapping::open(at, {"every", "through"}));
  AITBC_TRY(map.optional("every", step_.traffic.every, as_duration));
  if (step_.traffic.every < Duration{1}) return sites::wrong(*map.find("every"), "1ms or more");
  step_.text = "a payment every " + std::to_string(step_.traffic.every.count()) + "ms";
  const Value* through = map.find("through");
  if (through == nullptr) return ok();
  AITBC_TRY_ASSIGN(const auto items, sites::as_list(*through, limits::network_nodes_max));
  for (const Value& item : items) {
    if (!item.is_scalar() || network_.find(item.text()) == nullptr) {
      return sites::wrong(item, "a node of the network");
    }
    step_.traffic.through.push_back(item.text());
    step_.text += (step_.traffic.through.size() == 1 ? " through " : ", ") + item.text();
  }
  return ok();
}

Status StepReader::read_time(const Value& at) {
  AITBC_TRY_ASSIGN(step_.within, as_duration(at));
  step_.text = at.text();
  return ok();
}

Status StepReader::read_bounds(const Value& at) {
  AITBC_TRY_ASSIGN(const Mapping map,
                   Mapping::open(at, {"acknowledged", "included_p95", "final_p95", "orphans",
                                      "reorgs", "refused"}));
  FigureBounds& bounds = step_.bounds;
  AITBC_TRY(map.optional("acknowledged", bounds.acknowledged, maybe(as_count)));
  AITBC_TRY(map.optional("included_p95", bounds.included_p95, maybe(as_duration)));
  AITBC_TRY(map.optional("final_p95", bounds.final_p95, maybe(as_duration)));
  AITBC_TRY(map.optional("orphans", bounds.orphans, maybe(as_count)));
  AITBC_TRY(map.optional("reorgs", bounds.reorgs, maybe(as_count)));
  AITBC_TRY(map.optional("refused", bounds.refused, maybe(as_count)));
  for (const std::string& key : map.keys()) {
    step_.text += (step_.text.empty() ? "" : ", ") + key + " " + map.find(key)->text();
  }
  return ok();
}

Status StepReader::read_main(const Value& at) {
  switch (step_.kind) {
    case Kind::run:
    case Kind::shell:
      return read_command(at);
    case Kind::wait:
    case Kind::expect:
      return read_condition(at);
    case Kind::traffic:
    case Kind::still:
      return read_traffic(at);
    case Kind::no_final:
    case Kind::sleep:
      return read_time(at);
    case Kind::check: {
      AITBC_TRY_ASSIGN(step_.text, sites::as_word(at, {"all"}));
      return ok();
    }
    case Kind::measure:
      return read_bounds(at);
  }
  return ok();
}

Result<ScenarioStep> StepReader::read(const Value& at) {
  AITBC_TRY_ASSIGN(const Mapping map,
                   Mapping::open(at, {"run", "shell", "wait", "expect", "no_final", "traffic",
                                      "sleep", "check", "measure", "within", "exit", "says"}));
  step_ = {};
  step_.where = std::string(at.source) + ":" + std::to_string(at.node->line);
  const Value* main = nullptr;
  for (const Word& word : words) {
    const Value* value = map.find(word.key);
    if (value == nullptr) continue;
    if (main != nullptr) return sites::bad(at, "expected one thing to do, got two");
    main = value;
    step_.kind = word.kind;
  }
  if (main == nullptr) return sites::bad(at, "expected run, wait, expect or another thing to do");
  AITBC_TRY(read_main(*main));
  const bool command = step_.kind == Kind::run || step_.kind == Kind::shell;
  if (!command && (map.find("exit") != nullptr || map.find("says") != nullptr)) {
    return sites::bad(at, "expected exit and says of run and shell alone");
  }
  const bool timed = command || step_.kind == Kind::wait || step_.kind == Kind::measure;
  if (!timed && map.find("within") != nullptr) {
    return sites::bad(at, "expected within of run, shell, wait and measure alone");
  }
  std::uint64_t exit = 0;
  AITBC_TRY(map.optional("exit", exit, integer_up_to(255)));
  step_.exit = static_cast<int>(exit);
  AITBC_TRY(map.optional("says", step_.says, sites::as_text));
  AITBC_TRY(map.optional("within", step_.within, as_duration));
  return step_;
}

}  // namespace

std::optional<std::vector<std::string>> split_words(std::string_view line) {
  std::vector<std::string> found;
  bool inside = false;
  char quote = '\0';
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        found.back() += c;
      }
      continue;
    }
    const bool blank = c == ' ' || c == '\t';
    if (!blank && !inside) found.emplace_back();
    inside = !blank;
    if (c == '\'' || c == '"') {
      quote = c;
    } else if (!blank) {
      found.back() += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return found;
}

bool Scenario::uses(std::string_view command) const {
  return std::any_of(steps.begin(), steps.end(), [&](const ScenarioStep& step) {
    return step.kind == Kind::run && step.words.front() == command;
  });
}

bool Scenario::measures() const {
  return std::any_of(steps.begin(), steps.end(),
                     [](const ScenarioStep& step) { return step.kind == Kind::measure; });
}

Result<Scenario> parse_scenario(const std::string& yaml, const std::string& source_name) {
  AITBC_TRY_ASSIGN(const sites::Document document, sites::read_yaml(yaml, source_name));
  AITBC_TRY_ASSIGN(const Mapping top, Mapping::open({&document, "", source_name},
                                                    {"scenario", "about", "network", "steps"}));
  Scenario scenario;
  AITBC_TRY_ASSIGN(const Value* named, top.need("scenario"));
  if (!named->is_scalar() || !sites::is_network_name(named->text())) {
    return sites::wrong(*named, "1 to 64 of a-z 0-9 - . _ that begin with a letter or digit");
  }
  scenario.name = named->text();
  AITBC_TRY_ASSIGN(const Value* about, top.need("about"));
  AITBC_TRY_ASSIGN(scenario.about, sites::as_text(*about));
  AITBC_TRY_ASSIGN(const Value* network, top.need("network"));
  AITBC_TRY(parse_network(*network, scenario.network));
  scenario.network.network = scenario.name;
  AITBC_TRY_ASSIGN(const Value* steps, top.need("steps"));
  AITBC_TRY_ASSIGN(const auto items, sites::as_list(*steps, limits::scenario_steps_max));
  StepReader reader(scenario.network);
  for (const Value& item : items) {
    AITBC_TRY_ASSIGN(ScenarioStep step, reader.read(item));
    scenario.steps.push_back(std::move(step));
  }
  if (scenario.steps.empty()) return sites::wrong(*steps, "at least one step");
  return scenario;
}

}  // namespace aitbc::cli
