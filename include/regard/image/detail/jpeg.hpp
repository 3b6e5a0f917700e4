// SPDX-License-Identifier: MIT
// JPEG through libjpeg-turbo. Its errors leave by longjmp: what lives across a setjmp here is plain data, or
// belongs to the caller.
#pragma once

#include <regard/image/detail/orientation.hpp>

#include <csetjmp>
#include <cstdio> // jpeglib.h needs it before
#include <jerror.h>
#include <jpeglib.h>

namespace regard::inline REGARD_ABI::detail {

/// A decompressor whose complaints are collected instead of printed.
struct JpegReader {
  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf leave{};
  char message[JMSG_LENGTH_MAX] = "";
  bool created = false;

  JpegReader() {
    info.err = jpeg_std_error(&errors);
    info.client_data = this;
    errors.error_exit = [](j_common_ptr common) { fail(common); };
    errors.output_message = [](j_common_ptr) {};
    errors.emit_message = [](j_common_ptr common, int level) {
      // Of the damage that libjpeg would paint over, what loses pixels ends the decoding.
      const int code = common->err->msg_code;
      if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE))
        fail(common);
    };
  }
  ~JpegReader() {
    if (created)
      jpeg_destroy_decompress(&info);
  }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  /// Reads up to the size. @return false with a message
  bool read_header(const unsigned char* bytes, unsigned long size) {
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp): libjpeg knows no other way
      return false;
    jpeg_create_decompress(&info);
    created = true;
    jpeg_save_markers(&info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_mem_src(&info, bytes, size);
    jpeg_read_header(&info, TRUE);
    return true;
  }

  /// Chooses the colours and starts. @return false with a message
  bool start() {
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp)
      return false;
    if (info.num_components == 4)
      info.out_color_space = JCS_CMYK;
    else
      info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&info);
    return true;
  }

  /// Reads the next row of output_width * output_components bytes. @return false with a message
  bool read_row(unsigned char* row) {
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp)
      return false;
    JSAMPROW rows[1] = {row};
    jpeg_read_scanlines(&info, rows, 1);
    return true;
  }

  bool finish() {
    if (setjmp(leave) != 0) // NOLINT(cert-err52-cpp)
      return false;
    jpeg_finish_decompress(&info);
    return true;
  }

 private:
  [[noreturn]] static void fail(j_common_ptr common) {
    auto* const self = static_cast<JpegReader*>(common->client_data);
    self->errors.format_message(common, self->message);
    std::longjmp(self->leave, 1); // NOLINT(cert-err52-cpp)
  }
};

/// The orientation in the EXIF markers that were saved.
inline int jpeg_orientation(const jpeg_decompress_struct& info) {
  static constexpr char magic[6] = {'E', 'x', 'i', 'f', 0, 0};
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr; marker = marker->next)
    if (marker->marker == JPEG_APP0 + 1 && marker->data_length > sizeof magic &&
        std::equal(magic, magic + sizeof magic, reinterpret_cast<const char*>(marker->data)))
      return read_orientation(
          std::as_bytes(std::span(marker->data + sizeof magic, marker->data_length - sizeof magic)));
  return 1;
}

/// Ink to light as Pillow's convert("RGB"), with the inverted inks that Adobe writes.
inline void cmyk_to_rgb(const unsigned char* inverted, std::uint8_t* rgb) {
  const unsigned light = inverted[3];
  for (int c = 0; c < 3; ++c) {
    const unsigned product = (255u - inverted[c]) * light + 128;
    const unsigned absorbed = ((product >> 8) + product) >> 8;
    rgb[c] = static_cast<std::uint8_t>(light > absorbed ? light - absorbed : 0);
  }
}

inline Image decode_jpeg(std::span<const std::byte> bytes, const std::string& file, const ImageLimits& limits,
                         int& orientation) {
  JpegReader reader;
  const auto refuse = [&] { throw MalformedFile(file, std::string("JPEG: ") + reader.message); };
  if (!reader.read_header(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()))
    refuse();
  check_size(file, reader.info.image_width, reader.info.image_height, limits);
  if (const int count = reader.info.num_components; count != 1 && count != 3 && count != 4)
    throw UnsupportedFile(file, "JPEG: found " + std::to_string(count) + " components, expected 1, 3 or 4");
  orientation = jpeg_orientation(reader.info);
  if (!reader.start())
    refuse();
  const Index width = reader.info.output_width, height = reader.info.output_height;
  const auto channels = static_cast<Index>(reader.info.output_components);
  Image image({height, width, 3});
  Tensor<unsigned char, 1> row({width * channels});
  for (Index y = 0; y < height; ++y) {
    unsigned char* const line = channels == 3 ? image[y].data() : row.data();
    if (!reader.read_row(line))
      refuse();
    for (Index x = 0; x < width && channels != 3; ++x) {
      std::uint8_t* const pixel = image[y][x].data();
      if (channels == 1)
        std::fill(pixel, pixel + 3, row[x]);
      else
        cmyk_to_rgb(row.data() + 4 * x, pixel);
    }
  }
  if (!reader.finish())
    refuse();
  return image;
}

} // namespace regard::inline REGARD_ABI::detail
