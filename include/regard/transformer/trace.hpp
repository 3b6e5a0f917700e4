// SPDX-License-Identifier: MIT
// Recordings of a pass: what the caller asked to keep of the attention, the hidden states and their
// gradients.
#pragma once

#include <regard/transformer/sequence_classifier.hpp>

namespace regard::inline REGARD_ABI {

/// What to record.
struct Record {
  bool attention = true;
  bool hidden = true;
};

/// What a forward pass recorded of one input.
template <class Scalar>
struct Trace {
  Tensor<Scalar, 1> logits;    ///< [classes]
  Tensor<Scalar, 4> attention; ///< [layers, heads, query, key], after the softmax
  Tensor<Scalar, 3> hidden;    ///< [layers + 1, tokens, width]; 0 is the embedded input
};

/// d (seed . logits) / d what a Trace holds, for one input.
template <class Scalar>
struct Gradients {
  Tensor<Scalar, 4> attention; ///< [layers, heads, query, key], each entry a free variable after the softmax
  Tensor<Scalar, 3> hidden;    ///< [layers + 1, tokens, width]
};

/// A trace and the gradients that belong to it.
template <class Scalar>
struct TraceWithGradients {
  Trace<Scalar> trace;
  Gradients<Scalar> gradients;
};

/// Records the forward pass over one embedded input [tokens, width].
/// @param on_attention  intervention, as in Hooks
template <class Scalar>
Trace<Scalar> record(const SequenceClassifier<Scalar>& classifier, TensorView<const Scalar, 2> embedded,
                     Record what = {}, decltype(Hooks<Scalar>::on_attention) on_attention = {});

/// Records the forward pass and the backward pass from `seed` [classes] = d loss / d logits.
template <class Scalar>
TraceWithGradients<Scalar> record_gradients(const SequenceClassifier<Scalar>& classifier,
                                            TensorView<const Scalar, 2> embedded,
                                            TensorView<const Scalar, 1> seed, Record what = {},
                                            decltype(Hooks<Scalar>::on_attention) on_attention = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/transformer/detail/trace.hpp>
#endif
