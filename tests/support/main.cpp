// SPDX-License-Identifier: MIT
// The main of every test program: prints versions and the seed, then runs Catch2. Without `--rng-seed N` the
// seed is always the same, so that a run can be repeated; `--rng-seed time` draws one (tests/all.sh seeds).
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

#include "support/seed.hpp"

#include <regard/version.hpp>

#include <Eigen/Core>

#include <iostream>

namespace {
std::uint64_t run_seed = 0;
}

std::uint64_t regard_test::seed() {
  return run_seed;
}

int main(int argc, char* argv[]) {
  Catch::Session session;
  session.configData().rngSeed = 20250812; // Catch2 3 would draw one
  if (const int error = session.applyCommandLine(argc, argv))
    return error;
  run_seed = session.config().rngSeed();
  std::cout << "regard " << regard::version << ", Eigen " << EIGEN_WORLD_VERSION << '.' << EIGEN_MAJOR_VERSION
            << '.' << EIGEN_MINOR_VERSION << ", seed " << run_seed << std::endl;
  return session.run();
}
