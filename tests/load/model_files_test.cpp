// SPDX-License-Identifier: MIT
// What happens to a model whose files change while it is in use.
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <regard/attribution/explain.hpp>
#include <regard/models/text_classifier.hpp>

using namespace regard;
using namespace regard_test;
namespace fs = std::filesystem;

namespace {

const std::string text = "a gripping , funny film";

fs::path copy_of_model(const TemporaryFolder& folder) {
  const fs::path copy = folder.path() / "model";
  fs::copy(fs::path(REGARD_TEST_MODELS) / "bert-tiny-sst2", copy);
  return copy;
}

std::vector<double> values(const TextClassifier<float>& model) {
  return explain(model, text, grad_attention_mutual{}).values;
}

} // namespace

TEST_CASE("a mapped checkpoint may be removed or replaced while it is in use", "[load]") {
  const TemporaryFolder folder;
  const fs::path path = copy_of_model(folder), weights = path / "model.safetensors";
  const auto expected = values(load_text_classifier<float>(fs::path(REGARD_TEST_MODELS) / "bert-tiny-sst2"));
  REQUIRE(expected.size() == 5);

  // Nothing has been read of the mapped pages when the file goes.
  const auto removed = load_text_classifier<float>(path);
  const auto replaced = load_text_classifier<float>(path);
  folder.write("other", std::string(fs::file_size(weights), '\x7f'));
  SECTION("removed") {
    fs::remove_all(path);
    CHECK(values(removed) == expected);
  }
  SECTION("replaced by rename, as downloaders do") {
    fs::rename(folder.path() / "other", weights);
    CHECK(values(replaced) == expected);
    CHECK_THROWS_AS(load_text_classifier<float>(path), FileError); // the new one is another file
  }
}

TEST_CASE("a copied checkpoint may be truncated and overwritten in place", "[load]") {
  const TemporaryFolder folder;
  const fs::path path = copy_of_model(folder), weights = path / "model.safetensors";
  const auto model = load_text_classifier<float>(path, {.mapping = Mapping::copy});
  const auto expected = values(model);
  fs::resize_file(weights, 100);
  CHECK(values(model) == expected);
  std::ofstream(weights, std::ios::binary) << "no weights";
  CHECK(values(model) == expected);
}
