// SPDX-License-Identifier: MIT
// Tests of significance: numbers of scipy 1.17.1, their level on what they assume, corrections, refusals.
#include "support/catch.hpp"
#include "support/seed.hpp"

#include <regard/core/random.hpp>
#include <regard/tcav/concept_scores.hpp>
#include <regard/tcav/significance.hpp>

using namespace regard;
using regard_test::seed;

namespace {

const std::vector<double> some = {0.61, 0.55, 0.7, 0.64, 0.58},
                          others = {0.41, 0.52, 0.47, 0.6, 0.39, 0.5, 0.55};
const std::vector<double> thirty = {0.637, 0.27,  0.041, 0.017, 0.813, 0.913, 0.607, 0.729, 0.544, 0.935,
                                    0.816, 0.003, 0.857, 0.034, 0.73,  0.176, 0.863, 0.541, 0.3,   0.423,
                                    0.028, 0.124, 0.671, 0.647, 0.615, 0.384, 0.997, 0.981, 0.686, 0.65};

} // namespace

TEST_CASE("the tail of Student's t", "[tcav]") {
  struct Case {
    double t, degrees, p;
  };
  const Case cases[] = {{0.5, 1, 0.7048327646991335},      {2, 3, 0.13932596855884305},
                        {-1.3, 29, 0.2038391836620298},    {12, 29, 9.060708333137183e-13},
                        {40, 49, 4.454656326027987e-39},   {0, 5, 1},
                        {3.1, 2.5, 0.06778837832492031}, // not an integer: Welch's
                        {1000, 10, 2.4608247101732713e-26}};
  for (const auto& [t, degrees, p] : cases)
    CHECK(student_t_p_value(t, degrees) == Approx(p).epsilon(1e-10));
  CHECK_THROWS_AS(student_t_p_value(1, 0), InvalidArgument);
}

TEST_CASE("tests of scores have scipy's numbers", "[tcav]") {
  const auto check = [](const TestResult& result, double t, double degrees, double p) {
    REQUIRE(result.status == TestStatus::tested);
    CHECK(*result.statistic == Approx(t).epsilon(1e-10));
    CHECK(*result.degrees_of_freedom == Approx(degrees).epsilon(1e-10));
    CHECK(*result.p_value == Approx(p).epsilon(1e-9));
  };
  check(one_sample_test(some), 4.494908698094347, 4, 0.01086484528229866);
  check(two_sample_test(some, others), 3.1096564066604895, 10, 0.011067152113702114);
  check(welch_test(some, others), 3.2565285356359763, 9.874890750520501, 0.008765346377769562);
  check(random_concept_test(0.9, thirty), 1.116425926767799, 29, 0.2734050791614556);
  check(random_concept_test(0.9, thirty, 0.25), 0.8704136085650801, 29, 0.39122262547173386);
  CHECK(*random_concept_test(0.9, thirty).effect_size == Approx(1.1348804980957174));
  CHECK(*one_sample_test(some).effect_size == Approx((0.616 - 0.5) / 0.05770615218501401));
  // All 792 permutations: 0.0126262. 100,000 of them miss it by 0.0035 with probability < 1e-20.
  const auto permuted = permutation_test(some, others, 100000, seed());
  INFO("seed " << seed());
  CHECK(*permuted.statistic == Approx(0.1245714285714285));
  CHECK(*permuted.p_value == Approx(0.012626262626262626).margin(0.0035));
}

TEST_CASE("the default test holds its level, overlap or not", "[tcav]") {
  INFO("seed " << seed());
  // A concept is a draw of n from a population; so are random concepts, disjoint or from a pool of N.
  for (const double overlap : {0.0, 0.25}) {
    Index rejected = 0;
    constexpr Index runs = 2000, size = 8;
    for (Index run = 0; run < runs; ++run) {
      RandomStream stream(seed(), run);
      const auto mean_of = [&](const std::vector<double>& from) {
        double mean = 0;
        for (Index i = 0; i < size; ++i)
          mean += from[i] / size;
        return mean;
      };
      const auto draw = [&](Index n) {
        std::vector<double> values(n);
        for (double& x : values)
          x = stream.normal();
        return values;
      };
      const double score = mean_of(draw(size));
      std::vector<double> pool = draw(4 * size), random;
      for (Index k = 0; k < 30; ++k) {
        if (overlap == 0) {
          random.push_back(mean_of(draw(size)));
          continue;
        }
        for (Index i = 0; i < size; ++i)
          std::swap(pool[i], pool[i + stream.below(pool.size() - i)]);
        random.push_back(mean_of(pool));
      }
      rejected += *random_concept_test(score, random, overlap).p_value < 0.05 ? 1 : 0;
    }
    const double rate = static_cast<double>(rejected) / runs;
    CHECK(rate < 0.075); // 5% and five standard errors
    CHECK(rate > 0.02);
  }
}

TEST_CASE("tests without a spread, or without enough scores, say so", "[tcav]") {
  const std::vector<double> ones(30, 1.0), one = {1.0}, none;
  CHECK(one_sample_test(ones).status == TestStatus::saturated);
  CHECK(one_sample_test(one).status == TestStatus::few_scores);
  CHECK(random_concept_test(1, ones).status == TestStatus::saturated);
  CHECK(random_concept_test(1, some).status == TestStatus::few_random);
  CHECK(random_concept_test(1, none).status == TestStatus::no_random);
  CHECK_THROWS_AS(random_concept_test(1, thirty, 1), InvalidArgument);
  for (const auto test : {two_sample_test, welch_test}) {
    CHECK(test(ones, ones).status == TestStatus::saturated);
    CHECK(test(ones, none).status == TestStatus::no_random);
    CHECK(test(one, ones).status == TestStatus::few_scores);
    CHECK(test(ones, some).status == TestStatus::tested); // a spread on one side is enough
  }
  CHECK(permutation_test(ones, ones).status == TestStatus::saturated);
  CHECK(permutation_test(ones, none).status == TestStatus::no_random);
  CHECK(permutation_test(one, ones).status == TestStatus::few_scores);
  for (const auto& result : {one_sample_test(ones), random_concept_test(1, ones), welch_test(ones, none)}) {
    CHECK(!result.p_value);
    CHECK(!result.statistic);
  }
}

TEST_CASE("corrections for many tests", "[tcav]") {
  using Values = std::vector<std::optional<double>>;
  const Values p = {0.01, {}, 0.04, 0.03, 0.005};
  const auto check = [](const Values& actual, const Values& expected) {
    REQUIRE(actual.size() == expected.size());
    for (Index i = 0; i < actual.size(); ++i) {
      REQUIRE(actual[i].has_value() == expected[i].has_value());
      if (actual[i])
        CHECK(*actual[i] == Approx(*expected[i]));
    }
  };
  check(adjust(p, Correction::none), p);
  // Four tests: .005 x 4, .01 x 3, .03 x 2, and .04 x 1 is no less than the one before.
  check(adjust(p, Correction::holm), {0.03, {}, 0.06, 0.06, 0.02});
  check(adjust(p, Correction::bonferroni), {0.04, {}, 0.16, 0.12, 0.02});
  check(adjust(Values{0.9, 0.8}, Correction::holm), {1, 1});
  check(adjust(Values{0.9, 0.8}, Correction::bonferroni), {1, 1});
  check(adjust(Values{}, Correction::holm), {});
}

TEST_CASE("scores put all together: mean, spread, test by name, correction over all", "[tcav]") {
  // Two gradients in two blocks of width 2, and vectors that are axes.
  PooledGradients pooled;
  pooled.values = Tensor<double, 3>({2, 2, 2});
  const double gradients[] = {1, 1, -1, 1, 2, 0, 2, 0};
  std::copy(std::begin(gradients), std::end(gradients), pooled.values.begin());
  const auto vectors = [](std::initializer_list<double> values) {
    Tensor<double, 2> result({values.size() / 2, 2});
    std::copy(values.begin(), values.end(), result.begin());
    return result;
  };
  auto random = std::make_shared<RandomCavs>();
  random->vectors = Tensor<double, 3>({30, 2, 2});
  for (Index k = 0; k < 30; ++k)
    for (Index r = 0; r < 2; ++r)
      random->vectors(k, r, k % 3 == 0 ? 0 : 1) = 1;
  Cavs cavs;
  for (const Index layer : std::initializer_list<Index>{0, 1}) {
    CavSet set;
    set.concept_name = "axis";
    set.layer = layer;
    set.vectors = vectors({1, 0, 0, 1, 0, -1});
    set.accuracies = {0.5, 0.7, 0.9};
    set.random = random;
    set.random_status = TestStatus::tested;
    cavs.sets.push_back(std::move(set));
  }
  const auto results = concept_scores(cavs, pooled);
  CHECK(results[0].scores == std::vector<double>{0.5, 1, 0});
  CHECK(results[0].mean == 0.5);
  CHECK(results[0].deviation == 0.5);
  CHECK(*results[0].accuracy == Approx(0.7));
  CHECK(results[0].status() == "ok");
  // Random concepts score 1/2 or 1 in the first block, 1 or 0 in the second.
  std::vector<double> first, second;
  for (Index k = 0; k < 30; ++k) {
    first.push_back(k % 3 == 0 ? 0.5 : 1);
    second.push_back(k % 3 == 0 ? 1 : 0);
  }
  CHECK(results[0].random_scores == first);
  CHECK(results[1].random_scores == second);
  CHECK(*results[0].test.p_value == *random_concept_test(0.5, first).p_value);
  const double least = std::min(*results[0].test.p_value, *results[1].test.p_value);
  CHECK(std::min(*results[0].p_adjusted, *results[1].p_adjusted) == Approx(std::min(1.0, 2 * least)));

  const auto p_of = [&](SignificanceTest test) {
    return *concept_scores(cavs, pooled, {.test = test, .correction = Correction::none})[1].p_adjusted;
  };
  std::vector<double> scores = results[1].scores, twice;
  for (const double score : second)
    twice.insert(twice.end(), 2, score);
  CHECK(p_of(SignificanceTest::one_sample) == *one_sample_test(scores).p_value);
  CHECK(p_of(SignificanceTest::two_sample) == *two_sample_test(scores, twice).p_value);
  CHECK(p_of(SignificanceTest::welch) == *welch_test(scores, twice).p_value);
  CHECK(p_of(SignificanceTest::permutation) == Approx(*permutation_test(scores, twice).p_value).margin(0.05));

  // All random scores equal, or none, or a set that cannot be told from anything.
  for (double& x : pooled.values[1][0])
    x = 0;
  for (double& x : pooled.values[1][1])
    x = 0;
  cavs.sets[0].chance = cavs.sets[0].negatives_exhausted = true;
  cavs.sets[0].accuracies.clear();
  const auto flat = concept_scores(cavs, pooled);
  CHECK(flat[0].status() == "chance,not_validated,negatives_exhausted");
  CHECK(flat[1].status() == "saturated");
  CHECK(!flat[1].test.p_value);
  CHECK(!flat[1].p_adjusted);

  PooledGradients narrow;
  narrow.values = Tensor<double, 3>({2, 2, 3});
  CHECK_THROWS_AS(concept_scores(cavs, narrow), InvalidArgument);
  PooledGradients shallow;
  shallow.values = Tensor<double, 3>({1, 2, 2});
  CHECK_THROWS_AS(concept_scores(cavs, shallow), InvalidArgument);
}
