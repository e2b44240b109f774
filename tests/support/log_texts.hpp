#pragma once
// A log that keeps the text fields of what is written, for tests that look for them. Any thread.

#include <algorithm>
#include <mutex>
#include <vector>

#include "chain/log.hpp"

namespace aitbc::test {

class LogTexts final : public Log {
 public:
  void write(Level, std::string_view event, Fields fields, const Origin&) override {
    const std::lock_guard lock(mutex_);
    for (const Field& field : fields) {
      if (const auto* text = std::get_if<std::string>(&field.value)) {
        lines_.push_back({std::string(event), std::string(field.name), *text});
      }
    }
  }
  bool has(const std::string& event, const std::string& field, const std::string& text) {
    const std::lock_guard lock(mutex_);
    return std::find(lines_.begin(), lines_.end(), Line{event, field, text}) != lines_.end();
  }

 private:
  struct Line {
    std::string event;
    std::string field;
    std::string text;
    bool operator==(const Line&) const = default;
  };
  std::mutex mutex_;
  std::vector<Line> lines_;
};

}  // namespace aitbc::test
