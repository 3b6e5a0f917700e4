// SPDX-License-Identifier: MIT
// Body of testing/laws.hpp.
#pragma once

#include <regard/shapley.hpp>
#include <regard/testing/laws.hpp>

#include <algorithm>
#include <limits>
#include <set>
#include <type_traits>
#include <utility>

namespace regard::inline REGARD_ABI {
namespace testing {

inline TableGame::TableGame(std::vector<double> table) : table_(std::move(table)) {
  if (!std::has_single_bit(table_.size()))
    throw InvalidArgument("table of a game: found " + std::to_string(table_.size()) +
                          " values, expected a power of two");
}

inline TableGame TableGame::random(Index players, RandomStream& random) {
  std::vector<double> table(Index{1} << players);
  for (double& value : table)
    value = random.normal();
  return TableGame(std::move(table));
}

} // namespace testing

namespace detail {

/// Collects broken laws, each law once.
class LawReport {
 public:
  /// Where the check stands, for the text of a violation.
  void at(std::string place) { place_ = std::move(place); }

  void violated(const std::string& law, const std::string& what) {
    if (named_.insert(law).second)
      violations_.push_back(law + ": " + place_ + ": " + what);
  }

  bool broken(const std::string& law) const { return named_.count(law) > 0; }

  /// Holds `found` to `expected`; NaN breaks the law.
  void near(const std::string& law, const std::string& what, double found, double expected, double allowed) {
    if (!(std::abs(found - expected) <= allowed))
      violated(law, what + ": found " + number_text(found) + ", expected " + number_text(expected) +
                        " within " + number_text(allowed));
  }

  const testing::Violations& violations() const { return violations_; }

 private:
  std::string place_;
  std::set<std::string> named_;
  testing::Violations violations_;
};

inline double largest_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double value : values)
    largest = std::max(largest, std::abs(value));
  return largest;
}

inline double compensated_total(std::span<const double> values) {
  CompensatedSum total;
  for (const double value : values)
    total.add(value);
  return total.value();
}

/// A random order of 0, ..., count - 1.
inline std::vector<Index> random_order(Index count, RandomStream& random) {
  std::vector<Index> order(count);
  for (Index i = 0; i < count; ++i) {
    order[i] = i;
    std::swap(order[i], order[random.below(i + 1)]);
  }
  return order;
}

/// All coalitions of a small game; of a larger one the empty, the full and random ones of every size.
inline std::vector<MutableCoalition> law_coalitions(Index players, const testing::LawOptions& options) {
  std::vector<MutableCoalition> coalitions;
  if (players <= 10) {
    for (Index bits = 0; bits < Index{1} << players; ++bits) {
      coalitions.emplace_back(players);
      for (Index player = 0; player < players; ++player)
        coalitions.back().assign(player, ((bits >> player) & 1) != 0);
    }
    return coalitions;
  }
  RandomStream random(options.seed);
  coalitions.emplace_back(players);
  coalitions.push_back(MutableCoalition::full(players));
  for (Index draw = 0; draw < 8 * options.rounds; ++draw) {
    const std::vector<Index> order = random_order(players, random);
    coalitions.emplace_back(players, std::span(order).first(random.below(players + 1)));
  }
  return coalitions;
}

/// `values` against `value`: all at once, backwards, one by one, and in batches of three.
template <class G>
void check_batches(const G& game, std::span<const Coalition> coalitions, std::span<const double> expected,
                   double allowed, LawReport& report) {
  const Index count = coalitions.size();
  for (const bool backwards : {false, true})
    for (const Index batch : {count, Index{1}, Index{3}}) {
      std::vector<Coalition> order(coalitions.begin(), coalitions.end());
      std::vector<double> reference(expected.begin(), expected.end());
      if (backwards) {
        std::reverse(order.begin(), order.end());
        std::reverse(reference.begin(), reference.end());
      }
      for (Index first = 0; first < count; first += batch) {
        const Index size = std::min(batch, count - first);
        std::vector<double> out(size, std::numeric_limits<double>::quiet_NaN());
        game.values(std::span<const Coalition>(order).subspan(first, size), std::span<double>(out));
        for (Index c = 0; c < size; ++c)
          report.near("batch",
                      "values of " + to_string(order[first + c]) + " at place " + std::to_string(c) + " of " +
                          std::to_string(size),
                      out[c], reference[first + c], allowed);
      }
    }
}

template <class G>
void check_closed_form(const G& game, const testing::LawOptions& options, double largest, LawReport& report) {
  const Index players = game.players();
  const std::vector<double> values = game.shapley_values();
  if (values.size() != players)
    return report.violated("closed form size", "found " + std::to_string(values.size()) + " values");
  const double worth = static_cast<double>(game.value(MutableCoalition::full(players).view())) -
                       static_cast<double>(game.value(MutableCoalition(players).view()));
  report.near("closed form efficiency", "the values sum to v(all) - v(empty)", compensated_total(values),
              worth, options.tolerance * largest);
  if (players > 12)
    return;
  const std::vector<double> exact = enumerate(game).values;
  for (Index player = 0; player < players; ++player)
    report.near("closed form", "value of player " + std::to_string(player), values[player], exact[player],
                options.tolerance * largest);
}

/// The game with table entries entry(bits of S).
template <class Entry>
testing::TableGame make_table(Index players, Entry entry) {
  std::vector<double> table(Index{1} << players);
  for (Index bits = 0; bits < table.size(); ++bits)
    table[bits] = entry(bits);
  return testing::TableGame(std::move(table));
}

/// `coalition` with its members renamed: player i becomes names[i].
inline Index rename_members(Index coalition, std::span<const Index> names) {
  Index renamed = 0;
  for (Index player = 0; player < names.size(); ++player)
    renamed |= ((coalition >> player) & 1) << names[player];
  return renamed;
}

/// Checks the fields that stand beside the values.
inline void check_report(const testing::TableGame& game, const ShapleyResult& result, double allowed,
                         LawReport& report) {
  const std::vector<double>& table = game.table();
  report.near("report", "value_empty", result.value_empty, table.front(), allowed);
  report.near("report", "value_full", result.value_full, table.back(), allowed);
  report.near("report", "completeness_gap", result.completeness_gap,
              table.back() - table.front() - compensated_total(result.values), allowed);
  if (!result.standard_errors)
    return;
  if (result.standard_errors->size() != game.players())
    report.violated("report", "found " + std::to_string(result.standard_errors->size()) + " standard errors");
  for (const double error : *result.standard_errors)
    if (!(error >= 0))
      report.violated("report", "found the standard error " + number_text(error));
}

/// A round of check_solver: random games of one size.
template <class Solver>
class SolverLaws {
 public:
  SolverLaws(const Solver& solver, Index players, double tolerance, RandomStream& random, LawReport& report)
      : solver_(solver), players_(players), tolerance_(tolerance), random_(random), report_(report) {}

  void check() {
    const testing::TableGame u = testing::TableGame::random(players_, random_);
    const std::vector<double> phi = solve(u);
    if (report_.broken("size"))
      return;
    if (solve(u) != phi)
      report_.violated("repeatable", "the same game gave other values");
    report_.near("efficiency", "the values sum to v(all) - v(empty)", compensated_total(phi),
                 u.table().back() - u.table().front(), allowed(u));
    check_null_player(u);
    check_linearity(u, phi);
    check_equivariance(u, phi);
    check_unanimity();
    if (players_ >= 2)
      check_symmetry(u);
  }

 private:
  std::vector<double> solve(const testing::TableGame& game) {
    std::vector<double> values;
    if constexpr (std::is_convertible_v<decltype(solver_(game)), ShapleyResult>) {
      const ShapleyResult result = solver_(game);
      check_report(game, result, allowed(game), report_);
      values = result.values;
    } else {
      values = solver_(game);
    }
    if (values.size() != players_)
      report_.violated("size", "found " + std::to_string(values.size()) + " values");
    values.resize(players_, std::numeric_limits<double>::quiet_NaN());
    return values;
  }

  double allowed(const testing::TableGame& game) const {
    return tolerance_ * largest_magnitude(game.table());
  }

  void check_null_player(const testing::TableGame& u) {
    const Index player = random_.below(players_);
    const testing::TableGame game =
        make_table(players_, [&](Index s) { return u.table()[s & ~(Index{1} << player)]; });
    report_.near("null player", "player " + std::to_string(player), solve(game)[player], 0, allowed(game));
  }

  void check_linearity(const testing::TableGame& u, const std::vector<double>& phi) {
    const testing::TableGame v = testing::TableGame::random(players_, random_);
    const double a = random_.normal(), b = random_.normal();
    const testing::TableGame game =
        make_table(players_, [&](Index s) { return a * u.table()[s] + b * v.table()[s]; });
    const std::vector<double> psi = solve(v), both = solve(game);
    const double margin = std::abs(a) * allowed(u) + std::abs(b) * allowed(v) + allowed(game);
    for (Index i = 0; i < players_; ++i)
      report_.near("linearity",
                   "player " + std::to_string(i) + " of " + number_text(a) + " u + " + number_text(b) + " v",
                   both[i], a * phi[i] + b * psi[i], margin);
  }

  void check_equivariance(const testing::TableGame& u, const std::vector<double>& phi) {
    const std::vector<Index> names = random_order(players_, random_);
    std::vector<double> table(u.table().size());
    for (Index s = 0; s < table.size(); ++s)
      table[rename_members(s, names)] = u.table()[s];
    const std::vector<double> renamed = solve(testing::TableGame(std::move(table)));
    for (Index i = 0; i < players_; ++i)
      report_.near("equivariance", "player " + std::to_string(i) + ", renamed " + std::to_string(names[i]),
                   renamed[names[i]], phi[i], allowed(u));
  }

  void check_unanimity() {
    const Index team = 1 + random_.below((Index{1} << players_) - 1);
    const testing::TableGame game =
        make_table(players_, [&](Index s) { return (s & team) == team ? 1.0 : 0.0; });
    const std::vector<double> phi = solve(game);
    for (Index i = 0; i < players_; ++i)
      report_.near("unanimity", "player " + std::to_string(i), phi[i],
                   ((team >> i) & 1) != 0 ? 1.0 / std::popcount(team) : 0.0, allowed(game));
  }

  void check_symmetry(const testing::TableGame& u) {
    std::vector<Index> swapped(players_);
    for (Index i = 0; i < players_; ++i)
      swapped[i] = i;
    const std::vector<Index> order = random_order(players_, random_);
    const Index i = order[0], j = order[1];
    std::swap(swapped[i], swapped[j]);
    const testing::TableGame game = make_table(
        players_, [&](Index s) { return (u.table()[s] + u.table()[rename_members(s, swapped)]) / 2; });
    const std::vector<double> phi = solve(game);
    report_.near("symmetry", "player " + std::to_string(i) + " as player " + std::to_string(j), phi[i],
                 phi[j], allowed(game));
  }

  const Solver& solver_;
  Index players_;
  double tolerance_;
  RandomStream& random_;
  LawReport& report_;
};

} // namespace detail

namespace testing {

template <class G>
Violations check_game(const G& game, const LawOptions& options) {
  require_game<G>();
  const Index players = game.players();
  detail::LawReport report;
  report.at(std::to_string(players) + " players");
  const std::vector<MutableCoalition> coalitions = detail::law_coalitions(players, options);
  const std::vector<Coalition> views(coalitions.begin(), coalitions.end());
  std::vector<double> values;
  values.reserve(views.size());
  for (const Coalition& coalition : views)
    values.push_back(static_cast<double>(game.value(coalition)));
  for (Index c = 0; c < views.size(); ++c)
    if (!std::isfinite(values[c]))
      report.violated("finite", "found " + detail::number_text(values[c]) + " for " + to_string(views[c]));
  if (!report.violations().empty())
    return report.violations();
  for (Index c = views.size(); c-- > 0;) {
    const double again = static_cast<double>(game.value(MutableCoalition(views[c]).view()));
    if (again != values[c])
      report.violated("repeatable", to_string(views[c]) + ": found " + detail::number_text(again) +
                                        ", before it was " + detail::number_text(values[c]));
  }
  const double largest = detail::largest_magnitude(values);
  if (report.broken("repeatable"))
    return report.violations(); // the rest would compare with values that do not last
  if constexpr (BatchGame<G>)
    detail::check_batches(game, views, values, options.tolerance * largest, report);
  if constexpr (ClosedFormGame<G>)
    detail::check_closed_form(game, options, largest, report);
  return report.violations();
}

template <class Solver>
Violations check_solver(const Solver& solver, const LawOptions& options) {
  using Result = decltype(solver(std::declval<const TableGame&>()));
  static_assert(std::is_convertible_v<Result, ShapleyResult> ||
                    std::is_convertible_v<Result, std::vector<double>>,
                "a solver returns a regard::ShapleyResult or a std::vector<double> with one number a player");
  detail::LawReport report;
  const Index sizes = std::clamp<Index>(options.max_players, 1, 16);
  for (Index round = 0; round < options.rounds; ++round) {
    const Index players = 1 + round % sizes;
    report.at(std::to_string(players) + " players, round " + std::to_string(round));
    RandomStream random(options.seed, round);
    detail::SolverLaws(solver, players, options.tolerance, random, report).check();
  }
  return report.violations();
}

} // namespace testing
} // namespace regard::inline REGARD_ABI
