// SPDX-License-Identifier: MIT
// The attention games of arXiv 2508.08966, and their Shapley values in closed form.
//
//     auto mean = regard::aggregate(attention, gradients, players); // or any matrix: attention_matrix.hpp
//     auto phi  = regard::shapley(regard::max_mutual_game(mean)).values;
//
// The paper's six games are three kinds of game on two kinds of matrix: the mean attention (Att-CLS,
// Att-Mutual, Att-Max-Mutual), or its mean weighted by the positive part of the gradient (Grad-Att-...).
// Let M be the matrix, row = query, column = key, and w_ij = M_ij + M_ji (mutual) or max(M_ij, M_ji)
// (max-mutual). A coalition is worth the sum of w over its pairs of members; a coalition of one is worth
// M_ii, a term that vanishes as soon as a second member joins. So values can be negative. For any symmetric
// w, since j comes before i in half of all orders, and the singleton term matters in the first two places
// alone,
//
//     phi_i = 1/2 sum_{j != i} w_ij + (M_ii - trace(M) / n) / (n - 1),    phi_1 = M_11 for n = 1.
//
// The class game is additive: phi_i is the class token's attention to i.
#pragma once

#include <regard/shapley/aggregate.hpp>
#include <regard/shapley/attention_matrix.hpp>
#include <regard/shapley/game.hpp>

#include <string_view>
#include <utility>

namespace regard::inline REGARD_ABI {

/// What a coalition of one is worth in the pair games.
enum class Singleton {
  self,     ///< M_ii, its attention to itself (the paper's rule)
  zero,     ///< nothing: phi_i = 1/2 sum w_ij
  additive, ///< M_ii, which every larger coalition keeps: phi_i = M_ii + 1/2 sum w_ij
};

/// "self", "zero" or "additive".
REGARD_LAZY std::string_view to_string(Singleton singleton);

/// How the two directions of attention between a pair are joined to w_ij.
enum class PairRule {
  sum, ///< M_ij + M_ji: mutual
  max, ///< max(M_ij, M_ji): max-mutual
};

/// v(S) = the sum of its members' weights, which are the Shapley values.
class AdditiveGame {
 public:
  /// @param weights  one for each player
  /// Throws InvalidArgument naming a weight that is not finite.
  REGARD_LAZY explicit AdditiveGame(std::vector<double> weights);

  Index players() const { return weights_.size(); }
  REGARD_LAZY double value(Coalition coalition) const;
  std::vector<double> shapley_values() const { return weights_; }

 private:
  std::vector<double> weights_;
};

/// v(S) = the sum of w over the pairs in S, with a rule for coalitions of one.
class PairwiseGame {
 public:
  /// @param matrix  attention between the players; read in place where it is the caller's
  PairwiseGame(AttentionMatrix matrix, PairRule rule, Singleton singleton = Singleton::self)
      : matrix_(std::move(matrix)), rule_(rule), singleton_(singleton) {}

  Index players() const { return matrix_.players(); }

  /// The definition, term by term. O(|S|^2) time.
  REGARD_LAZY double value(Coalition coalition) const;

  /// The closed form. O(n^2) time, O(n) memory.
  REGARD_LAZY std::vector<double> shapley_values() const;

  /// w_ij of two different players; symmetric.
  REGARD_LAZY double pair(Index i, Index j) const;
  /// v({i}).
  double single(Index i) const { return singleton_ == Singleton::zero ? 0.0 : matrix_(i, i); }

  PairRule rule() const { return rule_; }
  Singleton singleton() const { return singleton_; }

 private:
  AttentionMatrix matrix_;
  PairRule rule_;
  Singleton singleton_;
};

/// The class game (Att-CLS, Grad-Att-CLS): a coalition is worth the class token's attention to its members.
/// It is additive, so there is no rule for coalitions of one to choose. The row is copied.
/// @param class_row  [players]
inline AdditiveGame cls_game(std::vector<double> class_row) {
  return AdditiveGame(std::move(class_row));
}
/// The same of a row that stands elsewhere.
inline AdditiveGame cls_game(std::span<const double> class_row) {
  return AdditiveGame({class_row.begin(), class_row.end()});
}
/// The same of aggregated attention.
inline AdditiveGame cls_game(const AggregatedAttention& attention) {
  return AdditiveGame(attention.cls);
}

/// The mutual game (Att-Mutual, Grad-Att-Mutual): attention between members, both directions added.
/// @param matrix  [players, players]
inline PairwiseGame mutual_game(AttentionMatrix matrix, Singleton singleton = Singleton::self) {
  return PairwiseGame(std::move(matrix), PairRule::sum, singleton);
}

/// The max-mutual game (Att-Max-Mutual, Grad-Att-Max-Mutual): attention between members, the stronger
/// direction of each pair. The order "aggregate, then take the maximum" is the paper's: the maximum of means
/// is at most the mean of maxima.
/// @param matrix  [players, players]
inline PairwiseGame max_mutual_game(AttentionMatrix matrix, Singleton singleton = Singleton::self) {
  return PairwiseGame(std::move(matrix), PairRule::max, singleton);
}

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/attention_games.hpp>
#endif
