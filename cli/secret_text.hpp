#pragma once
// A password or a phrase as text: kept in place and wiped where it is left, so that no copy stays
// in freed memory. Any thread may use its own.

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "chain/core/crypto.hpp"

namespace aitbc::cli {

class SecretText {
 public:
  static constexpr std::size_t bytes_max = 1'024;

  SecretText() = default;
  // nullopt for more than bytes_max.
  static std::optional<SecretText> from(std::string_view text) {
    SecretText made;
    if (!made.append(text)) return std::nullopt;
    return made;
  }
  ~SecretText() { wipe(bytes_.data(), size_); }
  SecretText(SecretText&& other) noexcept { take(other); }
  SecretText& operator=(SecretText&& other) noexcept {
    if (this != &other) {
      wipe(bytes_.data(), size_);
      take(other);
    }
    return *this;
  }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  // False, and nothing is added, where it would be longer than bytes_max.
  bool append(std::string_view text) {
    if (text.size() > bytes_max - size_) return false;
    std::copy(text.begin(), text.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
    size_ += text.size();
    return true;
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  void take(SecretText& other) {
    size_ = other.size_;
    std::copy_n(other.bytes_.begin(), size_, bytes_.begin());
    wipe(other.bytes_.data(), other.size_);
    other.size_ = 0;
  }

  std::array<char, bytes_max> bytes_{};  // the first size_ of them
  std::size_t size_ = 0;
};

}  // namespace aitbc::cli
