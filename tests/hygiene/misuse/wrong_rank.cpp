// SPDX-License-Identifier: MIT
// An element has as many indices as the tensor has dimensions.
// expect: sizeof...(Indices)
#include <regard/tensor.hpp>

float use(regard::TensorView<float, 2> view) {
#if defined(RIGHT)
  return view(0, 1);
#else
  return view(0, 1, 2);
#endif
}
