// SPDX-License-Identifier: MIT
// Shapley values of a matrix of attention from anywhere.
//
//     shapley_matrix --matrix attention.csv --game max-mutual
//     shapley_matrix --matrix attention.csv --game mutual --solver kernel --samples 500 --format json
#include "support/csv.hpp"
#include "support/program.hpp"

#include <regard/shapley.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>

namespace {

struct Options {
  program::CommonOptions common;
  std::string matrix, game, singleton = "self", solver = "auto", interactions;
  std::size_t samples = 4096;
  double precision = 0;
};

/// What a solver and, if asked for, the interactions of a game came to.
struct Solution {
  regard::ShapleyResult shapley;
  std::optional<regard::InteractionResult> interactions;
};

template <class G>
Solution solve(const G& game, const Options& options) {
  const regard::Threads threads(options.common.threads);
  regard::SolverOptions solver;
  solver.solver = regard::solver_named(options.solver);
  solver.budget = options.samples;
  solver.seed = options.common.seed;
  solver.precision = options.precision;
  Solution solution{regard::shapley(game, solver, threads), {}};
  if (!options.interactions.empty())
    solution.interactions =
        regard::interactions(game, regard::interaction_named(options.interactions), solver, threads);
  return solution;
}

Solution solve(const Options& options) {
  regard::Tensor<double, 2> matrix = program::read_csv(options.matrix);
  if (options.game == "cls") {
    if (matrix.extent(0) != 1)
      throw regard::MalformedFile(options.matrix,
                                  "found " + std::to_string(matrix.extent(0)) +
                                      " rows, expected the class token's row alone for --game cls");
    return solve(regard::cls_game(matrix[0].flat()), options);
  }
  if (matrix.extent(0) != matrix.extent(1))
    throw regard::MalformedFile(options.matrix, "found " + std::to_string(matrix.extent(0)) + " rows of " +
                                                    std::to_string(matrix.extent(1)) +
                                                    " numbers, expected as many rows as columns");
  const auto rule = options.game == "mutual" ? regard::PairRule::sum : regard::PairRule::max;
  return solve(regard::PairwiseGame(std::move(matrix), rule, program::parse_singleton(options.singleton)),
               options);
}

std::string to_json(const Options& options, const Solution& solution) {
  const regard::ShapleyResult& result = solution.shapley;
  nlohmann::ordered_json json{{"game", options.game},
                              {"solver", result.solver},
                              {"status", to_string(result.status)},
                              {"seed", options.common.seed},
                              {"values", result.values},
                              {"standard_errors", nullptr},
                              {"value_full", result.value_full},
                              {"completeness_gap", result.completeness_gap},
                              {"evaluations", result.evaluations}};
  if (result.standard_errors)
    json["standard_errors"] = *result.standard_errors;
  if (const auto& pairs = solution.interactions) {
    auto rows = nlohmann::ordered_json::array();
    for (regard::Index i = 0; i < pairs->matrix.extent(0); ++i)
      rows.push_back(pairs->matrix[i].flat());
    json["interactions"] = {{"index", to_string(pairs->index)}, {"matrix", std::move(rows)}};
  }
  return json.dump() + "\n";
}

std::string format(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%+12.6g", value);
  return text;
}

std::string to_table(const Options& options, const Solution& solution) {
  const regard::ShapleyResult& result = solution.shapley;
  std::string text = "game    " + options.game + "\nsolver  " + std::string(result.solver) + ", " +
                     std::string(to_string(result.status)) + ", " + std::to_string(result.evaluations) +
                     " evaluations\n\nplayer         value" +
                     (result.standard_errors ? "  standard error\n" : "\n");
  for (regard::Index i = 0; i < result.values.size(); ++i) {
    std::string player = std::to_string(i);
    player.resize(std::max<std::size_t>(player.size(), 6), ' ');
    text += player + "  " + format(result.values[i]) +
            (result.standard_errors ? "    " + format((*result.standard_errors)[i]) + "\n" : "\n");
  }
  text += "\nv(all) " + format(result.value_full) + ", gap " + format(result.completeness_gap) + "\n";
  if (const auto& pairs = solution.interactions) {
    text += "\ninteractions, " + std::string(to_string(pairs->index)) + "\n";
    for (regard::Index i = 0; i < pairs->matrix.extent(0); ++i) {
      for (regard::Index j = 0; j < pairs->matrix.extent(1); ++j)
        text += format(pairs->matrix(i, j));
      text += "\n";
    }
  }
  return text;
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Shapley values of a matrix of attention.", "shapley_matrix"};
  app.set_version_flag("--version", regard::version);
  app.add_option("--matrix", options.matrix,
                 "CSV file: n rows of n numbers, row = query, column = key; cls: one row")
      ->required();
  app.add_option("--game", options.game, "cls, mutual or max-mutual")
      ->required()
      ->check(CLI::IsMember({"cls", "mutual", "max-mutual"}));
  app.add_option("--singleton", options.singleton,
                 "what a player alone is worth: self (default), zero, additive")
      ->check(CLI::IsMember({"self", "zero", "additive"}));
  std::vector<std::string> solvers, indices;
  for (const regard::SolverName& solver : regard::solver_names)
    solvers.emplace_back(solver.name);
  for (const regard::InteractionName& index : regard::interaction_names)
    indices.emplace_back(index.name);
  app.add_option("--solver", options.solver, "default auto: the closed form")->check(CLI::IsMember(solvers));
  app.add_option("--samples", options.samples,
                 "the most coalitions that a sampling solver evaluates (default 4096)")
      ->check(program::digits);
  app.add_option("--precision", options.precision,
                 "stop at this standard error, as a share of the range of the values")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--interactions", options.interactions, "also the interactions of pairs")
      ->check(CLI::IsMember(indices));
  program::add_common_options(app, options.common);
  return program::run(app, argc, argv, [&] {
    const Solution solution = solve(options);
    program::Output output(options.common.output);
    output.write(options.common.json() ? to_json(options, solution) : to_table(options, solution));
    output.finish();
  });
}
