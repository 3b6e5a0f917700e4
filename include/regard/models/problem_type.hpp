// SPDX-License-Identifier: MIT
// What a classifier's logits mean.
#pragma once

#include <regard/tensor.hpp>

#include <cmath>
#include <vector>

namespace regard::inline REGARD_ABI {

/// The `problem_type` of a Hugging Face checkpoint.
enum class ProblemType {
  single_label, ///< one class is true: softmax over the logits
  multi_label,  ///< each class is true or not: a sigmoid for each logit
  regression,   ///< the logits are the values: no probabilities
};

/// The probability of every class, in double; empty for a regression.
template <class Scalar>
std::vector<double> probabilities(ProblemType problem, TensorView<Scalar, 1> logits) {
  std::vector<double> result;
  if (problem == ProblemType::regression)
    return result;
  result.assign(logits.begin(), logits.end());
  if (problem == ProblemType::multi_label) {
    for (double& value : result)
      value = 1 / (1 + std::exp(-value));
    return result;
  }
  const double largest = *std::max_element(result.begin(), result.end());
  double total = 0;
  for (double& value : result)
    total += value = std::exp(value - largest);
  for (double& value : result)
    value /= total;
  return result;
}

} // namespace regard::inline REGARD_ABI
