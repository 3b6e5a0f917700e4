// SPDX-License-Identifier: MIT
// Body of evaluation/masked_predictions.hpp.
#pragma once

#include <regard/evaluation/masked_predictions.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// ln(1 + exp(x)) without overflow.
REGARD_LAZY
double softplus(double x) {
  return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x)));
}

} // namespace detail

template <class Lazy>
MaskedPredictions::MaskedPredictions(Index players, Index classes, Evaluate evaluate, ProblemType problem)
    : players_(players), classes_(classes), evaluate_(std::move(evaluate)), problem_(problem) {
  if (problem == ProblemType::regression)
    throw InvalidArgument("problem type: found regression, which has no probability; expected a classifier");
  const Index least = problem == ProblemType::multi_label ? 1 : 2;
  if (classes < least)
    throw InvalidArgument("classes: found " + std::to_string(classes) + ", expected at least " +
                          std::to_string(least));
}

template <class Lazy>
void MaskedPredictions::evaluate(std::span<const MutableCoalition> coalitions) {
  std::vector<Coalition> missing; // views of the keys of rows_, which stay where they are
  const auto forget = [&] {       // what has no logits must not pass for known
    for (const Coalition& coalition : missing)
      rows_.erase({coalition.words().begin(), coalition.words().end()});
  };
  for (const MutableCoalition& coalition : coalitions) {
    if (coalition.players() != players_) {
      const Index found = coalition.players();
      forget();
      throw InvalidArgument("coalition: found one among " + std::to_string(found) + " players, expected " +
                            std::to_string(players_));
    }
    const auto words = coalition.view().words();
    const auto [at, added] =
        rows_.try_emplace(std::vector<std::uint64_t>(words.begin(), words.end()), rows_.size());
    if (added)
      missing.emplace_back(at->first, players_);
  }
  if (missing.empty())
    return;
  try {
    Tensor<double, 2> found({missing.size(), classes_});
    evaluate_(missing, found);
    for (Index i = 0; i < missing.size(); ++i)
      for (const double logit : found[i])
        if (!std::isfinite(logit))
          throw InvalidArgument("masked input: found a logit that is not finite with the players " +
                                to_string(missing[i]) + " visible");
    logits_.insert(logits_.end(), found.begin(), found.end());
  } catch (...) {
    forget();
    throw;
  }
}

template <class Lazy>
std::span<const double> MaskedPredictions::logits(const Coalition& visible) {
  const MutableCoalition coalition(visible);
  evaluate(std::span(&coalition, 1));
  const Index row = rows_.at({visible.words().begin(), visible.words().end()});
  return {logits_.data() + row * classes_, classes_};
}

template <class Lazy>
double MaskedPredictions::log_probability(const Coalition& visible, Index target) {
  const auto z = logits(visible);
  if (target >= classes_)
    throw InvalidArgument("target: found " + std::to_string(target) + ", expected a class from 0 to " +
                          std::to_string(classes_ - 1));
  if (problem_ == ProblemType::multi_label)
    return -detail::softplus(-z[target]);
  const double largest = *std::max_element(z.begin(), z.end());
  double total = 0;
  for (const double logit : z)
    total += std::exp(logit - largest);
  return z[target] - largest - std::log(total);
}

template <class Lazy>
double MaskedPredictions::probability(const Coalition& visible, Index target) {
  return std::exp(log_probability(visible, target));
}

template <class Lazy>
Index MaskedPredictions::label(const Coalition& visible) {
  const auto z = logits(visible);
  return static_cast<Index>(std::max_element(z.begin(), z.end()) - z.begin());
}

template <class Model>
MaskedPredictions masked_predictions(const Model& model,
                                     typename MaskedInputGame<Model>::EncodedInput encoded,
                                     std::vector<std::vector<Index>> players,
                                     const MaskedInputOptions& masking, const Executor& executor) {
  const Index count = players.size();
  MaskedInputOptions options = masking;
  options.value = ValueFunction::logit;
  const auto game = std::make_shared<const MaskedInputGame<Model>>(model, std::move(encoded),
                                                                   std::move(players), 0, options, executor);
  return {count, model.classifier().classes(),
          [game](std::span<const Coalition> coalitions, TensorView<double, 2> logits) {
            game->logits(coalitions, logits);
          },
          model.problem_type()};
}

} // namespace regard::inline REGARD_ABI
