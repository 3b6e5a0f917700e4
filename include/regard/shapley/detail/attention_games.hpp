// SPDX-License-Identifier: MIT
// Body of shapley/attention_games.hpp.
#pragma once

#include <regard/shapley/attention_games.hpp>
#include <regard/shapley/detail/sum.hpp>

namespace regard::inline REGARD_ABI {

template <class Lazy>
std::string_view to_string(Singleton singleton) {
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

template <class Lazy>
AdditiveGame::AdditiveGame(std::vector<double> weights) : weights_(std::move(weights)) {
  for (Index player = 0; player < weights_.size(); ++player)
    if (!std::isfinite(weights_[player]))
      throw InvalidArgument("attention row: found " + detail::number_text(weights_[player]) + " in column " +
                            std::to_string(player) + ", expected a finite number");
}

template <class Lazy>
double AdditiveGame::value(Coalition coalition) const {
  detail::CompensatedSum total;
  for (const Index member : coalition)
    total.add(weights_[member]);
  return total.value();
}

template <class Lazy>
double PairwiseGame::pair(Index i, Index j) const {
  const double there = matrix_(i, j), back = matrix_(j, i);
  return rule_ == PairRule::sum ? there + back : std::max(there, back);
}

template <class Lazy>
double PairwiseGame::value(Coalition coalition) const {
  const bool count_singles = singleton_ == Singleton::additive || coalition.size() == 1;
  detail::CompensatedSum total;
  for (auto i = coalition.begin(); i != coalition.end(); ++i) {
    if (count_singles)
      total.add(single(*i));
    for (auto j = std::next(i); j != coalition.end(); ++j)
      total.add(pair(*i, *j));
  }
  return total.value();
}

template <class Lazy>
std::vector<double> PairwiseGame::shapley_values() const {
  const Index n = players();
  if (n == 1)
    return {single(0)};
  std::vector<detail::CompensatedSum> pairs(n);
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j) {
      const double half = pair(i, j) / 2; // the sum of whole ones may be too large
      pairs[i].add(half);
      pairs[j].add(half);
    }
  detail::CompensatedSum singles;
  for (Index i = 0; i < n; ++i)
    singles.add(single(i));
  const double mean_single = singles.value() / static_cast<double>(n);
  std::vector<double> values(n);
  for (Index i = 0; i < n; ++i)
    values[i] = pairs[i].value() + (singleton_ == Singleton::additive
                                        ? single(i)
                                        : (single(i) - mean_single) / static_cast<double>(n - 1));
  return values;
}

} // namespace regard::inline REGARD_ABI
