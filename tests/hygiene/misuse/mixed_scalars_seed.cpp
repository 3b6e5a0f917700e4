// SPDX-License-Identifier: MIT
// A seed of doubles is none for a model of floats.
// expect: TensorView<const float, 1>
#include <regard/transformer/trace.hpp>

#if defined(RIGHT)
using Held = float;
#else
using Held = double;
#endif
auto use(const regard::SequenceClassifier<float>& classifier, regard::TensorView<const float, 2> embedded) {
  const regard::Tensor<Held, 1> seed({2});
  return regard::record_gradients<float>(classifier, embedded, seed);
}
