// SPDX-License-Identifier: MIT
// Body of image/load.hpp.
#pragma once

#include <regard/image/detail/jpeg.hpp>
#include <regard/image/detail/orientation.hpp>
#include <regard/image/detail/png_reader.hpp>
#include <regard/image/load.hpp>

#include <array>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Whether a file begins with these bytes.
inline bool begins_with(std::span<const std::byte> bytes, std::string_view magic, Index at = 0) {
  if (bytes.size() < at + magic.size())
    return false;
  for (Index i = 0; i < magic.size(); ++i)
    if (static_cast<char>(bytes[at + i]) != magic[i])
      return false;
  return true;
}

/// A name for what is no JPEG and no PNG.
inline std::string other_format(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return "an empty file";
  if (begins_with(bytes, "GIF8"))
    return "a GIF";
  if (begins_with(bytes, "RIFF") && begins_with(bytes, "WEBP", 8))
    return "a WebP";
  if (begins_with(bytes, "BM"))
    return "a BMP";
  if (begins_with(bytes, "II*") || begins_with(bytes, "MM"))
    return "a TIFF";
  if (begins_with(bytes, "ftyp", 4))
    return "a HEIF, AVIF or video";
  return "neither's signature";
}

} // namespace detail

REGARD_INLINE Image decode_image(std::span<const std::byte> bytes, std::string_view name,
                                 const ImageLimits& limits) {
  const std::string file(name);
  int orientation = 1;
  Image image;
  if (detail::begins_with(bytes, "\xff\xd8"))
    image = detail::decode_jpeg(bytes, file, limits, orientation);
  else if (detail::begins_with(bytes, "\x89PNG\r\n\x1a\n"))
    image = detail::decode_png(bytes, file, limits, orientation);
  else
    throw UnsupportedFile(file, "found " + detail::other_format(bytes) + ", expected a JPEG or a PNG");
  return detail::turn_upright(std::move(image), orientation);
}

REGARD_INLINE Image load_image(const std::filesystem::path& path, const ImageLimits& limits) {
  const MappedFile file(path, Mapping::copy); // decoders must not meet a file that shrinks
  return decode_image(file.bytes(), path.string(), limits);
}

} // namespace regard::inline REGARD_ABI
