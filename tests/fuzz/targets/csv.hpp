// SPDX-License-Identifier: MIT
// A matrix of attention as CSV, and the games that are made of it.
#pragma once

#include "fuzz/targets/support.hpp"

#include "../examples/support/csv.hpp"

#include <regard/shapley.hpp>

namespace regard_fuzz {

inline void check_values(const regard::ShapleyResult& result, std::size_t players) {
  require(result.values.size() == players, "a value for each player");
  for (const double value : result.values)
    require(std::isfinite(value), "finite values");
  require(std::isfinite(result.value_full) && std::isfinite(result.completeness_gap), "a finite gap");
}

inline void csv(Bytes input) {
  static const Folder folder;
  const auto path = folder.write("fuzzed.csv", input);
  regard::Tensor<double, 2> matrix;
  if (!accepts([&] { matrix = program::read_csv(path); }))
    return;
  const std::size_t rows = matrix.extent(0), columns = matrix.extent(1);
  for (const double number : matrix)
    require(std::isfinite(number), "finite numbers");
  if (rows == 1)
    accepts([&] { check_values(regard::shapley(regard::cls_game(matrix[0].flat())), columns); });
  if (rows != columns)
    return;
  for (const auto rule : {regard::PairRule::sum, regard::PairRule::max})
    accepts([&] {
      check_values(regard::shapley(regard::PairwiseGame(matrix, rule, regard::Singleton::self)), rows);
    });
  if (rows <= 12)
    accepts([&] {
      const regard::PairwiseGame game(std::move(matrix), regard::PairRule::max, regard::Singleton::zero);
      check_values(regard::shapley(game, {.solver = regard::Solver::exact}), rows);
      check_values(regard::shapley(game, {.solver = regard::Solver::kernel, .budget = 64}), rows);
    });
}

} // namespace regard_fuzz
