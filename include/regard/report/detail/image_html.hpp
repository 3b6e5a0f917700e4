// SPDX-License-Identifier: MIT
// Body of report/image_html.hpp.
#pragma once

#include <regard/image/png.hpp>
#include <regard/image/resize.hpp>
#include <regard/report/image_html.hpp>
#include <regard/report/overlay.hpp>

namespace regard::inline REGARD_ABI {

namespace detail::report {

REGARD_LAZY
std::string base64(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (Index i = 0; i < bytes.size(); i += 3) {
    const Index count = std::min<Index>(3, bytes.size() - i);
    unsigned block = 0;
    for (Index k = 0; k < 3; ++k)
      block = block << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (Index k = 0; k < 4; ++k)
      text += k <= count ? digits[block >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// Enough for a screen, and no more to carry around.
REGARD_LAZY
Image page_size(const Image& image) {
  constexpr Index most = 1024;
  const Index longer = std::max(image.extent(0), image.extent(1));
  if (longer <= most)
    return image;
  const auto scaled = [&](Index side) { return std::max<Index>(1, side * most / longer); };
  return resize(image, scaled(image.extent(0)), scaled(image.extent(1)), Resample::bicubic);
}

REGARD_LAZY
std::string figure(const Image& image, const std::string& caption, bool small) {
  return "<figure><img" + std::string(small ? " class=\"small\"" : "") + " alt=\"" + caption +
         "\" src=\"data:image/png;base64," + base64(encode_png(page_size(image))) + "\"><figcaption>" +
         caption + "</figcaption></figure>\n";
}

} // namespace detail::report

template <class Lazy>
std::string html(const Explanation& why, const Image& image) {
  using namespace detail::report;
  OverlayOptions options;
  options.legend = false; // the page has one
  const Image shaded = overlay(why, image, options);
  // Enlarged as the overlay is, the image keeps its pixels visible instead of blurred.
  const bool small = shaded.extent(1) > image.extent(1);
  const std::string figures = "<div class=\"figures\">\n" + figure(image, "The image", small) +
                              figure(shaded, "Its patches, shaded by their values", small) + "</div>\n";
  return html_page(html_title(why), HtmlArticle<>(why, 1, 1, figures).take());
}

template <class Lazy>
void write_html(const std::filesystem::path& path, const Explanation& why, const Image& image) {
  write_file(path, html(why, image));
}

template <class Lazy>
std::string concept_figure(const Explanation& heat_map, const Image& image) {
  using namespace detail::report;
  OverlayOptions options;
  options.legend = false;
  const Image shaded = overlay(heat_map, image, options);
  return figure(shaded, escape(heat_map.image->name), shaded.extent(1) > image.extent(1));
}

} // namespace regard::inline REGARD_ABI
