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
#include "support/catch.hpp"

namespace {

/// Runs `target` on every file of its folders. @return how many there were
std::size_t replay(const std::string& name, void (*target)(regard_fuzz::Bytes)) {
  std::size_t count = 0;
  for (const char* const kind : {"regressions", "seeds"}) {
    const auto folder = std::filesystem::path(REGARD_FUZZ_INPUTS) / kind / name;
    if (!std::filesystem::is_directory(folder))
      continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      INFO(entry.path().string());
      const std::string bytes = regard_test::read_file(entry.path());
      CHECK_NOTHROW(target(std::as_bytes(std::span(bytes))));
      ++count;
    }
  }
  return count;
}

} // namespace

TEST_CASE("inputs that once broke a promise, and the seeds, are read or refused", "[fuzz]") {
  replay("safetensors", regard_fuzz::safetensors);
  replay("config", regard_fuzz::config);
  replay("image", regard_fuzz::image);
  CHECK(replay("tokenizer", regard_fuzz::tokenizer) >= 2);
  CHECK(replay("vocabulary", regard_fuzz::vocabulary) >= 1);
  CHECK(replay("csv", regard_fuzz::csv) >= 4);
  CHECK(replay("cavs", regard_fuzz::cavs) >= 1);
  CHECK(replay("study", regard_fuzz::study) >= 4);
  CHECK(replay("results", regard_fuzz::results) >= 4);
  CHECK(replay("self_test", regard_fuzz::self_test) >= 2);
}

TEST_CASE("a broken promise fails the replay", "[fuzz]") {
  CHECK_THROWS_AS(regard_fuzz::accepts([] { throw regard::InvalidArgument("two\nlines"); }),
                  std::logic_error);
  CHECK_THROWS_AS(regard_fuzz::accepts([] { throw std::out_of_range("not the library's"); }),
                  std::out_of_range);
  CHECK_FALSE(regard_fuzz::accepts([] { throw regard::InvalidArgument("one line"); }));
}
