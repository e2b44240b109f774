#pragma once
// Where one HTTP/1.1 request ends and the next begins. HttpFrame takes the bytes of a connection as
// they come and gives out whole requests, or refuses what is too large, malformed or could be
// read in two ways. After a refusal it gives out nothing more, so bytes that follow a refused
// request are never taken for another one. It has no socket and no clock; one thread at a time.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"

namespace aitbc::rpc {

enum class Persistence { keep, close };

// What stands for any trace of a proxy but X-Forwarded-For, in a head written anew.
inline constexpr std::string_view forwarded_mark = "X-Forwarded";
// Accept-Encoding by another name: the library would compress by itself, each time, and also what
// is compressed already.
inline constexpr std::string_view codings_mark = "X-Accepted-Codings";

// `head` is written anew, with the request line and the few header fields this project reads:
// whoever parses it next cannot be told anything by the others (ranges, encodings).
struct FramedRequest {
  std::string head;
  std::string body;
  Persistence persistence = Persistence::keep;
};

struct HttpRefusal {
  int status;
  Error error;
};

class HttpFrame {
 public:
  struct Sizes {
    std::size_t uri_bytes_max = limits::http_uri_bytes_max;
    std::size_t header_bytes_max = limits::http_header_bytes_max;
    std::size_t body_bytes_max = limits::http_body_bytes_max;
  };
  enum class Step {
    needs_more,      // append() what the peer sends next
    wants_continue,  // as needs_more, but the peer waits for "100 Continue"; said once
    complete,        // take() the request
    refused,         // answer refusal() and close
  };

  explicit HttpFrame(Sizes sizes) : sizes_(sizes) {}

  void append(std::string_view bytes) { input_.append(bytes); }
  Step advance();

  const FramedRequest& request() const { return request_; }  // after complete
  FramedRequest take();  // likewise; what follows it stays for the next one
  bool has_rest() const { return read_ < input_.size(); }  // something that follows has come
  // What has come after it, of whatever protocol the connection goes over to.
  std::string take_rest();
  const HttpRefusal& refusal() const { return *refusal_; }

  bool untouched() const { return stage_ == Stage::head && input_.empty(); }
  std::size_t buffered_bytes() const { return input_.size() + request_.body.size(); }

 private:
  enum class Stage {
    head,
    plain_body,
    chunk_size,
    chunk_data,
    chunk_end,
    last_chunk,
    done,
    refused
  };
  // What the header fields say about the body and the connection.
  struct Fields {
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool expects_continue = false;
    bool close = false;
    bool upgrade = false;
    std::vector<std::pair<std::string_view, std::string>> kept;  // by their names below
    bool forwarded = false;
  };

  Step refuse(int status, Errc code, std::string detail);
  Step read();
  std::string_view unread() const { return std::string_view(input_).substr(read_); }
  std::optional<std::size_t> find_head_end();
  bool parse_head(std::string_view head);
  bool parse_request_line(std::string_view line);
  bool parse_field(std::string_view line, Fields& fields);
  bool parse_content_length(std::string_view value, Fields& fields);
  bool keep(std::string_view name, std::string_view value, Fields& fields);
  bool decide_body(const Fields& fields);
  bool advance_body();
  bool take_body_bytes();
  bool take_chunk_size();
  bool take_line_end(Stage next);

  Sizes sizes_;
  Stage stage_ = Stage::head;
  std::string input_;            // what has come and is not erased yet
  std::size_t read_ = 0;         // of input_, consumed; zero between two calls
  std::size_t scanned_ = 0;      // of input_, while looking for the end of the head
  std::size_t line_ = 0;         // where the line under the scan begins
  std::uint64_t remaining_ = 0;  // bytes of the body, or of this chunk
  bool old_version_ = false;     // HTTP/1.0
  bool wants_continue_ = false;
  std::string method_;
  FramedRequest request_;
  std::optional<HttpRefusal> refusal_;
};

}  // namespace aitbc::rpc
