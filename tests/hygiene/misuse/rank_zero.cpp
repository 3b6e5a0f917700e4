// SPDX-License-Identifier: MIT
// A view has a dimension.
// expect: a TensorView has at least one dimension
#include <regard/tensor.hpp>

#if defined(RIGHT)
regard::TensorView<float, 1> view;
#else
regard::TensorView<float, 0> view;
#endif
