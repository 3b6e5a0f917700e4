// SPDX-License-Identifier: MIT
// Groups of players: the closed forms against enumeration of the union's values.
#include "games.hpp"

#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/testing/laws.hpp>

using namespace regard;
using namespace regard_test;

TEST_CASE("closed forms over groups equal enumeration", "[grouped]") {
  INFO("seed " << seed());
  const std::vector<std::vector<std::vector<Index>>> partitions = {
      {},
      {{3}},
      {{0, 1, 2}},
      {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}},
      {{0, 1}, {2}, {3, 4, 5}, {6, 7}},
      {{7, 2}, {}, {4}, {1}},
      {{0, 1, 2, 3}, {4, 5, 6, 7}},
  };
  for (Index p = 0; p < partitions.size(); ++p) {
    RandomStream random(seed(), p);
    const auto matrix = random_matrix(8, Entries::normal, random);
    for (const PairRule rule : {PairRule::sum, PairRule::max})
      for (const Singleton singleton : {Singleton::self, Singleton::zero, Singleton::additive}) {
        INFO("partition " << p << ", " << to_string(singleton));
        const auto game = grouped(PairwiseGame(matrix, rule, singleton), partitions[p]);
        CHECK(relative_error(shapley(game).values, enumerate(game).values) < Tolerance<double>::closed_form);
        CHECK(
            testing::check_game(game, {.seed = seed(), .tolerance = Tolerance<double>::closed_form}).empty());
      }
    const auto row = cls_game(std::vector<double>(matrix.data(), matrix.data() + 8));
    const auto game = grouped(row, partitions[p]);
    CHECK(relative_error(shapley(game).values, enumerate(game).values) < Tolerance<double>::closed_form);
  }
}

TEST_CASE("groups of one are the game itself", "[grouped]") {
  RandomStream random(seed(), 50);
  const auto matrix = random_matrix(5, Entries::softmax, random);
  const auto game = max_mutual_game(matrix);
  CHECK(shapley(grouped(game, {{0}, {1}, {2}, {3}, {4}})).values == shapley(game).values);
}

TEST_CASE("groups that do not fit are refused", "[grouped]") {
  const auto game = cls_game(std::vector<double>{1, 2, 3});
  CHECK_THROWS_WITH(grouped(game, {{0}, {3}}), "groups: found player 3 in a game of 3 players");
  CHECK_THROWS_WITH(grouped(game, {{0, 1}, {1}}), "groups: found player 1 twice, expected each once");
}
