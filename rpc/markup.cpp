#include "rpc/markup.hpp"

namespace aitbc::rpc {

std::string markup_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += c == '\t' || static_cast<unsigned char>(c) >= ' ' ? c : '?';
    }
  }
  return out;
}

}  // namespace aitbc::rpc
