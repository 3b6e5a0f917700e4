// SPDX-License-Identifier: MIT
// Catch2, version 2 or 3, under the names of version 3.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx; // as version 2 has it
#else
#include <catch2/catch.hpp>

namespace Catch::Matchers {
inline auto ContainsSubstring(const std::string& part) { // NOLINT(readability-identifier-naming)
  return Contains(part);
}
} // namespace Catch::Matchers
#endif
