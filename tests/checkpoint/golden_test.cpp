// SPDX-License-Identifier: MIT
// Files of the Python packages safetensors and transformers, and what Python reads back from them
// (tests/golden/checkpoint/make.py).
#include "checkpoint/files.hpp"

#include <regard/checkpoint.hpp>

#include <bit>
#include <cmath>

namespace {

const std::filesystem::path golden = std::filesystem::path(REGARD_TEST_DATA) / "checkpoint";

nlohmann::json expected() {
  std::ifstream file(golden / "expected.json");
  REQUIRE(file);
  return nlohmann::json::parse(file);
}

double number(const nlohmann::json& value) {
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

template <class Scalar>
bool same(Scalar actual, double wanted) {
  return std::isnan(wanted)
             ? std::isnan(actual)
             : actual == static_cast<Scalar>(wanted) && std::signbit(actual) == std::signbit(wanted);
}

/// The script's checksum: it tells values and their order.
std::uint64_t checksum(std::span<const float> numbers) {
  std::uint64_t sum = 0, position = 0;
  for (const float value : numbers)
    sum += ++position * std::bit_cast<std::uint32_t>(value);
  return sum;
}

} // namespace

TEMPLATE_TEST_CASE("a file of the safetensors package reads as Python reads it", "[golden]", float, double) {
  const auto file = regard::SafeTensors::open(golden / "mixed.safetensors",
                                              GENERATE(regard::Mapping::map, regard::Mapping::copy));
  const nlohmann::json wanted = expected();
  std::vector<std::string> names;
  for (const auto& [name, tensor] : wanted["mixed"].items()) {
    names.push_back(name);
    const regard::TensorInfo* const found = file.find(name);
    REQUIRE(found != nullptr);
    CHECK(nlohmann::json(found->shape) == tensor["shape"]);
    if (!regard::is_weight_type(found->dtype))
      continue;
    std::vector<TestType> values(tensor["values"].size());
    regard::convert<TestType>(found->dtype, found->bytes, values);
    for (std::size_t i = 0; i < values.size(); ++i) {
      INFO(name << '[' << i << "]: " << values[i]);
      CHECK(same(values[i], number(tensor["values"][i])));
    }
  }
  CHECK(file.names() == names);
  CHECK(file.find("ids")->dtype == regard::DataType::i64);
  CHECK(file.find("mask")->dtype == regard::DataType::boolean);
  CHECK(nlohmann::json(file.metadata()) == wanted["metadata"]);
}

TEST_CASE("the defaults are those of transformers' BertConfig", "[golden]") {
  const nlohmann::json wanted = expected()["defaults"];
  const auto file = regard::ConfigFile::parse(R"({"model_type":"bert"})", "config.json");
  for (const auto& config : {regard::BertConfig{}, regard::read_bert_config(file)}) {
    CHECK(config.vocab_size == wanted["vocab_size"]);
    CHECK(config.hidden_size == wanted["hidden_size"]);
    CHECK(config.num_hidden_layers == wanted["num_hidden_layers"]);
    CHECK(config.num_attention_heads == wanted["num_attention_heads"]);
    CHECK(config.intermediate_size == wanted["intermediate_size"]);
    CHECK(config.max_position_embeddings == wanted["max_position_embeddings"]);
    CHECK(config.type_vocab_size == wanted["type_vocab_size"]);
    CHECK(config.layer_norm_eps == wanted["layer_norm_eps"]);
    CHECK(config.pad_token_id == wanted["pad_token_id"].get<regard::Index>());
    CHECK(config.labels == wanted["labels"].get<std::vector<std::string>>());
    CHECK(wanted["hidden_act"] == "gelu");
    CHECK(config.hidden_act == regard::BertConfig::Activation::gelu);
    CHECK(config.problem_type == regard::BertConfig::Problem::single_label);
  }
}

TEST_CASE("a sharded checkpoint of transformers gives a BERT classifier all its weights", "[golden]") {
  const auto checkpoint = regard::Checkpoint::open(golden / "sharded");
  CHECK(checkpoint.files().size() == 2);
  const auto config = regard::read_bert_config(checkpoint.config());
  CHECK(config.hidden_act == regard::BertConfig::Activation::gelu_tanh);
  CHECK(config.problem_type == regard::BertConfig::Problem::multi_label);
  CHECK(config.labels == std::vector<std::string>{"no", "maybe", "yes"});

  const nlohmann::json wanted = expected()["sharded"];
  regard::TensorReader reader(checkpoint, "bert.");
  const auto check = [&](const std::string& name, auto shape) {
    const std::string key = wanted.contains("bert." + name) ? "bert." + name : name;
    INFO(key);
    const auto weights = reader.require<float, std::tuple_size_v<decltype(shape)>>(name, shape);
    REQUIRE(wanted.contains(key));
    CHECK(checksum(weights.view.flat()) == wanted[key]["checksum"].get<std::uint64_t>());
  };
  const auto vector = [&](const std::string& name, regard::Index size) {
    check(name, regard::Shape<1>{size});
  };
  const auto dense = [&](const std::string& name, regard::Index out, regard::Index in) {
    check(name + ".weight", regard::Shape<2>{out, in});
    vector(name + ".bias", out);
  };
  const regard::Index width = config.hidden_size;
  const auto norm = [&](const std::string& name) {
    vector(name + ".LayerNorm.weight", width);
    vector(name + ".LayerNorm.bias", width);
  };
  check("embeddings.word_embeddings.weight", regard::Shape<2>{config.vocab_size, width});
  check("embeddings.position_embeddings.weight", regard::Shape<2>{config.max_position_embeddings, width});
  check("embeddings.token_type_embeddings.weight", regard::Shape<2>{config.type_vocab_size, width});
  norm("embeddings");
  reader.require_layers("encoder.layer", "num_hidden_layers", config.num_hidden_layers);
  for (regard::Index layer = 0; layer < config.num_hidden_layers; ++layer) {
    const std::string block = "encoder.layer." + std::to_string(layer) + '.';
    for (const std::string part : {"attention.self.query", "attention.self.key", "attention.self.value"})
      dense(block + part, width, width);
    dense(block + "attention.output.dense", width, width);
    norm(block + "attention.output");
    dense(block + "intermediate.dense", config.intermediate_size, width);
    dense(block + "output.dense", width, config.intermediate_size);
    norm(block + "output");
  }
  dense("pooler.dense", width, width);
  dense("classifier", config.labels.size(), width);
  CHECK(reader.finish().empty());
}
