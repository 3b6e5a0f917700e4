// SPDX-License-Identifier: MIT
// Reads tests/golden/bert and compares a model with it.
#pragma once

#include "support/golden_trace.hpp"

#include <regard/models/load_bert.hpp>

namespace regard_test {

using regard::Index;

inline const std::filesystem::path bert_golden = std::filesystem::path(REGARD_TEST_DATA) / "bert";

inline std::vector<regard::BertToken> tokens_of(const nlohmann::json& input) {
  std::vector<regard::BertToken> tokens;
  for (Index t = 0; t < input["ids"].size(); ++t)
    tokens.push_back({input["ids"][t], input["types"][t], t});
  return tokens;
}

/// Compares everything that the golden file has of input `i`.
template <class Scalar>
void check_parity(const regard::BertClassifier<Scalar>& bert, const nlohmann::json& input, Index target,
                  const regard::SafeTensors& expected, Index i) {
  const double tolerance = Tolerance<Scalar>::parity;
  const std::string prefix = std::to_string(i) + "/";
  const std::vector<regard::BertToken> tokens = tokens_of(input);
  const auto embedded = bert.embed(tokens);
  regard::Tensor<Scalar, 1> seed({bert.classifier.classes()});
  seed(target) = 1;
  const auto recorded = regard::record_gradients<Scalar>(bert.classifier, embedded, seed.view());
  CHECK(relative_error(recorded.trace.logits, numbers(expected, prefix + "logits")) < tolerance);
  if (expected.find(prefix + "embedding_gradient") == nullptr)
    return;
  check_layers(recorded, expected, prefix);
  regard::Tensor<Scalar, 2> embedding_gradient(recorded.gradients.hidden[0]);
  bert.embeddings.backward(tokens, embedding_gradient);
  CHECK(relative_error(embedding_gradient, numbers(expected, prefix + "embedding_gradient")) < tolerance);
}

} // namespace regard_test
