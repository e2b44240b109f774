#pragma once
// A certificate of a test's own, made by openssl(1): self-signed, so that it is its own CA.

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

class Certificate {
 public:
  // `names` as in subjectAltName.
  explicit Certificate(const TempDir& folder, const std::string& name = "tls",
                       const std::string& names = "DNS:localhost,IP:127.0.0.1")
      : certificate(folder.file(name + ".pem")), key(folder.file(name + ".key")) {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=" +
        name + " -addext subjectAltName=" + names + " -keyout " + key + " -out " + certificate +
        " 2>/dev/null";
    REQUIRE(std::system(command.c_str()) == 0);
    REQUIRE(::chmod(key.c_str(), 0600) == 0);
  }

  std::string fingerprint() const {
    const std::string command = "openssl x509 -noout -fingerprint -sha256 -in " + certificate;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    std::array<char, 256> text{};
    const std::size_t count = std::fread(text.data(), 1, text.size() - 1, pipe);
    REQUIRE(::pclose(pipe) == 0);
    std::string line(text.data(), count);
    while (!line.empty() && line.back() == '\n') line.pop_back();
    return line.substr(line.find('=') + 1);
  }

  const std::string certificate, key;
};

}  // namespace aitbc::test
