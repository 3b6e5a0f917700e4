// SPDX-License-Identifier: MIT
// What an explainer asks of a model that classifies images. `ImageClassifier` satisfies it; so can a class of
// the caller's, with another preprocessing or other embeddings around the same encoder.
#pragma once

#include <regard/image/image.hpp>
#include <regard/models/problem_type.hpp>
#include <regard/models/vit.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace regard::inline REGARD_ABI {

/// An image to classify, and what reports call it.
struct ImageInput {
  Image pixels;     ///< at least one pixel
  std::string name; ///< such as its file's

  ImageInput() = default;
  ImageInput(Image image, std::string name_in_reports = "")
      : pixels(std::move(image)), name(std::move(name_in_reports)) {}
};

/// An image as a model sees it.
template <class Scalar>
struct EncodedImage {
  Tensor<Scalar, 3> pixels; ///< [channels, height, width], normalised
  PatchGrid grid;           ///< of the patches
  Index patch_height = 0, patch_width = 0;
  Index special_tokens = 1;                ///< tokens before the patches
  Index image_height = 0, image_width = 0; ///< of the image before it was resized and cropped
  PixelBox area;                           ///< what part of it `pixels` shows, in its pixels

  Index tokens() const { return special_tokens + grid.patches(); }

  /// Where a patch (row by row from 0) lies in the image before it was resized and cropped.
  PixelBox patch_box(Index patch) const {
    const double x_scale = area.width / static_cast<double>(pixels.extent(2)),
                 y_scale = area.height / static_cast<double>(pixels.extent(1));
    const Index left = patch % grid.columns * patch_width, top = patch / grid.columns * patch_height;
    return {area.x + static_cast<double>(left) * x_scale, area.y + static_cast<double>(top) * y_scale,
            static_cast<double>(patch_width) * x_scale, static_cast<double>(patch_height) * y_scale};
  }
};

/// Satisfied by a model that turns an image into patches, patches into rows of a SequenceClassifier, and
/// logits into labels.
template <class Model>
concept ImageModel = requires(const Model& model, const ImageInput& input,
                              const EncodedImage<typename Model::Scalar>& encoded,
                              TensorView<typename Model::Scalar, 2> rows) {
  { model.classifier() } -> std::same_as<const SequenceClassifier<typename Model::Scalar>&>;
  { model.encode(input) } -> std::same_as<EncodedImage<typename Model::Scalar>>;
  model.embed(encoded, rows);                                              // fills [tokens, width]
  { model.labels() } -> std::convertible_to<std::span<const std::string>>; // the name of each class
  { model.problem_type() } -> std::same_as<ProblemType>;
  { model.name() } -> std::convertible_to<std::string_view>; // for reports
};

} // namespace regard::inline REGARD_ABI
