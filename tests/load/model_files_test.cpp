// SPDX-License-Identifier: MIT
// What happens to a model whose files change while it is in use. The checkpoint holds F32 and is loaded as
// float, so with Mapping::map the weights are the pages of the file itself: F16 would be converted, and so
// copied.
#include "support/bert_golden.hpp"
#include "support/sanitized.hpp"
#include "support/temporary_folder.hpp"

#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace regard;
using namespace regard_test;
namespace fs = std::filesystem;

namespace {

const fs::path original = bert_golden / "two-layers-two-heads";
const std::string file_name = "model.safetensors";

/// A folder with the checkpoint, whose weights may be spoilt.
struct CopiedModel {
  TemporaryFolder folder;
  fs::path path = fs::canonical(folder.path()) / "model", weights = path / file_name;

  CopiedModel() { fs::copy(original, path); }
};

/// Whether a file of that path, or one that had it before it was removed, is mapped into this process.
bool is_in_memory_map(const fs::path& file) {
  return read_file("/proc/self/maps").find(file.string()) != std::string::npos;
}

/// All numbers of a forward and a backward pass: what reads every weight of a model.
std::vector<float> numbers_of(const BertClassifier<float>& bert) {
  const std::vector<BertToken> tokens{{18, 0, 0}, {0, 0, 1}, {31, 0, 2}, {3, 1, 3}, {39, 1, 4}};
  Tensor<float, 1> seed({bert.classifier.classes()});
  seed.fill(1);
  const auto [trace, gradients] =
      record_gradients<float>(bert.classifier, bert.embed(tokens), std::as_const(seed).view());
  std::vector<float> all;
  for (const auto values : {trace.logits.flat(), trace.attention.flat(), trace.hidden.flat(),
                            gradients.attention.flat(), gradients.hidden.flat()})
    all.insert(all.end(), values.begin(), values.end());
  return all;
}

/// Compared as bytes, so that a NaN equals itself and 0 is not -0.
bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return std::ranges::equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

/// Other weights of the same shapes: the header of the file, then the same byte again and again.
std::string other_weights(const fs::path& weights) {
  std::string bytes = read_file(weights);
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof(header));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(8 + header), bytes.end(), '\x3d');
  return bytes;
}

} // namespace

TEST_CASE("a mapped checkpoint may be removed or replaced while it is in use", "[load]") {
  const CopiedModel copy;
  const auto expected = numbers_of(load_bert<float>(original));
  REQUIRE(std::all_of(expected.begin(), expected.end(), [](float x) { return std::isfinite(x); }));

  const auto model = load_bert<float>(copy.path, Mapping::map);
  REQUIRE(is_in_memory_map(copy.weights));
  SECTION("removed") {
    fs::remove_all(copy.path);
    CHECK(is_in_memory_map(copy.weights));
    CHECK(same_bits(numbers_of(model), expected));
  }
  SECTION("replaced by rename, as downloaders do") {
    fs::rename(copy.folder.write("other", other_weights(copy.weights)), copy.weights);
    CHECK(same_bits(numbers_of(model), expected));
    CHECK(!same_bits(numbers_of(load_bert<float>(copy.path)), expected)); // the new file is another model
  }
}

TEST_CASE("a copied checkpoint may be truncated and overwritten in place", "[load]") {
  const CopiedModel copy;
  const auto model = load_bert<float>(copy.path, Mapping::copy);
  CHECK(!is_in_memory_map(copy.weights));
  const auto expected = numbers_of(load_bert<float>(original));
  const std::string other = other_weights(copy.weights);
  std::fstream(copy.weights, std::ios::binary | std::ios::in | std::ios::out) << other;
  CHECK(!same_bits(numbers_of(load_bert<float>(copy.path)), expected));
  CHECK(same_bits(numbers_of(model), expected));
  fs::resize_file(copy.weights, 0);
  CHECK(same_bits(numbers_of(model), expected));
}

// A sanitizer takes the signal of a page without a file for itself.
#if !defined(REGARD_TEST_SANITIZED)
TEST_CASE("the system ends a program that reads a mapped checkpoint which was cut short", "[load]") {
  const Mapping mapping = GENERATE(Mapping::map, Mapping::copy);
  const CopiedModel copy;
  const auto model = load_bert<float>(copy.path, mapping);
  numbers_of(model); // that its pages have been read before does not help
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGBUS, SIG_DFL);
    if (::truncate(copy.weights.c_str(), 0) != 0)
      ::_exit(1);
    numbers_of(model);
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  if (mapping == Mapping::map) {
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGBUS);
  } else {
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
  }
}
#endif
