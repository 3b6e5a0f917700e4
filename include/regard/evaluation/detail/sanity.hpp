// SPDX-License-Identifier: MIT
// Body of evaluation/sanity.hpp.
#pragma once

#include <regard/evaluation/sanity.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// A model as AlteredModel: once, so that what is altered already is not wrapped again.
template <class Model>
AlteredModel<Model> altered(const Model& model) {
  return AlteredModel<Model>(model);
}
template <class Model>
AlteredModel<Model> altered(const AlteredModel<Model>& model) {
  return model;
}

/// The values of another explanation of the same input.
template <class Model, class Input>
std::vector<double> values_again(const Model& model, const Input& input, const Method& method,
                                 const Explanation& why, const Executor& executor) {
  Explanation other = explain(model, input, method, {why.target.index, why.seed, {}}, executor);
  if (other.values.size() != why.values.size())
    throw InvalidArgument("explanation: found " + std::to_string(why.values.size()) +
                          " players, expected the input's " + std::to_string(other.values.size()));
  return std::move(other.values);
}

} // namespace detail

template <class Model, class Input>
double max_sensitivity(const Model& model, const Input& input, const Method& method, const Explanation& why,
                       const SensitivityOptions& options, const Executor& executor) {
  if (options.draws == 0)
    throw InvalidArgument("draws: found 0, expected at least 1");
  auto noisy = detail::altered(model);
  double square = 0, largest = 0;
  for (const double value : why.values)
    square += value * value;
  const double norm = square > 0 ? std::sqrt(square) : 1;
  for (Index draw = 0; draw < options.draws; ++draw) {
    noisy.set_noise({options.radius, options.seed, draw});
    const std::vector<double> values = detail::values_again(noisy, input, method, why, executor);
    double change = 0;
    for (Index i = 0; i < values.size(); ++i)
      change += (values[i] - why.values[i]) * (values[i] - why.values[i]);
    largest = std::max(largest, std::sqrt(change) / norm);
  }
  return largest;
}

template <class Scalar, class Model, class Input>
std::vector<std::optional<double>>
parameter_randomisation(const Model& model, std::span<const SequenceClassifier<Scalar>> cascade,
                        const Input& input, const Method& method, const Explanation& why,
                        const RandomisationOptions& options, const Executor& executor) {
  const auto compared = [&](std::vector<double> values) {
    if (options.absolute)
      for (double& value : values)
        value = std::abs(value);
    return values;
  };
  auto other = detail::altered(model);
  const std::vector<double> values = compared(why.values);
  std::vector<std::optional<double>> similarity;
  for (const SequenceClassifier<Scalar>& classifier : cascade) {
    other.set_classifier(classifier);
    similarity.push_back(
        spearman(values, compared(detail::values_again(other, input, method, why, executor))));
  }
  return similarity;
}

} // namespace regard::inline REGARD_ABI
