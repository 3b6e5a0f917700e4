// SPDX-License-Identifier: MIT
// Reads tests/golden/bert and compares a model with it.
#pragma once

#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/models/load_bert.hpp>

#include <fstream>

namespace regard_test {

using regard::Index;

inline const std::filesystem::path bert_golden = std::filesystem::path(REGARD_TEST_DATA) / "bert";

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return nlohmann::json::parse(std::ifstream(path));
}

/// The numbers of a golden tensor.
inline std::vector<double> numbers(const regard::SafeTensors& file, const std::string& name) {
  const regard::TensorInfo* info = file.find(name);
  REQUIRE(info != nullptr);
  std::vector<double> values(info->bytes.size() / sizeof(double));
  regard::convert<double>(info->dtype, info->bytes, std::span<double>(values));
  return values;
}

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
  const auto [trace, gradients] = regard::record_gradients<Scalar>(bert.classifier, embedded, seed.view());
  CHECK(relative_error(trace.logits, numbers(expected, prefix + "logits")) < tolerance);
  if (expected.find(prefix + "embedding_gradient") == nullptr)
    return;
  const auto compare = [&](const auto& actual, const std::string& what, Index layer) {
    INFO(what << " " << layer);
    CHECK(relative_error(actual, numbers(expected, prefix + what + "/" + std::to_string(layer))) < tolerance);
  };
  for (Index layer = 0; layer < bert.classifier.layers(); ++layer) {
    compare(trace.attention[layer].flat(), "attention", layer);
    compare(gradients.attention[layer].flat(), "attention_gradient", layer);
  }
  for (Index layer = 0; layer <= bert.classifier.layers(); ++layer) {
    compare(trace.hidden[layer].flat(), "hidden", layer);
    compare(gradients.hidden[layer].flat(), "hidden_gradient", layer);
  }
  regard::Tensor<Scalar, 2> embedding_gradient(gradients.hidden[0]);
  bert.embeddings.backward(tokens, embedding_gradient);
  CHECK(relative_error(embedding_gradient, numbers(expected, prefix + "embedding_gradient")) < tolerance);
}

} // namespace regard_test
