// SPDX-License-Identifier: MIT
// Body of tcav/derivatives.hpp.
#pragma once

#include <regard/tcav/derivatives.hpp>
#include <regard/transformer/detail/simd.hpp>

#include <array>
#include <cmath>
#include <mutex>

namespace regard::inline REGARD_ABI {

namespace detail {

inline constexpr std::array<std::string_view, 4> token_weight_names{"token", "next-layer", "mean", "cls"};

/// Attention of the class token, mean over heads: one number for each token.
template <class Scalar>
void class_attention(TensorView<const Scalar, 3> attention, double* weights) {
  const Index heads = attention.extent(0), tokens = attention.extent(1);
  std::fill(weights, weights + tokens, 0.0);
  for (Index h = 0; h < heads; ++h)
    for (Index t = 0; t < tokens; ++t)
      weights[t] += static_cast<double>(attention.data()[h * tokens * tokens + t]);
  for (Index t = 0; t < tokens; ++t)
    weights[t] /= static_cast<double>(heads);
}

inline void check_target(Index target, Index classes) {
  if (target >= classes)
    throw InvalidArgument("target: found " + std::to_string(target) + ", expected less than the model's " +
                          std::to_string(classes) + " classes");
}

inline void check_layer(Index layer, Index layers) {
  if (layer >= layers)
    throw InvalidArgument("layer: found " + std::to_string(layer) + ", expected less than the model's " +
                          std::to_string(layers) + " blocks");
}

/// Passes over batches of inputs that show each input's token weights and gradients, block by block:
/// visit(layer, input, weights [tokens], gradient [tokens, width]), last block first.
template <class Scalar>
class GradientPass {
 public:
  GradientPass(const SequenceClassifier<Scalar>& classifier, const DerivativeOptions& options)
      : classifier_(classifier), options_(options) {
    check_target(options.target, classifier.classes());
  }

  template <class Visit>
  void run(const TokenInputs<Scalar>& inputs, InputRange range, Visit visit) {
    const Index layers = classifier_.layers();
    pass_.rows.clear();
    for (Index i = range.begin; i < range.end; ++i)
      pass_.rows.append(inputs.tokens[i]);
    const Index rows = pass_.rows.rows();
    pass_.hidden.resize({rows, classifier_.width()});
    for (Index b = 0; b < pass_.rows.inputs(); ++b)
      inputs.embed(range.begin + b, pass_.hidden.slice(pass_.rows.begin(b), pass_.rows.end(b)));
    const bool attention =
        options_.weights == TokenWeights::attention || options_.weights == TokenWeights::next_attention;
    weights_.resize({layers, rows});
    Hooks<Scalar> hooks;
    if (attention)
      hooks.on_attention_applied = [&](Index layer, Index input, TensorView<const Scalar, 3> maps) {
        class_attention<Scalar>(maps, &weights_(layer, pass_.rows.begin(input)));
      };
    classifier_.forward(pass_, Keep::for_backward, hooks);
    seeds_.resize({pass_.rows.inputs(), classifier_.classes()});
    std::fill(seeds_.begin(), seeds_.end(), Scalar(0));
    for (Index b = 0; b < pass_.rows.inputs(); ++b)
      seeds_(b, options_.target) = 1;
    hooks = {};
    hooks.on_hidden_gradient = [&](Index layer, Index input, TensorView<const Scalar, 2> gradient) {
      visit(layer, range.begin + input, weights(layer, input), gradient);
    };
    classifier_.backward(pass_, seeds_, hooks, {.input_gradient = InputGradient::skip});
  }

 private:
  const double* weights(Index layer, Index input) {
    const Index tokens = pass_.rows.length(input), first = pass_.rows.begin(input);
    switch (options_.weights) {
    case TokenWeights::attention:
      return &weights_(layer, first);
    case TokenWeights::next_attention:
      if (layer + 1 < classifier_.layers())
        return &weights_(layer + 1, first);
      break;
    case TokenWeights::mean:
      fixed_.assign(tokens, 1 / static_cast<double>(tokens));
      return fixed_.data();
    case TokenWeights::class_token:
      break;
    }
    fixed_.assign(tokens, 0.0);
    fixed_[0] = 1;
    return fixed_.data();
  }

  const SequenceClassifier<Scalar>& classifier_;
  DerivativeOptions options_;
  Pass<Scalar> pass_;
  Tensor<double, 2> weights_; // [layers, rows]
  Tensor<Scalar, 2> seeds_;
  std::vector<double> fixed_;
};

} // namespace detail

REGARD_INLINE std::string_view to_string(TokenWeights weights) {
  return detail::token_weight_names.at(static_cast<std::size_t>(weights));
}

REGARD_INLINE std::optional<TokenWeights> find_token_weights(std::string_view name) {
  for (std::size_t i = 0; i < detail::token_weight_names.size(); ++i)
    if (detail::token_weight_names[i] == name)
      return static_cast<TokenWeights>(i);
  return std::nullopt;
}

template <class Scalar>
PooledGradients pooled_gradients(const SequenceClassifier<Scalar>& classifier,
                                 const TokenInputs<Scalar>& inputs, const DerivativeOptions& options,
                                 const Executor& executor) {
  const Index width = classifier.width();
  PooledGradients pooled;
  pooled.target = options.target;
  pooled.weights = options.weights;
  pooled.values = Tensor<double, 3>({classifier.layers(), inputs.size(), width});
  const std::vector<InputRange> ranges =
      cut_batches(inputs.size(), [&](Index i) { return inputs.tokens[i]; });
  std::vector<detail::GradientPass<Scalar>> passes(executor.workers(), {classifier, options});
  std::mutex mutex;
  Index done = 0;
  const auto add = [&](Index layer, Index input, const double* weights,
                       TensorView<const Scalar, 2> gradient) {
    double* const sum = &pooled.values(layer, input, 0);
    for (Index t = 0; t < gradient.extent(0); ++t)
      if (weights[t] != 0)
        for (Index j = 0; j < width; ++j)
          sum[j] += weights[t] * static_cast<double>(gradient.data()[t * width + j]);
  };
  pooled.stopped = !executor.for_each(
      ranges.size(),
      [&](Index range, Index worker) {
        passes[worker].run(inputs, ranges[range], add);
        const std::lock_guard lock(mutex);
        done += ranges[range].end - ranges[range].begin;
        if (options.progress)
          options.progress(done, inputs.size());
      },
      options.stop);
  return pooled;
}

REGARD_INLINE std::vector<double> tcav_scores(const PooledGradients& pooled, Index layer,
                                              TensorView<const double, 2> vectors) {
  detail::check_layer(layer, pooled.layers());
  if (pooled.stopped)
    throw InvalidArgument("the gradients were stopped, expected those of all inputs");
  if (pooled.inputs() == 0)
    throw InvalidArgument("found no target inputs, expected at least one");
  if (vectors.extent(1) != pooled.width())
    throw InvalidArgument("the vectors have width " + std::to_string(vectors.extent(1)) +
                          ", expected the model's " + std::to_string(pooled.width()));
  std::vector<double> scores;
  const double* const gradients = pooled.values[layer].data();
  for (Index v = 0; v < vectors.extent(0); ++v) {
    Index positive = 0;
    for (Index input = 0; input < pooled.inputs(); ++input)
      positive +=
          detail::dot(gradients + input * pooled.width(), vectors[v].data(), pooled.width()) > 0 ? 1 : 0;
    scores.push_back(static_cast<double>(positive) / static_cast<double>(pooled.inputs()));
  }
  return scores;
}

template <class Scalar>
std::vector<ConceptHeatMap>
concept_heat_maps(const SequenceClassifier<Scalar>& classifier, const TokenInputs<Scalar>& inputs,
                  Index input, const DerivativeOptions& options, std::span<const LayerVector> vectors) {
  for (const LayerVector& wanted : vectors) {
    detail::check_layer(wanted.layer, classifier.layers());
    if (wanted.vector.size() != classifier.width())
      throw InvalidArgument("a vector has width " + std::to_string(wanted.vector.size()) +
                            ", expected the model's " + std::to_string(classifier.width()));
  }
  if (input >= inputs.size())
    throw InvalidArgument("input: found " + std::to_string(input) + ", expected less than " +
                          std::to_string(inputs.size()));
  std::vector<ConceptHeatMap> maps(vectors.size());
  detail::GradientPass<Scalar> pass(classifier, options);
  pass.run(inputs, {input, input + 1},
           [&](Index layer, Index, const double* weights, TensorView<const Scalar, 2> gradient) {
             const Index tokens = gradient.extent(0);
             for (Index m = 0; m < maps.size(); ++m) {
               if (vectors[m].layer != layer)
                 continue;
               ConceptHeatMap& map = maps[m];
               map.weights.assign(weights, weights + tokens);
               for (Index t = 0; t < tokens; ++t) {
                 double derivative = 0;
                 for (Index j = 0; j < gradient.extent(1); ++j)
                   derivative += static_cast<double>(gradient.data()[t * gradient.extent(1) + j]) *
                                 vectors[m].vector[j];
                 map.derivatives.push_back(derivative);
               }
               const double size = std::sqrt(detail::dot(weights, weights, tokens)),
                            steepness = std::sqrt(
                                detail::dot(map.derivatives.data(), map.derivatives.data(), tokens));
               const double scale = steepness > 0 ? size / steepness : 0;
               for (Index t = 0; t < tokens; ++t)
                 map.values.push_back(weights[t] * map.derivatives[t] * scale);
             }
           });
  return maps;
}

} // namespace regard::inline REGARD_ABI
