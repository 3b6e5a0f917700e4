// SPDX-License-Identifier: MIT
// self_test.json, for both bundled models: the test passes, fails, or the file is refused.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/models/image_classifier.hpp>
#include <regard/models/text_classifier.hpp>

namespace regard_fuzz {

inline void self_test(Bytes input) {
  static const std::filesystem::path models = REGARD_TEST_MODELS;
  static const auto text = regard::load_text_classifier<float>(models / "bert-tiny-sst2");
  static const auto image = regard::load_image_classifier<float>(models / "vit-small-cifar10");
  static const Folder folder;
  folder.write("self_test.json", input);
  const auto passes = [](const auto& model) {
    accepts([&] {
      const regard::SelfTestReport report = regard::self_test(model, folder.path());
      require(report.samples > 0 && report.largest_difference <= report.tolerance, "a test that was passed");
    });
  };
  passes(text);
  passes(image);
}

} // namespace regard_fuzz
