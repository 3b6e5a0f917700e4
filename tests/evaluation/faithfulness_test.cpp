// SPDX-License-Identifier: MIT
// Faithfulness: every metric against a slow implementation that follows its definition word by word, then the
// cases in which the answer is known.
#include "evaluation/toy.hpp"

using namespace regard;
using namespace regard_test;

namespace {

/// The k best players by selection: the largest score, the first of several, again and again.
std::set<Index> best(std::vector<double> scores, Index count) {
  std::set<Index> chosen;
  for (Index k = 0; k < count; ++k) {
    Index next = scores.size();
    for (Index i = 0; i < scores.size(); ++i)
      if (chosen.count(i) == 0 && (next == scores.size() || scores[i] > scores[next]))
        next = i;
    chosen.insert(next);
  }
  return chosen;
}

std::set<Index> all_but(Index players, const std::set<Index>& hidden) {
  std::set<Index> visible;
  for (Index i = 0; i < players; ++i)
    if (hidden.count(i) == 0)
      visible.insert(i);
  return visible;
}

/// ceil(n k / 100), counted up.
Index ceil_percent(Index players, Index percent) {
  Index count = 0;
  while (count * 100 < players * percent)
    ++count;
  return count;
}

double slow_drop(const Toy& toy, const std::vector<double>& scores, const std::vector<Index>& percentages,
                 double divisor, bool hide_best) {
  const double full = toy.probability(all_but(toy.players, {}));
  double sum = 0;
  for (const Index percent : percentages) {
    const auto top = best(scores, ceil_percent(toy.players, percent));
    sum += full - toy.probability(hide_best ? all_but(toy.players, top) : top);
  }
  return sum / divisor;
}

double slow_area(const Toy& toy, const std::vector<double>& scores, Index steps, bool hide_best) {
  const Index n = toy.players;
  steps = std::min(steps, n);
  double area = 0, last_x = 0, last_p = 0;
  for (Index j = 0; j <= steps; ++j) {
    Index count = 0;
    while (count * steps < n * j)
      ++count;
    const auto top = best(scores, count);
    const double p = toy.probability(hide_best ? all_but(n, top) : top);
    const double x = static_cast<double>(count) / static_cast<double>(n);
    if (j > 0)
      area += (x - last_x) * (p + last_p) / 2;
    last_x = x;
    last_p = p;
  }
  return area;
}

constexpr double exact = Tolerance<double>::closed_form;

void check_same(double found, double expected) {
  CHECK(std::abs(found - expected) < exact);
}

} // namespace

TEST_CASE("every metric is that of a slow implementation, ties included", "[faithfulness]") {
  RandomStream random(seed(), 1);
  for (int round = 0; round < 60; ++round) {
    const Index n = 1 + random.below(23);
    const Toy toy = random_toy(n, random());
    const std::vector<double> scores = regard_test::random_scores(random, n, round % 3 == 0 ? 3 : 0);
    INFO("seed " << seed() << ", round " << round << ", players " << n);
    MaskedPredictions predictions = toy.predictions();
    FaithfulnessOptions options;
    options.curve_steps = 1 + random.below(12);
    const Faithfulness found = faithfulness(predictions, scores, 1, options);
    check_same(found.comprehensiveness, slow_drop(toy, scores, {0, 10, 20, 50}, 5, true));
    check_same(found.sufficiency, slow_drop(toy, scores, {0, 10, 20, 50}, 5, false));
    check_same(*found.aopc_comprehensiveness, slow_drop(toy, scores, {1, 5, 10, 20, 50}, 5, true));
    check_same(*found.aopc_sufficiency, slow_drop(toy, scores, {1, 5, 10, 20, 50}, 5, false));
    const auto top = best(scores, ceil_percent(n, 20));
    CHECK(found.kept_label == (toy.probability(top) > 0.5 ? 1 : 0));
    check_same(*found.log_odds, std::log(toy.probability(all_but(n, top)) / toy.probability(all_but(n, {}))));
    check_same(*found.deletion_area, slow_area(toy, scores, options.curve_steps, true));
    check_same(*found.insertion_area, slow_area(toy, scores, options.curve_steps, false));

    // Monotonicity: by |score|, the smallest first, is the order of the best of -|score|.
    std::vector<double> negative;
    for (const double score : scores)
      negative.push_back(-std::abs(score));
    Index rising = 0, steps = std::min<Index>(10, n);
    for (Index j = 1; j <= steps; ++j) {
      const auto count = [&](Index step) { return (n * step + steps - 1) / steps; };
      rising +=
          toy.probability(best(negative, count(j))) >= toy.probability(best(negative, count(j - 1))) ? 1 : 0;
    }
    CHECK(found.monotonicity->monotone == (rising == steps));
    check_same(found.monotonicity->rising_steps, static_cast<double>(rising) / static_cast<double>(steps));
  }
}

TEST_CASE("a probability that stays does not fall", "[faithfulness]") {
  const Toy toy = additive_toy({0, 0, 0.2, 0});
  MaskedPredictions predictions = toy.predictions();
  const Monotonicity flat = monotonicity(predictions, std::vector<double>{1, 2, 3, 4}, 1);
  CHECK(flat.monotone);
  CHECK(flat.rising_steps == 1);
  const Toy other = additive_toy({0, -0.1, 0.2, 0}, 0.3);
  MaskedPredictions falling = other.predictions();
  const Monotonicity once = monotonicity(falling, std::vector<double>{1, -2, 3, 4}, 1);
  CHECK_FALSE(once.monotone);
  CHECK(once.rising_steps == 0.75);
}

TEST_CASE("the divisors differ by 4/5", "[faithfulness]") {
  const Toy toy = random_toy(12, seed());
  MaskedPredictions predictions = toy.predictions();
  RandomStream random(seed(), 2);
  const auto scores = regard_test::random_scores(random, 12);
  const std::vector<Index> percentages{0, 10, 20, 50};
  check_same(comprehensiveness(predictions, scores, 1, percentages),
             0.8 * comprehensiveness(predictions, scores, 1, percentages, AopcDivisor::terms));
  check_same(sufficiency(predictions, scores, 1, percentages),
             0.8 * sufficiency(predictions, scores, 1, percentages, AopcDivisor::terms));
}

TEST_CASE("nothing hidden changes nothing, and everything hidden is the same for all", "[faithfulness]") {
  RandomStream random(seed(), 3);
  const std::vector<Index> none{0}, all{100};
  std::optional<double> empty;
  const Toy toy = random_toy(9, seed());
  MaskedPredictions predictions = toy.predictions();
  for (int method = 0; method < 20; ++method) {
    const auto scores = regard_test::random_scores(random, 9);
    CHECK(comprehensiveness(predictions, scores, 1, none, AopcDivisor::terms) == 0);
    const double suff_0 = sufficiency(predictions, scores, 1, none, AopcDivisor::terms);
    CHECK(suff_0 == empty.value_or(suff_0));
    empty = suff_0;
    CHECK(comprehensiveness(predictions, scores, 1, all, AopcDivisor::terms) == suff_0);
    CHECK(sufficiency(predictions, scores, 1, all, AopcDivisor::terms) == 0);
  }
}

TEST_CASE("F1 with everything visible is the model's own", "[faithfulness]") {
  RandomStream random(seed(), 4);
  std::vector<Index> own, kept, actual;
  for (int input = 0; input < 40; ++input) {
    const Toy toy = random_toy(7, random());
    MaskedPredictions predictions = toy.predictions();
    own.push_back(predictions.label(MutableCoalition::full(7)));
    kept.push_back(kept_label(predictions, regard_test::random_scores(random, 7), 100));
    actual.push_back(random.below(2));
  }
  CHECK(own == kept);
  CHECK(f1_scores(own, actual)->macro == f1_scores(kept, actual)->macro);
}

TEST_CASE("on an additive classifier no ranking beats the weights, in any term", "[faithfulness]") {
  const std::vector<double> weights{0.11, -0.05, 0.2, 0.03, 0.07, -0.02};
  const Toy toy = additive_toy(weights);
  MaskedPredictions predictions = toy.predictions();
  std::vector<double> order{0, 1, 2, 3, 4, 5};
  for (const Index percent : std::initializer_list<Index>{10, 20, 35, 50, 80}) {
    const std::vector<Index> percentages{percent};
    const double oracle = comprehensiveness(predictions, weights, 1, percentages, AopcDivisor::terms);
    const double least = sufficiency(predictions, weights, 1, percentages, AopcDivisor::terms);
    double largest = -1, smallest = 1;
    std::sort(order.begin(), order.end());
    do {
      largest = std::max(largest, comprehensiveness(predictions, order, 1, percentages, AopcDivisor::terms));
      smallest = std::min(smallest, sufficiency(predictions, order, 1, percentages, AopcDivisor::terms));
    } while (std::next_permutation(order.begin(), order.end()));
    check_same(oracle, largest);
    check_same(least, smallest);
  }
  CHECK(predictions.evaluations() <= 64); // 720 rankings, 2^6 masked inputs
}

TEST_CASE("random scores gain what a share of the players is worth", "[faithfulness]") {
  // Of 10 players 0, 1, 2 and 5 are hidden: in expectation that share of the total weight.
  std::vector<double> weights{0.2, 0.15, 0.1, 0.08, 0.06, 0.05, 0.03, 0.02, 0.01, 0.0};
  double total = 0;
  for (const double weight : weights)
    total += weight;
  const Toy toy = additive_toy(weights);
  MaskedPredictions predictions = toy.predictions();
  RandomStream random(seed(), 5);
  std::vector<double> found;
  for (int draw = 0; draw < 4000; ++draw)
    found.push_back(
        faithfulness(predictions, regard_test::random_scores(random, 10), 1, {}).comprehensiveness);
  double mean = 0, square = 0;
  for (const double value : found)
    mean += value / static_cast<double>(found.size());
  for (const double value : found)
    square += (value - mean) * (value - mean);
  const double error = std::sqrt(square) / static_cast<double>(found.size());
  INFO("seed " << seed() << ", mean " << mean << ", standard error " << error);
  CHECK(std::abs(mean - total * 0.8 / 5) < 5 * error);
  CHECK(mean < faithfulness(predictions, weights, 1, {}).comprehensiveness - 10 * error);
}

TEST_CASE("an exact linear explanation has no infidelity", "[faithfulness]") {
  const std::vector<double> weights{0.1, -0.05, 0.2, 0.03};
  const Toy toy = additive_toy(weights, 0.2);
  MaskedPredictions predictions = toy.predictions();
  InfidelityOptions options;
  options.scaled = false;
  CHECK(infidelity(predictions, weights, 1, options) < exact);
  std::vector<double> scaled = weights;
  for (double& weight : scaled)
    weight *= 1e-4; // other units, as attention has
  options.scaled = true;
  CHECK(infidelity(predictions, scaled, 1, options) < exact);

  // Against the definition, for scores that are not the weights.
  const std::vector<double> other{0.3, 0.1, -0.2, 0.4};
  const double full = toy.probability({0, 1, 2, 3});
  double a = 0, b = 0, plain = 0, c = 0;
  const auto draws = infidelity_inputs(4, options);
  REQUIRE(draws.size() == 10);
  for (const auto& visible : draws) {
    double said = 0;
    std::set<Index> seen;
    for (Index i = 0; i < 4; ++i) {
      if (visible.contains(i))
        seen.insert(i);
      else
        said += other[i];
    }
    CHECK(seen.size() < 4);
    const double drop = full - toy.probability(seen);
    a += said * said;
    b += said * drop;
    c += drop * drop;
    plain += (said - drop) * (said - drop) / 10;
  }
  options.scaled = false;
  check_same(infidelity(predictions, other, 1, options), plain);
  options.scaled = true;
  check_same(infidelity(predictions, other, 1, options), (c - b * b / a) / 10); // the least squares
  options.seed = 1;
  CHECK(infidelity_inputs(4, options) != draws);
}

TEST_CASE("a coalition is evaluated once, and only what is missing", "[faithfulness]") {
  Index calls = 0, evaluated = 0;
  MaskedPredictions predictions(5, 3,
                                [&](std::span<const Coalition> coalitions, TensorView<double, 2> logits) {
                                  ++calls;
                                  evaluated += coalitions.size();
                                  for (Index i = 0; i < coalitions.size(); ++i)
                                    for (Index c = 0; c < 3; ++c)
                                      logits(i, c) = static_cast<double>(c * coalitions[i].size());
                                });
  const std::vector<MutableCoalition> some{{5, {0, 1}}, {5, {2}}, {5, {0, 1}}};
  predictions.evaluate(some);
  CHECK(calls == 1);
  CHECK(evaluated == 2);
  CHECK(predictions.label(some[0]) == 2);
  CHECK(predictions.logits(some[1])[2] == 2);
  CHECK(calls == 1);
  check_same(predictions.probability(MutableCoalition(5), 0), 1.0 / 3);
  CHECK(calls == 2);
  CHECK(predictions.evaluations() == 3);
  const std::vector<double> scores{3, 1, 2, 5, 4};
  faithfulness(predictions, scores, 2);
  CHECK(calls == 3); // all that was missing, in one call
}

TEST_CASE("probabilities do not underflow, and sigmoids are their own", "[faithfulness]") {
  const auto constant = [](double low, double high) {
    return [=](std::span<const Coalition> coalitions, TensorView<double, 2> logits) {
      for (Index i = 0; i < coalitions.size(); ++i) {
        logits(i, 0) = low;
        logits(i, 1) = high;
      }
    };
  };
  MaskedPredictions predictions(1, 2, constant(-1000, 1000));
  CHECK(predictions.log_probability(MutableCoalition(1), 0) == -2000);
  CHECK(predictions.probability(MutableCoalition(1), 0) == 0);
  CHECK(predictions.probability(MutableCoalition(1), 1) == 1);
  MaskedPredictions labels(1, 2, constant(-3, 2), ProblemType::multi_label);
  check_same(labels.probability(MutableCoalition(1), 0), 1 / (1 + std::exp(3.0)));
  check_same(labels.probability(MutableCoalition(1), 1), 1 / (1 + std::exp(-2.0)));
}

TEST_CASE("what cannot be ranked or asked is refused by name", "[faithfulness]") {
  const Toy toy = random_toy(3, 1);
  MaskedPredictions predictions = toy.predictions();
  const std::vector<Index> percentages{0, 50}, none, much{101};
  using Catch::Matchers::ContainsSubstring;
  const auto ask = [&](std::vector<double> scores, std::span<const Index> of, Index target) {
    comprehensiveness(predictions, scores, target, of);
  };
  CHECK_THROWS_WITH(ask({1, NAN, 2}, percentages, 1),
                    ContainsSubstring("player 1") && ContainsSubstring("finite"));
  CHECK_THROWS_WITH(ask({1, 2, INFINITY}, percentages, 1), ContainsSubstring("player 2"));
  CHECK_THROWS_WITH(ask({1, 2}, percentages, 1),
                    ContainsSubstring("found 2") && ContainsSubstring("3 players"));
  CHECK_THROWS_WITH(ask({1, 2, 3}, percentages, 2),
                    ContainsSubstring("target") && ContainsSubstring("0 to 1"));
  CHECK_THROWS_WITH(ask({1, 2, 3}, none, 1), ContainsSubstring("percentages"));
  CHECK_THROWS_WITH(ask({1, 2, 3}, much, 1), ContainsSubstring("101"));
  CHECK_THROWS_AS(deletion_curve(predictions, std::vector<double>{1, 2, 3}, 1, 0), InvalidArgument);
  CHECK_THROWS_AS(MaskedPredictions(3, 1, {}, ProblemType::regression), InvalidArgument);
  CHECK_THROWS_AS(MaskedPredictions(3, 1, {}), InvalidArgument);
  CHECK_THROWS_AS(predictions.label(MutableCoalition(4)), InvalidArgument);
  MaskedPredictions empty(0, 2, {});
  CHECK_THROWS_AS(faithfulness(empty, {}, 0), InvalidArgument);

  // A call that failed leaves nothing behind that would pass for an answer.
  bool broken = true;
  MaskedPredictions flaky(2, 2, [&](std::span<const Coalition> coalitions, TensorView<double, 2> logits) {
    for (double& logit : logits.flat().first(2 * coalitions.size()))
      logit = broken ? NAN : 1;
  });
  CHECK_THROWS_WITH(flaky.label(MutableCoalition(2, {1})),
                    ContainsSubstring("not finite") && ContainsSubstring("{1}"));
  CHECK(flaky.evaluations() == 0);
  broken = false;
  CHECK(flaky.probability(MutableCoalition(2, {1}), 0) == 0.5);
}
