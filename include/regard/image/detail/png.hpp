// SPDX-License-Identifier: MIT
// Body of image/png.hpp, through libpng's simplified interface.
#pragma once

#include <regard/core/output.hpp>
#include <regard/image/png.hpp>

#include <limits>
#include <png.h>

namespace regard::inline REGARD_ABI {

REGARD_INLINE std::string encode_png(const Image& image) {
  const Index width = image.extent(1), height = image.extent(0);
  constexpr auto most = static_cast<Index>(std::numeric_limits<std::int32_t>::max());
  if (image.empty() || image.extent(2) != 3 || width > most / 3 || height > most)
    throw InvalidArgument("PNG: found an image of shape " + detail::to_string(image.shape()) +
                          ", expected [height, width, 3] with at least one pixel");
  png_image file{};
  file.version = PNG_IMAGE_VERSION;
  file.width = static_cast<png_uint_32>(width);
  file.height = static_cast<png_uint_32>(height);
  file.format = PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(file), '\0');
  png_alloc_size_t size = bytes.size();
  if (png_image_write_to_memory(&file, bytes.data(), &size, 0, image.data(), 0, nullptr) == 0)
    throw Error(std::string("PNG: cannot encode: ") + file.message);
  bytes.resize(size);
  return bytes;
}

REGARD_INLINE void write_png(const std::filesystem::path& path, const Image& image) {
  write_file(path, encode_png(image));
}

} // namespace regard::inline REGARD_ABI
