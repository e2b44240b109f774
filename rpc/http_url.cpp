#include "rpc/http_url.hpp"

#include <charconv>

namespace aitbc::rpc {

namespace {

constexpr std::uint16_t https_port = 443;

bool is_unreserved(char c) {
  const bool alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string percent_encoded(std::string_view text, std::string_view also_plain) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c) || also_plain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += digits[byte >> 4];
      encoded += digits[byte & 15];
    }
  }
  return encoded;
}

}  // namespace

std::string target_of(const Url& url, const HttpRequest& request) {
  std::string target = url.prefix + percent_encoded(request.path, "/:@!$&'()*+,;=");
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    target += separator + percent_encoded(name, {}) + "=" + percent_encoded(value, {});
    separator = '&';
  }
  return target;
}

Result<Url> parse_url(std::string_view text) {
  const auto wrong = [text](const char* why) {
    return error(Errc::bad_config, "expected a URL like http://host:port or https://host, got \"" +
                                       std::string(text.substr(0, 200)) + "\": " + why);
  };
  std::string_view rest = text;
  Url url;
  url.secure = rest.starts_with("https://");
  if (!url.secure && !rest.starts_with("http://")) {
    return wrong("the scheme is neither http nor https");
  }
  if (url.secure) url.port = https_port;
  rest.remove_prefix(rest.find("//") + 2);
  const std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view prefix = rest.substr(authority.size());
  const std::string_view prefix_plain = "/-._~";
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  for (const char c : prefix) {
    if (!is_unreserved(c) && prefix_plain.find(c) == std::string_view::npos) {
      return wrong("the path may have letters, digits, and - . _ ~ / only");
    }
  }
  url.prefix = prefix;

  const bool bracketed = authority.starts_with('[');
  const std::size_t bracket = authority.find(']');
  if (bracketed && bracket == std::string_view::npos) return wrong("a bracket is not closed");
  const std::string_view host =
      bracketed ? authority.substr(1, bracket - 1) : authority.substr(0, authority.find(':'));
  const std::string_view port = authority.substr(host.size() + (bracketed ? 2 : 0));
  for (const char c : host) {
    if (!is_unreserved(c) && !(bracketed && c == ':')) return wrong("the host name is malformed");
  }
  if (host.empty()) return wrong("there is no host");
  url.host = host;
  if (port.empty()) return url;
  const std::string_view digits = port.substr(1);
  const auto [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), url.port);
  if (port.front() != ':' || problem != std::errc{} || end != digits.data() + digits.size() ||
      url.port == 0 || digits.front() == '0') {
    return wrong("the port is not a number from 1 to 65535");
  }
  return url;
}

std::string to_string(const Url& url) {
  const bool bracketed = url.host.find(':') != std::string::npos;
  return (url.secure ? "https://" : "http://") + (bracketed ? "[" + url.host + "]" : url.host) +
         ":" + std::to_string(url.port) + url.prefix;
}

}  // namespace aitbc::rpc
