// SPDX-License-Identifier: MIT
// Laws of the probes: optimality, orientation, invariances, degenerate sets.
#include "support/catch.hpp"
#include "support/random_model.hpp"
#include "support/seed.hpp"
#include "support/tolerance.hpp"

#include <regard/tcav/probe.hpp>
#include <regard/transformer/detail/simd.hpp>

using namespace regard;
using regard_test::random_rows;
using regard_test::relative_error;
using regard_test::Tolerance;

namespace {

/// Rows around a mean.
template <class Scalar>
Tensor<Scalar, 2> cloud(RandomStream& stream, Index rows, Index width, double mean) {
  Tensor<Scalar, 2> result = random_rows<Scalar>(stream, rows, width);
  for (Index r = 0; r < rows; ++r)
    result(r, 0) += static_cast<Scalar>(mean);
  return result;
}

/// |gradient of the objective| beside the sum of the sizes of its terms.
double gradient_size(Probe probe, const Tensor<double, 2>& a, const Tensor<double, 2>& b,
                     const FittedProbe& fitted) {
  const Index width = a.extent(1);
  std::vector<double> gradient(width + 1, 0.0);
  double sizes = 0;
  for (Index j = 0; j < width; ++j)
    gradient[j] = fitted.norm * fitted.direction[j];
  for (const auto* rows : {&a, &b})
    for (Index r = 0; r < rows->extent(0); ++r) {
      const double y = rows == &a ? 1 : -1;
      double z = fitted.intercept;
      for (Index j = 0; j < width; ++j)
        z += fitted.norm * fitted.direction[j] * (*rows)(r, j);
      const double slope = probe == Probe::logistic ? -y / (1 + std::exp(y * z))
                           : probe == Probe::svm    ? -2 * y * std::max(0.0, 1 - y * z)
                                                    : z - y;
      sizes += std::abs(slope);
      for (Index j = 0; j < width; ++j)
        gradient[j] += slope * (*rows)(r, j);
      gradient[width] += slope;
    }
  double squares = 0;
  for (const double g : gradient)
    squares += g * g;
  return std::sqrt(squares) / sizes;
}

} // namespace

TEST_CASE("each probe is at its optimum, whether the sets separate or not", "[tcav]") {
  INFO("seed " << regard_test::seed());
  RandomStream stream(regard_test::seed(), 1);
  for (const double distance : {0.0, 0.3, 2.0, 30.0})
    // 2 * 1278 + 4 is a multiple of the solver's chunks
    for (const Index rows : std::initializer_list<Index>{5, 40, 700, 1278}) {

      const auto a = cloud<double>(stream, rows, 9, distance), b = cloud<double>(stream, rows + 4, 9, -1);
      for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm}) {
        const FittedProbe fitted = fit_probe<double>(a, b, {.probe = probe, .tolerance = 1e-9});
        INFO(to_string(probe) << ", distance " << distance << ", rows " << rows);
        CHECK(fitted.status == ProbeStatus::converged);
        CHECK(gradient_size(probe, a, b, fitted) < 1e-6);
        CHECK(std::abs(detail::dot(fitted.direction.data(), fitted.direction.data(), 9) - 1) <
              Tolerance<double>::closed_form);
      }
    }
}

TEST_CASE("the pattern probe is the difference of the means", "[tcav]") {
  RandomStream stream(regard_test::seed(), 2);
  const auto a = cloud<double>(stream, 31, 5, 1), b = cloud<double>(stream, 17, 5, 0);
  const FittedProbe fitted = fit_probe<double>(a, b, {.probe = Probe::pattern});
  const Eigen::VectorXd difference = a.matrix().colwise().mean() - b.matrix().colwise().mean();
  const Eigen::VectorXd unit = difference.normalized();
  CHECK(relative_error(fitted.direction, std::vector<double>(unit.begin(), unit.end())) <
        Tolerance<double>::closed_form);
  CHECK(fitted.norm == Approx(difference.norm()));
}

TEST_CASE("swapping the sets turns every probe around", "[tcav]") {
  RandomStream stream(regard_test::seed(), 3);
  const auto a = cloud<float>(stream, 60, 7, 1), b = cloud<float>(stream, 60, 7, 0);
  for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm, Probe::pattern}) {
    const ProbeOptions options{.probe = probe, .tolerance = 1e-10};
    const auto there = fit_probe<float>(a, b, options), back = fit_probe<float>(b, a, options);
    std::vector<double> turned = back.direction;
    for (double& x : turned)
      x = -x;
    CHECK(relative_error(there.direction, turned) < 1e-7);
    CHECK(there.direction[0] > 0.2); // towards the first set
  }
}

TEST_CASE("a direction does not depend on the origin", "[tcav]") {
  RandomStream stream(regard_test::seed(), 4);
  auto a = cloud<double>(stream, 50, 6, 1), b = cloud<double>(stream, 70, 6, 0);
  for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm, Probe::pattern}) {
    const ProbeOptions options{.probe = probe, .tolerance = 1e-10};
    const auto before = fit_probe<double>(a, b, options);
    auto moved_a = a, moved_b = b;
    for (double& x : moved_a)
      x += 3;
    for (double& x : moved_b)
      x += 3;
    CHECK(relative_error(fit_probe<double>(moved_a, moved_b, options).direction, before.direction) < 1e-6);
  }
}

TEST_CASE("equal sets have no direction; a row on either side has one", "[tcav]") {
  RandomStream stream(regard_test::seed(), 5);
  const auto a = cloud<float>(stream, 65, 8, 1);
  const Tensor<float, 2> one(a.slice(0, 1)), other(a.slice(1, 2));
  for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm, Probe::pattern}) {
    INFO(to_string(probe));
    const auto none = fit_probe<float>(a, a, {.probe = probe});
    CHECK(none.status == ProbeStatus::no_direction);
    CHECK(none.direction == std::vector<double>(8, 0.0));
    const auto pair = fit_probe<float>(one, other, {.probe = probe});
    CHECK(pair.status == ProbeStatus::converged);
    std::vector<double> difference;
    for (Index j = 0; j < 8; ++j)
      difference.push_back(static_cast<double>(one(0, j)) - static_cast<double>(other(0, j)));
    const double norm = std::sqrt(detail::dot(difference.data(), difference.data(), 8));
    CHECK(detail::dot(difference.data(), pair.direction.data(), 8) / norm == Approx(1).epsilon(1e-9));
  }
}

TEST_CASE("constant columns, far origins and outliers do not stop a probe", "[tcav]") {
  RandomStream stream(regard_test::seed(), 6);
  auto a = cloud<double>(stream, 200, 6, 0.5), b = cloud<double>(stream, 200, 6, 0);
  for (auto* rows : {&a, &b})
    for (Index r = 0; r < 200; ++r) {
      (*rows)(r, 1) = 40;                         // constant
      (*rows)(r, 2) = 200 + 1e-3 * (*rows)(r, 2); // far, and hardly varying
      (*rows)(r, 3) *= r == 0 ? 1000 : 1;         // an outlier
    }
  for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm}) {
    INFO(to_string(probe));
    const auto fitted = fit_probe<double>(a, b, {.probe = probe, .tolerance = 1e-8});
    CHECK(fitted.status == ProbeStatus::converged);
    CHECK(fitted.direction[0] > 0.5);
    CHECK(gradient_size(probe, a, b, fitted) < 1e-4);
  }
}

TEST_CASE("what a probe refuses", "[tcav]") {
  Tensor<float, 2> a({3, 4}), narrow({3, 2}), none({0, 4});
  CHECK_THROWS_AS(fit_probe<float>(a, none), InvalidArgument);
  CHECK_THROWS_AS(fit_probe<float>(none, a), InvalidArgument);
  CHECK_THROWS_WITH(fit_probe<float>(a, narrow), Catch::Matchers::ContainsSubstring("[3, 2]"));
  CHECK_THROWS_WITH(fit_probe<float>(a, a, {.tolerance = 0}),
                    Catch::Matchers::ContainsSubstring("tolerance"));
  auto bad = a;
  bad(1, 1) = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(fit_probe<float>(a, bad), Catch::Matchers::ContainsSubstring("finite"));
  CHECK(find_probe("svm") == Probe::svm);
  CHECK(!find_probe("sgd"));
}

TEST_CASE("a fit that may not go on says so", "[tcav]") {
  RandomStream stream(7, 7);
  const auto a = cloud<double>(stream, 100, 6, 0.5), b = cloud<double>(stream, 100, 6, 0);
  const auto fitted = fit_probe<double>(a, b, {.tolerance = 1e-12, .max_passes = 3});
  CHECK(fitted.status == ProbeStatus::not_converged);
  CHECK(fitted.passes <= 3);
}
