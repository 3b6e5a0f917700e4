// SPDX-License-Identifier: MIT
// The masked-input game of a text classifier: what the model still says when only some tokens are visible.
//
//     const auto encoding = model.encode({"a gripping , funny film"});
//     const auto players = regard::find_players(encoding, regard::PlayerUnit::words);
//     const regard::MaskedInputGame game(model, encoding, players, 1);
//     auto phi = regard::shapley(game).values; // exact: the Shapley-Input baseline of arXiv 2508.08966
#pragma once

#include <regard/attribution/players.hpp>
#include <regard/core/executor.hpp>
#include <regard/models/text_model.hpp>
#include <regard/shapley/game.hpp>

namespace regard::inline REGARD_ABI {

/// What becomes of a token that is not in the coalition.
enum class Masking {
  mask,   ///< its id is replaced by [MASK]; the length stays
  drop,   ///< nobody attends to it, the others keep their positions (an attention mask of 0)
  remove, ///< it is deleted, and the others close up
};

/// "mask", "drop" or "delete".
std::string_view to_string(Masking masking);

/// What a coalition is worth, from the logits with only its tokens visible.
enum class ValueFunction {
  probability, ///< of the target: softmax, or sigmoid for a multi-label model
  logit,       ///< of the target
  log_odds,    ///< ln(p / (1 - p)) of that probability
};

/// "probability", "logit" or "log-odds".
std::string_view to_string(ValueFunction value);

/// How a masked-input game is played.
struct MaskedInputOptions {
  Masking masking = Masking::mask;
  ValueFunction value = ValueFunction::probability;
  Index batch_rows = 256; ///< tokens in one pass: bounds the memory; results do not depend on it
};

/// A game whose players are groups of tokens: v(S) = f(the input in which every player outside S is masked).
/// Tokens that belong to no player are always visible. Coalitions are evaluated in ragged batches, in
/// parallel on all workers of the executor; a value has the same bits in any batch. Model and executor must
/// outlive the game.
template <TextModel Model>
class MaskedInputGame {
 public:
  /// @param players  positions of the tokens of each player, each token at most once
  /// @param target   the class whose output is the value
  /// Throws InvalidArgument for a token or a class that does not exist, and for a value function that the
  /// model does not have (a regression has no probability).
  MaskedInputGame(const Model& model, Encoding encoding, std::vector<std::vector<Index>> players,
                  Index target, MaskedInputOptions options = {}, const Executor& executor = serial());

  Index players() const { return players_.size(); }
  double value(Coalition coalition) const;
  void values(std::span<const Coalition> coalitions, std::span<double> out) const;

 private:
  using Scalar = typename Model::Scalar;

  static const Executor& serial();
  std::vector<bool> visible(Coalition coalition) const;
  Index rows(Coalition coalition) const;
  void embed(Coalition coalition, TensorView<Scalar, 2> rows) const;
  double read(TensorView<const Scalar, 1> logits) const;

  const Model& model_;
  Encoding encoding_;
  std::vector<std::vector<Index>> players_;
  Index target_;
  MaskedInputOptions options_;
  const Executor& executor_;
  Tensor<Scalar, 2> embedded_; // [tokens, width]: every token visible
  Tensor<Scalar, 2> masked_;   // [tokens, width]: every token masked; empty unless it is needed
};

} // namespace regard::inline REGARD_ABI

#include <regard/attribution/detail/masked_input_game.hpp>
