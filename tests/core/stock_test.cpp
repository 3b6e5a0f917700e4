// SPDX-License-Identifier: MIT
// A stock lends what was given back, and makes what is missing.
#include "support/catch.hpp"

#include <regard/core/executor.hpp>
#include <regard/core/stock.hpp>

#include <atomic>

namespace {
std::atomic<int> made{0};
struct Workspace {
  Workspace() { ++made; }
  int value = 0;
};
} // namespace

TEST_CASE("a stock makes as many workspaces as are lent at once", "[stock]") {
  made = 0;
  regard::detail::Stock<Workspace> stock;
  for (int round = 0; round < 3; ++round) {
    const auto first = stock.take();
    const auto second = stock.take();
    CHECK(&*first != &*second);
    (*first).value += 1;
    (*second).value += 1;
  }
  CHECK(made == 2);
  const auto first = stock.take(), second = stock.take();
  CHECK((*first).value + (*second).value == 6);
}

TEST_CASE("threads share a stock", "[stock]") {
  made = 0;
  regard::detail::Stock<Workspace> stock;
  const regard::Threads threads(3);
  threads.for_each(500, [&](regard::Index, regard::Index) { (*stock.take()).value += 1; });
  CHECK(made <= 3);
}
