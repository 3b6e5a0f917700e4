// SPDX-License-Identifier: MIT
// Body of transformer/head.hpp.
#pragma once

#include <regard/transformer/detail/layers.hpp>
#include <regard/transformer/head.hpp>

namespace regard::inline REGARD_ABI {

template <class Scalar>
ClassificationHead<Scalar>::ClassificationHead(Linear<Scalar> classifier,
                                               std::optional<Linear<Scalar>> pooler,
                                               std::optional<LayerNorm<Scalar>> norm)
    : classifier_(std::move(classifier)), pooler_(std::move(pooler)), norm_(std::move(norm)) {
  detail::check_shape(classifier_, classifier_.outputs(), width(), "classifier");
  if (classes() == 0)
    throw InvalidArgument("classifier has 0 classes, expected at least 1");
  if (pooler_)
    detail::check_shape(*pooler_, width(), width(), "pooler");
  if (norm_)
    detail::check_shape(*norm_, width(), "final norm");
}

template <class Scalar>
void ClassificationHead<Scalar>::forward(const RowOffsets& rows, TensorView<const Scalar, 2> hidden,
                                         HeadState<Scalar>& state, TensorView<Scalar, 2> logits) const {
  const Shape<2> shape{rows.inputs(), width()};
  state.rows.resize(shape);
  for (Index b = 0; b < rows.inputs(); ++b)
    std::copy(hidden[rows.begin(b)].begin(), hidden[rows.begin(b)].end(), state.rows[b].begin());
  if (norm_) {
    state.normalised.resize(shape);
    state.scale.resize({rows.inputs()});
    std::copy(state.rows.begin(), state.rows.end(), state.normalised.begin());
    detail::layer_norm<Scalar>(*norm_, state.normalised, state.rows, state.scale);
  }
  if (pooler_) {
    state.scratch.resize(shape);
    detail::apply<Scalar>(*pooler_, state.rows, state.scratch.data(), width());
    for (Index i = 0; i < state.rows.size(); ++i)
      state.rows.data()[i] = std::tanh(state.scratch.data()[i]);
  }
  detail::apply<Scalar>(classifier_, state.rows, logits.data(), classes());
}

template <class Scalar>
void ClassificationHead<Scalar>::backward(const RowOffsets& rows, HeadState<Scalar>& state,
                                          TensorView<const Scalar, 2> seeds,
                                          TensorView<Scalar, 2> gradient) const {
  const Index inputs = rows.inputs();
  Tensor<Scalar, 2>& first = state.first;
  first.resize({inputs, width()});
  detail::apply_transposed<Scalar>(classifier_, inputs, detail::operand(seeds), first);
  if (pooler_) {
    state.scratch.resize({inputs, width()});
    for (Index i = 0; i < first.size(); ++i)
      state.scratch.data()[i] = first.data()[i] * (1 - state.rows.data()[i] * state.rows.data()[i]);
    detail::apply_transposed<Scalar>(*pooler_, inputs, detail::operand(state.scratch.view()), first);
  }
  if (norm_)
    detail::layer_norm_backward<Scalar>(*norm_, state.normalised, state.scale, first, first);
  std::fill(gradient.begin(), gradient.end(), Scalar(0));
  for (Index b = 0; b < inputs; ++b)
    std::copy(first[b].begin(), first[b].end(), gradient[rows.begin(b)].begin());
}

} // namespace regard::inline REGARD_ABI
