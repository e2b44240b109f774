#pragma once
// A phrase of BIP-39: 128 to 256 random bits as 12 to 24 words of the standard's English list, with
// a checksum in the last word. Pure functions and plain values; any thread.

#include <span>
#include <string_view>

#include "cli/secret_text.hpp"

namespace aitbc::cli {

inline constexpr std::size_t phrase_list_size = 2'048;
inline constexpr std::size_t phrase_words_max = 24;

// The list of BIP-39, ascending: a word's place in it is what it stands for.
std::span<const std::string_view, phrase_list_size> phrase_list();

class Phrase {
 public:
  // 16, 20, 24, 28 or 32 bytes.
  explicit Phrase(ByteView entropy);
  // What somebody typed: any blanks between the words, any case. bad_config names the word that is
  // not of the list, with its place and those that are near, or says that the checksum is wrong.
  static Result<Phrase> parse(std::string_view typed);
  ~Phrase() { wipe(places_.data(), sizeof places_); }
  Phrase(Phrase&& other) noexcept { *this = std::move(other); }
  Phrase& operator=(Phrase&& other) noexcept;
  Phrase(const Phrase&) = delete;
  Phrase& operator=(const Phrase&) = delete;

  std::size_t size() const { return size_; }
  std::string_view word(std::size_t index) const { return phrase_list()[places_[index]]; }
  SecretText text() const;  // one blank between two words

  // Whether `typed` is this phrase; bad_config says which word is the first that is not.
  Status confirm(std::string_view typed) const;

 private:
  Phrase() = default;

  std::array<std::uint16_t, phrase_words_max> places_{};  // in the list
  std::size_t size_ = 0;
};

// How many words there are, typed as parse() takes them.
std::size_t count_words(std::string_view typed);

}  // namespace aitbc::cli
