// SPDX-License-Identifier: MIT
// The Shapley values of the masked-input game, one input at a time.
#pragma once

#include <regard/attribution/detail/describe.hpp>
#include <regard/shapley/image_partition_tree.hpp>
#include <regard/shapley/partition.hpp>
#include <regard/shapley/solver.hpp>

namespace regard::inline REGARD_ABI::detail {

/// Which players are neighbours, for the partition explainer.
inline PartitionTree tree_of(const Explanation& why, const Encoding& encoding,
                             std::span<const std::vector<Index>> players, const InputMethod&) {
  std::vector<std::string> pieces;
  for (const std::vector<Index>& player : players) {
    const Token &first = encoding.tokens[player.front()], &last = encoding.tokens[player.back()];
    const std::string& text = segment_text(why, first.segment);
    pieces.push_back(player.size() == 1 ? why.tokens[player.front()].text
                                        : text.substr(first.begin, last.end - first.begin));
  }
  return text_partition_tree(pieces);
}
template <class Scalar>
PartitionTree tree_of(const Explanation&, const EncodedImage<Scalar>& image,
                      std::span<const std::vector<Index>>, const InputMethod& method) {
  const auto blocks = [&](Index patches) {
    return patches / method.super_patch + (patches % method.super_patch != 0 ? 1 : 0);
  };
  return image_partition_tree(blocks(image.grid.rows), blocks(image.grid.columns));
}

/// The Shapley values of a masked-input game. @param tree  tree() is that of the partition explainer
template <class G, class Tree>
ShapleyResult solve(const InputMethod& method, const G& game, Tree tree, const ExplainOptions& options,
                    const Executor& executor) {
  SolverOptions solver;
  solver.budget = method.samples;
  solver.seed = options.seed;
  solver.precision = method.precision;
  solver.stop = options.stop;
  if (method.solver == InputSolver::partition)
    return partition_shap(game, tree(), solver, executor);
  solver.solver = method.solver == InputSolver::exact    ? Solver::exact
                  : method.solver == InputSolver::kernel ? Solver::kernel
                                                         : Solver::permutation;
  if (method.solver == InputSolver::exact && game.players() > method.max_players)
    throw InvalidArgument(
        "shapley-input: found " + std::to_string(game.players()) + " players, whose coalitions are 2^" +
        std::to_string(game.players()) + ", expected at most " + std::to_string(method.max_players) +
        "; raise the limit, take words or super-patches as players, or sample with kernel-shap");
  return shapley(game, solver, executor);
}

/// Explains one input by what the model says of it with tokens masked.
template <class Model, class Input, class Encoded>
std::optional<Explanation> explain_one(const Model& model, const Input& input, const InputMethod& method,
                                       const ExplainOptions& options, const Executor& executor,
                                       const Encoded& encoding) {
  const Prediction prediction = predict(model, encoding, options.target);
  Explanation why = describe(model, input, encoding, prediction, method, options);
  std::vector<std::vector<Index>> players = players_of(encoding, method);
  const MaskedInputGame<Model> game(model, encoding, players, prediction.target,
                                    {method.masking, method.value}, executor);
  const auto tree = [&] { return tree_of(why, encoding, players, method); };
  describe_solution(why, solve(method, game, tree, options, executor));
  why.samples = method.solver == InputSolver::exact ? 0 : method.samples;
  why.masking = to_string(resolve_masking<Model>(method.masking));
  why.value_function = to_string(method.value);
  if (method.precision > 0)
    why.options.emplace_back("precision", option_text(method.precision));
  describe_players(why, encoding, std::move(players), method);
  return why;
}

} // namespace regard::inline REGARD_ABI::detail
