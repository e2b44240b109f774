// Where libFuzzer comes in, the same for each target.

#include "chain/core/crypto.hpp"
#include "tests/fuzz/fuzz.hpp"

int LLVMFuzzerInitialize(int*, char***) {
  aitbc::crypto_init();
  return 0;
}

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aitbc::fuzz::run({data, size});
  return 0;
}
