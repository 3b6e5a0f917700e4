// SPDX-License-Identifier: MIT
// An element of a view has as many indices as the view has dimensions, and no more.
// expect: expected as many indices as dimensions
#include <regard/tensor.hpp>

float use(regard::TensorView<float, 2> view) {
#if defined(RIGHT)
  return view(0, 1);
#else
  return view(0, 1, 2);
#endif
}
