// SPDX-License-Identifier: MIT
// Does this build compute what transformers computed from a checkpoint? Compares logits and hidden states
// with the folder's self_test.json (write_self_test.py makes it) and names the first layer that differs.
//
//     self_test FOLDER...
#include <regard/models/image_classifier.hpp>
#include <regard/models/text_classifier.hpp>

#include <exception>
#include <iostream>

namespace {

regard::SelfTestReport test(const std::filesystem::path& folder) {
  if (regard::ConfigFile::open(folder / "config.json").string("model_type") == "bert")
    return regard::self_test(regard::load_text_classifier<float>(folder), folder);
  return regard::self_test(regard::load_image_classifier<float>(folder), folder);
}

} // namespace

int main(int count, char** arguments) {
  try {
    for (int i = 1; i < count; ++i) {
      const regard::SelfTestReport report = test(arguments[i]);
      std::cout << arguments[i] << ": " << report.samples << " samples agree within " << report.tolerance
                << " (largest difference " << report.largest_difference << ")\n";
    }
  } catch (const std::exception& error) {
    std::cerr << "self_test: " << error.what() << '\n';
    return 1;
  }
}
