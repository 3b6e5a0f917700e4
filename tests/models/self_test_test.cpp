// SPDX-License-Identifier: MIT
// The bundled models pass the self-tests that transformers wrote; a folder that was spoilt fails them, with
// the name of the first layer that differs.
#include "support/bert_golden.hpp"
#include "support/temporary_folder.hpp"

#include <regard/models/image_classifier.hpp>
#include <regard/models/text_classifier.hpp>

#include <cstring>
#include <fstream>

using namespace regard;
using namespace regard_test;
namespace fs = std::filesystem;

namespace {

/// A copy of a bundled model's folder that a test may spoil.
class ModelCopy {
 public:
  explicit ModelCopy(const char* model) {
    for (const auto& entry : fs::directory_iterator(fs::path(REGARD_TEST_MODELS) / model))
      if (entry.is_regular_file())
        fs::copy_file(entry.path(), path() / entry.path().filename());
  }

  const fs::path& path() const { return folder_.path(); }

  /// Writes over the first number of a tensor of float16.
  void set(const std::string& tensor, std::uint16_t half) const {
    std::fstream file(path() / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
    std::uint64_t length = 0;
    file.read(reinterpret_cast<char*>(&length), sizeof length);
    std::string header(length, ' ');
    file.read(header.data(), static_cast<std::streamsize>(length));
    const auto info = nlohmann::json::parse(header).at(tensor);
    REQUIRE(info.at("dtype") == "F16");
    file.seekp(static_cast<std::streamoff>(8 + length + info.at("data_offsets").at(0).get<std::uint64_t>()));
    file.write(reinterpret_cast<const char*>(&half), sizeof half);
    REQUIRE(file);
  }

  void edit(const char* file, const std::function<void(nlohmann::json&)>& change) const {
    auto json = read_json(path() / file);
    change(json);
    folder_.write(file, json.dump());
  }

  void write(const char* file, const std::string& content) const { folder_.write(file, content); }

  template <class Failure>
  std::string text_failure() const {
    try {
      load_text_classifier<float>(path(), {.self_test = SelfTest::required});
    } catch (const Failure& failure) {
      return failure.what();
    }
    FAIL("the self-test passed");
    return "";
  }

  template <class Failure>
  std::string image_failure() const {
    try {
      load_image_classifier<float>(path(), {.self_test = SelfTest::if_present});
    } catch (const Failure& failure) {
      return failure.what();
    }
    FAIL("the self-test passed");
    return "";
  }

 private:
  TemporaryFolder folder_;
};

constexpr std::uint16_t one = 0x3c00, not_a_number = 0x7e00;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEMPLATE_TEST_CASE("both bundled models pass their self-tests", "[self_test]", float, double) {
  const fs::path text = fs::path(REGARD_TEST_MODELS) / "bert-tiny-sst2",
                 image = fs::path(REGARD_TEST_MODELS) / "vit-small-cifar10";
  const SelfTestReport of_text =
      self_test(load_text_classifier<TestType>(text, {.self_test = SelfTest::required}), text);
  const SelfTestReport of_image =
      self_test(load_image_classifier<TestType>(image, {.self_test = SelfTest::required}), image);
  CHECK(of_text.samples == 4);
  CHECK(of_image.samples == 2);
  for (const SelfTestReport& report : {of_text, of_image}) {
    CHECK(report.largest_difference > 0); // two programs' roundings
    CHECK(report.largest_difference < report.tolerance / 4);
  }
}

TEST_CASE("a self-test names the first layer that differs", "[self_test]") {
  const ModelCopy text("bert-tiny-sst2"), image("vit-small-cifar10");

  SECTION("the embeddings") {
    text.set("bert.embeddings.LayerNorm.bias", one);
    CHECK(contains(text.text_failure<SelfTestFailed>(), "the embeddings differ: found sums ["));
  }
  SECTION("a block in the middle, for every sample") {
    text.set("bert.encoder.layer.2.attention.self.value.bias", one);
    const std::string message = text.text_failure<SelfTestFailed>();
    CHECK(contains(message, "self_test.json: 4 problems: samples[0]: block 3 of 4 differs: found sums ["));
    CHECK(contains(message, "samples[3]: block 3 of 4"));
  }
  SECTION("the classifier") {
    text.set("classifier.bias", one);
    CHECK(contains(text.text_failure<SelfTestFailed>(), "the classifier differs: found logit "));
    image.set("classifier.bias", one);
    CHECK(contains(image.image_failure<SelfTestFailed>(), "the classifier differs: found logit "));
  }
  SECTION("another activation") {
    text.edit("config.json", [](auto& config) { config["hidden_act"] = "relu"; });
    CHECK(contains(text.text_failure<SelfTestFailed>(), "block 1 of 4 differs"));
  }
  SECTION("another tokenisation") {
    text.edit("tokenizer_config.json", [](auto& config) { config["do_lower_case"] = false; });
    const std::string message = text.text_failure<SelfTestFailed>();
    CHECK(contains(message, "samples[1]: the tokens differ at 1: found "));
    CHECK(!contains(message, "samples[0]")); // in lower case anyhow
  }
  SECTION("another preprocessing") {
    image.edit("preprocessor_config.json", [](auto& config) { config["image_mean"] = {0.5, 0.5, 0.4}; });
    CHECK(contains(image.image_failure<SelfTestFailed>(), "the pixels differ"));
  }
  SECTION("a weight that is no number") {
    image.set("vit.encoder.layer.1.output.dense.bias", not_a_number);
    const std::string message = image.image_failure<SelfTestFailed>();
    INFO(message);
    CHECK(contains(message, "block 2 of 6 differs: found sums [nan"));
  }
}

TEST_CASE("sums tell numbers in another order", "[self_test]") {
  const double numbers[] = {1, -2, 4}, others[] = {-2, 1, 4};
  const auto first = detail::self_test_sums<double>(numbers), second = detail::self_test_sums<double>(others);
  CHECK((first[0] == 3 && first[1] == 7));
  CHECK((second[0] == first[0] && second[1] == first[1]));
  // frac(i * 2654435761 / 2^32) of 0, 1, 2, less a half
  const double w1 = 2654435761.0 / 4294967296.0 - 0.5, w2 = 2 * 2654435761.0 / 4294967296.0 - 1 - 0.5;
  CHECK(std::abs(first[2] - (-0.5 - 2 * w1 + 4 * w2)) < 1e-15);
  CHECK(std::abs(first[2] - second[2]) > 0.1);
}

TEST_CASE("a self-test is run when it is asked for", "[self_test]") {
  const ModelCopy text("bert-tiny-sst2"), image("vit-small-cifar10");
  text.set("classifier.bias", one);
  CHECK_NOTHROW(load_text_classifier<float>(text.path()));
  CHECK_THROWS_AS(load_text_classifier<float>(text.path(), {.self_test = SelfTest::if_present}),
                  SelfTestFailed);
  fs::remove(text.path() / "self_test.json");
  CHECK_NOTHROW(load_text_classifier<float>(text.path(), {.self_test = SelfTest::if_present}));
  CHECK(contains(text.text_failure<IoError>(), "self_test.json"));
  CHECK_THROWS_AS(load_image_classifier<float>(image.path(), {.positions = PositionEmbeddings::interpolated,
                                                              .input_size = ImageSize{48, 48},
                                                              .self_test = SelfTest::required}),
                  InvalidArgument);
}

TEST_CASE("a self-test file that is wrong is told from a model that is", "[self_test]") {
  const ModelCopy text("bert-tiny-sst2"), image("vit-small-cifar10");
  const auto with_text = [&](const std::function<void(nlohmann::json&)>& change) {
    const ModelCopy copy("bert-tiny-sst2");
    copy.edit("self_test.json", change);
    return copy.text_failure<FileError>();
  };
  const auto with_image = [&](const std::function<void(nlohmann::json&)>& change) {
    const ModelCopy copy("vit-small-cifar10");
    copy.edit("self_test.json", change);
    return copy.image_failure<MalformedFile>();
  };
  CHECK(contains(with_text([](auto& j) { j["format"] = "other"; }),
                 R"(format: found "other", expected "regard self-test")"));
  CHECK(contains(with_text([](auto& j) { j["version"] = 2; }), "version: found 2, expected 1"));
  CHECK(contains(with_text([](auto& j) { j["samples"] = nlohmann::json::array(); }),
                 "samples: found an array of 0"));
  CHECK(contains(with_text([](auto& j) { j["samples"][1] = 3; }), "samples[1]: found 3, expected an object"));
  CHECK(
      contains(with_text([](auto& j) { j["samples"][1].erase("text"); }), "samples[1].text: found nothing"));
  CHECK(contains(with_text([](auto& j) { j["samples"][0]["tokens"][2] = -1; }),
                 "samples[0].tokens: found an array"));
  CHECK(contains(with_text([](auto& j) { j["samples"][0]["layers"].erase(0); }),
                 "samples[0].layers: found an array of 4, expected an array of 5"));
  CHECK(contains(with_text([](auto& j) {
                   j["samples"][0]["layers"][1] = {1, 2};
                 }),
                 "three sums for each layer"));
  CHECK(contains(with_text([](auto& j) { j["samples"][0]["logits"].push_back(1); }),
                 "samples[0].logits: found an array of 3, expected an array of 2"));
  CHECK(contains(with_text([](auto& j) { j["samples"][0].erase("logits"); }),
                 "samples[0].logits: found nothing"));
  CHECK(contains(with_image([](auto& j) { j["samples"][0]["image"] = 1; }), "samples[0].image: found 1"));
  CHECK(contains(with_image([](auto& j) { j["samples"][0]["image"]["rgb"] = "00"; }),
                 "six hexadecimal digits"));
  CHECK(contains(
      with_image([](auto& j) { j["samples"][0]["image"]["rgb"].template get_ref<std::string&>()[7] = 'G'; }),
      "six hexadecimal digits"));
  CHECK(contains(with_image([](auto& j) { j["samples"][0]["image"]["width"] = 0; }), "image.width: found 0"));
  CHECK(contains(with_image([](auto& j) { j["samples"][0]["image"]["height"] = 1ULL << 63; }),
                 "six hexadecimal"));
  CHECK(contains(with_image([](auto& j) { j["samples"][0].erase("pixels"); }),
                 "samples[0].pixels: found nothing"));
}
