// SPDX-License-Identifier: MIT
// Enumeration and the choice of a solver: games with known values, and what is refused.
#include "shapley/games.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/testing/laws.hpp>

#include <map>

using namespace regard;
using regard_test::FunctionGame;
using regard_test::relative_error;
using regard_test::UnanimitySum;

namespace {

constexpr double tolerance = regard_test::Tolerance<double>::closed_form;

/// The definition, player by player: phi_i = sum over S without i of s! (n - s - 1)! / n! (v(S + i) - v(S)).
std::vector<double> by_definition(const testing::TableGame& game) {
  const Index n = game.players();
  std::vector<double> values(n, 0.0);
  for (Index i = 0; i < n; ++i)
    for (Index s = 0; s < game.table().size(); ++s)
      if (((s >> i) & 1) == 0) {
        const double size = std::popcount(s), players = static_cast<double>(n);
        const double weight = std::tgamma(size + 1) * std::tgamma(players - size) / std::tgamma(players + 1);
        values[i] += weight * (game.table()[s | (Index{1} << i)] - game.table()[s]);
      }
  return values;
}

struct Gloves { // the example of game.hpp
  Index players() const { return 3; }
  double value(Coalition s) const { return s.contains(2) && (s.contains(0) || s.contains(1)); }
};

/// Counts how often each coalition is asked for, one by one or in batches.
struct CountingGame {
  Index count;
  mutable std::map<std::vector<Index>, int> asked = {};

  Index players() const { return count; }
  double value(Coalition coalition) const {
    ++asked[coalition.members()];
    return static_cast<double>(coalition.size() * coalition.size());
  }
};

struct CountingBatchGame : CountingGame {
  mutable Index calls = 0;

  void values(std::span<const Coalition> coalitions, std::span<double> out) const {
    REQUIRE(coalitions.size() == out.size());
    ++calls;
    for (Index c = 0; c < out.size(); ++c)
      out[c] = value(coalitions[c]);
  }
};

static_assert(Game<Gloves> && !BatchGame<Gloves> && !ClosedFormGame<Gloves>);
static_assert(BatchGame<CountingBatchGame> && !BatchGame<CountingGame>);
static_assert(ClosedFormGame<AdditiveGame> && ClosedFormGame<PairwiseGame>);
static_assert(!Game<int> && !Game<std::vector<double>>);

} // namespace

TEST_CASE("enumeration equals the definition", "[exact]") {
  INFO("seed " << regard_test::seed());
  for (Index n = 0; n <= 12; ++n) {
    RandomStream random(regard_test::seed(), n);
    const testing::TableGame game = testing::TableGame::random(n, random);
    const ShapleyResult result = enumerate(game);
    CHECK(relative_error(result.values, by_definition(game)) < tolerance);
    CHECK(result.value_empty == game.table().front());
    CHECK(result.value_full == game.table().back());
    CHECK(std::abs(result.completeness_gap) < tolerance);
    CHECK_FALSE(result.standard_errors);
  }
}

TEST_CASE("sums of unanimity games have their known values", "[exact]") {
  INFO("seed " << regard_test::seed());
  double worst = 0;
  for (Index n = 1; n <= 12; ++n) {
    RandomStream random(regard_test::seed(), n);
    UnanimitySum game{n, {}};
    for (int t = 0; t < 20; ++t) {
      UnanimitySum::Term term{{}, random.normal()};
      for (Index i = 0; i < n; ++i)
        if (random.below(3) == 0)
          term.players.push_back(i);
      if (term.players.empty())
        term.players.push_back(random.below(n));
      game.terms.push_back(term);
    }
    const ShapleyResult result = enumerate(game);
    worst = std::max(worst, relative_error(result.values, game.known_values()));
    CHECK(result.evaluations == Index{1} << n);
    CHECK(result.value_empty == 0);
    CHECK(std::abs(result.completeness_gap) < 100 * tolerance);
  }
  INFO("largest relative error " << worst);
  CHECK(worst < tolerance);
}

TEST_CASE("airport game: each stretch of the runway is shared by those who need it", "[exact]") {
  const std::vector<double> costs{1, 1, 2.5, 4, 7, 7, 7.25, 9, 12, 20};
  const Index n = costs.size();
  const FunctionGame airport{n, [&](Coalition s) {
                               double most = 0;
                               for (const Index i : s)
                                 most = std::max(most, costs[i]);
                               return most;
                             }};
  std::vector<double> known(n);
  double share = 0, before = 0;
  for (Index i = 0; i < n; ++i) {
    share += (costs[i] - before) / static_cast<double>(n - i);
    before = costs[i];
    known[i] = share;
  }
  CHECK(relative_error(enumerate(airport).values, known) < tolerance);
}

TEST_CASE("glove game", "[exact]") {
  CHECK(relative_error(shapley(Gloves{}).values, std::vector{1. / 6, 1. / 6, 4. / 6}) < tolerance);
}

TEST_CASE("weighted voting: [51; 40, 30, 20, 10]", "[exact]") {
  const std::vector<double> votes{40, 30, 20, 10}; // Shapley and Shubik 1954
  const FunctionGame voting{4, [&](Coalition s) {
                              double total = 0;
                              for (const Index i : s)
                                total += votes[i];
                              return total >= 51 ? 1.0 : 0.0;
                            }};
  CHECK(relative_error(shapley(voting).values, std::vector{5. / 12, 3. / 12, 3. / 12, 1. / 12}) < tolerance);
}

TEST_CASE("a constant belongs to nobody", "[exact]") {
  CHECK(shapley(FunctionGame{3, [](Coalition) { return 7.0; }}).values == std::vector<double>(3, 0.0));
}

TEST_CASE("weighted voting: the United Nations Security Council", "[exact]") {
  // Five permanent members with a veto, ten others; a resolution takes nine votes.
  const FunctionGame council{
      15, [](Coalition s) { return static_cast<double>((s.words()[0] & 31) == 31 && s.size() >= 9); }};
  std::vector<double> known(15, 4. / 2145);
  std::fill_n(known.begin(), 5, 421. / 2145);
  const ShapleyResult result = shapley(council);
  CHECK(relative_error(result.values, known) < tolerance);
  CHECK(result.solver == "exact");
  CHECK(result.status == Status::converged);
  CHECK(result.value_full == 1);
}

TEST_CASE("every coalition is evaluated once, alone or in batches", "[exact]") {
  for (const Index n : std::initializer_list<Index>{0, 1, 2, 7, 8, 9, 11}) {
    const CountingGame single{n};
    const CountingBatchGame batched{{n}};
    const ShapleyResult one = enumerate(single), many = enumerate(batched);
    CHECK(one.evaluations == Index{1} << n);
    CHECK(single.asked.size() == Index{1} << n);
    CHECK(std::ranges::all_of(single.asked, [](const auto& asked) { return asked.second == 1; }));
    CHECK(batched.asked == single.asked);
    CHECK(batched.calls <= std::max<Index>(1, (Index{1} << n) / 256));
    CHECK(one.values == many.values);
    CHECK(one.value_empty == 0);
    CHECK(one.value_full == static_cast<double>(n * n));
    CHECK(relative_error(one.values, std::vector<double>(n, static_cast<double>(n))) < tolerance);
  }
}

TEST_CASE("an offset of the game costs no precision", "[exact]") {
  INFO("seed " << regard_test::seed());
  RandomStream random(regard_test::seed());
  std::vector<double> table(1 << 10);
  for (double& value : table)
    value = static_cast<double>(random.below(1024)) / 1024;
  const double offset = 1 << 20;
  const auto plain = enumerate(FunctionGame{10, [&](Coalition s) { return table[s.words()[0]]; }});
  const auto raised = enumerate(FunctionGame{10, [&](Coalition s) { return table[s.words()[0]] + offset; }});
  CHECK(raised.values == plain.values);
  CHECK(raised.value_empty == plain.value_empty + offset);
}

TEST_CASE("a game without players has no values", "[exact]") {
  const ShapleyResult result = enumerate(FunctionGame{0, [](Coalition) { return 3.0; }});
  CHECK(result.values.empty());
  CHECK(result.value_empty == 3);
  CHECK(result.value_full == 3);
  CHECK(result.completeness_gap == 0);
}

TEST_CASE("more players than can be enumerated are refused", "[exact]") {
  const FunctionGame game{31, [](Coalition) { return 0.0; }};
  CHECK_THROWS_AS(enumerate(game), InvalidArgument);
  CHECK_THROWS_WITH(shapley(game), "enumeration of a game of 31 players, expected at most 30: each player "
                                   "more doubles the number of coalitions");
}

TEST_CASE("a value that is not finite ends in an error that names the coalition", "[exact]") {
  const FunctionGame game{12, [](Coalition s) { return s.size() == 12 ? HUGE_VAL : 0.5; }};
  CHECK_THROWS_WITH(enumerate(game),
                    "the game's value of coalition {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11} among 12 players: "
                    "found inf, expected a finite number");
  const FunctionGame nan{3, [](Coalition s) { return s.contains(1) ? std::nan("") : 0; }};
  CHECK_THROWS_WITH(
      shapley(nan),
      "the game's value of coalition {0, 1} among 3 players: found nan, expected a finite number");
}

TEST_CASE("a batch call that forgets a coalition is found out", "[exact]") {
  struct Forgetful : Gloves {
    void values(std::span<const Coalition> coalitions, std::span<double> out) const {
      for (Index c = 0; c + 1 < out.size(); ++c)
        out[c] = value(coalitions[c]);
    }
  };
  CHECK_THROWS_AS(enumerate(Forgetful{}), InvalidArgument);
}

TEST_CASE("what a game throws is nested in an error that names the coalition", "[exact]") {
  const FunctionGame game{3, [](Coalition s) -> double {
                            if (s.contains(2))
                              throw std::domain_error("mine");
                            return 0;
                          }};
  struct Batched : FunctionGame {
    void values(std::span<const Coalition> coalitions, std::span<double> out) const {
      for (Index c = 0; c < out.size(); ++c)
        out[c] = value(coalitions[c]);
    }
  };
  const std::string message = "the game's value of coalition {1, 2} among 3 players: the game threw: mine";
  CHECK_THROWS_WITH(enumerate(game), message);
  CHECK_THROWS_WITH(enumerate(Batched{game}), message);
  try {
    enumerate(game);
  } catch (const Error& error) {
    CHECK_THROWS_AS(std::rethrow_if_nested(error), std::domain_error);
  }
}

TEST_CASE("the closed form is taken where there is one, and checked", "[exact]") {
  const ShapleyResult result = shapley(cls_game({1, 2, 4}));
  CHECK(result.solver == "closed-form");
  CHECK(result.evaluations == 0);
  CHECK(result.values == std::vector<double>{1, 2, 4});
  CHECK(result.value_full == 7);
  CHECK(result.completeness_gap == 0);

  struct Short : Gloves {
    std::vector<double> shapley_values() const { return {1}; }
  };
  CHECK_THROWS_WITH(shapley(Short{}),
                    "the closed form of a game of 3 players: found 1 values, expected one a player");
  struct Infinite : Gloves {
    std::vector<double> shapley_values() const { return {0, HUGE_VAL, 0}; }
  };
  CHECK_THROWS_WITH(shapley(Infinite{}),
                    "the closed form's value of player 1: found inf, expected a finite number");
}

TEST_CASE("values that tie are degenerate", "[exact]") {
  CHECK(degenerate(std::vector<double>{}));
  CHECK(degenerate(std::vector<double>{3}));
  CHECK(degenerate(std::vector<double>{0, 0, 0}));
  CHECK(degenerate(std::vector<double>{0.1 + 0.2, 0.3}));
  CHECK_FALSE(degenerate(std::vector<double>{0.1 + 0.2, 0.3}, 0));
  CHECK_FALSE(degenerate(std::vector<double>{0, 1e-300}));
  CHECK_FALSE(degenerate(std::vector<double>{-1, 1}));
}

TEST_CASE("names of the statuses", "[exact]") {
  CHECK(to_string(Status::converged) == "converged");
  CHECK(to_string(Status::budget_reached) == "budget_reached");
  CHECK(to_string(Status::few_samples) == "few_samples");
  CHECK(to_string(Status::stopped) == "stopped");
}
