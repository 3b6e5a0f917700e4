// SPDX-License-Identifier: MIT
// The games on which solvers.py compares this library with others, and what this library makes of them.
// GAME is a name of statistics/study_games.hpp, INDEX an interaction index.
//
//     game_values GAME values                  reads a 32-bit count and as many coalitions, a byte a player;
//                                              writes their values as doubles; and again until the input ends
//     game_values GAME truth ORDERS            Shapley values: exact, or the mean over ORDERS pairs of orders
//     game_values GAME solve SOLVER SEEDS BUDGET...        a line an estimate: budget, evaluations, values
//     game_values GAME pairs INDEX             interactions of all pairs i < j, by enumeration
//     game_values GAME sample INDEX SEEDS BUDGET...        a line an estimate of them
#include "statistics/study_games.hpp"

#include <cstdio>
#include <iomanip>
#include <iostream>
#include <string_view>

using namespace regard;

namespace {

template <class Numbers>
void print(const Numbers& numbers) {
  for (const double number : numbers)
    std::cout << number << ' ';
  std::cout << std::endl;
}

void serve(const regard_test::StudyGame& game) {
  const Index players = game.players();
  std::uint32_t count = 0;
  std::vector<char> bytes;
  std::vector<double> values;
  while (std::fread(&count, sizeof count, 1, stdin) == 1) {
    bytes.resize(count * players);
    values.resize(count);
    if (std::fread(bytes.data(), 1, bytes.size(), stdin) != bytes.size())
      throw IoError("standard input ends within a coalition");
    regard::detail::CoalitionBuffer coalitions(players);
    for (Index c = 0; c < count; ++c) {
      MutableCoalition coalition(players);
      for (Index i = 0; i < players; ++i)
        coalition.assign(i, bytes[c * players + i] != 0);
      coalitions.add(coalition);
    }
    for (Index first = 0; first < count; first += 64) {
      std::vector<Coalition> views;
      for (Index c = first; c < std::min<Index>(first + 64, count); ++c)
        views.push_back(coalitions[c]);
      game.values(views, std::span(values).subspan(first, views.size()));
    }
    std::fwrite(values.data(), sizeof(double), values.size(), stdout);
    std::fflush(stdout);
  }
}

std::vector<double> above_diagonal(const Tensor<double, 2>& matrix) {
  std::vector<double> pairs;
  for (Index i = 0; i < matrix.extent(0); ++i)
    for (Index j = i + 1; j < matrix.extent(0); ++j)
      pairs.push_back(matrix(i, j));
  return pairs;
}

/// Calls estimate(options) for every budget and seed.
template <class Estimate>
void repeat(std::span<char*> seeds_and_budgets, const Estimate& estimate) {
  const Index seeds = std::stoul(seeds_and_budgets[0]);
  for (const char* budget : seeds_and_budgets.subspan(1))
    for (Index seed = 0; seed < seeds; ++seed) {
      std::cout << budget << ' ';
      estimate(SolverOptions{.budget = std::stoul(budget), .seed = seed});
    }
}

void run(const regard_test::StudyGame& game, std::string_view job, std::span<char*> rest) {
  if (job == "values" && rest.empty()) {
    serve(game);
  } else if (job == "truth" && rest.size() == 1) {
    print(game.truth(std::stoul(rest[0])));
  } else if (job == "pairs" && rest.size() == 1) {
    print(above_diagonal(enumerate_interactions(game, interaction_named(rest[0])).matrix));
  } else if (job == "solve" && rest.size() > 2) {
    repeat(rest.subspan(1), [&](SolverOptions options) {
      options.solver = solver_named(rest[0]);
      const ShapleyResult result = shapley(game, options);
      std::cout << result.evaluations << ' ';
      print(result.values);
    });
  } else if (job == "sample" && rest.size() > 2) {
    repeat(rest.subspan(1), [&](const SolverOptions& options) {
      const auto result = sample_interactions(game, interaction_named(rest[0]), options);
      std::cout << result.evaluations << ' ';
      print(above_diagonal(result.matrix));
    });
  } else {
    throw InvalidArgument("found other arguments, expected those at the top of this file");
  }
}

} // namespace

int main(int argc, char** argv) try {
  if (argc < 3)
    throw InvalidArgument("found too few arguments, expected those at the top of this file");
  std::cout << std::setprecision(17);
  run(regard_test::StudyGame(argv[1]), argv[2], std::span(argv + 3, argv + argc));
} catch (const std::exception& error) {
  std::cerr << "game_values: " << error.what() << '\n';
  return 1;
}
