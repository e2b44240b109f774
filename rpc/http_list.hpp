#pragma once
// The parts of an HTTP field that holds a list (RFC 9110, 5.6.1). Pure.

#include <algorithm>
#include <string_view>

namespace aitbc::rpc {

inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The text up to the mark, which is taken off together with it.
inline std::string_view next_part(std::string_view& text, char mark) {
  const std::size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part);
}

}  // namespace aitbc::rpc
