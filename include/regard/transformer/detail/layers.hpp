// SPDX-License-Identifier: MIT
// Row-wise kernels of the forward and backward pass. All of them treat a row alone, so a row's bits depend on
// nothing but the row.
#pragma once

#include <regard/transformer/detail/multiply.hpp>
#include <regard/transformer/layers.hpp>

#include <numbers>

namespace regard::inline REGARD_ABI::detail {

/// A row-major view, or the columns of one from `first` on, as an operand of a product.
template <class Scalar>
Operand<std::remove_const_t<Scalar>> operand(const TensorView<Scalar, 2>& matrix, Index first_row = 0,
                                             Index first_column = 0) {
  return {matrix.data() + first_row * matrix.extent(1) + first_column, matrix.extent(1)};
}

/// y [rows, outputs] = x [rows, inputs] W^T + b, written with row stride `y_stride`.
template <class Scalar>
void apply(const Linear<Scalar>& linear, TensorView<const Scalar, 2> x, Scalar* y, Index y_stride) {
  multiply<Scalar>(x.extent(0), linear.outputs(), linear.inputs(), operand(x),
                   transposed(operand(linear.weight.view)), y, y_stride, Start::bias, linear.bias.data());
}

/// dx [rows, inputs] (+)= dy [rows, outputs] W, with dy read with its own row stride.
template <class Scalar>
void apply_transposed(const Linear<Scalar>& linear, Index rows, const Operand<Scalar>& dy,
                      TensorView<Scalar, 2> dx, Start start = Start::zero) {
  multiply<Scalar>(rows, linear.inputs(), linear.outputs(), dy, operand(linear.weight.view), dx.data(),
                   dx.extent(1), start);
}

/// Normalises the rows of x in place and writes weight * x + bias to y; keeps 1 / sqrt(variance + epsilon) of
/// each row. After it x holds the normalised rows, which is all that the backward pass needs.
template <class Scalar>
void layer_norm(const LayerNorm<Scalar>& norm, TensorView<Scalar, 2> x, TensorView<Scalar, 2> y,
                TensorView<Scalar, 1> inverse_deviation) {
  const Index width = x.extent(1);
  const Scalar* const weight = norm.weight.data();
  const Scalar* const bias = norm.bias.data();
  for (Index r = 0; r < x.extent(0); ++r) {
    Scalar* const row = x.data() + r * width;
    Scalar* const out = y.data() + r * width;
    const Scalar mean = sum(row, width) / static_cast<Scalar>(width);
    for (Index j = 0; j < width; ++j)
      row[j] -= mean;
    const Scalar variance = dot(row, row, width) / static_cast<Scalar>(width);
    const Scalar inverse = 1 / std::sqrt(variance + static_cast<Scalar>(norm.epsilon));
    for (Index j = 0; j < width; ++j) {
      row[j] *= inverse;
      out[j] = row[j] * weight[j] + bias[j];
    }
    inverse_deviation[r] = inverse;
  }
}

/// dx = gradient of the loss with respect to the input of layer_norm, from dy and what the forward pass kept.
/// dx may be dy. With `add` the result is added to dx, which then must not be dy.
template <class Scalar>
void layer_norm_backward(const LayerNorm<Scalar>& norm, TensorView<const Scalar, 2> normalised,
                         TensorView<const Scalar, 1> inverse_deviation, TensorView<const Scalar, 2> dy,
                         TensorView<Scalar, 2> dx, bool add = false) {
  const Index width = normalised.extent(1);
  const Scalar* const weight = norm.weight.data();
  for (Index r = 0; r < normalised.extent(0); ++r) {
    const Scalar* const x = normalised.data() + r * width;
    const Scalar* const out = dy.data() + r * width;
    Scalar* const in = dx.data() + r * width;
    using P = Pack<Scalar>;
    // With g = dy * weight: dx = (g - mean(g) - x mean(g x)) / deviation.
    const Scalar mean = ordered_sum<Scalar>(
                            width, [=](Index j) { return P::load(out + j) * P::load(weight + j); },
                            [=](Index j) { return out[j] * weight[j]; }) /
                        static_cast<Scalar>(width);
    const Scalar slope =
        ordered_sum<Scalar>(
            width, [=](Index j) { return P::load(out + j) * P::load(weight + j) * P::load(x + j); },
            [=](Index j) { return out[j] * weight[j] * x[j]; }) /
        static_cast<Scalar>(width);
    for (Index j = 0; j < width; ++j) {
      const Scalar value = (out[j] * weight[j] - mean - x[j] * slope) * inverse_deviation[r];
      in[j] = add ? in[j] + value : value;
    }
  }
}

/// Softmax of a row in place.
template <class Scalar>
void softmax(Scalar* row, Index count) {
  const Scalar largest = *std::max_element(row, row + count);
  for (Index j = 0; j < count; ++j)
    row[j] = std::exp(row[j] - largest);
  const Scalar total = sum(row, count);
  for (Index j = 0; j < count; ++j)
    row[j] /= total;
}

template <class Scalar>
inline constexpr Scalar gelu_slope = Scalar(0.79788456080286535588); // sqrt(2 / pi)
template <class Scalar>
inline constexpr Scalar gelu_cubic = Scalar(0.044715);

template <class Scalar>
Scalar activate(Activation activation, Scalar x) {
  switch (activation) {
  case Activation::gelu:
    return x / 2 * (1 + std::erf(x / std::numbers::sqrt2_v<Scalar>));
  case Activation::gelu_tanh:
    return x / 2 * (1 + std::tanh(gelu_slope<Scalar> * (x + gelu_cubic<Scalar> * x * x * x)));
  case Activation::relu:
    break;
  }
  return x > 0 ? x : Scalar(0);
}

/// d activate(x) / dx; 0 at the kink of the ReLU, as in PyTorch.
template <class Scalar>
Scalar activate_slope(Activation activation, Scalar x) {
  switch (activation) {
  case Activation::gelu: {
    const Scalar density = std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<Scalar>);
    return (1 + std::erf(x / std::numbers::sqrt2_v<Scalar>)) / 2 + x * density;
  }
  case Activation::gelu_tanh: {
    const Scalar t = std::tanh(gelu_slope<Scalar> * (x + gelu_cubic<Scalar> * x * x * x));
    return (1 + t) / 2 + x / 2 * (1 - t * t) * gelu_slope<Scalar> * (1 + 3 * gelu_cubic<Scalar> * x * x);
  }
  case Activation::relu:
    break;
  }
  return x > 0 ? Scalar(1) : Scalar(0);
}

} // namespace regard::inline REGARD_ABI::detail
