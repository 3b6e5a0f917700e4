// SPDX-License-Identifier: MIT
// A view of a tensor that is gone.
// expect: deleted
#include <regard/tensor.hpp>

float use() {
#if defined(RIGHT)
  regard::Tensor<float, 1> tensor({1});
  return tensor.view()(0);
#else
  return regard::Tensor<float, 1>({1}).view()(0);
#endif
}
