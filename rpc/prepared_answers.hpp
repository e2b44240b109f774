#pragma once
// Answers that were given before and hold still, by the exact request: what many ask again and
// again is worked out once, and the socket thread gives it out without a worker. Whether an answer
// holds is for its maker to say (HttpResponse::again). Any thread.

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "chain/core/limits.hpp"
#include "rpc/http_frame.hpp"

namespace aitbc::rpc {

class PreparedAnswers {
 public:
  // Whether the answer to such a request may be kept; false for most, at no cost.
  static bool may_keep(const FramedRequest& request) {
    return request.body.empty() && request.persistence == Persistence::keep &&
           request.head.starts_with("GET ") &&
           request.head.size() <= limits::prepared_head_bytes_max;
  }

  // The bytes of the answer to `request` of the client at this address.
  std::optional<std::string> find(const FramedRequest& request, const std::string& client) {
    if (!may_keep(request)) return std::nullopt;
    const std::lock_guard lock(mutex_);
    const auto found = answers_.find(key_of(request.head, client));
    if (found == answers_.end()) return std::nullopt;
    if (found->second.again()) return found->second.bytes;
    answers_.erase(found);
    return std::nullopt;
  }

  void keep(std::string_view head, const std::string& client, std::string bytes,
            std::function<bool()> again) {
    if (bytes.size() > limits::prepared_bytes_max) return;
    const std::lock_guard lock(mutex_);
    if (answers_.size() >= limits::prepared_answers_max) answers_.clear();
    answers_.insert_or_assign(key_of(head, client), Answer{std::move(bytes), std::move(again)});
  }

 private:
  struct Answer {
    std::string bytes;
    std::function<bool()> again;
  };

  // An address has no line end.
  static std::string key_of(std::string_view head, const std::string& client) {
    return std::string(client).append("\n").append(head);
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Answer> answers_;
};

}  // namespace aitbc::rpc
