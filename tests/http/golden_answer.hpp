#pragma once
// Answers as files: tests/golden/http/NAME.json holds the request line, the status and the body,
// indented so that a change can be read. With AITBC_GOLDEN=write the files are written instead.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "rpc/http.hpp"
#include "rpc/json.hpp"

namespace aitbc::test {

inline std::string golden_text(const rpc::HttpRequest& request, const rpc::HttpResponse& answer) {
  rpc::Json file;
  std::string line = request.method + " " + request.path;
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    line += separator + name + "=" + value;
    separator = '&';
  }
  file["request"] = line;
  file["status"] = answer.status;
  if (!answer.allow.empty()) file["allow"] = answer.allow;
  if (answer.retry_after_s) file["retry_after_s"] = *answer.retry_after_s;
  file["content_type"] = answer.content_type;
  if (answer.content_type == rpc::json_type) {
    auto body = rpc::parse_json(answer.body);
    AITBC_CHECK(body.has_value());
    file["body"] = *std::move(body);
  } else {
    std::istringstream lines(answer.body);
    file["body"] = rpc::Json::array();
    for (std::string text; std::getline(lines, text);) file["body"].push_back(text);
  }
  return file.dump(2) + "\n";
}

// What the file says; `actual` itself, after writing it, when the files are to be written.
inline std::string expected_answer(const std::string& name, const std::string& actual) {
  const std::string path = "tests/golden/http/" + name + ".json";
  const char* mode = std::getenv("AITBC_GOLDEN");
  if (mode != nullptr && std::string(mode) == "write") {
    std::ofstream(path) << actual;
    return actual;
  }
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace aitbc::test
