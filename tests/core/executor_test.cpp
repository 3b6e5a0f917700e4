// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <regard/core/executor.hpp>
#include <regard/core/random.hpp>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using regard::Index;

TEST_CASE("every item runs once, on a worker in range", "[executor]") {
  const regard::Threads threads(3);
  const regard::Serial serial;
  for (const regard::Executor* executor :
       {static_cast<const regard::Executor*>(&threads), static_cast<const regard::Executor*>(&serial)}) {
    std::vector<int> runs(1000, 0);
    std::atomic<bool> in_range = true;
    CHECK(executor->for_each(runs.size(), [&](Index item, Index worker) {
      ++runs[item];
      if (worker >= executor->workers())
        in_range = false;
    }));
    CHECK(in_range);
    CHECK(runs == std::vector<int>(1000, 1));
    CHECK(executor->for_each(0, [](Index, Index) { FAIL("no item to run"); }));
  }
}

TEST_CASE("a nested loop runs inline, as the same worker", "[executor]") {
  const regard::Threads threads(2);
  std::atomic<int> elsewhere = 0;
  threads.for_each(50, [&](Index, Index outer) {
    threads.for_each(5, [&](Index, Index inner) { elsewhere += inner != outer; });
  });
  CHECK(elsewhere == 0);
}

TEST_CASE("the exception of the lowest item is the one that is thrown", "[executor]") {
  const regard::Threads threads(4);
  for (int repeat = 0; repeat < 50; ++repeat) {
    Index thrown = 0;
    try {
      threads.for_each(200, [](Index item, Index) {
        if (item >= 17)
          throw item;
      });
    } catch (Index item) {
      thrown = item;
    }
    REQUIRE(thrown == 17);
  }
  // Even when it is thrown last.
  const auto late = [&] {
    threads.for_each(4, [](Index item, Index) {
      if (item == 1)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      if (item >= 1)
        throw std::runtime_error(std::to_string(item));
    });
  };
  CHECK_THROWS_WITH(late(), "1");
  std::atomic<int> after = 0;
  threads.for_each(10, [&](Index, Index) { ++after; });
  CHECK(after == 10);
}

TEST_CASE("a stop request ends a loop early and says so", "[executor]") {
  const regard::Threads threads(2);
  std::stop_source source;
  std::atomic<int> ran = 0;
  CHECK_FALSE(threads.for_each(
      100000,
      [&](Index item, Index) {
        ++ran;
        if (item == 10)
          source.request_stop();
      },
      source.get_token()));
  CHECK(ran < 100000);
}

TEST_CASE("a random stream is a function of its keys alone", "[random]") {
  regard::RandomStream a(7, 1), b(7, 1), c(7, 2), d(8, 1);
  const auto first = a();
  CHECK(first == b());
  CHECK(first != c());
  CHECK(first != d());
  // These bits are a promise: results that name a seed can be repeated with a later version.
  CHECK(regard::RandomStream(0)() == 0xb55a9fea94122e48);
  CHECK(regard::RandomStream(1, 2)() == 0xaf4182dd0cd84c27);
}

TEST_CASE("draws have the moments of their laws", "[random]") {
  regard::RandomStream stream(1);
  const int count = 100000;
  double uniform = 0, normal = 0, square = 0;
  std::vector<int> below(3, 0);
  for (int i = 0; i < count; ++i) {
    uniform += stream.uniform();
    const double z = stream.normal();
    normal += z;
    square += z * z;
    ++below[stream.below(3)];
  }
  // Five standard errors of each mean.
  CHECK(std::abs(uniform / count - 0.5) < 5 * 0.2887 / std::sqrt(count));
  CHECK(std::abs(normal / count) < 5 / std::sqrt(count));
  CHECK(std::abs(square / count - 1) < 5 * std::sqrt(2.0 / count));
  for (const int hits : below)
    CHECK(std::abs(hits - count / 3.0) < 5 * std::sqrt(count * 2.0 / 9));
}
