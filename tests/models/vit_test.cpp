// SPDX-License-Identifier: MIT
// Parity with transformers and autograd: tests/golden/vit, whose values were computed in double.
#include "support/golden_trace.hpp"
#include "support/temporary_folder.hpp"

#include <regard/models/load_vit.hpp>

using namespace regard;
using namespace regard_test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::filesystem::path vit_golden = std::filesystem::path(REGARD_TEST_DATA) / "vit";

const std::vector<std::string> checkpoints = {"one-layer-one-head", "non-square", "rectangular-patches",
                                              "interpolated",       "distilled",  "distilled-with-teacher",
                                              "stored-f16",         "multi-label"};

/// An input of a golden file: [3, height, width].
template <class Scalar>
Tensor<Scalar, 3> read_pixels(const SafeTensors& file, const std::string& prefix,
                              const nlohmann::json& size) {
  Tensor<Scalar, 3> pixels({3, size[0].get<Index>(), size[1].get<Index>()});
  const auto values = numbers(file, prefix + "pixels");
  REQUIRE(values.size() == pixels.size());
  for (Index i = 0; i < pixels.size(); ++i)
    pixels.data()[i] = static_cast<Scalar>(values[i]);
  return pixels;
}

template <class Scalar>
TraceWithGradients<Scalar> record_target(const ViTClassifier<Scalar>& vit, const Tensor<Scalar, 3>& pixels,
                                         Index target) {
  Tensor<Scalar, 1> seed({vit.classifier.classes()});
  seed(target) = 1;
  const Tensor<Scalar, 2> embedded = vit.embed(pixels);
  return record_gradients<Scalar>(vit.classifier, embedded, seed.view());
}

} // namespace

TEMPLATE_TEST_CASE("an image's logits, attention, hidden states and gradients equal those of transformers",
                   "[vit]", float, double) {
  for (const std::string& name : checkpoints) {
    INFO(name);
    const auto vit = load_vit<TestType>(vit_golden / name);
    const auto inputs = read_json(vit_golden / name / "inputs.json");
    const auto expected = SafeTensors::open(vit_golden / name / "expected.safetensors");
    for (Index i = 0; i < inputs["sizes"].size(); ++i) {
      INFO("input " << i);
      const std::string prefix = std::to_string(i) + "/";
      Tensor<TestType, 3> pixels = read_pixels<TestType>(expected, prefix, inputs["sizes"][i]);
      const auto recorded = record_target(vit, pixels, inputs["target"]);
      CHECK(relative_error(recorded.trace.logits, numbers(expected, prefix + "logits")) <
            Tolerance<TestType>::parity);
      check_layers(recorded, expected, prefix);
      vit.embeddings.backward(recorded.gradients.hidden[0], pixels);
      CHECK(relative_error(pixels, numbers(expected, prefix + "pixel_gradient")) <
            Tolerance<TestType>::parity);
    }
  }
}

TEMPLATE_TEST_CASE("the bundled image model computes what transformers computes", "[vit]", float, double) {
  const auto vit = load_vit<TestType>(std::filesystem::path(REGARD_TEST_MODELS) / "vit-small-cifar10");
  const auto folder = vit_golden / "vit-small-cifar10";
  const auto inputs = read_json(folder / "inputs.json");
  const auto expected = SafeTensors::open(folder / "expected.safetensors");
  const auto compare = [&](const std::vector<double>& actual, const std::string& name) {
    INFO(name);
    CHECK(relative_error(actual, numbers(expected, name)) < Tolerance<TestType>::parity);
  };
  for (Index i = 0; i < inputs["sizes"].size(); ++i) {
    const std::string prefix = std::to_string(i) + "/";
    const auto pixels = read_pixels<TestType>(expected, prefix, inputs["sizes"][i]);
    const auto [trace, gradients] = record_target(vit, pixels, inputs["target"]);
    compare({trace.logits.begin(), trace.logits.end()}, prefix + "logits");
    if (i > 0)
      continue;
    // Of the class token: its query row in every head, its hidden state, and their gradients.
    const auto query_rows = [](const auto& maps) {
      std::vector<double> rows;
      for (Index head = 0; head < maps.extent(0); ++head)
        rows.insert(rows.end(), maps[head][0].begin(), maps[head][0].end());
      return rows;
    };
    const auto first_row = [](const auto& hidden) {
      return std::vector<double>(hidden[0].begin(), hidden[0].end());
    };
    for (Index layer = 0; layer <= vit.classifier.layers(); ++layer) {
      const std::string number = "/" + std::to_string(layer);
      compare(first_row(trace.hidden[layer]), prefix + "hidden" + number);
      compare(first_row(gradients.hidden[layer]), prefix + "hidden_gradient" + number);
      if (layer == vit.classifier.layers())
        continue;
      compare(query_rows(trace.attention[layer]), prefix + "attention" + number);
      compare(query_rows(gradients.attention[layer]), prefix + "attention_gradient" + number);
    }
  }
}

TEST_CASE("what a folder of another kind of image model holds is refused by name", "[vit]") {
  const TemporaryFolder folder;
  for (const auto& entry : std::filesystem::directory_iterator(vit_golden / "distilled"))
    std::filesystem::copy(entry.path(), folder.path() / entry.path().filename());
  nlohmann::json config = read_json(folder.path() / "config.json");
  const auto load_with = [&](const std::string& key, const nlohmann::json& value) {
    nlohmann::json changed = config;
    changed[key] = value;
    std::ofstream(folder.path() / "config.json") << changed;
    return load_vit<float>(folder.path());
  };
  CHECK_NOTHROW(load_with("unknown_key", 1));
  CHECK_THROWS_WITH(load_with("model_type", "swin"), ContainsSubstring("model_type: found \"swin\""));
  CHECK_THROWS_WITH(load_with("model_type", "vit"),
                    ContainsSubstring("num_hidden_layers: found 3, expected 0"));
  CHECK_THROWS_WITH(load_with("num_channels", 1), ContainsSubstring("num_channels: found 1"));
  CHECK_THROWS_WITH(load_with("patch_size", 16), ContainsSubstring("patch_size: found 16 x 16"));
  CHECK_THROWS_WITH(load_with("patch_size", 2), ContainsSubstring("position_embeddings"));
  CHECK_THROWS_WITH(load_with("image_size", nlohmann::json::array({8, 0})), ContainsSubstring("image_size"));
  CHECK_THROWS_WITH(load_with("image_size", "8"), ContainsSubstring("image_size"));
  CHECK_THROWS_WITH(load_with("qkv_bias", false), ContainsSubstring("query.bias"));
}

TEST_CASE("pixels of another shape are refused", "[vit]") {
  const auto vit = load_vit<float>(vit_golden / "one-layer-one-head");
  Tensor<float, 2> rows({5, 7});
  const auto embed = [&](Index channels, Index height, Index width) {
    vit.embeddings.embed(Tensor<float, 3>({channels, height, width}), rows);
  };
  CHECK_NOTHROW(embed(3, 8, 8));
  CHECK_THROWS_WITH(embed(1, 8, 8), ContainsSubstring("[1, 8, 8]"));
  CHECK_THROWS_WITH(embed(3, 3, 8), ContainsSubstring("[3, 3, 8]"));
  CHECK_THROWS_WITH(embed(3, 8, 12), ContainsSubstring("expected [7, 7]"));
}
