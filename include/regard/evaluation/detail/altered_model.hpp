// SPDX-License-Identifier: MIT
// Body of evaluation/altered_model.hpp.
#pragma once

#include <regard/evaluation/altered_model.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Draws the weights of layers as transformers initialises them.
template <class Scalar>
class Initialiser {
 public:
  Initialiser(std::uint64_t seed, Index item, double deviation)
      : random_(seed, item), deviation_(deviation) {}

  Linear<Scalar> linear(Index outputs, Index inputs) {
    Tensor<Scalar, 2> weight({outputs, inputs});
    for (Scalar& value : weight)
      value = static_cast<Scalar>(deviation_ * random_.normal());
    return {share(std::move(weight)), share(Tensor<Scalar, 1>({outputs}))};
  }

  Linear<Scalar> like(const Linear<Scalar>& linear_layer) {
    return linear(linear_layer.outputs(), linear_layer.inputs());
  }

  static LayerNorm<Scalar> norm(Index width, double epsilon) {
    Tensor<Scalar, 1> ones({width});
    ones.fill(1);
    return {share(std::move(ones)), share(Tensor<Scalar, 1>({width})), epsilon};
  }

  static LayerNorm<Scalar> like(const LayerNorm<Scalar>& layer_norm) {
    return norm(layer_norm.weight.extent(0), layer_norm.epsilon);
  }

 private:
  RandomStream random_;
  double deviation_;
};

template <class Scalar>
BlockWeights<Scalar> random_block(const BlockWeights<Scalar>& block, Initialiser<Scalar> draw) {
  BlockWeights<Scalar> other;
  other.query = draw.like(block.query);
  other.key = draw.like(block.key);
  other.value = draw.like(block.value);
  other.attention_output = draw.like(block.attention_output);
  other.attention_norm = draw.like(block.attention_norm);
  other.intermediate = draw.like(block.intermediate);
  other.output = draw.like(block.output);
  other.output_norm = draw.like(block.output_norm);
  return other;
}

template <class Scalar>
ClassificationHead<Scalar> random_head(const SequenceClassifier<Scalar>& classifier,
                                       Initialiser<Scalar> draw) {
  const Index width = classifier.width(), classes = classifier.classes();
  Linear<Scalar> output = draw.linear(classes, width);
  std::optional<Linear<Scalar>> pooler, second;
  std::optional<LayerNorm<Scalar>> norm;
  if (classifier.encoder().config().norm == NormPosition::after)
    pooler = draw.linear(width, width);
  else
    norm =
        draw.norm(width, classifier.layers() > 0 ? classifier.encoder().block(0).output_norm.epsilon : 1e-12);
  if (classifier.head().tokens_read() == 2)
    second = draw.linear(classes, width);
  return ClassificationHead<Scalar>(std::move(output), std::move(pooler), std::move(norm), std::move(second));
}

} // namespace detail

template <class Model>
void AlteredModel<Model>::set_classifier(const SequenceClassifier<Scalar>& classifier) {
  if (classifier.width() != model_->classifier().width() ||
      classifier.classes() != model_->classifier().classes())
    throw InvalidArgument("classifier: found width " + std::to_string(classifier.width()) + " and " +
                          std::to_string(classifier.classes()) + " classes, expected the model's " +
                          std::to_string(model_->classifier().width()) + " and " +
                          std::to_string(model_->classifier().classes()));
  classifier_ = &classifier;
}

template <class Model>
template <std::size_t Rank>
void AlteredModel<Model>::add_noise(TensorView<Scalar, Rank> numbers) const {
  if (noise_.radius == 0)
    return;
  RandomStream random(noise_.seed, noise_.draw);
  for (Scalar& number : numbers)
    number += static_cast<Scalar>(noise_.radius * (2 * random.uniform() - 1));
}

template <class Scalar>
std::vector<SequenceClassifier<Scalar>> randomised_cascade(const SequenceClassifier<Scalar>& classifier,
                                                           std::uint64_t seed, double deviation) {
  const Index layers = classifier.layers();
  const ClassificationHead<Scalar> head =
      detail::random_head(classifier, detail::Initialiser<Scalar>(seed, layers, deviation));
  std::vector<BlockWeights<Scalar>> blocks;
  for (Index layer = 0; layer < layers; ++layer)
    blocks.push_back(classifier.encoder().block(layer));
  std::vector<SequenceClassifier<Scalar>> cascade;
  cascade.emplace_back(Encoder<Scalar>(classifier.encoder().config(), blocks), head);
  for (Index layer = layers; layer-- > 0;) {
    blocks[layer] = detail::random_block(blocks[layer], detail::Initialiser<Scalar>(seed, layer, deviation));
    cascade.emplace_back(Encoder<Scalar>(classifier.encoder().config(), blocks), head);
  }
  return cascade;
}

} // namespace regard::inline REGARD_ABI
