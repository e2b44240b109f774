#include "sites/diagnosis/diagnosis.hpp"

#include <algorithm>

#include "rpc/json.hpp"
#include "sites/diagnosis/order.hpp"

namespace aitbc::sites {

namespace {

constexpr std::size_t last_words_bytes_max = 300;

// The text of a field, if it is there and is one.
std::string text_in(const rpc::Json& line, const char* field) {
  const auto found = line.find(field);
  return found != line.end() && found->is_string() ? found->get<std::string>() : "";
}

void take_event(NodeEnd& end, const rpc::Json& line) {
  const std::string event = text_in(line, "event");
  const std::string detail = text_in(line, "detail");
  if (event == "node_stopped") {
    end = {NodeEnd::How::stopped, "", text_in(line, "signal")};
  } else if (event == "node_failed") {
    end = {NodeEnd::How::failed, text_in(line, "code"), detail};
  } else {
    end = {NodeEnd::How::killed, "", event + (detail.empty() ? "" : ": " + detail)};
  }
}

// News of it may have reached other nodes meanwhile.
bool same_trouble(const Diagnosis& one, const Diagnosis& other) {
  return one.finding == other.finding && one.about == other.about &&
         (one.nodes == other.nodes || share_a_node(one, other));
}

bool passes(const Diagnosis& diagnosis) {
  return findings()[static_cast<std::size_t>(diagnosis.finding)].passing && !diagnosis.follows_from;
}

}  // namespace

// Whatever it logs after its start, it ran; only what it says last tells how it ended.
NodeEnd end_by_log(std::string_view log_tail) {
  NodeEnd end;
  while (!log_tail.empty()) {
    const std::string_view text = log_tail.substr(0, log_tail.find('\n'));
    log_tail.remove_prefix(std::min(text.size() + 1, log_tail.size()));
    const auto line = rpc::parse_json(text);
    if (line && line->is_object() && line->contains("event")) {
      take_event(end, *line);
    } else if (!text.empty() && end.how == NodeEnd::How::killed) {
      end.words = text;  // of a runtime that gives up
    }
  }
  end.words.resize(std::min(end.words.size(), last_words_bytes_max));
  return end;
}

std::vector<Diagnosis> diagnose(const Symptoms& symptoms) {
  std::vector<Clue> clues;
  judge_machines(symptoms, clues);
  if (symptoms.network_asked) {
    judge_nodes(symptoms, clues);
    judge_chain(symptoms, clues);
  }
  return in_order(std::move(clues));
}

bool is_doubtful(std::span<const Diagnosis> all) {
  return std::any_of(all.begin(), all.end(), passes);
}

std::vector<Diagnosis> persisting(std::span<const Diagnosis> before, std::vector<Diagnosis> now) {
  std::vector<std::optional<std::size_t>> place(now.size());  // of each that stays
  std::vector<Diagnosis> kept;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const bool known = std::any_of(before.begin(), before.end(), [&](const Diagnosis& earlier) {
      return same_trouble(earlier, now[i]);
    });
    // What follows from something that was passing itself goes with it.
    const bool orphan = now[i].follows_from && !place[*now[i].follows_from];
    if (orphan || (passes(now[i]) && !known)) continue;
    place[i] = kept.size();
    if (now[i].follows_from) now[i].follows_from = place[*now[i].follows_from];
    kept.push_back(std::move(now[i]));
  }
  return kept;
}

}  // namespace aitbc::sites
