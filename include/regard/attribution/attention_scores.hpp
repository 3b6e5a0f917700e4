// SPDX-License-Identifier: MIT
// Baselines that read the attention maps: how much attention a token has, with and without gradients, in one
// layer or through all of them. None of them is a Shapley value.
//
//     auto why = regard::explain(model, "a gripping , funny film", regard::attention_rollout{});
//     auto late = regard::explain(model, "a gripping , funny film", regard::attention_rollout{.layers = {2,
//     3}});
//
// A is the attention after the softmax (query i, key j), G = d logit / d A, each of L layers and H heads over
// T tokens, the special ones included. All tokens get a score; those of the tokens that are players are the
// values, summed where a player is a word or a block of patches. `layers` are 0-based; empty means all.
#pragma once

#include <regard/attribution/attention.hpp>

#include <string_view>

namespace regard::inline REGARD_ABI {

/// Which side of the attention counts for a token.
enum class TokenSide {
  received, ///< as a key: summed over queries
  given,    ///< as a query: summed over keys
};

/// "received" or "given".
inline std::string_view to_string(TokenSide side) {
  return side == TokenSide::received ? "received" : "given";
}

/// score_j = 1/(L H T) sum over layers, heads and the other index of A, or of A max(0, G).
struct AttentionSumMethod {
  AttentionSource source = AttentionSource::attention;
  TokenSide side = TokenSide::received;
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

namespace detail {
template <AttentionSource Source, TokenSide Side>
struct NamedAttentionSum {
  TokenSide side = Side;
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;

  operator AttentionSumMethod() const { return {Source, side, layers, players, super_patch}; }
};
} // namespace detail

/// The attention that a token receives: scores over all tokens add up to 1.
using attention_received = detail::NamedAttentionSum<AttentionSource::attention, TokenSide::received>;

/// The attention that a token gives, which the code of arXiv 2508.08966 takes for the above. Rows of a
/// softmax sum to 1, so every token has 1/T: kept to show what that baseline says.
using attention_row_sum = detail::NamedAttentionSum<AttentionSource::attention, TokenSide::given>;

/// Grad-SAM (Barkan et al. 2021) as in arXiv 2508.08966: A max(0, G), summed over keys, or over queries with
/// `.side = TokenSide::received`.
using grad_sam = detail::NamedAttentionSum<AttentionSource::gradient, TokenSide::given>;

/// Attention rollout (Abnar and Zuidema 2020): the class token's row of B_L ... B_1, B = (mean of A over
/// heads
/// + identity) / 2. Scores over all tokens add up to 1.
struct attention_rollout {
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

/// Attention Grad-CAM (Selvaraju et al. 2017, on attention as Chefer et al. 2021 run it): max(0, mean over
/// heads of g_h A_h) in the class token's row, g_h the mean of G over the map (text) or over the class
/// token's attention to patches (images). In the last layer, or averaged over the `layers` that are named.
/// Their final scaling to [0, 1], which ranks the same, is left out.
struct attention_grad_cam {
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

/// Gradient rollout (Chefer et al. 2021, "Generic attention-model explainability", self-attention): R = 1,
/// then R = R + C R for each layer, C = mean over heads of max(0, A G); the class token's row of R.
struct gradient_rollout {
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

} // namespace regard::inline REGARD_ABI
