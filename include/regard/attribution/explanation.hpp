// SPDX-License-Identifier: MIT
// What every explainer returns: plain numbers and strings, no template and no transformer, with all that is
// needed to repeat the computation. Reports and metrics read it.
#pragma once

#include <regard/tensor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A class of the model: its index among the logits and its name from the checkpoint (`LABEL_i` without one).
struct Label {
  Index index = 0;
  std::string name;
};

/// One token of a text as the model saw it.
struct ExplainedToken {
  std::string text;     ///< the vocabulary's piece, e.g. "##ing"
  Index id = 0;         ///< row of the word embedding
  Index begin = 0;      ///< first byte in the text of its segment
  Index end = 0;        ///< one past the last byte; equal to `begin` for special tokens that were added
  Index segment = 0;    ///< 0: the text, 1: the second text of a pair
  bool special = false; ///< true for tokens that are no players ([CLS], [SEP])
};

/// A word: the tokens that the pre-tokeniser cut from one piece of text, with the sum of their values.
struct ExplainedWord {
  std::string text;
  Index begin = 0;
  Index end = 0;
  Index segment = 0;
  double value = 0;
};

/// A patch of an image: a rectangle of the image before it was resized and cropped, in its pixels.
struct ExplainedPatch {
  double x = 0; ///< left edge
  double y = 0; ///< upper edge
  double width = 0;
  double height = 0;
};

/// What was explained of an image.
struct ExplainedImage {
  std::string name; ///< such as its file's
  Index width = 0;  ///< in pixels
  Index height = 0;
  Index rows = 0; ///< of patches
  Index columns = 0;
};

/// An explanation of one prediction: a value for each player.
struct Explanation {
  // What was explained.
  std::string version = regard::version; ///< of the library
  std::string model;                     ///< the checkpoint, as the caller named it
  std::string text;
  std::optional<std::string> text_pair; ///< second text of a sentence pair
  std::optional<ExplainedImage> image;  ///< in place of `text`, where an image was explained
  Label prediction;                     ///< the class with the largest logit
  std::vector<double> probabilities;    ///< of every class; empty for a regression model
  std::vector<double> logits;           ///< of every class
  std::vector<std::string> labels;      ///< the name of every class
  Label target;                         ///< the class that is explained
  std::vector<ExplainedToken> tokens;
  std::vector<ExplainedPatch> patches; ///< of an image, row by row: what its model sees in place of tokens
  Index dropped_tokens = 0;            ///< tokens cut off at the model's maximum length

  // How. Strings that do not apply to the method are empty.
  std::string method;
  std::string solver;
  std::string status;
  std::uint64_t seed = 0;
  Index samples = 0;   ///< the solver's budget in game evaluations; 0 when it samples nothing
  std::string masking; ///< "mask", "drop", "delete", "zero", "mean", "blur"
  std::string
      value_function;    ///< what a coalition is worth: "attention", "gradient-attention", "probability", ...
  std::string singleton; ///< "self", "zero", "additive": what a coalition of one is worth
  std::vector<Index> layers; ///< the layers whose attention was used; empty when it does not apply
  /// Further options of the method, name and value as text: noise, kernel width, ...
  std::vector<std::pair<std::string, std::string>> options;
  std::string scalar = "float"; ///< type of the forward and backward pass

  std::string player_unit = "tokens"; ///< what a player is: "tokens", "words", "patches", "super-patches"

  /// What the values are, and so what the three numbers below them say:
  /// - "shapley": Shapley or Owen values of a game, which add up to value_full - value_empty but for the gap;
  /// - "output-score": scores of the model's output. value_full is the output for the input, value_empty with
  ///   all players hidden, or at the baseline; the gap is what the scores leave unexplained;
  /// - "attention-score": shares of an amount, such as attention. value_full is the amount over all tokens,
  ///   value_empty is 0; the gap is what tokens that are no players have of it;
  /// - "random": noise. value_full is the sum of the values.
  std::string value_kind;

  // The result. `players[p]` lists the tokens (indices into `tokens`, or `patches`) that make up player p.
  std::vector<std::vector<Index>> players;
  std::vector<double> values;
  std::optional<std::vector<double>> standard_errors; ///< none where the values are exact
  double value_empty = 0;                             ///< of the empty coalition
  double value_full = 0;                              ///< of all players
  double completeness_gap = 0;                        ///< value_full - value_empty - sum of values
  /// Of the game, or of the model beyond the pass that predicts; 0 for a closed form.
  Index evaluations = 0;
  bool degenerate = false;          ///< all values tie, so they rank nothing
  std::vector<ExplainedWord> words; ///< of a text; `assign_scores` keeps them in step with the values
};

namespace detail {

/// The text of a segment.
inline const std::string& segment_text(const Explanation& why, Index segment) {
  return segment == 1 && why.text_pair ? *why.text_pair : why.text;
}

} // namespace detail
} // namespace regard::inline REGARD_ABI
