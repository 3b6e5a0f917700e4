// SPDX-License-Identifier: MIT
// Sets of concept activation vectors: R resamples for each concept and block, their accuracy, and those of
// random concepts to compare with.
//
//     std::vector<regard::ConceptInputs<float>> concepts{{"striped", striped}, {"dotted", dotted}};
//     const auto cavs = regard::train_cavs<float>(model.classifier(), concepts, random, {.seed = 1},
//     threads); const regard::CavSet* set = cavs.find("striped", 3);
//
// A probe is fitted on the token rows of a block's output, class token included. Only the negatives change
// between the resamples. The hidden states of all concept inputs go through the encoder once, one block at a
// time: memory is that of one block's, whatever the number of resamples and blocks. The result is the same,
// bit for bit, for any number of threads, and the order of the concepts only orders it.
#pragma once

#include <regard/core/executor.hpp>
#include <regard/tcav/probe.hpp>
#include <regard/tcav/significance.hpp>
#include <regard/tcav/token_inputs.hpp>

#include <memory>
#include <string>

namespace regard::inline REGARD_ABI {

/// The inputs that show a concept.
template <class Scalar>
struct ConceptInputs {
  std::string name; ///< not empty, and no other concept's
  TokenInputs<Scalar> inputs;
};

/// What a concept is told apart from.
enum class Negatives {
  relative, ///< inputs drawn from the union of the other concepts (relative CAVs)
  random,   ///< inputs drawn from the random ones
};

/// How activation vectors are trained.
struct CavOptions {
  std::vector<Index> layers = {}; ///< 0-based blocks; empty: all
  Index resamples = 50;           ///< R
  std::uint64_t seed = 0;         ///< resample r draws from the stream (seed and concept, r)
  ProbeOptions probe = {};
  Negatives negatives = Negatives::relative;

  /// Whether each CAV gets an accuracy: that of a second probe, fitted without `held_out` of the inputs of
  /// either side (at least one), on the tokens of these. Inputs are held out, never single tokens.
  bool validate = true;
  double held_out = 0.2;

  /// The most token rows of one concept that a probe is fitted on, shared evenly by its inputs: the class
  /// token and a keyed draw of the others. 0: all of them.
  Index max_tokens = 0;

  /// K random concepts for the default test, if there are random inputs; 0: none. Each has as many inputs as
  /// the concept it is compared with and is treated just as it: the same number of negatives, from the same
  /// others (relative), or from the random inputs that it does not hold itself (random). Random concepts are
  /// disjoint if there are K times as many random inputs as the concept has; of fewer, at least twice as
  /// many and at least 30, they overlap, which the test takes into account.
  Index random_concepts = 30;
  /// Resamples of each, at most `resamples`. Fewer than the concept has make the test conservative, not
  /// wrong. Where negatives are exhausted all would be the same, and there is one.
  Index random_resamples = 5;

  /// Told how many blocks are done, of how many.
  std::function<void(Index done, Index total)> progress = {};
  std::stop_token stop = {};
};

/// The CAVs of K random concepts in one block.
struct RandomCavs {
  Tensor<double, 3> vectors; ///< [K, resamples, width]
  double overlap = 0;        ///< share of the random inputs that each holds, 0 when they are disjoint
};

/// The CAVs of one concept in one block.
struct CavSet {
  std::string concept_name;
  Index layer = 0;
  Tensor<double, 2>
      vectors; ///< [resamples, width]: unit vectors towards the concept, or zero (`no_direction`)
  std::vector<double> accuracies; ///< of each resample: mean of both sides' shares of tokens; or empty

  bool negatives_exhausted = false; ///< every draw is all there is: the R vectors are the same
  bool no_direction = false;        ///< nothing tells the concept from its negatives, in some resample
  bool not_converged = false;       ///< some fit ended at `max_passes`
  /// Accuracy no better than guessing: a one-sided t-test at 5% over the inputs that were held out, by their
  /// mean shares of tokens. Only where there are accuracies.
  bool chance = false;

  /// Of the random concepts; null where `random_status` says why there are none. Shared by concepts that have
  /// the same.
  std::shared_ptr<const RandomCavs> random = {};
  TestStatus random_status = TestStatus::no_random;
};

/// What `train_cavs` makes, and what is saved and loaded.
struct Cavs {
  std::vector<CavSet> sets; ///< by concept in the caller's order, and within it by layer as asked for
  std::uint64_t seed = 0;
  Probe probe = Probe::logistic;
  Negatives negatives = Negatives::relative;
  bool stopped = false; ///< a stop request came first: later layers are missing

  /// The set of that concept and block, or null.
  const CavSet* find(std::string_view concept_name, Index layer) const;
};

/// Trains the CAVs of all concepts.
/// @param random  inputs that show no concept in particular: negatives (Negatives::random) and random
///     concepts; may be empty
/// Throws InvalidArgument when a concept is empty, unnamed or named twice, a layer is not there or named
/// twice, there is nothing to tell a concept apart from (a single concept without random negatives), or an
/// option is out of range.
template <class Scalar>
Cavs train_cavs(const SequenceClassifier<Scalar>& classifier, std::span<const ConceptInputs<Scalar>> concepts,
                const TokenInputs<Scalar>& random = {}, const CavOptions& options = {},
                const Executor& executor = Serial{});

/// "relative" or "random".
REGARD_LAZY std::string_view to_string(Negatives negatives);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/cavs.hpp>
#endif
