// SPDX-License-Identifier: MIT
// PNG through libpng. Its errors leave by longjmp: what lives across a setjmp here is plain data, or belongs
// to the caller.
#pragma once

#include <regard/image/detail/orientation.hpp>

#include <algorithm>
#include <csetjmp>
#include <png.h>
#include <string>

namespace regard::inline REGARD_ABI::detail {

/// A reader whose complaints are collected instead of printed.
struct PngReader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::jmp_buf leave{};
  char message[200] = "out of memory";
  const std::byte* next = nullptr;
  const std::byte* end = nullptr;

  PngReader() = default;
  ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// Reads up to the pixels. @return false with a message
  bool read_header(const std::byte* bytes, std::size_t size, png_uint_32 max_side) {
    next = bytes;
    end = bytes + size;
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp): libpng knows no other way
      return false;
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, [](png_structp, png_const_charp) {});
    if (png == nullptr)
      return false;
    info = png_create_info_struct(png);
    if (info == nullptr)
      return false;
    png_set_user_limits(png, max_side, max_side);
    png_set_chunk_malloc_max(png, 1 << 24); // what a compressed text may unfold to
    png_set_read_fn(png, this, read);
    png_read_info(png, info);
    return true;
  }

  /// Asks for 8-bit red, green and blue and gives the bytes of a row. @return false with a message
  bool start(std::size_t& row_bytes) {
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp)
      return false;
    const png_byte color = png_get_color_type(png, info);
    png_set_strip_16(png);
    png_set_packing(png);
    if (color == PNG_COLOR_TYPE_PALETTE)
      png_set_palette_to_rgb(png);
    if (color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_GRAY_ALPHA) {
      png_set_expand_gray_1_2_4_to_8(png);
      png_set_gray_to_rgb(png);
    }
    png_set_strip_alpha(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    row_bytes = png_get_rowbytes(png, info);
    return true;
  }

  /// Reads all rows, and what follows them. @return false with a message
  bool read_rows(png_bytepp rows) {
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp)
      return false;
    png_read_image(png, rows);
    png_read_end(png, info);
    return true;
  }

 private:
  [[noreturn]] static void fail(png_structp png, png_const_charp what) {
    auto* const self = static_cast<PngReader*>(png_get_error_ptr(png));
    std::size_t i = 0;
    for (; what[i] != 0 && i + 1 < sizeof self->message; ++i)
      self->message[i] = what[i];
    self->message[i] = 0;
    std::longjmp(self->leave, 1); // NOLINT(cert-err52-cpp)
  }

  static void read(png_structp png, png_bytep out, png_size_t count) {
    auto* const self = static_cast<PngReader*>(png_get_io_ptr(png));
    if (static_cast<std::size_t>(self->end - self->next) < count)
      png_error(png, "the file ends early");
    for (std::size_t i = 0; i < count; ++i)
      out[i] = std::to_integer<png_byte>(self->next[i]);
    self->next += count;
  }
};

/// A big-endian number of four bytes.
inline Index png_number(std::span<const std::byte> bytes, Index at) {
  Index value = 0;
  for (Index i = at; i < at + 4; ++i)
    value = value << 8 | std::to_integer<Index>(bytes[i]);
  return value;
}

/// Refuses a file that ends before its chunk IEND: libpng takes the memory that a chunk claims before it
/// reads it.
inline void check_chunks(std::span<const std::byte> bytes, const std::string& file) {
  constexpr Index signature = 8, frame = 12; // of a chunk: length, name, checksum
  constexpr Index end = 0x49454e44;          // IEND: what follows is no part of the image
  for (Index at = signature;;) {
    const Index left = bytes.size() - std::min(bytes.size(), at);
    if (left < frame)
      throw MalformedFile(file, "PNG: found " + std::to_string(left) +
                                    " bytes where a chunk begins, expected " + std::to_string(frame) +
                                    " at least: the file ends early");
    const Index length = png_number(bytes, at);
    if (length > left - frame)
      throw MalformedFile(file, "PNG: found a chunk of " + std::to_string(length) +
                                    " bytes, expected at most " + std::to_string(left - frame) +
                                    ": the file ends early");
    if (png_number(bytes, at + 4) == end)
      return;
    at += frame + length;
  }
}

inline Image decode_png(std::span<const std::byte> bytes, const std::string& file, const ImageLimits& limits,
                        int& orientation) {
  PngReader reader;
  const auto refuse = [&] { throw MalformedFile(file, std::string("PNG: ") + reader.message); };
  // The size is checked here first, so that the error says what was found: signature, then the chunk IHDR.
  if (bytes.size() >= 24)
    check_size(file, png_number(bytes, 16), png_number(bytes, 20), limits);
  check_chunks(bytes, file);
  const auto side = static_cast<png_uint_32>(std::min<Index>(limits.max_side, PNG_UINT_31_MAX));
  if (!reader.read_header(bytes.data(), bytes.size(), side))
    refuse();
  const Index width = png_get_image_width(reader.png, reader.info),
              height = png_get_image_height(reader.png, reader.info);
  check_size(file, width, height, limits);
  // Deflate packs at most 1,032 bytes into one: a small file that claims more is damaged, and gets no memory.
  const Index row_bits =
      width * png_get_channels(reader.png, reader.info) * png_get_bit_depth(reader.png, reader.info);
  if (height * (1 + (row_bits + 7) / 8) / 1032 > bytes.size())
    throw MalformedFile(file, "PNG: found " + std::to_string(bytes.size()) + " bytes, expected more for " +
                                  std::to_string(width) + " x " + std::to_string(height) + " pixels");
  std::size_t row_bytes = 0;
  if (!reader.start(row_bytes))
    refuse();
  if (row_bytes != 3 * width)
    throw UnsupportedFile(file, "PNG: found rows of " + std::to_string(row_bytes) + " bytes, expected " +
                                    std::to_string(3 * width));
  Image image({height, width, 3});
  std::vector<png_bytep> rows;
  for (Index y = 0; y < height; ++y)
    rows.push_back(image[y].data());
  if (!reader.read_rows(rows.data()))
    refuse();
  png_bytep exif = nullptr;
  png_uint_32 exif_size = 0;
  if (png_get_eXIf_1(reader.png, reader.info, &exif_size, &exif) != 0)
    orientation = read_orientation(std::as_bytes(std::span(exif, exif_size)));
  return image;
}

} // namespace regard::inline REGARD_ABI::detail
