// SPDX-License-Identifier: MIT
// From attention tensors to the matrix that an attention game is played on.
//
//     // [layers, heads, tokens, tokens], owned by the caller, from any source
//     auto game = regard::max_mutual_game(regard::aggregate(attention, gradients, players));
#pragma once

#include <regard/tensor.hpp>

#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// The mean over maps (layers and heads) of the attention A, or of A * max(0, G) with its gradient G,
/// restricted to the tokens that are players and not normalised again (arXiv 2508.08966).
struct AggregatedAttention {
  Tensor<double, 2> matrix; ///< [players, players]: row = query, column = key
  std::vector<double> cls;  ///< [players]: the class token's query row
  Index maps = 0;           ///< how many maps were averaged
};

/// Adds up attention layer by layer, so that no more than one layer need be in memory. It reads the rows and
/// columns of the players and the class token's row, nothing else.
class AttentionAccumulator {
 public:
  /// @param tokens       number of tokens of the input
  /// @param players      positions of the tokens that are players, each once, in the order of the result
  /// @param class_token  position of the class token
  /// Throws InvalidArgument naming a position that is out of range or repeated.
  AttentionAccumulator(Index tokens, std::span<const Index> players, Index class_token = 0);

  /// Adds the attention of one layer, [heads, tokens, tokens].
  template <class Scalar>
  void add(TensorView<Scalar, 3> attention);

  /// Adds attention * max(0, gradient) of one layer, both [heads, tokens, tokens].
  template <class Scalar, class GradientScalar>
  void add(TensorView<Scalar, 3> attention, TensorView<GradientScalar, 3> gradient);

  /// The mean of what was added; zeros when nothing was.
  AggregatedAttention result() const;

 private:
  template <class Scalar, class Term>
  void add_terms(TensorView<Scalar, 3> attention, Term term);

  Index tokens_;
  std::vector<Index> players_;
  Index class_token_;
  Tensor<double, 2> matrix_; // sums
  std::vector<double> cls_;
  Index maps_ = 0;
};

/// Which parts of an attention tensor are averaged.
struct AggregateOptions {
  std::vector<Index> layers = {}; ///< 0-based, each once; empty means all
  Index class_token = 0;          ///< position of the class token
};

/// The mean attention over layers and heads. @param attention  [layers, heads, tokens, tokens]
/// Throws InvalidArgument naming a player or layer that does not exist or is repeated, or a map that is not
/// square.
template <class Scalar>
AggregatedAttention aggregate(TensorView<Scalar, 4> attention, std::span<const Index> players,
                              const AggregateOptions& options = {});

/// The mean of attention * max(0, gradient). Both [layers, heads, tokens, tokens].
template <class Scalar, class GradientScalar>
AggregatedAttention aggregate(TensorView<Scalar, 4> attention, TensorView<GradientScalar, 4> gradients,
                              std::span<const Index> players, const AggregateOptions& options = {});

} // namespace regard::inline REGARD_ABI

#include <regard/shapley/detail/aggregate.hpp>
