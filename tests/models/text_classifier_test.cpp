// SPDX-License-Identifier: MIT
// A text classifier from its folder: the bundled model against transformers, batches, and folders that are
// wrong.
#include "support/bert_golden.hpp"
#include "support/temporary_folder.hpp"

#include <regard/models/text_classifier.hpp>

#include <cstring>

using namespace regard;
using namespace regard_test;
namespace fs = std::filesystem;

namespace {

const fs::path bundled = fs::path(REGARD_TEST_MODELS) / "bert-tiny-sst2";

/// A copy of the bundled model's folder that a test may spoil; removed at the end.
class Folder {
 public:
  Folder() {
    for (const char* file : {"config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json"})
      fs::copy_file(bundled / file, path() / file);
  }

  const fs::path& path() const { return folder_.path(); }
  void remove(const char* file) const { fs::remove(path() / file); }
  void write(const char* file, const std::string& content) const { folder_.write(file, content); }
  /// Sets one key of config.json.
  void configure(const char* key, const nlohmann::json& value) const {
    auto config = read_json(path() / "config.json");
    config[key] = value;
    write("config.json", config.dump());
  }
  /// The message with which loading fails.
  template <class Failure>
  std::string failure() const {
    try {
      load_text_classifier<float>(path());
    } catch (const Failure& error) {
      return error.what();
    }
    FAIL("loading did not fail");
    return "";
  }

 private:
  TemporaryFolder folder_;
};

} // namespace

TEMPLATE_TEST_CASE("the bundled model equals transformers, from text to gradients", "[bert]", float, double) {
  const auto model = load_text_classifier<TestType>(bundled);
  const auto inputs = read_json(bert_golden / "bert-tiny-sst2" / "inputs.json");
  const auto expected = SafeTensors::open(bert_golden / "bert-tiny-sst2" / "expected.safetensors");
  for (Index i = 0; i < inputs["inputs"].size(); ++i) {
    const auto& input = inputs["inputs"][i];
    INFO(input["text"]);
    std::vector<Index> ids;
    for (const Token& token : model.encode({input["text"].template get<std::string>()}).tokens)
      ids.push_back(token.id);
    CHECK(ids == input["ids"].template get<std::vector<Index>>());
    check_parity<TestType>(model.bert(), input, inputs["target"], expected, i);
  }
}

TEMPLATE_TEST_CASE("logits of a batch have the bits of each text alone", "[text]", float, double) {
  const auto model = load_text_classifier<TestType>(bundled);
  std::vector<Encoding> encodings;
  for (const char* text :
       {"a gripping , funny film", "", "Tedious.", "one two three four five six seven", "x"})
    for (int repeat = 0; repeat < 40; ++repeat)
      encodings.push_back(model.encode({text + std::string(static_cast<Index>(repeat % 7), '!')}));
  const Tensor<TestType, 2> serial = model.logits(encodings);
  const Tensor<TestType, 2> threaded = model.logits(encodings, Threads(2));
  CHECK(std::memcmp(serial.data(), threaded.data(), serial.size() * sizeof(TestType)) == 0);
  for (Index i = 0; i < encodings.size(); i += 9) {
    const auto alone = model.logits(std::span(&encodings[i], 1));
    CHECK(std::memcmp(alone.data(), serial[i].data(), alone.size() * sizeof(TestType)) == 0);
  }
}

TEST_CASE("mapped and copied weights are the same", "[text]") {
  const auto mapped = load_bert<float>(bert_golden / "two-layers-two-heads", Mapping::map);
  const auto copied = load_bert<float>(bert_golden / "two-layers-two-heads", Mapping::copy);
  const BertToken tokens[] = {{3, 0, 0}, {5, 0, 1}};
  const auto a = mapped.embed(tokens), b = copied.embed(tokens);
  CHECK(std::equal(a.begin(), a.end(), b.begin()));
}

TEST_CASE("what a checkpoint carries beside the model is noted, not refused", "[text]") {
  std::vector<std::string> notes;
  load_bert<float>(bert_golden / "old-names", Mapping::map, &notes);
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].find("position_ids") != std::string::npos);
  CHECK(notes[1].find("cls.predictions.bias") != std::string::npos);
}

TEST_CASE("problem types decide what the probabilities are", "[text]") {
  const double numbers[] = {0.5, -1, 2};
  const TensorView<const double, 1> logits(numbers, {3});
  CHECK(probabilities(ProblemType::regression, logits).empty());
  const auto labels = probabilities(ProblemType::multi_label, logits);
  CHECK(std::abs(labels[1] - 1 / (1 + std::exp(1.0))) < 1e-15);
  const auto classes = probabilities(ProblemType::single_label, logits);
  CHECK(std::abs(classes[0] + classes[1] + classes[2] - 1) < 1e-15);
  CHECK(std::abs(classes[2] / classes[0] - std::exp(1.5)) < 1e-14);
  const double huge[] = {1000, -1000};
  CHECK(probabilities(ProblemType::single_label, TensorView<const double, 1>(huge, {2})) ==
        std::vector<double>{1, 0});
}

TEST_CASE("a folder that cannot be loaded is one clear error", "[text]") {
  using Catch::Matchers::ContainsSubstring;
  CHECK_THROWS_AS(load_text_classifier<float>(bundled / "nowhere"), IoError);
  CHECK_THROWS_WITH(load_text_classifier<float>(bundled / "nowhere"), ContainsSubstring("nowhere"));

  SECTION("no config.json") {
    const Folder folder;
    folder.remove("config.json");
    CHECK_THAT(folder.failure<IoError>(), ContainsSubstring("config.json"));
  }
  SECTION("no weights") {
    const Folder folder;
    folder.remove("model.safetensors");
    CHECK_THAT(folder.failure<IoError>(), ContainsSubstring("model.safetensors"));
  }
  SECTION("pickled weights only") {
    const Folder folder;
    fs::rename(folder.path() / "model.safetensors", folder.path() / "pytorch_model.bin");
    CHECK_THAT(folder.failure<UnsupportedFile>(),
               ContainsSubstring("pytorch_model.bin") && ContainsSubstring("save_pretrained"));
  }
  SECTION("no vocabulary") {
    const Folder folder;
    folder.remove("vocab.txt");
    CHECK_THAT(folder.failure<IoError>(), ContainsSubstring("vocab.txt"));
  }
  SECTION("empty weights") {
    const Folder folder;
    folder.write("model.safetensors", "");
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("model.safetensors"));
  }
  SECTION("truncated weights") {
    const Folder folder;
    fs::resize_file(folder.path() / "model.safetensors", 1000000);
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("model.safetensors"));
  }
  SECTION("another model") {
    const Folder folder;
    folder.configure("model_type", "gpt2");
    CHECK_THAT(folder.failure<UnsupportedFile>(),
               ContainsSubstring("model_type") && ContainsSubstring("gpt2") && ContainsSubstring("bert"));
  }
  SECTION("heads that do not divide the width") {
    const Folder folder;
    folder.configure("num_attention_heads", 3);
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("num_attention_heads") &&
                                                    ContainsSubstring("3") && ContainsSubstring("128"));
  }
  SECTION("more layers than the file has") {
    const Folder folder;
    folder.configure("num_hidden_layers", 1000000000);
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("num_hidden_layers") &&
                                                    ContainsSubstring("1000000000") &&
                                                    ContainsSubstring("4"));
  }
  SECTION("fewer layers than the file has") {
    const Folder folder;
    folder.configure("num_hidden_layers", 3);
    CHECK_THAT(folder.failure<MalformedFile>(),
               ContainsSubstring("num_hidden_layers") && ContainsSubstring("3") && ContainsSubstring("4"));
  }
  SECTION("another width than the tensors") {
    const Folder folder;
    folder.configure("intermediate_size", 500);
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("intermediate.dense.weight") &&
                                                    ContainsSubstring("[512, 128]") &&
                                                    ContainsSubstring("[500, 128]"));
  }
  SECTION("more pieces than embeddings") {
    const Folder folder;
    std::ofstream(folder.path() / "vocab.txt", std::ios::app) << "onemore\n";
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("8000") && ContainsSubstring("8001"));
  }
  SECTION("labels that are not numbered from 0") {
    const Folder folder;
    folder.configure("id2label", {{"0", "NEGATIVE"}, {"2", "POSITIVE"}});
    CHECK_THAT(folder.failure<MalformedFile>(), ContainsSubstring("id2label"));
  }
}

TEST_CASE("a vocabulary smaller than the embedding is fine", "[text]") {
  const Folder folder;
  std::string vocabulary;
  std::ifstream file(bundled / "vocab.txt");
  std::string line;
  for (int i = 0; i < 5000 && std::getline(file, line); ++i)
    vocabulary += line + "\n";
  folder.write("vocab.txt", vocabulary);
  CHECK(load_text_classifier<float>(folder.path()).tokenizer().size() == 5000);
}

TEST_CASE("10 MB of text is cut to the model's length", "[text]") {
  const auto model = load_text_classifier<float>(bundled);
  std::string text;
  while (text.size() < 10'000'000)
    text += "wonderful ";
  const Encoding encoding = model.encode({text});
  CHECK(encoding.tokens.size() == 128);
  CHECK(encoding.dropped_tokens == 1'000'000 - 126);
}
