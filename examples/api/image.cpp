// SPDX-License-Identifier: MIT
// From a picture to the numbers that a model sees, and back to a file.
#include <regard/image/load.hpp>
#include <regard/image/png.hpp>
#include <regard/image/processor.hpp>

#include <iostream>

int main() {
  regard::Image picture({30, 40, 3}); // height, width, colours
  for (regard::Index y = 0; y < 30; ++y)
    for (regard::Index x = 0; x < 40; ++x)
      picture(y, x, 0) = static_cast<std::uint8_t>(6 * x); // redder to the right
  const std::string file = regard::encode_png(picture);
  const regard::Image again = regard::decode_image(std::as_bytes(std::span(file)), "picture");
  std::cout << (std::ranges::equal(picture, again) ? "a PNG loses nothing\n" : "a PNG loses something\n");

  const auto processor = regard::load_image_processor("examples/models/vit-small-cifar10");
  const auto input = processor.process<float>(picture);
  std::cout << input.pixels.extent(0) << " x " << input.pixels.extent(1) << " x " << input.pixels.extent(2)
            << " numbers; red from " << std::round(10 * input.pixels(0, 16, 0)) / 10 << " to "
            << std::round(10 * input.pixels(0, 16, 31)) / 10 << '\n';
}
