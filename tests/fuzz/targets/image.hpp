// SPDX-License-Identifier: MIT
// A JPEG or PNG file; what it shows is resized, and survives as a PNG of ours.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/image/load.hpp>
#include <regard/image/png.hpp>
#include <regard/image/resize.hpp>

namespace regard_fuzz {

inline void image(Bytes input) {
  accepts([&] {
    // Smaller than the default limits, for speed.
    const auto read =
        regard::decode_image(input, "fuzzed image", {.max_pixels = 1 << 20, .max_side = 1 << 14});
    require(read.extent(2) == 3 && !read.empty() && read.size() <= 3 << 20, "an image within the limits");
    for (const auto filter :
         {regard::Resample::nearest, regard::Resample::bilinear, regard::Resample::lanczos})
      require(regard::resize(read, 5, 7, filter).shape() == regard::Shape<3>{5, 7, 3}, "the wanted size");
    if (read.size() > 1 << 14)
      return;
    const std::string file = regard::encode_png(read);
    const auto again = regard::decode_image(std::as_bytes(std::span(file)), "our PNG");
    require(again.shape() == read.shape() && std::equal(read.begin(), read.end(), again.begin()),
            "the same pixels after writing and reading");
  });
}

} // namespace regard_fuzz
