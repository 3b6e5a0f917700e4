// SPDX-License-Identifier: MIT
// JPEG and PNG files as images. Needs libjpeg-turbo and libpng.
//
//     const regard::Image photo = regard::load_image("photo.jpg");
//     std::cout << photo.extent(1) << " x " << photo.extent(0) << " pixels\n";
//
// The pixels are those of Pillow's `ImageOps.exif_transpose(Image.open(file)).convert("RGB")`, except for
// 16-bit grey, which Pillow clips and this shifts: value >> 8.
#pragma once

#include <regard/checkpoint/mapped_file.hpp>
#include <regard/image/image.hpp>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// What an image may be at most; checked before memory is allocated.
struct ImageLimits {
  Index max_pixels = Index{1} << 27; ///< 400 MB decoded
  Index max_side = 65535;            ///< of width and height
};

/// Reads a JPEG (baseline or progressive; grey, colour, or CMYK as Adobe writes it) or a PNG (any depth,
/// grey, palette, colour, with or without alpha, which is dropped, interlaced or not), and turns it upright
/// by its EXIF orientation.
/// @throws IoError when the file cannot be read; MalformedFile when it is truncated or damaged;
/// UnsupportedFile when it is of another format, or larger than `limits`.
Image load_image(const std::filesystem::path& path, const ImageLimits& limits = {});

/// The same for a file in memory. @param name  what error messages call it
Image decode_image(std::span<const std::byte> bytes, std::string_view name, const ImageLimits& limits = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/image/detail/load.hpp>
#endif
