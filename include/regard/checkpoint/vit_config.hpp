// SPDX-License-Identifier: MIT
// What config.json says of a vision transformer that classifies images: ViT, or DeiT with its distillation
// token.
//
//     const auto config = regard::read_vit_config(regard::ConfigFile::open("vit/config.json"));
//     std::cout << config.rows() << " x " << config.columns() << " patches\n";
#pragma once

#include <regard/checkpoint/config.hpp>

namespace regard::inline REGARD_ABI {

/// Members have the names and the defaults of transformers' `ViTConfig` and `DeiTConfig`.
struct ViTConfig {
  /// Height and width, in pixels. In the file a number stands for a square.
  struct Size {
    Index height = 0;
    Index width = 0;
    friend bool operator==(const Size&, const Size&) = default;
  };

  bool distilled = false;  ///< model_type "deit": a distillation token follows the class token
  Index hidden_size = 768; ///< a multiple of num_attention_heads
  Index num_hidden_layers = 12;
  Index num_attention_heads = 12;
  Index intermediate_size = 3072;
  BertConfig::Activation hidden_act = BertConfig::Activation::gelu;
  double layer_norm_eps = 1e-12; ///< from 0 to 1
  Size image_size{224, 224};     ///< at least one patch
  Size patch_size{16, 16};
  Index num_channels = 3;
  bool qkv_bias = true;                                  ///< whether query, key and value have a bias
  std::vector<std::string> labels{"LABEL_0", "LABEL_1"}; ///< id2label, or LABEL_i for i < num_labels
  BertConfig::Problem problem_type = BertConfig::Problem::single_label;

  Index special_tokens() const { return distilled ? 2 : 1; }
  Index rows() const { return image_size.height / patch_size.height; }  ///< of patches
  Index columns() const { return image_size.width / patch_size.width; } ///< of patches
};

/// Reads and validates, as read_bert_config does.
/// @throws MalformedFile when a value is wrong in itself or contradicts another; UnsupportedFile when the
/// file asks for another model type, activation or problem type than listed, for another number of channels
/// than 3, or for quantised weights.
REGARD_LAZY ViTConfig read_vit_config(const ConfigFile& file);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/vit_config.hpp>
#endif
