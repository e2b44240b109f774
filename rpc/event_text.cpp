#include "rpc/event_text.hpp"

namespace aitbc::rpc {

void EventReader::begin() {
  line_.clear();
  event_ = {};
}

Result<std::vector<ToldEvent>> EventReader::read(std::string_view bytes) {
  std::vector<ToldEvent> events;
  for (std::size_t end; (end = bytes.find('\n')) != std::string_view::npos;
       bytes.remove_prefix(end + 1)) {
    line_ += bytes.substr(0, end);
    if (line_.ends_with('\r')) line_.pop_back();
    take_line(line_, events);
    line_.clear();
  }
  line_ += bytes;
  if (line_.size() + event_.data.size() > event_bytes_max) {
    return error(Errc::too_large, "an event of the node is longer than " +
                                      std::to_string(event_bytes_max) + " bytes");
  }
  return events;
}

void EventReader::take_line(std::string_view line, std::vector<ToldEvent>& events) {
  if (line.empty()) {
    // Without data there is no event: what ends here told an id alone.
    if (!event_.data.empty()) events.push_back(event_);
    event_ = {};
    return;
  }
  const std::size_t colon = line.find(':');
  const std::string_view name = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "event") event_.type = value;
  if (name == "id") last_id_ = value;
  if (name == "data") event_.data += (event_.data.empty() ? "" : "\n") + std::string(value);
}

}  // namespace aitbc::rpc
