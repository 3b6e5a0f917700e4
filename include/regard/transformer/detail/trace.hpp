// SPDX-License-Identifier: MIT
// Body of transformer/trace.hpp.
#pragma once

#include <regard/transformer/trace.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

template <class Scalar, std::size_t Rank>
void copy_to(TensorView<Scalar, Rank> to, TensorView<const Scalar, Rank> from) {
  std::copy(from.begin(), from.end(), to.begin());
}

/// Sets up a pass over one input, and the hooks that fill `trace` as it runs.
template <class Scalar>
Hooks<Scalar> start_record(const SequenceClassifier<Scalar>& classifier, TensorView<const Scalar, 2> embedded,
                           Record what, Pass<Scalar>& pass, Trace<Scalar>& trace) {
  const Index tokens = embedded.extent(0);
  if (tokens == 0 || embedded.extent(1) != classifier.width())
    throw InvalidArgument("the embedded input has shape " + to_string(embedded.shape()) +
                          ", expected at least one token and width " + std::to_string(classifier.width()));
  pass.rows.append(tokens);
  pass.hidden.resize(embedded.shape());
  copy_to<Scalar, 2>(pass.hidden, embedded);
  Hooks<Scalar> hooks;
  if (what.attention) {
    trace.attention.resize({classifier.layers(), classifier.heads(), tokens, tokens});
    hooks.on_attention_applied = [&trace](Index layer, Index, TensorView<const Scalar, 3> attention) {
      copy_to<Scalar, 3>(trace.attention[layer], attention);
    };
  }
  if (what.hidden) {
    trace.hidden.resize({classifier.layers() + 1, tokens, classifier.width()});
    copy_to<Scalar, 2>(trace.hidden[0], embedded);
    hooks.on_hidden = [&trace](Index layer, Index, TensorView<const Scalar, 2> hidden) {
      copy_to<Scalar, 2>(trace.hidden[layer + 1], hidden);
    };
  }
  return hooks;
}

} // namespace detail

template <class Scalar>
Trace<Scalar> record(const SequenceClassifier<Scalar>& classifier, TensorView<const Scalar, 2> embedded,
                     Record what, decltype(Hooks<Scalar>::on_attention) on_attention) {
  Pass<Scalar> pass;
  Trace<Scalar> trace;
  Hooks<Scalar> hooks = detail::start_record(classifier, embedded, what, pass, trace);
  hooks.on_attention = std::move(on_attention);
  classifier.forward(pass, Keep::nothing, hooks);
  trace.logits = Tensor<Scalar, 1>(pass.logits[0]);
  return trace;
}

template <class Scalar>
TraceWithGradients<Scalar> record_gradients(const SequenceClassifier<Scalar>& classifier,
                                            TensorView<const Scalar, 2> embedded,
                                            TensorView<const Scalar, 1> seed, Record what,
                                            decltype(Hooks<Scalar>::on_attention) on_attention) {
  if (seed.extent(0) != classifier.classes())
    throw InvalidArgument("the seed has " + std::to_string(seed.extent(0)) +
                          " entries, expected one for each of " + std::to_string(classifier.classes()) +
                          " classes");
  Pass<Scalar> pass;
  TraceWithGradients<Scalar> result;
  auto& [trace, gradients] = result;
  Hooks<Scalar> hooks = detail::start_record(classifier, embedded, what, pass, trace);
  hooks.on_attention = std::move(on_attention);
  classifier.forward(pass, Keep::for_backward, hooks);
  trace.logits = Tensor<Scalar, 1>(pass.logits[0]);

  hooks = {};
  if (what.attention) {
    gradients.attention.resize(trace.attention.shape());
    hooks.on_attention_gradient = [&gradients](Index layer, Index, TensorView<const Scalar, 3>,
                                               TensorView<const Scalar, 3> gradient) {
      detail::copy_to<Scalar, 3>(gradients.attention[layer], gradient);
    };
  }
  if (what.hidden) {
    gradients.hidden.resize(trace.hidden.shape());
    hooks.on_hidden_gradient = [&gradients](Index layer, Index, TensorView<const Scalar, 2> gradient) {
      detail::copy_to<Scalar, 2>(gradients.hidden[layer + 1], gradient);
    };
  }
  classifier.backward(pass, seed.reshape(Shape<2>{1, seed.extent(0)}), hooks);
  if (what.hidden)
    detail::copy_to<Scalar, 2>(gradients.hidden[0], pass.gradient);
  return result;
}

} // namespace regard::inline REGARD_ABI
