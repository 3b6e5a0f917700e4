// SPDX-License-Identifier: MIT
// The orientation that a camera noted (EXIF 2.3, tag 0x0112) and what it means for the pixels.
#pragma once

#include <regard/image/image.hpp>
#include <regard/image/load.hpp>

#include <cstdint>

namespace regard::inline REGARD_ABI::detail {

/// The orientation in a TIFF block, 1 to 8; 1 where there is none or the block makes no sense.
inline int read_orientation(std::span<const std::byte> tiff) {
  if (tiff.size() < 8)
    return 1;
  const auto byte = [&](Index at) { return std::to_integer<std::uint32_t>(tiff[at]); };
  const bool little = byte(0) == 'I';
  if (byte(0) != byte(1) || (byte(0) != 'I' && byte(0) != 'M'))
    return 1;
  const auto two = [&](Index at) {
    return little ? byte(at) | byte(at + 1) << 8 : byte(at) << 8 | byte(at + 1);
  };
  const auto four = [&](Index at) {
    return little ? two(at) | two(at + 2) << 16 : two(at) << 16 | two(at + 2);
  };
  const Index directory = four(4);
  if (two(2) != 42 || directory > tiff.size() || tiff.size() - directory < 2)
    return 1;
  const Index entries = two(directory);
  for (Index e = 0; e < entries; ++e) {
    const Index at = directory + 2 + 12 * e;
    if (at + 12 > tiff.size())
      return 1;
    if (two(at) != 0x0112)
      continue;
    const std::uint32_t type = two(at + 2), count = four(at + 4);
    const std::uint32_t value = type == 3   ? two(at + 8)
                                : type == 4 ? four(at + 8)
                                : type == 1 ? byte(at + 8)
                                            : 0;
    return count == 1 && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// The image as it was meant to be seen.
inline Image turn_upright(Image image, int orientation) {
  if (orientation <= 1 || orientation > 8)
    return image;
  const bool transposed = orientation >= 5;
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  // Where the pixel (y, x) of the result stands in the file, whose rows are columns of the result when
  // transposed.
  const Index rows = image.extent(0), columns = image.extent(1);
  Image result({transposed ? columns : rows, transposed ? rows : columns, 3});
  for (Index y = 0; y < result.extent(0); ++y)
    for (Index x = 0; x < result.extent(1); ++x) {
      Index row = transposed ? x : y, column = transposed ? y : x;
      if (mirror_y)
        row = rows - 1 - row;
      if (mirror_x)
        column = columns - 1 - column;
      const auto from = image[row][column];
      std::copy(from.begin(), from.end(), result[y][x].begin());
    }
  return result;
}

/// Throws unless an image of that size may be decoded.
inline void check_size(const std::string& file, Index width, Index height, const ImageLimits& limits) {
  if (width == 0 || height == 0)
    throw MalformedFile(file, "found " + std::to_string(width) + " x " + std::to_string(height) +
                                  " pixels, expected at least 1 x 1");
  if (width > limits.max_side || height > limits.max_side || width > limits.max_pixels / height)
    throw UnsupportedFile(file, "found " + std::to_string(width) + " x " + std::to_string(height) +
                                    " pixels, expected at most " + std::to_string(limits.max_pixels) +
                                    " in all and " + std::to_string(limits.max_side) + " a side");
}

} // namespace regard::inline REGARD_ABI::detail
