// SPDX-License-Identifier: MIT
// model.safetensors beside the config.json of two tiny models: names, shapes and numbers of the file become a
// model, which then runs.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/models/image_classifier.hpp>
#include <regard/models/load_bert.hpp>

namespace regard_fuzz {

/// A checkpoint folder with the configuration of a golden model, and without its weights.
class ConfiguredFolder : public Folder {
 public:
  explicit ConfiguredFolder(const char* golden) {
    std::filesystem::copy_file(std::filesystem::path(REGARD_TEST_DATA) / golden / "config.json",
                               path() / "config.json");
  }
};

/// Weights may be any numbers, NaN among them: what comes out is a number for each label.
template <class Rows>
void run_any(const regard::SequenceClassifier<float>& classifier, const Rows& rows) {
  const auto trace = regard::record<float>(classifier, rows);
  require(trace.logits.size() == classifier.classes(), "a logit for each label");
}

inline void weights(Bytes input) {
  static const ConfiguredFolder text("bert/one-layer-one-head"), image("vit/one-layer-one-head");
  accepts([&] {
    text.write("model.safetensors", input);
    const auto bert = regard::load_bert<float>(text.path());
    const std::array<regard::BertToken, 2> tokens{{{1, 0, 0}, {2, 0, 1}}};
    run_any(bert.classifier, bert.embed(tokens));
  });
  accepts([&] {
    image.write("model.safetensors", input);
    const auto vit = regard::load_vit<float>(image.path());
    const auto& patches = vit.embeddings;
    run_any(vit.classifier,
            vit.embed(regard::Tensor<float, 3>(
                {patches.channels(), 2 * patches.patch_height(), 3 * patches.patch_width()})));
  });
}

} // namespace regard_fuzz
