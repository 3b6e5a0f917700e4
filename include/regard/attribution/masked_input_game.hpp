// SPDX-License-Identifier: MIT
// The masked-input game of a text or image classifier: what the model still says when only some tokens, or
// patches, are visible.
//
//     const auto encoding = model.encode({"a gripping , funny film"});
//     const auto players = regard::find_players(encoding, regard::PlayerUnit::words);
//     const regard::MaskedInputGame game(model, encoding, players, 1);
//     auto phi = regard::shapley(game).values; // exact: the Shapley-Input baseline of arXiv 2508.08966
#pragma once

#include <regard/attribution/players.hpp>
#include <regard/core/executor.hpp>
#include <regard/core/stock.hpp>
#include <regard/models/image_model.hpp>
#include <regard/models/text_model.hpp>
#include <regard/shapley/game.hpp>

namespace regard::inline REGARD_ABI {

/// What becomes of a token or a patch that is not in the coalition.
enum class Masking {
  automatic, ///< mask for a text, drop for an image
  mask,      ///< text: its id is replaced by [MASK]; the length stays
  drop,      ///< it is absent: nobody attends to it, the others keep their positions
  remove,    ///< text: it is deleted, and the others close up
  zero,      ///< image: its normalised pixels are 0, the mean colour that the preprocessing subtracts
  mean,      ///< image: its pixels have the mean colour of the image, or of MaskedInputOptions::mean_color
  blur,      ///< image: it is seen in a blurred image
};

/// "auto", "mask", "drop", "delete", "zero", "mean" or "blur".
std::string_view to_string(Masking masking);

/// Throws InvalidArgument for a masking that another kind of input has.
template <class Model>
Masking resolve_masking(Masking masking);

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
  Masking masking = Masking::automatic;
  ValueFunction value = ValueFunction::probability;
  Index batch_rows = 256; ///< tokens in one pass: bounds the memory; results do not depend on it
  /// Masking::mean: the normalised colour of a hidden patch, one number a channel, such as the mean of a
  /// dataset; empty means the mean of the image.
  std::vector<double> mean_color = {};
  /// Masking::blur: standard deviation of the Gaussian in pixels of the model's input; 0 means the longer
  /// side of a patch.
  double blur_sigma = 0;
};

namespace detail {
template <class Model>
struct EncodingOf {
  using Type = Encoding;
};
template <ImageModel Model>
struct EncodingOf<Model> {
  using Type = EncodedImage<typename Model::Scalar>;
};
} // namespace detail

/// A game whose players are groups of tokens: v(S) = f(the input in which every player outside S is masked).
/// Tokens that belong to no player are always visible. Coalitions are evaluated in ragged batches, in
/// parallel on all workers of the executor; a value has the same bits in any batch. Model and executor must
/// outlive the game.
template <class Model>
requires TextModel<Model> || ImageModel<Model>
class MaskedInputGame {
 public:
  /// What the model's `encode` gives: Encoding, or EncodedImage.
  using EncodedInput = typename detail::EncodingOf<Model>::Type;

  /// @param players  positions of the tokens of each player, each token at most once
  /// @param target   the class whose output is the value
  /// Throws InvalidArgument for a token or a class that does not exist, for a masking of another kind of
  /// input, and for a value function that the model does not have (a regression has no probability).
  MaskedInputGame(const Model& model, EncodedInput encoding, std::vector<std::vector<Index>> players,
                  Index target, MaskedInputOptions options = {}, const Executor& executor = serial());

  Index players() const { return players_.size(); }
  double value(Coalition coalition) const;
  void values(std::span<const Coalition> coalitions, std::span<double> out) const;

  /// All logits of coalitions, `out` [coalitions, classes]; the value function is not asked.
  void logits(std::span<const Coalition> coalitions, TensorView<double, 2> out) const;

 private:
  using Scalar = typename Model::Scalar;

  static const Executor& serial();
  std::vector<bool> visible(Coalition coalition) const;
  Index rows(Coalition coalition) const;
  void embed(Coalition coalition, TensorView<Scalar, 2> rows) const;
  void pick(Coalition coalition, const Tensor<Scalar, 2>& shown, const Tensor<Scalar, 2>& hidden,
            TensorView<Scalar, 2> rows) const;
  double read(TensorView<const Scalar, 1> logits) const;
  template <class Take>
  void run(std::span<const Coalition> coalitions, Take take) const;

  const Model& model_;
  EncodedInput encoding_;
  std::vector<std::vector<Index>> players_;
  Index target_;
  MaskedInputOptions options_;
  const Executor& executor_;
  Tensor<Scalar, 2> embedded_; // [tokens, width]: every token visible
  Tensor<Scalar, 2> masked_;   // [tokens, width]: every token masked; empty unless it is needed
  // What masking does not change: query, key and value of a token in the first block, shown and masked
  // [tokens, 3 width]. Empty where tokens move when others go.
  Tensor<Scalar, 2> projected_, masked_projected_;
  // Memory of the passes: taken by whoever runs one, given back afterwards.
  std::shared_ptr<detail::Stock<Pass<Scalar>>> passes_ = std::make_shared<detail::Stock<Pass<Scalar>>>();
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/attribution/detail/masked_input_game.hpp>
#endif
