// SPDX-License-Identifier: MIT
// Images as PNG files. Needs libpng.
#pragma once

#include <regard/image/image.hpp>

#include <filesystem>
#include <string>

namespace regard::inline REGARD_ABI {

/// The bytes of a PNG file, 8-bit red, green and blue; the same for the same image with the same libpng.
/// @throws InvalidArgument for an image without pixels
std::string encode_png(const Image& image);

/// The file, written whole or not at all.
/// @throws IoError  as write_file does.
void write_png(const std::filesystem::path& path, const Image& image);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/image/detail/png.hpp>
#endif
