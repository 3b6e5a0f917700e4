// SPDX-License-Identifier: MIT
// Bodies of the methods of vector_scores.hpp.
#pragma once

#include <regard/attribution/detail/describe.hpp>
#include <regard/attribution/vector_scores.hpp>
#include <regard/transformer/detail/encoder.hpp>

namespace regard::inline REGARD_ABI::detail {

/// Adds to `sums` [tokens], for every token j, the norms over queries i of what j gives to i in one block.
class NormReader {
 public:
  explicit NormReader(NormTerms terms) : terms_(terms) {}

  /// @param input  the block's input, [rows, width]
  /// @param state  what its forward pass left
  template <class Scalar>
  void add(const Encoder<Scalar>& encoder, Index layer, const RowOffsets& rows, Index b,
           TensorView<const Scalar, 2> input, const BlockState<Scalar>& state, std::vector<double>& sums) {
    const BlockWeights<Scalar>& block = encoder.block(layer);
    const Index tokens = rows.length(b), first = rows.begin(b);
    const Index width = encoder.config().width, heads = encoder.config().heads, head_width = width / heads;
    // given[j][h] = O_h v_j^h, the vector that token j offers in head h.
    Tensor<Scalar, 3> given({tokens, heads, width});
    for (Index h = 0; h < heads; ++h)
      multiply<Scalar>(tokens, width, head_width,
                       operand(state.projections.view(), first, 2 * width + h * head_width),
                       transposed(operand(block.attention_output.weight.view, 0, h * head_width)),
                       given.data() + h * width, heads * width);
    const Scalar* const attention = state.attention.data() + Queries{rows, 0}.map_offset(heads, b);
    Tensor<Scalar, 2> received({tokens, width}); // by each query, from token j
    for (Index j = 0; j < tokens; ++j) {
      multiply<Scalar>(tokens, width, heads, {attention + j, tokens, tokens * tokens},
                       operand(given.view()[j]), received.data(), width);
      if (terms_ != NormTerms::attention)
        for (Index k = 0; k < width; ++k)
          received(j, k) += input(first + j, k);
      for (Index i = 0; i < tokens; ++i) {
        const Scalar* const vector = received.data() + i * width;
        sums[j] += terms_ == NormTerms::residual_norm
                       ? scaled_norm(vector, width, block.attention_norm.weight.data(),
                                     static_cast<double>(state.attention_scale[first + i]))
                       : norm(vector, width);
      }
    }
  }

 private:
  template <class Scalar>
  static double norm(const Scalar* vector, Index width, double unit = 1) {
    double sum = 0;
    for (Index k = 0; k < width; ++k) {
      const double entry = static_cast<double>(vector[k]) * unit;
      sum += entry * entry;
    }
    if (unit == 1 && std::isinf(sum)) // the squares alone may be too large
      return norm(vector, width, 0x1p-600) * 0x1p600;
    return std::sqrt(sum);
  }

  template <class Scalar>
  static double scaled_norm(const Scalar* vector, Index width, const Scalar* weight, double scale) {
    double mean = 0, sum = 0;
    for (Index k = 0; k < width; ++k)
      mean += static_cast<double>(vector[k]);
    mean /= static_cast<double>(width);
    for (Index k = 0; k < width; ++k) {
      const double term = (static_cast<double>(vector[k]) - mean) * static_cast<double>(weight[k]);
      sum += term * term;
    }
    return std::sqrt(sum) * scale;
  }

  NormTerms terms_;
};

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const attention_norm& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  using Scalar = typename Model::Scalar;
  const SequenceClassifier<Scalar>& classifier = model.classifier();
  const Encoder<Scalar>& encoder = classifier.encoder();
  if (method.terms == NormTerms::residual_norm && encoder.config().norm == NormPosition::before)
    throw InvalidArgument(
        "terms: found residual-norm, but this model has no LayerNorm after the residual sum of "
        "its attention; expected attention or residual");
  const std::vector<bool> selected = select_layers(method.layers, classifier.layers());
  embed_range(model, encodings, range, pass);
  const RowOffsets& rows = pass.rows;
  std::vector<std::vector<double>> sums;
  for (Index b = 0; b < rows.inputs(); ++b)
    sums.emplace_back(rows.length(b), 0.0);

  NormReader reader(method.terms);
  Tensor<Scalar, 2> input; // of the block
  BlockState<Scalar> state;
  for (Index layer = 0; layer < classifier.layers(); ++layer) {
    input = pass.hidden;
    encoder.forward(layer, rows, pass.hidden, state, pass.workspace);
    if (selected[layer])
      for (Index b = 0; b < rows.inputs(); ++b)
        reader.add<Scalar>(encoder, layer, rows, b, input, state, sums[b]);
  }
  pass.logits.resize({rows.inputs(), classifier.classes()});
  classifier.head().forward(rows, pass.hidden, pass.head, pass.logits);

  const auto predictions = read_predictions(model, pass, options.target);
  const std::vector<Index> layers = list_layers(selected);
  for (Index b = 0; b < predictions.size(); ++b) {
    const Encoded& encoding = encodings[range.begin + b];
    Explanation why = describe(model, inputs[range.begin + b], encoding, predictions[b], method, options);
    std::vector<std::vector<Index>> players = players_of(encoding, method);
    for (double& sum : sums[b])
      sum /= static_cast<double>(layers.size() * sums[b].size());
    why.value_function = "attention-norm";
    why.layers = layers;
    why.options.emplace_back("terms", to_string(method.terms));
    describe_shares(why, sums[b], players);
    describe_players(why, encoding, std::move(players), method);
    explanations[range.begin + b] = std::move(why);
  }
}

/// 1 - cosine of the angle between two vectors, without the cancellation that the formula has for close ones.
template <class Scalar>
double cosine_distance(const Scalar* u, const Scalar* v, Index width, double unit = 1) {
  double uu = 0, vv = 0, apart = 0;
  for (Index k = 0; k < width; ++k) {
    const double a = static_cast<double>(u[k]) * unit, b = static_cast<double>(v[k]) * unit;
    uu += a * a;
    vv += b * b;
    apart += (a - b) * (a - b);
  }
  if (unit == 1 &&
      (std::isinf(uu) || std::isinf(vv) || std::isinf(apart))) // the squares alone may be too large
    return cosine_distance(u, v, width, 0x1p-600);
  const double lengths = std::sqrt(uu) * std::sqrt(vv), longer = std::sqrt(uu) - std::sqrt(vv);
  if (lengths == 0)
    return uu == vv ? 0 : 1;
  const double distance = (apart - longer * longer) / (2 * lengths);
  return distance < 0 ? 0 : distance; // NaN stays
}

/// The class token's row of C_L ... C_1, each C with rows scaled to sum 1.
inline std::vector<double> roll_out(std::vector<Tensor<double, 2>> maps, Index tokens) {
  std::vector<double> row(tokens, 0.0), next(tokens);
  row[0] = 1;
  for (Index layer = maps.size(); layer-- > 0;) {
    std::fill(next.begin(), next.end(), 0.0);
    for (Index i = 0; i < tokens; ++i) {
      const auto changes = maps[layer][i];
      double total = 0;
      for (const double change : changes)
        total += change;
      if (total == 0) // no value vector matters to it
        next[i] += row[i];
      else
        for (Index t = 0; t < tokens; ++t)
          next[t] += row[i] * changes[t] / total;
    }
    row.swap(next);
  }
  return row;
}

template <class Model, class Input, class Encoded>
std::optional<Explanation> explain_one(const Model& model, const Input& input, const value_zeroing& method,
                                       const ExplainOptions& options, const Executor& executor,
                                       const Encoded& encoding) {
  using Scalar = typename Model::Scalar;
  const SequenceClassifier<Scalar>& classifier = model.classifier();
  const Encoder<Scalar>& encoder = classifier.encoder();
  const Index tokens = token_count(encoding), width = classifier.width();
  const std::vector<bool> selected = select_layers(method.layers, classifier.layers());

  Tensor<Scalar, 3> hidden(
      {classifier.layers() + 1, tokens, width}); // inputs of the blocks, and the last output
  model.embed(encoding, hidden.view()[0]);
  Hooks<Scalar> record;
  record.on_hidden = [&](Index layer, Index, TensorView<const Scalar, 2> rows) {
    std::copy(rows.begin(), rows.end(), hidden.view()[layer + 1].begin());
  };
  const Prediction prediction = predict(model, encoding, options.target, record);

  // Copies of a block's input, in each of which another token's value vectors are zero: nobody attends to it.
  const std::vector<InputRange> copies = cut_batches(tokens, [&](Index) { return tokens; });
  const std::vector<Index> layers = list_layers(selected);
  std::vector<Tensor<double, 2>> maps(layers.size(), Tensor<double, 2>({tokens, tokens}));
  struct Worker {
    RowOffsets rows;
    Tensor<Scalar, 2> hidden;
    BlockState<Scalar> state;
    EncoderWorkspace<Scalar> workspace;
  };
  std::vector<Worker> workers(executor.workers());
  const auto zero_some = [&](Index item, Index number) {
    Worker& worker = workers[number];
    const Index map = item / copies.size(), layer = layers[map];
    const auto [begin, end] = copies[item % copies.size()];
    worker.rows.clear();
    for (Index t = begin; t < end; ++t)
      worker.rows.append(tokens);
    worker.hidden.resize({worker.rows.rows(), width});
    const auto clean = std::as_const(hidden).view()[layer], output = std::as_const(hidden).view()[layer + 1];
    for (Index b = 0; b < end - begin; ++b)
      std::copy(clean.begin(), clean.end(), worker.hidden.data() + worker.rows.begin(b) * width);
    Hooks<Scalar> hooks;
    hooks.on_attention = [&](Index, Index b, TensorView<Scalar, 3> attention) {
      for (Index row = 0; row < attention.extent(0) * tokens; ++row)
        attention.data()[row * tokens + begin + b] = 0;
    };
    encoder.forward(layer, worker.rows, worker.hidden, worker.state, worker.workspace, hooks);
    for (Index b = 0; b < end - begin; ++b)
      for (Index i = 0; i < tokens; ++i)
        maps[map](i, begin + b) =
            cosine_distance(output[i].data(), worker.hidden.view()[worker.rows.begin(b) + i].data(), width);
  };
  if (!executor.for_each(layers.size() * copies.size(), zero_some, options.stop))
    return {};

  Explanation why = describe(model, input, encoding, prediction, method, options);
  std::vector<std::vector<Index>> players = players_of(encoding, method);
  why.value_function = "cosine-distance";
  why.layers = layers;
  why.evaluations = tokens;
  describe_shares(why, roll_out(std::move(maps), tokens), players);
  describe_players(why, encoding, std::move(players), method);
  return why;
}

} // namespace regard::inline REGARD_ABI::detail
