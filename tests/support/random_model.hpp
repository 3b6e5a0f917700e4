// SPDX-License-Identifier: MIT
// Random weights, large enough that no gradient is tiny: standard deviation 0.3 everywhere, LayerNorm weights
// around 1.
#pragma once

#include <regard/core/random.hpp>
#include <regard/transformer/sequence_classifier.hpp>

namespace regard_test {

using regard::Index;

template <class Scalar, std::size_t Rank>
regard::SharedTensor<Scalar, Rank> random_tensor(regard::RandomStream& stream,
                                                 const regard::Shape<Rank>& shape, double mean = 0) {
  regard::Tensor<Scalar, Rank> tensor(shape);
  for (Scalar& value : tensor)
    value = static_cast<Scalar>(mean + 0.3 * stream.normal());
  return regard::share(std::move(tensor));
}

template <class Scalar>
regard::Linear<Scalar> random_linear(regard::RandomStream& stream, Index outputs, Index inputs) {
  auto weight = random_tensor<Scalar, 2>(stream, {outputs, inputs});
  return {std::move(weight), random_tensor<Scalar, 1>(stream, {outputs})};
}

template <class Scalar>
regard::LayerNorm<Scalar> random_norm(regard::RandomStream& stream, Index width, double epsilon) {
  auto weight = random_tensor<Scalar, 1>(stream, {width}, 1);
  return {std::move(weight), random_tensor<Scalar, 1>(stream, {width}), epsilon};
}

struct RandomModel {
  regard::EncoderConfig config;
  Index layers, inner, classes;
  bool pooler = true;
  double epsilon = 1e-5;
};

template <class Scalar>
regard::SequenceClassifier<Scalar> random_classifier(regard::RandomStream& stream, const RandomModel& model) {
  const Index width = model.config.width;
  std::vector<regard::BlockWeights<Scalar>> blocks;
  for (Index layer = 0; layer < model.layers; ++layer) {
    regard::BlockWeights<Scalar> block;
    for (regard::Linear<Scalar>* linear : {&block.query, &block.key, &block.value, &block.attention_output})
      *linear = random_linear<Scalar>(stream, width, width);
    block.attention_norm = random_norm<Scalar>(stream, width, model.epsilon);
    block.intermediate = random_linear<Scalar>(stream, model.inner, width);
    block.output = random_linear<Scalar>(stream, width, model.inner);
    block.output_norm = random_norm<Scalar>(stream, width, model.epsilon);
    blocks.push_back(std::move(block));
  }
  auto classifier = random_linear<Scalar>(stream, model.classes, width);
  std::optional<regard::Linear<Scalar>> pooler;
  std::optional<regard::LayerNorm<Scalar>> norm;
  if (model.pooler)
    pooler = random_linear<Scalar>(stream, width, width);
  else
    norm = random_norm<Scalar>(stream, width, model.epsilon);
  return {regard::Encoder<Scalar>(model.config, std::move(blocks)),
          regard::ClassificationHead<Scalar>(std::move(classifier), std::move(pooler), std::move(norm))};
}

template <class Scalar>
regard::Tensor<Scalar, 2> random_rows(regard::RandomStream& stream, Index rows, Index width) {
  regard::Tensor<Scalar, 2> tensor({rows, width});
  for (Scalar& value : tensor)
    value = static_cast<Scalar>(stream.normal());
  return tensor;
}

} // namespace regard_test
