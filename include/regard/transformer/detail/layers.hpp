// SPDX-License-Identifier: MIT
// Row-wise kernels of the forward and backward pass. All of them treat a row alone, so a row's bits depend on
// nothing but the row.
#pragma once

#include <regard/transformer/detail/multiply.hpp>
#include <regard/transformer/detail/simd_math.hpp>
#include <regard/transformer/layers.hpp>

#include <limits>

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

/// y = weight * n + bias with n = (x - mean) / sqrt(variance + epsilon), row by row. Keeps n and 1 /
/// sqrt(variance + epsilon) of each row (null: not), which is all that the backward pass needs. n and y may
/// be x.
template <class Scalar>
void layer_norm(const LayerNorm<Scalar>& norm, TensorView<const Scalar, 2> x,
                TensorView<Scalar, 2> normalised, TensorView<Scalar, 2> y, Scalar* inverse_deviation) {
  using P = Pack<Scalar>;
  const Index width = x.extent(1);
  const Scalar* const weight = norm.weight.data();
  const Scalar* const bias = norm.bias.data();
  for (Index r = 0; r < x.extent(0); ++r) {
    const Scalar* const row = x.data() + r * width;
    Scalar* const n = normalised.data() + r * width;
    Scalar* const out = y.data() + r * width;
    const Scalar mean = sum(row, width) / static_cast<Scalar>(width);
    const auto means = P::broadcast(mean);
    const Scalar variance = ordered_sum<Scalar>(
                                width,
                                [=](Index j) {
                                  const auto centred = P::load(row + j) - means;
                                  return centred * centred;
                                },
                                [=](Index j) { return (row[j] - mean) * (row[j] - mean); }) /
                            static_cast<Scalar>(width);
    const Scalar inverse = 1 / std::sqrt(variance + static_cast<Scalar>(norm.epsilon));
    const auto scale = P::broadcast(inverse);
    for_packs<Scalar>(width, [=](Index j, Index lanes) {
      const auto value = (P::load(row + j, lanes) - means) * scale;
      P::store(n + j, value, lanes);
      P::store(out + j, value * P::load(weight + j, lanes) + P::load(bias + j, lanes), lanes);
    });
    if (inverse_deviation != nullptr)
      inverse_deviation[r] = inverse;
  }
}

/// dx = gradient of the loss with respect to the input of layer_norm, from dy and what the forward pass kept.
/// dx may be dy. With `add` the result is added to dx, which then must not be dy.
template <class Scalar>
void layer_norm_backward(const LayerNorm<Scalar>& norm, TensorView<const Scalar, 2> normalised,
                         const Scalar* inverse_deviation, TensorView<const Scalar, 2> dy,
                         TensorView<Scalar, 2> dx, bool add = false) {
  using P = Pack<Scalar>;
  const Index width = normalised.extent(1);
  const Scalar* const weight = norm.weight.data();
  for (Index r = 0; r < normalised.extent(0); ++r) {
    const Scalar* const x = normalised.data() + r * width;
    const Scalar* const out = dy.data() + r * width;
    Scalar* const in = dx.data() + r * width;
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
    const auto means = P::broadcast(mean), slopes = P::broadcast(slope),
               scale = P::broadcast(inverse_deviation[r]);
    for_packs<Scalar>(width, [=](Index j, Index lanes) {
      auto value =
          (P::load(out + j, lanes) * P::load(weight + j, lanes) - means - P::load(x + j, lanes) * slopes) *
          scale;
      if (add)
        value = value + P::load(in + j, lanes);
      P::store(in + j, value, lanes);
    });
  }
}

/// Softmax of scale * row in place, scale > 0.
template <class Scalar>
void softmax(Scalar* row, Index count, Scalar scale = 1) {
  using P = Pack<Scalar>;
  constexpr Scalar lowest = -std::numeric_limits<Scalar>::infinity();
  auto largest = P::broadcast(lowest);
  for_packs<Scalar>(count, [&](Index j, Index lanes) {
    largest = larger<Scalar>(P::load(row + j, lanes, lowest), largest);
  });
  const Scalar top = P::reduce(largest, larger<Scalar>);
  const auto tops = P::broadcast(top), scales = P::broadcast(scale);
  auto partial = P::broadcast(0);
  for_packs<Scalar>(count, [&](Index j, Index lanes) {
    // Lanes beyond the row hold exp(-infinity) = 0.
    const auto value = exp_pack<Scalar>((P::load(row + j, lanes, lowest) - tops) * scales);
    partial = partial + value;
    P::store(row + j, value, lanes);
  });
  const Scalar total = P::reduce(partial, std::plus<>());
  const auto inverse = P::broadcast(1 / total);
  for_packs<Scalar>(
      count, [&](Index j, Index lanes) { P::store(row + j, P::load(row + j, lanes) * inverse, lanes); });
}

/// d = a (d - sum(a d)) scale: from the gradient with respect to softmax(scale * row) = a to that of the row.
template <class Scalar>
void softmax_backward(const Scalar* a, Scalar* d, Index count, Scalar scale) {
  using P = Pack<Scalar>;
  const auto mean = P::broadcast(dot(a, d, count)), scales = P::broadcast(scale);
  for_packs<Scalar>(count, [=](Index j, Index lanes) {
    P::store(d + j, P::load(a + j, lanes) * (P::load(d + j, lanes) - mean) * scales, lanes);
  });
}

/// x *= factor, element by element.
template <class Scalar>
void multiply_by(TensorView<Scalar, 2> x, TensorView<const Scalar, 2> factor) {
  using P = Pack<Scalar>;
  for_packs<Scalar>(x.size(), [to = x.data(), from = factor.data()](Index i, Index lanes) {
    P::store(to + i, P::load(to + i, lanes) * P::load(from + i, lanes), lanes);
  });
}

/// Constants of the tanh form of GELU.
template <class Scalar>
inline constexpr Scalar gelu_slope = Scalar(0.79788456080286535588); // sqrt(2 / pi)
template <class Scalar>
inline constexpr Scalar gelu_cubic = Scalar(0.044715);

/// Replaces each of `count` numbers by its activation and writes the activation's slope there; the ReLU's is
/// 0 at its kink, as in PyTorch.
template <class Scalar>
void activate(Activation activation, Scalar* x, Scalar* slope, Index count) {
  using P = Pack<Scalar>;
  switch (activation) {
  case Activation::gelu: // x Phi(x), slope Phi(x) + x phi(x)
    for_packs<Scalar>(count, [=](Index j, Index lanes) {
      const auto value = P::load(x + j, lanes);
      const auto normal = normal_pack<Scalar>(value);
      const auto factor = P::broadcast(gelu_slope<Scalar> / 2); // 1 / sqrt(2 pi)
      P::store(x + j, value * normal.distribution, lanes);
      P::store(slope + j, normal.distribution + value * (normal.density * factor), lanes);
    });
    return;
  case Activation::gelu_tanh: // (1 + tanh(u)) / 2 is the logistic function of 2 u
    for_packs<Scalar>(count, [=](Index j, Index lanes) {
      const auto value = P::load(x + j, lanes), one = P::broadcast(1);
      const auto square = value * value, cubic = P::broadcast(gelu_cubic<Scalar>),
                 factor = P::broadcast(2 * gelu_slope<Scalar>);
      const auto gate = logistic_pack<Scalar>(factor * value * (one + cubic * square));
      P::store(x + j, value * gate.here, lanes);
      P::store(slope + j,
               gate.here + value * gate.here * gate.opposite * factor *
                               (one + P::broadcast(3 * gelu_cubic<Scalar>) * square),
               lanes);
    });
    return;
  case Activation::relu:
    break;
  }
  for (Index j = 0; j < count; ++j) {
    slope[j] = x[j] > 0 ? Scalar(1) : Scalar(0);
    x[j] = x[j] <= 0 ? Scalar(0) : x[j]; // NaN stays
  }
}

} // namespace regard::inline REGARD_ABI::detail
