// SPDX-License-Identifier: MIT
// Interactions of order two: definitions, known games, laws, closed forms, other programs, and sampling.
#include "games.hpp"
#include "peers.hpp"

#include "support/tolerance.hpp"

#include <Eigen/Dense>

#include <set>

using namespace regard;
using namespace regard_test;

namespace {

using Matrix = Eigen::MatrixXd;
using testing::TableGame;

constexpr double tolerance = Tolerance<double>::closed_form;
constexpr double enumerated = 1e-10; ///< relative; the discrete derivatives cancel

constexpr std::array indices = {InteractionIndex::sii, InteractionIndex::k_sii, InteractionIndex::stii,
                                InteractionIndex::fsii};

Matrix matrix_of(const InteractionResult& result) {
  return result.matrix.matrix();
}

double factorial(Index n) {
  return std::tgamma(static_cast<double>(n) + 1);
}
double binomial(Index n, Index k) {
  return factorial(n) / (factorial(k) * factorial(n - k));
}
bool has(Index set, Index player) {
  return ((set >> player) & 1) != 0;
}

/// v(S+i+j) - v(S+i) - v(S+j) + v(S).
double derivative(const TableGame& game, Index set, Index i, Index j) {
  const auto& v = game.table();
  const Index a = Index{1} << i, b = Index{1} << j;
  return v[set | a | b] - v[set | a] - v[set | b] + v[set];
}

/// The best fit of the game by players and pairs under the Shapley kernel, exact at both ends: the definition
/// of FSII, by Lagrange multipliers.
Matrix faithful_fit(const TableGame& game) {
  const Index n = game.players();
  std::vector<std::pair<Index, Index>> terms;
  for (Index i = 0; i < n; ++i)
    for (Index j = i; j < n; ++j)
      terms.emplace_back(i, j);
  const auto count = static_cast<Eigen::Index>(terms.size());
  Matrix system = Matrix::Zero(count + 1, count + 1);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(count + 1);
  for (Index s = 1; s < game.table().size(); ++s) {
    Eigen::VectorXd row(count);
    for (Eigen::Index t = 0; t < count; ++t)
      row[t] = has(s, terms[static_cast<Index>(t)].first) && has(s, terms[static_cast<Index>(t)].second);
    const double worth = game.table()[s] - game.table()[0];
    const Index size = static_cast<Index>(std::popcount(s));
    if (size == n) {
      system.row(count).head(count) = row.transpose();
      system.col(count).head(count) = row;
      right[count] = worth;
    } else {
      const double weight =
          static_cast<double>(n - 1) / (binomial(n, size) * static_cast<double>(size * (n - size)));
      system.topLeftCorner(count, count) += weight * row * row.transpose();
      right.head(count) += weight * worth * row;
    }
  }
  const Eigen::VectorXd solution = system.completeOrthogonalDecomposition().solve(right);
  Matrix fit(n, n);
  for (Eigen::Index t = 0; t < count; ++t) {
    const auto [i, j] = terms[static_cast<Index>(t)];
    fit(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) =
        fit(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(i)) = solution[t];
  }
  return fit;
}

/// Each index as baselines-and-metrics.md, section 5.1, defines it.
Matrix by_definition(const TableGame& game, InteractionIndex index) {
  const Index n = game.players();
  if (index == InteractionIndex::fsii && n >= 3)
    return faithful_fit(game);
  Matrix result = Matrix::Zero(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n));
  const auto& v = game.table();
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j)
      for (Index s = 0; s < v.size(); ++s) {
        if (has(s, i) || has(s, j))
          continue;
        const Index size = static_cast<Index>(std::popcount(s));
        const double order = static_cast<double>(n);
        double term = 0;
        if (i == j)
          term = (v[s | (Index{1} << i)] - v[s]) / (order * binomial(n - 1, size));
        else if (index == InteractionIndex::stii)
          term = 2 / order / binomial(n - 1, size) * derivative(game, s, i, j);
        else
          term = derivative(game, s, i, j) / ((order - 1) * binomial(n - 2, size));
        result(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) += term;
      }
  for (Index i = 0; i < n; ++i) {
    const auto at = static_cast<Eigen::Index>(i);
    const double pairs = result.row(at).sum() - result(at, at);
    if (index == InteractionIndex::stii || index == InteractionIndex::fsii)
      result(at, at) = v[Index{1} << i] - v[0]; // of two players or fewer, fsii is the game itself
    else if (index == InteractionIndex::k_sii)
      result(at, at) -= pairs / 2;
  }
  return result;
}

double difference(const Matrix& found, const Matrix& expected) {
  REQUIRE(found.rows() == expected.rows());
  if (expected.size() == 0)
    return 0;
  return (found - expected).cwiseAbs().maxCoeff() / std::max(expected.cwiseAbs().maxCoeff(), 1e-300);
}

double total(const InteractionResult& result) {
  double sum = 0;
  for (Index i = 0; i < result.values.size(); ++i)
    for (Index j = i; j < result.values.size(); ++j)
      sum += result.matrix(i, j);
  return sum;
}

} // namespace

TEST_CASE("names of interaction indices", "[interactions]") {
  for (const InteractionName& entry : interaction_names) {
    CHECK(interaction_named(entry.name) == entry.index);
    CHECK(to_string(entry.index) == entry.name);
  }
  CHECK(to_string(InteractionIndex::k_sii) == "k-sii");
  CHECK_THROWS_WITH(interaction_named("k_sii"),
                    "interactions: found 'k_sii', expected one of sii, k-sii, stii, fsii");
}

TEST_CASE("enumerated interactions equal their definitions", "[interactions]") {
  INFO("seed " << seed());
  for (Index n = 0; n <= 10; ++n) {
    RandomStream random(seed(), 300 + n);
    const TableGame game = TableGame::random(n, random);
    for (const InteractionIndex index : indices) {
      INFO(n << " players, " << to_string(index));
      const InteractionResult result = enumerate_interactions(game, index);
      CHECK(difference(matrix_of(result), by_definition(game, index)) < enumerated);
      CHECK(result.evaluations == Index{1} << n);
      CHECK(result.value_empty == game.table().front());
      CHECK(result.value_full == game.table().back());
      CHECK_FALSE(result.standard_errors);
      CHECK(result.status == Status::converged);
      CHECK(result.solver == "exact");
      CHECK(result.index == index);
      REQUIRE(result.values.size() == n);
      for (Index i = 0; i < n; ++i) {
        CHECK(result.values[i] == result.matrix(i, i));
        for (Index j = 0; j < i; ++j)
          CHECK(result.matrix(i, j) == result.matrix(j, i));
      }
      CHECK(std::abs(result.completeness_gap) < enumerated);
      if (index != InteractionIndex::sii && n > 0)
        CHECK(std::abs(total(result) - (result.value_full - result.value_empty)) < enumerated);
      if (index == InteractionIndex::sii)
        CHECK(relative_error(result.values, enumerate(game).values) < enumerated);
    }
  }
}

TEST_CASE("interactions of unanimity games are known", "[interactions]") {
  constexpr Index n = 10;
  for (Index team = 1; team <= n; ++team) {
    std::vector<Index> members;
    for (Index i = 0; i < team; ++i)
      members.push_back((3 * i + 1) % n); // spread over the players
    const UnanimitySum game{n, {{members, 1}}};
    const double t = static_cast<double>(team);
    for (const InteractionIndex index : indices) {
      INFO("a team of " << team << ", " << to_string(index));
      double single = 1, pair = 0;
      if (index == InteractionIndex::sii || index == InteractionIndex::k_sii)
        pair = 1 / (t - 1);
      else
        pair = index == InteractionIndex::stii ? 2 / (t * (t - 1)) : 6 / (t * (t + 1));
      if (index == InteractionIndex::sii)
        single = 1 / t;
      else if (team > 1)
        single = index == InteractionIndex::k_sii  ? 1 / t - 0.5
                 : index == InteractionIndex::stii ? 0
                                                   : 2 * (2 - t) / (t * (t + 1));
      const InteractionResult result = interactions(game, index);
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < n; ++j) {
          const bool together = std::ranges::count(members, i) > 0 && std::ranges::count(members, j) > 0;
          CHECK(std::abs(result.matrix(i, j) - (together ? (i == j ? single : pair) : 0)) < tolerance);
        }
    }
  }
}

TEST_CASE("closed forms of the attention games equal enumeration", "[interactions]") {
  INFO("seed " << seed());
  double worst = 0;
  for (Index n = 0; n <= 11; ++n)
    for (const Singleton singleton : {Singleton::self, Singleton::zero, Singleton::additive})
      for (const PairRule rule : {PairRule::sum, PairRule::max})
        for (const InteractionIndex index : indices) {
          RandomStream random(seed(), 400 + n);
          const auto matrix = random_matrix(n, Entries::normal, random);
          const PairwiseGame game(matrix, rule, singleton);
          const InteractionResult closed = interactions(game, index),
                                  exact = enumerate_interactions(game, index);
          INFO(n << " players, " << to_string(index) << ", " << to_string(singleton));
          const double error = difference(matrix_of(closed), matrix_of(exact));
          worst = std::max(worst, error);
          CHECK(error < enumerated);
          CHECK(closed.evaluations == 0);
          CHECK(closed.solver == "closed-form");
          CHECK(std::abs(closed.completeness_gap) < enumerated);
          CHECK(closed.value_full == exact.value_full);
        }
  INFO("largest relative error " << worst);
  CHECK(worst < enumerated);
}

TEST_CASE("closed forms of grouped attention games equal enumeration", "[interactions][grouped]") {
  INFO("seed " << seed());
  const std::vector<std::vector<std::vector<Index>>> partitions = {
      {},
      {{3}},
      {{}, {}},
      {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}},
      {{0, 1}, {2}, {3, 4, 5}, {6, 7}},
      {{7, 2}, {}, {4}, {1}, {}},
  };
  for (Index p = 0; p < partitions.size(); ++p) {
    RandomStream random(seed(), 430 + p);
    const auto matrix = random_matrix(8, Entries::normal, random);
    const auto additive =
        grouped(cls_game(std::vector<double>(matrix.data(), matrix.data() + 8)), partitions[p]);
    for (const InteractionIndex index : indices) {
      INFO("partition " << p << ", " << to_string(index));
      CHECK(interactions(additive, index).solver == "closed-form");
      CHECK(difference(matrix_of(interactions(additive, index)),
                       matrix_of(enumerate_interactions(additive, index))) < enumerated);
      for (const Singleton singleton : {Singleton::self, Singleton::zero, Singleton::additive}) {
        const auto game = grouped(PairwiseGame(matrix, PairRule::max, singleton), partitions[p]);
        const InteractionResult closed = interactions(game, index);
        CHECK(closed.solver == "closed-form");
        CHECK(difference(matrix_of(closed), matrix_of(enumerate_interactions(game, index))) < enumerated);
        CHECK(std::abs(closed.completeness_gap) < enumerated);
      }
    }
  }
}

TEST_CASE("the interaction index of method.md, section 3", "[interactions]") {
  RandomStream random(seed(), 450);
  const Index n = 6;
  const auto matrix = random_matrix(n, Entries::softmax, random);
  const auto game = max_mutual_game(matrix);
  const InteractionResult result = interactions(game, InteractionIndex::sii);
  double trace = 0;
  for (Index i = 0; i < n; ++i)
    trace += matrix(i, i);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < i; ++j) {
      const double both = matrix(i, i) + matrix(j, j);
      CHECK(std::abs(result.matrix(i, j) - (game.pair(i, j) - both / 5 + (trace - both) / 20)) < tolerance);
    }
  CHECK(relative_error(result.values, game.shapley_values()) < tolerance);
}

TEST_CASE("an additive game has no interactions", "[interactions]") {
  const auto game = cls_game(std::vector<double>{1, -2, 3.5});
  for (const InteractionIndex index : indices) {
    const InteractionResult result = interactions(game, index);
    CHECK(result.values == std::vector<double>{1, -2, 3.5});
    CHECK(total(result) == 2.5);
    CHECK(difference(matrix_of(result), matrix_of(enumerate_interactions(game, index))) < tolerance);
  }
}

TEST_CASE("laws of interactions", "[interactions]") {
  INFO("seed " << seed());
  constexpr Index n = 6, null = 2;
  RandomStream random(seed(), 500);
  const TableGame u = TableGame::random(n, random), v = TableGame::random(n, random);
  for (const InteractionIndex index : indices) {
    INFO(to_string(index));
    const auto solve = [&](auto entry) {
      std::vector<double> table;
      for (Index s = 0; s < Index{1} << n; ++s)
        table.push_back(entry(s));
      return matrix_of(enumerate_interactions(TableGame(table), index));
    };
    const auto a = solve([&](Index s) { return u.table()[s]; });
    const auto b = solve([&](Index s) { return v.table()[s]; });
    CHECK(difference(solve([&](Index s) { return 2 * u.table()[s] - 3 * v.table()[s]; }), 2 * a - 3 * b) <
          enumerated);
    CHECK(difference(solve([&](Index s) { return u.table()[s] + 1e6; }), a) < 1e-8); // an offset is nothing

    // A player that adds nothing interacts with nobody.
    const auto without = solve([&](Index s) { return u.table()[s & ~(Index{1} << null)]; });
    CHECK(without.row(null).cwiseAbs().maxCoeff() < enumerated);
    // Players that every coalition gains the same from interact alike; renaming renames.
    const auto swapped = [](Index s) { return (s & ~Index{3}) | ((s & 1) << 1) | ((s >> 1) & 1); };
    const auto alike = solve([&](Index s) { return u.table()[s] + u.table()[swapped(s)]; });
    const auto renamed = solve([&](Index s) { return u.table()[swapped(s)]; });
    CHECK(std::abs(alike(0, 0) - alike(1, 1)) < enumerated);
    CHECK(std::abs(renamed(0, 0) - a(1, 1)) < enumerated);
    for (Eigen::Index k = 2; k < 6; ++k) {
      CHECK(std::abs(alike(0, k) - alike(1, k)) < enumerated);
      CHECK(std::abs(renamed(0, k) - a(1, k)) < enumerated);
    }
  }
}

TEST_CASE("enumeration of interactions asks for each coalition once and refuses what is too large",
          "[interactions]") {
  std::multiset<std::vector<Index>> asked;
  const FunctionGame game{9, [&](Coalition s) {
                            asked.insert(s.members());
                            return static_cast<double>(s.size());
                          }};
  enumerate_interactions(game, InteractionIndex::fsii);
  CHECK(asked.size() == 512);
  CHECK(std::set<std::vector<Index>>(asked.begin(), asked.end()).size() == 512);

  const FunctionGame large{31, [](Coalition) { return 0.0; }};
  CHECK_THROWS_WITH(interactions(large, InteractionIndex::sii),
                    "enumeration of a game of 31 players, expected at most 30: each player more doubles the "
                    "number of coalitions");
  const FunctionGame broken{3, [](Coalition s) { return s.size() == 2 ? std::nan("") : 0; }};
  CHECK_THROWS_WITH(
      interactions(broken, InteractionIndex::stii),
      "the game's value of coalition {0, 1} among 3 players: found nan, expected a finite number");
}

TEST_CASE("exact values equal those of shapiq and shap", "[interactions][peers]") {
  double worst = 0, worst_fit = 0;
  for (const PeerGame& peer : read_peer_games()) {
    const TableGame game = peer.game();
    const std::vector<double> shapley_values = enumerate(game).values;
    worst = std::max(worst, relative_error(shapley_values, peer.numbers.at("sv")));
    worst = std::max(worst, relative_error(shapley_values, peer.numbers.at("kernel")));
    if (peer.kind == "pairs")
      worst = std::max(worst, relative_error(shapley_values, peer.numbers.at("permutation")));
    for (const InteractionIndex index : indices) {
      const std::string name(to_string(index));
      const InteractionResult result = interactions(game, index);
      const double error = relative_error(result.matrix.flat(), peer.numbers.at(name));
      INFO(peer.players << " players, " << name << ": " << error);
      // shapiq fits fsii with a large weight on both ends, not with a constraint.
      CHECK(error < (index == InteractionIndex::fsii ? 1e-6 : enumerated));
      double& largest = index == InteractionIndex::fsii ? worst_fit : worst;
      largest = std::max(largest, error);
    }
  }
  INFO("largest relative error " << worst << ", of fsii " << worst_fit);
  CHECK(worst < enumerated);
}

namespace {

/// A game that neither players and pairs nor sizes explain.
UnanimitySum rough_game(Index n, std::uint64_t item) {
  RandomStream random(7, item);
  UnanimitySum game{n, {}};
  for (Index t = 0; t < 5 * n; ++t) {
    UnanimitySum::Term term{{}, random.normal()};
    const Index size = 3 + random.below(4);
    while (term.players.size() < size)
      if (const Index i = random.below(n); std::ranges::count(term.players, i) == 0)
        term.players.push_back(i);
    game.terms.push_back(term);
  }
  return game;
}

/// Möbius form: what a team of t gives each of its pairs, and each of its players.
std::pair<double, double> team_weights(InteractionIndex index, double t) {
  switch (index) {
  case InteractionIndex::sii:
    return {1 / (t - 1), 1 / t};
  case InteractionIndex::k_sii:
    return {1 / (t - 1), 1 / t - 0.5};
  case InteractionIndex::stii:
    return {2 / (t * (t - 1)), 0};
  case InteractionIndex::fsii:
    break;
  }
  return {6 / (t * (t + 1)), 2 * (2 - t) / (t * (t + 1))};
}

Matrix known(const UnanimitySum& game, InteractionIndex index) {
  Matrix matrix = Matrix::Zero(static_cast<Eigen::Index>(game.count), static_cast<Eigen::Index>(game.count));
  for (const auto& term : game.terms) {
    const auto [pair, single] = team_weights(index, static_cast<double>(term.players.size()));
    for (const Index i : term.players)
      for (const Index j : term.players)
        matrix(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(j)) +=
            term.weight * (i == j ? single : pair);
  }
  return matrix;
}

} // namespace

TEST_CASE("sampled interactions are unbiased and their standard errors honest", "[interactions][sampled]") {
  struct Setting {
    Index n, budget;
    int rounds;
  };
  for (const auto [n, budget, rounds] : {Setting{7, 90, 300}, {8, 150, 200}, {12, 120, 200}}) {
    const UnanimitySum game = rough_game(n, n);
    for (const InteractionIndex index : indices) {
      INFO(n << " players, budget " << budget << ", " << to_string(index));
      const Matrix truth = known(game, index);
      const auto size = static_cast<Eigen::Index>(n);
      Matrix mean = Matrix::Zero(size, size), squares = mean, claimed = mean;
      for (int round = 0; round < rounds; ++round) {
        const InteractionResult result =
            sample_interactions(game, index, {.budget = budget, .seed = static_cast<std::uint64_t>(round)});
        REQUIRE(result.evaluations <= budget);
        REQUIRE(result.evaluations + 1 >= budget);
        const Matrix error = matrix_of(result) - truth;
        mean += error / rounds;
        squares += error.cwiseProduct(error) / rounds;
        claimed += Matrix(result.standard_errors->matrix()).cwiseAbs2() / rounds;
      }
      for (Eigen::Index i = 0; i < size; ++i)
        for (Eigen::Index j = 0; j < size; ++j) {
          const double deviation = std::sqrt(squares(i, j));
          CHECK(std::abs(mean(i, j)) <= 4.5 * deviation / std::sqrt(rounds) + enumerated);
        }
      const double ratio = claimed.sum() / squares.sum();
      INFO("claimed variance / true variance = " << ratio);
      CHECK(ratio > 0.9);
      CHECK(ratio < 1.1);
    }
  }
}

TEST_CASE("sampled interactions of games of players and pairs are exact", "[interactions][sampled]") {
  RandomStream random(seed(), 600);
  const Index n = 14;
  const auto matrix = random_matrix(n, Entries::normal, random);
  const auto additive = cls_game(std::vector<double>(matrix.data(), matrix.data() + n));
  const FunctionGame convex{n, [](Coalition s) { return 3.0 + static_cast<double>(s.size() * s.size()); }};
  const PairwiseGame pairs(matrix, PairRule::sum, Singleton::additive);
  for (const InteractionIndex index : indices) {
    const SolverOptions small{.budget = 100}, large{.budget = 1000};
    CHECK(difference(matrix_of(sample_interactions(additive, index, small)),
                     matrix_of(interactions(additive, index))) < enumerated);
    const InteractionResult square = sample_interactions(convex, index, small);
    CHECK(std::abs(square.matrix(3, 4) - 2) < 1e-8);
    CHECK(std::abs(square.completeness_gap) < 1e-6);
    const InteractionResult result = sample_interactions(pairs, index, large);
    CHECK(difference(matrix_of(result), matrix_of(interactions(pairs, index))) < enumerated);
    CHECK(result.standard_errors->matrix().maxCoeff() < 1e-8);
  }
}

TEST_CASE("sampled interactions: a budget for all coalitions enumerates", "[interactions][sampled]") {
  RandomStream random(seed(), 610);
  for (Index n = 0; n <= 6; ++n) {
    const TableGame game = TableGame::random(n, random);
    const InteractionResult result =
        sample_interactions(game, InteractionIndex::fsii, {.budget = Index{1} << n});
    CHECK(result.solver == "exact");
    CHECK(matrix_of(result) == matrix_of(enumerate_interactions(game, InteractionIndex::fsii)));
  }
}

namespace {

struct BatchRoughGame : UnanimitySum {
  void values(std::span<const Coalition> coalitions, std::span<double> out) const {
    for (Index c = 0; c < out.size(); ++c)
      out[c] = value(coalitions[c]);
  }
};

} // namespace

TEST_CASE("sampled interactions repeat, stop, and say how they ended", "[interactions][sampled]") {
  const UnanimitySum game = rough_game(70, 1); // coalitions of two words
  const InteractionIndex index = InteractionIndex::k_sii;
  const SolverOptions options{.budget = 1000, .seed = 5};
  const InteractionResult result = sample_interactions(game, index, options);
  CHECK(result.status == Status::budget_reached);
  CHECK(result.solver == "sampled");
  CHECK(result.units == 429);
  CHECK(result.degrees_of_freedom == 396); // 33 strata
  CHECK(result.evaluations == 1000);
  CHECK(matrix_of(result) == matrix_of(sample_interactions(game, index, options)));
  CHECK(matrix_of(result) == matrix_of(sample_interactions(BatchRoughGame{game}, index, options)));
  CHECK(matrix_of(result) != matrix_of(sample_interactions(game, index, {.budget = 1000, .seed = 6})));
  const Matrix errors = (matrix_of(result) - known(game, index)).cwiseAbs();
  CHECK((errors.array() <= 2 * Matrix(result.standard_errors->matrix()).array()).cast<double>().mean() > 0.9);

  CHECK(sample_interactions(game, index, {.budget = 160}).status == Status::few_samples);
  std::stop_source stop;
  stop.request_stop();
  const InteractionResult stopped =
      sample_interactions(game, index, {.budget = 1000, .seed = 5, .stop = stop.get_token()});
  CHECK(stopped.status == Status::stopped);
  CHECK(stopped.evaluations < 1000);
  const UnanimitySum small = rough_game(14, 1);
  CHECK(sample_interactions(small, index, {.budget = 400, .precision = 1e-6}).status ==
        Status::budget_reached);
  const InteractionResult rough = sample_interactions(small, index, {.budget = 10000, .precision = 0.2});
  CHECK(rough.status == Status::converged);
  CHECK(rough.evaluations < 10000);

  CHECK_THROWS_WITH(sample_interactions(game, index, {.budget = 145}),
                    "budget: found 145 evaluations, expected at least 146, which 'sampled interactions' "
                    "takes for 70 players");
  CHECK_THROWS_WITH(sample_interactions(game, index, {.precision = -1}),
                    "precision: found -1, expected a fraction of the range of the values, or 0");
  const FunctionGame broken{9, [](Coalition s) { return s.size() == 8 ? HUGE_VAL : 0; }};
  CHECK_THROWS_WITH(sample_interactions(broken, index, {.budget = 100}),
                    "the game's value of coalition {1, 2, 3, 4, 5, 6, 7, 8} among 9 players: found inf, "
                    "expected a finite number");
}

TEST_CASE("interactions have the same bits on any number of threads and with any batch",
          "[interactions][sampled]") {
  const UnanimitySum game = rough_game(14, 2);
  const Threads two(2), three(3);
  for (const Index budget : {Index{700}, Index{1} << 14}) { // sampled, enumerated
    const auto solve = [&](const Executor& executor, Index batch) {
      return interactions(game, InteractionIndex::sii, {.budget = budget, .batch_size = batch}, executor);
    };
    const InteractionResult alone = solve(Serial{}, 64);
    for (const Index batch : {Index{1}, Index{7}, Index{1000}}) {
      const InteractionResult a = solve(two, batch), b = solve(three, batch);
      CHECK(matrix_of(a) == matrix_of(alone));
      CHECK(matrix_of(b) == matrix_of(alone));
      CHECK(a.evaluations == alone.evaluations);
      CHECK(a.status == alone.status);
      CHECK(a.standard_errors.has_value() == alone.standard_errors.has_value());
      if (alone.standard_errors)
        CHECK(relative_error(a.standard_errors->flat(), alone.standard_errors->flat()) == 0);
    }
  }
}

TEST_CASE("interactions tell an observer, stop, and name the coalition at which a game throws",
          "[interactions][sampled]") {
  const UnanimitySum game = rough_game(14, 3);
  Progress last;
  SolverOptions options{.budget = 700};
  options.observer = [&](const Progress& progress) {
    CHECK(progress.evaluations >= last.evaluations);
    CHECK(progress.budget == 700);
    last = progress;
  };
  const InteractionResult result = interactions(game, InteractionIndex::stii, options);
  CHECK(last.evaluations == result.evaluations);
  REQUIRE(last.max_standard_error);
  CHECK(*last.max_standard_error == result.standard_errors->matrix().maxCoeff());

  std::stop_source stop;
  stop.request_stop();
  // With the ends alone, the fitted game is all that is known.
  const InteractionResult ends =
      interactions(game, InteractionIndex::stii, {.budget = 700, .stop = stop.get_token()});
  CHECK(ends.status == Status::stopped);
  CHECK(ends.evaluations == 2 + 2 * 14);
  CHECK_FALSE(ends.standard_errors);
  CHECK(ends.units == 0);
  const InteractionResult nothing =
      enumerate_interactions(game, InteractionIndex::stii, {.stop = stop.get_token()});
  CHECK(nothing.status == Status::stopped);
  CHECK(nothing.evaluations == 0);
  CHECK(total(nothing) == 0);

  const FunctionGame throws{6, [](Coalition s) -> double {
                              if (s.size() == 3 && s.contains(1))
                                throw std::runtime_error("no such input");
                              return 1;
                            }};
  CHECK_THROWS_WITH(interactions(throws, InteractionIndex::sii),
                    Catch::Matchers::ContainsSubstring("among 6 players: the game threw: no such input"));
}
