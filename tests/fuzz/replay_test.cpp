// SPDX-License-Identifier: MIT
// Replays what the fuzzer found, and the seeds, through the same targets without a fuzzer or a sanitizer.
#include "fuzz/targets/cavs.hpp"
#include "fuzz/targets/config.hpp"
#include "fuzz/targets/csv.hpp"
#include "fuzz/targets/image.hpp"
#include "fuzz/targets/results.hpp"
#include "fuzz/targets/safetensors.hpp"
#include "fuzz/targets/self_test.hpp"
#include "fuzz/targets/study.hpp"
#include "fuzz/targets/tokenizer.hpp"
#include "fuzz/targets/weights.hpp"
#include "support/catch.hpp"

namespace {

namespace fs = std::filesystem;

using Target = void (*)(regard_fuzz::Bytes);

void replay_bytes(const std::string& bytes, Target target) {
  CHECK_NOTHROW(target(std::as_bytes(std::span(bytes))));
}

/// Runs `target` on the files that stand in `folder` or below and pass `wanted`. @return how many there were
template <class Wanted>
std::size_t replay_files(const fs::path& folder, Target target, const Wanted& wanted) {
  std::size_t count = 0;
  if (!fs::is_directory(folder))
    return count;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !wanted(entry.path()))
      continue;
    INFO(entry.path().string());
    replay_bytes(regard_test::read_file(entry.path()), target);
    ++count;
  }
  return count;
}

/// The same for what the fuzzer found for a target, and for its small seeds.
std::size_t replay(const std::string& name, Target target) {
  std::size_t count = 0;
  for (const char* const kind : {"regressions", "seeds"})
    count += replay_files(fs::path(REGARD_FUZZ_INPUTS) / kind / name, target,
                          [](const fs::path&) { return true; });
  return count;
}

const fs::path golden = REGARD_TEST_DATA;

} // namespace

TEST_CASE("inputs that once broke a promise, and the seeds, are read or refused", "[fuzz]") {
  CHECK(replay("tokenizer", regard_fuzz::tokenizer) >= 2);
  CHECK(replay("vocabulary", regard_fuzz::vocabulary) >= 1);
  CHECK(replay("csv", regard_fuzz::csv) >= 4);
  CHECK(replay("cavs", regard_fuzz::cavs) >= 1);
  CHECK(replay("study", regard_fuzz::study) >= 4);
  CHECK(replay("results", regard_fuzz::results) >= 4);
  CHECK(replay("self_test", regard_fuzz::self_test) >= 2);
  replay("safetensors", regard_fuzz::safetensors);
  replay("weights", regard_fuzz::weights);
  CHECK(replay("config", regard_fuzz::config) >= 4);
  replay("image", regard_fuzz::image);
}

TEST_CASE("golden files pass through the fuzz targets, whole and cut short", "[fuzz]") {
  const auto called = [](const char* name) {
    return [name](const fs::path& path) { return path.filename() == name; };
  };
  CHECK(replay_files(golden / "bert", regard_fuzz::safetensors, called("model.safetensors")) >= 5);
  CHECK(replay_files(golden / "bert", regard_fuzz::weights, called("model.safetensors")) >= 5);
  CHECK(replay_files(golden / "vit", regard_fuzz::weights, called("model.safetensors")) >= 5);
  CHECK(replay_files(golden / "bert", regard_fuzz::config, called("config.json")) >= 5);
  CHECK(replay_files(golden / "vit", regard_fuzz::config, called("config.json")) >= 5);
  CHECK(replay_files(golden / "image" / "files", regard_fuzz::image, [](const fs::path&) { return true; }) >=
        20);

  const struct {
    Target target;
    fs::path file;
  } cut[] = {{regard_fuzz::safetensors, golden / "checkpoint/mixed.safetensors"},
             {regard_fuzz::weights, golden / "bert/one-layer-one-head/model.safetensors"},
             {regard_fuzz::config, golden / "vit/one-layer-one-head/config.json"},
             {regard_fuzz::image, golden / "image/files/plain.jpg"},
             {regard_fuzz::image, golden / "image/files/palette4.png"}};
  for (const auto& [target, file] : cut) {
    const std::string whole = regard_test::read_file(file);
    for (std::size_t part = 0; part < 16; ++part) {
      INFO(file.string() << ", " << part << " / 16 of it");
      replay_bytes(whole.substr(0, whole.size() * part / 16), target);
    }
  }
}

TEST_CASE("a broken promise fails the replay", "[fuzz]") {
  CHECK_THROWS_AS(regard_fuzz::accepts([] { throw regard::InvalidArgument("two\nlines"); }),
                  std::logic_error);
  CHECK_THROWS_AS(regard_fuzz::accepts([] { throw regard::InvalidArgument("a\xc2\x9b\x62"); }),
                  std::logic_error);
  CHECK_FALSE(regard_fuzz::accepts([] { throw regard::InvalidArgument("a\xc2\xa0\xc3\x9b"); }));
  CHECK_THROWS_AS(regard_fuzz::accepts([] { throw std::out_of_range("not the library's"); }),
                  std::out_of_range);
  CHECK_FALSE(regard_fuzz::accepts([] { throw regard::InvalidArgument("one line"); }));
}
