// SPDX-License-Identifier: MIT
// Body of image/resize.hpp.
#pragma once

#include <regard/image/resize.hpp>

#include <cmath>
#include <numbers>
#include <vector>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Half the width of a filter at scale 1.
inline double filter_support(Resample filter) {
  switch (filter) {
  case Resample::box:
    return 0.5;
  case Resample::bicubic:
    return 2;
  case Resample::lanczos:
    return 3;
  case Resample::nearest:
  case Resample::bilinear:
  case Resample::hamming:
    break;
  }
  return 1;
}

inline double filter_value(Resample filter, double x) {
  const double distance = std::abs(x);
  const auto sinc = [](double t) {
    return t == 0 ? 1 : std::sin(t * std::numbers::pi) / (t * std::numbers::pi);
  };
  switch (filter) {
  case Resample::box:
    return x > -0.5 && x <= 0.5 ? 1 : 0;
  case Resample::hamming:
    return distance == 0   ? 1
           : distance >= 1 ? 0
                           : sinc(distance) * (0.54 + 0.46 * std::cos(distance * std::numbers::pi));
  case Resample::bicubic: {
    constexpr double a = -0.5;
    if (distance < 1)
      return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
    return distance < 2 ? (((distance - 5) * distance + 8) * distance - 4) * a : 0;
  }
  case Resample::lanczos:
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  case Resample::nearest:
  case Resample::bilinear:
    break;
  }
  return distance < 1 ? 1 - distance : 0;
}

/// For each output sample: where its input begins, and the weights in fixed point.
struct ResampleWeights {
  static constexpr int bits = 32 - 8 - 2; // a product with 8 bits, and two for the sum's overshoot
  std::vector<Index> first;
  std::vector<Index> offset; // into `weight`, one more than outputs
  std::vector<std::int32_t> weight;

  ResampleWeights(Index inputs, Index outputs, Resample filter) {
    const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
    const double widened = std::max(scale, 1.0), support = filter_support(filter) * widened;
    const double shrink = 1.0 / widened;
    std::vector<double> row;
    offset.push_back(0);
    for (Index o = 0; o < outputs; ++o) {
      const double center = (static_cast<double>(o) + 0.5) * scale;
      const auto begin = static_cast<Index>(std::max(0.0, std::trunc(center - support + 0.5)));
      const Index end = std::min(inputs, static_cast<Index>(std::max(0.0, center + support + 0.5)));
      double total = 0;
      row.clear();
      for (Index i = begin; i < end; ++i) {
        row.push_back(filter_value(filter, (static_cast<double>(i) - center + 0.5) * shrink));
        total += row.back();
      }
      for (const double value : row) {
        const double scaled = (total != 0 ? value / total : value) * (1 << bits);
        weight.push_back(static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
      }
      first.push_back(begin);
      offset.push_back(weight.size());
    }
  }
};

/// From a sum in fixed point to 8 bits.
inline std::uint8_t clip_fixed(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp(sum >> ResampleWeights::bits, 0, 255));
}

inline Image resize_rows(const Image& image, Index width, Resample filter) {
  const ResampleWeights weights(image.extent(1), width, filter);
  Image result({image.extent(0), width, 3});
  for (Index y = 0; y < image.extent(0); ++y)
    for (Index x = 0; x < width; ++x) {
      std::int32_t sum[3];
      std::fill(sum, sum + 3, 1 << (ResampleWeights::bits - 1));
      const std::uint8_t* pixel = image[y].data() + 3 * weights.first[x];
      for (Index k = weights.offset[x]; k < weights.offset[x + 1]; ++k)
        for (int c = 0; c < 3; ++c)
          sum[c] += *pixel++ * weights.weight[k];
      for (int c = 0; c < 3; ++c)
        result(y, x, c) = clip_fixed(sum[c]);
    }
  return result;
}

inline Image resize_columns(const Image& image, Index height, Resample filter) {
  const ResampleWeights weights(image.extent(0), height, filter);
  const Index line = image.extent(1) * 3;
  Image result({height, image.extent(1), 3});
  std::vector<std::int32_t> sum(line);
  for (Index y = 0; y < height; ++y) {
    std::fill(sum.begin(), sum.end(), 1 << (ResampleWeights::bits - 1));
    for (Index k = weights.offset[y]; k < weights.offset[y + 1]; ++k) {
      const std::uint8_t* const from = image[weights.first[y] + k - weights.offset[y]].data();
      for (Index i = 0; i < line; ++i)
        sum[i] += from[i] * weights.weight[k];
    }
    std::uint8_t* const to = result[y].data();
    for (Index i = 0; i < line; ++i)
      to[i] = clip_fixed(sum[i]);
  }
  return result;
}

/// Pillow adds up the step in floating point; so do the positions here.
inline std::vector<Index> nearest_positions(Index inputs, Index outputs) {
  std::vector<Index> positions;
  const double step = static_cast<double>(inputs) / static_cast<double>(outputs);
  double at = step * 0.5;
  for (Index o = 0; o < outputs; ++o, at += step)
    positions.push_back(std::min(static_cast<Index>(at), inputs - 1));
  return positions;
}

} // namespace detail

REGARD_INLINE Image resize(const Image& image, Index height, Index width, Resample filter) {
  const Index rows = image.extent(0), columns = image.extent(1);
  if (rows == 0 || columns == 0 || height == 0 || width == 0)
    throw InvalidArgument("resize: found " + std::to_string(rows) + " x " + std::to_string(columns) + " to " +
                          std::to_string(height) + " x " + std::to_string(width) +
                          " pixels, expected at least 1 x 1");
  if (rows == height && columns == width)
    return image;
  if (filter == Resample::nearest) {
    const auto ys = detail::nearest_positions(rows, height), xs = detail::nearest_positions(columns, width);
    Image result({height, width, 3});
    for (Index y = 0; y < height; ++y)
      for (Index x = 0; x < width; ++x)
        std::copy_n(image[ys[y]][xs[x]].data(), 3, result[y][x].data());
    return result;
  }
  const auto across = [&](const Image& from) {
    return columns == width ? from : detail::resize_rows(from, width, filter);
  };
  const auto down = [&](const Image& from) {
    return rows == height ? from : detail::resize_columns(from, height, filter);
  };
  // Pillow 13's order: it cuts off most of the work, and 8 bits in between make it visible.
  const auto lost = [](Index from, Index to) {
    return static_cast<std::int64_t>(from) - static_cast<std::int64_t>(to);
  };
  const bool down_first = lost(rows, height) > 0 && lost(rows, height) > 2 * lost(columns, width);
  return down_first ? across(down(image)) : down(across(image));
}

REGARD_INLINE Image center_crop(const Image& image, Index height, Index width) {
  const Index rows = image.extent(0), columns = image.extent(1);
  Image result({height, width, 3});
  // What is cut off before the first kept pixel, or left black before it.
  const auto cut = [](Index have, Index want) { return have > want ? (have - want) / 2 : Index{0}; };
  const auto pad = [](Index have, Index want) { return want > have ? (want - have + 1) / 2 : Index{0}; };
  const Index top = cut(rows, height), left = cut(columns, width);
  const Index below = pad(rows, height), right = pad(columns, width);
  for (Index y = 0; y < std::min(rows, height); ++y)
    std::copy_n(image[top + y].data() + 3 * left, 3 * std::min(columns, width),
                result[below + y].data() + 3 * right);
  return result;
}

} // namespace regard::inline REGARD_ABI
