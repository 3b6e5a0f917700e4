// SPDX-License-Identifier: MIT
// Whether the sampled solvers keep what they promise: bias, error and coverage of the 95% intervals over many
// seeds, on random unanimity games of order 3 to 6, whose Shapley values are known, and on masked-input games
// of the bundled text model with 10 players, whose 2^10 values are looked up.
//
//     solver_study [seeds = 2000] [games = 3] [threads = 2] [kind = both: unanimity, text]
//
// For each solver, number of players and budget, the worst of all games and players:
//
//   |z|        of mean - truth in standard errors of the mean: unbiased solvers stay below 4
//   bias/sd    the same in standard deviations of one estimate: all solvers stay below 0.2
//   se/sd      mean standard error by standard deviation, least and greatest
//   covers     how often the interval holds the truth: mean, least and greatest over players
//   rmse       root mean square error, by the root mean square of the values, mean over games
//
// A solver claims intervals where it has standard errors and does not say few_samples. Exit status 1 if one
// misses a bound.
#include "study_games.hpp"

#include <array>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string_view>

using namespace regard;

namespace {

struct Setting {
  std::string_view kind;
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

/// A text model is asked for each coalition once.
regard_test::FunctionGame play(std::string_view kind, Index players, Index number) {
  const auto game = std::make_shared<regard_test::StudyGame>(
      std::string(kind) + '-' + std::to_string(players) + '-' + std::to_string(number));
  if (kind == "unanimity")
    return {players, [game](Coalition coalition) { return game->value(coalition); }};
  const auto table = std::make_shared<testing::TableGame>(regard_test::tabulate(*game));
  return {players, [table](Coalition coalition) { return table->value(coalition); }};
}

Summary study(const Setting& setting, Index seeds, Index games, const Executor& executor) {
  Summary summary;
  for (Index g = 0; g < games; ++g) {
    const auto game = play(setting.kind, setting.players, g);
    const std::vector<double> truth =
        setting.kind == "unanimity"
            ? regard_test::StudyGame("unanimity-" + std::to_string(setting.players) + '-' + std::to_string(g))
                  .truth(0)
            : enumerate(game).values;
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
  const std::string_view kinds = argc > 4 ? argv[4] : "both";
  std::vector<Setting> settings;
  const auto add = [&](std::string_view kind, Index n, Index units) {
    settings.push_back({kind, Solver::permutation, n, 2 + units * 2 * (n - 1)});
    settings.push_back({kind, Solver::stratified, n, 2 + units * 2 * (n + 1)});
    for (const Solver solver : {Solver::unbiased_kernel, Solver::kernel, Solver::leverage})
      settings.push_back({kind, solver, n, 2 + units * 2});
  };
  if (kinds != "text") {
    for (const Index units : {Index{100}, Index{300}})
      add("unanimity", 10, units);
    for (const Index units : {Index{200}, Index{600}})
      add("unanimity", 20, units);
    for (const Solver solver : {Solver::unbiased_kernel, Solver::kernel, Solver::leverage})
      settings.push_back({"unanimity", solver, 50, 2 + 2 * 500});
    settings.push_back({"unanimity", Solver::self_normalised, 10, 2 + 100 * 22});
    settings.push_back({"unanimity", Solver::self_normalised, 6, 2 + 500 * 14});
    settings.push_back({"unanimity", Solver::self_normalised, 8, 2 + 500 * 18});
  }
  if (kinds != "unanimity") {
    for (const Index units : {Index{100}, Index{300}})
      add("text", 10, units);
    settings.push_back({"text", Solver::self_normalised, 8, 2 + 500 * 18});
  }
  std::cout << seeds << " seeds, " << games << " games\n\n"
            << "| game | solver | n | budget | units | degrees | z | bias/sd | se/sd | covers | rmse | |\n"
            << "|---|---|---|---|---|---|---|---|---|---|---|---|\n"
            << std::setprecision(3);
  bool kept = true;
  for (const Setting& setting : settings) {
    const Summary s = study(setting, seeds, games, threads);
    const bool unbiased = setting.solver == Solver::permutation || setting.solver == Solver::stratified ||
                          setting.solver == Solver::unbiased_kernel;
    const bool holds = (!unbiased || s.z < 4) && s.bias < 0.2 &&
                       (!s.intervals || (s.least_coverage >= 0.92 && s.greatest_coverage <= 0.98));
    kept = kept && holds;
    std::cout << "| " << setting.kind << " | " << to_string(setting.solver) << " | " << setting.players
              << " | " << setting.budget << " | " << s.units << " | " << s.degrees << " | " << s.z << " | "
              << s.bias << " | ";
    if (s.intervals)
      std::cout << s.least_ratio << " .. " << s.greatest_ratio << " | " << s.coverage << " ("
                << s.least_coverage << " .. " << s.greatest_coverage << ") | ";
    else
      std::cout << "none | none | ";
    std::cout << s.error << " | " << (holds ? "" : "MISSED") << " |" << std::endl;
  }
  return kept ? 0 : 1;
}
