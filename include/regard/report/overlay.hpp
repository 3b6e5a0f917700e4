// SPDX-License-Identifier: MIT
// An explanation of an image as a picture: its patches shaded by their values, over the image. Needs Eigen
// alone; `image/png.hpp` writes it as a PNG, `report/image_html.hpp` as part of a page.
//
//     const regard::Image picture = regard::overlay(why, image);
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/image/image.hpp>

namespace regard::inline REGARD_ABI {

/// How an overlay is drawn.
struct OverlayOptions {
  bool legend = true;    ///< a scale with numbers below the picture
  double opacity = 0.75; ///< of the strongest shade, from 0 to 1
  /// An image smaller than this, in pixels of its longer side, is enlarged by a whole number so that it is
  /// not.
  Index least_size = 384;
};

/// The image in grey, every patch shaded by the value of its player: opacity grows linearly with |value|,
/// from nothing at 0 to full at the largest |value|; blue is positive, orange negative, a pair told apart
/// under the common forms of colour blindness. What the model did not see (cropped away) is darkened. The
/// legend gives the scale. Where all values tie nothing is shaded.
/// @param image  the image that was explained, before it was resized and cropped
/// @throws InvalidArgument  when the explanation is of no image, or of one of another size.
REGARD_LAZY Image overlay(const Explanation& why, const Image& image, const OverlayOptions& options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/overlay.hpp>
#endif
