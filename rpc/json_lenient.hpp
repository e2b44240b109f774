#pragma once
// Bodies of the predecessor's tools, read as its framework did: numbers may be text or have ".0",
// fields that nobody knows are ignored, and all that is wrong is told at once, as a list. Pure; a
// value is used by one thread and borrows the body.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/errors.hpp"
#include "rpc/json.hpp"

namespace aitbc::rpc {

// ASCII letters alone: types are compared so.
std::string upper(std::string text);

class LenientReader {
 public:
  // `path` is where the object stands in the body; one that is none is a fault of its own.
  explicit LenientReader(const Json& object, std::vector<std::string> path = {});

  bool has(std::string_view name) const;  // and is not null
  // The first of the names that is there. A fault if it is none, or of another type; what is
  // returned then means nothing.
  std::string text(std::initializer_list<std::string_view> names);
  std::string text_or(std::string_view name, std::string fallback);
  std::uint64_t whole(std::initializer_list<std::string_view> names, IntegerRange range);
  std::uint64_t whole_or(std::string_view name, std::uint64_t fallback, IntegerRange range);
  const Json* object(std::string_view name);  // null unless it is one

  void fault(std::string_view type, std::string_view name, std::string msg);
  // Also of the readers of its nested objects, which take_faults() adds.
  const std::vector<Invalid>& faults() const { return faults_; }
  void take_faults(const LenientReader& nested);

 private:
  const Json* find(std::initializer_list<std::string_view> names, std::string_view& found);

  const Json* object_;
  std::vector<std::string> path_;
  std::vector<Invalid> faults_;
};

}  // namespace aitbc::rpc
