#pragma once
// What the fuzz targets share. A target is one program with one function over one input of bytes,
// called again and again in one thread; a property that does not hold aborts it (AITBC_CHECK),
// which is what libFuzzer and replay_main.cpp take for a finding.

#include <cstddef>
#include <cstdint>
#include <span>

#include "chain/core/bytes.hpp"

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace aitbc::fuzz {

// Each target has its own.
void run(ByteView input);

using Case = void (*)(ByteView);

// The first byte chooses one of the cases, 'a' the first, and the rest is its input. Append only:
// the files of the corpus name their case so.
inline void choose(std::span<const Case> cases, ByteView input) {
  if (input.empty()) return;
  const std::size_t choice = static_cast<Byte>(input.front() - 'a');
  cases[choice % cases.size()](input.subspan(1));
}

}  // namespace aitbc::fuzz
