// SPDX-License-Identifier: MIT
// What an explainer asks of a model. `TextClassifier` satisfies it; so can a class of the caller's, with
// another tokeniser or other embeddings around the same encoder.
#pragma once

#include <regard/models/problem_type.hpp>
#include <regard/text/encoding.hpp>
#include <regard/transformer/sequence_classifier.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// A text, or a pair of texts, to classify. Converts from whatever a string view does: `"a text"`, and
/// `{"a text", "its pair"}`.
struct TextInput {
  std::string text;
  std::optional<std::string> pair;

  TextInput() = default;
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> TextInput(const Text& input)
      : text(std::string_view(input)) {}
  TextInput(std::string_view first, std::string_view second) : text(first), pair(second) {}
};

/// Satisfied by a model that turns text into tokens, tokens into rows of a SequenceClassifier, and logits
/// into labels.
template <class Model>
concept TextModel = requires(const Model& model, const TextInput& input, const Encoding& encoding,
                             TensorView<typename Model::Scalar, 2> rows, Index id) {
  { model.classifier() } -> std::same_as<const SequenceClassifier<typename Model::Scalar>&>;
  { model.encode(input) } -> std::same_as<Encoding>;                       // the tokens the model sees
  model.embed(encoding, rows);                                             // fills [tokens, width]
  { model.piece(id) } -> std::convertible_to<std::string_view>;            // the text of a token id
  { model.mask_id() } -> std::convertible_to<Index>;                       // what a hidden token becomes
  { model.labels() } -> std::convertible_to<std::span<const std::string>>; // the name of each class
  { model.problem_type() } -> std::same_as<ProblemType>;
  { model.name() } -> std::convertible_to<std::string_view>; // for reports
};

} // namespace regard::inline REGARD_ABI
