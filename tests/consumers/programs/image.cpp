// SPDX-License-Identifier: MIT
// Reads an image model beside the text model whose folder is the first argument, and explains a picture.
#include <regard/image.hpp>

#include <iostream>

int main(int, char** argv) {
  const auto folder = std::filesystem::path(argv[1]).parent_path() / "vit-small-cifar10";
  const auto model = regard::load_image_classifier<float>(folder);
  regard::Image gray({20, 30, 3});
  std::fill(gray.begin(), gray.end(), std::uint8_t{128});
  const auto why = regard::explain(model, regard::ImageInput(gray), regard::grad_attention_mutual{});
  std::cout << R"({"prediction":{"label":")" << why.prediction.name << R"("},"patches":)"
            << why.patches.size() << "}\n";
}
