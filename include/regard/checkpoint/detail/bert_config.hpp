// SPDX-License-Identifier: MIT
// Body of read_bert_config in checkpoint/config.hpp.
#pragma once

#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/detail/json.hpp>
#include <regard/checkpoint/detail/problems.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>
#include <utility>

namespace regard::inline REGARD_ABI {

namespace detail {

inline constexpr std::int64_t size_limit = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t label_limit = 1 << 20; // names are made up to that many before a tensor is seen

REGARD_LAZY
Index read_size(const ConfigFile& file, std::string_view key, Index fallback) {
  return static_cast<Index>(file.integer(key, 1, size_limit, static_cast<std::int64_t>(fallback)));
}

/// Refuses what would change the computation in a way that this library does not follow.
REGARD_LAZY
void refuse_unsupported(const ConfigFile& file) {
  constexpr std::array<std::string_view, 1> positions{"absolute"};
  file.choice("position_embedding_type", positions, 0);
  for (const std::string_view key : {"is_decoder", "add_cross_attention"})
    if (file.boolean(key, false))
      throw UnsupportedFile(file.file(), std::string(key) + ": found true, expected false: an encoder");
  for (const std::string_view key : {"pruned_heads", "quantization_config"})
    if (file.has(key) && !file.json().find(key)->empty())
      throw UnsupportedFile(file.file(), std::string(key) + ": found " + found_text(*file.json().find(key)) +
                                             ", expected none");
}

REGARD_LAZY
BertConfig::Activation read_activation(const ConfigFile& file) {
  using Activation = BertConfig::Activation;
  constexpr std::array<std::string_view, 7> names{
      "gelu", "gelu_python", "gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate", "relu"};
  constexpr std::array<Activation, 7> activations{
      Activation::gelu,      Activation::gelu,      Activation::gelu_tanh, Activation::gelu_tanh,
      Activation::gelu_tanh, Activation::gelu_tanh, Activation::relu};
  return activations[file.choice("hidden_act", names, 0)];
}

REGARD_LAZY
BertConfig::Problem read_problem(const ConfigFile& file, Index labels) {
  using Problem = BertConfig::Problem;
  constexpr std::array<std::string_view, 3> names{"single_label_classification", "multi_label_classification",
                                                  "regression"};
  constexpr std::array<Problem, 3> problems{Problem::single_label, Problem::multi_label, Problem::regression};
  const auto problem = problems[file.choice("problem_type", names, labels == 1 ? 2 : 0)];
  if (problem == Problem::single_label && labels == 1)
    file.fail("problem_type", "\"single_label_classification\" with 1 label", "at least 2 labels");
  return problem;
}

/// id2label: its keys are the numbers 0 to n - 1, each written once and without leading zeros.
REGARD_LAZY
std::vector<std::string> read_label_names(const ConfigFile& file) {
  const nlohmann::json& names = *file.json().find("id2label");
  if (!names.is_object() || names.empty())
    file.fail("id2label", found_text(names), "an object of labels under the keys \"0\", \"1\", ...");
  std::vector<std::string> labels(names.size());
  std::vector<std::string> problems;
  for (const auto& [key, name] : names.items()) {
    Index index = 0;
    const auto [stop, error] = std::from_chars(key.data(), key.data() + key.size(), index);
    if (error != std::errc() || std::to_string(index) != key || index >= labels.size())
      problems.push_back("id2label: found key " + quote(key) + ", expected \"0\" to \"" +
                         std::to_string(labels.size() - 1) + "\" for " + std::to_string(labels.size()) +
                         " labels");
    else if (!name.is_string())
      problems.push_back("id2label: " + quote(key) + ": found " + found_text(name) + ", expected a string");
    else
      labels[index] = name.template get<std::string>();
  }
  if (!problems.empty())
    throw MalformedFile(file.file(), problems);
  return labels;
}

/// label2id, when there, must not give a label of id2label another number.
REGARD_LAZY
void check_label_numbers(const ConfigFile& file, const std::vector<std::string>& labels) {
  if (!file.has("label2id"))
    return;
  const nlohmann::json& numbers = *file.json().find("label2id");
  if (!numbers.is_object())
    file.fail("label2id", found_text(numbers), "an object of labels and their numbers");
  std::vector<std::string> problems;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto number = numbers.find(labels[i]);
    if (number == numbers.end() || is_number(*number, static_cast<double>(i)))
      continue;
    std::uint64_t other = 0; // a label that id2label has twice can have one number only
    if (!get_unsigned(*number, other) || other >= labels.size() || labels[other] != labels[i])
      problems.push_back("label2id: " + quote(labels[i]) + ": found " + found_text(*number) + ", expected " +
                         std::to_string(i) + ", its key in id2label");
  }
  if (!problems.empty())
    throw MalformedFile(file.file(), problems);
}

REGARD_LAZY
std::vector<std::string> read_labels(const ConfigFile& file) {
  std::vector<std::string> labels;
  if (file.has("id2label")) {
    labels = read_label_names(file);
    const auto count = static_cast<std::int64_t>(labels.size());
    if (file.integer("num_labels", 1, size_limit, count) != count)
      file.fail("num_labels", std::to_string(file.integer("num_labels", 1, size_limit)),
                std::to_string(count) + ", the number of labels in id2label");
    check_label_numbers(file, labels);
    return labels;
  }
  const auto count = file.integer("num_labels", 1, label_limit, 2);
  for (std::int64_t i = 0; i < count; ++i)
    labels.push_back("LABEL_" + std::to_string(i));
  return labels;
}

REGARD_LAZY
double read_norm_epsilon(const ConfigFile& file, double fallback) {
  const double epsilon = file.number("layer_norm_eps", 0, fallback);
  if (epsilon > 1) // beyond it, float arithmetic could lose every row
    file.fail("layer_norm_eps", nlohmann::json(epsilon).dump(), "a number from 0 to 1");
  return epsilon;
}

/// A size that multiplies the width of the hidden states in the shape of a weight matrix.
struct WeightSize {
  std::string_view key;
  Index size;
};

/// No weight matrix of these sizes has more bytes than memory can address.
REGARD_LAZY
void check_products(const ConfigFile& file, Index width, std::initializer_list<WeightSize> sizes) {
  constexpr Index limit = std::numeric_limits<Index>::max() / 2 / sizeof(double);
  if (width > limit / width)
    file.fail("hidden_size", std::to_string(width) + " times " + std::to_string(width),
              "at most " + std::to_string(limit));
  for (const WeightSize& factor : sizes)
    if (factor.size > limit / width)
      file.fail(std::string(factor.key) + " times hidden_size",
                std::to_string(factor.size) + " times " + std::to_string(width),
                "at most " + std::to_string(limit));
}

} // namespace detail

template <class Lazy>
BertConfig read_bert_config(const ConfigFile& file) {
  constexpr std::array<std::string_view, 1> models{"bert"};
  file.choice("model_type", models);
  detail::refuse_unsupported(file);
  BertConfig config;
  config.vocab_size = detail::read_size(file, "vocab_size", config.vocab_size);
  config.hidden_size = detail::read_size(file, "hidden_size", config.hidden_size);
  config.num_hidden_layers = detail::read_size(file, "num_hidden_layers", config.num_hidden_layers);
  config.num_attention_heads = detail::read_size(file, "num_attention_heads", config.num_attention_heads);
  config.intermediate_size = detail::read_size(file, "intermediate_size", config.intermediate_size);
  config.max_position_embeddings =
      detail::read_size(file, "max_position_embeddings", config.max_position_embeddings);
  config.type_vocab_size = detail::read_size(file, "type_vocab_size", config.type_vocab_size);
  if (config.hidden_size % config.num_attention_heads != 0)
    file.fail("num_attention_heads", std::to_string(config.num_attention_heads),
              "a divisor of hidden_size, " + std::to_string(config.hidden_size));
  config.hidden_act = detail::read_activation(file);
  config.layer_norm_eps = detail::read_norm_epsilon(file, config.layer_norm_eps);
  if (const auto pad = file.json().find("pad_token_id"); pad != file.json().end() && pad->is_null())
    config.pad_token_id = std::nullopt;
  else
    config.pad_token_id = static_cast<Index>(
        file.integer("pad_token_id", 0, static_cast<std::int64_t>(config.vocab_size) - 1, 0));
  config.labels = detail::read_labels(file);
  config.problem_type = detail::read_problem(file, config.labels.size());
  detail::check_products(file, config.hidden_size,
                         {{"vocab_size", config.vocab_size},
                          {"intermediate_size", config.intermediate_size},
                          {"max_position_embeddings", config.max_position_embeddings},
                          {"type_vocab_size", config.type_vocab_size},
                          {"id2label", config.labels.size()}});
  return config;
}

} // namespace regard::inline REGARD_ABI
