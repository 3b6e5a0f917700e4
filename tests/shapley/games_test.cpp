// SPDX-License-Identifier: MIT
// The attention games: golden values, closed forms against enumeration, the laws of the specification.
#include "support/catch.hpp"
#include "support/seed.hpp"
#include "support/tolerance.hpp"

#include <regard/shapley.hpp>
#include <regard/testing/laws.hpp>

#include <limits>
#include <numeric>

using namespace regard;
using namespace regard_test;

namespace {

using Rows = std::vector<std::vector<double>>;

Tensor<double, 2> matrix(const Rows& rows) {
  Tensor<double, 2> result({rows.size(), rows.empty() ? 0 : rows[0].size()});
  for (Index i = 0; i < rows.size(); ++i)
    std::copy(rows[i].begin(), rows[i].end(), result[i].begin());
  return result;
}

enum class Kind { uniform, softmax, normal };

/// Random, softmax-like (rows sum to less than one) or signed.
Tensor<double, 2> random_matrix(Index n, Kind kind, RandomStream& stream) {
  Tensor<double, 2> m({n, n});
  for (double& value : m)
    value = kind == Kind::uniform ? stream.uniform() : stream.normal();
  if (kind == Kind::softmax)
    for (Index i = 0; i < n; ++i) {
      auto row = m[i].vector();
      row = row.array().exp();
      row *= 0.8 / row.sum();
    }
  return m;
}

const Singleton singletons[] = {Singleton::self, Singleton::zero, Singleton::additive};
const PairRule rules[] = {PairRule::sum, PairRule::max};

} // namespace

TEST_CASE("golden values of the specification", "[games]") {
  const Tensor<double, 2> three = matrix({{.5, .2, .1}, {.3, .1, .4}, {0, .6, .2}});
  const auto tolerance = Tolerance<double>::closed_form;
  CHECK(relative_error(shapley(mutual_game(three)).values, std::vector{5. / 12, 2. / 3, 31. / 60}) <
        tolerance);
  CHECK(relative_error(shapley(max_mutual_game(three)).values, std::vector{19. / 60, 11. / 30, 19. / 60}) <
        tolerance);
  CHECK(std::abs(shapley(mutual_game(three)).value_full - 1.6) < tolerance);
  CHECK(std::abs(shapley(max_mutual_game(three)).value_full - 1.0) < tolerance);
  const Tensor<double, 2> two = matrix({{.5, .2}, {.3, .1}});
  CHECK(relative_error(shapley(mutual_game(two)).values, std::vector{.45, .05}) < tolerance);
  CHECK(relative_error(shapley(max_mutual_game(two)).values, std::vector{.35, -.05}) < tolerance);
  const Tensor<double, 2> one = matrix({{.7}});
  CHECK(shapley(mutual_game(one)).values == std::vector{.7});
  CHECK(shapley(max_mutual_game(one)).values == std::vector{.7});
  CHECK(shapley(mutual_game(Tensor<double, 2>({0, 0}).view())).values.empty());
}

TEST_CASE("closed forms equal enumeration", "[games]") {
  INFO("seed " << seed());
  for (Index n = 0; n <= 12; ++n)
    for (const Kind kind : {Kind::uniform, Kind::softmax, Kind::normal}) {
      RandomStream stream(seed(), 10 * n + static_cast<Index>(kind));
      const Tensor<double, 2> m = random_matrix(n, kind, stream);
      INFO(n << " players");
      for (const PairRule rule : rules)
        for (const Singleton singleton : singletons) {
          const PairwiseGame game(m.view(), rule, singleton);
          CHECK(relative_error(shapley(game).values, enumerate(game).values) <
                Tolerance<double>::closed_form);
          CHECK(testing::check_game(game, {seed(), Tolerance<double>::closed_form}).empty());
        }
      const AdditiveGame additive = cls_game(std::vector<double>(m.data(), m.data() + n));
      CHECK(relative_error(shapley(additive).values, enumerate(additive).values) <
            Tolerance<double>::closed_form);
      CHECK(testing::check_game(additive, {seed(), Tolerance<double>::closed_form}).empty());
    }
}

TEST_CASE("laws of the pair games", "[games]") {
  INFO("seed " << seed());
  RandomStream stream(seed(), 1000);
  const Index n = 9;
  const auto tolerance = Tolerance<double>::closed_form;
  const Tensor<double, 2> a = random_matrix(n, Kind::normal, stream),
                          b = random_matrix(n, Kind::normal, stream);
  Tensor<double, 2> transposed = a, tripled = a, sum = a, symmetric = a, permuted = a;
  transposed.matrix() = a.matrix().transpose();
  tripled.matrix() *= 3;
  sum.matrix() += 2 * b.matrix();
  symmetric.matrix() += a.matrix().transpose();
  const std::vector<Index> order = testing::detail::random_order(n, stream);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      permuted(i, j) = a(order[i], order[j]);

  for (const PairRule rule : rules)
    for (const Singleton singleton : singletons) {
      const auto phi = [&](const Tensor<double, 2>& m) {
        return shapley(PairwiseGame(m.view(), rule, singleton)).values;
      };
      const std::vector<double> values = phi(a);
      CHECK(relative_error(phi(transposed), values) < tolerance);
      std::vector<double> expected(n);
      for (Index i = 0; i < n; ++i)
        expected[i] = 3 * values[i];
      CHECK(relative_error(phi(tripled), expected) < tolerance);
      for (Index i = 0; i < n; ++i)
        expected[i] = values[order[i]];
      CHECK(relative_error(phi(permuted), expected) < tolerance);
    }

  // The mutual game is linear in its matrix.
  const auto va = shapley(mutual_game(a)).values, vb = shapley(mutual_game(b)).values;
  std::vector<double> expected(n);
  for (Index i = 0; i < n; ++i)
    expected[i] = va[i] + 2 * vb[i];
  CHECK(relative_error(shapley(mutual_game(sum)).values, expected) < tolerance);

  // On a symmetric matrix both directions are the same, so adding them doubles the stronger one.
  const auto doubled = shapley(mutual_game(symmetric, Singleton::zero)).values;
  const auto single = shapley(max_mutual_game(symmetric, Singleton::zero)).values;
  for (Index i = 0; i < n; ++i)
    expected[i] = 2 * single[i];
  CHECK(relative_error(doubled, expected) < tolerance);

  // The maximum of means is at most the mean of maxima.
  Tensor<double, 2> mean = a;
  mean.matrix() = (a.matrix() + b.matrix()) / 2;
  for (int draw = 0; draw < 50; ++draw) {
    CoalitionSet coalition(n);
    for (Index i = 0; i < n; ++i)
      if (stream.below(2) == 1)
        coalition.insert(i);
    CHECK(max_mutual_game(mean, Singleton::zero).value(coalition) <=
          (max_mutual_game(a, Singleton::zero).value(coalition) +
           max_mutual_game(b, Singleton::zero).value(coalition)) /
                  2 +
              tolerance);
  }
}

TEST_CASE("a coalition of one is worth what the policy says", "[games]") {
  const Tensor<double, 2> m = matrix({{.5, .2}, {.3, .1}});
  const Index first[] = {0};
  const CoalitionSet alone(2, first), both = CoalitionSet::full(2);
  const auto value = [&](Singleton singleton, const CoalitionSet& coalition) {
    return mutual_game(m, singleton).value(coalition);
  };
  CHECK(value(Singleton::self, alone) == .5);
  CHECK(value(Singleton::zero, alone) == 0);
  CHECK(value(Singleton::additive, alone) == .5);
  CHECK(value(Singleton::self, both) == .5);
  CHECK(value(Singleton::zero, both) == .5);
  CHECK(std::abs(value(Singleton::additive, both) - 1.1) < 1e-15);
  CHECK(mutual_game(m).value(CoalitionSet(2)) == 0);
}

TEST_CASE("a game on the caller's matrix follows it, a game of its own does not", "[games]") {
  Tensor<double, 2> m = matrix({{.5, .2}, {.3, .1}});
  const PairwiseGame view = mutual_game(m.view());
  const PairwiseGame owning(m, PairRule::sum);
  m(0, 1) = 10;
  CHECK(view.pair(0, 1) == 10.3);
  CHECK(owning.pair(0, 1) == .5);
}

TEST_CASE("a matrix that is no matrix of a game is refused", "[games]") {
  CHECK_THROWS_WITH(mutual_game(matrix({{1, 2, 3}, {4, 5, 6}}).view()),
                    "the matrix of a game has shape [2, 3], expected as many columns as rows");
  CHECK_THROWS_WITH(mutual_game(matrix({{1, 2}, {std::numeric_limits<double>::quiet_NaN(), 4}}).view()),
                    "row 1, column 0: found nan, expected a finite number");
  CHECK_THROWS_WITH(cls_game(std::vector<double>{1, HUGE_VAL}),
                    "weight 1: found inf, expected a finite number");
}

TEMPLATE_TEST_CASE("aggregation is the mean over maps of the players' entries", "[aggregate]", float,
                   double) {
  INFO("seed " << seed());
  RandomStream stream(seed(), 2000);
  const Index layers = 3, heads = 2, tokens = 6;
  Tensor<TestType, 4> attention({layers, heads, tokens, tokens}), gradients(attention.shape());
  for (TestType& value : attention)
    value = static_cast<TestType>(stream.uniform());
  for (TestType& value : gradients)
    value = static_cast<TestType>(stream.normal());
  const std::vector<Index> players = {4, 1, 3};
  const auto expected = [&](Index i, Index j, const std::vector<Index>& chosen, bool gradient) {
    double total = 0;
    for (const Index l : chosen)
      for (Index h = 0; h < heads; ++h)
        total += static_cast<double>(attention(l, h, i, j)) *
                 (gradient ? std::max(0.0, static_cast<double>(gradients(l, h, i, j))) : 1);
    return total / static_cast<double>(chosen.size() * heads);
  };
  for (const std::vector<Index>& chosen : {std::vector<Index>{0, 1, 2}, {2, 0}, {1}})
    for (const bool gradient : {false, true}) {
      const AggregateOptions options{chosen, 2};
      const AggregatedAttention sums = gradient
                                           ? aggregate(attention.view(), gradients.view(), players, options)
                                           : aggregate(attention.view(), players, options);
      CHECK(sums.maps == chosen.size() * heads);
      for (Index a = 0; a < players.size(); ++a) {
        CHECK(std::abs(sums.cls[a] - expected(2, players[a], chosen, gradient)) <
              Tolerance<double>::closed_form);
        for (Index b = 0; b < players.size(); ++b)
          CHECK(std::abs(sums.matrix(a, b) - expected(players[a], players[b], chosen, gradient)) <
                Tolerance<double>::closed_form);
      }
    }

  const auto all = [&](std::vector<Index> chosen) { return aggregate(attention.view(), chosen); };
  CHECK_THROWS_WITH(all({6}), "players: found 6, expected 0 to 5");
  CHECK_THROWS_WITH(all({1, 1}), "players: found 1 twice, expected each once");
  CHECK_THROWS_WITH(aggregate(attention.view(), players, {{3}, 0}), "layers: found 3, expected 0 to 2");
  CHECK_THROWS_WITH(aggregate(attention.view(), players, {{}, 9}), "class token: found 9, expected 0 to 5");
  CHECK_THROWS_AS(aggregate(attention.view(), Tensor<TestType, 4>({3, 2, 6, 5}).view(), players),
                  InvalidArgument);
}

TEST_CASE("a gradient that is no number does not pass as zero", "[aggregate]") {
  Tensor<double, 4> attention({1, 1, 2, 2}), gradients({1, 1, 2, 2});
  attention.fill(.5);
  gradients(0, 0, 0, 1) = std::numeric_limits<double>::quiet_NaN();
  const Index players[] = {0, 1};
  CHECK_THROWS_AS(mutual_game(aggregate(attention.view(), gradients.view(), players)), InvalidArgument);
}
