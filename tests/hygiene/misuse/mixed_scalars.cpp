// SPDX-License-Identifier: MIT
// A view of doubles is no view of floats: nothing converts in silence.
// expect: TensorView<const double, 1>
#include <regard/tensor.hpp>

double sum(regard::TensorView<const double, 1> values);
#if defined(RIGHT)
using Held = double;
#else
using Held = float;
#endif
double use(const regard::Tensor<Held, 1>& tensor) {
  return sum(tensor);
}
