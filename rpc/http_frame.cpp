#include "rpc/http_frame.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rpc/http_list.hpp"

namespace aitbc::rpc {
namespace {

constexpr std::size_t method_bytes_max = 16;
constexpr std::size_t chunk_digits_max = 16;

bool is_token_char(char c) {
  const bool alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// Whether a comma-separated field names `word`.
bool lists(std::string_view value, std::string_view word) {
  while (!value.empty()) {
    if (next_part(value, ',') == word) return true;
  }
  return false;
}

constexpr std::string_view upgrade_field = "Upgrade";

// What is handed on, as it is spelled there. Of those that say who asks there may be one alone: two
// could be read in two ways.
struct KeptField {
  std::string_view name;  // lower case
  std::string_view spelled;
  enum class Repeated { last_wins, joined, refused } repeated;
};
constexpr KeptField kept_fields[] = {
    {"content-type", "Content-Type", KeptField::Repeated::last_wins},
    {"accept", "Accept", KeptField::Repeated::last_wins},
    {"accept-encoding", codings_mark, KeptField::Repeated::joined},
    {"if-none-match", "If-None-Match", KeptField::Repeated::joined},
    {"host", "Host", KeptField::Repeated::refused},
    {"origin", "Origin", KeptField::Repeated::refused},
    {"x-api-key", "X-Api-Key", KeptField::Repeated::refused},
    {"authorization", "Authorization", KeptField::Repeated::refused},
    {"x-forwarded-for", "X-Forwarded-For", KeptField::Repeated::joined},
    {"last-event-id", "Last-Event-ID", KeptField::Repeated::last_wins},
    {"upgrade", upgrade_field, KeptField::Repeated::refused},
    {"sec-websocket-version", "Sec-WebSocket-Version", KeptField::Repeated::refused},
    {"sec-websocket-key", "Sec-WebSocket-Key", KeptField::Repeated::refused},
    {"access-control-request-method", "Access-Control-Request-Method",
     KeptField::Repeated::refused},
    {"access-control-request-headers", "Access-Control-Request-Headers",
     KeptField::Repeated::joined},
};

bool is_trace_of_proxy(std::string_view name) {
  return name.starts_with("x-forwarded") || name == "forwarded" || name == "x-real-ip" ||
         name == "via";
}

bool has_body_by_custom(std::string_view method) {
  return method == "POST" || method == "PUT" || method == "PATCH";
}

}  // namespace

HttpFrame::Step HttpFrame::refuse(int status, Errc code, std::string detail) {
  stage_ = Stage::refused;
  refusal_ = HttpRefusal{status, error(code, std::move(detail))};
  input_ = {};
  read_ = 0;
  request_ = {};
  return Step::refused;
}

HttpFrame::Step HttpFrame::advance() {
  const Step step = read();
  // Once, not for each chunk: a body of tiny ones would move the rest of the input for each byte.
  input_.erase(0, read_);
  read_ = 0;
  return step;
}

HttpFrame::Step HttpFrame::read() {
  if (stage_ == Stage::head) {
    const std::optional<std::size_t> end = find_head_end();
    if (!end) return stage_ == Stage::refused ? Step::refused : Step::needs_more;
    if (!parse_head(std::string_view(input_).substr(0, *end))) return Step::refused;
    read_ = *end;
  }
  if (!advance_body()) return Step::refused;
  if (stage_ == Stage::done) return Step::complete;
  if (stage_ == Stage::refused) return Step::refused;
  return std::exchange(wants_continue_, false) && unread().empty() ? Step::wants_continue
                                                                   : Step::needs_more;
}

FramedRequest HttpFrame::take() {
  AITBC_CHECK(stage_ == Stage::done);
  FramedRequest taken = std::exchange(request_, {});
  stage_ = Stage::head;
  scanned_ = line_ = 0;
  wants_continue_ = false;
  if (input_.empty()) input_.shrink_to_fit();  // an idle connection holds no memory
  return taken;
}

std::string HttpFrame::take_rest() {
  AITBC_CHECK(stage_ == Stage::head);
  return std::exchange(input_, {});
}

// The index after the empty line, once it has come. Each byte is looked at once.
std::optional<std::size_t> HttpFrame::find_head_end() {
  for (; scanned_ < input_.size(); ++scanned_) {
    // A request line ends in the target and the version, of nine bytes.
    if (line_ == 0 && scanned_ > sizes_.uri_bytes_max + method_bytes_max + 11) {
      refuse(
          414, Errc::too_large,
          "the request target is longer than " + std::to_string(sizes_.uri_bytes_max) + " bytes");
      return std::nullopt;
    }
    if (scanned_ >= sizes_.header_bytes_max) {
      refuse(431, Errc::too_large,
             "the header is longer than " + std::to_string(sizes_.header_bytes_max) + " bytes");
      return std::nullopt;
    }
    if (input_[scanned_] != '\n') continue;
    if (scanned_ == line_ || input_[scanned_ - 1] != '\r') {
      refuse(400, Errc::bad_request, "expected header lines to end with CR LF");
      return std::nullopt;
    }
    const bool empty_line = scanned_ == line_ + 1;
    if (empty_line) return ++scanned_;
    line_ = scanned_ + 1;
  }
  return std::nullopt;
}

// `head` ends with the empty line.
bool HttpFrame::parse_head(std::string_view head) {
  Fields fields;
  bool first = true;
  while (true) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end + 2);
    if (first) {
      if (!parse_request_line(line)) return false;
    } else if (line.empty()) {
      break;
    } else if (!parse_field(line, fields)) {
      return false;
    }
    first = false;
  }
  const bool upgrades = fields.upgrade && !old_version_;
  for (const auto& [name, value] : fields.kept) {
    if (name == upgrade_field && !upgrades) continue;
    request_.head.append(name).append(": ").append(value).append("\r\n");
  }
  if (fields.forwarded) request_.head.append(forwarded_mark).append(": 1\r\n");
  // In HTTP/1.0 keeping the connection is an extension nobody here needs.
  const bool close = fields.close || old_version_;
  if (close) request_.head += "Connection: close\r\n";
  request_.head += "\r\n";
  request_.persistence = close ? Persistence::close : Persistence::keep;
  return decide_body(fields);
}

bool HttpFrame::parse_request_line(std::string_view line) {
  const std::size_t method_end = line.find(' ');
  const std::size_t target_end = line.rfind(' ');
  const auto malformed = [this](const char* detail) {
    refuse(400, Errc::bad_request, detail);
    return false;
  };
  if (method_end == std::string_view::npos || target_end == method_end) {
    return malformed("expected a request line of method, target and version");
  }
  const std::string_view method = line.substr(0, method_end);
  const std::string_view target = line.substr(method_end + 1, target_end - method_end - 1);
  const std::string_view version = line.substr(target_end + 1);
  const bool upper_case =
      std::all_of(method.begin(), method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (method.empty() || method.size() > method_bytes_max || !upper_case) {
    return malformed("expected a method in upper case");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return malformed("expected the version HTTP/1.1");
  }
  const bool printable =
      std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (target.empty() || target.front() != '/' || !printable) {
    return malformed("expected a target that begins with / and has only printable ASCII");
  }
  if (target.size() > sizes_.uri_bytes_max) {
    refuse(414, Errc::too_large,
           "the request target is longer than " + std::to_string(sizes_.uri_bytes_max) + " bytes");
    return false;
  }
  old_version_ = version == "HTTP/1.0";
  method_ = method;
  request_.head.assign(method).append(" ").append(target).append(" HTTP/1.1\r\n");
  return true;
}

bool HttpFrame::parse_field(std::string_view line, Fields& fields) {
  const std::size_t colon = line.find(':');
  const std::string_view raw_name = line.substr(0, colon);
  // Spaces before the colon and continued lines are read differently by different servers.
  if (colon == std::string_view::npos || raw_name.empty() ||
      !std::all_of(raw_name.begin(), raw_name.end(), is_token_char)) {
    refuse(400, Errc::bad_request, "expected header lines of the form Name: value");
    return false;
  }
  const std::string_view value = trimmed(line.substr(colon + 1));
  const auto unprintable = [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; };
  if (std::any_of(value.begin(), value.end(), unprintable)) {
    refuse(400, Errc::bad_request, "expected header values without control characters");
    return false;
  }
  const std::string name = lower(raw_name);
  if (name == "content-length") return parse_content_length(value, fields);
  if (name == "transfer-encoding") {
    if (fields.chunked || lower(value) != "chunked" || old_version_) {
      refuse(400, Errc::bad_request, "expected no Transfer-Encoding but one: chunked");
      return false;
    }
    fields.chunked = true;
  } else if (name == "content-encoding") {
    refuse(415, Errc::wrong_media_type, "expected a body without Content-Encoding");
    return false;
  } else if (name == "expect") {
    fields.expects_continue = lower(value) == "100-continue";
  } else if (name == "connection") {
    fields.close = fields.close || lists(lower(value), "close");
    fields.upgrade = fields.upgrade || lists(lower(value), "upgrade");
  }
  fields.forwarded = fields.forwarded || is_trace_of_proxy(name);
  return keep(name, value, fields);
}

bool HttpFrame::keep(std::string_view name, std::string_view value, Fields& fields) {
  for (const KeptField& kept : kept_fields) {
    if (kept.name != name) continue;
    const auto before =
        std::find_if(fields.kept.begin(), fields.kept.end(),
                     [&](const auto& field) { return field.first == kept.spelled; });
    if (before == fields.kept.end()) {
      fields.kept.emplace_back(kept.spelled, value);
    } else if (kept.repeated == KeptField::Repeated::joined) {
      before->second.append(", ").append(value);
    } else if (kept.repeated == KeptField::Repeated::last_wins) {
      before->second = value;
    } else {
      refuse(400, Errc::bad_request, "expected one " + std::string(kept.spelled) + ", got several");
      return false;
    }
  }
  return true;
}

bool HttpFrame::parse_content_length(std::string_view value, Fields& fields) {
  const bool digits =
      !value.empty() && value.size() <= 19 &&
      std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (fields.content_length || !digits) {
    refuse(400, Errc::bad_request, "expected one Content-Length, a decimal number");
    return false;
  }
  std::uint64_t length = 0;
  std::from_chars(value.data(), value.data() + value.size(), length);
  fields.content_length = length;
  return true;
}

bool HttpFrame::decide_body(const Fields& fields) {
  if (fields.chunked && fields.content_length) {
    refuse(400, Errc::bad_request, "expected Content-Length or Transfer-Encoding, got both");
    return false;
  }
  if (!fields.chunked && !fields.content_length && has_body_by_custom(method_)) {
    refuse(411, Errc::length_required, "expected a Content-Length, or a chunked body");
    return false;
  }
  remaining_ = fields.content_length.value_or(0);
  if (remaining_ > sizes_.body_bytes_max) {
    refuse(413, Errc::too_large,
           "the body is longer than " + std::to_string(sizes_.body_bytes_max) + " bytes");
    return false;
  }
  stage_ = fields.chunked ? Stage::chunk_size : Stage::plain_body;
  wants_continue_ = fields.expects_continue && (fields.chunked || remaining_ > 0);
  return true;
}

// Consumes what has come; true unless the body is refused.
bool HttpFrame::advance_body() {
  bool progressed = true;
  while (progressed) {
    switch (stage_) {
      case Stage::plain_body:
        progressed = take_body_bytes();
        if (remaining_ == 0) stage_ = Stage::done;
        break;
      case Stage::chunk_size:
        progressed = take_chunk_size();
        break;
      case Stage::chunk_data:
        progressed = take_body_bytes();
        if (remaining_ == 0) stage_ = Stage::chunk_end;
        break;
      case Stage::chunk_end:
        progressed = take_line_end(Stage::chunk_size);
        break;
      case Stage::last_chunk:
        progressed = take_line_end(Stage::done);
        break;
      case Stage::head:
      case Stage::done:
      case Stage::refused:
        progressed = false;
        break;
    }
  }
  return stage_ != Stage::refused;
}

bool HttpFrame::take_body_bytes() {
  const std::size_t count =
      static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, unread().size()));
  request_.body.append(unread().substr(0, count));
  read_ += count;
  remaining_ -= count;
  return count > 0;
}

bool HttpFrame::take_chunk_size() {
  const std::string_view input = unread();
  const std::size_t end = input.find('\n');
  // Up to the CR; what is longer is refused without waiting for the LF.
  if (end == std::string_view::npos && input.size() <= chunk_digits_max + 1) return false;
  std::uint64_t size = 0;
  const char* const line_end = input.data() + std::min(end, chunk_digits_max);
  const auto [stop, problem] = std::from_chars(input.data(), line_end, size, 16);
  // Neither extensions nor a sign nor a bare LF: this is where smuggled requests hide.
  const bool whole =
      end != std::string_view::npos && end >= 2 && stop == input.data() + end - 1 && *stop == '\r';
  if (problem != std::errc{} || !whole || input.front() == '-') {
    refuse(400, Errc::bad_request, "expected a chunk size in hexadecimal, then CR LF");
    return true;
  }
  read_ += end + 1;
  if (size > sizes_.body_bytes_max - request_.body.size()) {
    refuse(413, Errc::too_large,
           "the body is longer than " + std::to_string(sizes_.body_bytes_max) + " bytes");
    return true;
  }
  remaining_ = size;
  stage_ = size == 0 ? Stage::last_chunk : Stage::chunk_data;
  return true;
}

// After a chunk, and after the last one: trailer fields would stand here and are not accepted.
bool HttpFrame::take_line_end(Stage next) {
  const std::string_view input = unread();
  if (input.size() < 2 && std::string_view("\r\n").starts_with(input)) return false;
  if (!input.starts_with("\r\n")) {
    refuse(400, Errc::bad_request, "expected CR LF after a chunk, and no trailer");
    return true;
  }
  read_ += 2;
  stage_ = next;
  return true;
}

}  // namespace aitbc::rpc
