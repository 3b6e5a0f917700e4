// SPDX-License-Identifier: MIT
// CAV files: saved and loaded to the last bit, and what is said of files that are damaged or hostile.
#include "support/catch.hpp"
#include "support/seed.hpp"
#include "support/temporary_folder.hpp"
#include "support/token_sets.hpp"

#include <regard/checkpoint/write_safetensors.hpp>
#include <regard/tcav/cav_files.hpp>
#include <regard/tcav/concept_scores.hpp>

using namespace regard;
using namespace regard_test;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;

namespace {

constexpr Index width = 6;

SequenceClassifier<float> model(std::uint64_t item = 0) {
  RandomStream stream(seed(), 2000 + item);
  return random_classifier<float>(stream,
                                  {{width, 2, Activation::gelu, NormPosition::before}, 2, 10, 2, false});
}

Cavs train(const SequenceClassifier<float>& classifier, bool random = true) {
  RandomStream stream(seed(), 1);
  const std::vector<ConceptInputs<float>> concepts{
      {"a", token_set(random_inputs<float>(stream, 5, width, 1))},
      {"b/c \"é", token_set(random_inputs<float>(stream, 4, width))},
      {"d", token_set(random_inputs<float>(stream, 4, width, -1))}};
  CavOptions options;
  options.resamples = 3;
  options.seed = 18446744073709551615U;
  options.random_resamples = 2;
  return train_cavs<float>(classifier, concepts,
                           random ? token_set(random_inputs<float>(stream, 40, width)) : TokenInputs<float>{},
                           options);
}

/// A folder of saved CAVs whose cavs.json is then changed.
struct Saved {
  Saved() : cavs(train(model())) {
    save_cavs(path, cavs, 7);
    text = read_file(path / "cavs.json");
  }
  void change(const std::string& from, const std::string& to) const {
    std::string changed = text;
    const auto at = changed.find(from);
    REQUIRE(at != std::string::npos);
    changed.replace(at, from.size(), to);
    std::ofstream(path / "cavs.json", std::ios::binary) << changed;
  }
  TemporaryFolder folder;
  fs::path path = folder.path() / "new" / "cavs";
  Cavs cavs;
  std::string text;
};

} // namespace

TEST_CASE("CAVs are loaded as they were saved, to the last bit", "[tcav]") {
  INFO("seed " << seed());
  for (const bool random : {true, false}) {
    const Cavs cavs = train(model(), random);
    const TemporaryFolder folder;
    save_cavs(folder.path(), cavs, 42);
    CHECK(fs::exists(folder.path() / "random.safetensors") == random);
    const Cavs loaded = load_cavs(folder.path(), 42);
    CHECK(loaded.seed == cavs.seed);
    CHECK(loaded.probe == cavs.probe);
    CHECK(loaded.negatives == cavs.negatives);
    REQUIRE(loaded.sets.size() == cavs.sets.size());
    for (Index i = 0; i < cavs.sets.size(); ++i) {
      const CavSet &a = cavs.sets[i], &b = loaded.sets[i];
      CHECK(a.concept_name == b.concept_name);
      CHECK(a.layer == b.layer);
      CHECK(std::ranges::equal(a.vectors, b.vectors));
      CHECK(a.accuracies == b.accuracies);
      CHECK(std::tie(a.negatives_exhausted, a.no_direction, a.not_converged, a.chance, a.random_status) ==
            std::tie(b.negatives_exhausted, b.no_direction, b.not_converged, b.chance, b.random_status));
      REQUIRE(bool(a.random) == bool(b.random));
      if (a.random) {
        CHECK(std::ranges::equal(a.random->vectors, b.random->vectors));
        CHECK(a.random->overlap == b.random->overlap);
      }
    }
  }
}

TEST_CASE("a fingerprint tells models apart", "[tcav]") {
  CHECK(fingerprint(model()) == fingerprint(model()));
  CHECK(fingerprint(model()) != fingerprint(model(1)));
  const Saved saved;
  CHECK_THROWS_WITH(load_cavs(saved.path, 8), ContainsSubstring("cavs.json") &&
                                                  ContainsSubstring("model_hash: found 0000000000000007, "
                                                                    "expected 0000000000000008") &&
                                                  ContainsSubstring("another model"));
}

TEST_CASE("vectors of another save are refused", "[tcav]") {
  const Saved saved;
  Cavs other = train(model(1));
  save_cavs(saved.folder.path() / "other", other, 7);
  for (const char* file : {"cavs.safetensors", "random.safetensors"}) {
    const std::string own = read_file(saved.path / file);
    fs::copy_file(saved.folder.path() / "other" / file, saved.path / file,
                  fs::copy_options::overwrite_existing);
    CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring("cavs.json") &&
                                                    ContainsSubstring("vectors_hash: found ") &&
                                                    ContainsSubstring("another save"));
    std::ofstream(saved.path / file, std::ios::binary) << own;
    CHECK_NOTHROW(load_cavs(saved.path, 7));
  }
}

TEST_CASE("CAVs that cannot be saved", "[tcav]") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(save_cavs(folder.path() / "x", {}, 1), InvalidArgument);
  Cavs cavs = train(model());
  cavs.stopped = true;
  CHECK_THROWS_WITH(save_cavs(folder.path() / "x", cavs, 1), ContainsSubstring("stopped"));
  CHECK(!fs::exists(folder.path() / "x"));
  cavs.stopped = false;
  cavs.sets[0].concept_name = "\xff";
  CHECK_THROWS_WITH(save_cavs(folder.path() / "x", cavs, 1), ContainsSubstring("UTF-8"));
  CHECK(!fs::exists(folder.path() / "x/cavs.json"));
  folder.write("file", "");
  CHECK_THROWS_AS(save_cavs(folder.path() / "file", train(model()), 1), IoError);
}

TEST_CASE("CAV files that are not what they say", "[tcav]") {
  const Saved saved;
  const auto refuses = [&](const std::string& from, const std::string& to, const std::string& word) {
    INFO(from << " -> " << to);
    saved.change(from, to);
    CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring(word));
  };
  refuses("regard-cavs-1", "regard-cavs-9", "regard-cavs-9");
  refuses("\"seed\": 18446744073709551615", "\"seed\": \"x\"", "seed");
  refuses("\"cav\": \"logistic\"", "\"cav\": \"forest\"", "cav");
  refuses("\"negatives\": \"relative\"", "\"negatives\": \"none\"", "negatives");
  refuses("\"layer\": 0", "\"layer\": -1", "layer");
  refuses("\"layer\": 0", "\"layer\": 1", "twice");
  refuses("\"layer\": 0", "\"layer\": 5", "a/5");
  refuses("\"layer\": 0", "\"layer\": 1e99", "layer");
  refuses("\"concept\": \"a\"", "\"concept\": 3", "concept");
  refuses("\"overlap\": 0.", "\"overlap\": 7.", "overlap");
  refuses("\"chance\": ", "\"chanse\": ", "chance");
  refuses("\"tensor\": \"a/0\"", "\"tensor\": \"z/0\"", "z/0");
  refuses("\"resample\": 0", "\"resample\": 900000000", "resample");
  refuses("\"sets\": [", "\"sets\": [3, ", "concept");
  refuses("\"cavs\": [", "\"cavs\": [[], ", "cavs.json");
  refuses("\"random_status\": \"tested\"", "\"random_status\": \"fine\"", "random_status");
  refuses("\"accuracy\": ", "\"accuracy\": 7", "accuracy");
  refuses("\"sets\": [", "\"others\": [", "sets");
  refuses("{", "", "cavs.json");
  refuses(saved.text, "", "cavs.json");
  refuses(saved.text, "[]", "cavs.json");
  saved.change("{", "{");

  const std::string bytes = read_file(saved.path / "cavs.safetensors");
  const auto write = [&](const std::string& data) {
    std::ofstream(saved.path / "cavs.safetensors", std::ios::binary) << data;
  };
  for (const Index size : {Index{0}, Index{7}, Index{20}, bytes.size() / 2, bytes.size() - 1}) {
    write(bytes.substr(0, size));
    CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring("cavs.safetensors"));
  }
  std::string scaled = bytes;                         // no unit vectors
  std::fill(scaled.end() - 48, scaled.end(), '\x40'); // 32.5
  write(scaled);
  CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring("no unit vector"));
  std::fill(scaled.end() - 48, scaled.end(), '\xff'); // NaN
  write(scaled);
  CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring("no unit vector"));
  const std::vector<double> cube(18);
  write_safetensors(saved.path / "cavs.safetensors", {{"a/0", {3, 2, 3}, cube}}); // another rank
  CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring("a/0") && ContainsSubstring("rank 3"));
  fs::remove(saved.path / "cavs.safetensors");
  CHECK_THROWS_AS(load_cavs(saved.path, 7), IoError);
  write(bytes);
  CHECK(load_cavs(saved.path, 7).sets.size() == 6);
  fs::remove(saved.path / "random.safetensors");
  CHECK_THROWS_WITH(load_cavs(saved.path, 7), ContainsSubstring("random.safetensors"));
  CHECK_THROWS_AS(load_cavs(saved.folder.path() / "none", 7), IoError);
}
