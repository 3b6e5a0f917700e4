// SPDX-License-Identifier: MIT
// config.json: a typed reader of its keys, and what a BERT classifier's says.
//
//     const auto file = regard::ConfigFile::open("bert-tiny-sst2/config.json");
//     const auto config = regard::read_bert_config(file);
//     std::cout << config.num_hidden_layers << " layers, labels " << config.labels.size() << '\n';
//
// Unknown keys are ignored; an unknown value of a known key is refused by name. A key whose value is null
// counts as absent, as in transformers.
#pragma once

#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A JSON object read from a file, by keys and the types they must have. Repeated keys and nesting beyond 64
/// are refused. Every getter throws MalformedFile naming file, key, what was found and what was expected,
/// when the value is of another type, out of range, or absent and there is no `fallback`.
class ConfigFile {
 public:
  /// @throws IoError when the file cannot be read; MalformedFile when it is not a JSON object.
  REGARD_LAZY static ConfigFile open(const std::filesystem::path& path);

  /// The same for a text in memory. @param file  what error messages call it.
  REGARD_LAZY static ConfigFile parse(std::string_view text, std::string file);

  /// Whether there is a value other than null.
  bool has(std::string_view key) const { return find(key) != nullptr; }

  /// An integer (written without fraction or exponent) from `least` to `most`.
  REGARD_LAZY std::int64_t integer(std::string_view key, std::int64_t least, std::int64_t most,
                                   std::optional<std::int64_t> fallback = std::nullopt) const;

  /// A number of at least `least`; finite, since JSON has no other.
  REGARD_LAZY double number(std::string_view key, double least,
                            std::optional<double> fallback = std::nullopt) const;

  REGARD_LAZY std::string string(std::string_view key,
                                 std::optional<std::string> fallback = std::nullopt) const;
  REGARD_LAZY bool boolean(std::string_view key, std::optional<bool> fallback = std::nullopt) const;

  /// A string that must be one of `choices`. @return its position there.
  /// @throws UnsupportedFile listing the choices when it is another string.
  REGARD_LAZY std::size_t choice(std::string_view key, std::span<const std::string_view> choices,
                                 std::optional<std::size_t> fallback = std::nullopt) const;

  /// The whole object, for what the getters do not cover.
  const nlohmann::json& json() const { return *json_; }

  /// What error messages call this file: its path.
  const std::string& file() const { return file_; }

  /// Throws MalformedFile in this file's name: "KEY: found FOUND, expected EXPECTED".
  REGARD_LAZY [[noreturn]] void fail(std::string_view key, const std::string& found,
                                     const std::string& expected) const;

 private:
  REGARD_LAZY ConfigFile(std::string file, std::span<const std::byte> text);
  const nlohmann::json* find(std::string_view key) const;

  std::string file_;
  std::shared_ptr<const nlohmann::json> json_;
};

/// What config.json says of a BERT encoder with a classification head. Members have the names and the
/// defaults of transformers' `BertConfig`.
struct BertConfig {
  /// `hidden_act`, by what it computes (transformers' ACT2FN).
  enum class Activation {
    gelu,      ///< exact, through erf: "gelu", "gelu_python"
    gelu_tanh, ///< "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"
    relu       ///< "relu"
  };

  /// `problem_type`; when absent, regression for one label and single_label for more.
  enum class Problem { single_label, multi_label, regression };

  Index vocab_size = 30522;
  Index hidden_size = 768; ///< a multiple of num_attention_heads
  Index num_hidden_layers = 12;
  Index num_attention_heads = 12;
  Index intermediate_size = 3072;
  Index max_position_embeddings = 512;
  Index type_vocab_size = 2;
  Activation hidden_act = Activation::gelu;
  double layer_norm_eps = 1e-12;         ///< finite, at least 0
  std::optional<Index> pad_token_id = 0; ///< less than vocab_size; nothing when null in the file
  std::vector<std::string> labels{"LABEL_0", "LABEL_1"}; ///< id2label, or LABEL_i for i < num_labels
  Problem problem_type = Problem::single_label;

  Index head_size() const { return hidden_size / num_attention_heads; }
};

/// Reads and validates. No product of two of the sizes overflows; that the weights bear the sizes out is for
/// their reader to check (`TensorReader`).
/// @throws MalformedFile when a value is wrong in itself or contradicts another (heads that do not divide the
/// width, labels that are not numbered 0 to n - 1); UnsupportedFile when the file asks for another model
/// type, activation, position embedding or problem type than listed, for a decoder, pruned heads or quantised
/// weights.
REGARD_LAZY BertConfig read_bert_config(const ConfigFile& file);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/bert_config.hpp>
#include <regard/checkpoint/detail/config.hpp>
#endif
