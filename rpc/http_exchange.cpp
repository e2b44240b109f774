#include "rpc/http_exchange.hpp"

#include <httplib.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <set>
#include <utility>

#include "rpc/json.hpp"

#ifndef CPPHTTPLIB_OPENSSL_SUPPORT
#error "compile with the flags of pkg-config cpp-httplib: they are part of its ABI"
#endif

namespace aitbc::rpc {
namespace {

constexpr int overloaded_retry_s = 1;

// What the library takes for a connection: the head of one request to read, an answer to fill.
class MemoryStream final : public httplib::Stream {
 public:
  MemoryStream(std::string_view input, const std::string& client)
      : input_(input), client_(client) {}

  std::string take() { return std::move(output_); }

  bool is_readable() const override { return !input_.empty(); }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, std::size_t size) override {
    const std::size_t count = std::min(size, input_.size());
    std::memcpy(data, input_.data(), count);
    input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, std::size_t size) override {
    output_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = client_;
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  socket_t socket() const override { return INVALID_SOCKET; }

 private:
  std::string_view input_;
  const std::string& client_;
  std::string output_;
};

// What the library read in a head: a request without its body and its client.
struct Parsed {
  HttpRequest request;
  bool repeats_parameter = false;
};
// Of this thread's head: the library has no place to hand it through.
thread_local std::optional<Parsed> parsed_now;

std::string error_body(std::string_view code, const std::string& detail) {
  Json body;
  body["detail"] = detail;
  body["code"] = code;
  return dump(body);
}

HttpResponse http_error(int status, std::string_view code, const std::string& detail) {
  HttpResponse response;
  response.status = status;
  response.body = error_body(code, detail);
  return response;
}

const char* phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "";  // it may be left out (RFC 9112, 4)
  }
}

// The library drops an exact repetition and keeps the others, so the raw text is counted too.
bool repeats_parameter(const httplib::Request& request) {
  std::set<std::string> names;
  for (const auto& [name, value] : request.params) names.insert(name);
  const std::size_t question = request.target.find('?');
  if (question == std::string::npos) return false;
  std::string_view text = std::string_view(request.target).substr(question + 1);
  text = text.substr(0, text.find('#'));
  std::size_t parts = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('&'), text.size());
    if (end > 0) ++parts;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts != names.size();
}

// Programs that know no field of ours (Prometheus) send the key as a token (RFC 6750).
std::string token_of(const std::string& authorization) {
  constexpr std::string_view scheme = "Bearer ";
  return authorization.starts_with(scheme) ? authorization.substr(scheme.size()) : std::string();
}

std::string media_type_of(std::string type) {
  type.erase(std::min(type.find_first_of("; \t"), type.size()));
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type;
}

// As the frame spells them.
constexpr std::pair<std::string_view, std::string HttpRequest::*> request_fields[] = {
    {"Content-Type", &HttpRequest::content_type},
    {"Accept", &HttpRequest::accept},
    {codings_mark, &HttpRequest::accept_encoding},
    {"If-None-Match", &HttpRequest::if_none_match},
    {"Host", &HttpRequest::host},
    {"Origin", &HttpRequest::origin},
    {"X-Api-Key", &HttpRequest::api_key},
    {"Access-Control-Request-Method", &HttpRequest::asked_method},
    {"Access-Control-Request-Headers", &HttpRequest::asked_headers},
    {"X-Forwarded-For", &HttpRequest::forwarded_for},
    {"Last-Event-ID", &HttpRequest::last_event_id},
    {"Upgrade", &HttpRequest::upgrade},
    {"Sec-WebSocket-Version", &HttpRequest::websocket_version},
    {"Sec-WebSocket-Key", &HttpRequest::websocket_key},
};

HttpRequest to_request(const httplib::Request& from) {
  HttpRequest request;
  request.method = from.method;
  request.path = from.path;
  request.query.insert(from.params.begin(), from.params.end());
  std::string token;
  for (const auto& [name, value] : from.headers) {
    if (name == "Authorization") token = token_of(value);
    if (name == forwarded_mark) request.forwarded = true;
    for (const auto& [known, member] : request_fields) {
      if (name == known) request.*member = value;
    }
  }
  request.content_type = media_type_of(std::move(request.content_type));
  if (!from.has_header("X-Api-Key")) request.api_key = std::move(token);
  return request;
}

// What browsers are told with every answer: it is what it says it is, its page loads nothing from
// elsewhere and stands in no other page, and nobody keeps a copy unless the answer itself says so.
constexpr std::pair<const char*, const char*> security_fields[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'"},
    {"Cache-Control", "no-store"},
};

const std::string keep_alive =
    "timeout=" +
    std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(limits::http_idle_time_max).count());

constexpr std::size_t usual_answer_bytes = 768;

void append_field(std::string& head, std::string_view name, std::string_view value) {
  head.append("\r\n").append(name).append(": ").append(value);
}

// Up to the line that ends it; its length follows.
std::string head_of(const HttpResponse& response, Persistence persistence) {
  std::string head;
  head.reserve(usual_answer_bytes);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(phrase(response.status));
  if (persistence == Persistence::close) {
    append_field(head, "Connection", "close");
  } else {
    append_field(head, "Keep-Alive", keep_alive);
  }
  if (!response.body.empty() || response.stream) {
    append_field(head, "Content-Type", response.content_type);
  }
  if (response.retry_after_s) {
    append_field(head, "Retry-After", std::to_string(*response.retry_after_s));
  }
  if (!response.allow.empty()) append_field(head, "Allow", response.allow);
  for (const auto& [name, value] : response.fields) append_field(head, name, value);
  for (const auto& [name, value] : security_fields) {
    const bool own = std::any_of(response.fields.begin(), response.fields.end(),
                                 [name = name](const auto& field) { return field.first == name; });
    if (!own) append_field(head, name, value);
  }
  return head;
}

constexpr int not_modified_status = 304;  // its length would be that of the whole

void print(HttpResponse response, HttpAnswer& answer) {
  if (response.status >= 400 && response.body.empty()) {
    response.body = error_body("refused", phrase(response.status));
    response.content_type = json_type;
  }
  std::string bytes = head_of(response, answer.persistence);
  if (response.status != not_modified_status) {
    append_field(bytes, "Content-Length", std::to_string(response.body.size()));
  }
  bytes += "\r\n\r\n";
  if (!answer.without_body) bytes += response.body;
  answer.bytes = std::move(bytes);
}

HttpStream stream_of(HttpResponse response, const HttpRequest& request) {
  if (response.status == 101) return {std::move(response.stream), request.websocket_key, {}};
  std::string head = head_of(response, Persistence::close) + "\r\n\r\n";
  return {std::move(response.stream), {}, std::move(head)};
}

}  // namespace

class HttpExchange::Library final : private httplib::Server {
 public:
  Library(const HttpService& service, HttpWorkers& workers, Log& log)
      : service_(service), workers_(workers), log_(log) {
    // Before its routes, which are regular expressions over text of the client's choice.
    set_pre_routing_handler([](const httplib::Request& request, httplib::Response&) {
      parsed_now = Parsed{to_request(request), repeats_parameter(request)};
      return HandlerResponse::Handled;
    });
    // Called for every status from 400 on; only the library's own answers have no body yet.
    set_error_handler([](const httplib::Request&, httplib::Response& response) {
      if (!response.body.empty()) return;
      response.body = error_body("bad_request", "expected a request line this server knows");
      response.set_header("Content-Type", std::string(json_type));
    });
    // The library fills its table of methods at the first request line it parses, and is not built
    // for the thread sanitizer to see that as safe: so here, before there are threads. No service
    // is asked, as there is no such method.
    answer({"WARM / HTTP/1.1\r\n\r\n", {}, Persistence::close}, {});
  }

  HttpAnswer answer(FramedRequest framed, const std::string& client) {
    // Who sends many requests sends them all with the same head.
    thread_local std::string head;
    thread_local Parsed parsed;
    if (head != framed.head) {
      MemoryStream stream(framed.head, client);
      bool closed = false;
      process_request(stream, framed.persistence == Persistence::close, closed,
                      [](httplib::Request&) {});
      if (!parsed_now) return {.bytes = stream.take()};  // the library refused it
      head = std::move(framed.head);
      parsed = *std::exchange(parsed_now, std::nullopt);
    }
    HttpRequest request = parsed.request;
    request.body = std::move(framed.body);
    request.client = client;
    HttpResponse response = handle(request, parsed.repeats_parameter);
    HttpAnswer answer{.persistence = framed.persistence, .without_body = request.method == "HEAD"};
    if (response.stream) {
      answer.stream = stream_of(std::move(response), request);
    } else if (response.later) {
      answer.later = HttpLater{*std::move(response.later), request_line_of(request)};
    } else {
      answer.again = std::move(response.again);
      print(std::move(response), answer);
    }
    return answer;
  }

  HttpAnswer finish(const HttpAnswer& begun, const LaterResponse::Make& make) {
    HttpAnswer answer{.persistence = begun.persistence, .without_body = begun.without_body};
    print(guarded([&] { return begun.later->response.finish(make()); },
                  [&] { return begun.later->request; }),
          answer);
    return answer;
  }

 private:
  HttpResponse handle(const HttpRequest& request, bool repeats_parameter) {
    if (repeats_parameter) {
      return http_error(400, name(Errc::bad_request), "a query parameter is given twice");
    }
    return guarded(
        [&] {
          if (!service_.waits(request)) return service_.handle(request);
          const HttpWorkers::Wait wait(workers_);
          if (!wait.begun()) {
            HttpResponse response = http_error(503, name(Errc::overloaded),
                                               "as many requests wait here as may: try again");
            response.retry_after_s = overloaded_retry_s;
            return response;
          }
          return service_.handle(request);
        },
        [&] { return request_line_of(request); });
  }

  static std::string request_line_of(const HttpRequest& request) {
    return request.method + " " + request.path;
  }

  template <class Answer, class RequestLine>
  HttpResponse guarded(const Answer& answer, const RequestLine& request_line) {
    std::string what = "an exception of an unknown type";
    try {
      return answer();
    } catch (const std::exception& failure) {
      what = failure.what();
    } catch (...) {
    }
    log_.error("http_handler_threw", {{"request", request_line()}, {"what", what}});
    return http_error(500, "internal", "Internal server error");
  }

  const HttpService& service_;
  HttpWorkers& workers_;
  Log& log_;
};

HttpExchange::HttpExchange(const HttpService& service, HttpWorkers& workers, Log& log)
    : library_(std::make_unique<Library>(service, workers, log)) {}

HttpExchange::~HttpExchange() = default;

HttpAnswer HttpExchange::answer(FramedRequest request, const std::string& client) {
  return library_->answer(std::move(request), client);
}

HttpAnswer HttpExchange::finish(const HttpAnswer& begun, const LaterResponse::Make& make) {
  return library_->finish(begun, make);
}

HttpAnswer HttpExchange::refusal(const HttpRefusal& refusal) {
  HttpResponse response =
      http_error(refusal.status, name(refusal.error.code), refusal.error.detail);
  if (refusal.status == 503) response.retry_after_s = overloaded_retry_s;
  HttpAnswer answer;
  print(std::move(response), answer);
  return answer;
}

}  // namespace aitbc::rpc
