// SPDX-License-Identifier: MIT
// Laws of the directional derivatives and of the scores, against a recording of the whole pass.
#include "support/seed.hpp"
#include "support/token_sets.hpp"
#include "support/tolerance.hpp"

#include <regard/tcav/derivatives.hpp>
#include <regard/transformer/trace.hpp>

using namespace regard;
using namespace regard_test;

namespace {

constexpr Index width = 8, layers = 3;
constexpr TokenWeights all_weights[] = {TokenWeights::attention, TokenWeights::next_attention,
                                        TokenWeights::mean, TokenWeights::class_token};

template <class Scalar>
struct Fixture {
  explicit Fixture(std::uint64_t item, bool pooler = false)
      : stream(seed(), item),
        classifier(random_classifier<Scalar>(
            stream, {{width, 2, Activation::gelu, pooler ? NormPosition::after : NormPosition::before},
                     layers,
                     12,
                     3,
                     pooler})),
        rows(random_inputs<Scalar>(stream, 9, width)), inputs(token_set(rows)) {}

  std::vector<double> direction() {
    std::vector<double> v(width);
    for (double& x : v)
      x = stream.normal();
    return v;
  }

  RandomStream stream;
  SequenceClassifier<Scalar> classifier;
  std::vector<Tensor<Scalar, 2>> rows;
  TokenInputs<Scalar> inputs;
};

Tensor<double, 2> matrix_of(const std::vector<double>& row, double factor = 1) {
  Tensor<double, 2> matrix({1, row.size()});
  std::transform(row.begin(), row.end(), matrix.begin(), [&](double x) { return factor * x; });
  return matrix;
}

} // namespace

TEMPLATE_TEST_CASE("heat maps follow section 8 for every kind of weights", "[tcav]", float, double) {
  INFO("seed " << seed());
  Fixture<TestType> f(1, GENERATE(false, true));
  const Index target = 1;
  Tensor<TestType, 1> logit({3});
  logit(target) = 1;
  for (const TokenWeights weights : all_weights)
    for (Index i = 0; i < 3; ++i) {
      const auto recorded = record_gradients<TestType>(f.classifier, f.rows[i], logit);
      const Index tokens = f.rows[i].extent(0);
      std::vector<LayerVector> wanted;
      for (Index layer = 0; layer < layers; ++layer)
        wanted.push_back({layer, f.direction()});
      const auto maps = concept_heat_maps<TestType>(f.classifier, f.inputs, i,
                                                    {.target = target, .weights = weights}, wanted);
      for (Index layer = 0; layer < layers; ++layer) {
        INFO(to_string(weights) << ", input " << i << ", layer " << layer);
        std::vector<double> a(tokens), s(tokens), q(tokens);
        double size_a = 0, size_s = 0;
        for (Index t = 0; t < tokens; ++t) {
          const bool next = weights == TokenWeights::next_attention;
          if (weights == TokenWeights::mean)
            a[t] = 1.0 / static_cast<double>(tokens);
          else if (weights == TokenWeights::class_token || (next && layer + 1 == layers))
            a[t] = t == 0 ? 1 : 0;
          else
            for (Index h = 0; h < 2; ++h)
              a[t] += static_cast<double>(recorded.trace.attention(layer + (next ? 1 : 0), h, 0, t)) / 2;
          for (Index j = 0; j < width; ++j)
            s[t] += static_cast<double>(recorded.gradients.hidden(layer + 1, t, j)) * wanted[layer].vector[j];
          size_a += a[t] * a[t];
          size_s += s[t] * s[t];
        }
        for (Index t = 0; t < tokens; ++t)
          q[t] = a[t] * s[t] * std::sqrt(size_a / size_s);
        CHECK(relative_error(maps[layer].weights, a) < Tolerance<TestType>::closed_form);
        CHECK(relative_error(maps[layer].derivatives, s) < Tolerance<TestType>::closed_form);
        CHECK(relative_error(maps[layer].values, q) < Tolerance<TestType>::closed_form);
      }
    }
}

TEST_CASE("the pooled gradients are the per-token form, summed", "[tcav]") {
  INFO("seed " << seed());
  Fixture<double> f(2);
  for (const TokenWeights weights : all_weights) {
    const DerivativeOptions options{.target = 2, .weights = weights};
    const auto pooled = pooled_gradients<double>(f.classifier, f.inputs, options);
    for (Index layer = 0; layer < layers; ++layer) {
      const LayerVector v{layer, f.direction()};
      Index positive = 0;
      for (Index i = 0; i < f.inputs.size(); ++i) {
        const auto map =
            concept_heat_maps<double>(f.classifier, f.inputs, i, options, std::span(&v, 1)).front();
        double sum = 0, q = 0, whole = 0;
        for (Index t = 0; t < map.values.size(); ++t) {
          sum += map.weights[t] * map.derivatives[t];
          q += map.values[t];
        }
        for (Index j = 0; j < width; ++j)
          whole += pooled.values(layer, i, j) * v.vector[j];
        CHECK(whole == Approx(sum).epsilon(1e-9).margin(1e-12));
        CHECK((q > 0) == (sum > 0)); // the rescaling of an input is positive
        positive += q > 0 ? 1 : 0;
      }
      CHECK(tcav_scores(pooled, layer, matrix_of(v.vector))[0] == static_cast<double>(positive) / 9);
    }
  }
}

TEST_CASE("scores: scaled, turned around, zero", "[tcav]") {
  INFO("seed " << seed());
  Fixture<float> f(3);
  auto pooled = pooled_gradients<float>(f.classifier, f.inputs, {.target = 0});
  for (Index layer = 0; layer < layers; ++layer) {
    const auto v = f.direction();
    const double score = tcav_scores(pooled, layer, matrix_of(v))[0];
    CHECK(tcav_scores(pooled, layer, matrix_of(v, 2.5))[0] == score);
    CHECK(tcav_scores(pooled, layer, matrix_of(v, 1e-9))[0] == score);
    CHECK(score + tcav_scores(pooled, layer, matrix_of(v, -1))[0] == Approx(1));
    // Zero is not positive, whichever way the vector points.
    CHECK(tcav_scores(pooled, layer, matrix_of(v, 0))[0] == 0);
    auto some = pooled;
    for (double& x : some.values[layer][4])
      x = 0;
    CHECK(tcav_scores(some, layer, matrix_of(v))[0] + tcav_scores(some, layer, matrix_of(v, -1))[0] ==
          Approx(8.0 / 9));
    // Each input counts by its sign alone.
    for (Index i = 0; i < 9; ++i)
      for (double& x : pooled.values[layer][i])
        x *= static_cast<double>(i + 1) * 0.37;
    CHECK(tcav_scores(pooled, layer, matrix_of(v))[0] == score);
  }
}

TEST_CASE("TCAV is the same code: token means, and the class token in the last block", "[tcav]") {
  INFO("seed " << seed());
  Fixture<double> f(4);
  const auto of = [&](TokenWeights weights) {
    return pooled_gradients<double>(f.classifier, f.inputs, {.target = 1, .weights = weights});
  };
  Tensor<double, 1> logit({3});
  logit(1) = 1;
  const auto mean = of(TokenWeights::mean), first = of(TokenWeights::class_token);
  for (Index i = 0; i < f.inputs.size(); ++i) {
    const auto recorded = record_gradients<double>(f.classifier, f.rows[i], logit);
    for (Index layer = 0; layer < layers; ++layer) {
      std::vector<double> means(width);
      for (Index t = 0; t < f.rows[i].extent(0); ++t)
        for (Index j = 0; j < width; ++j)
          means[j] += recorded.gradients.hidden(layer + 1, t, j) / static_cast<double>(f.rows[i].extent(0));
      CHECK(relative_error(mean.values[layer][i], means) < Tolerance<double>::closed_form);
      CHECK(relative_error(first.values[layer][i], recorded.gradients.hidden[layer + 1][0]) <
            Tolerance<double>::closed_form);
    }
  }
  // Only the class token has a gradient in the last block, so that all weights of it agree on signs.
  const Index last = layers - 1;
  for (Index repeat = 0; repeat < 20; ++repeat) {
    const auto v = matrix_of(f.direction());
    const double score = tcav_scores(first, last, v)[0];
    for (const TokenWeights weights : all_weights)
      CHECK(tcav_scores(of(weights), last, v)[0] == score);
  }
}

TEST_CASE("gradients have the same bits alone, among others and on threads", "[tcav]") {
  INFO("seed " << seed());
  Fixture<float> f(5);
  const auto many = random_inputs<float>(f.stream, 40, width);
  const auto set = token_set(many);
  Threads threads(3);
  std::vector<Index> told;
  const auto together = pooled_gradients<float>(f.classifier, set,
                                                {.progress =
                                                     [&](Index done, Index total) {
                                                       CHECK(total == 40);
                                                       told.push_back(done);
                                                     }},
                                                threads);
  CHECK(std::is_sorted(told.begin(), told.end()));
  CHECK(told.back() == 40);
  CHECK(!together.stopped);
  for (Index i = 0; i < many.size(); ++i) {
    const auto alone = pooled_gradients<float>(f.classifier, token_set<float>({many[i]}), {});
    for (Index layer = 0; layer < layers; ++layer)
      CHECK(std::equal(alone.values[layer][0].begin(), alone.values[layer][0].end(),
                       together.values[layer][i].begin()));
  }
}

TEST_CASE("heat maps without a derivative are zero, not NaN", "[tcav]") {
  Fixture<float> f(6);
  const LayerVector none{0, std::vector<double>(width)};
  const auto map = concept_heat_maps<float>(f.classifier, f.inputs, 0, {}, std::span(&none, 1)).front();
  CHECK(map.values == std::vector<double>(f.rows[0].extent(0), 0.0));
}

TEST_CASE("derivatives refuse what is not there", "[tcav]") {
  using Catch::Matchers::ContainsSubstring;
  Fixture<float> f(7);
  CHECK_THROWS_WITH(pooled_gradients<float>(f.classifier, f.inputs, {.target = 3}),
                    ContainsSubstring("target: found 3, expected less than the model's 3 classes"));
  auto pooled = pooled_gradients<float>(f.classifier, f.inputs, {});
  const auto v = matrix_of(f.direction());
  CHECK_THROWS_WITH(tcav_scores(pooled, 3, v),
                    ContainsSubstring("layer: found 3") && ContainsSubstring("3 blocks"));
  CHECK_THROWS_WITH(tcav_scores(pooled, 0, Tensor<double, 2>({2, 5})),
                    ContainsSubstring("width 5, expected the model's 8"));
  CHECK_THROWS_WITH(tcav_scores(pooled_gradients<float>(f.classifier, token_set<float>({}), {}), 0, v),
                    ContainsSubstring("no target inputs"));
  pooled.stopped = true;
  CHECK_THROWS_WITH(tcav_scores(pooled, 0, v), ContainsSubstring("stopped"));
  const LayerVector far{9, f.direction()}, narrow{0, {1, 2}}, fine{0, f.direction()};
  CHECK_THROWS_WITH(concept_heat_maps<float>(f.classifier, f.inputs, 0, {}, std::span(&far, 1)),
                    ContainsSubstring("layer: found 9"));
  CHECK_THROWS_WITH(concept_heat_maps<float>(f.classifier, f.inputs, 0, {}, std::span(&narrow, 1)),
                    ContainsSubstring("width 2"));
  CHECK_THROWS_WITH(concept_heat_maps<float>(f.classifier, f.inputs, 9, {}, std::span(&fine, 1)),
                    ContainsSubstring("input: found 9"));
  CHECK(find_token_weights("next-layer") == TokenWeights::next_attention);
  CHECK(!find_token_weights("attention"));

  std::stop_source stop;
  stop.request_stop();
  CHECK(pooled_gradients<float>(f.classifier, f.inputs, {.stop = stop.get_token()}).stopped);
}
