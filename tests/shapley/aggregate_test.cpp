// SPDX-License-Identifier: MIT
// From attention tensors to the matrix of a game.
#include "shapley/games.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

using namespace regard;
using regard_test::relative_error;

namespace {

template <class Scalar>
Tensor<Scalar, 4> random_tensor(const Shape<4>& shape, RandomStream& random) {
  Tensor<Scalar, 4> tensor(shape);
  for (Scalar& value : tensor)
    value = static_cast<Scalar>(random.normal());
  return tensor;
}

bool same(const AggregatedAttention& a, const AggregatedAttention& b) {
  return std::ranges::equal(a.matrix.flat(), b.matrix.flat()) && a.cls == b.cls && a.maps == b.maps;
}

} // namespace

TEMPLATE_TEST_CASE("the mean over maps, by hand", "[aggregate]", float, double) {
  // One layer, two heads, three tokens; token 0 is the class token.
  Tensor<TestType, 4> attention({1, 2, 3, 3}), gradient({1, 2, 3, 3});
  const double a[18] = {.5, .25, .25, .125, .75, .125, .25, .25, .5, //
                        0,  .5,  .5,  1,    0,   0,    .5,  .5,  0};
  const double g[18] = {9, 2, -1, 9, 4, 8,  9, -2, 0, //
                        9, 1, 4,  9, 5, -3, 9, 2,  7};
  std::copy(a, a + 18, attention.begin());
  std::copy(g, g + 18, gradient.begin());
  const std::vector<Index> players{1, 2};

  const AggregatedAttention plain = aggregate(attention, players);
  CHECK(plain.maps == 2);
  CHECK(std::ranges::equal(plain.matrix.flat(), std::vector{.375, .0625, .375, .25}));
  CHECK(plain.cls == std::vector{.375, .375});

  const AggregatedAttention graded = aggregate(attention, gradient, players);
  CHECK(std::ranges::equal(graded.matrix.flat(), std::vector{1.5, .5, .5, 0.}));
  CHECK(graded.cls == std::vector{.5, 1.});
}

TEMPLATE_TEST_CASE("aggregates equal the naive loop, and layer by layer has the same bits", "[aggregate]",
                   float, double) {
  INFO("seed " << regard_test::seed());
  RandomStream random(regard_test::seed());
  const Index layers = 3, heads = 4, tokens = 9, token_of_class = 2;
  const auto attention = random_tensor<TestType>({layers, heads, tokens, tokens}, random);
  const auto gradient = random_tensor<TestType>({layers, heads, tokens, tokens}, random);
  const std::vector<Index> players{7, 1, 3, 8, 0};

  const auto naive = [&](const std::vector<Index>& chosen, Index query, Index key, bool weighted) {
    double total = 0;
    for (const Index l : chosen)
      for (Index h = 0; h < heads; ++h) {
        const double slope = gradient(l, h, query, key);
        total += static_cast<double>(attention(l, h, query, key)) * (weighted ? std::max(0.0, slope) : 1.0);
      }
    return total / static_cast<double>(chosen.size() * heads);
  };

  for (const std::vector<Index>& subset : {std::vector<Index>{}, {1}, {2, 0}}) {
    const AggregateOptions options{.layers = subset, .class_token = token_of_class};
    const std::vector<Index> chosen = subset.empty() ? std::vector<Index>{0, 1, 2} : subset;
    const AggregatedAttention plain = aggregate(attention.view(), players, options);
    const AggregatedAttention graded = aggregate(attention.view(), gradient.view(), players, options);
    CHECK(plain.maps == chosen.size() * heads);
    CHECK(graded.maps == chosen.size() * heads);
    std::vector<double> plain_naive, graded_naive, plain_cls, graded_cls;
    for (const Index i : players) {
      plain_cls.push_back(naive(chosen, token_of_class, i, false));
      graded_cls.push_back(naive(chosen, token_of_class, i, true));
      for (const Index j : players) {
        plain_naive.push_back(naive(chosen, i, j, false));
        graded_naive.push_back(naive(chosen, i, j, true));
      }
    }
    constexpr double tolerance = regard_test::Tolerance<double>::closed_form;
    CHECK(relative_error(plain.matrix, plain_naive) < tolerance);
    CHECK(relative_error(graded.matrix, graded_naive) < tolerance);
    CHECK(relative_error(plain.cls, plain_cls) < tolerance);
    CHECK(relative_error(graded.cls, graded_cls) < tolerance);

    AttentionAccumulator streamed(tokens, players, token_of_class), streamed_graded = streamed;
    for (Index l = 0; l < layers; ++l)
      if (std::count(chosen.begin(), chosen.end(), l) > 0) {
        streamed.add(attention[l]);
        streamed_graded.add(attention[l], gradient[l]);
      }
    CHECK(same(streamed.result(), plain));
    CHECK(same(streamed_graded.result(), graded));
  }
  CHECK(same(aggregate(attention, players, {.layers = {2, 0}}),
             aggregate(attention, players, {.layers = {0, 2}})));
}

TEST_CASE("only the players' rows and columns and the class row are read", "[aggregate]") {
  Tensor<double, 4> attention({1, 1, 4, 4});
  attention.fill(std::nan(""));
  const std::vector<Index> players{1, 3};
  for (const Index query : std::initializer_list<Index>{0, 1, 3})
    for (const Index key : players)
      attention(0, 0, query, key) = 1;
  CHECK(aggregate(attention, players).cls == std::vector<double>{1, 1});
}

TEST_CASE("numbers that are not finite never pass for zero", "[aggregate]") {
  const std::vector<Index> players{1, 2};
  Tensor<float, 4> attention({1, 1, 3, 3}), gradient({1, 1, 3, 3});
  attention.fill(1);
  const double bad = GENERATE(std::nan(""), HUGE_VAL, -HUGE_VAL);
  gradient(0, 0, 2, 1) = static_cast<float>(bad);
  CHECK_THROWS_AS(aggregate(attention, gradient, players), InvalidArgument);
  gradient(0, 0, 2, 1) = 0;
  attention(0, 0, 0, 2) = std::nanf("");
  CHECK_THROWS_WITH(aggregate(attention, players), "the mean attention of token 0 to token 2: found nan, "
                                                   "expected a finite number");
}

TEST_CASE("no players give an empty game", "[aggregate]") {
  Tensor<double, 4> attention({2, 2, 3, 3});
  const AggregatedAttention none = aggregate(attention, std::vector<Index>{});
  CHECK(none.matrix.shape() == Shape<2>{0, 0});
  CHECK(none.cls.empty());
  CHECK(shapley(max_mutual_game(none)).values.empty());
  CHECK(shapley(cls_game(none)).values.empty());
}

TEST_CASE("what does not fit is refused by name", "[aggregate]") {
  const Tensor<double, 4> attention({2, 1, 3, 3}), wider({2, 1, 3, 4}), deeper({3, 1, 3, 3});
  const std::vector<Index> players{1, 2}, beyond{1, 3}, twice{2, 2};
  CHECK_THROWS_WITH(aggregate(attention, beyond), "players (token positions): found 3, expected 0 to 2");
  CHECK_THROWS_WITH(aggregate(attention, twice),
                    "players (token positions): found 2 twice, expected each once");
  CHECK_THROWS_WITH(aggregate(attention, players, {.layers = {0, 2}}), "layers: found 2, expected 0 to 1");
  CHECK_THROWS_WITH(aggregate(attention, players, {.layers = {1, 1}}),
                    "layers: found 1 twice, expected each once");
  CHECK_THROWS_WITH(aggregate(attention, players, {.layers = {}, .class_token = 7}),
                    "class token: found 7, expected 0 to 2");
  CHECK_THROWS_WITH(aggregate(wider, players),
                    "the attention of a layer has shape [1, 3, 4], expected [heads, 4, 4]");
  CHECK_THROWS_WITH(aggregate(attention, deeper, players),
                    "the attention has shape [2, 1, 3, 3], its gradient [3, 1, 3, 3], expected the same");
  CHECK_THROWS_WITH(aggregate(Tensor<double, 4>({0, 2, 3, 3}), players),
                    "the mean attention: found no map, expected at least one layer and one head");
  CHECK_THROWS_WITH(aggregate(Tensor<double, 4>({1, 1, 0, 0}), players),
                    "players (token positions): found 1, expected none, for there are none");

  AttentionAccumulator sums(3, players);
  CHECK_THROWS_AS(sums.result(), InvalidArgument);
  sums.add(attention[0]);
  CHECK_THROWS_WITH(sums.add(attention[0], attention[0]),
                    "layers with and without a gradient cannot be averaged together");
}
