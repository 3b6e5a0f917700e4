// SPDX-License-Identifier: MIT
// Error against budget of the sampled solvers: root mean square error by the root mean square of the values,
// on random unanimity games of order 3 to 6, mean over three games. 1 is what the answer "nobody contributes"
// gets.
//
//     solver_errors [seeds = 100] [threads = 2]
#include "shapley/games.hpp"

#include <array>
#include <cstdlib>
#include <iomanip>
#include <iostream>

using namespace regard;

namespace {

double relative_error(Solver solver, Index players, Index budget, Index seeds, const Executor& executor) {
  constexpr Index games = 3;
  double total = 0;
  for (Index g = 0; g < games; ++g) {
    RandomStream random(players, g);
    const auto game = regard_test::random_unanimity(players, random);
    const std::vector<double> truth = game.known_values();
    std::vector<double> squares(seeds, 0.0);
    executor.for_each(seeds, [&](Index seed, Index) {
      const auto result = shapley(game, {.solver = solver, .budget = budget, .seed = seed});
      for (Index i = 0; i < players; ++i)
        squares[seed] += (result.values[i] - truth[i]) * (result.values[i] - truth[i]);
    });
    double error = 0, size = 0;
    for (const double square : squares)
      error += square / static_cast<double>(seeds);
    for (const double value : truth)
      size += value * value;
    total += std::sqrt(error / size) / static_cast<double>(games);
  }
  return total;
}

} // namespace

int main(int argc, char** argv) {
  const Index seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100;
  const Threads threads(argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2);
  constexpr std::array solvers{Solver::permutation, Solver::stratified,      Solver::self_normalised,
                               Solver::kernel,      Solver::unbiased_kernel, Solver::leverage};
  std::cout << "| n | budget |";
  for (const Solver solver : solvers)
    std::cout << ' ' << to_string(solver) << " |";
  std::cout << "\n|---|---|---|---|---|---|---|---|\n" << std::setprecision(3);
  for (const Index players : {Index{10}, Index{20}, Index{50}, Index{200}})
    for (const Index budget :
         {3 * players, 5 * players, 10 * players, 20 * players, 40 * players, 80 * players}) {
      std::cout << "| " << players << " | " << budget << " |";
      for (const Solver solver : solvers)
        std::cout << ' ' << relative_error(solver, players, budget, seeds, threads) << " |";
      std::cout << std::endl;
    }
}
