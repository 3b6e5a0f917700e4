// SPDX-License-Identifier: MIT
// Body of shapley/aggregate.hpp.
#pragma once

#include <regard/shapley/aggregate.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Checks that each of `chosen` is below `count` and occurs once.
inline void check_selection(std::span<const Index> chosen, Index count, const std::string& what) {
  std::vector<bool> seen(count, false);
  for (const Index item : chosen) {
    if (item >= count)
      throw InvalidArgument(what + ": found " + std::to_string(item) + ", expected " +
                            (count == 0 ? "none" : "0 to " + std::to_string(count - 1)));
    if (seen[item])
      throw InvalidArgument(what + ": found " + std::to_string(item) + " twice, expected each once");
    seen[item] = true;
  }
}

} // namespace detail

inline AttentionAccumulator::AttentionAccumulator(Index tokens, std::span<const Index> players,
                                                  Index class_token)
    : tokens_(tokens), players_(players.begin(), players.end()), class_token_(class_token),
      matrix_({players.size(), players.size()}), cls_(players.size(), 0.0) {
  detail::check_selection(players, tokens, "players");
  detail::check_selection(std::span(&class_token, 1), tokens, "class token");
}

template <class Scalar, class Term>
void AttentionAccumulator::add_terms(TensorView<Scalar, 3> attention, Term term) {
  if (attention.extent(1) != tokens_ || attention.extent(2) != tokens_)
    throw InvalidArgument("attention has shape " + detail::to_string(attention.shape()) +
                          ", expected [heads, " + std::to_string(tokens_) + ", " + std::to_string(tokens_) +
                          "]");
  for (Index h = 0; h < attention.extent(0); ++h) {
    for (Index i = 0; i < players_.size(); ++i)
      for (Index j = 0; j < players_.size(); ++j)
        matrix_(i, j) += term((h * tokens_ + players_[i]) * tokens_ + players_[j]);
    for (Index j = 0; j < players_.size(); ++j)
      cls_[j] += term((h * tokens_ + class_token_) * tokens_ + players_[j]);
  }
  maps_ += attention.extent(0);
}

template <class Scalar>
void AttentionAccumulator::add(TensorView<Scalar, 3> attention) {
  add_terms(attention, [a = attention.data()](Index at) { return static_cast<double>(a[at]); });
}

template <class Scalar, class GradientScalar>
void AttentionAccumulator::add(TensorView<Scalar, 3> attention, TensorView<GradientScalar, 3> gradient) {
  if (attention.shape() != gradient.shape())
    throw InvalidArgument("attention has shape " + detail::to_string(attention.shape()) + ", its gradient " +
                          detail::to_string(gradient.shape()) + "; expected the same");
  // A gradient that is not a number must not pass as zero, so the comparison is written the other way round.
  add_terms(attention, [a = attention.data(), g = gradient.data()](Index at) {
    return g[at] <= 0 ? 0.0 : static_cast<double>(a[at]) * static_cast<double>(g[at]);
  });
}

inline AggregatedAttention AttentionAccumulator::result() const {
  AggregatedAttention mean{matrix_, cls_, maps_};
  if (maps_ == 0)
    return mean;
  for (double& value : mean.matrix)
    value /= static_cast<double>(maps_);
  for (double& value : mean.cls)
    value /= static_cast<double>(maps_);
  return mean;
}

namespace detail {

/// Feeds the chosen layers, in increasing order, to an accumulator.
template <class Scalar, class Add>
AggregatedAttention aggregate_layers(TensorView<Scalar, 4> attention, std::span<const Index> players,
                                     const AggregateOptions& options, Add add) {
  const Index layers = attention.extent(0);
  check_selection(options.layers, layers, "layers");
  AttentionAccumulator sums(attention.extent(3), players, options.class_token);
  for (Index layer = 0; layer < layers; ++layer)
    if (options.layers.empty() || std::count(options.layers.begin(), options.layers.end(), layer) > 0)
      add(sums, layer);
  return sums.result();
}

} // namespace detail

template <class Scalar>
AggregatedAttention aggregate(TensorView<Scalar, 4> attention, std::span<const Index> players,
                              const AggregateOptions& options) {
  return detail::aggregate_layers(attention, players, options, [&](AttentionAccumulator& sums, Index layer) {
    sums.add(attention[layer]);
  });
}

template <class Scalar, class GradientScalar>
AggregatedAttention aggregate(TensorView<Scalar, 4> attention, TensorView<GradientScalar, 4> gradients,
                              std::span<const Index> players, const AggregateOptions& options) {
  if (attention.shape() != gradients.shape())
    throw InvalidArgument("attention has shape " + detail::to_string(attention.shape()) + ", its gradients " +
                          detail::to_string(gradients.shape()) + "; expected the same");
  return detail::aggregate_layers(attention, players, options, [&](AttentionAccumulator& sums, Index layer) {
    sums.add(attention[layer], gradients[layer]);
  });
}

} // namespace regard::inline REGARD_ABI
