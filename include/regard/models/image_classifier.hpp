// SPDX-License-Identifier: MIT
// An image classifier from its Hugging Face folder: a picture in, labelled probabilities out, and everything
// that an explainer needs in between.
//
//     const auto model = regard::load_image_classifier<float>("path/to/checkpoint");
//     const auto why = regard::explain(model, regard::load_image("photo.jpg"),
//     regard::grad_attention_mutual{});
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/core/executor.hpp>
#include <regard/image/processor.hpp>
#include <regard/models/image_model.hpp>
#include <regard/models/load_vit.hpp>
#include <regard/models/self_test.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// What to do with an image that has not the size that the model was trained on.
enum class PositionEmbeddings {
  trained,     ///< refuse it
  interpolated ///< interpolate the position embeddings as transformers does (`interpolate_pos_encoding`)
};

/// A vision transformer with its preprocessing and labels. Immutable once built: threads may share one.
template <class ScalarType>
class ImageClassifier {
 public:
  using Scalar = ScalarType;

  /// @param trained_size  of the images that the model was trained on
  /// Throws InvalidArgument when there is not one label for each class.
  ImageClassifier(ImageProcessor processor, ViTClassifier<Scalar> vit, ImageSize trained_size,
                  std::vector<std::string> labels, ProblemType problem_type = ProblemType::single_label,
                  std::string name = "", PositionEmbeddings positions = PositionEmbeddings::trained);

  const ImageProcessor& processor() const { return processor_; }
  const ViTClassifier<Scalar>& vit() const { return vit_; }
  const SequenceClassifier<Scalar>& classifier() const { return vit_.classifier; }
  const std::vector<std::string>& labels() const { return labels_; }
  ProblemType problem_type() const { return problem_type_; }
  const std::string& name() const { return name_; }
  /// Of all weights; see transformer/fingerprint.hpp.
  std::uint64_t fingerprint() const { return vit_.fingerprint(); }

  /// The normalised pixels that the model sees, and where its patches lie in the image.
  /// Throws InvalidArgument for an image without pixels, and for one that comes out of the preprocessing
  /// in another size than the trained one, unless positions are interpolated.
  EncodedImage<Scalar> encode(const ImageInput& input) const;

  /// Fills `rows` [tokens, width] with the embedded tokens.
  void embed(const EncodedImage<Scalar>& image, TensorView<Scalar, 2> rows) const {
    vit_.embeddings.embed(image.pixels, rows);
  }

  /// Logits [inputs, classes] of many inputs, on all workers of `executor`; each has the same bits alone and
  /// among others.
  Tensor<Scalar, 2> logits(std::span<const EncodedImage<Scalar>> inputs,
                           const Executor& executor = Serial{}) const;

  /// Records a forward pass; see transformer/trace.hpp.
  Trace<Scalar> record(const EncodedImage<Scalar>& image, Record what = {},
                       decltype(Hooks<Scalar>::on_attention) on_attention = {}) const;

  /// Records a forward and a backward pass from `seed` [classes] = d loss / d logits.
  TraceWithGradients<Scalar> record_gradients(const EncodedImage<Scalar>& image,
                                              TensorView<const Scalar, 1> seed, Record what = {},
                                              decltype(Hooks<Scalar>::on_attention) on_attention = {}) const;

 private:
  ImageProcessor processor_;
  ViTClassifier<Scalar> vit_;
  ImageSize trained_size_;
  std::vector<std::string> labels_;
  ProblemType problem_type_;
  std::string name_;
  PositionEmbeddings positions_;
};

/// How an image classifier is loaded.
struct ImageClassifierOptions {
  Mapping mapping = Mapping::map;
  PositionEmbeddings positions = PositionEmbeddings::trained;
  /// The size of the model's input in place of what preprocessor_config.json says: images are resized to it,
  /// and not cropped. Another size than the trained one needs PositionEmbeddings::interpolated.
  std::optional<ImageSize> input_size = std::nullopt;
  /// Tests what the folder itself asks for, so that it goes with no other `input_size`.
  SelfTest self_test = SelfTest::skip;
};

/// Reads config.json, the weights (see load_vit) and preprocessor_config.json of a folder. What was ignored
/// is listed in `notes` if given. Throws IoError, MalformedFile or UnsupportedFile, naming the file and all
/// that is wrong with it, SelfTestFailed if a self-test was asked for, and InvalidArgument if it was together
/// with an input size.
template <class Scalar>
ImageClassifier<Scalar> load_image_classifier(const std::filesystem::path& folder,
                                              const ImageClassifierOptions& options = {},
                                              std::vector<std::string>* notes = nullptr);

/// Compares what the model computes with what `folder`/self_test.json says; see models/self_test.hpp. Throws
/// SelfTestFailed when something differs, IoError or MalformedFile when the file cannot be read or is not
/// for such a model.
template <class Scalar>
SelfTestReport self_test(const ImageClassifier<Scalar>& model, const std::filesystem::path& folder);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/models/detail/image_classifier.hpp>
#endif
