#pragma once
// The incus of scripts/incus_lab, for tests over real containers. Of the tests alone.

#include <unistd.h>

#include <cstdlib>
#include <string>

namespace aitbc::test {

// Of the lab's bridge, where this machine is.
inline constexpr const char* lab_address = "10.78.0.1";
inline constexpr const char* lab_image = "aitbc-lab";

// True if it ends with 0. incus reads what it finds at its standard input.
inline bool does(const std::string& command) {
  return std::system((command + " </dev/null >/dev/null 2>&1").c_str()) == 0;
}
inline bool has_container(const std::string& name) { return does("incus info " + name); }

// Names begin so, and nobody else's do.
inline std::string lab_container(int number) {
  return "aitbc-test-" + std::to_string(::getpid()) + "-" + std::to_string(number);
}

}  // namespace aitbc::test

#define AITBC_NEEDS_INCUS()                                                            \
  if (!aitbc::test::does(std::string("incus image info ") + aitbc::test::lab_image)) { \
    std::puts("SKIPPED: there is no incus with the image of scripts/incus_lab here");  \
    return;                                                                            \
  }
