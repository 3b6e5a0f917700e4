// SPDX-License-Identifier: MIT
// The laws behind the samplers: expectations over all that can be drawn, the frequencies of what is drawn,
// bias and coverage over a few hundred fixed seeds (tests/statistics has the full run), and Student's
// intervals.
#include "shapley/games.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/testing/laws.hpp>

#include <Eigen/LU>

#include <map>

using namespace regard;
using regard_test::relative_error;

namespace {

constexpr double tolerance = regard_test::Tolerance<double>::parity;

testing::TableGame random_game(Index n) {
  RandomStream random(regard_test::seed(), n);
  return testing::TableGame::random(n, random);
}

MutableCoalition coalition_of(Index players, std::uint64_t bits) {
  return MutableCoalition(Coalition(std::span(&bits, Coalition::words_for(players)), players));
}

/// sum over all z of weight(size of z, size of z without i) (v(z + i) - v(z - i)).
template <class Weight>
std::vector<double> over_all(const testing::TableGame& game, const Weight& weight) {
  const Index n = game.players();
  std::vector<double> total(n, 0.0), marginals(n), values;
  detail::Neighbourhood<> neighbours;
  neighbours.start({game.table().front(), game.table().back()});
  for (std::uint64_t bits = 0; bits < game.table().size(); ++bits) {
    MutableCoalition z = coalition_of(n, bits);
    detail::CoalitionBuffer wanted(n);
    detail::Neighbourhood<>::ask(z, wanted);
    values.clear();
    for (Index c = 0; c < wanted.size(); ++c)
      values.push_back(game.value(wanted[c]));
    std::span<const double> rest = values;
    neighbours.read(z, rest, marginals);
    REQUIRE(rest.empty());
    for (Index i = 0; i < n; ++i)
      total[i] += weight(z.size(), z.contains(i) ? z.size() - 1 : z.size()) * marginals[i];
  }
  return total;
}

double choose(Index n, Index k) {
  return detail::choose(n, k);
}

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values)
    value *= factor;
  return values;
}

} // namespace

TEST_CASE("expectations over all coalitions", "[sampling]") {
  INFO("seed " << regard_test::seed());
  for (Index n = 1; n <= 6; ++n) {
    const auto game = random_game(n);
    const auto phi = enumerate(game).values;
    const double all = std::ldexp(1.0, static_cast<int>(n)), players = static_cast<double>(n);
    const auto log_omega = detail::log_shapley_weights(n);
    const auto omega = [&](Index, Index s) { return std::exp(log_omega[s]); };
    // R1: m uniform coalitions have the expectation m / 2^(n - 1) phi
    CHECK(relative_error(scaled(over_all(game, omega), 1 / all), scaled(phi, 2 / all)) < tolerance);
    // U1 is its correction; the sum of weights, by which U2 divides, has the expectation m / 2^(n - 1) too
    double weights = 0;
    for (Index s = 0; s < n; ++s)
      weights += choose(n - 1, s) * omega(0, s);
    CHECK(std::abs(weights - 1) < tolerance);
    // U3: a size uniform on 0, ..., n, then a coalition of that size
    CHECK(relative_error(over_all(game, [&](Index k, Index) { return 1 / ((players + 1) * choose(n, k)); }),
                         phi) < tolerance);
    // U5: R2's draws, each divided by the probability that they leave S behind
    if (n == 1)
      continue;
    std::vector<double> law(n + 1, 0.0);
    double total = 0;
    for (Index s = 1; s < n; ++s)
      total += law[s] = 1 / (choose(n, s) * static_cast<double>(s * (n - s)));
    const auto q = [&](Index s) {
      return law[s] / total / choose(n, s) + law[s + 1] / total / choose(n, s + 1);
    };
    CHECK(relative_error(over_all(game,
                                  [&](Index k, Index s) {
                                    return law[k] / total / choose(n, k) * std::exp(log_omega[s]) / q(s);
                                  }),
                         phi) < tolerance);
  }
}

TEST_CASE("the authors' samplers are the sums that they are said to be", "[sampling]") {
  INFO("seed " << regard_test::seed());
  const Index n = 5;
  const auto game = random_game(n);
  const auto phi = enumerate(game).values;
  // R1, many draws: the mean of units is phi / 2^(n - 1)
  const auto random = authors_random_sampling(game, {.budget = 600000});
  CHECK(random.units == (600000 - 2) / 6);
  CHECK(relative_error(scaled(random.values, 16 / static_cast<double>(random.units)), phi) < 0.1);
  // R2 with no budget for more than the two coalitions that are always there
  const auto two = authors_kernel_sampling(game, {.budget = 2 + 2 * 6});
  CHECK(two.units == 2);
  std::vector<double> ends(n);
  for (Index i = 0; i < n; ++i)
    ends[i] = (game.table()[Index{1} << i] - game.table()[0] + game.table()[31] -
               game.table()[31 ^ (Index{1} << i)]) /
              5;
  CHECK(relative_error(two.values, ends) < tolerance);
  // R2 avoids what it had: 30 coalitions are left, and ten redraws find most of them
  const auto many = authors_kernel_sampling(game, {.budget = 2 + 6 * 12});
  CHECK(many.units == 12);
  CHECK_FALSE(many.standard_errors);
}

TEST_CASE("unbiased KernelSHAP solves the regression with the exact matrix", "[sampling]") {
  INFO("seed " << regard_test::seed());
  for (Index n = 2; n <= 6; ++n) {
    const auto game = random_game(n);
    const auto phi = enumerate(game).values;
    const auto law = detail::UnbiasedKernelEstimator<>::size_law(n);
    double total = 0, off = 0, below = 0;
    for (Index s = 1; s < n; ++s) {
      total += law[s - 1];
      below += 1 / static_cast<double>(s * (n - s));
      off += s == 1 ? 0 : static_cast<double>(s - 1) / static_cast<double>(n - s);
    }
    const double players = static_cast<double>(n), p = off / (players * (players - 1) * below);
    const auto size = static_cast<Eigen::Index>(n);
    Eigen::MatrixXd a = Eigen::MatrixXd::Constant(size, size, p);
    a.diagonal().setConstant(0.5);
    Eigen::VectorXd b = Eigen::VectorXd::Zero(size), one = Eigen::VectorXd::Ones(size);
    for (std::uint64_t bits = 1; bits + 1 < game.table().size(); ++bits) {
      const auto s = static_cast<Index>(std::popcount(bits));
      for (Index i = 0; i < n; ++i)
        if ((bits >> i) & 1)
          b[static_cast<Eigen::Index>(i)] +=
              law[s - 1] / total / choose(n, s) * (game.table()[bits] - game.table()[0]);
    }
    const Eigen::MatrixXd inverse = a.inverse();
    const double d = game.table().back() - game.table().front();
    const Eigen::VectorXd solved =
        inverse * b - inverse * one * ((one.dot(inverse * b) - d) / one.dot(inverse * one));
    double h = 0;
    for (Index k = 1; k < n; ++k)
      h += 1 / static_cast<double>(k);
    const Eigen::VectorXd closed = (d / players + 2 * h * (b.array() - b.mean())).matrix();
    CHECK((solved - closed).cwiseAbs().maxCoeff() < tolerance);
    CHECK(relative_error(std::vector(closed.begin(), closed.end()), phi) < tolerance);
  }
}

TEST_CASE("coalitions and orders are drawn evenly", "[sampling]") {
  constexpr int draws = 60000;
  std::map<std::uint64_t, int> subsets, orders, uniform;
  MutableCoalition z(6), all(3);
  std::vector<Index> order(3);
  for (std::uint64_t item = 0; item < draws; ++item) {
    RandomStream random(1, item);
    detail::draw_coalition(random, 3, z);
    REQUIRE(z.size() == 3);
    ++subsets[z.view().words()[0]];
    detail::draw_order(random, order);
    ++orders[order[0] * 9 + order[1] * 3 + order[2]];
    detail::draw_coalition(random, all);
    ++uniform[all.view().words()[0]];
  }
  const auto even = [](const auto& counts, Index kinds) {
    double chi = 0, expected = static_cast<double>(draws) / static_cast<double>(kinds);
    for (const auto& [kind, count] : counts)
      chi += (count - expected) * (count - expected) / expected;
    return counts.size() == kinds &&
           chi < static_cast<double>(kinds) + 4 * std::sqrt(2 * static_cast<double>(kinds));
  };
  CHECK(even(subsets, 20));
  CHECK(even(orders, 6));
  CHECK(even(uniform, 8));
}

TEST_CASE("sizes are taken whole from the outside in, pairs one by one", "[sampling]") {
  for (const Index n : std::initializer_list<Index>{3, 4, 5, 8, 9}) {
    detail::PairWalk<> walk(n, n / 2);
    MutableCoalition z(n);
    std::map<std::uint64_t, Index> seen;
    Index size = 0;
    while (walk.next(z)) {
      CHECK(z.size() >= size);
      size = z.size();
      const std::uint64_t full = (std::uint64_t{1} << n) - 1, bits = z.view().words()[0];
      ++seen[std::min(bits, full ^ bits)];
    }
    CHECK(seen.size() == (Index{1} << (n - 1)) - 1);
    CHECK(std::ranges::all_of(seen, [](const auto& pair) { return pair.second == 1; }));
  }
}

TEST_CASE("bias and coverage over fixed seeds", "[sampling]") {
  constexpr Index n = 8, seeds = 300;
  RandomStream random(8, 0);
  const auto game = regard_test::random_unanimity(n, random);
  const auto truth = game.known_values();
  struct Setting {
    Solver solver;
    Index budget;
  };
  for (const auto [solver, budget] : {Setting{Solver::permutation, 1402},
                                      {Solver::stratified, 1802},
                                      {Solver::unbiased_kernel, 202},
                                      {Solver::kernel, 152},
                                      {Solver::leverage, 152},
                                      {Solver::self_normalised, 2 + 18 * 500}}) {
    INFO(to_string(solver));
    std::vector<double> bias(n, 0.0), square(n, 0.0), error(n, 0.0);
    double covered = 0;
    for (Index seed = 0; seed < seeds; ++seed) {
      const auto result = shapley(game, {.solver = solver, .budget = budget, .seed = seed});
      const auto intervals = confidence_intervals(result);
      REQUIRE(intervals);
      for (Index i = 0; i < n; ++i) {
        const double miss = result.values[i] - truth[i];
        bias[i] += miss / seeds;
        square[i] += miss * miss / seeds;
        error[i] += (*result.standard_errors)[i] / seeds;
        covered += (*intervals)[i].lower <= truth[i] && truth[i] <= (*intervals)[i].upper;
      }
    }
    for (Index i = 0; i < n; ++i) {
      const double sd = std::sqrt(square[i] - bias[i] * bias[i]);
      CHECK(std::abs(bias[i]) < 4 * sd / std::sqrt(static_cast<double>(seeds)));
      CHECK(std::abs(error[i] / sd - 1) < 0.2);
    }
    CHECK(covered / (n * seeds) > 0.92);
    CHECK(covered / (n * seeds) < 0.98);
  }
}

TEST_CASE("quantiles of Student's t", "[sampling]") {
  struct Known {
    double probability, degrees, quantile;
  };
  // scipy 1.17.1: scipy.stats.t.ppf
  for (const auto& [probability, degrees, quantile] : {Known{0.975, 1.0, 12.706204736174694},
                                                       {0.975, 2.0, 4.302652729749462},
                                                       {0.975, 2.5, 3.5746548420036817},
                                                       {0.975, 10.0, 2.228138851986274},
                                                       {0.995, 30.0, 2.7499956535672254},
                                                       {0.975, 99.0, 1.9842169515864174},
                                                       {0.9, 1000000.0, 1.281552412129939},
                                                       {0.025, 7.0, -2.3646242515927844},
                                                       {0.9999, 4.0, 13.033671720896821},
                                                       {0.6, 3.0, 0.2766706623326898},
                                                       {0.975, 0.5, 164.55767348048818},
                                                       {0.51, 20.0, 0.025384308073732733},
                                                       {0.999999999, 50.0, 7.305270611125023}}) {
    INFO(probability << " " << degrees);
    CHECK(std::abs(student_t_quantile(probability, degrees) / quantile - 1) < tolerance);
  }
  CHECK(student_t_quantile(0.5, 3) == 0);
  CHECK_THROWS_AS(student_t_quantile(1, 3), InvalidArgument);
  CHECK_THROWS_AS(student_t_quantile(0.5, 0), InvalidArgument);
}

TEST_CASE("intervals are where standard errors are", "[sampling]") {
  const auto game = random_game(6);
  CHECK_FALSE(confidence_intervals(enumerate(game)));
  const auto result = permutation_sampling(game, {.budget = 202});
  const auto intervals = confidence_intervals(result, 0.9);
  REQUIRE(intervals);
  const double quantile = student_t_quantile(0.95, 19);
  for (Index i = 0; i < 6; ++i) {
    CHECK((*intervals)[i].lower == result.values[i] - quantile * (*result.standard_errors)[i]);
    CHECK((*intervals)[i].upper == result.values[i] + quantile * (*result.standard_errors)[i]);
  }
  CHECK_THROWS_WITH(confidence_intervals(result, 95), "level: found 95, expected a number between 0 and 1");
}
