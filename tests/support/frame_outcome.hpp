#pragma once
// What a stream of bytes becomes in HttpFrame when it arrives in pieces: the same whatever the
// pieces are, and never more than the limits in memory, which is checked on the way.

#include <string>
#include <string_view>
#include <vector>

#include "rpc/http_frame.hpp"

namespace aitbc::test {

// Small, so that random requests meet them.
inline constexpr rpc::HttpFrame::Sizes small_frame{
    .uri_bytes_max = 64, .header_bytes_max = 320, .body_bytes_max = 400};

struct FrameOutcome {
  std::vector<rpc::FramedRequest> requests;
  std::string refusal;  // empty: it waits for more

  // Head, body and persistence of each request, then the refusal.
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const rpc::FramedRequest& request : requests) {
      const bool keep = request.persistence == rpc::Persistence::keep;
      all.push_back(request.head + request.body + (keep ? "keep" : "close"));
    }
    all.push_back(refusal);
    return all;
  }
};

// Of `bytes` when they come in pieces that end at `cuts`, and at their end.
inline FrameOutcome frame_outcome(std::string_view bytes, const std::vector<std::size_t>& cuts,
                                  const rpc::HttpFrame::Sizes& sizes = small_frame) {
  using Step = rpc::HttpFrame::Step;
  rpc::HttpFrame frame(sizes);
  FrameOutcome seen;
  const auto deliver = [&](std::string_view piece) {
    frame.append(piece);
    auto step = frame.advance();
    while (step == Step::complete) {
      seen.requests.push_back(frame.take());
      AITBC_CHECK(seen.requests.back().body.size() <= sizes.body_bytes_max);
      // Written anew: the version and "Connection: close" may be what the peer did not send.
      AITBC_CHECK(seen.requests.back().head.size() <= sizes.header_bytes_max + 32);
      step = frame.advance();
    }
    const std::size_t unread = step == Step::refused ? piece.size() : 0;
    AITBC_CHECK(frame.buffered_bytes() <= sizes.header_bytes_max + sizes.body_bytes_max + unread);
    if (step != Step::refused) return true;
    const rpc::HttpRefusal& refusal = frame.refusal();
    seen.refusal = std::to_string(refusal.status) + " " + std::string(name(refusal.error.code)) +
                   " " + refusal.error.detail;
    return false;
  };
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    if (!deliver(bytes.substr(begin, cut - begin))) return seen;
    begin = cut;
  }
  deliver(bytes.substr(begin));
  return seen;
}

inline std::vector<std::size_t> every_byte(std::size_t size) {
  std::vector<std::size_t> cuts(size);
  for (std::size_t at = 0; at < size; ++at) cuts[at] = at;
  return cuts;
}

}  // namespace aitbc::test
