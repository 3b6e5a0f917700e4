// SPDX-License-Identifier: MIT
// Body of models/load_bert.hpp.
#pragma once

#include <regard/models/detail/read_layers.hpp>
#include <regard/models/load_bert.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

template <class Scalar>
BlockWeights<Scalar> read_bert_block(TensorReader& reader, const BertConfig& config, Index layer) {
  const std::string name = "encoder.layer." + std::to_string(layer) + ".";
  const Index width = config.hidden_size, inner = config.intermediate_size;
  BlockWeights<Scalar> block;
  block.query = read_linear<Scalar>(reader, name + "attention.self.query", width, width);
  block.key = read_linear<Scalar>(reader, name + "attention.self.key", width, width);
  block.value = read_linear<Scalar>(reader, name + "attention.self.value", width, width);
  block.attention_output = read_linear<Scalar>(reader, name + "attention.output.dense", width, width);
  block.attention_norm =
      read_norm<Scalar>(reader, name + "attention.output.LayerNorm", width, config.layer_norm_eps);
  block.intermediate = read_linear<Scalar>(reader, name + "intermediate.dense", inner, width);
  block.output = read_linear<Scalar>(reader, name + "output.dense", width, inner);
  block.output_norm = read_norm<Scalar>(reader, name + "output.LayerNorm", width, config.layer_norm_eps);
  return block;
}

/// Position ids that older versions saved, and the heads of other tasks that a checkpoint may carry along.
inline const std::vector<std::string> bert_ignorable = {
    "embeddings.position_ids", "cls.*", "qa_outputs.*", "lm_head.*", "mlm_head.*", "nsp_head.*"};

template <class Scalar>
BertClassifier<Scalar> read_bert(const Checkpoint& checkpoint, const BertConfig& config,
                                 std::vector<std::string>* notes) {
  TensorReader reader(checkpoint, "bert.");
  const Index width = config.hidden_size;
  reader.require_layers("encoder.layer", "num_hidden_layers", config.num_hidden_layers);
  auto words = reader.require<Scalar, 2>("embeddings.word_embeddings.weight", {config.vocab_size, width});
  auto positions = reader.require<Scalar, 2>("embeddings.position_embeddings.weight",
                                             {config.max_position_embeddings, width});
  auto types =
      reader.require<Scalar, 2>("embeddings.token_type_embeddings.weight", {config.type_vocab_size, width});
  auto norm = read_norm<Scalar>(reader, "embeddings.LayerNorm", width, config.layer_norm_eps);
  std::vector<BlockWeights<Scalar>> blocks;
  for (Index layer = 0; layer < config.num_hidden_layers; ++layer)
    blocks.push_back(read_bert_block<Scalar>(reader, config, layer));
  auto pooler = read_linear<Scalar>(reader, "pooler.dense", width, width);
  auto classifier = read_linear<Scalar>(reader, "classifier", config.labels.size(), width);
  std::vector<std::string> ignored = reader.finish(bert_ignorable);
  if (notes != nullptr)
    *notes = std::move(ignored);
  return {BertEmbeddings<Scalar>(std::move(words), std::move(positions), std::move(types), std::move(norm)),
          SequenceClassifier<Scalar>(Encoder<Scalar>({width, config.num_attention_heads,
                                                      activation_of(config.hidden_act), NormPosition::after},
                                                     std::move(blocks)),
                                     ClassificationHead<Scalar>(std::move(classifier), std::move(pooler)))};
}

} // namespace detail

template <class Scalar>
BertClassifier<Scalar> load_bert(const std::filesystem::path& folder, Mapping mapping,
                                 std::vector<std::string>* notes) {
  const Checkpoint checkpoint = Checkpoint::open(folder, mapping);
  return detail::read_bert<Scalar>(checkpoint, read_bert_config(checkpoint.config()), notes);
}

} // namespace regard::inline REGARD_ABI
