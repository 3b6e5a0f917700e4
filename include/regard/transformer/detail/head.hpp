// SPDX-License-Identifier: MIT
// Body of transformer/head.hpp.
#pragma once

#include <regard/transformer/detail/encoder.hpp>
#include <regard/transformer/detail/layers.hpp>
#include <regard/transformer/head.hpp>

namespace regard::inline REGARD_ABI {

template <class Scalar>
ClassificationHead<Scalar>::ClassificationHead(Linear<Scalar> classifier,
                                               std::optional<Linear<Scalar>> pooler,
                                               std::optional<LayerNorm<Scalar>> norm,
                                               std::optional<Linear<Scalar>> second_classifier)
    : classifier_(std::move(classifier)), pooler_(std::move(pooler)), norm_(std::move(norm)),
      second_(std::move(second_classifier)) {
  detail::check_shape(classifier_, classifier_.outputs(), width(), "classifier");
  if (classes() == 0)
    throw InvalidArgument("classifier has 0 classes, expected at least 1");
  if (pooler_)
    detail::check_shape(*pooler_, width(), width(), "pooler");
  if (norm_)
    detail::check_shape(*norm_, width(), "final norm");
  if (second_)
    detail::check_shape(*second_, classes(), width(), "second classifier");
}

template <class Scalar>
void ClassificationHead<Scalar>::forward(const RowOffsets& rows, TensorView<const Scalar, 2> hidden,
                                         HeadState<Scalar>& state, TensorView<Scalar, 2> logits) const {
  const Index inputs = rows.inputs(), read = tokens_read();
  const Shape<2> shape{inputs * read, width()};
  state.rows.resize(shape);
  for (Index token = 0; token < read; ++token)
    for (Index b = 0; b < inputs; ++b) {
      const auto row = hidden[rows.begin(b) + token];
      std::copy(row.begin(), row.end(), state.rows[token * inputs + b].begin());
    }
  if (norm_) {
    state.normalised.resize(shape);
    state.scale.resize({shape[0]});
    detail::layer_norm<Scalar>(*norm_, state.rows, state.normalised, state.rows, state.scale.data());
  }
  if (pooler_) {
    state.scratch.resize(shape);
    detail::apply<Scalar>(*pooler_, state.rows, state.scratch.data(), width());
    for (Index i = 0; i < state.rows.size(); ++i)
      state.rows.data()[i] = std::tanh(state.scratch.data()[i]);
  }
  detail::apply<Scalar>(classifier_, std::as_const(state.rows).slice(0, inputs), logits.data(), classes());
  if (second_) {
    state.scratch.resize({inputs, classes()});
    detail::apply<Scalar>(*second_, std::as_const(state.rows).slice(inputs, 2 * inputs), state.scratch.data(),
                          classes());
    for (Index i = 0; i < logits.size(); ++i)
      logits.data()[i] = (logits.data()[i] + state.scratch.data()[i]) / 2;
  }
}

template <class Scalar>
void ClassificationHead<Scalar>::backward(const RowOffsets& rows, HeadState<Scalar>& state,
                                          TensorView<const Scalar, 2> seeds,
                                          TensorView<Scalar, 2> gradient) const {
  const Index inputs = rows.inputs(), read = tokens_read();
  Tensor<Scalar, 2>& d_rows = state.gradient;
  d_rows.resize({inputs * read, width()});
  if (second_) {
    state.scratch.resize({inputs, classes()});
    for (Index i = 0; i < seeds.size(); ++i)
      state.scratch.data()[i] = seeds.data()[i] / 2;
    const auto half = detail::operand(std::as_const(state.scratch).view());
    detail::apply_transposed<Scalar>(classifier_, inputs, half, d_rows.slice(0, inputs));
    detail::apply_transposed<Scalar>(*second_, inputs, half, d_rows.slice(inputs, 2 * inputs));
  } else {
    detail::apply_transposed<Scalar>(classifier_, inputs, detail::operand(seeds), d_rows);
  }
  if (pooler_) {
    state.scratch.resize(d_rows.shape());
    for (Index i = 0; i < d_rows.size(); ++i)
      state.scratch.data()[i] = d_rows.data()[i] * (1 - state.rows.data()[i] * state.rows.data()[i]);
    detail::apply_transposed<Scalar>(*pooler_, d_rows.extent(0), detail::operand(state.scratch.view()),
                                     d_rows);
  }
  if (norm_)
    detail::layer_norm_backward<Scalar>(*norm_, state.normalised, state.scale.data(), d_rows, d_rows);
  std::fill(gradient.begin(), gradient.end(), Scalar(0));
  for (Index token = 0; token < read; ++token)
    for (Index b = 0; b < inputs; ++b) {
      const auto row = d_rows[token * inputs + b];
      std::copy(row.begin(), row.end(), gradient[rows.begin(b) + token].begin());
    }
}

} // namespace regard::inline REGARD_ABI
