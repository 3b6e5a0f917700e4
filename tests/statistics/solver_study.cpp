// SPDX-License-Identifier: MIT
// Whether the sampled solvers keep what they promise: bias, error and coverage of the 95% intervals over many
// seeds, on random unanimity games of order 3 to 6, whose Shapley values are known.
//
//     solver_study [seeds = 2000] [games = 3] [threads = 2]
//
// For each solver, number of players and budget, the worst of all games and players:
//
//   |z|        of mean - truth in standard errors of the mean: unbiased solvers stay below 4 (5 for the
//   largest
//              of many)
//   bias/sd    the same in standard deviations of one estimate: all solvers stay below 0.2
//   se/sd      mean standard error by standard deviation, least and greatest
//   covers     how often the interval holds the truth: mean, least and greatest over players
//   rmse       root mean square error, by the root mean square of the values, mean over games
//
// A solver claims intervals where it has standard errors and does not say few_samples. Exit status 1 if one
// misses a bound.
#include "shapley/games.hpp"

#include <array>
#include <cstdlib>
#include <iomanip>
#include <iostream>

using namespace regard;

namespace {

struct Setting {
  Solver solver;
  Index players;
  Index budget;
};

struct Summary {
  double z = 0, bias = 0, least_ratio = HUGE_VAL, greatest_ratio = 0;
  double coverage = 0, least_coverage = 1, greatest_coverage = 0, error = 0;
  double units = 0, degrees = 0;
  bool intervals = true;
};

struct Sums {
  double value = 0, square = 0, error = 0, covered = 0;
};

Summary study(const Setting& setting, Index seeds, Index games, const Executor& executor) {
  Summary summary;
  for (Index g = 0; g < games; ++g) {
    RandomStream random(setting.players, g);
    const auto game = regard_test::random_unanimity(setting.players, random);
    const std::vector<double> truth = game.known_values();
    std::vector<ShapleyResult> results(seeds);
    executor.for_each(seeds, [&](Index seed, Index) {
      results[seed] =
          shapley(game, {.solver = setting.solver, .budget = setting.budget, .seed = 1000 * g + seed});
    });
    std::vector<Sums> sums(setting.players);
    double squares = 0;
    for (const ShapleyResult& result : results) {
      const auto intervals = confidence_intervals(result);
      summary.intervals = summary.intervals && intervals && result.status != Status::few_samples;
      for (Index i = 0; i < setting.players; ++i) {
        const double error = result.values[i] - truth[i];
        sums[i].value += error;
        sums[i].square += error * error;
        squares += error * error;
        if (!intervals)
          continue;
        sums[i].error += (*result.standard_errors)[i];
        const auto [lower, upper] = (*intervals)[i];
        sums[i].covered += lower <= truth[i] && truth[i] <= upper;
      }
      summary.units += static_cast<double>(result.units) / static_cast<double>(seeds * games);
      summary.degrees += result.degrees_of_freedom / static_cast<double>(seeds * games);
    }
    const double m = static_cast<double>(seeds), n = static_cast<double>(setting.players);
    double size = 0;
    for (Index i = 0; i < setting.players; ++i) {
      size += truth[i] * truth[i];
      const double bias = sums[i].value / m, sd = std::sqrt((sums[i].square / m - bias * bias) * m / (m - 1));
      const double coverage = sums[i].covered / m;
      summary.z = std::max(summary.z, std::abs(bias) / sd * std::sqrt(m));
      summary.bias = std::max(summary.bias, std::abs(bias) / sd);
      summary.least_ratio = std::min(summary.least_ratio, sums[i].error / m / sd);
      summary.greatest_ratio = std::max(summary.greatest_ratio, sums[i].error / m / sd);
      summary.coverage += coverage / n / static_cast<double>(games);
      summary.least_coverage = std::min(summary.least_coverage, coverage);
      summary.greatest_coverage = std::max(summary.greatest_coverage, coverage);
    }
    summary.error += std::sqrt(squares / m / size) / static_cast<double>(games);
  }
  return summary;
}

} // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, Index otherwise) {
    return argc > i ? static_cast<Index>(std::strtoull(argv[i], nullptr, 10)) : otherwise;
  };
  const Index seeds = argument(1, 2000), games = argument(2, 3);
  const Threads threads(argument(3, 2));
  std::vector<Setting> settings;
  for (const auto& [n, all_units] : {std::pair{Index{10}, std::array<Index, 2>{100, 300}},
                                     std::pair{Index{20}, std::array<Index, 2>{200, 600}}})
    for (const Index units : all_units) {
      settings.push_back({Solver::permutation, n, 2 + units * 2 * (n - 1)});
      settings.push_back({Solver::stratified, n, 2 + units * 2 * (n + 1)});
      for (const Solver solver : {Solver::unbiased_kernel, Solver::kernel, Solver::leverage})
        settings.push_back({solver, n, 2 + units * 2});
    }
  for (const Solver solver : {Solver::unbiased_kernel, Solver::kernel, Solver::leverage})
    settings.push_back({solver, 50, 2 + 2 * 500});
  settings.push_back({Solver::self_normalised, 10, 2 + 100 * 22});
  settings.push_back({Solver::self_normalised, 6, 2 + 500 * 14});
  settings.push_back({Solver::self_normalised, 8, 2 + 500 * 18});
  std::cout << seeds << " seeds, " << games << " games\n\n"
            << "| solver | n | budget | units | degrees | z | bias/sd | se/sd | covers | rmse | |\n"
            << "|---|---|---|---|---|---|---|---|---|---|---|\n"
            << std::setprecision(3);
  bool kept = true;
  for (const Setting& setting : settings) {
    const Summary s = study(setting, seeds, games, threads);
    const bool unbiased = setting.solver == Solver::permutation || setting.solver == Solver::stratified ||
                          setting.solver == Solver::unbiased_kernel;
    const bool holds = (!unbiased || s.z < 4) && s.bias < 0.2 &&
                       (!s.intervals || (s.least_coverage >= 0.92 && s.greatest_coverage <= 0.98));
    kept = kept && holds;
    std::cout << "| " << to_string(setting.solver) << " | " << setting.players << " | " << setting.budget
              << " | " << s.units << " | " << s.degrees << " | " << s.z << " | " << s.bias << " | ";
    if (s.intervals)
      std::cout << s.least_ratio << " .. " << s.greatest_ratio << " | " << s.coverage << " ("
                << s.least_coverage << " .. " << s.greatest_coverage << ") | ";
    else
      std::cout << "none | none | ";
    std::cout << s.error << " | " << (holds ? "" : "MISSED") << " |" << std::endl;
  }
  return kept ? 0 : 1;
}
