// SPDX-License-Identifier: MIT
// A Hugging Face checkpoint folder: its config.json and its weights, in one model.safetensors or in the
// shards that model.safetensors.index.json lists.
//
//     const auto checkpoint = regard::Checkpoint::open("bert-tiny-sst2");
//     const auto config = regard::read_bert_config(checkpoint.config());
//     const auto words = checkpoint.load<float, 2>("bert.embeddings.word_embeddings.weight",
//                                                  {config.vocab_size, config.hidden_size});
#pragma once

#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/safetensors.hpp>
#include <regard/checkpoint/weights.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// An opened checkpoint. Copies share the memory of its files.
class Checkpoint {
 public:
  /// Opens config.json and every weight file, and validates them all. When model.safetensors is there, an
  /// index is not looked at, as transformers has it.
  /// @throws IoError when the folder, config.json, or all weights or one of the shards are missing or
  /// unreadable; MalformedFile when a file breaks its format, a shard's name is no plain file name, a shard
  /// lacks a tensor that the index puts there or holds one that it does not; UnsupportedFile when there are
  /// only pickled weights (pytorch_model.bin): the message gives the command that converts them.
  REGARD_LAZY static Checkpoint open(const std::filesystem::path& folder, Mapping mapping = Mapping::map);

  const std::filesystem::path& folder() const { return folder_; }
  const ConfigFile& config() const { return config_; }

  /// What error messages name when a tensor is wrong: the path of model.safetensors or of the index.
  const std::string& weights_file() const { return weights_file_; }

  /// The names of all tensors as they stand in the files, sorted (bytewise).
  REGARD_LAZY std::vector<std::string> names() const;

  /// The tensor of that name, or null. A name that ends in `LayerNorm.weight` or `LayerNorm.bias` also finds
  /// the older `LayerNorm.gamma` or `LayerNorm.beta`. Valid as long as this object.
  const TensorInfo* find(std::string_view name) const;

  /// The tensor of that name (see `find`), which must have that shape, as `load_tensor` gives it.
  /// @throws MalformedFile when it is missing or has another shape; UnsupportedFile when its type is none of
  /// F16, BF16, F32 and F64.
  template <class Scalar, std::size_t Rank>
  SharedTensor<Scalar, Rank> load(std::string_view name, const Shape<Rank>& shape) const;

  /// How many consecutive layers `stem`.0, `stem`.1, ... have a tensor.
  REGARD_LAZY Index count_layers(std::string_view stem) const;

  /// The files that hold the weights, in the order of their names.
  const std::vector<SafeTensors>& files() const { return files_; }

 private:
  Checkpoint(std::filesystem::path folder, ConfigFile config)
      : folder_(std::move(folder)), config_(std::move(config)) {}

  REGARD_LAZY void open_shards(const std::filesystem::path& index, Mapping mapping);

  std::filesystem::path folder_;
  ConfigFile config_;
  std::string weights_file_;
  std::vector<SafeTensors> files_;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/checkpoint.hpp>
#endif
