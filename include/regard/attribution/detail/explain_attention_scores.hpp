// SPDX-License-Identifier: MIT
// Bodies of the methods of attention_scores.hpp. Each has a reader that takes in the attention of a layer
// while the passes run, and in the end gives a score for every token.
#pragma once

#include <regard/attribution/attention_scores.hpp>
#include <regard/attribution/detail/explain_attention.hpp>

namespace regard::inline REGARD_ABI::detail {

/// max(0, x) as a product, so that NaN and -infinity do not pass for zero.
inline double positive_part(double x) {
  return x * (x > 0 ? 1.0 : 0.0);
}

/// Sums of attention over layers, heads and queries, or keys.
class SumReader {
 public:
  SumReader(Index tokens, const AttentionSumMethod& method) : side_(method.side), sums_(tokens, 0.0) {}

  template <class Scalar>
  void add(TensorView<const Scalar, 3> attention) {
    add_terms(attention.extent(0),
              [a = attention.data()](Index entry) { return static_cast<double>(a[entry]); });
  }
  template <class Scalar>
  void add(TensorView<const Scalar, 3> attention, TensorView<const Scalar, 3> slope) {
    add_terms(attention.extent(0), [a = attention.data(), g = slope.data()](Index entry) {
      return static_cast<double>(a[entry]) * positive_part(static_cast<double>(g[entry]));
    });
  }

  std::vector<double> scores() const {
    std::vector<double> scores = sums_;
    for (double& score : scores)
      score /= static_cast<double>(maps_ * scores.size());
    return scores;
  }

 private:
  template <class Term>
  void add_terms(Index heads, Term term) {
    const Index tokens = sums_.size();
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < tokens; ++i)
        for (Index j = 0; j < tokens; ++j)
          sums_[side_ == TokenSide::received ? j : i] += term((h * tokens + i) * tokens + j);
    maps_ += heads;
  }

  TokenSide side_;
  std::vector<double> sums_;
  Index maps_ = 0;
};

/// The mean map of each layer, multiplied in the end.
class RolloutReader {
 public:
  RolloutReader(Index tokens, const attention_rollout&) : tokens_(tokens) {}

  template <class Scalar>
  void add(TensorView<const Scalar, 3> attention) {
    const Index heads = attention.extent(0), entries = tokens_ * tokens_;
    std::vector<double>& mean = maps_.emplace_back(entries, 0.0);
    for (Index h = 0; h < heads; ++h)
      for (Index entry = 0; entry < entries; ++entry)
        mean[entry] += static_cast<double>(attention.data()[h * entries + entry]);
    for (double& value : mean)
      value = value / static_cast<double>(heads) / 2;
  }

  std::vector<double> scores() const {
    std::vector<double> row(tokens_, 0.0), next(tokens_);
    row[0] = 1;
    for (Index layer = maps_.size(); layer-- > 0;) {
      for (Index j = 0; j < tokens_; ++j)
        next[j] = row[j] / 2;
      for (Index i = 0; i < tokens_; ++i)
        for (Index j = 0; j < tokens_; ++j)
          next[j] += row[i] * maps_[layer][i * tokens_ + j];
      row.swap(next);
    }
    return row;
  }

 private:
  Index tokens_;
  std::vector<std::vector<double>> maps_; // half the mean over heads
};

/// The class token's row, heads weighted by their mean gradient.
class GradCamReader {
 public:
  /// @param special  tokens before the patches of an image; 0 for a text
  GradCamReader(Index tokens, const attention_grad_cam&, Index special = 0)
      : special_(special), sums_(tokens, 0.0) {}

  template <class Scalar>
  void add(TensorView<const Scalar, 3> attention, TensorView<const Scalar, 3> slope) {
    const Index heads = attention.extent(0), tokens = sums_.size();
    const Index first = special_, last = special_ > 0 ? tokens : tokens * tokens;
    std::vector<double> row(tokens, 0.0);
    for (Index h = 0; h < heads; ++h) {
      const Scalar *const a = attention.data() + h * tokens * tokens, *const g =
                                                                          slope.data() + h * tokens * tokens;
      double mean = 0;
      for (Index entry = first; entry < last; ++entry)
        mean += static_cast<double>(g[entry]);
      mean /= static_cast<double>(last - first);
      for (Index j = 0; j < tokens; ++j)
        row[j] += mean * static_cast<double>(a[j]);
    }
    for (Index j = 0; j < tokens; ++j)
      sums_[j] += positive_part(row[j] / static_cast<double>(heads));
    ++layers_;
  }

  std::vector<double> scores() const {
    std::vector<double> scores = sums_;
    for (double& score : scores)
      score /= static_cast<double>(layers_);
    return scores;
  }

 private:
  Index special_;
  std::vector<double> sums_;
  Index layers_ = 0;
};

/// The class token's row of (1 + C_L) ... (1 + C_1), multiplied from the left as the backward pass comes
/// down.
class GradientRolloutReader {
 public:
  GradientRolloutReader(Index tokens, const gradient_rollout&) : row_(tokens, 0.0) { row_[0] = 1; }

  template <class Scalar>
  void add(TensorView<const Scalar, 3> attention, TensorView<const Scalar, 3> slope) {
    const Index heads = attention.extent(0), tokens = row_.size();
    std::vector<double> next(tokens, 0.0);
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < tokens; ++i)
        for (Index j = 0; j < tokens; ++j) {
          const Index entry = (h * tokens + i) * tokens + j;
          next[j] += row_[i] * positive_part(static_cast<double>(attention.data()[entry]) *
                                             static_cast<double>(slope.data()[entry]));
        }
    for (Index j = 0; j < tokens; ++j)
      row_[j] += next[j] / static_cast<double>(heads);
  }

  const std::vector<double>& scores() const { return row_; }

 private:
  std::vector<double> row_;
};

/// Explains inputs `range` by a reader of their attention; make_reader(encoding) starts one.
template <class Model, class Input, class Encoded, class AnyMethod, class MakeReader>
void explain_shares(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                    InputRange range, const AnyMethod& method, const ExplainOptions& options,
                    Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations,
                    const std::vector<bool>& selected, bool gradient, MakeReader make_reader) {
  embed_range(model, encodings, range, pass);
  std::vector<decltype(make_reader(encodings[0]))> readers;
  for (Index i = range.begin; i < range.end; ++i)
    readers.push_back(make_reader(encodings[i]));
  const auto predictions = read_attention(model, pass, selected, gradient, options.target, readers);
  for (Index b = 0; b < predictions.size(); ++b) {
    const Encoded& encoding = encodings[range.begin + b];
    Explanation why = describe(model, inputs[range.begin + b], encoding, predictions[b], method, options);
    std::vector<std::vector<Index>> players = players_of(encoding, method);
    why.value_function = gradient ? "gradient-attention" : "attention";
    why.layers = list_layers(selected);
    if constexpr (requires { method.side; })
      why.options.emplace_back("side", to_string(method.side));
    describe_shares(why, readers[b].scores(), players);
    describe_players(why, encoding, std::move(players), method);
    explanations[range.begin + b] = std::move(why);
  }
}

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const AttentionSumMethod& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  explain_shares(model, inputs, encodings, range, method, options, pass, explanations,
                 select_layers(method.layers, model.classifier().layers()),
                 method.source == AttentionSource::gradient,
                 [&](const Encoded& encoding) { return SumReader(token_count(encoding), method); });
}

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const attention_rollout& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  explain_shares(model, inputs, encodings, range, method, options, pass, explanations,
                 select_layers(method.layers, model.classifier().layers()), false,
                 [&](const Encoded& encoding) { return RolloutReader(token_count(encoding), method); });
}

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const attention_grad_cam& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  const Index layers = model.classifier().layers();
  const std::vector<Index> last{layers - 1};
  explain_shares(model, inputs, encodings, range, method, options, pass, explanations,
                 select_layers(method.layers.empty() ? last : method.layers, layers), true,
                 [&](const Encoded& encoding) {
                   Index special = 0;
                   if constexpr (ImageModel<Model>)
                     special = encoding.special_tokens;
                   return GradCamReader(token_count(encoding), method, special);
                 });
}

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const gradient_rollout& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  explain_shares(
      model, inputs, encodings, range, method, options, pass, explanations,
      select_layers(method.layers, model.classifier().layers()), true,
      [&](const Encoded& encoding) { return GradientRolloutReader(token_count(encoding), method); });
}

} // namespace regard::inline REGARD_ABI::detail
