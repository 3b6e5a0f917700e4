// SPDX-License-Identifier: MIT
// An element of a tensor has as many indices as the tensor has dimensions, and no fewer.
// expect: expected as many indices as dimensions
#include <regard/tensor.hpp>

float use(const regard::Tensor<float, 3>& tensor) {
#if defined(RIGHT)
  return tensor(0, 1, 2);
#else
  return tensor(0, 1);
#endif
}
