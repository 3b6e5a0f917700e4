// SPDX-License-Identifier: MIT
// Does the model really use what an explanation puts first? Players are hidden in the order of their scores,
// and the model is asked again. For texts and images alike; what hides a player is the MaskedPredictions'
// matter.
//
//     auto predictions = regard::masked_predictions(model, encoding, players, {}, executor);
//     const auto f = regard::faithfulness(predictions, why.values, why.target.index);
//     use(f.comprehensiveness, f.sufficiency); // higher is better, lower is better
//
// Everywhere: `scores` has one number a player; the ranking is by signed score, ties to the player that comes
// first; p is the probability of `target`, which stays the class that was predicted for the full input; the
// top k percent are ceil(n k / 100) players. Special tokens are no players and never hidden. Throws
// InvalidArgument for another number of scores than players, for none, and for a score that is not finite.
#pragma once

#include <regard/evaluation/masked_predictions.hpp>

#include <cstdint>
#include <optional>

namespace regard::inline REGARD_ABI {

/// What the sum over the percentages K is divided by.
enum class AopcDivisor {
  reference, ///< |K| + 1, as the code that came with arXiv 2508.08966 does
  terms,     ///< |K|: a mean
};

/// "reference" or "terms".
constexpr std::string_view to_string(AopcDivisor divisor) {
  return divisor == AopcDivisor::reference ? "reference" : "terms";
}

/// What `faithfulness` computes. The defaults of the first three are those of arXiv 2508.08966.
struct FaithfulnessOptions {
  std::vector<Index> percentages = {0, 10, 20, 50}; ///< K, whole numbers
  AopcDivisor divisor = AopcDivisor::reference;
  Index kept_percentage = 20; ///< what is visible for `kept_label`

  /// Bins of the ERASER benchmark (DeYoung et al. 2020), a plain mean over them; empty leaves the two out.
  std::vector<Index> aopc_percentages = {1, 5, 10, 20, 50};
  /// What is hidden for the log-odds (Shrikumar et al. 2017; Sanyal and Ren 2021); 0 leaves it out.
  Index log_odds_percentage = 20;
  /// Equal steps of the deletion and insertion curves (Petsiuk et al. 2018); 0 leaves them out. More steps
  /// than players are one step for each player.
  Index curve_steps = 10;
  /// Equal steps of the monotonicity test; 0 leaves it out.
  Index monotonicity_steps = 10;
};

/// The probability of the target while players are hidden, or shown, step by step.
struct PerturbationCurve {
  std::vector<double> fraction;    ///< of the players that were changed, from 0 to 1
  std::vector<double> probability; ///< of the target
  double area = 0;                 ///< below the curve over [0, 1], by trapezoids
};

/// How the probability behaves while players are shown from the least important on.
struct Monotonicity {
  bool monotone = false;   ///< it never falls (Luss et al. 2021)
  double rising_steps = 0; ///< share of the steps in which it does not fall
};

/// All of one explanation.
struct Faithfulness {
  double comprehensiveness = 0; ///< 1 / divisor * sum over K of p(full) - p(full without the top k percent)
  double sufficiency = 0;       ///< 1 / divisor * sum over K of p(full) - p(the top k percent alone)
  Index kept_label = 0;         ///< the class that is predicted from the top kept_percentage alone: F1
  std::optional<double> aopc_comprehensiveness; ///< mean over aopc_percentages
  std::optional<double> aopc_sufficiency;
  std::optional<double> log_odds;       ///< ln p(without the top) - ln p(full): more negative is better
  std::optional<double> deletion_area;  ///< lower is better
  std::optional<double> insertion_area; ///< higher is better
  std::optional<Monotonicity> monotonicity;
};

/// All measures that the options ask for.
REGARD_LAZY Faithfulness faithfulness(MaskedPredictions& predictions, std::span<const double> scores,
                                      Index target, const FaithfulnessOptions& options = {});

/// The coalitions that `faithfulness` looks at: hand those of all methods to MaskedPredictions::evaluate
/// first, and they share batches.
REGARD_LAZY std::vector<MutableCoalition> faithfulness_inputs(std::span<const double> scores,
                                                              const FaithfulnessOptions& options = {});

// The parts, each for itself.

/// Faithfulness::comprehensiveness of any percentages.
REGARD_LAZY double comprehensiveness(MaskedPredictions& predictions, std::span<const double> scores,
                                     Index target, std::span<const Index> percentages,
                                     AopcDivisor divisor = AopcDivisor::reference);
/// Faithfulness::sufficiency of any percentages.
REGARD_LAZY double sufficiency(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                               std::span<const Index> percentages,
                               AopcDivisor divisor = AopcDivisor::reference);
/// Faithfulness::kept_label of any percentage.
REGARD_LAZY Index kept_label(MaskedPredictions& predictions, std::span<const double> scores,
                             Index percentage = 20);
/// Faithfulness::log_odds of any percentage.
REGARD_LAZY double log_odds(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                            Index percentage = 20);

/// Players are hidden from the most important on; after step j, ceil(n j / steps) of them.
REGARD_LAZY PerturbationCurve deletion_curve(MaskedPredictions& predictions, std::span<const double> scores,
                                             Index target, Index steps = 10);
/// Players are shown from the most important on, starting with none.
REGARD_LAZY PerturbationCurve insertion_curve(MaskedPredictions& predictions, std::span<const double> scores,
                                              Index target, Index steps = 10);

/// Players are shown by increasing |score|, ties by position, starting with none.
REGARD_LAZY Monotonicity monotonicity(MaskedPredictions& predictions, std::span<const double> scores,
                                      Index target, Index steps = 10);

/// How infidelity is estimated.
struct InfidelityOptions {
  Index draws = 10;
  /// Multiplies the scores by the factor that fits best, so that methods with other units than probability
  /// compare (captum's `normalize`).
  bool scaled = true;
  std::uint64_t seed = 0;
  Index item = 0; ///< number of the input: its draws are those of RandomStream(seed, item)
};

/// Infidelity (Yeh et al. 2019): mean over random sets I of hidden players of (beta sum_{i in I} score_i -
/// (p(full) - p(without I)))^2. The size of I is uniform on 1, ..., n, then its members: the same sets for
/// every method. beta is 1, or the least-squares factor where `scaled`. Lower is better.
REGARD_LAZY double infidelity(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                              const InfidelityOptions& options = {});

/// The coalitions that `infidelity` looks at.
REGARD_LAZY std::vector<MutableCoalition> infidelity_inputs(Index players,
                                                            const InfidelityOptions& options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/faithfulness.hpp>
#endif
