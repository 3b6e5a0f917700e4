// SPDX-License-Identifier: MIT
// Many explanations, many threads, many players, long and short inputs; and being stopped in the middle.
#include "support/bundled_model.hpp"
#include "support/catch.hpp"
#include "support/id_model.hpp"
#include "support/sanitized.hpp"
#include "support/seed.hpp"

#include <regard/all.hpp>
#include <regard/shapley.hpp>

#include <cstdio>
#include <fstream>
#include <thread>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

using namespace regard;

namespace {

const TextClassifier<float>& model() {
  return regard_test::bundled_text_model<float>();
}

/// Memory of this process in bytes, without what the allocator keeps for later.
Index resident() {
#if defined(__GLIBC__)
  ::malloc_trim(0);
#endif
  std::ifstream file("/proc/self/statm");
  Index total = 0, pages = 0;
  file >> total >> pages;
  return pages * static_cast<Index>(sysconf(_SC_PAGESIZE));
}

/// Explains the first 1 to 50 bytes of a sentence, or for one in eight an image, by one method after the
/// other; one in five on two threads.
void explain_many(Index count) {
  static const auto images =
      load_image_classifier<float>(std::filesystem::path(REGARD_TEST_MODELS) / "vit-small-cifar10");
  static const Threads threads(2);
  const std::string words = "a gripping , funny and moving film about two brothers ";
  const std::array<Method, 5> methods{grad_attention_mutual{}, kernel_shap_input{.samples = 64},
                                      input_x_gradient{}, attention_cls{}, smooth_grad{.draws = 2}};
  const std::array<Method, 5> of_images{grad_attention_mutual{}, partition_shap_input{.samples = 8},
                                        input_x_gradient{}, attention_cls{}, smooth_grad{.draws = 2}};
  Image image({32, 32, 3});
  const Serial serial;
  for (Index i = 0; i < count; ++i) {
    const Executor& executor = i % 5 == 0 ? static_cast<const Executor&>(threads) : serial;
    const Index method = i / 8 % methods.size(), length = 1 + 7 * (i % 8);
    std::fill(image.begin(), image.end(), static_cast<std::uint8_t>(i));
    const auto why = i % 8 == 7
                         ? explain(images, ImageInput(image), of_images[method], {.seed = i}, executor)
                         : explain(model(), words.substr(0, length), methods[method], {.seed = i}, executor);
    REQUIRE(std::isfinite(why.value_full));
  }
}

/// What has been allocated and not freed, in bytes: resident memory also counts pages of code and files,
/// which come when they are first used.
Index allocated() {
#if defined(__GLIBC__)
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return resident();
#endif
}

/// Memory after a few explanations, after `warm` and after `count`, of which the last two are compared.
void check_memory(Index warm, Index count) {
  constexpr Index few = 20;
  const auto megabytes = [](Index bytes) { return static_cast<double>(bytes) / 1e6; };
  const auto report = [&](Index explanations) {
    std::printf("after %zu explanations: resident %.2f MB, allocated %.3f MB\n", explanations,
                megabytes(resident()), megabytes(allocated()));
  };
  explain_many(few);
  report(few);
  explain_many(warm - few);
  report(warm);
  [[maybe_unused]] const Index before = allocated(); // sanitizers allocate for themselves
  explain_many(count - warm);
  report(count);
#if !defined(REGARD_TEST_SANITIZED)
  CHECK(allocated() < before + Index{64} * 1024);
#endif
}

/// A game without a closed form whose value needs every player.
struct RootOfWeights {
  Index count;
  Index players() const { return count; }
  double value(const Coalition& s) const {
    double sum = 0;
    for (const Index i : s)
      sum += static_cast<double>(1 + i % 7);
    return std::sqrt(sum);
  }
};

const std::array samplers{Solver::permutation,    Solver::stratified,      Solver::self_normalised,
                          Solver::kernel,         Solver::unbiased_kernel, Solver::leverage,
                          Solver::authors_random, Solver::authors_kernel};

} // namespace

TEST_CASE("memory is flat over many explanations", "[load]") {
  check_memory(200, 600);
}

TEST_CASE("memory is flat over ten thousand explanations", "[.long]") {
  check_memory(1000, 10000);
}

TEST_CASE("threads may share a model", "[load]") {
  const std::vector<Method> methods{grad_attention_mutual{}, integrated_gradients{}, attention_rollout{},
                                    occlusion{}};
  std::vector<std::vector<double>> expected;
  for (const Method& method : methods)
    expected.push_back(explain(model(), "not a bad film", method).values);
  std::vector<int> same(8, 0);
  {
    std::vector<std::jthread> threads;
    for (Index t = 0; t < same.size(); ++t)
      threads.emplace_back([&, t] {
        for (Index round = 0; round < 5; ++round)
          same[t] += explain(model(), "not a bad film", methods[t % methods.size()]).values ==
                     expected[t % methods.size()];
      });
  }
  CHECK(same == std::vector<int>(8, 5));
}

TEST_CASE("sampled solvers take a thousand players", "[load]") {
  const RootOfWeights game{1024};
  for (const Solver solver : samplers) {
    INFO(to_string(solver));
    const auto result = shapley(game, {.solver = solver, .budget = Index{3} * 1026});
    REQUIRE(result.values.size() == 1024);
    CHECK(std::all_of(result.values.begin(), result.values.end(), [](double v) { return std::isfinite(v); }));
    CHECK(result.evaluations <= Index{3} * 1026);
    if (result.standard_errors) {
      CHECK(result.standard_errors->size() == 1024);
      CHECK(std::all_of(result.standard_errors->begin(), result.standard_errors->end(),
                        [](double e) { return std::isfinite(e) && e >= 0; }));
    }
    // Those that promise efficiency leave no gap at any budget; samplers.hpp says which they are.
    if (solver == Solver::permutation || solver == Solver::kernel || solver == Solver::unbiased_kernel ||
        solver == Solver::leverage) {
      const double sum = std::accumulate(result.values.begin(), result.values.end(), 0.0);
      CHECK(std::abs(sum - (result.value_full - result.value_empty)) < 1e-9 * result.value_full);
    }
  }
}

TEST_CASE("trees take a thousand players", "[load]") {
  const RootOfWeights game{1024};
  const PartitionTree tree = PartitionTree::halves(1024);
  for (const bool whole : {false, true}) {
    const auto result = whole ? owen_values(game, tree) : partition_shap(game, tree, {.budget = 5000});
    REQUIRE(result.values.size() == 1024);
    CHECK(result.status == (whole ? Status::converged : Status::budget_reached));
    CHECK(!result.standard_errors);
    CHECK(result.evaluations <= (whole ? 1024 * 1024 : 5000));
    const double sum = std::accumulate(result.values.begin(), result.values.end(), 0.0);
    CHECK(std::abs(sum - (result.value_full - result.value_empty)) < 1e-9 * result.value_full);
  }
}

TEST_CASE("sampled interactions take a hundred players", "[load]") {
  const Index players = 100;
  const auto result =
      sample_interactions(RootOfWeights{players}, InteractionIndex::k_sii, {.budget = 2 * players + 106});
  REQUIRE(result.values.size() == players);
  CHECK(result.evaluations <= 2 * players + 106);
  double sum = std::accumulate(result.values.begin(), result.values.end(), 0.0);
  for (Index i = 0; i < players; ++i)
    for (Index j = 0; j < i; ++j)
      sum += result.matrix(i, j);
  CHECK(std::abs(sum - (result.value_full - result.value_empty) + result.completeness_gap) <
        1e-9 * result.value_full);
  REQUIRE(result.standard_errors);
  CHECK(result.standard_errors->extent(0) == players);
  CHECK(result.standard_errors->extent(1) == players);
  CHECK(std::all_of(result.standard_errors->begin(), result.standard_errors->end(),
                    [](double e) { return std::isfinite(e) && e >= 0; }));
}

TEST_CASE("an input of a thousand tokens is explained by groups and by LIME", "[load]") {
  RandomStream stream(regard_test::seed(), 40);
  const auto classifier = regard_test::random_classifier<float>(
      stream, {{8, 2, Activation::gelu, NormPosition::after}, 1, 16, 2});
  const auto table = regard_test::random_rows<float>(stream, 12, 8);
  const regard_test::IdModel<float> ids(classifier, regard_test::rows_of<float>(table), 11);
  std::vector<Index> text(1026);
  for (Index t = 0; t < text.size(); ++t)
    text[t] = t % 10;
  for (const Method& method : {Method(lime{.samples = 24}), Method(partition_shap_input{.samples = 24})}) {
    INFO(method_name(method));
    const auto why = explain(ids, regard_test::id_text(text), method);
    CHECK(why.values.size() == 1024);
    CHECK(why.evaluations <= 25);
    CHECK(std::all_of(why.values.begin(), why.values.end(), [](double v) { return std::isfinite(v); }));
    CHECK(std::any_of(why.values.begin(), why.values.end(), [](double v) { return v != 0; }));
  }
}

TEST_CASE("a game of one player is solved by every sampled solver", "[load]") {
  for (const Solver solver : samplers)
    if (solver != Solver::authors_random && solver != Solver::authors_kernel) {
      INFO(to_string(solver));
      CHECK(shapley(RootOfWeights{1}, {.solver = solver, .budget = 16}).values == std::vector<double>{1.0});
    }
}

TEST_CASE("a solver that is stopped in the middle ends soon", "[load]") {
  // Stopped from the game itself, long before the budget, or all coalitions, are spent.
  struct Stopping {
    std::stop_source& stop;
    std::atomic<Index>& seen;
    Index players() const { return 24; }
    double value(const Coalition& s) const {
      if (++seen == 1000)
        stop.request_stop();
      return std::sqrt(static_cast<double>(s.size()));
    }
  };
  std::vector<Solver> solvers(samplers.begin(), samplers.end());
  solvers.push_back(Solver::exact);
  for (const Solver solver : solvers)
    for (const Index workers : std::initializer_list<Index>{1, 2}) {
      INFO(to_string(solver) << ", " << workers << " workers");
      std::stop_source stop;
      std::atomic<Index> seen{0};
      const auto result =
          shapley(Stopping{stop, seen}, {.solver = solver, .budget = 1000000, .stop = stop.get_token()},
                  Threads(workers));
      CHECK(result.status == Status::stopped);
      CHECK(result.values.size() == 24);
      CHECK(
          std::all_of(result.values.begin(), result.values.end(), [](double v) { return std::isfinite(v); }));
      CHECK(seen < 20000);
    }
}

TEST_CASE("what an observer or a game throws comes out, and the executor goes on", "[load]") {
  const Threads threads(2);
  struct Throwing {
    Index players() const { return 12; }
    double value(const Coalition& s) const {
      if (s.size() == 7)
        throw std::runtime_error("seven");
      return static_cast<double>(s.size());
    }
  };
  struct Observed : std::runtime_error {
    using std::runtime_error::runtime_error;
  };
  for (const Solver solver : {Solver::exact, Solver::kernel, Solver::permutation}) {
    INFO(to_string(solver));
    std::string alone, together;
    try {
      shapley(Throwing{}, {.solver = solver, .budget = 4096});
    } catch (const std::exception& error) {
      alone = error.what();
    }
    try {
      shapley(Throwing{}, {.solver = solver, .budget = 4096}, threads);
    } catch (const std::exception& error) {
      together = error.what();
    }
    CHECK(!alone.empty());
    CHECK(alone == together);
    if (solver != Solver::exact)
      CHECK_THROWS_AS(
          shapley(
              RootOfWeights{12},
              {.solver = solver, .budget = 1000, .observer = [](const Progress&) { throw Observed("seen"); }},
              threads),
          Observed);
    CHECK(shapley(RootOfWeights{12}, {.solver = solver, .budget = 4096}, threads).values ==
          shapley(RootOfWeights{12}, {.solver = solver, .budget = 4096}).values);
  }
}

TEST_CASE("every method takes the shortest and the longest input, or says why not", "[load]") {
  std::string longest;
  for (Index i = 0; i < 2 * model().max_tokens(); ++i)
    longest += "film ";
  Index refused = 0;
  for (const MethodName& name : method_names()) {
    for (const std::string& text : {std::string(), std::string("film"), longest}) {
      INFO(name.name << ", " << text.size() << " bytes");
      Method method = name.make();
      if (auto* input = std::get_if<InputMethod>(&method))
        input->samples = 2 * (model().max_tokens() + 2);
      if (auto* local = std::get_if<lime>(&method))
        local->samples = 50;
      if (auto* integral = std::get_if<integrated_gradients>(&method))
        integral->points = 2;
      if (auto* smooth = std::get_if<smooth_grad>(&method))
        smooth->draws = 2;
      try {
        const auto why = explain(model(), text, method);
        CHECK(why.values.size() == why.players.size());
        CHECK(why.tokens.size() <= model().max_tokens());
        CHECK(std::all_of(why.values.begin(), why.values.end(), [](double v) { return std::isfinite(v); }));
      } catch (const InvalidArgument& error) {
        ++refused; // what enumerates cannot take the longest
        CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("players"));
        CHECK(text == longest);
      }
    }
  }
  CHECK(refused >= 1);
  CHECK(refused <= 3);
}
