// SPDX-License-Identifier: MIT
// Parity with transformers and autograd: tests/golden/bert, whose values were computed in double.
#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/models/load_bert.hpp>

#include <fstream>

using namespace regard;
using namespace regard_test;

namespace {

const std::filesystem::path golden = std::filesystem::path(REGARD_TEST_DATA) / "bert";

const std::vector<std::string> checkpoints = {"eight-heads-multi-label",
                                              "five-heads-regression",
                                              "four-layers-four-heads",
                                              "four-layers-one-head",
                                              "large-vocabulary",
                                              "no-prefix",
                                              "old-names",
                                              "one-layer-one-head",
                                              "stored-bf16",
                                              "stored-f16",
                                              "three-layers-three-heads",
                                              "two-layers-two-heads"};

nlohmann::json read_json(const std::filesystem::path& path) {
  return nlohmann::json::parse(std::ifstream(path));
}

/// The numbers of a golden tensor.
std::vector<double> numbers(const SafeTensors& file, const std::string& name) {
  const TensorInfo* info = file.find(name);
  REQUIRE(info != nullptr);
  std::vector<double> values(info->bytes.size() / sizeof(double));
  convert<double>(info->dtype, info->bytes, std::span<double>(values));
  return values;
}

std::vector<BertToken> tokens_of(const nlohmann::json& input) {
  std::vector<BertToken> tokens;
  for (Index t = 0; t < input["ids"].size(); ++t)
    tokens.push_back({input["ids"][t], input["types"][t], t});
  return tokens;
}

/// Compares everything that the golden file has of input `i`.
template <class Scalar>
void check_parity(const BertClassifier<Scalar>& bert, const nlohmann::json& input, Index target,
                  const SafeTensors& expected, Index i) {
  const double tolerance = Tolerance<Scalar>::parity;
  const std::string prefix = std::to_string(i) + "/";
  const std::vector<BertToken> tokens = tokens_of(input);
  const auto embedded = bert.embed(tokens);
  Tensor<Scalar, 1> seed({bert.classifier.classes()});
  seed(target) = 1;
  const auto [trace, gradients] = record_gradients<Scalar>(bert.classifier, embedded, seed.view());
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
  Tensor<Scalar, 2> embedding_gradient(gradients.hidden[0]);
  bert.embeddings.backward(tokens, embedding_gradient);
  CHECK(relative_error(embedding_gradient, numbers(expected, prefix + "embedding_gradient")) < tolerance);
}

} // namespace

TEMPLATE_TEST_CASE("logits, attention, hidden states and gradients equal those of transformers", "[bert]",
                   float, double) {
  for (const std::string& name : checkpoints) {
    INFO(name);
    const auto bert = load_bert<TestType>(golden / name);
    const auto inputs = read_json(golden / name / "inputs.json");
    const auto expected = SafeTensors::open(golden / name / "expected.safetensors");
    for (Index i = 0; i < inputs["inputs"].size(); ++i) {
      INFO("input " << i);
      check_parity<TestType>(bert, inputs["inputs"][i], inputs["target"], expected, i);
    }
  }
}

