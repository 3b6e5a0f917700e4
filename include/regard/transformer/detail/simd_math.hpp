// SPDX-License-Identifier: MIT
// Functions of a pack of numbers, lane by lane: the exponential, and the normal distribution that GELU is
// made of.
//
// Errors, in units of the last place of a normal result: exp 1.5 for float and double. The distribution
// function is off by at most 2 units of the last place of 1. They never raise NaN from a number.
#pragma once

#include <regard/transformer/detail/simd.hpp>

#include <bit>
#include <numbers>

#if defined(__FAST_MATH__)
#error "regard rounds and compares as IEEE 754 says: compile without -ffast-math"
#endif

namespace regard::inline REGARD_ABI::detail {

/// Constants of exp for a scalar type. exp(x) = 2^n exp(r) with |r| <= log(2) / 2, and exp(r) = 1 + r + r^2
/// p(r), where p is the interpolating polynomial in the Chebyshev points: relative error 1e-8, or 2e-17.
template <class Scalar>
struct ExpConstants;
template <>
struct ExpConstants<float> {
  static constexpr float round = 12582912.0f;      // 1.5 2^23: adding it rounds to an integer
  static constexpr float log2_high = 0.693359375f; // few bits, so that n log2_high is exact
  static constexpr float log2_low = -2.12194440e-4f;
  static constexpr float bound = 170; // 2^n is made of two factors, and both must be normal
  static constexpr int exponent_bits = 23, bias = 127;
  static constexpr float p[] = {1.39261836e-3f, 8.36317905e-3f, 4.16665546e-2f, 0.166665770f, 0.5f};
};
template <>
struct ExpConstants<double> {
  static constexpr double round = 6755399441055744.0; // 1.5 2^52
  static constexpr double log2_high = 6.93147180369123816490e-01;
  static constexpr double log2_low = 1.90821492927058770002e-10;
  static constexpr double bound = 1400;
  static constexpr int exponent_bits = 52, bias = 1023;
  static constexpr double p[] = {2.5100385495510319e-8, 2.7620088445409748e-7, 2.7557268459997065e-6,
                                 2.4801521295954375e-5, 1.9841269863053617e-4, 1.3888888917213717e-3,
                                 8.3333333333300618e-3, 4.1666666666624128e-2, 0.16666666666666667,
                                 0.50000000000000010};
};

/// Constants of the normal distribution: P(X < -a) = exp(-a^2 / 2) q((z - 3.75) / (z + 3.75)) / (z + 3.75)
/// with z = a / sqrt(2), after M. M. Shepherd and J. G. Laframboise (1981), q interpolated in the Chebyshev
/// points.
template <class Scalar>
struct NormalConstants;
template <>
struct NormalConstants<float> {
  static constexpr float bound = 15; // exp(-a^2 / 2) is 0 from here on
  static constexpr float q[] = {7.1629173e-4f,    6.377029839e-4f, -6.357564259e-3f, 2.447389156e-2f,
                                -6.597814582e-2f, 0.1395440909f,   -0.245233782f,    0.368158812f,
                                -0.4793708433f,   0.5459614603f};
};
template <>
struct NormalConstants<double> {
  static constexpr double bound = 39;
  static constexpr double q[] = {4.09605619056248536e-9,  1.4844497928380621e-8,   -2.12051506976814847e-8,
                                 -1.27983526928243406e-7, 1.49480793093288908e-7,  8.2754997886535489e-7,
                                 -1.65110860652842428e-6, -4.45296701822822183e-6, 1.87384045264446484e-5,
                                 5.29768144311674789e-6,  -1.74324051950071227e-4, 3.97411341232893728e-4,
                                 4.93169132484110747e-4,  -6.2679399869094593e-3,  2.45593892997890997e-2,
                                 -6.59777005920724162e-2, 0.13953102451722799,     -0.245235145603735254,
                                 0.36815946261087024,     -0.479370788326455899,   0.545961454781394537};
};

/// The density (without its factor 1 / sqrt(2 pi)) and the distribution function of the normal distribution.
template <class Scalar>
struct NormalPack {
  typename Pack<Scalar>::Native density, distribution;
};

/// The logistic function 1 / (1 + e^-x) at x and at -x.
template <class Scalar>
struct LogisticPack {
  typename Pack<Scalar>::Native here, opposite;
};

#if defined(__GNUC__)

/// c[0] x^(n - 1) + ... + c[n - 1], in each lane.
template <class Scalar, std::size_t Count>
typename Pack<Scalar>::Native polynomial(const typename Pack<Scalar>::Native& x, const Scalar (&c)[Count]) {
  typename Pack<Scalar>::Native y = Pack<Scalar>::broadcast(c[0]);
  for (std::size_t i = 1; i < Count; ++i)
    y = y * x + Pack<Scalar>::broadcast(c[i]);
  return y;
}

/// The larger of each lane's two numbers; b where a is not a number.
template <class Scalar>
typename Pack<Scalar>::Native larger(const typename Pack<Scalar>::Native& a,
                                     const typename Pack<Scalar>::Native& b) {
  return a > b ? a : b;
}

/// e^x, from 0 over the subnormal numbers to infinity; NaN of NaN.
template <class Scalar>
typename Pack<Scalar>::Native exp_pack(typename Pack<Scalar>::Native x) {
  using P = Pack<Scalar>;
  using C = ExpConstants<Scalar>;
  const auto bound = P::broadcast(C::bound);
  x = x > bound ? bound : x;
  x = x < -bound ? -bound : x;
  const auto shifted = x * P::broadcast(std::numbers::log2e_v<Scalar>) + P::broadcast(C::round);
  const auto n = shifted - P::broadcast(C::round);
  const auto r = (x - n * P::broadcast(C::log2_high)) - n * P::broadcast(C::log2_low);
  const auto y = (polynomial<Scalar>(r, C::p) * r) * r + r + P::broadcast(1);
  const auto exponent =
      std::bit_cast<typename P::Bits>(shifted) - std::bit_cast<typename P::Integer>(C::round);
  const auto half = exponent >> 1;
  const auto first = std::bit_cast<typename P::Native>((half + C::bias) << C::exponent_bits);
  const auto second = std::bit_cast<typename P::Native>((exponent - half + C::bias) << C::exponent_bits);
  return y * first * second;
}

template <class Scalar>
NormalPack<Scalar> normal_pack(const typename Pack<Scalar>::Native& x) {
  using P = Pack<Scalar>;
  using C = NormalConstants<Scalar>;
  const auto zero = P::broadcast(0), one = P::broadcast(1);
  auto a = x < zero ? -x : x;
  a = a > P::broadcast(C::bound) ? P::broadcast(C::bound) : a;
  const auto density = exp_pack<Scalar>(a * a * P::broadcast(Scalar(-0.5)));
  const auto z = a * P::broadcast(1 / std::numbers::sqrt2_v<Scalar>);
  const auto inverse = one / (z + P::broadcast(Scalar(3.75)));
  const auto tail =
      density * (polynomial<Scalar>((z - P::broadcast(Scalar(3.75))) * inverse, C::q) * inverse);
  return {density, x < zero ? tail : one - tail};
}

template <class Scalar>
LogisticPack<Scalar> logistic_pack(const typename Pack<Scalar>::Native& x) {
  const auto zero = Pack<Scalar>::broadcast(0), one = Pack<Scalar>::broadcast(1);
  const auto e = exp_pack<Scalar>(x < zero ? x : -x);
  const auto large = one / (one + e), small = e * large;
  return {x < zero ? small : large, x < zero ? large : small};
}

#else // lane by lane

template <class Scalar, class F>
typename Pack<Scalar>::Native each_lane(typename Pack<Scalar>::Native x, F f) {
  for (Scalar& lane : x.lane)
    lane = f(lane);
  return x;
}

template <class Scalar>
typename Pack<Scalar>::Native larger(const typename Pack<Scalar>::Native& a,
                                     typename Pack<Scalar>::Native b) {
  for (Index i = 0; i < Pack<Scalar>::lanes; ++i)
    b.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
  return b;
}

template <class Scalar>
typename Pack<Scalar>::Native exp_pack(const typename Pack<Scalar>::Native& x) {
  return each_lane<Scalar>(x, [](Scalar lane) { return std::exp(lane); });
}

template <class Scalar>
NormalPack<Scalar> normal_pack(const typename Pack<Scalar>::Native& x) {
  return {
      each_lane<Scalar>(x, [](Scalar lane) { return std::exp(-lane * lane / 2); }),
      each_lane<Scalar>(x, [](Scalar lane) { return std::erfc(-lane / std::numbers::sqrt2_v<Scalar>) / 2; })};
}

template <class Scalar>
LogisticPack<Scalar> logistic_pack(const typename Pack<Scalar>::Native& x) {
  return {each_lane<Scalar>(x, [](Scalar lane) { return 1 / (1 + std::exp(-lane)); }),
          each_lane<Scalar>(x, [](Scalar lane) { return 1 / (1 + std::exp(lane)); })};
}

#endif

} // namespace regard::inline REGARD_ABI::detail
