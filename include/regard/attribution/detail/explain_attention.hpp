// SPDX-License-Identifier: MIT
// The Shapley values of attention games, several inputs in one pass.
#pragma once

#include <regard/attribution/detail/describe.hpp>
#include <regard/shapley.hpp>

namespace regard::inline REGARD_ABI::detail {

/// Runs a pass whose rows and hidden states are set, and hands the attention of the selected layers, beside
/// its gradient if `gradient` says so, to the reader of each input while the passes run: nothing of the size
/// layers x heads x tokens x tokens outlives a block. Without the gradient layers come in increasing order,
/// with it in decreasing order.
/// @param last_block  tokens_read where the readers make nothing of what other tokens attend to in the last
/// block
template <class Model, class Reader>
std::vector<Prediction> read_attention(const Model& model, Pass<typename Model::Scalar>& pass,
                                       const std::vector<bool>& selected, bool gradient, const Target& target,
                                       std::vector<Reader>& readers,
                                       LastBlock last_block = LastBlock::all_tokens) {
  using Scalar = typename Model::Scalar;
  Hooks<Scalar> hooks;
  if constexpr (requires(TensorView<const Scalar, 3> map) { readers[0].add(map); })
    if (!gradient)
      hooks.on_attention_applied = [&](Index layer, Index b, TensorView<const Scalar, 3> attention) {
        if (selected[layer])
          readers[b].add(attention);
      };
  model.classifier().forward(pass, gradient ? Keep::for_backward : Keep::nothing, hooks,
                             {.last_block = last_block});
  std::vector<Prediction> predictions = read_predictions(model, pass, target);
  if constexpr (requires(TensorView<const Scalar, 3> map) { readers[0].add(map, map); })
    if (gradient) {
      hooks = {};
      hooks.on_attention_gradient = [&](Index layer, Index b, TensorView<const Scalar, 3> attention,
                                        TensorView<const Scalar, 3> slope) {
        if (selected[layer])
          readers[b].add(attention, slope);
      };
      const auto seeds = target_seeds<Scalar>(predictions, model.classifier().classes());
      const auto first = std::find(selected.begin(), selected.end(), true);
      model.classifier().backward(pass, seeds.view(), hooks,
                                  {.first_layer = static_cast<Index>(first - selected.begin()),
                                   .input_gradient = InputGradient::skip});
    }
  return predictions;
}

/// The Shapley values of a game over tokens, played by players of one token or more each.
template <class G>
ShapleyResult solve(G game, std::span<const std::vector<Index>> players, const SolverOptions& options) {
  if (players.size() == game.players())
    return shapley(game, options);
  std::vector<std::vector<Index>> groups;
  Index next = 0;
  for (const std::vector<Index>& player : players) {
    groups.emplace_back(player.size());
    for (Index& member : groups.back())
      member = next++;
  }
  return shapley(grouped(std::move(game), std::move(groups)), options);
}

/// What the solver of an attention game is told. The authors' samplers count coalitions, each with its
/// neighbours.
inline SolverOptions solver_options(const AttentionMethod& method, Index players,
                                    const ExplainOptions& options) {
  SolverOptions solver;
  solver.solver = method.solver;
  solver.seed = options.seed;
  solver.stop = options.stop;
  const bool authors = method.solver == Solver::authors_random || method.solver == Solver::authors_kernel;
  // Two players or fewer are enumerated, which takes up to four evaluations.
  solver.budget = authors ? std::max<Index>(4, 2 + method.samples * (players + 1)) : method.samples;
  return solver;
}

/// The Shapley values of the method's game.
template <class Aggregated>
ShapleyResult solve(const AttentionMethod& method, const Aggregated& aggregated,
                    std::span<const std::vector<Index>> players, const ExplainOptions& options) {
  const SolverOptions solver = solver_options(method, players.size(), options);
  switch (method.game) {
  case AttentionGame::cls:
    return solve(cls_game(aggregated), players, solver);
  case AttentionGame::mutual:
    return solve(mutual_game(aggregated, method.singleton), players, solver);
  case AttentionGame::max_mutual:
    break;
  }
  return solve(max_mutual_game(aggregated, method.singleton), players, solver);
}

/// The mean of an input's attention. What is not finite there is the model's.
template <class Model>
AggregatedAttention mean_attention(const Model& model, const AttentionAccumulator& sums) {
  try {
    return sums.result();
  } catch (const InvalidArgument& error) {
    if (model.classifier().layers() == 0)
      throw;
    throw Error(std::string(model.name()) + ": " + error.what() + broken_weights);
  }
}

/// Whether a solver draws anything.
inline bool samples(Solver solver) {
  return solver != Solver::automatic && solver != Solver::closed_form && solver != Solver::exact;
}

/// Explains inputs `range` in one pass; `pass` is reused from call to call.
template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const AttentionMethod& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  embed_range(model, encodings, range, pass);
  std::vector<std::vector<std::vector<Index>>> players; // of each input, of each player
  std::vector<AttentionAccumulator> sums;
  for (Index b = 0; b < pass.rows.inputs(); ++b) {
    players.push_back(players_of(encodings[range.begin + b], method));
    sums.emplace_back(pass.rows.length(b), flatten(players.back()));
  }
  const std::vector<bool> selected = select_layers(method.layers, model.classifier().layers());
  const bool gradient = method.source == AttentionSource::gradient;
  // Only attention that the head reads has a gradient in the last block, and only that of the class token
  // counts in its game.
  const LastBlock last_block =
      gradient || method.game == AttentionGame::cls ? LastBlock::tokens_read : LastBlock::all_tokens;
  const auto predictions = read_attention(model, pass, selected, gradient, options.target, sums, last_block);
  for (Index b = 0; b < predictions.size(); ++b) {
    const Encoded& encoding = encodings[range.begin + b];
    Explanation why = describe(model, inputs[range.begin + b], encoding, predictions[b], method, options);
    describe_solution(why, solve(method, mean_attention(model, sums[b]), players[b], options));
    if (samples(method.solver))
      why.samples = method.samples;
    why.value_function = gradient ? "gradient-attention" : "attention";
    if (method.game != AttentionGame::cls)
      why.singleton = to_string(method.singleton);
    why.layers = list_layers(selected);
    describe_players(why, encoding, std::move(players[b]), method);
    explanations[range.begin + b] = std::move(why);
  }
}

} // namespace regard::inline REGARD_ABI::detail
