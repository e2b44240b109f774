#pragma once
// Whether a text has a part. Any thread.

#include <string>
#include <string_view>

namespace aitbc::test {

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace aitbc::test
