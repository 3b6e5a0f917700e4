// SPDX-License-Identifier: MIT
// A list of inputs as TCAV needs them: how many tokens each has, and something that fills their embedded
// rows. Sentences and images differ in nothing else.
//
//     std::vector<regard::Encoding> sentences = ...;           // or EncodedImage: whatever the model embeds
//     const auto inputs = regard::token_inputs(model, std::span<const regard::Encoding>(sentences),
//                                              [](const auto& sentence) { return sentence.tokens.size(); });
#pragma once

#include <regard/transformer/batch.hpp>
#include <regard/transformer/sequence_classifier.hpp>

#include <functional>
#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Inputs of a SequenceClassifier. The class token counts as a token; padding does not exist.
template <class Scalar>
struct TokenInputs {
  std::vector<Index> tokens; ///< of each input, at least what the model's head reads
  /// Fills `rows` [tokens[input], width] with the embedded tokens. Called from several threads at once.
  std::function<void(Index input, TensorView<Scalar, 2> rows)> embed;

  Index size() const { return tokens.size(); }
};

/// What `model.embed(encoded, rows)` fills. Model and inputs must outlive the result.
/// @param count  count(encoded) is its number of tokens
template <class Model, class Encoded, class Count>
TokenInputs<typename Model::Scalar> token_inputs(const Model& model, std::span<const Encoded> inputs,
                                                 Count count) {
  TokenInputs<typename Model::Scalar> result;
  for (const Encoded& input : inputs)
    result.tokens.push_back(count(input));
  result.embed = [&model, inputs](Index input, TensorView<typename Model::Scalar, 2> rows) {
    model.embed(inputs[input], rows);
  };
  return result;
}

} // namespace regard::inline REGARD_ABI
