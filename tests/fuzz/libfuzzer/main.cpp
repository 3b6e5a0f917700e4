// SPDX-License-Identifier: MIT
// A fuzz target as a program: libFuzzer brings `main`.
#include REGARD_FUZZ_HEADER

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  regard_fuzz::REGARD_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
  return 0;
}
