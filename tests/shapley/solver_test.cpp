// SPDX-License-Identifier: MIT
// Enumeration: the axioms on random games, games with known answers, and proof that the laws can fail.
#include "support/catch.hpp"
#include "support/seed.hpp"
#include "support/tolerance.hpp"

#include <regard/shapley.hpp>
#include <regard/testing/laws.hpp>

#include <functional>
#include <limits>

using namespace regard;
using namespace regard_test;
using testing::TableGame;

namespace {

/// A game from a lambda.
struct Function {
  Index count;
  std::function<double(const Coalition&)> worth;

  Index players() const { return count; }
  double value(const Coalition& coalition) const { return worth(coalition); }
};

/// The definition, player by player.
std::vector<double> by_definition(const TableGame& game) {
  const Index n = game.players();
  std::vector<double> values(n, 0.0);
  for (Index i = 0; i < n; ++i)
    for (std::size_t mask = 0; mask < game.table().size(); ++mask) {
      if ((mask >> i) & 1)
        continue;
      const int s = std::popcount(mask);
      const double weight = std::tgamma(s + 1) * std::tgamma(static_cast<double>(n) - s) /
                            std::tgamma(static_cast<double>(n) + 1);
      values[i] += weight * (game.table()[mask | (std::size_t{1} << i)] - game.table()[mask]);
    }
  return values;
}

} // namespace

TEST_CASE("enumeration obeys the axioms", "[enumerate]") {
  for (Index repeat = 0; repeat < 5; ++repeat) {
    INFO("seed " << seed() + repeat);
    const auto violations = testing::check_solver(
        [](const TableGame& game) { return enumerate(game).values; }, {seed() + repeat, 1e-12});
    CHECK(violations == testing::Violations{});
  }
}

TEST_CASE("enumeration equals the definition", "[enumerate]") {
  INFO("seed " << seed());
  for (Index n = 0; n <= 12; ++n) {
    RandomStream stream(seed(), n);
    const TableGame game = TableGame::random(n, stream);
    const ShapleyResult result = enumerate(game);
    CHECK(relative_error(result.values, by_definition(game)) < Tolerance<double>::closed_form);
    CHECK(result.evaluations == game.table().size());
    CHECK(result.value_empty == game.table().front());
    CHECK(result.value_full == game.table().back());
    CHECK(std::abs(result.completeness_gap) < Tolerance<double>::closed_form);
    CHECK(result.status == Status::converged);
    CHECK_FALSE(result.standard_errors);
  }
}

TEST_CASE("games with known answers", "[enumerate]") {
  const auto tolerance = Tolerance<double>::closed_form;
  // Airport (Littlechild and Owen 1973): the runway costs what the largest member needs.
  const std::vector<double> costs = {1, 2, 5, 9};
  const Function airport{4, [&](const Coalition& s) {
                           double most = 0;
                           s.for_each([&](Index i) { most = std::max(most, costs[i]); });
                           return most;
                         }};
  CHECK(relative_error(shapley(airport).values, std::vector{1. / 4, 1. / 4 + 1. / 3, 1. / 4 + 1. / 3 + 3. / 2,
                                                            1. / 4 + 1. / 3 + 3. / 2 + 4}) < tolerance);
  // Glove: two left, one right.
  const Function glove{
      3, [](const Coalition& s) { return s.contains(2) && (s.contains(0) || s.contains(1)) ? 1. : 0.; }};
  CHECK(relative_error(shapley(glove).values, std::vector{1. / 6, 1. / 6, 4. / 6}) < tolerance);
  // Weighted voting [51; 40, 30, 20, 10] (Shapley and Shubik 1954).
  const std::vector<double> votes = {40, 30, 20, 10};
  const Function voting{4, [&](const Coalition& s) {
                          double total = 0;
                          s.for_each([&](Index i) { total += votes[i]; });
                          return total >= 51 ? 1. : 0.;
                        }};
  CHECK(relative_error(shapley(voting).values, std::vector{5. / 12, 3. / 12, 3. / 12, 1. / 12}) < tolerance);
  // A constant belongs to nobody.
  CHECK(shapley(Function{3, [](const Coalition&) { return 7.; }}).values == std::vector<double>(3, 0.0));
}

TEST_CASE("the laws catch solvers that are wrong", "[laws]") {
  const auto broken = [](auto solver, const std::string& law) {
    for (const std::string& violation : testing::check_solver(solver, {seed(), 1e-10}))
      if (violation.find(law) == 0)
        return true;
    return false;
  };
  const auto exact = [](const TableGame& game) { return enumerate(game).values; };
  // Banzhaf: all coalitions weigh the same.
  const auto banzhaf = [](const TableGame& game) {
    std::vector<double> values(game.players(), 0.0);
    for (Index i = 0; i < values.size(); ++i)
      for (std::size_t mask = 0; mask < game.table().size(); ++mask)
        values[i] +=
            ((mask >> i) & 1 ? 1 : -1) * game.table()[mask] * 2 / static_cast<double>(game.table().size());
    return values;
  };
  CHECK(broken(banzhaf, "efficiency"));
  CHECK(broken(banzhaf, "unanimity"));
  // The marginal contribution in one fixed order is efficient and linear, but not symmetric.
  const auto one_order = [](const TableGame& game) {
    std::vector<double> values;
    for (Index i = 0; i < game.players(); ++i)
      values.push_back(game.table()[(std::size_t{2} << i) - 1] - game.table()[(std::size_t{1} << i) - 1]);
    return values;
  };
  CHECK(broken(one_order, "symmetry"));
  CHECK(broken(one_order, "equivariance"));
  CHECK_FALSE(broken(one_order, "efficiency"));
  // Equal shares are efficient, symmetric and linear, but pay a null player.
  const auto equal = [](const TableGame& game) {
    return std::vector<double>(game.players(), (game.table().back() - game.table().front()) /
                                                   static_cast<double>(game.players()));
  };
  CHECK(broken(equal, "null player"));
  CHECK_FALSE(broken(equal, "symmetry"));
  const auto absolute = [&](const TableGame& game) {
    std::vector<double> values = exact(game);
    for (double& value : values)
      value = std::abs(value);
    return values;
  };
  CHECK(broken(absolute, "linearity"));
  CHECK(broken([&](const TableGame& game) { return std::vector<double>(game.players() + 1); }, "found"));
  CHECK_FALSE(broken(exact, ""));
}

TEST_CASE("the laws catch games that are wrong", "[laws]") {
  struct WrongClosedForm {
    Index players() const { return 3; }
    double value(const Coalition& s) const { return static_cast<double>(s.size() * s.size()); }
    std::vector<double> shapley_values() const { return {3, 3, 2}; }
  };
  CHECK_FALSE(testing::check_game(WrongClosedForm{}).empty());
  struct WrongBatch {
    Index players() const { return 3; }
    double value(const Coalition& s) const { return static_cast<double>(s.size()); }
    void values(std::span<const Coalition>, std::span<double> out) const {
      std::fill(out.begin(), out.end(), 1.0);
    }
  };
  CHECK_FALSE(testing::check_game(WrongBatch{}).empty());
  struct Moody {
    mutable double count = 0;
    Index players() const { return 2; }
    double value(const Coalition&) const { return ++count; }
  };
  CHECK_FALSE(testing::check_game(Moody{}).empty());
}

TEST_CASE("a batch call is used where a game has one, each coalition once", "[enumerate]") {
  struct Counting {
    mutable std::vector<int> seen = std::vector<int>(1 << 10, 0);
    Index players() const { return 10; }
    double value(const Coalition&) const { throw std::logic_error("not asked one by one"); }
    void values(std::span<const Coalition> coalitions, std::span<double> out) const {
      for (Index i = 0; i < coalitions.size(); ++i) {
        ++seen[coalitions[i].words()[0]];
        out[i] = static_cast<double>(coalitions[i].size());
      }
    }
  };
  const Counting game;
  CHECK(relative_error(enumerate(game).values, std::vector<double>(10, 1.0)) <
        Tolerance<double>::closed_form);
  CHECK(game.seen == std::vector<int>(1 << 10, 1));
}

TEST_CASE("values that are not finite and games that are too large are refused", "[enumerate]") {
  const Function game{3, [](const Coalition& s) {
                        return s.contains(0) && s.contains(2) ? std::numeric_limits<double>::quiet_NaN() : 1.;
                      }};
  CHECK_THROWS_WITH(enumerate(game), "the value of coalition {0, 2}: found nan, expected a finite number");
  const Function large{31, [](const Coalition&) { return 0.; }};
  CHECK_THROWS_WITH(enumerate(large),
                    "enumeration of a game of 31 players, expected at most 30; sample it instead");
}

TEST_CASE("coalitions are sets", "[coalition]") {
  const Index members[] = {0, 63, 64, 129};
  CoalitionSet set(130, members);
  CHECK(set.size() == 4);
  CHECK(set.view().members() == std::vector<Index>{0, 63, 64, 129});
  CHECK(to_string(set.view()) == "{0, 63, 64, 129}");
  set.flip(64);
  set.erase(0);
  set.insert(5);
  CHECK(set.view().members() == std::vector<Index>{5, 63, 129});
  CHECK(CoalitionSet::full(130).size() == 130);
  CHECK(CoalitionSet::full(0).size() == 0);
  CHECK(to_string(CoalitionSet::full(40).view()) ==
        "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... (40 players)}");
}

TEST_CASE("all values tie or they do not", "[degenerate]") {
  CHECK(degenerate(std::vector<double>{0, 0, 0}));
  CHECK(degenerate(std::vector<double>{}));
  CHECK_FALSE(degenerate(std::vector<double>{0, 1e-300}));
}
