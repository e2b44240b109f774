#pragma once
// What `aitbc top` knows: the nodes as they were heard and asked, and where in its views the person
// is. News and keys go in; what is wanted done comes out, and top_view.hpp says what is shown. Pure
// but for the time, which is an argument; one thread.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/key.hpp"
#include "cli/node_event.hpp"
#include "sites/checks.hpp"

namespace aitbc::cli {

inline constexpr Duration rates_window{60'000};

// What went into the chain of a node within the last rates_window, or since it is listened to.
struct TopRates {
  Duration window{0};
  std::uint64_t blocks = 0;
  std::uint64_t txs = 0;
  // From head to final, by that node's clock: half of the blocks took no longer.
  std::optional<Duration> to_final;
};

// One node. What it said last stays when it does not answer any more.
struct TopNode {
  std::string id, site, url;
  std::optional<sites::NodeReport> report;  // of the last round of questions
  std::optional<NodeStatus> answer;         // its last
  std::optional<Height> height, final_height;
  std::string head;              // its hash
  bool live = false;             // it is being listened to
  bool told = false;             // by what it tells its height is known, sooner than by asking
  std::deque<NodeEvent> events;  // the newest

  std::optional<TopRates> rates(Time now) const;
  // These in addition to setting what is above.
  void hear(const NodeEvent& event, Time now);
  void listen(bool open, Time now);

 private:
  struct Sealed {
    Time at;
    std::uint64_t txs = 0;
  };
  struct Finished {
    Time at;
    Duration took{0};
  };
  void forget_before(Time begin);

  std::string state_;  // its own word, as it told it last

  std::optional<Time> since_;  // what follows is counted from then on
  std::deque<Sealed> sealed_;
  std::deque<Finished> finished_;
  std::map<Height, Time> not_final_;
};

// What a person wants done that the model cannot do.
struct TopWish {
  enum class What { nothing, quit, suspend, redraw, pause, resume, restart };
  What what = What::nothing;
  std::string node = {};
  bool operator==(const TopWish&) const = default;
};

// What came in.
struct StatusNews {
  Result<sites::NetworkStatus> status;
};
struct StreamNews {
  std::string node;
  bool open = false;
};
struct EventNews {
  std::string node;
  NodeEvent event;
};
struct LogNews {
  std::string node;
  Result<std::vector<std::string>> lines;
};
struct DoneNews {
  TopWish wish;
  Status outcome;
};
using TopNews = std::variant<StatusNews, StreamNews, EventNews, LogNews, DoneNews>;

class TopModel {
 public:
  enum class View { network, details, log, help };
  enum class Tone { told, question, problem };
  struct Message {
    Tone tone = Tone::told;
    std::string text;
  };

  // `nodes` in the order of the network file, with their names; there is at least one.
  TopModel(std::string network, std::string chain_id, std::vector<TopNode> nodes);

  void take(const TopNews& news, Time now);
  // What it asks for is under way from here on, until DoneNews tells of it.
  TopWish press(const Key& key);
  // How far can be scrolled, which only who draws knows.
  void fit(std::size_t scroll_max);

  const std::string& network() const { return network_; }
  const std::string& chain_id() const { return chain_id_; }
  const std::vector<TopNode>& nodes() const { return nodes_; }
  std::size_t chosen() const { return chosen_; }
  View view() const { return view_; }
  std::size_t scroll() const { return scroll_; }  // lines; of the log from its end, else the begin
  std::size_t shift() const { return shift_; }    // columns to the left
  const std::deque<std::string>& log() const { return log_; }
  // Whose log is being read; empty: nobody's.
  const std::string& followed() const { return followed_; }
  std::optional<Message> message() const;
  const std::optional<TopWish>& under_way() const { return under_way_; }

  // Of all nodes on this network's genesis.
  std::optional<Height> best() const;
  std::optional<Height> best_final() const;
  std::optional<Height> lag_of(const TopNode& node) const;
  // The first node in sync that is listened to: what it tells stands for the network.
  const TopNode* speaker() const;
  // Who seals with that key.
  std::string sealer(const std::string& key) const;

 private:
  void take_news(const StatusNews& news, Time now);
  void take_news(const StreamNews& news, Time now);
  void take_news(const EventNews& news, Time now);
  void take_news(const LogNews& news, Time now);
  void take_news(const DoneNews& news, Time now);
  TopNode* find(const std::string& id);

  TopWish press_on_node(const Key& key);
  TopWish begin(TopWish wish);
  void choose(const Key& key);
  void scroll_by(const Key& key);
  void open(View view);

  const std::string network_, chain_id_;
  std::vector<TopNode> nodes_;
  std::size_t chosen_ = 0;
  View view_ = View::network;
  std::size_t scroll_ = 0, shift_ = 0;
  std::string followed_;
  std::deque<std::string> log_;
  std::optional<TopWish> question_;   // to be answered by y or n
  std::optional<TopWish> under_way_;  // only one at a time
  std::optional<Message> message_;    // until the next key
  std::string trouble_;               // why the last round failed; empty: it did not
};

}  // namespace aitbc::cli
