// SPDX-License-Identifier: MIT
// Baselines that weigh what attention carries, not attention alone: the value vectors. None of them is a
// Shapley value, and none knows which class is explained.
//
//     auto why = regard::explain(model, "a gripping , funny film", regard::value_zeroing{});
//     auto norms = regard::explain(model, "a gripping , funny film",
//                                  regard::attention_norm{.terms = regard::NormTerms::residual});
//
// Scores are over all T tokens, the special ones included; those of players are the values, summed where a
// player is a word or a block of patches. `layers` are 0-based; empty means all.
#pragma once

#include <regard/attribution/players.hpp>

#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// What belongs to the vector that token j gives to token i. With a_ij^h the attention of head h, v_j^h its
/// value vector (bias included) and O_h its part of the output projection (bias left out):
enum class NormTerms {
  attention,     ///< sum_h a_ij^h O_h v_j^h (Kobayashi et al. 2020)
  residual,      ///< and, for i = j, the block's input x_i that goes around the attention (2021)
  residual_norm, ///< and centred, scaled and weighted as the LayerNorm after it does; its bias left out
                 ///< (2021)
};

/// "attention", "residual" or "residual-norm".
inline std::string_view to_string(NormTerms terms) {
  return terms == NormTerms::attention  ? "attention"
         : terms == NormTerms::residual ? "residual"
                                        : "residual-norm";
}

/// Norm-based attention (Kobayashi et al. 2020 and 2021): score_j = the mean over layers and queries i of the
/// Euclidean norm of what j gives to i. A model that normalises before its blocks (ViT) has no LayerNorm
/// after the residual sum: NormTerms::residual_norm is refused there.
struct attention_norm {
  NormTerms terms = NormTerms::attention;
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

/// Value zeroing (Mohebbi et al. 2023): layer by layer, from the block's true input, how far the block's
/// output for token i turns (1 - cosine) when the value vectors of token t are zero in all heads; rows over t
/// scaled to sum 1, a row of zeros left with its own token; the class token's row of the product of layers. T
/// evaluations of each block.
struct value_zeroing {
  std::vector<Index> layers = {};
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

} // namespace regard::inline REGARD_ABI
