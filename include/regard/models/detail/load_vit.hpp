// SPDX-License-Identifier: MIT
// Body of models/load_vit.hpp.
#pragma once

#include <regard/checkpoint/vit_config.hpp>
#include <regard/models/detail/read_layers.hpp>
#include <regard/models/load_vit.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

template <class Scalar>
BlockWeights<Scalar> read_vit_block(TensorReader& reader, const ViTConfig& config, Index layer) {
  const std::string name = "encoder.layer." + std::to_string(layer) + ".";
  const Index width = config.hidden_size, inner = config.intermediate_size;
  const bool bias = config.qkv_bias;
  BlockWeights<Scalar> block;
  block.attention_norm = read_norm<Scalar>(reader, name + "layernorm_before", width, config.layer_norm_eps);
  block.query = read_linear<Scalar>(reader, name + "attention.attention.query", width, width, bias);
  block.key = read_linear<Scalar>(reader, name + "attention.attention.key", width, width, bias);
  block.value = read_linear<Scalar>(reader, name + "attention.attention.value", width, width, bias);
  block.attention_output = read_linear<Scalar>(reader, name + "attention.output.dense", width, width);
  block.output_norm = read_norm<Scalar>(reader, name + "layernorm_after", width, config.layer_norm_eps);
  block.intermediate = read_linear<Scalar>(reader, name + "intermediate.dense", inner, width);
  block.output = read_linear<Scalar>(reader, name + "output.dense", width, inner);
  return block;
}

/// The last dimensions of a tensor as one; an empty view stays empty.
template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, 2> as_matrix(const SharedTensor<Scalar, Rank>& tensor, Index rows) {
  const Index size = tensor.view.empty() ? 0 : tensor.view.size();
  return {tensor.view.template reshape<2>(size == 0 ? Shape<2>{0, 0} : Shape<2>{rows, size / rows}),
          tensor.keep_alive};
}

/// Class token, and distillation token if there is one, as the rows of one matrix.
template <class Scalar>
SharedTensor<Scalar, 2> read_special_tokens(TensorReader& reader, const ViTConfig& config) {
  const Index width = config.hidden_size;
  const auto first = reader.require<Scalar, 3>("embeddings.cls_token", {1, 1, width});
  if (!config.distilled)
    return as_matrix(first, 1);
  const auto second = reader.require<Scalar, 3>("embeddings.distillation_token", {1, 1, width});
  Tensor<Scalar, 2> rows({2, first.view.empty() || second.view.empty() ? 0 : width});
  if (!rows.empty()) {
    std::copy(first.view.begin(), first.view.end(), rows[0].begin());
    std::copy(second.view.begin(), second.view.end(), rows[1].begin());
  }
  return share(std::move(rows));
}

/// What a checkpoint may hold for other tasks.
inline const std::vector<std::string> vit_ignorable = {"pooler.*", "embeddings.mask_token", "decoder.*"};

template <class Scalar>
ViTClassifier<Scalar> read_vit(const Checkpoint& checkpoint, const ViTConfig& config,
                               std::vector<std::string>* notes) {
  TensorReader reader(checkpoint, config.distilled ? "deit." : "vit.");
  const Index width = config.hidden_size;
  const auto [patch_height, patch_width] = config.patch_size;
  reader.require_layers("encoder.layer", "num_hidden_layers", config.num_hidden_layers);
  const std::string projection = "embeddings.patch_embeddings.projection";
  Linear<Scalar> patches{
      as_matrix(reader.require<Scalar, 4>(projection + ".weight",
                                          {width, config.num_channels, patch_height, patch_width}),
                width),
      reader.require<Scalar, 1>(projection + ".bias", {width})};
  auto special = read_special_tokens<Scalar>(reader, config);
  const PatchGrid grid{config.rows(), config.columns()};
  const Index tokens = config.special_tokens() + grid.patches();
  auto positions =
      as_matrix(reader.require<Scalar, 3>("embeddings.position_embeddings", {1, tokens, width}), tokens);
  std::vector<BlockWeights<Scalar>> blocks;
  for (Index layer = 0; layer < config.num_hidden_layers; ++layer)
    blocks.push_back(read_vit_block<Scalar>(reader, config, layer));
  auto norm = read_norm<Scalar>(reader, "layernorm", width, config.layer_norm_eps);
  const bool teacher = config.distilled && reader.contains("cls_classifier.weight");
  auto classifier =
      read_linear<Scalar>(reader, teacher ? "cls_classifier" : "classifier", config.labels.size(), width);
  std::optional<Linear<Scalar>> second;
  if (teacher)
    second = read_linear<Scalar>(reader, "distillation_classifier", config.labels.size(), width);
  std::vector<std::string> ignored = reader.finish(vit_ignorable);
  if (notes != nullptr)
    *notes = std::move(ignored);
  return {PatchEmbeddings<Scalar>(std::move(patches), std::move(special), std::move(positions), grid,
                                  patch_height, patch_width),
          SequenceClassifier<Scalar>(
              Encoder<Scalar>(
                  {width, config.num_attention_heads, activation_of(config.hidden_act), NormPosition::before},
                  std::move(blocks)),
              ClassificationHead<Scalar>(std::move(classifier), {}, std::move(norm), std::move(second)))};
}

} // namespace detail

template <class Scalar>
ViTClassifier<Scalar> load_vit(const std::filesystem::path& folder, Mapping mapping,
                               std::vector<std::string>* notes) {
  const Checkpoint checkpoint = Checkpoint::open(folder, mapping);
  return detail::read_vit<Scalar>(checkpoint, read_vit_config(checkpoint.config()), notes);
}

} // namespace regard::inline REGARD_ABI
