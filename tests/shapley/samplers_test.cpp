// SPDX-License-Identifier: MIT
// The sampled solvers: where they are exact, what they promise of budgets, bits, status and errors.
#include "shapley/games.hpp"
#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/testing/laws.hpp>

#include <mutex>
#include <set>

using namespace regard;
using regard_test::FunctionGame;
using regard_test::relative_error;

namespace {

constexpr double tolerance = regard_test::Tolerance<double>::parity;

constexpr std::array sampled{Solver::permutation, Solver::stratified,      Solver::self_normalised,
                             Solver::kernel,      Solver::unbiased_kernel, Solver::leverage};
constexpr std::array all_sampled{Solver::permutation,    Solver::stratified,      Solver::self_normalised,
                                 Solver::kernel,         Solver::unbiased_kernel, Solver::leverage,
                                 Solver::authors_random, Solver::authors_kernel};

/// Counts evaluations, from several threads too.
template <class G>
struct Counted {
  G game;
  mutable std::mutex mutex = {};
  mutable Index evaluations = 0;

  Index players() const { return game.players(); }
  double value(Coalition s) const {
    const std::lock_guard lock(mutex);
    ++evaluations;
    return game.value(s);
  }
};

/// The same game, evaluated in batches.
template <class G>
struct Batched {
  G game;
  mutable std::mutex mutex = {};
  mutable Index largest = 0;

  Index players() const { return game.players(); }
  double value(Coalition s) const { return game.value(s); }
  void values(std::span<const Coalition> coalitions, std::span<double> out) const {
    const std::lock_guard lock(mutex);
    largest = std::max<Index>(largest, coalitions.size());
    for (Index c = 0; c < out.size(); ++c)
      out[c] = game.value(coalitions[c]);
  }
};

testing::TableGame random_game(Index n) {
  RandomStream random(regard_test::seed(), n);
  return testing::TableGame::random(n, random);
}

} // namespace

TEST_CASE("regressions are exact when the budget covers all coalitions", "[samplers]") {
  INFO("seed " << regard_test::seed());
  for (Index n = 0; n <= 12; ++n) {
    const auto game = random_game(n);
    const auto exact = enumerate(game);
    for (const Solver solver : {Solver::kernel, Solver::leverage}) {
      INFO(to_string(solver) << ", " << n << " players");
      const auto result = shapley(game, {.solver = solver, .budget = Index{1} << n, .seed = 3});
      CHECK(relative_error(result.values, exact.values) < tolerance);
      CHECK(result.evaluations == Index{1} << n);
      CHECK(result.status == Status::converged);
      CHECK_FALSE(result.standard_errors);
      CHECK(result.solver == to_string(solver));
    }
  }
}

TEST_CASE("regressions obey the laws of exact solvers when the budget covers all coalitions", "[samplers]") {
  INFO("seed " << regard_test::seed());
  for (const Solver solver : {Solver::kernel, Solver::leverage, Solver::automatic})
    CHECK(testing::check_solver(
              [solver](const auto& game) { return shapley(game, {.solver = solver, .budget = 64}); },
              {.seed = regard_test::seed(), .tolerance = tolerance}) == testing::Violations{});
}

TEST_CASE("games of known answer: regressions over all coalitions", "[samplers]") {
  const FunctionGame council{
      15, [](Coalition s) { return static_cast<double>((s.words()[0] & 31) == 31 && s.size() >= 9); }};
  std::vector<double> known(15, 4. / 2145);
  std::fill_n(known.begin(), 5, 421. / 2145);
  for (const Solver solver : {Solver::kernel, Solver::leverage})
    CHECK(relative_error(shapley(council, {.solver = solver, .budget = 1 << 15}).values, known) < tolerance);
}

TEST_CASE("up to two players every solver but the authors' is exact", "[samplers]") {
  INFO("seed " << regard_test::seed());
  for (Index n = 0; n <= 2; ++n) {
    const auto game = random_game(n);
    const auto exact = enumerate(game);
    for (const Solver solver : sampled) {
      const auto result = shapley(game, {.solver = solver, .budget = Index{1} << n});
      CHECK(result.values == exact.values);
      CHECK(result.evaluations == Index{1} << n);
      CHECK(result.status == Status::converged);
      CHECK(result.solver == to_string(solver));
    }
  }
}

TEST_CASE("additive games are exact in every solver of marginal contributions or regression", "[samplers]") {
  const std::vector<double> weights{1, -2, 0.5, 4, 0, 3, 7};
  const FunctionGame game{7, [&](Coalition s) {
                            double total = 2;
                            for (const Index i : s)
                              total += weights[i];
                            return total;
                          }};
  for (const Solver solver : sampled) {
    if (solver == Solver::unbiased_kernel)
      continue; // its noise is that of b, whatever the game
    INFO(to_string(solver));
    CHECK(relative_error(shapley(game, {.solver = solver, .budget = 100}).values, weights) < tolerance);
  }
}

TEST_CASE("antithetic pairs are exact in games of pairs", "[samplers]") { // U4 of method.md, with d = 0
  INFO("seed " << regard_test::seed());
  for (const Index n : std::initializer_list<Index>{3, 4, 9, 30}) {
    RandomStream random(regard_test::seed(), n);
    const auto matrix = regard_test::random_matrix(n, regard_test::Entries::softmax, random);
    for (const auto& game :
         {mutual_game(matrix, Singleton::zero), max_mutual_game(matrix, Singleton::additive)}) {
      const auto closed = shapley(game).values;
      const auto one = permutation_sampling(game, {.budget = 2 + 2 * (n - 1)});
      CHECK(one.units == 1);
      CHECK(relative_error(one.values, closed) < regard_test::Tolerance<double>::closed_form);
      CHECK(relative_error(stratified_sampling(game, {.budget = 2 + 2 * (n + 1)}).values, closed) <
            regard_test::Tolerance<double>::closed_form);
      CHECK(relative_error(self_normalised_sampling(game, {.budget = 2 + 2 * (n + 1)}).values, closed) <
            regard_test::Tolerance<double>::closed_form);
    }
  }
}

TEST_CASE("budgets are never exceeded, and what is reported was spent", "[samplers]") {
  INFO("seed " << regard_test::seed());
  for (const Index n : std::initializer_list<Index>{1, 2, 3, 4, 7, 10})
    for (const Solver solver : all_sampled)
      for (const Index budget : std::initializer_list<Index>{4, 5, 30, 31, 200, 1023}) {
        INFO(to_string(solver) << ", " << n << " players, budget " << budget);
        const Counted<testing::TableGame> game{random_game(n)};
        try {
          const auto result = shapley(game, {.solver = solver, .budget = budget, .seed = budget});
          CHECK(result.evaluations == game.evaluations);
          CHECK(result.evaluations <= budget);
          CHECK(result.values.size() == n);
          const bool enough = result.degrees_of_freedom + 1 >= few_units;
          CHECK(
              (result.status == Status::converged ||
               (result.status == Status::budget_reached) == (enough || !result.standard_errors.has_value()) ||
               result.status == Status::few_samples));
          CHECK(std::abs(result.completeness_gap + [&] {
                  double sum = result.value_empty - result.value_full;
                  for (const double value : result.values)
                    sum += value;
                  return sum;
                }()) < tolerance);
        } catch (const InvalidArgument& error) {
          CHECK(budget < 2 + 2 * (n + 1));
          CHECK(game.evaluations == 0);
        }
      }
}

TEST_CASE("regressions and permutations are complete at any budget", "[samplers]") {
  const auto game = random_game(9);
  for (const Solver solver : {Solver::permutation, Solver::kernel, Solver::unbiased_kernel, Solver::leverage})
    for (const Index budget : std::initializer_list<Index>{18, 22, 40, 100})
      CHECK(std::abs(shapley(game, {.solver = solver, .budget = budget}).completeness_gap) < tolerance);
}

TEST_CASE("the regressions evaluate no coalition twice", "[samplers]") {
  for (const Solver solver : {Solver::kernel, Solver::leverage}) {
    std::set<std::uint64_t> asked;
    const FunctionGame game{9, [&](Coalition s) {
                              CHECK(asked.insert(s.words()[0]).second);
                              return std::sqrt(static_cast<double>(s.words()[0]));
                            }};
    const auto result = shapley(game, {.solver = solver, .budget = 300});
    CHECK(result.evaluations == 300);
    CHECK(asked.size() == 300);
  }
}

TEST_CASE("the same bits on any number of threads and with any batch", "[samplers]") {
  INFO("seed " << regard_test::seed());
  RandomStream random(regard_test::seed());
  const auto game = regard_test::random_unanimity(12, random);
  const Threads two(2);
  for (const Solver solver : all_sampled) {
    INFO(to_string(solver));
    SolverOptions options{.solver = solver, .budget = 1500, .seed = 5, .precision = 0.05};
    const auto plain = shapley(game, options);
    const auto parallel = shapley(game, options, two);
    CHECK(plain.values == parallel.values);
    CHECK(plain.standard_errors == parallel.standard_errors);
    for (const Index size : std::initializer_list<Index>{1, 7, 1000}) {
      const Batched<regard_test::UnanimitySum> batched{game};
      options.batch_size = size;
      const auto batch = shapley(batched, options, two);
      CHECK(batched.largest <= size);
      CHECK(batch.values == plain.values);
      CHECK(batch.standard_errors == plain.standard_errors);
      CHECK(batch.evaluations == plain.evaluations);
      CHECK(batch.units == plain.units);
    }
    options.seed = 6;
    CHECK(shapley(game, options).values != plain.values);
  }
  const SolverOptions exact{.solver = Solver::exact, .batch_size = 33};
  CHECK(shapley(game, exact, two).values == enumerate(game).values);
}

TEST_CASE("a precision ends a solver early, the budget else", "[samplers]") {
  INFO("seed " << regard_test::seed());
  RandomStream random(regard_test::seed());
  const auto game = regard_test::random_unanimity(16, random);
  for (const Solver solver :
       {Solver::permutation, Solver::stratified, Solver::kernel, Solver::unbiased_kernel, Solver::leverage}) {
    INFO(to_string(solver));
    const auto result = shapley(game, {.solver = solver, .budget = 30000, .precision = 0.1});
    CHECK(result.status == Status::converged);
    CHECK(result.evaluations < 30000);
    const auto [least, most] = std::ranges::minmax(result.values);
    CHECK(std::ranges::max(*result.standard_errors) < 0.1 * (most - least));
    CHECK(result.degrees_of_freedom + 1 >= few_units);
    CHECK(shapley(game, {.solver = solver, .budget = 2000, .precision = 1e-9}).status ==
          Status::budget_reached);
    CHECK(shapley(game, {.solver = solver, .budget = 60}).status == Status::few_samples);
  }
}

TEST_CASE("a range of zero is precise only without error", "[samplers]") {
  const FunctionGame constant{8, [](Coalition) { return 1.0; }};
  const auto same = permutation_sampling(constant, {.budget = 4096, .precision = 0.01});
  CHECK(same.status == Status::converged);
  CHECK(same.evaluations < 4096);
  CHECK(same.values == std::vector<double>(8, 0.0));
}

TEST_CASE("observers see the progress", "[samplers]") {
  const auto game = random_game(10);
  for (const Solver solver : all_sampled) {
    INFO(to_string(solver));
    std::vector<Progress> seen;
    const auto result = shapley(
        game, {.solver = solver, .budget = 700, .observer = [&](const Progress& p) { seen.push_back(p); }});
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back().evaluations == result.evaluations);
    CHECK(seen.back().max_standard_error.has_value() == result.standard_errors.has_value());
    CHECK(std::ranges::is_sorted(seen, {}, &Progress::evaluations));
    CHECK(std::ranges::all_of(seen, [](const Progress& p) { return p.budget == 700; }));
    if (result.standard_errors)
      CHECK(seen.size() > 5);
  }
  Index blocks = 0;
  enumerate(game, {.observer = [&](const Progress& p) { blocks += p.budget == 1024; }});
  CHECK(blocks == 4);
}

TEST_CASE("a stop request ends a solver with what is known", "[samplers]") {
  for (const Solver solver : all_sampled) {
    INFO(to_string(solver));
    const auto table = random_game(10);
    for (const Index after : std::initializer_list<Index>{0, 300}) {
      std::stop_source source;
      Index asked = 0;
      const FunctionGame game{10, [&](Coalition s) {
                                if (asked++ == after)
                                  source.request_stop();
                                return table.value(s);
                              }};
      const auto result =
          shapley(game, {.solver = solver, .budget = 900, .batch_size = 16, .stop = source.get_token()});
      CHECK(result.status == Status::stopped);
      CHECK(asked <= after + 64);
      CHECK(result.values.size() == 10);
      CHECK(result.value_full == table.table().back());
      if (after == 0) {
        CHECK(result.units == 0);
        CHECK(result.evaluations == 2);
        CHECK(relative_error(result.values, std::vector<double>(10, (result.value_full - result.value_empty) /
                                                                        10)) < tolerance);
      } else {
        CHECK(result.units > 0);
      }
    }
  }
  std::stop_source source;
  source.request_stop();
  const auto result = enumerate(random_game(10), {.stop = source.get_token()});
  CHECK(result.status == Status::stopped);
  CHECK(result.evaluations == 0);
}

TEST_CASE("1,024 players", "[samplers]") {
  std::vector<double> weights(1024);
  for (Index i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<double>(i % 7);
  const FunctionGame game{1024, [&](Coalition s) {
                            double total = 0;
                            for (const Index i : s)
                              total += weights[i];
                            return total;
                          }};
  for (const Solver solver : all_sampled) {
    INFO(to_string(solver));
    const auto result = shapley(game, {.solver = solver, .budget = 4200});
    CHECK(std::ranges::all_of(result.values, [](double value) { return std::isfinite(value); }));
    if (result.standard_errors)
      CHECK(std::ranges::all_of(*result.standard_errors, [](double error) { return std::isfinite(error); }));
    const bool authors = solver == Solver::authors_random || solver == Solver::authors_kernel;
    if (!authors && solver != Solver::unbiased_kernel)
      CHECK(relative_error(result.values, weights) < tolerance);
  }
}

TEST_CASE("values that are not finite and games that throw are named", "[samplers]") {
  const FunctionGame nan{6, [](Coalition s) { return s.contains(3) && s.size() < 6 ? std::nan("") : 0; }};
  const FunctionGame throwing{6, [](Coalition s) -> double {
                                if (s.contains(3) && s.size() < 6)
                                  throw std::domain_error("mine");
                                return 0;
                              }};
  const Threads two(2);
  for (const Solver solver : all_sampled) {
    INFO(to_string(solver));
    const SolverOptions options{.solver = solver, .budget = 60, .batch_size = 4};
    CHECK_THROWS_WITH(shapley(nan, options, two),
                      Catch::Matchers::ContainsSubstring("the game's value of coalition {") &&
                          Catch::Matchers::ContainsSubstring("3") &&
                          Catch::Matchers::EndsWith("among 6 players: found nan, expected a finite number"));
    CHECK_THROWS_WITH(shapley(throwing, options, two),
                      Catch::Matchers::StartsWith("the game's value of coalition {") &&
                          Catch::Matchers::EndsWith("among 6 players: the game threw: mine"));
    try {
      shapley(throwing, options);
    } catch (const Error& error) {
      CHECK_THROWS_AS(std::rethrow_if_nested(error), std::domain_error);
    }
  }
}

TEST_CASE("options that make no sense are refused", "[samplers]") {
  const auto game = random_game(10);
  CHECK_THROWS_WITH(
      shapley(game, {.solver = Solver::permutation, .budget = 19}),
      "budget: found 19 evaluations, expected at least 20, which 'permutation' takes for 10 players");
  CHECK_THROWS_WITH(shapley(game, {.solver = Solver::kernel, .budget = 3}),
                    "budget: found 3 evaluations, expected at least 4, which 'kernel' takes for 10 players");
  CHECK_THROWS_WITH(shapley(game, {.precision = -1}),
                    "precision: found -1, expected a fraction of the range of the values, or 0");
  CHECK_THROWS_WITH(shapley(game, {.batch_size = 0}), "batch size: found 0, expected at least 1");
  CHECK_THROWS_WITH(shapley(game, {.solver = Solver::closed_form}),
                    "solver: found 'closed-form' for a game that offers none, expected another");
}

TEST_CASE("solvers by name", "[samplers]") {
  for (const SolverName& known : solver_names) {
    CHECK(solver_named(known.name) == known.solver);
    CHECK(to_string(known.solver) == known.name);
  }
  CHECK_THROWS_WITH(
      solver_named("shap"),
      "solver: found 'shap', expected one of auto, closed-form, exact, permutation, stratified, "
      "self-normalised, kernel, unbiased-kernel, leverage, authors-random, authors-kernel");
}

TEST_CASE("the automatic choice", "[samplers]") {
  const auto choice = [](Index n, Index budget) {
    return shapley(FunctionGame{n, [](Coalition s) { return std::sqrt(static_cast<double>(s.size())); }},
                   {.budget = budget})
        .solver;
  };
  CHECK(choice(10, 1024) == "exact");
  CHECK(choice(10, 1023) == "leverage");
  CHECK(choice(100, 499) == "permutation");
  CHECK(choice(100, 500) == "leverage");
  CHECK(choice(100, 199) == "leverage");
  CHECK(shapley(cls_game(std::vector<double>{1, 2}), SolverOptions{}).solver == "closed-form");
  CHECK(shapley(cls_game(std::vector<double>{1, 2}), {.solver = Solver::permutation}).solver ==
        "permutation");
}
