// SPDX-License-Identifier: MIT
// What a hook, a model or a game throws in the middle, and a stop that is requested there: what is left works
// on, and what was finished is whole.
#include "support/catch.hpp"
#include "support/id_model.hpp"
#include "support/seed.hpp"
#include "support/token_sets.hpp"

#include <regard/attribution/explain.hpp>
#include <regard/shapley.hpp>
#include <regard/tcav/cavs.hpp>

#include <atomic>
#include <chrono>
#include <thread>

using namespace regard;
using namespace regard_test;

namespace {

struct Thrown : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class Range>
bool all_finite(const Range& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](double x) { return std::isfinite(x); });
}

SequenceClassifier<float> some_classifier() {
  RandomStream stream(seed(), 50);
  return random_classifier<float>(stream, {{8, 2, Activation::gelu, NormPosition::after}, 3, 16, 3});
}

/// Embeds random rows, and tells `seen` the ids of the tokens.
IdModel<float> watched_model(const std::function<void(Index id)>& seen) {
  RandomStream stream(seed(), 51);
  return {
      some_classifier(),
      [seen, embed = rows_of<float>(random_rows<float>(stream, 12, 8))](const Encoding& encoding, auto rows) {
        for (const Token& token : encoding.tokens)
          seen(token.id);
        embed(encoding, rows);
      },
      11};
}

/// Forty inputs, of which one holds the token 9.
constexpr Index marked = 23;
std::vector<TextInput> inputs() {
  std::vector<TextInput> result;
  for (Index i = 0; i < 40; ++i)
    result.emplace_back(i == marked ? "1 4 9 6 2" : "1 4 " + std::to_string(3 + i % 5) + " 6 2");
  return result;
}

/// One that takes several inputs in a pass, and those that take them one by one.
std::vector<Method> some_methods() {
  return {grad_attention_mutual{}, shapley_input{}, permutation_shap_input{.samples = 64},
          integrated_gradients{.points = 3}, lime{.samples = 20}};
}

/// A game that others interrupt: sqrt of the number of players.
struct Watched {
  Index count;
  std::function<void(const Coalition&)> seen;
  Index players() const { return count; }
  double value(const Coalition& s) const {
    seen(s);
    return std::sqrt(static_cast<double>(s.size()));
  }
};

} // namespace

TEST_CASE("what a hook throws comes out of a pass on threads, and pass and executor work on", "[load]") {
  INFO("seed " << seed());
  const auto classifier = some_classifier();
  const Threads threads(3);
  RandomStream stream(seed(), 52);
  const Tensor<float, 2> rows = random_rows<float>(stream, 120, 8);
  Tensor<float, 2> seeds({2, 3});
  seeds.fill(1);
  const auto run = [&](Pass<float>& pass, const Executor* executor, const Hooks<float>& forward,
                       const Hooks<float>& backward) {
    pass.executor = executor;
    pass.rows = RowOffsets(std::vector<Index>{70, 50});
    pass.hidden = rows;
    classifier.forward(pass, Keep::for_backward, forward);
    classifier.backward(pass, seeds.view(), backward);
  };
  Pass<float> alone;
  run(alone, nullptr, {}, {});
  Pass<float> pass;
  for (int hook = 0; hook < 5; ++hook) {
    Hooks<float> forward, backward;
    const auto throw_at = [](Index layer, Index input) {
      if (layer == 1 && input == 1)
        throw Thrown("hook");
    };
    if (hook == 0)
      forward.on_attention = [&](Index layer, Index input, auto) { throw_at(layer, input); };
    if (hook == 1)
      forward.on_attention_applied = [&](Index layer, Index input, auto) { throw_at(layer, input); };
    if (hook == 2)
      forward.on_hidden = [&](Index layer, Index input, auto) { throw_at(layer, input); };
    if (hook == 3)
      backward.on_attention_gradient = [&](Index layer, Index input, auto, auto) { throw_at(layer, input); };
    if (hook == 4)
      backward.on_hidden_gradient = [&](Index layer, Index input, auto) { throw_at(layer, input); };
    INFO("hook " << hook);
    CHECK_THROWS_AS(run(pass, &threads, forward, backward), Thrown);
    run(pass, &threads, {}, {});
    CHECK(std::equal(pass.logits.begin(), pass.logits.end(), alone.logits.begin(), alone.logits.end()));
    CHECK(
        std::equal(pass.gradient.begin(), pass.gradient.end(), alone.gradient.begin(), alone.gradient.end()));
  }
}

TEST_CASE("what a model throws comes out of explain_all on threads, and both work on", "[load]") {
  INFO("seed " << seed());
  std::atomic<bool> broken{false};
  const auto model = watched_model([&](Index id) {
    if (broken && id == 9)
      throw Thrown("the ninth");
  });
  const Threads threads(3);
  const auto texts = inputs();
  for (const Method& method : some_methods()) {
    INFO(method_name(method));
    const auto expected = explain_all(model, std::span(texts), method);
    broken = true;
    CHECK_THROWS_WITH(explain_all(model, std::span(texts), method, {}, threads),
                      Catch::Matchers::ContainsSubstring("the ninth"));
    broken = false;
    const auto after = explain_all(model, std::span(texts), method, {}, threads);
    for (Index i = 0; i < texts.size(); ++i)
      CHECK(after[i].values == expected[i].values);
  }
}

TEST_CASE("what a game throws in a worker's thread comes out of the solver", "[load]") {
  const Threads threads(2);
  const auto caller = std::this_thread::get_id();
  for (const Solver solver : {Solver::permutation, Solver::kernel, Solver::exact}) {
    INFO(to_string(solver));
    std::atomic<bool> thrown{false};
    const Watched game{12, [&](const Coalition& s) {
                         if (std::this_thread::get_id() != caller) {
                           thrown = true;
                           throw Thrown("in a worker");
                         }
                         // The caller leaves work to the other, but not for ever.
                         for (int wait = 0; wait < 20 && !thrown && s.size() > 0 && s.size() < 12; ++wait)
                           std::this_thread::sleep_for(std::chrono::milliseconds(1));
                       }};
    const SolverOptions options{.solver = solver, .budget = 4096, .batch_size = 8};
    CHECK_THROWS_WITH(shapley(game, options, threads), Catch::Matchers::ContainsSubstring("in a worker"));
    CHECK(thrown);
    const Watched quiet{12, [](const Coalition&) {}};
    CHECK(shapley(quiet, options, threads).values == shapley(quiet, options).values);
  }
}

TEST_CASE("owen values and interactions that are stopped in the middle end soon", "[load]") {
  constexpr Index players = 200, few = 18;
  for (const Index workers : std::initializer_list<Index>{1, 2}) {
    CAPTURE(workers);
    const Threads threads(workers);
    std::stop_source stop;
    std::atomic<Index> seen{0};
    const auto stopping = [&](Index count) {
      stop = {};
      seen = 0;
      return Watched{count, [&](const Coalition&) {
                       if (++seen == 1000)
                         stop.request_stop();
                     }};
    };
    const auto options = [&] { return SolverOptions{.budget = 20000, .stop = stop.get_token()}; };
    const auto check_values = [&](const auto& result, Index count) {
      CHECK(result.status == Status::stopped);
      CHECK(result.values.size() == count);
      CHECK(all_finite(result.values));
      CHECK(seen >= 1000);
      CHECK(seen < 1000 + 128 * workers);
    };
    const PartitionTree tree = PartitionTree::halves(players);
    Watched game = stopping(players);
    check_values(owen_values(game, tree, options(), threads), players);
    game = stopping(players);
    check_values(partition_shap(game, tree, options(), threads), players);
    for (const InteractionName& name : interaction_names) {
      INFO(name.name);
      game = stopping(few);
      const auto all = enumerate_interactions(game, name.index, options(), threads);
      check_values(all, few);
      CHECK(all_finite(all.matrix));
      game = stopping(few);
      const auto sampled = sample_interactions(game, name.index, options(), threads);
      check_values(sampled, few);
      CHECK(all_finite(sampled.matrix));
    }
  }
}

TEST_CASE("explanations that were finished before a stop are whole, the others say so", "[load]") {
  INFO("seed " << seed());
  std::stop_source stop;
  std::atomic<Index> embedded{0};
  std::atomic<bool> armed{false};
  const auto model = watched_model([&](Index id) {
    ++embedded;
    if (armed && id == 9)
      stop.request_stop();
  });
  const auto texts = inputs();
  for (const Method& method : some_methods()) {
    INFO(method_name(method));
    armed = false;
    embedded = 0;
    const auto expected = explain_all(model, std::span(texts), method);
    const Index all = embedded;
    for (const Index workers : std::initializer_list<Index>{1, 3}) {
      CAPTURE(workers);
      const Threads threads(workers);
      stop = {};
      embedded = 0;
      armed = true;
      const auto stopped = explain_all(model, std::span(texts), method, {.stop = stop.get_token()}, threads);
      REQUIRE(stopped.size() == texts.size());
      Index finished = 0;
      for (Index i = 0; i < texts.size(); ++i) {
        if (stopped[i].status != "stopped") {
          ++finished;
          CHECK(stopped[i].status == expected[i].status);
          CHECK(stopped[i].values == expected[i].values);
          CHECK(stopped[i].logits == expected[i].logits);
        } else {
          CHECK((stopped[i].values.empty() || stopped[i].values.size() == expected[i].values.size()));
          CHECK(all_finite(stopped[i].values));
        }
      }
      // A method that takes several inputs in a pass may have nothing left to stop.
      if (std::holds_alternative<AttentionMethod>(method)) {
        CHECK(embedded <= all);
        continue;
      }
      CHECK(embedded < all);
      CHECK(finished > 0);
      CHECK(finished <= marked + workers);
      CHECK(stopped.back().status == "stopped");
      CHECK(stopped.back().values.empty());
    }
  }
}

TEST_CASE("CAVs of blocks that were finished before a stop are whole", "[load]") {
  INFO("seed " << seed());
  RandomStream stream(seed(), 60);
  const auto classifier = some_classifier();
  std::vector<ConceptInputs<float>> concepts;
  for (const double shift : {0.0, 2.0})
    concepts.push_back(
        {shift > 0 ? "shifted" : "plain", token_set(random_inputs<float>(stream, 8, 8, shift))});
  CavOptions options;
  options.resamples = 4;
  const Cavs whole = train_cavs<float>(classifier, concepts, {}, options);
  REQUIRE(whole.sets.size() == 6);
  const auto check_part = [&](const Cavs& part, Index layers) {
    CHECK(part.stopped);
    CHECK(part.sets.size() == 2 * layers);
    for (const CavSet& set : part.sets) {
      const CavSet* same = whole.find(set.concept_name, set.layer);
      REQUIRE(same != nullptr);
      CHECK(std::equal(set.vectors.begin(), set.vectors.end(), same->vectors.begin(), same->vectors.end()));
      CHECK(set.accuracies == same->accuracies);
    }
  };
  for (const Index workers : std::initializer_list<Index>{1, 2}) {
    CAPTURE(workers);
    const Threads threads(workers);
    for (const Index done_at_stop : std::initializer_list<Index>{1, 2}) {
      std::stop_source stop;
      options.stop = stop.get_token();
      Index last = 0;
      options.progress = [&](Index done, Index) {
        last = done;
        if (done == done_at_stop)
          stop.request_stop();
      };
      check_part(train_cavs<float>(classifier, concepts, {}, options, threads), done_at_stop);
      CHECK(last == done_at_stop);
    }
    // While the inputs are embedded nothing is known yet.
    std::stop_source stop;
    options.stop = stop.get_token();
    options.progress = {};
    auto stopping = concepts;
    stopping[1].inputs.embed = [&](Index input, TensorView<float, 2> rows) {
      stop.request_stop();
      concepts[1].inputs.embed(input, rows);
    };
    check_part(train_cavs<float>(classifier, stopping, {}, options, threads), 0);
  }
}
