// SPDX-License-Identifier: MIT
// Attention-driven Shapley values (arXiv 2508.08966): the explainers that need one forward pass and, for the
// gradient forms, one backward pass.
//
//     auto model = regard::load_text_classifier<float>("path/to/checkpoint");
//     auto why = regard::explain(model, "a gripping , funny film", regard::grad_attention_max_mutual{});
//     for (const auto& word : why.words)
//       use(word.text, word.value);
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/attribution/players.hpp>
#include <regard/shapley/aggregate.hpp>
#include <regard/shapley/attention_games.hpp>
#include <regard/shapley/solver.hpp>

namespace regard::inline REGARD_ABI {

/// What a coalition of tokens is worth, given a matrix M over the tokens that are players (docs/method.md
/// derives the closed forms).
enum class AttentionGame {
  cls,        ///< sum over members i of M from the class token to i
  mutual,     ///< sum over pairs of members of M_ij + M_ji
  max_mutual, ///< sum over pairs of members of max(M_ij, M_ji)
};

/// Which matrix: the mean over layers and heads of the attention A, or of A * max(0, d logit / d A).
enum class AttentionSource { attention, gradient };

/// One of the six attention-driven explainers, and its options.
struct AttentionMethod {
  AttentionGame game = AttentionGame::mutual;
  AttentionSource source = AttentionSource::gradient;
  /// What a coalition of one token is worth; without effect in the cls games.
  Singleton singleton = Singleton::self;
  /// 0-based blocks to average over; empty means all.
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1; ///< images: a player is a block of that many patches in each direction
  /// How the game is solved: by its closed form, unless another solver is asked for.
  Solver solver = Solver::automatic;
  /// What a solver that samples draws: coalitions for the two samplers of the authors (100 in their runs), at
  /// most that many evaluations of the game for every other.
  Index samples = 100;
};

namespace detail {
template <AttentionGame Game, AttentionSource Source, Solver How = Solver::automatic>
struct NamedAttentionMethod {
  Singleton singleton = Singleton::self;
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
  Solver solver = How;
  Index samples = 100;

  operator AttentionMethod() const {
    return {Game, Source, singleton, layers, players, super_patch, solver, samples};
  }
};
} // namespace detail

// The six by name, with the fields of AttentionMethod as options: attention_mutual{.layers = {3}}.

/// The Shapley values of the cls game of the mean attention.
using attention_cls = detail::NamedAttentionMethod<AttentionGame::cls, AttentionSource::attention>;
/// The Shapley values of the cls game of attention times the positive part of its gradient.
using grad_attention_cls = detail::NamedAttentionMethod<AttentionGame::cls, AttentionSource::gradient>;
/// The Shapley values of the mutual game of the mean attention.
using attention_mutual = detail::NamedAttentionMethod<AttentionGame::mutual, AttentionSource::attention>;
/// The Shapley values of the mutual game of attention times the positive part of its gradient: the default
/// method.
using grad_attention_mutual = detail::NamedAttentionMethod<AttentionGame::mutual, AttentionSource::gradient>;
/// The Shapley values of the max-mutual game of the mean attention.
using attention_max_mutual =
    detail::NamedAttentionMethod<AttentionGame::max_mutual, AttentionSource::attention>;
/// The Shapley values of the max-mutual game of attention times the positive part of its gradient.
using grad_attention_max_mutual =
    detail::NamedAttentionMethod<AttentionGame::max_mutual, AttentionSource::gradient>;

// The max-mutual games as the code that came with arXiv 2508.08966 samples them, for comparison with it: what
// these give are no estimates of the Shapley value (samplers.hpp says why).

/// `attention_max_mutual` by the authors' sampler "random": no estimate of the Shapley value.
using attention_max_mutual_authors_random =
    detail::NamedAttentionMethod<AttentionGame::max_mutual, AttentionSource::attention,
                                 Solver::authors_random>;
/// `attention_max_mutual` by the authors' sampler "kernel": no estimate of the Shapley value.
using attention_max_mutual_authors_kernel =
    detail::NamedAttentionMethod<AttentionGame::max_mutual, AttentionSource::attention,
                                 Solver::authors_kernel>;
/// `grad_attention_max_mutual` by the authors' sampler "random": no estimate of the Shapley value.
using grad_attention_max_mutual_authors_random =
    detail::NamedAttentionMethod<AttentionGame::max_mutual, AttentionSource::gradient,
                                 Solver::authors_random>;
/// `grad_attention_max_mutual` by the authors' sampler "kernel": no estimate of the Shapley value.
using grad_attention_max_mutual_authors_kernel =
    detail::NamedAttentionMethod<AttentionGame::max_mutual, AttentionSource::gradient,
                                 Solver::authors_kernel>;

} // namespace regard::inline REGARD_ABI
