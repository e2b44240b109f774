#pragma once
// Server-sent events as a client reads them (WHATWG HTML, 9.2), out of pieces of any size. Its id
// is remembered over connections, so that the next one goes on from there. One thread.

#include <string>
#include <string_view>
#include <vector>

#include "chain/core/result.hpp"
#include "chain/core/time.hpp"

namespace aitbc::rpc {

inline constexpr std::size_t event_bytes_max = 256 * 1024;
inline constexpr Duration events_silence_max{45'000};  // three signs of life were not heard

struct ToldEvent {
  std::string type;
  std::string data;  // JSON
};

class EventReader {
 public:
  // Of another connection: half an event is forgotten, the id is not.
  void begin();
  // The events that are whole now. too_large for one of more than event_bytes_max.
  Result<std::vector<ToldEvent>> read(std::string_view bytes);
  // Of the last event; empty before the first.
  const std::string& last_id() const { return last_id_; }

 private:
  void take_line(std::string_view line, std::vector<ToldEvent>& events);

  std::string line_;  // the part of it that has come
  ToldEvent event_;
  std::string last_id_;
};

}  // namespace aitbc::rpc
