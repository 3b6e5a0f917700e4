// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/checkpoint/tensor_reader.hpp>

using regard::Checkpoint;
using regard::MalformedFile;
using regard::TensorReader;
using regard::UnsupportedFile;
using regard_test::check_holds;
using regard_test::entry;
using regard_test::message_of;
using regard_test::safetensors;
using regard_test::TemporaryFolder;
using regard_test::zeros;

namespace {

Checkpoint checkpoint_of(const TemporaryFolder& folder, const std::string& weights,
                         const std::string& config = "{}") {
  folder.write("config.json", config);
  folder.write("model.safetensors", weights);
  return Checkpoint::open(folder.path());
}

} // namespace

TEST_CASE("a model that fits takes every tensor, with the prefix or without", "[tensor_reader]") {
  const TemporaryFolder folder;
  const bool prefixed = GENERATE(true, false);
  const std::string p = prefixed ? "bert." : "";
  const auto checkpoint = checkpoint_of(folder, zeros({p + "LayerNorm.gamma", p + "pooler", "classifier"}));
  TensorReader reader(checkpoint, "bert.");
  CHECK(reader.contains("pooler"));
  CHECK_FALSE(reader.contains("other"));
  CHECK(reader.unused().size() == 3);
  CHECK(reader.require<float, 1>("LayerNorm.weight", {2}).view.size() == 2);
  CHECK(reader.require<float, 1>("pooler", {2}).view.size() == 2);
  CHECK(reader.require<double, 1>("classifier", {2}).view.size() == 2);
  CHECK_FALSE(reader.optional<float, 1>("other", {2}));
  CHECK(reader.unused().empty());
  CHECK(reader.finish().empty());
}

TEST_CASE("missing, misshapen, unsupported and unknown tensors are told together", "[tensor_reader]") {
  const TemporaryFolder folder;
  const auto checkpoint =
      checkpoint_of(folder, safetensors('{' + entry("bert.wide", "F32", "[2,3]", 0, 24) + ',' +
                                            entry("whole", "I64", "[1]", 24, 32) + ',' +
                                            entry("stray", "U8", "[1]", 32, 33) + ',' +
                                            entry("good", "U8", "[0]", 33, 33) + '}',
                                        std::string(33, '\0')));
  TensorReader reader(checkpoint, "bert.");
  CHECK(reader.require<float, 2>("wide", {3, 3}).view.empty());
  CHECK(reader.require<float, 1>("whole", {1}).view.empty());
  CHECK(reader.require<float, 1>("missing", {7}).view.empty());
  CHECK(reader.optional<float, 1>("good", {1})->view.empty());
  check_holds(
      message_of<MalformedFile>([&] { reader.finish(); }),
      {checkpoint.weights_file(), "5 problems", "tensor \"bert.wide\": found shape [2, 3], expected [3, 3]",
       "tensor \"whole\": found dtype I64", "tensor \"missing\": found nothing, expected shape [7]",
       "tensor \"good\": found shape [0], expected [1]", "tensor \"stray\": found, expected no tensor"});
}

TEST_CASE("types alone make a file unsupported, not malformed", "[tensor_reader]") {
  const TemporaryFolder folder;
  const auto checkpoint = checkpoint_of(
      folder, safetensors('{' + entry("a", "F8_E4M3", "[1]", 0, 1) + '}', std::string(1, '\0')));
  TensorReader reader(checkpoint);
  reader.require<float, 1>("a", {1});
  check_holds(message_of<UnsupportedFile>([&] { reader.finish(); }), {"tensor \"a\": found dtype F8_E4M3"});
}

TEST_CASE("ignorable names become notes, others stay faults", "[tensor_reader]") {
  const TemporaryFolder folder;
  const auto checkpoint = checkpoint_of(
      folder, zeros({"bert.embeddings.position_ids", "cls.predictions.bias", "cls", "qa_outputs.weight"}));
  const TensorReader reader(checkpoint, "bert.");
  const auto notes = reader.finish({"embeddings.position_ids", "cls*", "*_outputs.*"});
  REQUIRE(notes.size() == 4);
  check_holds(notes[0], {"bert.embeddings.position_ids", "ignored"});
  check_holds(message_of<MalformedFile>([&] {
                reader.finish({"cls.*", "bert.*"});
              }),
              {"2 problems", "tensor \"cls\"", "tensor \"qa_outputs.weight\""});
}

TEST_CASE("patterns: a star stands for any characters", "[tensor_reader]") {
  using regard::detail::matches;
  CHECK(matches("", ""));
  CHECK(matches("*", ""));
  CHECK(matches("a*", "a"));
  CHECK(matches("*a*b", "xaxbxb"));
  CHECK(matches("a.*.c", "a.b.b.c"));
  CHECK_FALSE(matches("", "a"));
  CHECK_FALSE(matches("a", "ab"));
  CHECK_FALSE(matches("a*b", "abc"));
  CHECK_FALSE(matches("*a*a*a*a*b", std::string(5000, 'a')));
}

TEST_CASE("a number of layers that the tensors do not bear out is refused at once", "[tensor_reader]") {
  const TemporaryFolder folder;
  const auto checkpoint = checkpoint_of(folder, zeros({"bert.encoder.layer.0.a", "bert.encoder.layer.1.a"}));
  const TensorReader reader(checkpoint, "bert.");
  CHECK_NOTHROW(reader.require_layers("encoder.layer", "num_hidden_layers", 2));
  for (const regard::Index layers : {regard::Index{1}, regard::Index{3}, regard::Index{1'000'000'000}})
    check_holds(message_of<MalformedFile>(
                    [&] { reader.require_layers("encoder.layer", "num_hidden_layers", layers); }),
                {(folder.path() / "config.json").string(),
                 "num_hidden_layers: found " + std::to_string(layers) + ", expected 2", "encoder.layer.0",
                 checkpoint.weights_file()});
  CHECK_NOTHROW(TensorReader(checkpoint).require_layers("bert.encoder.layer", "num_hidden_layers", 2));
}
