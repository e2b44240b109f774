#pragma once
// Words put together for people. Any thread.

#include <string>
#include <string_view>
#include <vector>

namespace aitbc {

inline std::string joined(const std::vector<std::string>& words,
                          std::string_view separator = ", ") {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : separator).append(word);
  return text;
}

}  // namespace aitbc
