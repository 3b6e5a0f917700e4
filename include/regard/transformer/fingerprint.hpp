// SPDX-License-Identifier: MIT
// A number that tells one model's weights from another's: what is computed from a model and kept in a file
// (CAVs, results of a study) says by it which model it belongs to.
//
//     const std::uint64_t id = model.fingerprint(); // of a TextClassifier or an ImageClassifier
#pragma once

#include <regard/transformer/sequence_classifier.hpp>

#include <bit>
#include <concepts>
#include <cstdint>

namespace regard::inline REGARD_ABI {

/// Weights and settings, mixed into 64 bits. Weights count as float, so that a model has the same fingerprint
/// in either scalar type; those that differ in a digit of it differ but for a chance of 2^-64. Not made to
/// withstand someone who looks for two models with the same one.
class Fingerprint {
 public:
  std::uint64_t value() const { return hash_; }

  void add(std::integral auto value) { mix(static_cast<std::uint64_t>(value)); }
  void add(double value) { mix(std::bit_cast<std::uint64_t>(value)); }

  template <class Scalar, std::size_t Rank>
  void add(const SharedTensor<Scalar, Rank>& tensor) {
    for (std::size_t i = 0; i < Rank; ++i)
      add(tensor.extent(i));
    for (const Scalar value : tensor.view)
      mix(std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  }
  template <class Scalar>
  void add(const Linear<Scalar>& linear) {
    add(linear.weight);
    add(linear.bias);
  }
  template <class Scalar>
  void add(const LayerNorm<Scalar>& norm) {
    add(norm.weight);
    add(norm.bias);
    add(norm.epsilon);
  }
  template <class Scalar>
  void add(const SequenceClassifier<Scalar>& classifier);

 private:
  void mix(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15;
    hash_ ^= hash_ >> 29;
  }

  std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// Of blocks and head: for a model whose embeddings are the caller's. The classifiers of `models/` have a
/// member of that name, which covers the embeddings too.
template <class Scalar>
std::uint64_t fingerprint(const SequenceClassifier<Scalar>& classifier) {
  Fingerprint result;
  result.add(classifier);
  return result.value();
}

template <class Scalar>
void Fingerprint::add(const SequenceClassifier<Scalar>& classifier) {
  const EncoderConfig& config = classifier.encoder().config();
  add(config.heads);
  add(static_cast<int>(config.activation));
  add(static_cast<int>(config.norm));
  for (Index layer = 0; layer < classifier.layers(); ++layer) {
    const BlockWeights<Scalar>& block = classifier.encoder().block(layer);
    for (const Linear<Scalar>* linear : {&block.query, &block.key, &block.value, &block.attention_output,
                                         &block.intermediate, &block.output})
      add(*linear);
    for (const LayerNorm<Scalar>* norm : {&block.attention_norm, &block.output_norm})
      add(*norm);
  }
  classifier.head().visit_weights([this](const auto& weights) { this->add(weights); });
}

} // namespace regard::inline REGARD_ABI
