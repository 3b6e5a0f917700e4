// SPDX-License-Identifier: MIT
// Body of report/overlay.hpp.
#pragma once

#include <regard/report/detail/format.hpp>
#include <regard/report/overlay.hpp>

#include <array>

namespace regard::inline REGARD_ABI {

namespace detail::report {

using Rgb = std::array<double, 3>;

// The blue and the vermilion of Okabe and Ito's palette.
inline constexpr Rgb positive_color{0, 114, 178}, negative_color{213, 94, 0};
inline constexpr Rgb paper{255, 255, 255}, ink{27, 31, 36};

REGARD_LAZY
Rgb mix(const Rgb& under, const Rgb& over, double share) {
  Rgb result;
  for (std::size_t c = 0; c < 3; ++c)
    result[c] = under[c] + share * (over[c] - under[c]);
  return result;
}

REGARD_LAZY
void put(Image& image, Index y, Index x, const Rgb& color) {
  for (std::size_t c = 0; c < 3; ++c)
    image(y, x, c) = static_cast<std::uint8_t>(std::lround(std::clamp(color[c], 0.0, 255.0)));
}

/// The characters of numbers, 5 x 7 pixels each, a row a number.
struct Glyph {
  char character;
  std::array<unsigned char, 7> rows;
};
inline constexpr std::array<Glyph, 14> glyphs{{
    {'0', {14, 17, 19, 21, 25, 17, 14}},
    {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 6, 8, 16, 31}},
    {'3', {31, 2, 4, 2, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},
    {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},
    {'7', {31, 1, 2, 4, 8, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}},
    {'9', {14, 17, 17, 15, 1, 2, 12}},
    {'+', {0, 4, 4, 31, 4, 4, 0}},
    {'-', {0, 0, 0, 31, 0, 0, 0}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},
    {'e', {0, 0, 14, 17, 31, 16, 14}},
}};
inline constexpr Index glyph_width = 6; // with the gap

/// Draws a number; pixels outside the image are left out.
REGARD_LAZY
void draw_text(Image& image, Index top, Index left, std::string_view text, Index scale) {
  for (const char character : text) {
    for (const Glyph& glyph : glyphs)
      if (glyph.character == character)
        for (Index y = 0; y < 7 * scale; ++y)
          for (Index x = 0; x < 5 * scale; ++x)
            if ((glyph.rows[y / scale] >> (4 - x / scale) & 1) != 0 && top + y < image.extent(0) &&
                left + x < image.extent(1))
              put(image, top + y, left + x, ink);
    left += glyph_width * scale;
  }
}

/// The color of `value` over `under`.
REGARD_LAZY
Rgb shade(const Rgb& under, double value, double largest, double opacity) {
  if (!(largest > 0) || !std::isfinite(value))
    return under;
  return mix(under, value < 0 ? negative_color : positive_color, opacity * std::abs(value) / largest);
}

/// A strip from the lowest to the highest value, on the gray of a typical image, with its numbers.
REGARD_LAZY
void draw_legend(Image& picture, Index top, const Extent& size, double opacity, Index scale) {
  const Index margin = 4 * scale, width = picture.extent(1) - 2 * margin;
  const double low = -size.negative, high = size.positive, largest = size.largest();
  for (Index x = 0; x < width; ++x) {
    const double at = low + (high - low) * (static_cast<double>(x) + 0.5) / static_cast<double>(width);
    for (Index y = margin; y < margin + 6 * scale; ++y)
      put(picture, top + y, margin + x, shade({200, 200, 200}, at, largest, opacity));
  }
  const NumberFormat format(largest);
  const auto label = [&](double value, double center) {
    std::string text = format.with_sign(value);
    text.erase(0, text.find_first_not_of(' '));
    if (value == 0)
      text = "0";
    const double half = static_cast<double>(text.size() * glyph_width * scale) / 2;
    const double last =
        static_cast<double>(picture.extent(1) - margin) - 2 * half + static_cast<double>(scale);
    const double left =
        std::clamp(center - half, static_cast<double>(margin), std::max(last, static_cast<double>(margin)));
    draw_text(picture, top + margin + 8 * scale, static_cast<Index>(left), text, scale);
    return left;
  };
  const auto place = [&](double value) {
    return static_cast<double>(margin) + (value - low) / (high - low) * static_cast<double>(width);
  };
  if (low < 0)
    label(low, place(low));
  if (high > 0)
    label(high, place(high));
  // Zero, unless it would run into the others.
  const double room = static_cast<double>(10 * glyph_width * scale);
  if ((low == 0 || place(0) - place(low) > room) && (high == 0 || place(high) - place(0) > room))
    label(0, place(0));
}

} // namespace detail::report

template <class Lazy>
Image overlay(const Explanation& why, const Image& image, const OverlayOptions& options) {
  using namespace detail::report;
  check(why);
  const Index height = image.extent(0), width = image.extent(1);
  if (!why.image || why.image->width != width || why.image->height != height)
    throw InvalidArgument("overlay: found an image of " + std::to_string(width) + " x " +
                          std::to_string(height) + " pixels, expected " +
                          (why.image ? std::to_string(why.image->width) + " x " +
                                           std::to_string(why.image->height) + " as was explained"
                                     : "an explanation of an image"));
  const Index longer = std::max({width, height, Index{1}});
  const Index zoom = longer >= options.least_size ? 1 : (options.least_size + longer - 1) / longer;
  const Extent size = extent(why.values);
  const bool shaded = size.largest() > 0 && !why.degenerate;
  const Index scale = std::clamp<Index>(width * zoom / 192, 1, 8);
  const Index legend = options.legend && shaded ? 22 * scale : 0;
  Image picture({height * zoom + legend, width * zoom, 3});
  std::fill(picture.begin(), picture.end(), std::uint8_t{255});

  const auto gray = [&](Index y, Index x) {
    const auto pixel = image[y / zoom][x / zoom];
    const double level = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    return mix({level, level, level}, paper, 0.25); // lighter, so that shades show on dark images too
  };
  for (Index y = 0; y < height * zoom; ++y)
    for (Index x = 0; x < width * zoom; ++x)
      put(picture, y, x, mix(gray(y, x), ink, 0.6));
  for (Index p = 0; p < why.players.size(); ++p)
    for (const Index patch : why.players[p]) {
      const ExplainedPatch& box = why.patches[patch];
      // The pixels whose centres lie inside.
      const auto edge = [&](double at, Index end) {
        return static_cast<Index>(
            std::clamp(std::ceil(at * static_cast<double>(zoom) - 0.5), 0.0, static_cast<double>(end)));
      };
      for (Index y = edge(box.y, height * zoom); y < edge(box.y + box.height, height * zoom); ++y)
        for (Index x = edge(box.x, width * zoom); x < edge(box.x + box.width, width * zoom); ++x)
          put(picture, y, x, shade(gray(y, x), shaded ? why.values[p] : 0, size.largest(), options.opacity));
    }
  if (legend > 0)
    draw_legend(picture, height * zoom, size, options.opacity, scale);
  return picture;
}

} // namespace regard::inline REGARD_ABI
