// SPDX-License-Identifier: MIT
// Body of attribution/lime.hpp.
#pragma once

#include <regard/attribution/lime.hpp>

#include <Eigen/Cholesky>

#include <cmath>

namespace regard::inline REGARD_ABI {

template <class Real>
std::vector<Real> lime_regression(std::span<const Coalition> samples, std::span<const double> values,
                                  std::span<const double> weights, double ridge) {
  if (samples.size() != values.size() || samples.size() != weights.size())
    throw InvalidArgument("lime: found " + std::to_string(samples.size()) + " samples, " +
                          std::to_string(values.size()) + " values and " + std::to_string(weights.size()) +
                          " weights, expected the same number of each");
  if (!(ridge > 0) || !std::isfinite(ridge))
    throw InvalidArgument("ridge: found " + std::to_string(ridge) + ", expected more than 0");
  double total = 0, mean_value = 0;
  for (Index k = 0; k < samples.size(); ++k) {
    if (!std::isfinite(values[k]) || !(weights[k] >= 0) || !std::isfinite(weights[k]))
      throw InvalidArgument("lime: sample " + std::to_string(k) + " has the value " +
                            std::to_string(values[k]) + " and the weight " + std::to_string(weights[k]) +
                            ", expected finite numbers");
    total += weights[k];
    mean_value += weights[k] * values[k];
  }
  if (!(total > 0))
    throw InvalidArgument("lime: the weights of the samples sum to 0, expected more; widen the kernel");
  mean_value /= total;
  const Index players = samples.front().players();
  std::vector<double> mean(players, 0.0);
  for (Index k = 0; k < samples.size(); ++k)
    for (const Index player : samples[k])
      mean[player] += weights[k];
  for (double& share : mean)
    share /= total;

  // The intercept is not penalised: it drops out of centred variables.
  Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> z(static_cast<Eigen::Index>(samples.size()),
                                                        static_cast<Eigen::Index>(players));
  Eigen::Matrix<Real, Eigen::Dynamic, 1> y(static_cast<Eigen::Index>(samples.size()));
  for (Index k = 0; k < samples.size(); ++k) {
    const double root = std::sqrt(weights[k]);
    const auto row = static_cast<Eigen::Index>(k);
    y(row) = root * (values[k] - mean_value);
    for (Index player = 0; player < players; ++player)
      z(row, static_cast<Eigen::Index>(player)) =
          root * ((samples[k].contains(player) ? 1.0 : 0.0) - mean[player]);
  }
  decltype(z) normal = z.transpose() * z;
  normal.diagonal().array() += ridge;
  const decltype(y) coefficients = normal.llt().solve(z.transpose() * y);
  return {coefficients.data(), coefficients.data() + coefficients.size()};
}

} // namespace regard::inline REGARD_ABI
