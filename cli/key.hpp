#pragma once
// Keys out of the bytes that a terminal sends (ECMA-48, as xterm has it). Pure; one thread.

#include <string>
#include <string_view>
#include <vector>

namespace aitbc::cli {

struct Key {
  enum class Name {
    character,
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    interrupt,  // control-C
    suspend,    // control-Z
    redraw,     // control-L
  };
  Name name = Name::character;
  char character = 0;  // printable ASCII, of that alone
  bool operator==(const Key&) const = default;
};

class KeyReader {
 public:
  // The keys that are whole now; what is no key of these is left out.
  std::vector<Key> read(std::string_view bytes);
  // An escape has come that may be the key of that name or the begin of another one.
  bool waits() const { return !sequence_.empty(); }
  // Nothing followed: it is the key.
  std::vector<Key> give_up();

 private:
  void take(char byte, std::vector<Key>& keys);

  std::string sequence_;  // from its escape on
};

}  // namespace aitbc::cli
