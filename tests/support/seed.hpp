// SPDX-License-Identifier: MIT
// The seed of this run of a test program: printed by its main, repeated by `--rng-seed N`.
#pragma once

#include <cstdint>

namespace regard_test {

/// Always the same unless `--rng-seed` names another, or `time`. Tests derive their streams from it and show
/// it with INFO, so that a failure can be repeated.
std::uint64_t seed();

} // namespace regard_test
