// SPDX-License-Identifier: MIT
// Sets of CAVs: who is drawn, what is held out, what is said of sets that cannot be told apart, and that
// nothing depends on threads or order.
#include "support/seed.hpp"
#include "support/token_sets.hpp"
#include "support/tolerance.hpp"

#include <regard/tcav/concept_scores.hpp>
#include <regard/transformer/trace.hpp>

using namespace regard;
using namespace regard_test;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr Index width = 6, layers = 3;
using Rows = std::vector<Tensor<float, 2>>;

SequenceClassifier<float> model(std::uint64_t item = 0) {
  RandomStream stream(seed(), 1000 + item);
  return random_classifier<float>(stream,
                                  {{width, 2, Activation::gelu, NormPosition::before}, layers, 10, 2, false});
}

/// Concepts that differ by what is added to the first entry of their tokens.
struct Sets {
  explicit Sets(std::uint64_t item, std::vector<std::pair<Index, double>> sizes, Index randoms = 0)
      : stream(seed(), item) {
    for (Index c = 0; c < sizes.size(); ++c) {
      rows.push_back(random_inputs<float>(stream, sizes[c].first, width, sizes[c].second));
      concepts.push_back({std::string(1, static_cast<char>('a' + c)), token_set(rows.back())});
    }
    random_rows = random_inputs<float>(stream, randoms, width);
    random = token_set(random_rows);
  }

  RandomStream stream;
  std::vector<Rows> rows;
  Rows random_rows;
  std::vector<ConceptInputs<float>> concepts;
  TokenInputs<float> random;
};

/// All token rows of some inputs at the output of a block.
Tensor<float, 2> hidden_rows(const SequenceClassifier<float>& classifier, const Rows& inputs,
                             const std::vector<Index>& which, Index layer) {
  std::vector<float> values;
  for (const Index i : which) {
    const auto trace = record<float>(classifier, inputs[i]);
    values.insert(values.end(), trace.hidden[layer + 1].begin(), trace.hidden[layer + 1].end());
  }
  Tensor<float, 2> rows({values.size() / width, width});
  std::copy(values.begin(), values.end(), rows.begin());
  return rows;
}

bool same_bits(const Cavs& a, const Cavs& b) {
  bool same = a.sets.size() == b.sets.size();
  for (const CavSet& set : a.sets) {
    const CavSet* other = b.find(set.concept_name, set.layer);
    same = same && other != nullptr && std::ranges::equal(set.vectors, other->vectors) &&
           set.accuracies == other->accuracies && set.chance == other->chance &&
           bool(set.random) == bool(other->random);
    if (same && set.random)
      same = std::ranges::equal(set.random->vectors, other->random->vectors);
  }
  return same;
}

} // namespace

TEST_CASE("relative CAVs are probes of the concept against a draw from the others", "[tcav]") {
  INFO("seed " << seed());
  const auto classifier = model();
  const Sets sets(1, {{3, 1}, {2, 0}, {2, -1}});
  for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm, Probe::pattern}) {
    CavOptions options;
    options.probe = {.probe = probe, .tolerance = 1e-9};
    options.resamples = 40;
    const Cavs cavs = train_cavs<float>(classifier, sets.concepts, {}, options);
    CHECK(cavs.sets.size() == 9);
    for (Index layer = 0; layer < layers; ++layer) {
      const CavSet& set = *cavs.find("a", layer);
      INFO(to_string(probe) << ", layer " << layer);
      // 3 of the 4 others: each vector is one of four fits, and each of the four is drawn.
      std::vector<Index> drawn(4), matches(40);
      const auto positives = hidden_rows(classifier, sets.rows[0], {0, 1, 2}, layer);
      Rows others = sets.rows[1];
      others.insert(others.end(), sets.rows[2].begin(), sets.rows[2].end());
      for (Index out = 0; out < 4; ++out) {
        std::vector<Index> in;
        for (Index i = 0; i < 4; ++i)
          if (i != out)
            in.push_back(i);
        const auto fitted =
            fit_probe<float>(positives, hidden_rows(classifier, others, in, layer), options.probe);
        for (Index r = 0; r < 40; ++r)
          if (relative_error(set.vectors[r], fitted.direction) < 1e-5) {
            ++drawn[out];
            ++matches[r]; // of more than one where their margins leave the same rows out (svm)
          }
      }
      CHECK(*std::min_element(matches.begin(), matches.end()) > 0);
      CHECK(*std::min_element(drawn.begin(), drawn.end()) > 0); // missed with probability 4e-5
      CHECK(!set.negatives_exhausted);
      // The other two are smaller than what they draw from, too; their negatives are 2 of 5.
      CHECK(!cavs.find("b", layer)->negatives_exhausted);
      CHECK(set.random == nullptr);
      CHECK(set.random_status == TestStatus::no_random);
    }
  }
}

TEST_CASE("two concepts of one size exhaust their negatives", "[tcav]") {
  const auto classifier = model();
  const Sets sets(2, {{4, 1}, {4, -1}}, 60);
  CavOptions options;
  options.probe.tolerance = 1e-9;
  options.resamples = 3;
  options.layers = {1};
  const Cavs cavs = train_cavs<float>(classifier, sets.concepts, sets.random, options);
  const CavSet& set = *cavs.find("a", 1);
  CHECK(set.negatives_exhausted);
  const auto fitted = fit_probe<float>(hidden_rows(classifier, sets.rows[0], {0, 1, 2, 3}, 1),
                                       hidden_rows(classifier, sets.rows[1], {0, 1, 2, 3}, 1), options.probe);
  for (Index r = 0; r < 3; ++r)
    CHECK(relative_error(set.vectors[r], fitted.direction) < 1e-5);
  // Of the random concepts all resamples would be the same, too: there is one.
  REQUIRE(set.random);
  CHECK(set.random->vectors.shape() == Shape<3>{30, 1, width});
}

TEST_CASE("random CAVs: the concept, and random concepts, against random inputs", "[tcav]") {
  INFO("seed " << seed());
  const auto classifier = model();
  const Sets sets(3, {{2, 2}}, 70);
  CavOptions options;
  options.negatives = Negatives::random;
  options.resamples = 4;
  options.random_resamples = 3;
  options.random_concepts = 35;
  const Cavs cavs = train_cavs<float>(classifier, sets.concepts, sets.random, options);
  for (const CavSet& set : cavs.sets) {
    REQUIRE(set.random);
    CHECK(set.random->vectors.shape() == Shape<3>{35, 3, width});
    CHECK(set.random->overlap == 0);
    CHECK(set.random_status == TestStatus::tested);
    for (Index k = 0; k < 35; ++k)
      for (Index r = 0; r < 3; ++r) {
        double squares = 0;
        for (const double x : set.random->vectors[k][r])
          squares += x * x;
        CHECK(squares == Approx(1));
      }
  }
  // Fewer random inputs: they overlap. Fewer than 30, or than twice the concept's: none.
  const Sets larger(3, {{4, 2}, {4, 0}}, 32);
  options.negatives = Negatives::relative;
  const Cavs overlapping = train_cavs<float>(classifier, larger.concepts, larger.random, options);
  REQUIRE(overlapping.sets[0].random);
  CHECK(overlapping.sets[0].random->overlap == Approx(4.0 / 32));
  for (const auto& [size, random] : {std::pair<Index, Index>{4, 29}, {16, 31}}) {
    const Sets few(3, {{size, 2}, {size, 0}}, random);
    const Cavs none = train_cavs<float>(classifier, few.concepts, few.random, options);
    CHECK(none.sets[0].random == nullptr);
    CHECK(none.sets[0].random_status == TestStatus::few_random);
  }
}

TEST_CASE("CAVs do not depend on threads, order or which layers are asked for", "[tcav]") {
  INFO("seed " << seed());
  const auto classifier = model();
  const Sets sets(4, {{5, 1}, {4, 0}, {6, -1}}, 40);
  CavOptions options;
  options.resamples = 6;
  const Cavs cavs = train_cavs<float>(classifier, sets.concepts, sets.random, options);
  CHECK(same_bits(cavs, train_cavs<float>(classifier, sets.concepts, sets.random, options, Threads(3))));
  const std::vector<ConceptInputs<float>> turned(sets.concepts.rbegin(), sets.concepts.rend());
  const Cavs other_order = train_cavs<float>(classifier, turned, sets.random, options);
  CHECK(same_bits(cavs, other_order));
  CHECK(other_order.sets.front().concept_name == "c");

  options.layers = {2, 0};
  const Cavs some = train_cavs<float>(classifier, sets.concepts, sets.random, options);
  CHECK(some.sets.size() == 6);
  CHECK(some.sets[0].layer == 2);
  CHECK(some.find("a", 1) == nullptr);
  for (const CavSet& set : some.sets)
    CHECK(std::ranges::equal(set.vectors, cavs.find(set.concept_name, set.layer)->vectors));

  options.seed = 1;
  const Cavs other_seed = train_cavs<float>(classifier, sets.concepts, sets.random, options);
  CHECK(!std::ranges::equal(other_seed.sets[0].vectors, some.sets[0].vectors));
}

TEST_CASE("accuracy is of inputs that were held out, never of their tokens", "[tcav]") {
  INFO("seed " << seed());
  const auto classifier = model();
  // The tokens of an input are nearly the same; those of another are elsewhere, whichever its concept. A
  // split by token would find the neighbours and call this a concept.
  RandomStream stream(seed(), 5);
  std::vector<ConceptInputs<float>> concepts;
  for (const char* name : {"one", "other"}) {
    Rows rows;
    for (Index i = 0; i < 12; ++i) {
      const auto centre = random_rows<float>(stream, 1, width);
      rows.push_back(random_rows<float>(stream, 8, width));
      for (Index t = 0; t < 8; ++t)
        for (Index j = 0; j < width; ++j)
          rows.back()(t, j) = centre(0, j) + 0.01F * rows.back()(t, j);
    }
    concepts.push_back({name, token_set(std::move(rows))});
  }
  CavOptions options;
  options.resamples = 20;
  options.layers = {0};
  const Cavs chance = train_cavs<float>(classifier, concepts, {}, options);
  CHECK(chance.sets[0].accuracies.size() == 20);
  double mean = 0;
  for (const double accuracy : chance.sets[0].accuracies)
    mean += accuracy / 20;
  CHECK(mean < 0.85); // by token it would be 1

  const Sets apart(6, {{8, 6}, {8, -6}});
  const Cavs clear = train_cavs<float>(classifier, apart.concepts, {}, options);
  CHECK(*std::min_element(clear.sets[0].accuracies.begin(), clear.sets[0].accuracies.end()) > 0.85);
  CHECK(!clear.sets[0].chance);
}

TEST_CASE("sets drawn from one distribution are called chance, others are not", "[tcav]") {
  INFO("seed " << seed());
  const auto classifier = model();
  CavOptions options;
  options.resamples = 4;
  options.layers = {0};
  Index chance = 0, missed = 0;
  constexpr Index runs = 60;
  for (Index run = 0; run < runs; ++run) {
    options.seed = run;
    const Sets same(100 + run, {{8, 0}, {8, 0}, {8, 0}});
    chance += train_cavs<float>(classifier, same.concepts, {}, options).sets[0].chance ? 1 : 0;
    const Sets apart(100 + run, {{8, 3}, {8, -3}, {8, -3}});
    missed += train_cavs<float>(classifier, apart.concepts, {}, options).sets[0].chance ? 1 : 0;
  }
  CHECK(chance >= runs - 15); // at 5%: 3 false alarms expected, more than 15 with probability < 1e-6
  CHECK(missed == 0);
}

TEST_CASE("a token budget keeps the class token and a draw of the others", "[tcav]") {
  INFO("seed " << seed());
  const auto classifier = model();
  const Sets sets(7, {{6, 1}, {6, -1}, {6, 0}});
  CavOptions options;
  options.resamples = 3;
  const Cavs all = train_cavs<float>(classifier, sets.concepts, {}, options);
  options.max_tokens = 1000;
  CHECK(same_bits(all, train_cavs<float>(classifier, sets.concepts, {}, options)));
  // One token for each input: the class token, and so the result of a fit on these alone.
  options.max_tokens = 6;
  options.probe = {.tolerance = 1e-9};
  const Sets two(7, {{6, 1}, {6, -1}});
  const Cavs first = train_cavs<float>(classifier, two.concepts, {}, options);
  for (Index layer = 0; layer < layers; ++layer) {
    Tensor<float, 2> rows[2];
    for (Index side = 0; side < 2; ++side) {
      rows[side].resize({6, width});
      for (Index i = 0; i < 6; ++i) {
        const auto trace = record<float>(classifier, two.rows[side][i]);
        std::copy(trace.hidden[layer + 1][0].begin(), trace.hidden[layer + 1][0].end(),
                  rows[side][i].begin());
      }
    }
    CHECK(relative_error(first.find("a", layer)->vectors[0],
                         fit_probe<float>(rows[0], rows[1], options.probe).direction) < 1e-5);
  }
}

TEST_CASE("concepts that cannot be told apart have no direction, and score 0 untested", "[tcav]") {
  const auto classifier = model();
  RandomStream stream(1, 1);
  const Rows rows = random_inputs<float>(stream, 4, width);
  const std::vector<ConceptInputs<float>> same{{"a", token_set(rows)}, {"b", token_set(rows)}};
  for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm, Probe::pattern}) {
    CavOptions options;
    options.probe.probe = probe;
    options.resamples = 3;
    const Cavs cavs =
        train_cavs<float>(classifier, same, token_set(random_inputs<float>(stream, 9, width)), options);
    const auto pooled = pooled_gradients<float>(classifier, token_set(rows), {});
    for (const ConceptScore& score : concept_scores(cavs, pooled)) {
      INFO(to_string(probe) << ": " << score.status());
      CHECK(score.no_direction);
      CHECK(score.mean == 0);
      CHECK(!score.test.p_value);
      CHECK_THAT(score.status(), ContainsSubstring("no_direction"));
    }
  }
}

TEST_CASE("one input for each concept, one resample, one target", "[tcav]") {
  const auto classifier = model();
  const Sets sets(8, {{1, 2}, {1, -2}});
  CavOptions options;
  options.resamples = 1;
  const Cavs cavs = train_cavs<float>(classifier, sets.concepts, {}, options);
  const auto pooled = pooled_gradients<float>(classifier, token_set<float>({sets.rows[0][0]}), {});
  const auto results = concept_scores(cavs, pooled);
  CHECK(results.size() == 6);
  for (const ConceptScore& score : results) {
    CHECK(score.scores.size() == 1);
    CHECK((score.mean == 0 || score.mean == 1)); // of inputs, not of tokens
    CHECK(score.deviation == 0);
    CHECK(!score.accuracy);
    CHECK(score.status() == "not_validated,negatives_exhausted,no_random");
  }
}

TEST_CASE("CAV training refuses what cannot be, and stops when asked", "[tcav]") {
  const auto classifier = model();
  const Sets sets(9, {{2, 1}, {2, -1}});
  const auto train = [&](std::vector<ConceptInputs<float>> concepts, const CavOptions& options = {}) {
    return train_cavs<float>(classifier, concepts, {}, options);
  };
  const auto& [a, b] = std::tie(sets.concepts[0], sets.concepts[1]);
  CHECK_THROWS_WITH(train({}), ContainsSubstring("found no concept"));
  CHECK_THROWS_WITH(train({a}), ContainsSubstring("\"a\": found no other concept"));
  CHECK_THROWS_WITH(train({a, a}), ContainsSubstring("\"a\": found twice"));
  CHECK_THROWS_WITH(train({a, {"", b.inputs}}), ContainsSubstring("no name"));
  CHECK_THROWS_WITH(train({a, {"b", token_set<float>({})}}), ContainsSubstring("\"b\": found no inputs"));
  CHECK_THROWS_WITH(train({a, b}, {.layers = {0, 3}}),
                    ContainsSubstring("layer: found 3") && ContainsSubstring("3 blocks"));
  CHECK_THROWS_WITH(train({a, b}, {.layers = {1, 1}}), ContainsSubstring("layer 1: found twice"));
  CHECK_THROWS_WITH(train({a, b}, {.resamples = 0}), ContainsSubstring("resamples: found 0"));
  CHECK_THROWS_WITH(train({a, b}, {.negatives = Negatives::random}), ContainsSubstring("no random inputs"));
  CHECK_THROWS_WITH(train({a, b}, {.held_out = 1}), ContainsSubstring("held_out: found 1"));

  std::stop_source stop;
  Index told = 0;
  CavOptions options;
  options.progress = [&](Index done, Index total) {
    CHECK(total == layers);
    told = done;
    stop.request_stop();
  };
  options.stop = stop.get_token();
  const Cavs stopped = train({a, b}, options);
  CHECK(stopped.stopped);
  CHECK(told == 1);
}
