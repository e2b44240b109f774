#pragma once
// The log as this project sees it: an event name (a constant, snake_case) and typed fields. One
// implementation (cli/log.cpp) writes JSON lines; tests and the simulator collect or drop them.
// Implementations are thread-safe and never throw.

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace aitbc {

// The line that writes. As a default argument it is the caller's.
struct LogOrigin {
  const char* file = __builtin_FILE();
  const char* function = __builtin_FUNCTION();
  unsigned line = __builtin_LINE();
};

class Log {
 public:
  enum class Level { debug, info, warn, error };
  using Value = std::variant<std::int64_t, std::uint64_t, bool, std::string>;

  struct Field {
    std::string_view name;
    Value value;

    Field(std::string_view field, std::string text) : name(field), value(std::move(text)) {}
    Field(std::string_view field, const char* text) : name(field), value(std::string(text)) {}
    Field(std::string_view field, std::string_view text) : name(field), value(std::string(text)) {}
    Field(std::string_view field, bool flag) : name(field), value(flag) {}
    template <class Integer>
    requires std::signed_integral<Integer> Field(std::string_view field, Integer number)
        : name(field), value(std::int64_t{number}) {}
    template <class Integer>
    requires std::unsigned_integral<Integer> &&
        (!std::same_as<Integer, bool>)Field(std::string_view field, Integer number)
        : name(field), value(std::uint64_t{number}) {}
  };
  // A name with points stands for a field of an object: "audit.user_id".
  using Fields = std::initializer_list<Field>;

  using Origin = LogOrigin;

  virtual ~Log() = default;
  virtual void write(Level level, std::string_view event, Fields fields, const Origin& origin) = 0;

  void debug(std::string_view event, Fields fields = {}, const Origin& origin = {}) {
    write(Level::debug, event, fields, origin);
  }
  void info(std::string_view event, Fields fields = {}, const Origin& origin = {}) {
    write(Level::info, event, fields, origin);
  }
  void warn(std::string_view event, Fields fields = {}, const Origin& origin = {}) {
    write(Level::warn, event, fields, origin);
  }
  void error(std::string_view event, Fields fields = {}, const Origin& origin = {}) {
    write(Level::error, event, fields, origin);
  }
};

// Drops everything.
class NullLog final : public Log {
 public:
  void write(Level, std::string_view, Fields, const Origin&) override {}
};

}  // namespace aitbc
