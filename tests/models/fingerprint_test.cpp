// SPDX-License-Identifier: MIT
// Fingerprints: every weight and every setting that changes what a model computes is in it.
#include "support/catch.hpp"
#include "support/random_model.hpp"
#include "support/seed.hpp"

#include <regard/models/bert.hpp>
#include <regard/models/vit.hpp>

#include <set>

using namespace regard;
using namespace regard_test;

namespace {

constexpr Index width = 4;

/// A weight of each tensor that a visitor meets, changed by one unit in the last place and back again.
struct Change {
  std::vector<float*> weights;

  template <std::size_t Rank>
  void operator()(const SharedTensor<float, Rank>& tensor) {
    weights.push_back(const_cast<float*>(tensor.data()) + tensor.view.size() - 1);
  }
  void operator()(const Linear<float>& linear) {
    (*this)(linear.weight);
    (*this)(linear.bias);
  }
  void operator()(const LayerNorm<float>& norm) {
    (*this)(norm.weight);
    (*this)(norm.bias);
  }
};

template <class Classifier>
void check_all_weights(const Classifier& model, std::size_t expected) {
  Change change;
  model.embeddings.visit_weights(change);
  model.classifier.head().visit_weights(change);
  for (Index layer = 0; layer < model.classifier.layers(); ++layer) {
    const BlockWeights<float>& block = model.classifier.encoder().block(layer);
    for (const auto* linear : {&block.query, &block.key, &block.value, &block.attention_output,
                               &block.intermediate, &block.output})
      change(*linear);
    change(block.attention_norm);
    change(block.output_norm);
  }
  CHECK(change.weights.size() == expected);
  std::set<std::uint64_t> seen{model.fingerprint()};
  for (float* const weight : change.weights) {
    const float before = *weight;
    *weight = std::nextafter(before, 100.0F);
    CHECK(seen.insert(model.fingerprint()).second);
    *weight = before;
  }
  CHECK_FALSE(seen.insert(model.fingerprint()).second);
}

template <class Scalar>
BertClassifier<Scalar> bert(RandomModel model) {
  RandomStream stream(seed(), 1);
  BertEmbeddings<Scalar> embeddings(
      random_tensor<Scalar, 2>(stream, {7, width}), random_tensor<Scalar, 2>(stream, {5, width}),
      random_tensor<Scalar, 2>(stream, {2, width}), random_norm<Scalar>(stream, width, model.epsilon));
  return {std::move(embeddings), random_classifier<Scalar>(stream, model)};
}

const RandomModel usual{{width, 2, Activation::gelu, NormPosition::after}, 2, 6, 3};

} // namespace

TEST_CASE("every weight of a model is in its fingerprint", "[models]") {
  INFO("seed " << seed());
  check_all_weights(bert<float>(usual), 5 + 4 + 2 * 16);
  RandomStream stream(seed(), 2);
  PatchEmbeddings<float> embeddings(random_linear<float>(stream, width, Index{3} * 2 * 2),
                                    random_tensor<float, 2>(stream, {1, width}),
                                    random_tensor<float, 2>(stream, {1 + 4, width}), {2, 2}, 2, 2);
  RandomModel model = usual;
  model.config.norm = NormPosition::before;
  model.pooler = false;
  check_all_weights(ViTClassifier<float>{std::move(embeddings), random_classifier<float>(stream, model)},
                    4 + 4 + 2 * 16);
}

TEST_CASE("every setting of a model is in its fingerprint", "[models]") {
  std::vector<RandomModel> models(5, usual);
  models[1].config.heads = 1;
  models[2].config.activation = Activation::gelu_tanh;
  models[3].config.norm = NormPosition::before;
  models[4].epsilon = 1e-12;
  std::set<std::uint64_t> seen;
  for (const RandomModel& model : models)
    CHECK(seen.insert(bert<float>(model).fingerprint()).second);
}

TEST_CASE("weights that float can hold have one fingerprint in float and double", "[models]") {
  RandomStream stream(seed(), 3);
  const SharedTensor<float, 2> single = random_tensor<float, 2>(stream, {3, 4});
  Tensor<double, 2> wide({3, 4});
  std::copy(single.view.begin(), single.view.end(), wide.begin());
  Fingerprint a, b;
  a.add(single);
  b.add(share(std::move(wide)));
  CHECK(a.value() == b.value());
  // Extents count: the same numbers in another shape are another model.
  Fingerprint c;
  c.add(SharedTensor<float, 2>{TensorView<const float, 2>(single.data(), {4, 3}), single.keep_alive});
  CHECK(c.value() != a.value());
}
