// SPDX-License-Identifier: MIT
// The attention games: laws, closed forms against enumeration, golden values.
#include "shapley/games.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/testing/laws.hpp>

#include <fstream>

using namespace regard;
using Catch::Matchers::ContainsSubstring;
using regard_test::Entries;
using regard_test::random_matrix;
using regard_test::relative_error;

namespace {

constexpr double tolerance = regard_test::Tolerance<double>::closed_form;
constexpr Singleton singletons[] = {Singleton::self, Singleton::zero, Singleton::additive};
constexpr PairRule rules[] = {PairRule::sum, PairRule::max};

std::vector<double> values(const AttentionMatrix& matrix, PairRule rule,
                           Singleton singleton = Singleton::self) {
  return shapley(PairwiseGame(matrix, rule, singleton)).values;
}

Tensor<double, 2> make_matrix(Index n, std::initializer_list<double> entries) {
  Tensor<double, 2> matrix({n, n});
  std::copy(entries.begin(), entries.end(), matrix.begin());
  return matrix;
}

} // namespace

TEST_CASE("closed forms equal enumeration", "[attention-games]") {
  INFO("seed " << regard_test::seed());
  double worst = 0;
  for (Index n = 0; n <= 12; ++n)
    for (const Entries entries : {Entries::uniform, Entries::softmax, Entries::normal}) {
      RandomStream random(regard_test::seed(), 10 * n + static_cast<Index>(entries));
      const Tensor<double, 2> matrix = random_matrix(n, entries, random);
      for (const PairRule rule : rules)
        for (const Singleton singleton : singletons) {
          INFO(n << " players, " << regard_test::name(entries) << ", " << to_string(singleton) << ", rule "
                 << static_cast<int>(rule));
          const PairwiseGame game(matrix, rule, singleton);
          const ShapleyResult closed = shapley(game), exact = enumerate(game);
          CHECK(closed.solver == "closed-form");
          CHECK(closed.values.size() == n);
          const double error = relative_error(closed.values, exact.values);
          CHECK(error < tolerance);
          CHECK(closed.value_empty == 0);
          CHECK(closed.value_full == exact.value_full);
          CHECK(std::abs(closed.completeness_gap) <= tolerance * std::max(1.0, std::abs(closed.value_full)));
          worst = std::max(worst, error);
        }
      const auto row = std::span<const double>(matrix.flat()).first(n);
      worst = std::max(worst, relative_error(enumerate(cls_game(row)).values, row));
      CHECK(shapley(cls_game(row)).values == std::vector<double>(row.begin(), row.end()));
    }
  INFO("largest relative error " << worst);
  CHECK(worst < tolerance);
}

TEST_CASE("the games obey the laws of games", "[attention-games]") {
  INFO("seed " << regard_test::seed());
  for (const Index n : std::initializer_list<Index>{0, 1, 2, 3, 6, 11, 90}) {
    RandomStream random(regard_test::seed(), n);
    const Tensor<double, 2> matrix = random_matrix(n, Entries::normal, random);
    const testing::LawOptions options{.seed = regard_test::seed(), .tolerance = tolerance};
    for (const PairRule rule : rules)
      for (const Singleton singleton : singletons)
        CHECK(testing::check_game(PairwiseGame(matrix, rule, singleton), options) == testing::Violations{});
    CHECK(testing::check_game(cls_game(matrix.flat().first(n)), options) == testing::Violations{});
  }
}

TEST_CASE("the definition of the games, coalition by coalition", "[attention-games]") {
  const Tensor<double, 2> matrix = make_matrix(3, {.5, .2, .1, .3, .1, .4, 0, .6, .2});
  const auto worth = [&](const auto& game, std::initializer_list<Index> members) {
    return game.value(MutableCoalition(3, members));
  };
  for (const Singleton singleton : singletons) {
    const PairwiseGame mutual = mutual_game(matrix, singleton),
                       max_mutual = max_mutual_game(matrix, singleton);
    const bool additive = singleton == Singleton::additive;
    CHECK(worth(mutual, {}) == 0);
    CHECK(worth(mutual, {0}) == (singleton == Singleton::zero ? 0 : .5));
    CHECK(worth(mutual, {0, 1}) == Approx(.5 + (additive ? .6 : 0)));
    CHECK(worth(mutual, {0, 1, 2}) == Approx(1.6 + (additive ? .8 : 0)));
    CHECK(worth(max_mutual, {2}) == (singleton == Singleton::zero ? 0 : .2));
    CHECK(worth(max_mutual, {1, 2}) == Approx(.6 + (additive ? .3 : 0)));
    CHECK(worth(max_mutual, {0, 1, 2}) == Approx(1. + (additive ? .8 : 0)));
  }
  const AdditiveGame cls = cls_game({.5, .25, 2});
  CHECK(worth(cls, {}) == 0);
  CHECK(worth(cls, {0, 2}) == 2.5);
}

TEST_CASE("golden values", "[attention-games]") {
  const Tensor<double, 2> three = make_matrix(3, {.5, .2, .1, .3, .1, .4, 0, .6, .2});
  CHECK(relative_error(values(three, PairRule::sum), std::vector{5. / 12, 2. / 3, 31. / 60}) < tolerance);
  CHECK(relative_error(values(three, PairRule::max), std::vector{19. / 60, 11. / 30, 19. / 60}) < tolerance);
  CHECK(shapley(mutual_game(three)).value_full == Approx(1.6));
  CHECK(shapley(max_mutual_game(three)).value_full == Approx(1.0));
  const Tensor<double, 2> two = make_matrix(2, {.5, .2, .3, .1});
  CHECK(relative_error(values(two, PairRule::sum), std::vector{.45, .05}) < tolerance);
  CHECK(relative_error(values(two, PairRule::max), std::vector{.35, -.05}) < tolerance);
  for (const PairRule rule : rules)
    CHECK(values(make_matrix(1, {.7}), rule) == std::vector{.7});
}

TEST_CASE("golden values in exact arithmetic", "[attention-games]") {
  std::ifstream file(REGARD_TEST_DATA "/shapley/attention_games.txt");
  REQUIRE(file);
  std::string game, singleton;
  int cases = 0;
  double worst = 0;
  for (Index n = 0; file >> game >> singleton >> n; ++cases) {
    Tensor<double, 2> matrix({n, n});
    for (double& entry : matrix)
      file >> entry;
    std::vector<double> expected(n);
    for (double& value : expected)
      file >> value;
    REQUIRE(file);
    for (const Singleton policy : singletons)
      if (to_string(policy) == singleton) {
        const PairRule rule = game == "mutual" ? PairRule::sum : PairRule::max;
        worst = std::max(worst, relative_error(values(matrix, rule, policy), expected));
        worst =
            std::max(worst, relative_error(enumerate(PairwiseGame(matrix, rule, policy)).values, expected));
      }
  }
  INFO("largest relative error " << worst);
  CHECK(cases == 54);
  CHECK(worst < tolerance);
}

TEST_CASE("symmetries of the games", "[attention-games]") {
  INFO("seed " << regard_test::seed());
  for (const Index n : std::initializer_list<Index>{1, 2, 5, 20}) {
    RandomStream random(regard_test::seed(), n);
    const auto entries = GENERATE(Entries::softmax, Entries::normal);
    const RowMatrix<double> a = random_matrix(n, entries, random).matrix();
    const RowMatrix<double> b = random_matrix(n, entries, random).matrix();
    std::vector<Index> order(n); // a permutation
    for (Index i = 0; i < n; ++i) {
      order[i] = i;
      std::swap(order[i], order[random.below(i + 1)]);
    }
    for (const Singleton singleton : singletons) {
      for (const PairRule rule : rules) {
        const std::vector<double> phi = values(a, rule, singleton);
        CHECK(relative_error(values(a.transpose(), rule, singleton), phi) < tolerance);
        std::vector<double> scaled = phi;
        for (double& value : scaled)
          value *= 3.5;
        CHECK(relative_error(values(3.5 * a, rule, singleton), scaled) < tolerance);
        Tensor<double, 2> renamed({n, n});
        std::vector<double> renamed_phi(n);
        for (Index i = 0; i < n; ++i) {
          renamed_phi[order[i]] = phi[i];
          for (Index j = 0; j < n; ++j)
            renamed(order[i], order[j]) = a(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j));
        }
        CHECK(relative_error(values(renamed, rule, singleton), renamed_phi) < tolerance);
      }
      const std::vector<double> of_a = values(a, PairRule::sum, singleton),
                                of_b = values(b, PairRule::sum, singleton);
      std::vector<double> combined(n);
      for (Index i = 0; i < n; ++i)
        combined[i] = 2 * of_a[i] - 0.75 * of_b[i];
      CHECK(relative_error(values(2 * a - 0.75 * b, PairRule::sum, singleton), combined) <
            10 * tolerance); // what is compared with is itself rounded
    }
    // With a symmetric matrix, mutual counts each pair twice and max-mutual once.
    const RowMatrix<double> even = (a + a.transpose()) / 2;
    std::vector<double> twice = values(even, PairRule::max, Singleton::zero);
    for (double& value : twice)
      value *= 2;
    CHECK(relative_error(values(even, PairRule::sum, Singleton::zero), twice) < tolerance);
    // Aggregate, then take the maximum: never more than the mean of maxima.
    if (entries == Entries::softmax && n > 1) {
      const MutableCoalition all = MutableCoalition::full(n);
      CHECK(max_mutual_game((a + b) / 2).value(all) <=
            (max_mutual_game(a).value(all) + max_mutual_game(b).value(all)) / 2 + tolerance);
    }
  }
}

TEST_CASE("a long text: efficiency holds to rounding", "[attention-games]") {
  INFO("seed " << regard_test::seed());
  RandomStream random(regard_test::seed());
  const Tensor<double, 2> matrix = random_matrix(512, Entries::softmax, random);
  for (const PairRule rule : rules) {
    const ShapleyResult result = shapley(PairwiseGame(matrix, rule));
    CHECK(std::abs(result.completeness_gap) < tolerance * result.value_full);
  }
}

TEST_CASE("what is left unexplained is a number next to the largest one", "[attention-games]") {
  const std::vector<double> row{1e308, -1e308, -1e308, 3e307, 1, -1e307};
  const ShapleyResult result = shapley(cls_game(row));
  CHECK(result.values == row);
  CHECK(std::isfinite(result.value_full));
  CHECK(std::abs(result.completeness_gap) <= tolerance * 1e308);
  const InteractionResult pairs = interactions(cls_game(row), InteractionIndex::k_sii);
  CHECK(std::abs(pairs.completeness_gap) <= tolerance * 1e308);
}

TEST_CASE("what is beyond the largest number is refused with the players that it belongs to",
          "[attention-games]") {
  Tensor<double, 2> matrix({4, 4});
  matrix(1, 2) = matrix(2, 1) = 1e308;
  const PairwiseGame pair(matrix, PairRule::sum);
  CHECK_THROWS_WITH(shapley(pair),
                    ContainsSubstring("value of player 1: found inf, expected a finite number"));
  for (const auto& [index, name] : interaction_names)
    CHECK_THROWS_WITH(
        interactions(pair, index),
        ContainsSubstring("interaction of players 1 and 2: found inf, expected a finite number"));
  matrix.fill(0);
  for (Index j = 1; j < 4; ++j)
    matrix(0, j) = 1.7e308; // each pair is a number, half their sum is not
  const PairwiseGame player(matrix, PairRule::sum);
  CHECK_THROWS_WITH(shapley(player),
                    ContainsSubstring("value of player 0: found inf, expected a finite number"));
  CHECK_THROWS_WITH(interactions(player, InteractionIndex::sii),
                    ContainsSubstring("value of player 0: found inf, expected a finite number"));
}

TEST_CASE("values that are numbers are found where sums on the way are none", "[attention-games]") {
  Tensor<double, 2> matrix({3, 3});
  matrix(0, 1) = matrix(1, 2) = 1.2e308; // player 1's sum is 2.4e308
  matrix(0, 2) = -1.5e308;
  const PairwiseGame game(matrix, PairRule::sum);
  CHECK(std::abs(shapley(game).values[1] - 1.2e308) <= tolerance * 1.2e308);
  for (const auto& [index, name] : interaction_names) {
    const InteractionResult result = interactions(game, index);
    CHECK(result.matrix(0, 1) == 1.2e308);
    CHECK(std::abs(result.values[1] - (index == InteractionIndex::sii ? 1.2e308 : 0)) <= tolerance * 1.2e308);
  }
}

TEST_CASE("a matrix of the caller's is read in place, a temporary is kept", "[attention-matrix]") {
  INFO("seed " << regard_test::seed());
  RandomStream random(regard_test::seed());
  Tensor<double, 2> tensor = random_matrix(5, Entries::normal, random);
  const RowMatrix<double> reference = tensor.matrix();
  const std::vector<double> expected = values(tensor, PairRule::max);

  std::vector<double> numbers(tensor.begin(), tensor.end());
  Eigen::MatrixXd columns = reference; // column-major
  Eigen::MatrixXd larger = Eigen::MatrixXd::Constant(9, 9, std::nan(""));
  larger.block(2, 3, 5, 5) = reference;
  const Eigen::Map<const RowMatrix<double>> map(numbers.data(), 5, 5);
  const AttentionMatrix borrowed[] = {tensor, tensor.view(), {numbers, 5},
                                      map,    columns,       larger.block(2, 3, 5, 5)};
  for (const AttentionMatrix& matrix : borrowed) {
    CHECK(values(matrix, PairRule::max) == expected);
    CHECK(matrix(1, 2) == reference(1, 2));
  }
  const AttentionMatrix owned[] = {Tensor<double, 2>(tensor), Eigen::MatrixXd(columns), columns * 1.0,
                                   AggregatedAttention{tensor, {}, 1}};
  tensor(1, 2) = numbers[7] = columns(1, 2) = larger(3, 5) = 100;
  for (const AttentionMatrix& matrix : borrowed)
    CHECK(matrix(1, 2) == 100);
  for (const AttentionMatrix& matrix : owned)
    CHECK(values(matrix, PairRule::max) == expected);

  // A game that owns its matrix can be copied and outlive the original.
  auto original = std::make_unique<PairwiseGame>(max_mutual_game(Eigen::MatrixXd(reference)));
  const PairwiseGame copy = *original;
  original.reset();
  CHECK(shapley(copy).values == expected);
}

TEST_CASE("a matrix of floats is played on as doubles", "[attention-matrix]") {
  Eigen::Matrix2f matrix;
  matrix << .5f, .25f, .125f, 2.f;
  const Tensor<double, 2> same = make_matrix(2, {.5, .25, .125, 2});
  CHECK(values(matrix, PairRule::sum) == values(same, PairRule::sum));
}

TEST_CASE("matrices that are no attention between players are refused", "[attention-matrix]") {
  CHECK_THROWS_WITH(mutual_game(Tensor<double, 2>({2, 3})),
                    "attention matrix: found shape [2, 3], expected as many columns as rows");
  CHECK_THROWS_WITH(max_mutual_game(Eigen::MatrixXd::Zero(4, 1)),
                    "attention matrix: found shape [4, 1], expected as many columns as rows");
  const std::vector<double> numbers(10);
  CHECK_THROWS_WITH(mutual_game({numbers, 3}), "attention matrix: found 10 numbers, expected 3 rows of 3");
  CHECK_THROWS_AS(mutual_game({numbers, 0}), InvalidArgument);
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(3, 3);
  matrix(2, 1) = std::nan("");
  CHECK_THROWS_WITH(mutual_game(matrix),
                    "attention matrix: found nan in row 2, column 1, expected a finite number");
  matrix(2, 1) = -HUGE_VAL;
  CHECK_THROWS_AS(mutual_game(matrix), InvalidArgument);
  CHECK_THROWS_WITH(cls_game({0, 1, HUGE_VAL}),
                    "attention row: found inf in column 2, expected a finite number");
}

TEST_CASE("names of the singleton rules", "[attention-games]") {
  CHECK(to_string(Singleton::self) == "self");
  CHECK(to_string(Singleton::zero) == "zero");
  CHECK(to_string(Singleton::additive) == "additive");
}
