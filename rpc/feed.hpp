#pragma once
// What happens on the node, as texts for those who listen. There is one source, the node's journal,
// in which each listener has a position of its own; one that falls behind what the journal keeps is
// told so and ends. A text is made once for all listeners of its form. Any number of threads.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/mutex.hpp"
#include "rpc/event_source.hpp"
#include "rpc/node.hpp"

namespace aitbc::rpc {

class Feed {
 public:
  // The predecessor's messages: blocks as they become canonical, transactions as they are first
  // seen, pending or in a block.
  enum class News { blocks, transactions };

  // Server-sent events: of which types, and of transactions only those that name an address.
  struct Choice {
    static constexpr std::size_t types = std::variant_size_v<Event::What>;
    std::array<bool, types> type{};
    std::optional<Address> address;
    std::string after = {};  // the id that was received last; empty: what happens from now on
  };
  // "head,final" and so on; bad_request names those that there are.
  static Result<decltype(Choice::type)> parse_types(std::string_view);

  // The node outlives it, and it its listeners.
  explicit Feed(Node& node) : node_(node), instance_(node.status()->instance) {}

  std::shared_ptr<EventSource> listen(News);
  std::shared_ptr<EventSource> listen(Choice);

 private:
  enum class Form { blocks, transactions, events };
  class Listener;
  class NewsListener;
  class EventListener;
  struct Text {
    Event::Number number = 0;
    std::string text;
  };

  std::string text_of(Form, const Event&);
  std::string make(Form, const Event&) const;
  std::string id_of_event(Event::Number) const;

  Node& node_;
  const std::string instance_;  // ids of its events are good for no other
  Mutex mutex_;
  // The newest texts of each form, each at its number modulo their count.
  std::array<std::vector<Text>, 3> texts_ AITBC_GUARDED_BY(mutex_);
};

}  // namespace aitbc::rpc
