// SPDX-License-Identifier: MIT
// Body of checkpoint/vit_config.hpp.
#pragma once

#include <regard/checkpoint/detail/bert_config.hpp>
#include <regard/checkpoint/vit_config.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Heights and widths stay small enough that no product of them overflows.
inline constexpr std::uint64_t pixel_limit = 1 << 16;

/// A size as a number, or as [height, width].
REGARD_LAZY
ViTConfig::Size read_pixel_size(const ConfigFile& file, std::string_view key, ViTConfig::Size fallback) {
  if (!file.has(key))
    return fallback;
  const nlohmann::json& value = *file.json().find(key);
  const auto pixels = [&](const nlohmann::json& number) {
    std::uint64_t result = 0;
    if (!get_unsigned(number, result) || result == 0 || result > pixel_limit)
      file.fail(key, found_text(value),
                "a number of pixels from 1 to " + std::to_string(pixel_limit) + ", or [height, width]");
    return static_cast<Index>(result);
  };
  if (value.is_array() && value.size() == 2)
    return {pixels(value[0]), pixels(value[1])};
  return {pixels(value), pixels(value)};
}

} // namespace detail

template <class Lazy>
ViTConfig read_vit_config(const ConfigFile& file) {
  constexpr std::array<std::string_view, 2> models{"vit", "deit"};
  ViTConfig config;
  config.distilled = file.choice("model_type", models) == 1;
  detail::refuse_unsupported(file);
  config.hidden_size = detail::read_size(file, "hidden_size", config.hidden_size);
  config.num_hidden_layers = detail::read_size(file, "num_hidden_layers", config.num_hidden_layers);
  config.num_attention_heads = detail::read_size(file, "num_attention_heads", config.num_attention_heads);
  config.intermediate_size = detail::read_size(file, "intermediate_size", config.intermediate_size);
  if (config.hidden_size % config.num_attention_heads != 0)
    file.fail("num_attention_heads", std::to_string(config.num_attention_heads),
              "a divisor of hidden_size, " + std::to_string(config.hidden_size));
  config.hidden_act = detail::read_activation(file);
  config.layer_norm_eps = detail::read_norm_epsilon(file, config.layer_norm_eps);
  config.image_size = detail::read_pixel_size(file, "image_size", config.image_size);
  config.patch_size = detail::read_pixel_size(file, "patch_size", config.patch_size);
  if (config.rows() == 0 || config.columns() == 0)
    file.fail("patch_size",
              std::to_string(config.patch_size.height) + " x " + std::to_string(config.patch_size.width),
              "at most the image_size, " + std::to_string(config.image_size.height) + " x " +
                  std::to_string(config.image_size.width));
  config.num_channels = detail::read_size(file, "num_channels", config.num_channels);
  if (config.num_channels != 3)
    throw UnsupportedFile(file.file(), "num_channels: found " + std::to_string(config.num_channels) +
                                           ", expected 3: images are decoded to red, green and blue");
  config.qkv_bias = file.boolean("qkv_bias", true);
  config.labels = detail::read_labels(file);
  config.problem_type = detail::read_problem(file, config.labels.size());
  detail::check_products(file, config.hidden_size,
                         {{"intermediate_size", config.intermediate_size},
                          {"image_size over patch_size", config.rows() * config.columns() + 2},
                          {"patch_size", 3 * config.patch_size.height * config.patch_size.width},
                          {"id2label", config.labels.size()}});
  return config;
}

} // namespace regard::inline REGARD_ABI
