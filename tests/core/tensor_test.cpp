// SPDX-License-Identifier: MIT
// Bounds are checked in this file whatever the build type is.
#undef NDEBUG
#include "support/catch.hpp"

#include <regard/tensor.hpp>

using regard::Tensor;
using regard::TensorView;

TEMPLATE_TEST_CASE("a tensor is row-major, contiguous and starts as zeros", "[tensor]", float, double) {
  Tensor<TestType, 3> tensor({2, 3, 4});
  CHECK(tensor.size() == 24);
  for (const TestType value : tensor.flat())
    CHECK(value == 0);
  tensor(1, 2, 3) = 5;
  CHECK(tensor.data()[23] == 5);
  CHECK(tensor[1][2][3] == 5);
  CHECK(tensor[1].matrix()(2, 3) == 5);
  CHECK(tensor[1][2].vector()(3) == 5);
  CHECK(tensor.slice(1, 2).template reshape<1>({12})[11] == 5);
  CHECK(reinterpret_cast<std::uintptr_t>(tensor.data()) % 64 == 0);
}

TEST_CASE("copies own their memory, views do not", "[tensor]") {
  Tensor<double, 2> tensor({2, 2});
  tensor(0, 1) = 1;
  Tensor<double, 2> copy = tensor;
  const TensorView<const double, 2> view = tensor;
  tensor(0, 1) = 2;
  CHECK(copy(0, 1) == 1);
  CHECK(view(0, 1) == 2);
  const Tensor<double, 2> moved = std::move(tensor);
  CHECK(moved(0, 1) == 2);
  CHECK(Tensor<double, 2>(view)(0, 1) == 2);
}

TEST_CASE("resizing to what fits keeps the memory", "[tensor]") {
  Tensor<float, 2> tensor({8, 8});
  const float* const memory = tensor.data();
  tensor.resize({2, 3});
  CHECK(tensor.data() == memory);
  CHECK(tensor.size() == 6);
  tensor.resize({4, 16});
  CHECK(tensor.data() == memory);
}

TEST_CASE("an index or a shape out of range says which and of what", "[tensor]") {
  Tensor<float, 2> tensor({2, 3});
  CHECK_THROWS_WITH(tensor(0, 3), "tensor index 3 in dimension 1 is out of range for shape [2, 3]");
  CHECK_THROWS_AS(tensor[2], regard::BoundsError);
  CHECK_THROWS_AS(tensor.slice(1, 3), regard::BoundsError);
  CHECK_THROWS_WITH(tensor.view().reshape<1>({5}), "cannot reshape [2, 3] to [5]");
}

TEST_CASE("empty tensors are harmless", "[tensor]") {
  const Tensor<float, 2> none;
  CHECK(none.empty());
  const Tensor<float, 2> no_rows({0, 5});
  CHECK(no_rows.size() == 0);
  CHECK(no_rows.slice(0, 0).size() == 0);
  CHECK_THROWS_AS((Tensor<float, 1>({static_cast<std::size_t>(-1) / 2})), std::bad_alloc);
}
