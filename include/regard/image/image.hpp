// SPDX-License-Identifier: MIT
// What an image is to this library: 8-bit red, green and blue, whatever file it came from.
#pragma once

#include <regard/tensor.hpp>

#include <cstdint>

namespace regard::inline REGARD_ABI {

/// An image, [height, width, 3]: rows from top to bottom, pixels from left to right, red, green, blue.
using Image = Tensor<std::uint8_t, 3>;

/// A rectangle in pixels; fractions are allowed.
struct PixelBox {
  double x = 0, y = 0; ///< top left corner
  double width = 0, height = 0;
};

} // namespace regard::inline REGARD_ABI
