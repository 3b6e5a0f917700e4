// SPDX-License-Identifier: MIT
// What a model predicts of one input when some of its players are hidden: what every faithfulness metric
// asks. A coalition is evaluated once, whoever asks for it, and many at a time.
//
//     auto predictions = regard::masked_predictions(model, encoding, players, {}, executor); // of our models
//     const double p = predictions.probability(visible_players, why.target.index);
//
//     regard::MaskedPredictions other(players, classes, evaluate);                           // of any
//     function
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/attribution/masked_input_game.hpp>
#include <regard/evaluation/ranking.hpp>

#include <functional>
#include <map>
#include <memory>

namespace regard::inline REGARD_ABI {

/// Logits of one input for every coalition of visible players that was asked for so far.
class MaskedPredictions {
 public:
  /// Fills `logits` [coalitions, classes]. A coalition lists the players that are visible.
  using Evaluate = std::function<void(std::span<const Coalition> coalitions, TensorView<double, 2> logits)>;

  /// @param classes  at least 2, or at least 1 where each is true or not
  /// Throws InvalidArgument for a regression: there is no probability to compare.
  REGARD_LAZY MaskedPredictions(Index players, Index classes, Evaluate evaluate,
                                ProblemType problem = ProblemType::single_label);

  Index players() const { return players_; }
  Index classes() const { return classes_; }

  /// Evaluates those coalitions that are not known yet, in one call. The members below do the same for what
  /// they are asked; asking for all beforehand makes large batches of them.
  /// Throws InvalidArgument for a coalition among another number of players, or a logit that is not finite.
  REGARD_LAZY void evaluate(std::span<const MutableCoalition> coalitions);

  /// [classes]; valid until something else is evaluated.
  REGARD_LAZY std::span<const double> logits(const Coalition& visible);
  /// Softmax, or sigmoid for a multi-label model, in double.
  REGARD_LAZY double probability(const Coalition& visible, Index target);
  /// Its natural logarithm, which does not underflow.
  REGARD_LAZY double log_probability(const Coalition& visible, Index target);
  /// The class with the largest logit, the first one of several.
  REGARD_LAZY Index label(const Coalition& visible);

  /// How many coalitions were evaluated.
  Index evaluations() const { return rows_.size(); }

 private:
  Index players_, classes_;
  Evaluate evaluate_;
  ProblemType problem_;
  std::map<std::vector<std::uint64_t>, Index> rows_; // words of a coalition to its row
  std::vector<double> logits_;                       // [rows, classes]
};

/// The predictions of a text or image model.
/// @param encoded   what the model's `encode` gives
/// @param players   tokens of each player, as `find_players` lists them
/// @param masking   what hides a player: the mask token at the same length for a text, absence for an image,
///                  unless told otherwise; the value function is not asked
/// Model and executor must outlive the result.
template <class Model>
MaskedPredictions masked_predictions(const Model& model,
                                     typename MaskedInputGame<Model>::EncodedInput encoded,
                                     std::vector<std::vector<Index>> players,
                                     const MaskedInputOptions& masking, const Executor& executor);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/masked_predictions.hpp>
#endif
