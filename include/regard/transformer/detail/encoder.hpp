// SPDX-License-Identifier: MIT
// Body of transformer/encoder.hpp.
#pragma once

#include <regard/transformer/detail/layers.hpp>
#include <regard/transformer/encoder.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// The tokens of each input whose output a block computes: all, or the first `read`.
struct Queries {
  const RowOffsets& rows;
  Index read; ///< 0: all

  Index count(Index input) const { return read == 0 ? rows.length(input) : read; }
  Index begin(Index input) const { return read == 0 ? rows.begin(input) : input * read; }
  Index total() const { return read == 0 ? rows.rows() : rows.inputs() * read; }
  /// Where the maps [heads, queries, tokens] of an input begin.
  Index map_offset(Index heads, Index input) const {
    Index offset = 0;
    for (Index b = 0; b < input; ++b)
      offset += heads * count(b) * rows.length(b);
    return offset;
  }
};

/// Adds x to y, element by element.
template <class Scalar>
void add_to(TensorView<Scalar, 2> y, TensorView<const Scalar, 2> x) {
  using P = Pack<Scalar>;
  for_packs<Scalar>(x.size(), [to = y.data(), from = x.data()](Index i, Index lanes) {
    P::store(to + i, P::load(to + i, lanes) + P::load(from + i, lanes), lanes);
  });
}

/// Copies the rows that are queries to `to`, one below the other.
template <class Scalar>
void gather(const Queries& queries, const Scalar* from, Index stride, TensorView<Scalar, 2> to) {
  const Index width = to.extent(1);
  for (Index b = 0, row = 0; b < queries.rows.inputs(); ++b)
    for (Index t = 0; t < queries.count(b); ++t, ++row) {
      const Scalar* const source = from + (queries.rows.begin(b) + t) * stride;
      std::copy(source, source + width, to[row].begin());
    }
}

/// The opposite of gather.
template <class Scalar>
void scatter(const Queries& queries, TensorView<const Scalar, 2> from, Scalar* to, Index stride) {
  for (Index b = 0, row = 0; b < queries.rows.inputs(); ++b)
    for (Index t = 0; t < queries.count(b); ++t, ++row)
      std::copy(from[row].begin(), from[row].end(), to + (queries.rows.begin(b) + t) * stride);
}

/// Calls body(item) for all items, on all workers.
template <class Body>
void for_items(const Executor& executor, Index count, const Body& body) {
  if (executor.workers() == 1) {
    for (Index item = 0; item < count; ++item)
      body(item);
  } else {
    executor.for_each(count, [&body](Index item, Index) { body(item); });
  }
}

/// Calls body(begin, end) for ranges of rows that cover [0, count): one for each worker where they are worth
/// it.
template <class Body>
void for_rows(const Executor& executor, Index count, const Body& body) {
  constexpr Index few = 16;
  const Index parts = std::max<Index>(1, std::min(executor.workers(), count / few));
  for_items(executor, parts, [&](Index part) { body(count * part / parts, count * (part + 1) / parts); });
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
                              const Hooks<Scalar>& hooks, const Executor& executor,
                              Projections projections) const {
  detail::check_rows("hidden states", hidden.shape(), {rows.rows(), config_.width});
  state.read = 0;
  if (projections == Projections::compute)
    project_rows(layer, rows, hidden, state, workspace, executor);
  else
    detail::check_rows("projections", state.projections.shape(), {rows.rows(), 3 * config_.width});
  workspace.rows_a.resize(hidden.shape());
  attend(layer, rows, state, workspace.rows_a, workspace, hooks, executor);
  finish(layer, hidden, workspace.rows_a, state, workspace, executor);
  if (hooks.on_hidden)
    for (Index b = 0; b < rows.inputs(); ++b)
      hooks.on_hidden(layer, b, hidden.slice(rows.begin(b), rows.end(b)));
}

template <class Scalar>
void Encoder<Scalar>::forward_read(Index layer, const RowOffsets& rows, Index read,
                                   TensorView<Scalar, 2> hidden, TensorView<Scalar, 2> output,
                                   BlockState<Scalar>& state, EncoderWorkspace<Scalar>& workspace,
                                   const Hooks<Scalar>& hooks, const Executor& executor,
                                   Projections projections) const {
  const Index width = config_.width;
  detail::check_rows("hidden states", hidden.shape(), {rows.rows(), width});
  detail::check_rows("output", output.shape(), {rows.inputs() * read, width});
  for (Index b = 0; b < rows.inputs(); ++b)
    if (read == 0 || rows.length(b) < read)
      throw InvalidArgument("input " + std::to_string(b) + " has " + std::to_string(rows.length(b)) +
                            " tokens, expected at least the " + std::to_string(read) + " that are read");
  state.read = read;
  if (projections == Projections::compute)
    project_rows(layer, rows, hidden, state, workspace, executor);
  else
    detail::check_rows("projections", state.projections.shape(), {rows.rows(), 3 * width});
  workspace.queries_a.resize(output.shape());
  attend(layer, rows, state, workspace.queries_a, workspace, hooks, executor);
  detail::gather<Scalar>({rows, read}, hidden.data(), width, output);
  finish(layer, output, workspace.queries_a, state, workspace, executor);
}

template <class Scalar>
void Encoder<Scalar>::project(Index layer, TensorView<const Scalar, 2> input,
                              TensorView<Scalar, 2> projections) const {
  const Index width = config_.width, count = input.extent(0);
  detail::check_rows("input", input.shape(), {count, width});
  detail::check_rows("projections", projections.shape(), {count, 3 * width});
  const RowOffsets rows{std::span(&count, 1)};
  BlockState<Scalar> state;
  EncoderWorkspace<Scalar> workspace;
  Tensor<Scalar, 2> hidden(input);
  project_rows(layer, rows, hidden, state, workspace, Serial{});
  std::copy(state.projections.begin(), state.projections.end(), projections.begin());
}

/// Query (of the rows that are queries), key and value of all rows, after the LayerNorm if that comes first.
template <class Scalar>
void Encoder<Scalar>::project_rows(Index layer, const RowOffsets& rows, Rows hidden,
                                   BlockState<Scalar>& state, EncoderWorkspace<Scalar>& workspace,
                                   const Executor& executor) const {
  const BlockWeights<Scalar>& block = blocks_[layer];
  const Index count = rows.rows(), width = config_.width, stride = 3 * width;
  const bool norm_first = config_.norm == NormPosition::before;
  const detail::Queries queries{rows, state.read};
  state.projections.resize({count, stride});
  TensorView<const Scalar, 2> input = hidden;
  if (norm_first) {
    state.attention_normal.resize({count, width});
    state.attention_scale.resize({count});
    workspace.rows_b.resize({count, width});
    input = workspace.rows_b;
  }
  detail::for_rows(executor, count, [&](Index begin, Index end) {
    if (norm_first)
      detail::layer_norm<Scalar>(block.attention_norm, hidden.slice(begin, end),
                                 state.attention_normal.slice(begin, end), workspace.rows_b.slice(begin, end),
                                 state.attention_scale.data() + begin);
    Scalar* const out = state.projections.data() + begin * stride;
    if (queries.read == 0)
      detail::apply(block.query, input.slice(begin, end), out, stride);
    detail::apply(block.key, input.slice(begin, end), out + width, stride);
    detail::apply(block.value, input.slice(begin, end), out + 2 * width, stride);
  });
  if (queries.read == 0)
    return;
  workspace.queries_a.resize({queries.total(), width});
  workspace.queries_b.resize({queries.total(), width});
  detail::gather(queries, input.data(), width, workspace.queries_a.view());
  detail::apply<Scalar>(block.query, workspace.queries_a, workspace.queries_b.data(), width);
  detail::scatter<Scalar>(queries, workspace.queries_b, state.projections.data(), stride);
}

namespace detail {

/// What a hook is shown of an input: its maps where all tokens are queries, else a copy with rows of zeros.
template <class Scalar>
TensorView<Scalar, 3> show_maps(TensorView<Scalar, 3> maps, Tensor<Scalar, 1>& shown) {
  const auto [heads, queries, tokens] = maps.shape();
  if (queries == tokens)
    return maps;
  shown.resize({heads * tokens * tokens});
  shown.fill(0);
  for (Index h = 0; h < heads; ++h)
    std::copy(maps[h].begin(), maps[h].end(), shown.data() + h * tokens * tokens);
  return {shown.data(), {heads, tokens, tokens}};
}

/// Takes what a hook made of them back to the maps.
template <class Scalar>
void take_back(TensorView<Scalar, 3> maps, TensorView<const Scalar, 3> shown) {
  if (maps.data() != shown.data())
    for (Index h = 0; h < maps.extent(0); ++h)
      std::copy(shown[h].begin(), shown[h].begin() + maps[h].size(), maps[h].begin());
}

} // namespace detail

template <class Scalar>
void Encoder<Scalar>::attend(Index layer, const RowOffsets& rows, BlockState<Scalar>& state, Rows context,
                             EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks,
                             const Executor& executor) const {
  const Index width = config_.width, heads = config_.heads, head_width = width / heads, stride = 3 * width;
  const Scalar scale = 1 / std::sqrt(static_cast<Scalar>(head_width));
  const detail::Queries queries{rows, state.read};
  state.attention.resize({queries.map_offset(heads, rows.inputs())});
  state.softmax.resize({hooks.on_attention ? state.attention.size() : 0});
  const auto maps_of = [&](Index b) {
    return TensorView<Scalar, 3>(state.attention.data() + queries.map_offset(heads, b),
                                 {heads, queries.count(b), rows.length(b)});
  };
  const auto weigh = [&](Index b, Index h) {
    const Index tokens = rows.length(b), count = queries.count(b);
    const Scalar* const query = state.projections.data() + rows.begin(b) * stride + h * head_width;
    const TensorView<Scalar, 2> map = maps_of(b)[h];
    detail::multiply<Scalar>(count, tokens, head_width, {query, stride},
                             detail::transposed(detail::Operand<Scalar>{query + width, stride}), map.data(),
                             tokens);
    for (Index i = 0; i < count; ++i)
      detail::softmax(map.data() + i * tokens, tokens, scale);
  };
  const auto mix = [&](Index b, Index h) {
    const Scalar* const value =
        state.projections.data() + rows.begin(b) * stride + 2 * width + h * head_width;
    detail::multiply<Scalar>(queries.count(b), head_width, rows.length(b),
                             {maps_of(b)[h].data(), rows.length(b)}, {value, stride},
                             context.data() + queries.begin(b) * width + h * head_width, width);
  };
  const Index items = rows.inputs() * heads;
  if (!hooks.on_attention && !hooks.on_attention_applied) {
    detail::for_items(executor, items, [&](Index item) {
      weigh(item / heads, item % heads);
      mix(item / heads, item % heads);
    });
    return;
  }
  detail::for_items(executor, items, [&](Index item) { weigh(item / heads, item % heads); });
  for (Index b = 0; b < rows.inputs(); ++b) {
    const TensorView<Scalar, 3> maps = maps_of(b), shown = detail::show_maps(maps, workspace.shown);
    if (hooks.on_attention) {
      std::copy(maps.begin(), maps.end(), state.softmax.data() + queries.map_offset(heads, b));
      hooks.on_attention(layer, b, shown);
      detail::take_back<Scalar>(maps, shown);
    }
    if (hooks.on_attention_applied)
      hooks.on_attention_applied(layer, b, shown);
  }
  detail::for_items(executor, items, [&](Index item) { mix(item / heads, item % heads); });
}

/// From the context of the queries to their output. @param hidden  their input before, their output after
template <class Scalar>
void Encoder<Scalar>::finish(Index layer, Rows hidden, Rows context, BlockState<Scalar>& state,
                             EncoderWorkspace<Scalar>& workspace, const Executor& executor) const {
  const BlockWeights<Scalar>& block = blocks_[layer];
  const Index count = hidden.extent(0), width = config_.width, inner = block.intermediate.outputs();
  const bool norm_first = config_.norm == NormPosition::before;
  if (!norm_first) {
    state.attention_normal.resize({count, width});
    state.attention_scale.resize({count});
  }
  state.slope.resize({count, inner});
  state.output_normal.resize({count, width});
  state.output_scale.resize({count});
  workspace.inner.resize({count, inner});
  workspace.rows_b.resize({count, width});
  detail::for_rows(executor, count, [&](Index begin, Index end) {
    const Rows rows = hidden.slice(begin, end), result = workspace.rows_b.slice(begin, end),
               normal = state.output_normal.slice(begin, end), activated = workspace.inner.slice(begin, end);
    detail::apply<Scalar>(block.attention_output, context.slice(begin, end), result.data(), width);
    detail::add_to<Scalar>(rows, result); // the residual sum: the input of the feed-forward part
    TensorView<const Scalar, 2> input = rows;
    if (norm_first) {
      const Rows normalised = context.slice(begin, end); // nobody reads the context any more
      detail::layer_norm<Scalar>(block.output_norm, rows, normal, normalised,
                                 state.output_scale.data() + begin);
      input = normalised;
    } else {
      detail::layer_norm<Scalar>(block.attention_norm, rows, state.attention_normal.slice(begin, end), rows,
                                 state.attention_scale.data() + begin);
    }
    detail::apply(block.intermediate, input, activated.data(), inner);
    detail::activate(config_.activation, activated.data(), state.slope.slice(begin, end).data(),
                     activated.size());
    detail::apply<Scalar>(block.output, activated, result.data(), width);
    detail::add_to<Scalar>(rows, result);
    if (!norm_first)
      detail::layer_norm<Scalar>(block.output_norm, rows, normal, rows, state.output_scale.data() + begin);
  });
}

template <class Scalar>
void Encoder<Scalar>::backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                               TensorView<Scalar, 2> gradient, EncoderWorkspace<Scalar>& workspace,
                               const Hooks<Scalar>& hooks, const Executor& executor,
                               InputGradient input_gradient) const {
  detail::check_rows("gradient", gradient.shape(), {rows.rows(), config_.width});
  detail::check_rows("block state", state.projections.shape(), {rows.rows(), 3 * config_.width});
  if (state.read != 0)
    throw InvalidArgument("block state: found that of forward_read, expected that of forward");
  if (hooks.on_hidden_gradient)
    for (Index b = 0; b < rows.inputs(); ++b)
      hooks.on_hidden_gradient(layer, b, gradient.slice(rows.begin(b), rows.end(b)));
  if (input_gradient == InputGradient::skip && !hooks.on_attention_gradient)
    return;
  workspace.rows_a.resize(gradient.shape());
  finish_backward(layer, gradient, workspace.rows_a, state, workspace, executor);
  attend_backward(layer, rows, state, workspace.rows_a, workspace, hooks, executor, input_gradient);
  if (input_gradient == InputGradient::compute)
    project_backward(layer, rows, state, gradient, workspace, executor);
}

template <class Scalar>
void Encoder<Scalar>::backward_read(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                                    TensorView<Scalar, 2> output_gradient, TensorView<Scalar, 2> gradient,
                                    EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks,
                                    const Executor& executor, InputGradient input_gradient) const {
  const detail::Queries queries{rows, state.read};
  if (state.read == 0)
    throw InvalidArgument("block state: found that of forward, expected that of forward_read");
  detail::check_rows("output gradient", output_gradient.shape(), {queries.total(), config_.width});
  detail::check_rows("gradient", gradient.shape(), {rows.rows(), config_.width});
  detail::check_rows("block state", state.projections.shape(), {rows.rows(), 3 * config_.width});
  workspace.queries_a.resize(output_gradient.shape());
  finish_backward(layer, output_gradient, workspace.queries_a, state, workspace, executor);
  attend_backward(layer, rows, state, workspace.queries_a, workspace, hooks, executor, input_gradient);
  if (input_gradient == InputGradient::skip)
    return;
  std::fill(gradient.begin(), gradient.end(), Scalar(0));
  detail::scatter<Scalar>(queries, output_gradient, gradient.data(), config_.width);
  project_backward(layer, rows, state, gradient, workspace, executor);
}

/// From the gradient of the queries' output to that of their context. `gradient` becomes that of the residual
/// path at the input.
template <class Scalar>
void Encoder<Scalar>::finish_backward(Index layer, Rows gradient, Rows d_context,
                                      const BlockState<Scalar>& state, EncoderWorkspace<Scalar>& workspace,
                                      const Executor& executor) const {
  const BlockWeights<Scalar>& block = blocks_[layer];
  const Index count = gradient.extent(0), inner = block.intermediate.outputs();
  const bool norm_first = config_.norm == NormPosition::before;
  workspace.inner.resize({count, inner});
  detail::for_rows(executor, count, [&](Index begin, Index end) {
    const Index part = end - begin;
    const Rows rows = gradient.slice(begin, end), d_inner = workspace.inner.slice(begin, end),
               d_rows = d_context.slice(begin, end);
    const auto output_normal = state.output_normal.slice(begin, end);
    const Scalar* const output_scale = state.output_scale.data() + begin;
    if (!norm_first)
      detail::layer_norm_backward<Scalar>(block.output_norm, output_normal, output_scale, rows, rows);
    detail::apply_transposed<Scalar>(block.output, part, detail::operand(rows), d_inner);
    detail::multiply_by<Scalar>(d_inner, state.slope.slice(begin, end));
    if (norm_first) {
      detail::apply_transposed<Scalar>(block.intermediate, part, detail::operand(d_inner), d_rows);
      detail::layer_norm_backward<Scalar>(block.output_norm, output_normal, output_scale, d_rows, rows, true);
    } else {
      detail::apply_transposed<Scalar>(block.intermediate, part, detail::operand(d_inner), rows,
                                       detail::Start::result);
      detail::layer_norm_backward<Scalar>(block.attention_norm, state.attention_normal.slice(begin, end),
                                          state.attention_scale.data() + begin, rows, rows);
    }
    detail::apply_transposed<Scalar>(block.attention_output, part, detail::operand(rows), d_rows);
  });
}

/// From the gradient of the context to those of the attention and, in workspace.projections, of query (where
/// the rows are queries), key and value.
template <class Scalar>
void Encoder<Scalar>::attend_backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                                      Rows d_context, EncoderWorkspace<Scalar>& workspace,
                                      const Hooks<Scalar>& hooks, const Executor& executor,
                                      InputGradient input_gradient) const {
  const Index width = config_.width, heads = config_.heads, head_width = width / heads, stride = 3 * width;
  const Scalar scale = 1 / std::sqrt(static_cast<Scalar>(head_width));
  const Scalar* const softmax = (state.softmax.empty() ? state.attention : state.softmax).data();
  const detail::Queries queries{rows, state.read};
  workspace.maps.resize({queries.map_offset(heads, rows.inputs())});
  workspace.projections.resize({rows.rows(), stride});
  const bool go_on = input_gradient == InputGradient::compute;
  const auto shape_of = [&](Index b) { return Shape<3>{heads, queries.count(b), rows.length(b)}; };
  const auto first = [&](Index b, Index h) { // gradients of attention and value
    const Index tokens = rows.length(b), count = queries.count(b),
                map = queries.map_offset(heads, b) + h * count * tokens;
    const Index at = rows.begin(b) * stride + 2 * width + h * head_width;
    const detail::Operand<Scalar> value{state.projections.data() + at, stride};
    const detail::Operand<Scalar> d_head{d_context.data() + queries.begin(b) * width + h * head_width, width};
    detail::multiply<Scalar>(count, tokens, head_width, d_head, detail::transposed(value),
                             workspace.maps.data() + map, tokens);
    if (go_on)
      detail::multiply<Scalar>(
          tokens, head_width, count,
          detail::transposed(detail::Operand<Scalar>{state.attention.data() + map, tokens}), d_head,
          workspace.projections.data() + at, stride);
  };
  const auto second = [&](Index b, Index h) { // gradients of query and key
    const Index tokens = rows.length(b), count = queries.count(b),
                map = queries.map_offset(heads, b) + h * count * tokens;
    const Index at = rows.begin(b) * stride + h * head_width;
    const Scalar* const query = state.projections.data() + at;
    Scalar* const d_query = workspace.projections.data() + at;
    for (Index i = 0; i < count; ++i)
      detail::softmax_backward(softmax + map + i * tokens, workspace.maps.data() + map + i * tokens, tokens,
                               scale);
    const detail::Operand<Scalar> d_map{workspace.maps.data() + map, tokens};
    detail::multiply<Scalar>(count, head_width, tokens, d_map, {query + width, stride}, d_query, stride);
    detail::multiply<Scalar>(tokens, head_width, count, detail::transposed(d_map), {query, stride},
                             d_query + width, stride);
  };
  const Index items = rows.inputs() * heads;
  if (!hooks.on_attention_gradient) {
    if (go_on)
      detail::for_items(executor, items, [&](Index item) {
        first(item / heads, item % heads);
        second(item / heads, item % heads);
      });
    return;
  }
  detail::for_items(executor, items, [&](Index item) { first(item / heads, item % heads); });
  for (Index b = 0; b < rows.inputs(); ++b) {
    const Index map = queries.map_offset(heads, b);
    // The copies are made where rows are missing; a hook never changes what it is shown here.
    const TensorView<Scalar, 3> attention(const_cast<Scalar*>(state.attention.data()) + map, shape_of(b));
    const TensorView<Scalar, 3> gradient(workspace.maps.data() + map, shape_of(b));
    hooks.on_attention_gradient(layer, b, detail::show_maps(attention, workspace.shown),
                                detail::show_maps(gradient, workspace.shown_gradient));
  }
  if (go_on)
    detail::for_items(executor, items, [&](Index item) { second(item / heads, item % heads); });
}

/// Adds what comes through query, key and value to `gradient`, which holds what came past them.
template <class Scalar>
void Encoder<Scalar>::project_backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                                       Rows gradient, EncoderWorkspace<Scalar>& workspace,
                                       const Executor& executor) const {
  const BlockWeights<Scalar>& block = blocks_[layer];
  const Index width = config_.width, stride = 3 * width;
  const bool norm_first = config_.norm == NormPosition::before;
  const detail::Queries queries{rows, state.read};
  workspace.rows_b.resize(gradient.shape());
  const Rows d_input = norm_first ? workspace.rows_b.view() : gradient;
  if (norm_first)
    workspace.rows_b.fill(0);
  const Scalar* const d_projections = workspace.projections.data();
  if (queries.read != 0) {
    workspace.queries_a.resize({queries.total(), width});
    workspace.queries_b.resize({queries.total(), width});
    detail::gather(queries, d_projections, stride, workspace.queries_a.view());
    detail::gather(queries, std::as_const(d_input).data(), width, workspace.queries_b.view());
    detail::apply_transposed<Scalar>(block.query, queries.total(),
                                     detail::operand(workspace.queries_a.view()), workspace.queries_b,
                                     detail::Start::result);
    detail::scatter<Scalar>(queries, workspace.queries_b, d_input.data(), width);
  }
  detail::for_rows(executor, rows.rows(), [&](Index begin, Index end) {
    const Rows part = d_input.slice(begin, end);
    const Scalar* const from = d_projections + begin * stride;
    if (queries.read == 0)
      detail::apply_transposed<Scalar>(block.query, end - begin, {from, stride}, part, detail::Start::result);
    detail::apply_transposed<Scalar>(block.key, end - begin, {from + width, stride}, part,
                                     detail::Start::result);
    detail::apply_transposed<Scalar>(block.value, end - begin, {from + 2 * width, stride}, part,
                                     detail::Start::result);
    if (norm_first)
      detail::layer_norm_backward<Scalar>(block.attention_norm, state.attention_normal.slice(begin, end),
                                          state.attention_scale.data() + begin, part,
                                          gradient.slice(begin, end), true);
  });
}

} // namespace regard::inline REGARD_ABI
