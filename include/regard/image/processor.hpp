// SPDX-License-Identifier: MIT
// From an image to the numbers that a model was trained on: what preprocessor_config.json says.
//
//     const auto processor = regard::load_image_processor("vit-base-patch16-224");
//     const auto input = processor.process<float>(regard::load_image("photo.jpg"));
//     input.pixels;                                    // [3, height, width], normalised
//     input.area;                                      // which part of the photo they show
#pragma once

#include <regard/image/resize.hpp>

#include <array>
#include <filesystem>
#include <optional>

namespace regard::inline REGARD_ABI {

/// Height and width in pixels.
struct ImageSize {
  Index height = 0;
  Index width = 0;
  friend bool operator==(const ImageSize&, const ImageSize&) = default;
};

/// How images are prepared: resized, cropped, scaled, normalised, in this order, as the image processors of
/// ViT and DeiT in transformers do.
struct ImageProcessor {
  /// Resize to `size`; or, with a `shortest_edge`, so that the shorter side has that length and the longer
  /// one keeps the aspect ratio, rounded down.
  bool do_resize = true;
  ImageSize size{224, 224};
  std::optional<Index> shortest_edge;
  Resample resample = Resample::bilinear;
  /// The middle of that; black where the image is smaller.
  bool do_center_crop = false;
  ImageSize crop_size{224, 224};
  bool do_rescale = true;
  double rescale_factor = 1.0 / 255;
  bool do_normalize = true;
  std::array<double, 3> image_mean{0.5, 0.5, 0.5}; ///< of the rescaled channels
  std::array<double, 3> image_std{0.5, 0.5, 0.5};  ///< not 0

  /// The pixels of a model's input, and which part of the image they show.
  template <class Scalar>
  struct Processed {
    Tensor<Scalar, 3> pixels; ///< [3, height, width]
    PixelBox area;            ///< in pixels of the image; reaches beyond it where black was added
  };

  /// The size of the input for an image of that size.
  REGARD_LAZY ImageSize output_size(ImageSize image) const;

  /// @throws InvalidArgument when the image has no pixel, keeps none, or would grow beyond 2^27
  template <class Scalar>
  Processed<Scalar> process(const Image& image) const;

 private:
  REGARD_LAZY ImageSize resized(ImageSize image) const;
};

/// Reads preprocessor_config.json: the image processors of ViT and DeiT under their present and former names.
/// Keys that are absent have the defaults of their processor; unknown keys are ignored.
/// @throws IoError, MalformedFile or UnsupportedFile naming the file, the key, what was found and what was
/// expected.
REGARD_LAZY ImageProcessor load_image_processor(const std::filesystem::path& folder);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/image/detail/processor.hpp>
#endif
