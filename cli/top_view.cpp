#include "cli/top_view.hpp"

#include <algorithm>

#include "cli/status_view.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

using SyncKind = SyncState::Kind;
using Lines = std::vector<ScreenLine>;

constexpr std::size_t state_width_min = 18;
constexpr std::size_t name_width_max = 14;
constexpr std::string_view gap = "  ";
constexpr std::string_view unknown = "-";

// Tenths, so that no floating point is needed.
std::string decimal(std::uint64_t tenths) {
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string time_text(Duration duration) {
  if (duration < Duration{1'000}) return std::to_string(duration.count()) + " ms";
  return decimal(static_cast<std::uint64_t>(duration.count()) / 100) + " s";
}

// A second; "-" as long as nothing can be said.
std::string rate_text(const std::optional<TopRates>& rates, std::uint64_t TopRates::*count) {
  if (!rates || rates->window < Duration{1'000}) return std::string(unknown);
  return decimal((*rates).*count * 10'000 / static_cast<std::uint64_t>(rates->window.count()));
}

template <class Number>
std::string number_text(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : std::string(unknown);
}

Style style_of(const TopNode& node) {
  if (!node.report) return Style::dim;
  switch (node.report->state.kind) {
    case SyncKind::in_sync:
      return Style::good;
    case SyncKind::behind:
    case SyncKind::ahead:
    case SyncKind::paused:
      return Style::warn;
    case SyncKind::diverged:
    case SyncKind::unreachable:
    case SyncKind::wrong_genesis:
    case SyncKind::stopped:
      return Style::bad;
  }
  return Style::plain;
}

std::string state_of_node(const TopNode& node) {
  return node.report ? state_text(*node.report) : "not asked yet";
}

std::string peers_text(const TopNode& node) {
  if (!node.report || !node.report->answer) return std::string(unknown);
  const auto& peers = node.report->answer->peers;
  const auto heard = std::count_if(peers.begin(), peers.end(), [](const PeerStatus& peer) {
    return peer.state.kind != SyncKind::unreachable;
  });
  return std::to_string(heard) + "/" + std::to_string(peers.size());
}

std::string mempool_text(const TopNode& node) {
  if (!node.report || !node.report->answer) return std::string(unknown);
  return std::to_string(node.report->answer->mempool_txs);
}

// ---- the nodes ----------------------------------------------------------------------------------

enum class Column { node, site, height, final, lag, peers, mempool, rate, state };

constexpr std::string_view titles[] = {"NODE",  "SITE",    "HEIGHT", "FINAL", "LAG",
                                       "PEERS", "MEMPOOL", "TX/S",   "STATE"};
// Which a narrow screen leaves out, first to last.
constexpr Column dispensable[] = {Column::peers, Column::mempool, Column::rate,
                                  Column::site,  Column::final,   Column::lag};

std::string_view title_of(Column column) { return titles[static_cast<std::size_t>(column)]; }

std::string cell_of(Column column, const TopModel& model, const TopNode& node, Time now) {
  switch (column) {
    case Column::node:
      return node.id.substr(0, name_width_max);
    case Column::site:
      return node.site.substr(0, name_width_max);
    case Column::height:
      return number_text(node.height);
    case Column::final:
      return number_text(node.final_height);
    case Column::lag:
      return number_text(model.lag_of(node));
    case Column::peers:
      return peers_text(node);
    case Column::mempool:
      return mempool_text(node);
    case Column::rate:
      return rate_text(node.rates(now), &TopRates::txs);
    case Column::state:
      return state_of_node(node);
  }
  return {};
}

struct Shown {
  Column column;
  std::size_t width;
};

std::size_t width_of(const std::vector<Shown>& columns) {
  std::size_t width = 0;
  for (const Shown& each : columns) width += each.width + gap.size();
  return width;
}

// Those that the width has room for; the state takes what is left.
std::vector<Shown> columns_for(const TopModel& model, std::size_t width, Time now) {
  std::vector<Shown> columns;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Column::state); ++i) {
    const auto column = static_cast<Column>(i);
    std::size_t widest = title_of(column).size();
    for (const TopNode& node : model.nodes()) {
      widest = std::max(widest, cells_of(cell_of(column, model, node, now)).size());
    }
    columns.push_back({column, widest});
  }
  for (const Column column : dispensable) {
    if (width_of(columns) + state_width_min <= width) break;
    std::erase_if(columns, [&](const Shown& each) { return each.column == column; });
  }
  columns.push_back({Column::state, 0});
  return columns;
}

void add_cell(ScreenLine& line, const Shown& shown, const std::string& text, Style style) {
  const std::size_t begin = line.width();
  const bool is_text = shown.column == Column::node || shown.column == Column::site;
  if (!is_text && shown.column != Column::state) {
    line.pad_to(begin + shown.width - std::min(shown.width, text.size()), style);
  }
  line.add(text, style);
  if (shown.column != Column::state) line.pad_to(begin + shown.width, style).add(gap, style);
}

ScreenLine title_row(const std::vector<Shown>& columns, std::size_t width) {
  ScreenLine line(width);
  for (const Shown& each : columns) {
    add_cell(line, each, std::string(title_of(each.column)), Style::strong);
  }
  return line;
}

ScreenLine node_row(const std::vector<Shown>& columns, const TopModel& model, std::size_t index,
                    std::size_t width, Time now) {
  const TopNode& node = model.nodes()[index];
  const bool chosen = index == model.chosen();
  // What a node said before it fell silent is shown, and not as if it were so now.
  const bool old = node.report && !node.report->answer;
  ScreenLine line(width);
  for (const Shown& each : columns) {
    Style style = old && each.column >= Column::height ? Style::dim : Style::plain;
    if (each.column == Column::state) style = style_of(node);
    add_cell(line, each, cell_of(each.column, model, node, now), chosen ? Style::chosen : style);
  }
  if (chosen) line.pad_to(width, Style::chosen);
  return line;
}

// ---- the lines around ---------------------------------------------------------------------------

// "3 nodes: 2 in_sync, 1 stopped"
std::string count_states(const TopModel& model) {
  std::map<std::string, std::size_t> counts;
  for (const TopNode& node : model.nodes()) {
    const std::string state = node.report ? node.report->state.text() : "not asked yet";
    ++counts[state.substr(0, state.find_first_of(" :"))];
  }
  const std::size_t all = model.nodes().size();
  std::string text = std::to_string(all) + (all == 1 ? " node: " : " nodes: ");
  std::string_view comma;
  for (const auto& [state, count] : counts) {
    text += std::string(comma) + std::to_string(count) + " " + state;
    comma = ", ";
  }
  return text;
}

ScreenLine heading(const TopModel& model, const std::string& what, std::size_t width, Time now) {
  const std::string clock = to_time_of_day(now);
  ScreenLine line(width);
  line.add(" " + model.network() + gap.data() + what, Style::bar);
  if (line.width() + clock.size() + 2 <= width) {
    line.pad_to(width - clock.size() - 1, Style::bar).add(clock, Style::bar);
  }
  return line.pad_to(width, Style::bar);
}

ScreenLine summary(const TopModel& model, std::size_t width, Time now) {
  ScreenLine line(width);
  line.add("head ", Style::dim).add(number_text(model.best()), Style::strong);
  line.add("  final ", Style::dim).add(number_text(model.best_final()), Style::strong);
  const TopNode* const speaker = model.speaker();
  const auto rates = speaker == nullptr ? std::nullopt : speaker->rates(now);
  line.add(gap)
      .add(rate_text(rates, &TopRates::blocks), Style::strong)
      .add(" blocks/s", Style::dim);
  line.add(gap).add(rate_text(rates, &TopRates::txs), Style::strong).add(" tx/s", Style::dim);
  if (rates && rates->to_final) {
    line.add("  final after ", Style::dim).add(time_text(*rates->to_final), Style::strong);
  }
  return line;
}

ScreenLine footer(const TopModel& model, std::size_t width) {
  ScreenLine line(width);
  if (const auto message = model.message()) {
    const bool bad = message->tone == TopModel::Tone::problem;
    const bool asks = message->tone == TopModel::Tone::question;
    return line.add(message->text, bad ? Style::bad : asks ? Style::warn : Style::strong);
  }
  switch (model.view()) {
    case TopModel::View::network:
      return line.add("j/k choose  p pause  r restart  l log  e details  ? help  q quit",
                      Style::dim);
    case TopModel::View::details:
      return line.add("p pause  r restart  l log  Esc back", Style::dim);
    case TopModel::View::log:
      return line.add(model.scroll() == 0 ? "following  k up  Esc back"
                                          : "not following  G to the end  Esc back",
                      Style::dim);
    case TopModel::View::help:
      return line.add("Esc back", Style::dim);
  }
  return line;
}

std::string short_hash(const std::string& hash) { return hash.substr(0, short_hash_digits); }

ScreenLine event_line(const TopModel& model, const NodeEvent& event, std::size_t width) {
  ScreenLine line(width);
  const std::string height = std::to_string(event.height);
  if (event.kind != NodeEvent::Kind::gap) line.add(to_time_of_day(event.time) + " ", Style::dim);
  switch (event.kind) {
    case NodeEvent::Kind::head:
      return line.add("head " + height + "  " + short_hash(event.hash) + "  " +
                      std::to_string(event.tx_count) + (event.tx_count == 1 ? " tx" : " txs") +
                      "  by " + model.sealer(event.proposer));
    case NodeEvent::Kind::final:
      return line.add("final " + height + "  " + short_hash(event.hash), Style::good);
    case NodeEvent::Kind::reorg:
      return line.add("reorg: " + std::to_string(event.rewound) + " rewound, head " + height +
                          "  " + short_hash(event.hash),
                      Style::bad);
    case NodeEvent::Kind::state:
      return line.add("state " + event.state, Style::warn);
    case NodeEvent::Kind::gap:
      return line.add("it may have told more before; its head is " + height, Style::dim);
  }
  return line;
}

// ---- the views ----------------------------------------------------------------------------------

void add_events(Lines& lines, const TopModel& model, ScreenSize size, std::size_t until) {
  const TopNode& node = model.nodes()[model.chosen()];
  const std::size_t room = until - lines.size();
  if (room < 2) return;
  lines.emplace_back(size.columns)
      .add("events of node " + node.id + (node.live ? "" : " (not connected)"), Style::strong);
  const std::size_t count = std::min(room - 1, node.events.size());
  for (std::size_t i = node.events.size() - count; i < node.events.size(); ++i) {
    lines.push_back(event_line(model, node.events[i], size.columns));
  }
}

Lines network_lines(const TopModel& model, ScreenSize size, Time now) {
  Lines lines;
  lines.push_back(heading(model, count_states(model), size.columns, now));
  lines.push_back(summary(model, size.columns, now));
  const auto columns = columns_for(model, size.columns, now);
  lines.push_back(title_row(columns, size.columns));
  const std::size_t until = size.rows > lines.size() + 1 ? size.rows - 1 : lines.size();
  const std::size_t shown = std::min(model.nodes().size(), until - lines.size());
  const std::size_t last = std::max(model.chosen() + 1, shown);
  for (std::size_t i = last - shown; i < last; ++i) {
    lines.push_back(node_row(columns, model, i, size.columns, now));
  }
  add_events(lines, model, size, until);
  return lines;
}

struct Fact {
  std::string name, value;
};

std::vector<Fact> facts_of(const TopModel& model, const TopNode& node, Time now) {
  std::vector<Fact> facts{{"site", node.site}, {"url", node.url}, {"state", state_of_node(node)}};
  if (node.report && node.report->process) {
    facts.push_back({"process", std::string(name(*node.report->process))});
  }
  if (node.report && !node.report->detail.empty()) facts.push_back({"why", node.report->detail});
  facts.push_back({"height", number_text(node.height) + "  " + node.head});
  facts.push_back({"final", number_text(node.final_height)});
  facts.push_back({"lag", number_text(model.lag_of(node))});
  const auto rates = node.rates(now);
  facts.push_back({"blocks/s", rate_text(rates, &TopRates::blocks)});
  facts.push_back({"tx/s", rate_text(rates, &TopRates::txs)});
  if (rates && rates->to_final) facts.push_back({"final after", time_text(*rates->to_final)});
  if (!node.answer) return facts;
  const NodeStatus& said = *node.answer;
  facts.push_back({"authority", said.authority ? said.authority->hex() : "none"});
  facts.push_back({"justified", std::to_string(said.justified.height)});
  facts.push_back({"state root", hash_text(said.state_root)});
  facts.push_back({"mempool", std::to_string(said.mempool_txs)});
  facts.push_back(
      {"sealed", std::to_string(said.blocks_sealed) + " since " + to_iso(said.started)});
  facts.push_back({"reorgs", std::to_string(said.reorgs) + ", the deepest of " +
                                 std::to_string(said.reorg_depth_max)});
  facts.push_back({"evidence", std::to_string(said.evidence)});
  if (said.clock_offset) {
    facts.push_back({"clock", std::to_string(said.clock_offset->count()) + " ms from the others"});
  }
  for (const PeerStatus& peer : said.peers) {
    const std::string trip =
        peer.round_trip ? std::to_string(peer.round_trip->count()) + " ms" : std::string(unknown);
    facts.push_back({"peer " + (peer.node_id.empty() ? "?" : peer.node_id),
                     peer.state.text() + "  " + trip + "  " + peer.url + "  " + peer.last_error});
  }
  return facts;
}

Lines detail_lines(const TopModel& model, std::size_t width, Time now) {
  constexpr std::size_t name_width = 14;
  Lines lines;
  for (const Fact& fact : facts_of(model, model.nodes()[model.chosen()], now)) {
    const std::string value = cells_of(fact.value);
    ScreenLine& line = lines.emplace_back(width);
    line.add(fact.name.substr(0, name_width - 1), Style::dim).pad_to(name_width);
    line.add(value, fact.name == "state" ? style_of(model.nodes()[model.chosen()]) : Style::plain);
  }
  return lines;
}

Lines help_lines(std::size_t width) {
  constexpr std::pair<std::string_view, std::string_view> rows[] = {
      {"up, k / down, j", "choose a node; in other views scroll"},
      {"Home, g / End, G", "the first, the last"},
      {"p", "freeze the node, or let it go on (aitbc node pause, resume)"},
      {"r", "stop and start the node; asks first (aitbc node restart)"},
      {"l", "follow its log (aitbc logs -f); left, right: sideways"},
      {"e, Enter", "all that is known of it"},
      {"Esc, q", "back"},
      {"q, control-C", "leave; control-Z leaves for a while"},
      {"", ""},
      {"HEIGHT, FINAL", "its head, and up to where its chain never changes"},
      {"LAG", "blocks that the highest node has more"},
      {"PEERS", "those that it hears, of all it follows"},
      {"MEMPOOL", "transactions that wait at it"},
      {"TX/S", "that came into its chain, in the last minute"},
      {"final after", "from head to final: half of the last minute's blocks took less"},
      {"dim", "said by a node that does not answer now"},
  };
  Lines lines;
  for (const auto& [key, text] : rows) {
    lines.emplace_back(width).add(key, Style::strong).pad_to(18).add(text);
  }
  return lines;
}

// Lines `first` on, as many as there is room for, below a heading.
TopPicture page_of(const TopModel& model, const std::string& what, const Lines& all,
                   ScreenSize size, Time now) {
  TopPicture picture{{size, {heading(model, what, size.columns, now)}}, 0};
  const std::size_t room = size.rows > 2 ? size.rows - 2 : 0;
  picture.scroll_max = all.size() - std::min(all.size(), room);
  const std::size_t scroll = std::min(model.scroll(), picture.scroll_max);
  const std::size_t begin =
      model.view() == TopModel::View::log ? picture.scroll_max - scroll : scroll;
  const std::size_t end = std::min(all.size(), begin + room);
  for (std::size_t i = begin; i < end; ++i) picture.screen.lines.push_back(all[i]);
  return picture;
}

Lines log_lines(const TopModel& model, std::size_t width) {
  Lines lines;
  for (const std::string& text : model.log()) {
    const std::string cells = cells_of(text);
    lines.emplace_back(width).add(cells.substr(std::min(model.shift(), cells.size())));
  }
  return lines;
}

TopPicture body_of(const TopModel& model, ScreenSize size, Time now) {
  const std::string node = "node " + model.nodes()[model.chosen()].id;
  switch (model.view()) {
    case TopModel::View::network:
      return {{size, network_lines(model, size, now)}, 0};
    case TopModel::View::details:
      return page_of(model, node, detail_lines(model, size.columns, now), size, now);
    case TopModel::View::log:
      return page_of(model, "log of " + node, log_lines(model, size.columns), size, now);
    case TopModel::View::help:
      return page_of(model, "help", help_lines(size.columns), size, now);
  }
  return {};
}

}  // namespace

TopPicture draw(const TopModel& model, ScreenSize size, Time now) {
  TopPicture picture = body_of(model, size, now);
  Lines& lines = picture.screen.lines;
  lines.resize(size.rows, ScreenLine(size.columns));
  if (size.rows > 0) lines.back() = footer(model, size.columns);
  return picture;
}

}  // namespace aitbc::cli
