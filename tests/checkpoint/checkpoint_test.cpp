// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/checkpoint/checkpoint.hpp>

using regard::Checkpoint;
using regard::IoError;
using regard::MalformedFile;
using regard::UnsupportedFile;
using regard_test::check_holds;
using regard_test::message_of;
using regard_test::TemporaryFolder;
using regard_test::zeros;

namespace {

constexpr auto index_name = "model.safetensors.index.json";

std::string index_of(const std::string& weight_map) {
  return R"({"metadata":{"total_size":0},"weight_map":)" + weight_map + '}';
}

/// Checks that a folder of two good shards, one.safetensors with "a" and "b", two.safetensors with "c", is
/// refused with that index.
template <class Exception = MalformedFile>
void check_index_refused(const std::string& index, std::vector<std::string> parts) {
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("one.safetensors", zeros({"a", "b"}));
  folder.write("two.safetensors", zeros({"c"}));
  folder.write(index_name, index);
  parts.push_back(folder.path().string());
  check_holds(message_of<Exception>([&] { Checkpoint::open(folder.path()); }), parts);
}

} // namespace

TEST_CASE("a folder without a checkpoint says what is missing", "[checkpoint]") {
  const TemporaryFolder folder;
  const auto missing = folder.path() / "missing";
  check_holds(message_of<IoError>([&] { Checkpoint::open(missing); }),
              {missing.string(), "found nothing, expected a checkpoint folder"});
  const auto file = folder.write("file", "");
  check_holds(message_of<IoError>([&] { Checkpoint::open(file); }), {file.string(), "found a file"});
  check_holds(message_of<IoError>([&] { Checkpoint::open(folder.path()); }), {"config.json", "No such file"});
  folder.write("config.json", "{}");
  check_holds(message_of<IoError>([&] { Checkpoint::open(folder.path()); }),
              {folder.path().string(),
               "found no weights, expected model.safetensors or model.safetensors.index.json"});
}

TEST_CASE("pickled weights are unsupported, with the command that converts them", "[checkpoint]") {
  const TemporaryFolder folder;
  const std::string name = GENERATE("pytorch_model.bin", "pytorch_model.bin.index.json");
  folder.write(name, "");
  const auto message = [&] { return message_of<UnsupportedFile>([&] { Checkpoint::open(folder.path()); }); };
  folder.write("config.json", R"({"architectures":["BertForSequenceClassification"]})");
  check_holds(message(),
              {(folder.path() / name).string(), "found pickled weights, expected model.safetensors",
               "python3 -c \"import sys, transformers; d = sys.argv[1]; "
               "transformers.BertForSequenceClassification.from_pretrained(d).save_pretrained(d, "
               "safe_serialization=True)\" '" +
                   folder.path().string() + "'"});
  folder.write("config.json", R"({"architectures":["x\"; rm -rf ."]})"); // never into a command
  check_holds(message(), {"transformers.AutoModelForSequenceClassification.from_pretrained"});
  CHECK(message().find("rm -rf") == std::string::npos);
  folder.write("model.safetensors", zeros({"a"}));
  CHECK(Checkpoint::open(folder.path()).names().size() == 1);
}

TEST_CASE("a path is one word of the shell, whatever its characters", "[checkpoint]") {
  CHECK(regard::detail::shell_word("a b$c") == "'a b$c'");
  CHECK(regard::detail::shell_word("it's") == "'it'\\''s'");
}

TEST_CASE("one file: names, lookup, loading", "[checkpoint]") {
  const TemporaryFolder folder;
  folder.write("config.json", R"({"model_type":"bert"})");
  folder.write("model.safetensors", zeros({"b", "a"}));
  folder.write(index_name, "not looked at");
  const auto checkpoint = Checkpoint::open(folder.path());
  CHECK(checkpoint.folder() == folder.path());
  CHECK(checkpoint.config().string("model_type") == "bert");
  CHECK(checkpoint.weights_file() == (folder.path() / "model.safetensors").string());
  CHECK(checkpoint.names() == std::vector<std::string>{"a", "b"});
  CHECK(checkpoint.find("c") == nullptr);
  CHECK(checkpoint.load<float, 1>("a", {2}).view(1) == 0.0f);
  check_holds(message_of<MalformedFile>([&] { checkpoint.load<float, 1>("c", {2}); }),
              {checkpoint.weights_file(), "tensor \"c\": found nothing, expected shape [2]"});
  check_holds(message_of<MalformedFile>([&] { checkpoint.load<float, 1>("a", {3}); }),
              {checkpoint.weights_file(), "tensor \"a\": found shape [2], expected [3]"});
}

TEST_CASE("layer norms are found under their older names", "[checkpoint]") {
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("model.safetensors", zeros({"x.LayerNorm.gamma", "x.LayerNorm.beta", "y.LayerNorm.weight",
                                           "y.LayerNorm.gamma", "z.gamma"}));
  const auto checkpoint = Checkpoint::open(folder.path());
  REQUIRE(checkpoint.find("x.LayerNorm.weight") != nullptr);
  CHECK(checkpoint.find("x.LayerNorm.weight")->name == "x.LayerNorm.gamma");
  CHECK(checkpoint.find("x.LayerNorm.bias")->name == "x.LayerNorm.beta");
  CHECK(checkpoint.find("y.LayerNorm.weight")->name == "y.LayerNorm.weight");
  CHECK(checkpoint.find("z.weight") == nullptr);
}

TEST_CASE("shards: every tensor is found in its file", "[checkpoint]") {
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("one.safetensors", zeros({"a", "c"}));
  folder.write("two.safetensors", zeros({"b", "layer.1.x"}));
  folder.write(index_name, index_of(R"({"a":"one.safetensors","c":"one.safetensors","b":"two.safetensors",
                                        "layer.1.x":"two.safetensors"})"));
  const auto checkpoint = Checkpoint::open(folder.path());
  CHECK(checkpoint.names() == std::vector<std::string>{"a", "b", "c", "layer.1.x"});
  CHECK(checkpoint.files().size() == 2);
  CHECK(checkpoint.load<double, 1>("b", {2}).view.size() == 2);
  CHECK(checkpoint.weights_file() == (folder.path() / index_name).string());
}

TEST_CASE("shards: a bad index is refused", "[checkpoint]") {
  check_index_refused("{", {index_name, "no valid JSON"});
  check_index_refused("[]", {"weight_map: found nothing, expected an object"});
  check_index_refused("{}", {"weight_map: found nothing"});
  check_index_refused(index_of("[]"), {"weight_map: found an array of 0"});
  check_index_refused(index_of("{}"), {"weight_map: found an object"});
  check_index_refused(index_of(R"({"a":1})"), {"weight_map: \"a\": found 1, expected the plain name"});
  check_index_refused(index_of(R"({"a":"one.safetensors","a":"two.safetensors"})"),
                      {"key \"a\": found twice"});
  for (const std::string name : {"", ".", "..", "../one.safetensors", "/etc/passwd", "sub/one.safetensors",
                                 "sub\\\\one.safetensors", "C:one.safetensors", "one.safetensors\\u0000",
                                 "one\\u007f.safetensors", "one\\u009b.safetensors", "one\\n.safetensors"})
    check_index_refused(index_of("{\"a\":\"" + name + "\"}"),
                        {"weight_map: \"a\": found ", "plain name of a file"});
}

TEST_CASE("shards: index and files must agree", "[checkpoint]") {
  const std::string good = R"("a":"one.safetensors","b":"one.safetensors","c":"two.safetensors")";
  check_index_refused<IoError>(index_of('{' + good + R"(,"d":"three.safetensors"})"),
                               {"three.safetensors", "No such file"});
  check_index_refused(
      index_of('{' + good + R"(,"d":"two.safetensors"})"),
      {index_name, "weight_map: \"d\": found no such tensor in \"two.safetensors\", expected one"});
  check_index_refused(index_of(R"({"a":"one.safetensors","c":"two.safetensors"})"),
                      {"tensor \"b\": found in \"one.safetensors\", expected in weight_map too"});
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write("one.safetensors", zeros({"a", "b"}));
  folder.write("two.safetensors", zeros({"b", "c"}));
  folder.write(index_name, index_of('{' + good + '}'));
  check_holds(
      message_of<MalformedFile>([&] { Checkpoint::open(folder.path()); }),
      {"tensor \"b\": found in \"one.safetensors\" and in \"two.safetensors\", expected in one file"});
  folder.write("two.safetensors", "broken");
  check_holds(message_of<MalformedFile>([&] { Checkpoint::open(folder.path()); }),
              {"two.safetensors: found 6 bytes, expected at least the 8"});
}

TEST_CASE("layers are counted by their consecutive numbers", "[checkpoint]") {
  const TemporaryFolder folder;
  folder.write("config.json", "{}");
  folder.write(
      "model.safetensors",
      zeros({"e.layer.0.a", "e.layer.0.b", "e.layer.1.a", "e.layer.10.a", "e.layer.2.a", "e.layer.4.a",
             "e.layer.x.a", "e.layer.3", "e.layer.03.a", "e.layers.3.a", "e.layer.99999999999999999999.a"}));
  const auto checkpoint = Checkpoint::open(folder.path());
  CHECK(checkpoint.count_layers("e.layer") == 3);
  CHECK(checkpoint.count_layers("layer") == 0);
}
