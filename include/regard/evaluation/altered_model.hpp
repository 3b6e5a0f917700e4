// SPDX-License-Identifier: MIT
// A model seen with other weights, or with noise on what goes in: what sanity checks explain.
//
//     regard::AlteredModel noisy(model);
//     noisy.set_noise({.radius = 0.02, .seed = 0, .draw = 3});
//     const auto why = regard::explain(noisy, input, method); // any explainer takes it
#pragma once

#include <regard/attribution/masked_input_game.hpp>
#include <regard/core/random.hpp>

namespace regard::inline REGARD_ABI {

/// Uniform noise on [-radius, radius], added to the embedded tokens of a text (behind the embeddings'
/// LayerNorm) or to the normalised pixels of an image. It depends on seed, draw and the size of the input
/// alone.
struct InputNoise {
  double radius = 0; ///< 0: none
  std::uint64_t seed = 0;
  Index draw = 0;
};

/// A view of a TextModel or an ImageModel that satisfies the same concept. The model, and a classifier that
/// takes the place of its own, must outlive it.
template <class Model>
class AlteredModel {
 public:
  using Scalar = typename Model::Scalar;

  explicit AlteredModel(const Model& model) : model_(&model), classifier_(&model.classifier()) {}

  /// Throws InvalidArgument for another width or number of classes.
  void set_classifier(const SequenceClassifier<Scalar>& classifier);
  void set_noise(const InputNoise& noise) { noise_ = noise; }

  const Model& model() const { return *model_; }
  const SequenceClassifier<Scalar>& classifier() const { return *classifier_; }
  auto labels() const { return std::span<const std::string>(model_->labels()); }
  ProblemType problem_type() const { return model_->problem_type(); }
  std::string_view name() const { return model_->name(); }

  // Of texts.
  Encoding encode(const TextInput& input) const requires TextModel<Model> { return model_->encode(input); }
  void embed(const Encoding& encoding, TensorView<Scalar, 2> rows) const requires TextModel<Model> {
    model_->embed(encoding, rows);
    add_noise(rows);
  }
  std::string_view piece(Index id) const requires TextModel<Model> { return model_->piece(id); }
  Index mask_id() const requires TextModel<Model> { return model_->mask_id(); }

  // Of images.
  EncodedImage<Scalar> encode(const ImageInput& input) const requires ImageModel<Model> {
    auto encoded = model_->encode(input);
    add_noise(encoded.pixels.view());
    return encoded;
  }
  void embed(const EncodedImage<Scalar>& image, TensorView<Scalar, 2> rows) const requires ImageModel<Model> {
    model_->embed(image, rows);
  }

 private:
  template <std::size_t Rank>
  void add_noise(TensorView<Scalar, Rank> numbers) const;

  const Model* model_;
  const SequenceClassifier<Scalar>* classifier_;
  InputNoise noise_;
};

/// A classifier and copies of it whose weights were drawn anew, cumulatively from the output down (the
/// cascade of Adebayo et al. 2018): [0] has another head, [i] also other blocks layers - i to layers - 1. The
/// embeddings are no part of a SequenceClassifier and stay.
///
/// Weights are drawn as BERT and ViT are born in transformers: normal with standard deviation 0.02
/// (`initializer_range`), biases 0, LayerNorms 1 and 0; torch's own nn.Linear default is another one. The
/// head becomes one of BERT's form (pooler and classifier) where blocks normalise after, and of ViT's
/// (LayerNorm and classifier) where they normalise before; a distilled DeiT keeps its two classifiers. Block
/// l draws from RandomStream(seed, l), the head from RandomStream(seed, layers).
template <class Scalar>
std::vector<SequenceClassifier<Scalar>> randomised_cascade(const SequenceClassifier<Scalar>& classifier,
                                                           std::uint64_t seed, double deviation = 0.02);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/altered_model.hpp>
#endif
