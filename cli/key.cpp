#include "cli/key.hpp"

#include <optional>

namespace aitbc::cli {

namespace {

constexpr char escape = 0x1b;
constexpr std::size_t sequence_bytes_max = 32;

struct Named {
  std::string_view sequence;
  Key::Name name;
};
// After the escape and the "[" or "O".
constexpr Named key_names[] = {
    {"A", Key::Name::up},         {"B", Key::Name::down},  {"C", Key::Name::right},
    {"D", Key::Name::left},       {"H", Key::Name::home},  {"F", Key::Name::end},
    {"1~", Key::Name::home},      {"4~", Key::Name::end},  {"5~", Key::Name::page_up},
    {"6~", Key::Name::page_down}, {"7~", Key::Name::home}, {"8~", Key::Name::end},
};

std::optional<Key> single(char byte) {
  if (byte >= 0x20 && byte < 0x7f) return Key{Key::Name::character, byte};
  switch (byte) {
    case '\r':
    case '\n':
      return Key{Key::Name::enter};
    case 0x03:
      return Key{Key::Name::interrupt};
    case 0x0c:
      return Key{Key::Name::redraw};
    case 0x1a:
      return Key{Key::Name::suspend};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<Key> KeyReader::read(std::string_view bytes) {
  std::vector<Key> keys;
  for (const char byte : bytes) take(byte, keys);
  return keys;
}

std::vector<Key> KeyReader::give_up() {
  std::vector<Key> keys;
  if (sequence_ == std::string_view(&escape, 1)) keys.push_back({Key::Name::escape});
  sequence_.clear();
  return keys;
}

void KeyReader::take(char byte, std::vector<Key>& keys) {
  if (byte == escape) {
    // The one before it was a key of its own.
    for (const Key& key : give_up()) keys.push_back(key);
    sequence_ = escape;
    return;
  }
  if (sequence_.empty()) {
    if (const auto key = single(byte)) keys.push_back(*key);
    return;
  }
  sequence_ += byte;
  if (sequence_.size() == 2) {
    // With any other byte it was a key with Alt held down.
    if (byte != '[' && byte != 'O') sequence_.clear();
    return;
  }
  const bool goes_on = byte < 0x40 && sequence_.size() < sequence_bytes_max;
  if (goes_on) return;
  for (const Named& named : key_names) {
    if (named.sequence == std::string_view(sequence_).substr(2)) keys.push_back({named.name});
  }
  sequence_.clear();
}

}  // namespace aitbc::cli
