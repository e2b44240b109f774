#include "chain/core/codec.hpp"

namespace aitbc {

ByteView Decoder::take(std::size_t bytes) {
  if (failed_ || bytes > in_.size() - position_) {
    failed_ = true;
    return {};
  }
  const ByteView taken = in_.subspan(position_, bytes);
  position_ += bytes;
  return taken;
}

std::size_t Decoder::count(std::size_t most, std::size_t item_bytes_min) {
  const auto items = integer<std::uint32_t>();
  if (failed_ || items > most || items > (in_.size() - position_) / item_bytes_min) {
    failed_ = true;
    return 0;
  }
  return items;
}

ByteView Decoder::blob(std::size_t bytes_max) { return take(count(bytes_max, 1)); }

Status Decoder::finish(std::string_view what) const {
  if (failed_) {
    return error(Errc::bad_encoding, std::string(what) + ": cut short, or a value out of range");
  }
  if (position_ != in_.size()) {
    return error(
        Errc::bad_encoding,
        std::string(what) + ": " + std::to_string(in_.size() - position_) + " bytes after its end");
  }
  return ok();
}

}  // namespace aitbc
