// SPDX-License-Identifier: MIT
// Body of shapley/aggregate.hpp.
#pragma once

#include <regard/shapley/aggregate.hpp>
#include <regard/shapley/detail/sum.hpp>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Throws unless each of `chosen` is below `count` and occurs once.
REGARD_LAZY
void check_selection(const std::string& what, std::span<const Index> chosen, Index count) {
  std::vector<bool> seen(count, false);
  for (const Index item : chosen) {
    if (item >= count)
      throw InvalidArgument(what + ": found " + std::to_string(item) + ", expected " +
                            (count == 0 ? "none, for there are none" : "0 to " + std::to_string(count - 1)));
    if (seen[item])
      throw InvalidArgument(what + ": found " + std::to_string(item) + " twice, expected each once");
    seen[item] = true;
  }
}

template <std::size_t Rank>
void check_same_shape(const Shape<Rank>& attention, const Shape<Rank>& gradient) {
  if (attention != gradient)
    throw InvalidArgument("the attention has shape " + to_string(attention) + ", its gradient " +
                          to_string(gradient) + ", expected the same");
}

} // namespace detail

template <class Lazy>
AttentionAccumulator::AttentionAccumulator(Index tokens, std::span<const Index> players, Index class_token)
    : tokens_(tokens), players_(players.begin(), players.end()), class_token_(class_token),
      matrix_({players.size(), players.size()}), cls_(players.size(), 0.0) {
  detail::check_selection("players (token positions)", players, tokens);
  detail::check_selection("class token", std::span(&class_token, 1), tokens);
}

template <class Lazy>
void AttentionAccumulator::check_layer(const Shape<3>& shape, Kind kind) {
  if (shape[1] != tokens_ || shape[2] != tokens_)
    throw InvalidArgument("the attention of a layer has shape " + detail::to_string(shape) +
                          ", expected [heads, " + std::to_string(tokens_) + ", " + std::to_string(tokens_) +
                          "]");
  if (kind_ != Kind::undecided && kind_ != kind)
    throw InvalidArgument("layers with and without a gradient cannot be averaged together");
  kind_ = kind;
}

/// Adds term(offset of the entry in [heads, tokens, tokens]) for all entries that count.
template <class Term>
void AttentionAccumulator::add_terms(Index heads, Term term) {
  for (Index head = 0; head < heads; ++head) {
    double* sum = matrix_.data();
    for (const Index query : players_) {
      const Index row = (head * tokens_ + query) * tokens_;
      for (const Index key : players_)
        *sum++ += term(row + key);
    }
    const Index row = (head * tokens_ + class_token_) * tokens_;
    for (Index j = 0; j < players_.size(); ++j)
      cls_[j] += term(row + players_[j]);
  }
  maps_ += heads;
}

template <class Scalar>
void AttentionAccumulator::add_layer(TensorView<const Scalar, 3> attention) {
  check_layer(attention.shape(), Kind::plain);
  add_terms(attention.extent(0),
            [a = attention.data()](Index entry) { return static_cast<double>(a[entry]); });
}

template <class Scalar>
void AttentionAccumulator::add_layer(TensorView<const Scalar, 3> attention,
                                     TensorView<const Scalar, 3> gradient) {
  detail::check_same_shape(attention.shape(), gradient.shape());
  check_layer(attention.shape(), Kind::gradient);
  // max(0, g) as a product, so that a gradient of NaN or -infinity does not pass for zero.
  add_terms(attention.extent(0), [a = attention.data(), g = gradient.data()](Index entry) {
    const double slope = static_cast<double>(g[entry]);
    return static_cast<double>(a[entry]) * (slope * (slope > 0 ? 1.0 : 0.0));
  });
}

template <class Lazy>
void AttentionAccumulator::add(TensorView<const float, 3> attention) {
  add_layer(attention);
}
template <class Lazy>
void AttentionAccumulator::add(TensorView<const double, 3> attention) {
  add_layer(attention);
}
template <class Lazy>
void AttentionAccumulator::add(TensorView<const float, 3> attention, TensorView<const float, 3> gradient) {
  add_layer(attention, gradient);
}
template <class Lazy>
void AttentionAccumulator::add(TensorView<const double, 3> attention, TensorView<const double, 3> gradient) {
  add_layer(attention, gradient);
}

template <class Lazy>
double AttentionAccumulator::mean(double sum, Index query, Index key) const {
  const double value = sum / static_cast<double>(maps_);
  if (!std::isfinite(value))
    throw InvalidArgument("the mean attention of token " + std::to_string(query) + " to token " +
                          std::to_string(key) + ": found " + detail::number_text(value) +
                          ", expected a finite number");
  return value;
}

template <class Lazy>
AggregatedAttention AttentionAccumulator::result() const {
  if (maps_ == 0)
    throw InvalidArgument("the mean attention: found no map, expected at least one layer and one head");
  const Index n = players_.size();
  AggregatedAttention means{Tensor<double, 2>({n, n}), std::vector<double>(n), maps_};
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      means.matrix(i, j) = mean(matrix_(i, j), players_[i], players_[j]);
  for (Index j = 0; j < n; ++j)
    means.cls[j] = mean(cls_[j], class_token_, players_[j]);
  return means;
}

namespace detail {

/// Hands the chosen layers to add(accumulator, layer) in increasing order, whatever order they are named in.
template <class Add>
AggregatedAttention aggregate_layers(const Shape<4>& shape, std::span<const Index> players,
                                     const AggregateOptions& options, Add add) {
  const Index layers = shape[0];
  check_selection("layers", options.layers, layers);
  std::vector<bool> chosen(layers, options.layers.empty());
  for (const Index layer : options.layers)
    chosen[layer] = true;
  AttentionAccumulator sums(shape[3], players, options.class_token);
  for (Index layer = 0; layer < layers; ++layer)
    if (chosen[layer])
      add(sums, layer);
  return sums.result();
}

template <class Scalar>
AggregatedAttention aggregate(TensorView<const Scalar, 4> attention, std::span<const Index> players,
                              const AggregateOptions& options) {
  return aggregate_layers(attention.shape(), players, options,
                          [&](AttentionAccumulator& sums, Index layer) { sums.add(attention[layer]); });
}

template <class Scalar>
AggregatedAttention aggregate(TensorView<const Scalar, 4> attention, TensorView<const Scalar, 4> gradients,
                              std::span<const Index> players, const AggregateOptions& options) {
  check_same_shape(attention.shape(), gradients.shape());
  return aggregate_layers(attention.shape(), players, options, [&](AttentionAccumulator& sums, Index layer) {
    sums.add(attention[layer], gradients[layer]);
  });
}

} // namespace detail

template <class Lazy>
AggregatedAttention aggregate(TensorView<const float, 4> attention, std::span<const Index> players,
                              const AggregateOptions& options) {
  return detail::aggregate(attention, players, options);
}
template <class Lazy>
AggregatedAttention aggregate(TensorView<const double, 4> attention, std::span<const Index> players,
                              const AggregateOptions& options) {
  return detail::aggregate(attention, players, options);
}
template <class Lazy>
AggregatedAttention aggregate(TensorView<const float, 4> attention, TensorView<const float, 4> gradients,
                              std::span<const Index> players, const AggregateOptions& options) {
  return detail::aggregate(attention, gradients, players, options);
}
template <class Lazy>
AggregatedAttention aggregate(TensorView<const double, 4> attention, TensorView<const double, 4> gradients,
                              std::span<const Index> players, const AggregateOptions& options) {
  return detail::aggregate(attention, gradients, players, options);
}

} // namespace regard::inline REGARD_ABI
