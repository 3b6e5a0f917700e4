// SPDX-License-Identifier: MIT
// The passes stop allocating: after the largest batch a workspace has all the memory that it needs.
#include "support/catch.hpp"
#include "support/random_model.hpp"
#include "support/sanitized.hpp"
#include "support/seed.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

#if !defined(REGARD_TEST_SANITIZED) // sanitizers bring operators of their own

namespace {

std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, rounded))
    return memory;
  throw std::bad_alloc();
}

} // namespace

// The program's own operators, so that every allocation of the library is seen.
void* operator new(std::size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace {

using regard::Index;

/// How many allocations `run` makes.
template <class Run>
long count(Run run) {
  const long before = allocations;
  run();
  return allocations - before;
}

TEMPLATE_TEST_CASE("passes do not allocate once they have seen the largest batch", "[transformer]", float,
                   double) {
  regard::RandomStream stream(regard_test::seed(), 77);
  regard_test::RandomModel shape;
  shape.config.width = 16;
  shape.config.heads = 2;
  shape.config.norm = GENERATE(regard::NormPosition::after, regard::NormPosition::before);
  shape.layers = 3;
  shape.inner = 24;
  shape.classes = 3;
  const auto classifier = regard_test::random_classifier<TestType>(stream, shape);
  const auto last_block = GENERATE(regard::LastBlock::all_tokens, regard::LastBlock::tokens_read);
  const std::vector<std::vector<Index>> batches{{9, 33, 5}, {4, 7}, {33, 9, 5}, {40}};

  double seen = 0;
  regard::Hooks<TestType> hooks;
  hooks.on_attention_applied = [&seen](Index, Index, auto attention) { seen += double(attention(0, 0, 0)); };
  hooks.on_attention_gradient = [&seen](Index, Index, auto, auto gradient) {
    seen += double(gradient(0, 0, 0));
  };
  regard::Pass<TestType> pass;
  regard::Tensor<TestType, 2> seeds;
  const auto run = [&](const std::vector<Index>& lengths) {
    pass.rows.clear();
    for (const Index length : lengths)
      pass.rows.append(length);
    pass.hidden.resize({pass.rows.rows(), classifier.width()});
    std::fill(pass.hidden.begin(), pass.hidden.end(), TestType(0.5));
    seeds.resize({lengths.size(), classifier.classes()});
    std::fill(seeds.begin(), seeds.end(), TestType(1));
    classifier.forward(pass, regard::Keep::nothing, hooks, {.last_block = last_block});
    std::fill(pass.hidden.begin(), pass.hidden.end(), TestType(0.5));
    classifier.forward(pass, regard::Keep::for_backward, hooks, {.last_block = last_block});
    classifier.backward(pass, seeds, hooks);
  };
  CHECK(count([&] { run(batches[0]); }) > 0); // the count counts
  for (const auto& lengths : batches)
    run(lengths);
  for (const auto& lengths : batches)
    CHECK(count([&] { run(lengths); }) == 0);
  CHECK(seen != 0);
}

} // namespace

#endif
