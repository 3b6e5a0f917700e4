// SPDX-License-Identifier: MIT
// Resizing to the last bit as Pillow does it: what a Hugging Face preprocessor computes.
//
//     const regard::Image small = regard::resize(photo, 224, 224, regard::Resample::bilinear);
#pragma once

#include <regard/core/error.hpp>
#include <regard/image/image.hpp>

namespace regard::inline REGARD_ABI {

/// The filters, with the numbers that Pillow and preprocessor_config.json give them.
enum class Resample {
  nearest = 0,
  lanczos = 1,  ///< a = 3
  bilinear = 2, ///< triangle
  bicubic = 3,  ///< Keys' cubic, a = -0.5
  box = 4,
  hamming = 5,
};

/// The image in another size, with the same bytes as the `Image.resize((width, height), filter)` of Pillow
/// 13: the filter is widened to the scale when the image shrinks (antialiasing), weights are in fixed point
/// of 22 bits, and there are 8 bits between the two passes. The pass along the rows comes first, unless the
/// height shrinks by more than twice of what the width does (older versions of Pillow have the one order
/// only).
/// @throws InvalidArgument when the image has no pixel or the new size none
Image resize(const Image& image, Index height, Index width, Resample filter);

/// The middle of an image; black where it is smaller. An odd remainder is cut off at the lower right.
Image center_crop(const Image& image, Index height, Index width);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/image/detail/resize.hpp>
#endif
