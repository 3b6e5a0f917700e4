// SPDX-License-Identifier: MIT
// The attention games of arXiv 2508.08966 and their closed-form Shapley values.
//
// Let M be a matrix over n players, row = query, column = key, and w_ij = M_ij + M_ji (mutual) or max(M_ij,
// M_ji) (max mutual). The value of a coalition is the sum of w over its pairs of members; a coalition of one
// is worth M_ii, a term that vanishes when a second member joins. For n >= 2 the Shapley value is
//
//     phi_i = 1/2 sum_{j != i} w_ij + (M_ii - trace(M) / n) / (n - 1),
//
// and phi_1 = M_11 for n = 1. The class game is additive: phi_i is the class token's attention to i.
#pragma once

#include <regard/shapley/aggregate.hpp>
#include <regard/shapley/game.hpp>

#include <memory>

namespace regard::inline REGARD_ABI {

/// What a coalition of one is worth in the pair games.
enum class Singleton {
  self,     ///< M_ii, its attention to itself (the paper's rule)
  zero,     ///< nothing: phi_i = 1/2 sum w_ij
  additive, ///< M_ii, which every larger coalition keeps: phi_i = M_ii + 1/2 sum w_ij
};

/// "self", "zero" or "additive".
std::string_view to_string(Singleton singleton);

/// How the two directions of attention between a pair are joined.
enum class PairRule {
  sum, ///< M_ij + M_ji
  max, ///< max(M_ij, M_ji)
};

/// v(S) = sum over members of their weights. Offers its closed form.
class AdditiveGame {
 public:
  /// Throws InvalidArgument naming a weight that is not finite.
  explicit AdditiveGame(std::vector<double> weights);

  Index players() const { return weights_.size(); }
  double value(const Coalition& coalition) const;
  std::vector<double> shapley_values() const { return weights_; }

 private:
  std::vector<double> weights_;
};

/// v(S) = sum over pairs of members of w, and a rule for coalitions of one. Offers its closed form.
class PairwiseGame {
 public:
  /// Plays on the caller's matrix, which is not copied and must outlive the game.
  /// Throws InvalidArgument when it is not square, or naming an entry that is not finite.
  PairwiseGame(TensorView<const double, 2> matrix, PairRule rule, Singleton singleton = Singleton::self)
      : PairwiseGame(nullptr, matrix, rule, singleton) {}

  /// Plays on a matrix of its own.
  PairwiseGame(Tensor<double, 2> matrix, PairRule rule, Singleton singleton = Singleton::self);

  Index players() const { return matrix_.extent(0); }
  /// O(size^2).
  double value(const Coalition& coalition) const;
  /// w_ij, symmetric; i and j differ.
  double pair(Index i, Index j) const;
  /// What the coalition {i} is worth.
  double single(Index i) const { return singleton_ == Singleton::zero ? 0.0 : matrix_(i, i); }
  Singleton singleton() const { return singleton_; }

  /// The closed form, O(players^2) time.
  std::vector<double> shapley_values() const;

 private:
  PairwiseGame(std::shared_ptr<const Tensor<double, 2>> owned, TensorView<const double, 2> matrix,
               PairRule rule, Singleton singleton);

  std::shared_ptr<const Tensor<double, 2>> owned_;
  TensorView<const double, 2> matrix_;
  PairRule rule_;
  Singleton singleton_;
};

/// The class game: a coalition is worth the class token's attention to its members.
inline AdditiveGame cls_game(std::vector<double> class_row) {
  return AdditiveGame(std::move(class_row));
}
inline AdditiveGame cls_game(AggregatedAttention attention) {
  return AdditiveGame(std::move(attention.cls));
}

/// The mutual game: attention between members, both directions added. On a view of the caller's matrix [n,
/// n], or on an aggregate that the game keeps.
inline PairwiseGame mutual_game(TensorView<const double, 2> matrix, Singleton singleton = Singleton::self) {
  return {matrix, PairRule::sum, singleton};
}
inline PairwiseGame mutual_game(AggregatedAttention attention, Singleton singleton = Singleton::self) {
  return {std::move(attention.matrix), PairRule::sum, singleton};
}

/// The max-mutual game: attention between members, the stronger direction of each pair.
inline PairwiseGame max_mutual_game(TensorView<const double, 2> matrix,
                                    Singleton singleton = Singleton::self) {
  return {matrix, PairRule::max, singleton};
}
inline PairwiseGame max_mutual_game(AggregatedAttention attention, Singleton singleton = Singleton::self) {
  return {std::move(attention.matrix), PairRule::max, singleton};
}

} // namespace regard::inline REGARD_ABI

#include <regard/shapley/detail/attention_games.hpp>
