#include "cli/phrase.hpp"

#include <string>
#include <vector>

namespace aitbc::cli {

namespace {

constexpr unsigned word_bits = 11;
constexpr std::size_t typed_word_bytes_max = 16;  // the longest of the list has eight
constexpr std::size_t offered_max = 3;
constexpr std::size_t offered_distance_max = 2;
constexpr std::string_view blanks = " \t\r\n";

// One word for each 32 bits of entropy has a bit of the checksum.
bool is_size(std::size_t words) { return words >= 12 && words <= 24 && words % 3 == 0; }

// Takes the next word off `rest`; empty at its end.
std::string_view next_word(std::string_view& rest) {
  const std::size_t begin = std::min(rest.find_first_not_of(blanks), rest.size());
  const std::size_t end = std::min(rest.find_first_of(blanks, begin), rest.size());
  const std::string_view word = rest.substr(begin, end - begin);
  rest.remove_prefix(end);
  return word;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view typed, std::string_view word) {
  return std::equal(typed.begin(), typed.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::optional<std::uint16_t> word_place(std::string_view typed) {
  const auto list = phrase_list();
  const auto found = std::find_if(list.begin(), list.end(),
                                  [&](std::string_view word) { return same(typed, word); });
  if (found == list.end()) return std::nullopt;
  return static_cast<std::uint16_t>(found - list.begin());
}

// How many letters must be put in, left out, changed or swapped with the next one.
std::size_t distance(std::string_view typed, std::string_view word) {
  std::vector<std::vector<std::size_t>> cost(typed.size() + 1,
                                             std::vector<std::size_t>(word.size() + 1));
  for (std::size_t t = 0; t <= typed.size(); ++t) {
    for (std::size_t w = 0; w <= word.size(); ++w) {
      if (t == 0 || w == 0) {
        cost[t][w] = t + w;
        continue;
      }
      const auto equal = [&](std::size_t i, std::size_t j) { return lower(typed[i]) == word[j]; };
      cost[t][w] = std::min({cost[t - 1][w] + 1, cost[t][w - 1] + 1,
                             cost[t - 1][w - 1] + (equal(t - 1, w - 1) ? 0 : 1)});
      if (t > 1 && w > 1 && equal(t - 1, w - 2) && equal(t - 2, w - 1)) {
        cost[t][w] = std::min(cost[t][w], cost[t - 2][w - 2] + 1);
      }
    }
  }
  return cost[typed.size()][word.size()];
}

std::string near_words(std::string_view typed) {
  std::string offered;
  for (std::size_t far = 1; far <= offered_distance_max && offered.empty(); ++far) {
    std::size_t count = 0;
    for (const std::string_view word : phrase_list()) {
      if (count == offered_max || distance(typed, word) != far) continue;
      offered += (count++ == 0 ? "" : ", ") + std::string(word);
    }
  }
  return offered;
}

Error unknown_word(std::size_t number, std::string_view typed) {
  typed = typed.substr(0, typed_word_bytes_max);
  const std::string offered = near_words(typed);
  return error(Errc::bad_config, "word " + std::to_string(number) + " of the phrase, '" +
                                     std::string(typed) + "', is not in the list of BIP-39" +
                                     (offered.empty() ? "" : "; near it: " + offered));
}

// The bits of the checksum of so many bytes of entropy, at most eight, at the lower end.
unsigned checksum_of(ByteView entropy) {
  const unsigned first = sha256(entropy).data[0];
  return first >> (8U - entropy.size() / 4);
}

}  // namespace

Phrase::Phrase(ByteView entropy) {
  size_ = entropy.size() / 4 * 3;
  AITBC_CHECK(entropy.size() % 4 == 0 && is_size(size_));
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t next = 0;
  const auto put = [&](std::uint32_t value, unsigned count) {
    bits = bits << count | value;
    held += count;
    if (held < word_bits) return;
    held -= word_bits;
    places_[next++] = static_cast<std::uint16_t>(bits >> held & (phrase_list_size - 1));
  };
  for (const Byte byte : entropy) put(byte, 8);
  put(checksum_of(entropy), static_cast<unsigned>(entropy.size() / 4));
  wipe(&bits, sizeof bits);
}

Result<Phrase> Phrase::parse(std::string_view typed) {
  Phrase phrase;
  std::size_t words = 0;
  for (std::string_view rest = typed;;) {
    const std::string_view word = next_word(rest);
    if (word.empty()) break;
    const auto place = word_place(word);
    if (!place) return unknown_word(words + 1, word);
    if (words < phrase_words_max) phrase.places_[words] = *place;
    ++words;
  }
  if (!is_size(words)) {
    return error(Errc::bad_config,
                 "a phrase has 12, 15, 18, 21 or 24 words, not " + std::to_string(words));
  }
  phrase.size_ = words;
  // The words back to bytes: the entropy, and what must be its checksum.
  Secret<32> entropy;
  const ByteView bytes = ByteView(entropy.bytes()).first(words / 3 * 4);
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < words; ++i) {
    bits = bits << word_bits | phrase.places_[i];
    held += word_bits;
    while (held >= 8 && filled < bytes.size()) {
      held -= 8;
      entropy.bytes()[filled++] = static_cast<Byte>(bits >> held);
    }
  }
  const unsigned checksum = bits & ((1U << held) - 1);
  wipe(&bits, sizeof bits);
  if (checksum != checksum_of(bytes)) {
    return error(Errc::bad_config,
                 "the phrase is wrong: its words do not fit together (the checksum of BIP-39); one "
                 "of them is another word of the list, or their order is another");
  }
  return phrase;
}

Phrase& Phrase::operator=(Phrase&& other) noexcept {
  if (this != &other) {
    places_ = other.places_;
    size_ = other.size_;
    wipe(other.places_.data(), sizeof other.places_);
    other.size_ = 0;
  }
  return *this;
}

SecretText Phrase::text() const {
  SecretText text;
  for (std::size_t i = 0; i < size_; ++i) {
    AITBC_CHECK(text.append(i == 0 ? "" : " ") && text.append(word(i)));
  }
  return text;
}

Status Phrase::confirm(std::string_view typed) const {
  if (const std::size_t words = count_words(typed); words != size_) {
    return error(Errc::bad_config,
                 "expected " + std::to_string(size_) + " words, got " + std::to_string(words));
  }
  for (std::size_t i = 0; i < size_; ++i) {
    if (!same(next_word(typed), word(i))) {
      return error(Errc::bad_config,
                   "word " + std::to_string(i + 1) + " is not the one that was shown");
    }
  }
  return ok();
}

std::size_t count_words(std::string_view typed) {
  std::size_t words = 0;
  while (!next_word(typed).empty()) ++words;
  return words;
}

}  // namespace aitbc::cli
