// SPDX-License-Identifier: MIT
// config.json ==== preprocessor_config.json ==== model.safetensors.index.json, beside the weights of two tiny
// models: read, loaded, and run where they fit.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/checkpoint/vit_config.hpp>
#include <regard/models/image_classifier.hpp>
#include <regard/models/load_bert.hpp>

#include <cmath>

namespace regard_fuzz {

/// A checkpoint folder whose weights are those of a tiny golden model.
class ModelFolder : public Folder {
 public:
  ModelFolder(const char* golden, const char* name) {
    std::filesystem::copy_file(std::filesystem::path(REGARD_TEST_DATA) / golden / "model.safetensors",
                               path() / name);
  }
};

template <class Rows>
void run_one(const regard::SequenceClassifier<float>& classifier, const Rows& rows) {
  const auto trace = regard::record<float>(classifier, rows);
  for (const float logit : trace.logits)
    require(std::isfinite(logit), "finite logits");
}

inline void run_text_model(const std::filesystem::path& folder) {
  accepts([&] {
    const auto bert = regard::load_bert<float>(folder);
    const std::array<regard::BertToken, 2> tokens{{{1, 0, 0}, {2, 0, 1}}};
    run_one(bert.classifier, bert.embed(tokens));
  });
}

inline void run_image_model(const std::filesystem::path& folder) {
  accepts([&] {
    regard::ImageClassifierOptions interpolated;
    interpolated.positions = regard::PositionEmbeddings::interpolated;
    const auto model = regard::load_image_classifier<float>(folder, interpolated);
    const auto size = model.processor().output_size({6, 7});
    require(size.height > 0 && size.width > 0, "an image keeps a pixel");
    if (size.height > 64 || size.width > 64)
      return;
    const auto image = model.encode(regard::Image({6, 7, 3}));
    require(image.pixels.shape() == regard::Shape<3>{3, size.height, size.width}, "the announced size");
    run_one(model.classifier(), model.vit().embed(image.pixels));
  });
}

inline void config(Bytes input) {
  static const ModelFolder text("bert/one-layer-one-head", "model.safetensors"),
      shards("bert/one-layer-one-head", "weights.safetensors"),
      image("vit/one-layer-one-head", "model.safetensors");
  const auto [config, preprocessor, index] = split<3>(input);
  const bool is_text = accepts([file = text_of(config)] {
    const auto read = regard::read_bert_config(regard::ConfigFile::parse(file, "config.json"));
    require(read.hidden_size % read.num_attention_heads == 0 && !read.labels.empty(),
            "a whole head, a label");
  });
  const bool is_image = accepts([file = text_of(config)] {
    const auto read = regard::read_vit_config(regard::ConfigFile::parse(file, "config.json"));
    require(read.rows() > 0 && read.columns() > 0 && !read.labels.empty(), "a patch, a label");
  });
  require(!is_text || !is_image, "one kind of model");
  if (is_text) {
    text.write("config.json", config);
    run_text_model(text.path());
    shards.write("config.json", config);
    shards.write_or_remove("model.safetensors.index.json", index);
    run_text_model(shards.path());
  }
  if (is_image || !preprocessor.empty()) {
    image.write("preprocessor_config.json", preprocessor);
    accepts([] { regard::load_image_processor(image.path()); });
  }
  if (is_image) {
    image.write("config.json", config);
    run_image_model(image.path());
  }
}

} // namespace regard_fuzz
