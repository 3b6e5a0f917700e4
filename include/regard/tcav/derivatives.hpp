// SPDX-License-Identifier: MIT
// Directional derivatives of a class logit, token by token, and their pooled form.
//
// In block l (its output h, [tokens, width]) token t has the gradient g_t = d z_c / d h_t and the weight a_t.
// Along the unit vector v
//
//     s_t  = <g_t, v>                   the derivative
//     q_t  = a_t s_t |a| / |s|          the heat map: norms over the tokens of the input
//     Q    = 1/T sum_t q_t              what the score takes the sign of
//
// The rescaling |a| / |s| cannot change that sign, so all scores of a block come from the pooled gradients
// sum_t a_t g_t: one backward pass for each input, whatever the number of vectors.
//
//     const auto pooled = regard::pooled_gradients(model.classifier(), photos, {.target = zebra}, threads);
//     const auto maps = regard::concept_heat_maps(model.classifier(), photos, 0, {.target = zebra}, wanted);
#pragma once

#include <regard/core/executor.hpp>
#include <regard/tcav/token_inputs.hpp>

#include <optional>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// The weights a_t. TTCAV and TCAV are the same computation with other weights.
enum class TokenWeights {
  attention, ///< of the class token, mean over heads, in the block that produced the hidden states: TTCAV
  next_attention, ///< the same in the next block, which reads them; in the last block the class token alone
  mean,           ///< 1 / T for every token: TCAV
  class_token,    ///< 1 for the class token, 0 for the others: TCAV on the class token
};

/// "token", "next-layer", "mean" or "cls": the names of the program's `--mode`.
std::string_view to_string(TokenWeights weights);

/// The weights of that name; nothing when there are none.
std::optional<TokenWeights> find_token_weights(std::string_view name);

/// What is derived, and how tokens count.
struct DerivativeOptions {
  Index target = 0; ///< class whose logit is derived
  TokenWeights weights = TokenWeights::attention;
  /// Told how many inputs are done, of how many; by one thread at a time.
  std::function<void(Index done, Index total)> progress = {};
  std::stop_token stop = {};
};

/// sum_t a_t g_t for every input and block.
struct PooledGradients {
  Index target = 0;
  TokenWeights weights = TokenWeights::attention;
  Tensor<double, 3> values; ///< [layers, inputs, width]
  bool stopped = false;     ///< a stop request came first: some are zero

  Index layers() const { return values.extent(0); }
  Index inputs() const { return values.extent(1); }
  Index width() const { return values.extent(2); }
};

/// One forward and one backward pass over each input; sums in double. An input has the same bits alone and
/// among others.
/// Throws InvalidArgument for a target that the model does not have, or an input without tokens.
template <class Scalar>
PooledGradients pooled_gradients(const SequenceClassifier<Scalar>& classifier,
                                 const TokenInputs<Scalar>& inputs, const DerivativeOptions& options,
                                 const Executor& executor = Serial{});

/// For each row v of `vectors` [vectors, width], the share of inputs whose pooled derivative along v is
/// greater than zero (0 is not), Kim et al. 2018.
/// Throws InvalidArgument for a layer that is not there, another width, no inputs, or gradients that were
/// stopped.
std::vector<double> tcav_scores(const PooledGradients& pooled, Index layer,
                                TensorView<const double, 2> vectors);

/// A direction in a block, of which a heat map is wanted.
struct LayerVector {
  Index layer = 0;
  std::vector<double> vector; ///< [width]
};

/// Per-token values along one vector in one block, each [tokens].
struct ConceptHeatMap {
  std::vector<double> derivatives; ///< s_t
  std::vector<double> weights;     ///< a_t
  std::vector<double> values;      ///< q_t; all zero where all derivatives are
};

/// Heat maps of one input, from one forward and one backward pass, in the order of `vectors`. For display,
/// leave out the class token: it stands at 0.
/// Throws InvalidArgument for a target or a layer that the model does not have, or a vector of another width.
template <class Scalar>
std::vector<ConceptHeatMap>
concept_heat_maps(const SequenceClassifier<Scalar>& classifier, const TokenInputs<Scalar>& inputs,
                  Index input, const DerivativeOptions& options, std::span<const LayerVector> vectors);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/derivatives.hpp>
#endif
