// SPDX-License-Identifier: MIT
// Vectorised functions against the standard library's, over their whole range, and the row kernels against
// the plain formulas; an element's bits do not depend on where it stands.
#include "support/catch.hpp"
#include "support/seed.hpp"
#include "support/tolerance.hpp"

#include <regard/core/random.hpp>
#include <regard/transformer/detail/layers.hpp>

#include <cstring>

using namespace regard;
using namespace regard_test;

namespace {

/// f of each number of `x`, computed in packs.
template <class Scalar, class F>
std::vector<Scalar> mapped(const std::vector<Scalar>& x, F f) {
  using P = detail::Pack<Scalar>;
  std::vector<Scalar> y(x.size());
  detail::for_packs<Scalar>(x.size(), [&](Index i, Index lanes) {
    P::store(y.data() + i, f(P::load(x.data() + i, lanes)), lanes);
  });
  return y;
}

/// From `first` to `last` in even steps.
template <class Scalar>
std::vector<Scalar> range(double first, double last, Index count) {
  std::vector<Scalar> x;
  for (Index i = 0; i < count; ++i)
    x.push_back(static_cast<Scalar>(first + (last - first) * static_cast<double>(i) /
                                                static_cast<double>(count - 1)));
  return x;
}

template <class Scalar>
std::vector<Scalar> exp_of(const std::vector<Scalar>& x) {
  return mapped(x, [](const auto& pack) { return detail::exp_pack<Scalar>(pack); });
}

} // namespace

TEMPLATE_TEST_CASE("exp has the error it promises, subnormal results and infinity too", "[simd]", float,
                   double) {
  using Limits = std::numeric_limits<TestType>;
  const double lowest = 0.9999 * std::log(static_cast<double>(Limits::min())),
               highest = 0.9999 * std::log(static_cast<double>(Limits::max()));
  double worst = 0;
  for (const auto& x : {range<TestType>(lowest, highest, 200001), range<TestType>(-1, 1, 50001)}) {
    const auto y = exp_of(x);
    for (Index i = 0; i < x.size(); ++i) {
      const auto exact = std::exp(static_cast<long double>(x[i]));
      worst = std::max(worst, static_cast<double>(std::abs(static_cast<long double>(y[i]) - exact) / exact));
    }
  }
  CHECK(worst < 1.5 * static_cast<double>(Limits::epsilon()));
  const auto small = range<TestType>(1.2 * std::log(static_cast<double>(Limits::denorm_min())), lowest, 1001);
  const auto y = exp_of(small);
  for (Index i = 0; i < small.size(); ++i)
    CHECK(std::abs(y[i] - std::exp(small[i])) <= 2 * Limits::denorm_min());
  const TestType inf = Limits::infinity();
  const auto special =
      exp_of(std::vector<TestType>{0, -inf, inf, Limits::quiet_NaN(), Limits::lowest(), Limits::max()});
  CHECK(special[0] == 1);
  CHECK(special[1] == 0);
  CHECK(special[2] == inf);
  CHECK(std::isnan(special[3]));
  CHECK(special[4] == 0);
  CHECK(special[5] == inf);
}

TEMPLATE_TEST_CASE("activations and slopes equal their formulas in long double", "[simd]", float, double) {
  const double epsilon = static_cast<double>(std::numeric_limits<TestType>::epsilon());
  for (const auto& x : {range<TestType>(-40, 40, 40001), range<TestType>(-4, 4, 20001)}) {
    for (const Activation activation : {Activation::gelu, Activation::gelu_tanh, Activation::relu}) {
      std::vector<TestType> y = x, slope(x.size());
      detail::activate(activation, y.data(), slope.data(), y.size());
      double value_error = 0, slope_error = 0;
      for (Index i = 0; i < x.size(); ++i) {
        const long double v = x[i], pi = 3.14159265358979323846264338327950288L;
        long double value = v > 0 ? v : 0, derivative = v > 0 ? 1 : 0;
        if (activation == Activation::gelu) {
          const long double phi = std::erfc(-v / std::sqrt(2.0L)) / 2;
          value = v * phi;
          derivative = phi + v * std::exp(-v * v / 2) / std::sqrt(2 * pi);
        } else if (activation == Activation::gelu_tanh) {
          const long double t = std::tanh(std::sqrt(2 / pi) * (v + 0.044715L * v * v * v));
          value = v / 2 * (1 + t);
          derivative = (1 + t) / 2 + v / 2 * (1 - t * t) * std::sqrt(2 / pi) * (1 + 3 * 0.044715L * v * v);
        }
        // Beside the argument: what the sum 1 + erf, or 1 + tanh, loses near -1 is lost to everybody.
        const long double size = std::max(1.0L, std::abs(v));
        value_error = std::max(value_error, static_cast<double>(std::abs(y[i] - value) / size));
        slope_error = std::max(slope_error, static_cast<double>(std::abs(slope[i] - derivative) / size));
      }
      INFO("activation " << static_cast<int>(activation));
      CHECK(value_error < 2 * epsilon);
      CHECK(slope_error < 4 * epsilon);
    }
  }
}

TEMPLATE_TEST_CASE("activations of the largest numbers, and of what is none", "[simd]", float, double) {
  using Limits = std::numeric_limits<TestType>;
  for (const Activation activation : {Activation::gelu, Activation::gelu_tanh, Activation::relu}) {
    std::vector<TestType> y = {Limits::denorm_min(), -Limits::denorm_min(), 1e5f, -1e5f, 0,
                               Limits::quiet_NaN()};
    std::vector<TestType> slope(y.size());
    const std::vector<TestType> x = y;
    detail::activate(activation, y.data(), slope.data(), y.size());
    CHECK(std::abs(y[0]) <= x[0]);
    CHECK(std::abs(y[1]) <= x[0]);
    CHECK(y[2] == x[2]);
    CHECK(y[3] == 0);
    CHECK(slope[2] == 1);
    CHECK(slope[3] == 0);
    CHECK(y[4] == 0);
    CHECK(std::isnan(y[5]));
  }
}

TEMPLATE_TEST_CASE("softmax equals its formula for rows of any length", "[simd]", float, double) {
  INFO("seed " << seed());
  RandomStream stream(seed(), 1);
  for (const Index count : std::initializer_list<Index>{1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 197}) {
    std::vector<TestType> row(count), slope(count);
    for (Index i = 0; i < count; ++i) {
      row[i] = static_cast<TestType>(10 * stream.normal());
      slope[i] = static_cast<TestType>(stream.normal());
    }
    const TestType scale = TestType(0.125); // as of a head of width 64
    const double top = static_cast<double>(*std::max_element(row.begin(), row.end()));
    std::vector<double> expected;
    double total = 0, mean = 0;
    for (const TestType x : row)
      total += std::exp(static_cast<double>(scale) * (static_cast<double>(x) - top));
    for (const TestType x : row)
      expected.push_back(std::exp(static_cast<double>(scale) * (static_cast<double>(x) - top)) / total);
    detail::softmax(row.data(), count, scale);
    CHECK(relative_error(row, expected) < Tolerance<TestType>::closed_form);
    for (Index i = 0; i < count; ++i)
      mean += expected[i] * static_cast<double>(slope[i]);
    for (Index i = 0; i < count; ++i)
      expected[i] *= static_cast<double>(scale) * (static_cast<double>(slope[i]) - mean);
    detail::softmax_backward(row.data(), slope.data(), count, scale);
    if (count > 1) // of a single entry the slope is 0
      CHECK(relative_error(slope, expected) < Tolerance<TestType>::closed_form);
  }
  std::vector<TestType> row(5, -1e4f);
  row[2] = std::numeric_limits<TestType>::quiet_NaN();
  detail::softmax(row.data(), row.size());
  for (const TestType x : row)
    CHECK(std::isnan(x));
}

TEMPLATE_TEST_CASE("an element has the same bits wherever it stands", "[simd]", float, double) {
  const auto x = range<TestType>(-6, 6, 200);
  std::vector<TestType> y = x, slope(x.size());
  detail::activate(Activation::gelu, y.data(), slope.data(), y.size());
  for (Index i = 0; i < x.size(); ++i)
    for (const Index count : std::initializer_list<Index>{1, 3, 9, 40}) {
      std::vector<TestType> part(x.begin() + static_cast<std::ptrdiff_t>(i),
                                 x.begin() + static_cast<std::ptrdiff_t>(std::min(x.size(), i + count)));
      std::vector<TestType> part_slope(part.size());
      detail::activate(Activation::gelu, part.data(), part_slope.data(), part.size());
      CHECK(std::memcmp(part.data(), y.data() + i, part.size() * sizeof(TestType)) == 0);
      CHECK(std::memcmp(part_slope.data(), slope.data() + i, part.size() * sizeof(TestType)) == 0);
    }
}

TEMPLATE_TEST_CASE("products of every small shape, transposed or not", "[simd]", float, double) {
  INFO("seed " << seed());
  RandomStream stream(seed(), 2);
  const auto fill = [&](Index count) {
    std::vector<TestType> values(count);
    for (TestType& value : values)
      value = static_cast<TestType>(stream.normal());
    return values;
  };
  for (Index round = 0; round < 60; ++round) {
    const Index m = 1 + stream.below(30), n = 1 + stream.below(70),
                k = 1 + stream.below(round % 7 == 0 ? 600 : 40);
    const auto a = fill(m * k), b = fill(n * k);
    using Matrix = RowMatrix<TestType>;
    const auto rows = [](Index i) { return static_cast<Eigen::Index>(i); };
    const Eigen::Map<const Matrix> left(a.data(), rows(m), rows(k)), right(b.data(), rows(n), rows(k));
    const Eigen::MatrixXd expected = left.template cast<double>() * right.template cast<double>().transpose();
    Matrix c(rows(m), rows(n));
    detail::multiply<TestType>(m, n, k, {a.data(), k},
                               detail::transposed(detail::Operand<TestType>{b.data(), k}), c.data(), n);
    CHECK((c.template cast<double>() - expected).norm() <=
          Tolerance<TestType>::closed_form * expected.norm());
    const Matrix flipped = right.transpose(); // [k, n], row-major: the same product without a transposition
    Matrix same(rows(m), rows(n));
    detail::multiply<TestType>(m, n, k, {a.data(), k}, {flipped.data(), n}, same.data(), n);
    CHECK(c == same);
  }
}
