// SPDX-License-Identifier: MIT
// The laws of testing/laws.hpp hold for our own solver, and each of them catches a solver or a game that
// breaks it.
#include "shapley/games.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/testing/laws.hpp>

#include <set>

using namespace regard;
using regard::testing::check_game;
using regard::testing::check_solver;
using regard::testing::LawOptions;
using regard::testing::TableGame;
using regard_test::FunctionGame;

namespace {

/// The names of the broken laws.
std::set<std::string> laws(const regard::testing::Violations& violations) {
  std::set<std::string> names;
  for (const std::string& violation : violations)
    names.insert(violation.substr(0, violation.find(':')));
  return names;
}

using Names = std::set<std::string>;

LawOptions options() {
  return {.seed = regard_test::seed(), .tolerance = regard_test::Tolerance<double>::closed_form};
}

/// Mean contribution over all coalitions alike: the Banzhaf value, which is the Shapley value without its
/// weights.
std::vector<double> banzhaf(const TableGame& game) {
  const Index n = game.players();
  std::vector<double> values(n, 0.0);
  for (Index s = 0; s < game.table().size(); ++s)
    for (Index i = 0; i < n; ++i)
      values[i] += ((s >> i) & 1 ? 1 : -1) * game.table()[s] / static_cast<double>(Index{1} << (n - 1));
  return values;
}

double worth(const TableGame& game) {
  return game.table().back() - game.table().front();
}

} // namespace

TEST_CASE("enumeration obeys the axioms of the Shapley value", "[laws]") {
  INFO("seed " << regard_test::seed());
  CHECK(check_solver([](const auto& game) { return enumerate(game); }, options()) ==
        regard::testing::Violations{});
  LawOptions larger = options();
  larger.max_players = 10;
  CHECK(check_solver([](const auto& game) { return shapley(game).values; }, larger) ==
        regard::testing::Violations{});
}

TEST_CASE("every axiom catches a solver that breaks it", "[laws]") {
  INFO("seed " << regard_test::seed());
  SECTION("efficiency: forgetting the weights") {
    CHECK(laws(check_solver(banzhaf, options())) == Names{"efficiency", "unanimity"});
  }
  SECTION("null player: equal shares") {
    CHECK(laws(check_solver(
              [](const TableGame& game) {
                const double n = static_cast<double>(game.players());
                return std::vector<double>(game.players(), worth(game) / n);
              },
              options())) == Names{"null player", "unanimity"});
  }
  SECTION("symmetry and equivariance: one order of players for all") {
    CHECK(laws(check_solver(
              [](const TableGame& game) {
                std::vector<double> values;
                for (Index i = 0; i < game.players(); ++i)
                  values.push_back(game.table()[(Index{2} << i) - 1] - game.table()[(Index{1} << i) - 1]);
                return values;
              },
              options())) == Names{"equivariance", "symmetry", "unanimity"});
  }
  SECTION("linearity: the Banzhaf value made efficient") {
    CHECK(laws(check_solver(
              [](const TableGame& game) {
                // What is missing goes to players by the square of their value: no cancellation in the
                // divisor.
                std::vector<double> values = banzhaf(game);
                double total = 0, squares = 0;
                for (const double value : values) {
                  total += value;
                  squares += value * value;
                }
                const double missing = worth(game) - total;
                for (double& value : values)
                  value += squares == 0 ? 0 : missing * value * value / squares;
                return values;
              },
              options())) == Names{"linearity"});
  }
  SECTION("a bias that favours a player") {
    CHECK(laws(check_solver(
              [](const TableGame& game) {
                std::vector<double> values = enumerate(game).values;
                values[0] += 1e-6;
                return values;
              },
              options())) ==
          Names{"efficiency", "equivariance", "linearity", "null player", "symmetry", "unanimity"});
  }
  SECTION("size") {
    CHECK(laws(check_solver(
              [](const TableGame&) {
                return std::vector<double>{1, 2};
              },
              options())) == Names{"size"});
  }
  SECTION("repeatable") {
    double noise = 0;
    const auto drifting = [&noise](const TableGame& game) {
      std::vector<double> values = enumerate(game).values;
      values[0] += noise += 1e-16;
      return values;
    };
    LawOptions loose = options();
    loose.tolerance = 1e-3;
    CHECK(laws(check_solver(drifting, loose)) == Names{"repeatable"});
  }
  SECTION("report") {
    CHECK(laws(check_solver(
              [](const TableGame& game) {
                ShapleyResult result = enumerate(game);
                result.value_empty = 0;
                return result;
              },
              options())) == Names{"report"});
    CHECK(laws(check_solver(
              [](const TableGame& game) {
                ShapleyResult result = enumerate(game);
                result.standard_errors = std::vector<double>(game.players(), -1);
                return result;
              },
              options())) == Names{"report"});
  }
}

TEST_CASE("a violation says where, what was found and what was expected", "[laws]") {
  const auto violations = check_solver([](const TableGame&) { return std::vector<double>{}; });
  REQUIRE_FALSE(violations.empty());
  CHECK(violations.front() == "size: 1 players, round 0: found 0 values");
  struct Twice {
    Index players() const { return 2; }
    double value(Coalition s) const { return static_cast<double>(s.size()); }
    std::vector<double> shapley_values() const { return {2, 1}; }
  };
  const auto twice = check_game(Twice{});
  REQUIRE(twice.size() == 2);
  CHECK(twice[0] ==
        "closed form efficiency: 2 players: the values sum to v(all) - v(empty): found 3, expected 2 "
        "within 2e-10");
  CHECK(twice[1] == "closed form: 2 players: value of player 0: found 2, expected 1 within 2e-10");
}

TEST_CASE("a game of one's own obeys the laws", "[laws]") {
  INFO("seed " << regard_test::seed());
  for (const Index n : std::initializer_list<Index>{0, 1, 5, 70})
    CHECK(check_game(
              FunctionGame{n, [](Coalition s) { return std::sqrt(1.0 + static_cast<double>(s.size())); }},
              options()) == regard::testing::Violations{});
  RandomStream random(regard_test::seed());
  CHECK(check_game(TableGame::random(7, random), options()) == regard::testing::Violations{});
}

TEST_CASE("every law of games catches a game that breaks it", "[laws]") {
  struct Size {
    Index n = 4;
    Index players() const { return n; }
    double value(Coalition s) const { return static_cast<double>(s.size()); }
  };
  SECTION("finite") {
    CHECK(laws(check_game(FunctionGame{3, [](Coalition s) { return s.size() == 3 ? std::nan("") : 0; }})) ==
          Names{"finite"});
  }
  SECTION("repeatable") {
    double calls = 0;
    CHECK(laws(check_game(FunctionGame{3, [&](Coalition) { return calls++; }})) == Names{"repeatable"});
  }
  SECTION("batch: the first coalition decides for all") {
    struct FirstOnly : Size {
      void values(std::span<const Coalition> coalitions, std::span<double> out) const {
        std::fill(out.begin(), out.end(), value(coalitions.front()));
      }
    };
    CHECK(laws(check_game(FirstOnly{})) == Names{"batch"});
    CHECK(laws(check_game(FirstOnly{{40}})) == Names{"batch"});
  }
  SECTION("closed form: right in sum, wrong in shares") {
    struct Uneven : Size {
      std::vector<double> shapley_values() const { return {0, 1, 1, 2}; }
    };
    CHECK(laws(check_game(Uneven{})) == Names{"closed form"});
  }
  SECTION("closed form efficiency, where enumeration is out of reach") {
    struct Half : Size {
      std::vector<double> shapley_values() const { return std::vector<double>(n, 0.5); }
    };
    CHECK(laws(check_game(Half{{40}})) == Names{"closed form efficiency"});
  }
  SECTION("closed form size") {
    struct Short : Size {
      std::vector<double> shapley_values() const { return {4}; }
    };
    CHECK(laws(check_game(Short{})) == Names{"closed form size"});
  }
}

TEST_CASE("a table that is not one of all coalitions is refused", "[laws]") {
  CHECK_THROWS_WITH(TableGame(std::vector<double>(7)),
                    "table of a game: found 7 values, expected a power of two");
  CHECK_THROWS_AS(TableGame({}), InvalidArgument);
}
