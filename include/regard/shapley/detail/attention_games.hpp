// SPDX-License-Identifier: MIT
// Body of shapley/attention_games.hpp.
#pragma once

#include <regard/shapley/attention_games.hpp>

#include <cmath>

namespace regard::inline REGARD_ABI {

inline std::string_view to_string(Singleton singleton) {
  switch (singleton) {
  case Singleton::self:
    return "self";
  case Singleton::zero:
    return "zero";
  case Singleton::additive:
    break;
  }
  return "additive";
}

inline AdditiveGame::AdditiveGame(std::vector<double> weights) : weights_(std::move(weights)) {
  for (Index i = 0; i < weights_.size(); ++i)
    if (!std::isfinite(weights_[i]))
      throw InvalidArgument("weight " + std::to_string(i) + ": found " + std::to_string(weights_[i]) +
                            ", expected a finite number");
}

inline double AdditiveGame::value(const Coalition& coalition) const {
  double total = 0;
  coalition.for_each([&](Index i) { total += weights_[i]; });
  return total;
}

inline PairwiseGame::PairwiseGame(std::shared_ptr<const Tensor<double, 2>> owned,
                                  TensorView<const double, 2> matrix, PairRule rule, Singleton singleton)
    : owned_(std::move(owned)), matrix_(owned_ ? owned_->view() : matrix), rule_(rule),
      singleton_(singleton) {
  const Index n = matrix_.extent(0);
  if (matrix_.extent(1) != n)
    throw InvalidArgument("the matrix of a game has shape " + detail::to_string(matrix_.shape()) +
                          ", expected as many columns as rows");
  for (Index i = 0; i < n * n; ++i)
    if (!std::isfinite(matrix_.data()[i]))
      throw InvalidArgument("row " + std::to_string(i / n) + ", column " + std::to_string(i % n) +
                            ": found " + std::to_string(matrix_.data()[i]) + ", expected a finite number");
}

inline PairwiseGame::PairwiseGame(Tensor<double, 2> matrix, PairRule rule, Singleton singleton)
    : PairwiseGame(std::make_shared<const Tensor<double, 2>>(std::move(matrix)), {}, rule, singleton) {}

inline double PairwiseGame::pair(Index i, Index j) const {
  const double there = matrix_(i, j), back = matrix_(j, i);
  return rule_ == PairRule::sum ? there + back : std::max(there, back);
}

inline double PairwiseGame::value(const Coalition& coalition) const {
  const std::vector<Index> members = coalition.members();
  double total = 0;
  for (Index a = 0; a < members.size(); ++a) {
    if (singleton_ == Singleton::additive || members.size() == 1)
      total += single(members[a]);
    for (Index b = a + 1; b < members.size(); ++b)
      total += pair(members[a], members[b]);
  }
  return total;
}

inline std::vector<double> PairwiseGame::shapley_values() const {
  const Index n = players();
  if (n == 1)
    return {single(0)};
  double trace = 0;
  for (Index i = 0; i < n; ++i)
    trace += single(i);
  std::vector<double> values(n);
  for (Index i = 0; i < n; ++i) {
    double pairs = 0;
    for (Index j = 0; j < n; ++j)
      if (j != i)
        pairs += pair(i, j);
    const double alone = singleton_ == Singleton::additive
                             ? single(i)
                             : (single(i) - trace / static_cast<double>(n)) / static_cast<double>(n - 1);
    values[i] = pairs / 2 + alone;
  }
  return values;
}

} // namespace regard::inline REGARD_ABI
