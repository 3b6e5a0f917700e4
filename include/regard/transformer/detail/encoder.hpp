// SPDX-License-Identifier: MIT
// Body of transformer/encoder.hpp.
#pragma once

#include <regard/transformer/detail/layers.hpp>
#include <regard/transformer/encoder.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Where the maps of an input begin in BlockState::attention: heads * sum of squared lengths before it.
inline Index map_offset(const RowOffsets& rows, Index heads, Index input) {
  Index offset = 0;
  for (Index b = 0; b < input; ++b)
    offset += heads * rows.length(b) * rows.length(b);
  return offset;
}

/// Adds x to y, element by element.
template <class Scalar>
void add_to(TensorView<Scalar, 2> y, TensorView<const Scalar, 2> x) {
  for (Index i = 0; i < x.size(); ++i)
    y.data()[i] += x.data()[i];
}

inline void check_rows(const char* what, const Shape<2>& found, const Shape<2>& expected) {
  if (found != expected)
    throw InvalidArgument(std::string(what) + " of shape " + to_string(found) + ", expected " +
                          to_string(expected));
}

template <class Scalar>
void check_shape(const Linear<Scalar>& linear, Index outputs, Index inputs, const std::string& name) {
  const Shape<2> expected{outputs, inputs};
  if (linear.weight.view.shape() != expected || linear.bias.extent(0) != outputs)
    throw InvalidArgument(name + " has weight " + to_string(linear.weight.view.shape()) + " and bias " +
                          to_string(linear.bias.view.shape()) + ", expected " + to_string(expected) +
                          " and [" + std::to_string(outputs) + "]");
}

template <class Scalar>
void check_shape(const LayerNorm<Scalar>& norm, Index width, const std::string& name) {
  if (norm.weight.extent(0) != width || norm.bias.extent(0) != width)
    throw InvalidArgument(name + " has weight " + to_string(norm.weight.view.shape()) + " and bias " +
                          to_string(norm.bias.view.shape()) + ", expected [" + std::to_string(width) + "]");
}

} // namespace detail

template <class Scalar>
Encoder<Scalar>::Encoder(EncoderConfig config, std::vector<BlockWeights<Scalar>> blocks)
    : config_(config), blocks_(std::move(blocks)) {
  const Index width = config_.width;
  if (width == 0 || config_.heads == 0 || width % config_.heads != 0)
    throw InvalidArgument("an encoder of width " + std::to_string(width) + " with " +
                          std::to_string(config_.heads) + " heads: expected a width divisible by the heads");
  for (Index layer = 0; layer < blocks_.size(); ++layer) {
    const BlockWeights<Scalar>& block = blocks_[layer];
    const std::string name = "block " + std::to_string(layer) + ": ";
    const Index inner = block.intermediate.outputs();
    detail::check_shape(block.query, width, width, name + "query");
    detail::check_shape(block.key, width, width, name + "key");
    detail::check_shape(block.value, width, width, name + "value");
    detail::check_shape(block.attention_output, width, width, name + "attention output");
    detail::check_shape(block.intermediate, inner, width, name + "intermediate");
    detail::check_shape(block.output, width, inner, name + "output");
    detail::check_shape(block.attention_norm, width, name + "attention norm");
    detail::check_shape(block.output_norm, width, name + "output norm");
  }
}

template <class Scalar>
void Encoder<Scalar>::forward(Index layer, const RowOffsets& rows, TensorView<Scalar, 2> hidden,
                              BlockState<Scalar>& state, EncoderWorkspace<Scalar>& workspace,
                              const Hooks<Scalar>& hooks) const {
  const BlockWeights<Scalar>& block = blocks_[layer];
  const Index count = rows.rows(), width = config_.width, inner = block.intermediate.outputs();
  const bool norm_first = config_.norm == NormPosition::before;
  detail::check_rows("hidden states", hidden.shape(), {count, width});
  state.projections.resize({count, 3 * width});
  state.attention_normal.resize({count, width});
  state.attention_scale.resize({count});
  state.inner.resize({count, inner});
  state.output_normal.resize({count, width});
  state.output_scale.resize({count});
  workspace.rows_a.resize({count, width});
  workspace.rows_b.resize({count, width});
  workspace.inner.resize({count, inner});
  const TensorView<Scalar, 2> normalised = workspace.rows_a, result = workspace.rows_b;

  // Attention: result = f(hidden), or f(norm(hidden)).
  TensorView<const Scalar, 2> input = hidden;
  if (norm_first) {
    std::copy(hidden.begin(), hidden.end(), state.attention_normal.begin());
    detail::layer_norm<Scalar>(block.attention_norm, state.attention_normal, normalised,
                               state.attention_scale);
    input = normalised;
  }
  Scalar* const projections = state.projections.data();
  detail::apply(block.query, input, projections, 3 * width);
  detail::apply(block.key, input, projections + width, 3 * width);
  detail::apply(block.value, input, projections + 2 * width, 3 * width);
  const TensorView<Scalar, 2> context = workspace.rows_a; // its last reader was the value projection
  attend(layer, rows, state, context, hooks);
  detail::apply<Scalar>(block.attention_output, context, result.data(), width);

  // Residual sum: hidden becomes the input of the feed-forward part.
  detail::add_to<Scalar>(hidden, result);
  input = hidden;
  if (norm_first) {
    std::copy(hidden.begin(), hidden.end(), state.output_normal.begin());
    detail::layer_norm<Scalar>(block.output_norm, state.output_normal, normalised, state.output_scale);
    input = normalised;
  } else {
    std::copy(hidden.begin(), hidden.end(), state.attention_normal.begin());
    detail::layer_norm<Scalar>(block.attention_norm, state.attention_normal, hidden, state.attention_scale);
  }

  // Feed-forward part.
  detail::apply(block.intermediate, input, state.inner.data(), inner);
  for (Index i = 0; i < count * inner; ++i)
    workspace.inner.data()[i] = detail::activate(config_.activation, state.inner.data()[i]);
  detail::apply<Scalar>(block.output, workspace.inner, result.data(), width);
  detail::add_to<Scalar>(hidden, result);
  if (!norm_first) {
    std::copy(hidden.begin(), hidden.end(), state.output_normal.begin());
    detail::layer_norm<Scalar>(block.output_norm, state.output_normal, hidden, state.output_scale);
  }

  if (hooks.on_hidden)
    for (Index b = 0; b < rows.inputs(); ++b)
      hooks.on_hidden(layer, b, hidden.slice(rows.begin(b), rows.end(b)));
}

template <class Scalar>
void Encoder<Scalar>::attend(Index layer, const RowOffsets& rows, BlockState<Scalar>& state,
                             TensorView<Scalar, 2> context, const Hooks<Scalar>& hooks) const {
  const Index width = config_.width, heads = config_.heads, head_width = width / heads, stride = 3 * width;
  const Scalar scale = 1 / std::sqrt(static_cast<Scalar>(head_width));
  state.attention.resize({detail::map_offset(rows, heads, rows.inputs())});
  state.softmax.resize({hooks.on_attention ? state.attention.size() : 0});
  Index offset = 0;
  for (Index b = 0; b < rows.inputs(); ++b) {
    const Index tokens = rows.length(b);
    const TensorView<Scalar, 3> attention(state.attention.data() + offset, {heads, tokens, tokens});
    const Scalar* const query = state.projections.data() + rows.begin(b) * stride;
    for (Index h = 0; h < heads; ++h) {
      const detail::Operand<Scalar> q{query + h * head_width, stride};
      const detail::Operand<Scalar> k{query + width + h * head_width, stride};
      const TensorView<Scalar, 2> map = attention[h];
      detail::multiply<Scalar>(tokens, tokens, head_width, q, detail::transposed(k), map.data(), tokens);
      for (Scalar& score : map)
        score *= scale;
      for (Index i = 0; i < tokens; ++i)
        detail::softmax(map.data() + i * tokens, tokens);
    }
    if (hooks.on_attention) {
      std::copy(attention.begin(), attention.end(), state.softmax.data() + offset);
      hooks.on_attention(layer, b, attention);
    }
    if (hooks.on_attention_applied)
      hooks.on_attention_applied(layer, b, attention);
    for (Index h = 0; h < heads; ++h) {
      const detail::Operand<Scalar> v{query + 2 * width + h * head_width, stride};
      detail::multiply<Scalar>(tokens, head_width, tokens, detail::operand(attention[h]), v,
                               context.data() + rows.begin(b) * width + h * head_width, width);
    }
    offset += attention.size();
  }
}

template <class Scalar>
void Encoder<Scalar>::backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                               TensorView<Scalar, 2> gradient, EncoderWorkspace<Scalar>& workspace,
                               const Hooks<Scalar>& hooks) const {
  const BlockWeights<Scalar>& block = blocks_[layer];
  const Index count = rows.rows(), width = config_.width, inner = block.intermediate.outputs();
  const bool norm_first = config_.norm == NormPosition::before;
  detail::check_rows("gradient", gradient.shape(), {count, width});
  detail::check_rows("block state", state.projections.shape(), {count, 3 * width});
  workspace.rows_a.resize({count, width});
  workspace.rows_b.resize({count, width});
  workspace.inner.resize({count, inner});
  workspace.projections.resize({count, 3 * width});
  const TensorView<Scalar, 2> d_rows = workspace.rows_a;

  if (hooks.on_hidden_gradient)
    for (Index b = 0; b < rows.inputs(); ++b)
      hooks.on_hidden_gradient(layer, b, gradient.slice(rows.begin(b), rows.end(b)));

  // Feed-forward part: gradient becomes that of the attention's residual sum (or of its LayerNorm's output).
  if (!norm_first)
    detail::layer_norm_backward<Scalar>(block.output_norm, state.output_normal, state.output_scale, gradient,
                                        gradient);
  detail::apply_transposed<Scalar>(block.output, count, detail::operand(gradient), workspace.inner);
  for (Index i = 0; i < count * inner; ++i)
    workspace.inner.data()[i] *= detail::activate_slope(config_.activation, state.inner.data()[i]);
  const auto d_inner = detail::operand(workspace.inner.view());
  if (norm_first) {
    detail::apply_transposed<Scalar>(block.intermediate, count, d_inner, d_rows);
    detail::layer_norm_backward<Scalar>(block.output_norm, state.output_normal, state.output_scale, d_rows,
                                        gradient, true);
  } else {
    detail::apply_transposed<Scalar>(block.intermediate, count, d_inner, gradient, detail::Start::result);
    detail::layer_norm_backward<Scalar>(block.attention_norm, state.attention_normal, state.attention_scale,
                                        gradient, gradient);
  }

  // Attention: the residual path keeps `gradient`, the attention path adds to it.
  detail::apply_transposed<Scalar>(block.attention_output, count, detail::operand(gradient), d_rows);
  attend_backward(layer, rows, state, d_rows, workspace.projections, workspace, hooks);
  const Scalar* const d_projections = workspace.projections.data();
  const TensorView<Scalar, 2> d_input = norm_first ? workspace.rows_b.view() : gradient;
  const detail::Start start = norm_first ? detail::Start::zero : detail::Start::result;
  detail::apply_transposed<Scalar>(block.query, count, {d_projections, 3 * width}, d_input, start);
  detail::apply_transposed<Scalar>(block.key, count, {d_projections + width, 3 * width}, d_input,
                                   detail::Start::result);
  detail::apply_transposed<Scalar>(block.value, count, {d_projections + 2 * width, 3 * width}, d_input,
                                   detail::Start::result);
  if (norm_first)
    detail::layer_norm_backward<Scalar>(block.attention_norm, state.attention_normal, state.attention_scale,
                                        d_input, gradient, true);
}

template <class Scalar>
void Encoder<Scalar>::attend_backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                                      TensorView<const Scalar, 2> d_context,
                                      TensorView<Scalar, 2> d_projections,
                                      EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks) const {
  const Index width = config_.width, heads = config_.heads, head_width = width / heads, stride = 3 * width;
  const Scalar scale = 1 / std::sqrt(static_cast<Scalar>(head_width));
  const Tensor<Scalar, 1>& softmax = state.softmax.empty() ? state.attention : state.softmax;
  Index offset = 0;
  for (Index b = 0; b < rows.inputs(); ++b) {
    const Index tokens = rows.length(b), first = rows.begin(b);
    const TensorView<const Scalar, 3> attention(state.attention.data() + offset, {heads, tokens, tokens});
    const Scalar* const query = state.projections.data() + first * stride;
    Scalar* const d_query = d_projections.data() + first * stride;
    workspace.maps.resize({heads * tokens * tokens});
    const TensorView<Scalar, 3> d_attention(workspace.maps.data(), {heads, tokens, tokens});
    for (Index h = 0; h < heads; ++h) {
      const detail::Operand<Scalar> v{query + 2 * width + h * head_width, stride};
      const detail::Operand<Scalar> d_head{d_context.data() + first * width + h * head_width, width};
      detail::multiply<Scalar>(tokens, tokens, head_width, d_head, detail::transposed(v),
                               d_attention[h].data(), tokens);
      detail::multiply<Scalar>(tokens, head_width, tokens, detail::transposed(detail::operand(attention[h])),
                               d_head, d_query + 2 * width + h * head_width, stride);
    }
    if (hooks.on_attention_gradient)
      hooks.on_attention_gradient(layer, b, attention, d_attention);
    for (Index h = 0; h < heads; ++h) {
      const detail::Operand<Scalar> q{query + h * head_width, stride};
      const detail::Operand<Scalar> k{query + width + h * head_width, stride};
      const Scalar* const maps = softmax.data() + offset + h * tokens * tokens;
      const TensorView<Scalar, 2> d_scores = d_attention[h];
      for (Index i = 0; i < tokens; ++i) {
        const Scalar* const a = maps + i * tokens;
        Scalar* const d = d_scores.data() + i * tokens;
        const Scalar mean = detail::dot(a, d, tokens);
        for (Index j = 0; j < tokens; ++j)
          d[j] = a[j] * (d[j] - mean) * scale;
      }
      const auto d_map = detail::operand(d_scores);
      detail::multiply<Scalar>(tokens, head_width, tokens, d_map, k, d_query + h * head_width, stride);
      detail::multiply<Scalar>(tokens, head_width, tokens, detail::transposed(d_map), q,
                               d_query + width + h * head_width, stride);
    }
    offset += attention.size();
  }
}

} // namespace regard::inline REGARD_ABI
