// SPDX-License-Identifier: MIT
// Statistics against scikit-learn, scipy and numpy; bootstrap intervals by what they must cover.
#include "evaluation/toy.hpp"

#include <regard/evaluation/detail/statistics.hpp>

#include <nlohmann/json.hpp>

#include <fstream>

using namespace regard;
using namespace regard_test;

namespace {

const nlohmann::json& golden() {
  static const auto json =
      nlohmann::json::parse(std::ifstream(std::string(REGARD_TEST_DATA) + "/evaluation/statistics.json"));
  return json;
}

void check_same(double found, double expected) {
  CHECK(std::abs(found - expected) < Tolerance<double>::closed_form);
}

} // namespace

TEST_CASE("F1 is scikit-learn's", "[statistics]") {
  REQUIRE(golden()["f1"].size() == 7);
  for (const auto& example : golden()["f1"]) {
    const auto predicted = example["predicted"].get<std::vector<Index>>(),
               actual = example["actual"].get<std::vector<Index>>();
    const auto f1 = f1_scores(predicted, actual);
    check_same(f1->macro, example["macro"]);
    check_same(f1->weighted, example["weighted"]);
    // Labels far apart are labels too.
    const auto far = [](std::vector<Index> labels) {
      for (Index& label : labels)
        label = label == 1 ? static_cast<Index>(-1) : 5000 * label;
      return labels;
    };
    const auto other = f1_scores(far(predicted), far(actual));
    check_same(other->macro, example["macro"]);
    check_same(other->weighted, example["weighted"]);
  }
}

TEST_CASE("a class that is only predicted counts as 0, and one that is in neither list not at all",
          "[statistics]") {
  const std::vector<Index> predicted{0, 1, 4}, actual{0, 1, 1};
  const auto f1 = f1_scores(predicted, actual);
  check_same(f1->macro, (1 + 2.0 / 3 + 0) / 3); // sklearn's too, with its default labels
  check_same(f1->weighted, (1 + 2 * 2.0 / 3) / 3);
}

TEST_CASE("a weight is a repetition", "[statistics]") {
  const std::vector<Index> predicted{0, 1, 1, 2}, actual{0, 1, 2, 2};
  const std::vector<double> weights{2, 0, 1, 3};
  const std::vector<Index> predicted_again{0, 0, 1, 2, 2, 2}, actual_again{0, 0, 2, 2, 2, 2};
  CHECK(f1_scores(predicted, actual, weights)->macro == f1_scores(predicted_again, actual_again)->macro);
  CHECK(f1_scores(predicted, actual, weights)->weighted ==
        f1_scores(predicted_again, actual_again)->weighted);
  CHECK_FALSE(f1_scores(predicted, actual, std::vector<double>(4, 0.0)).has_value());
  CHECK_FALSE(f1_scores({}, {}).has_value());
  CHECK_THROWS_AS(f1_scores(predicted, actual_again), InvalidArgument);
}

TEST_CASE("correlations are scipy's", "[statistics]") {
  REQUIRE(golden()["correlation"].size() == 6);
  for (const auto& example : golden()["correlation"]) {
    const auto a = example["a"].get<std::vector<double>>(), b = example["b"].get<std::vector<double>>();
    check_same(*spearman(a, b), example["spearman"]);
    check_same(*kendall(a, b), example["kendall"]);
    CHECK(*spearman(a, b) == *spearman(b, a));
    check_same(*spearman(a, a), 1);
    check_same(*kendall(b, b), 1);
  }
  const std::vector<double> constant{1, 1, 1}, rising{1, 2, 3}, one{1}, bad{1, NAN, 2};
  CHECK_FALSE(spearman(constant, rising).has_value());
  CHECK_FALSE(kendall(rising, constant).has_value());
  CHECK_FALSE(spearman(one, one).has_value());
  CHECK_THROWS_AS(spearman(bad, rising), InvalidArgument);
  CHECK_THROWS_AS(kendall(one, rising), InvalidArgument);
}

TEST_CASE("areas and quantiles are numpy's", "[statistics]") {
  for (const auto& example : golden()["area"]) {
    check_same(
        trapezoid_area(example["x"].get<std::vector<double>>(), example["y"].get<std::vector<double>>()),
        example["area"]);
    const auto values = example["values"].get<std::vector<double>>();
    const double probabilities[] = {0.025, 0.5, 0.975};
    for (Index q = 0; q < 3; ++q)
      check_same(regard::detail::quantile(values, probabilities[q]), example["quantiles"][q]);
  }
}

TEST_CASE("random scores of different methods do not agree", "[statistics]") {
  RandomStream random(seed(), 1);
  double sum = 0, square = 0;
  const int draws = 2000;
  for (int draw = 0; draw < draws; ++draw) {
    const double found =
        *spearman(regard_test::random_scores(random, 12), regard_test::random_scores(random, 12));
    sum += found;
    square += found * found;
  }
  INFO("seed " << seed());
  CHECK(std::abs(sum / draws) < 5 * std::sqrt(square) / draws);
  CHECK(std::abs(square / draws - 1.0 / 11) < 0.015); // its variance is 1 / (n - 1)
}

TEST_CASE("a bootstrap interval covers the mean as often as it says", "[statistics]") {
  RandomStream random(seed(), 2);
  int covered = 0;
  const int studies = 400;
  for (int study = 0; study < studies; ++study) {
    std::vector<double> values(60);
    for (double& value : values)
      value = random.normal() + 3;
    const auto interval = *Bootstrap(values.size(), {400, 0.9, random()}).mean(values);
    covered += interval.lower <= 3 && 3 <= interval.upper ? 1 : 0;
  }
  INFO("seed " << seed() << ", covered " << covered);
  CHECK(covered > studies * 0.9 - 5 * std::sqrt(studies * 0.09));
  CHECK(covered < studies * 0.9 + 5 * std::sqrt(studies * 0.09));
}

TEST_CASE("differences are paired: all statistics see the same resamples", "[statistics]") {
  RandomStream random(seed(), 3);
  std::vector<double> a(50), b(50), difference(50);
  for (Index i = 0; i < 50; ++i) {
    a[i] = random.normal();
    b[i] = a[i] + 1; // exactly one more, on every input
    difference[i] = b[i] - a[i];
  }
  const Bootstrap bootstrap(50, {500, 0.95, 7});
  const auto paired = *bootstrap.interval([&](std::span<const double> weights) -> std::optional<double> {
    double sum = 0;
    for (Index i = 0; i < 50; ++i)
      sum += weights[i] * (b[i] - a[i]);
    return sum / 50;
  });
  check_same(paired.lower, 1);
  check_same(paired.upper, 1);
  CHECK(bootstrap.mean(a)->lower < bootstrap.mean(a)->upper);
  const Bootstrap same(50, {500, 0.95, 7}), other(50, {500, 0.95, 8});
  CHECK(same.mean(a)->lower == bootstrap.mean(a)->lower);
  CHECK(other.mean(a)->lower != bootstrap.mean(a)->lower);
}

TEST_CASE("missing values are left out, and nothing has no interval", "[statistics]") {
  const std::vector<std::optional<double>> some{2, {}, 2, {}}, none{{}, {}};
  CHECK(Bootstrap(4).mean(some)->lower == 2);
  CHECK_FALSE(Bootstrap(2).mean(none).has_value());
  CHECK_FALSE(Bootstrap(0).mean(std::vector<double>{}).has_value());
  CHECK(Bootstrap(1).mean(std::vector<double>{5})->upper == 5);
  CHECK_THROWS_AS(Bootstrap(3).mean(some), InvalidArgument);
  CHECK_THROWS_AS(Bootstrap(3, {0, 0.95, 0}), InvalidArgument);
  CHECK_THROWS_AS(Bootstrap(3, {10, 1, 0}), InvalidArgument);
}

TEST_CASE("a comparison is the statistics of each column", "[comparison]") {
  RandomStream random(seed(), 4);
  MethodScores scores;
  scores.methods = {"a", "b"};
  scores.columns = {"comprehensiveness", "kept_label", "iou_precision", "iou_recall", "degenerate"};
  std::vector<double> comp[2];
  std::vector<Index> kept[2], labels, own;
  double precision[2] = {0, 0}, recall[2] = {0, 0};
  const Index inputs = 30;
  for (Index i = 0; i < inputs; ++i) {
    labels.push_back(random.below(3));
    own.push_back(random.below(3));
    std::vector<std::optional<double>> values;
    for (int m = 0; m < 2; ++m) {
      comp[m].push_back(random.normal());
      kept[m].push_back(random.below(3));
      const double p = random.uniform(), r = random.uniform();
      precision[m] += p / static_cast<double>(inputs);
      recall[m] += r / static_cast<double>(inputs);
      values.insert(values.end(),
                    {comp[m].back(), static_cast<double>(kept[m].back()), p, r, m == 1 && i < 4 ? 1.0 : 0.0});
    }
    scores.add(labels.back(), own.back(), values);
  }
  const Comparison found = compare(scores, {"a", {300, 0.95, 5}});
  REQUIRE(found.methods.size() == 2);
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values)
      sum += value;
    return sum / static_cast<double>(values.size());
  };
  const Bootstrap bootstrap(inputs, {300, 0.95, 5});
  for (std::size_t m = 0; m < 2; ++m) {
    const MethodSummary& method = found.methods[m];
    CHECK(method.n == inputs);
    CHECK(method.degenerate == (m == 1 ? 4 : 0));
    check_same(*method.find("comprehensiveness")->value, mean(comp[m]));
    check_same(method.find("comprehensiveness")->interval->lower, bootstrap.mean(comp[m])->lower);
    check_same(*method.find("f1_macro")->value, f1_scores(kept[m], labels)->macro);
    check_same(*method.find("f1_weighted")->value, f1_scores(kept[m], labels)->weighted);
    Index agree = 0;
    for (Index i = 0; i < inputs; ++i)
      agree += kept[m][i] == own[i] ? 1 : 0;
    check_same(*method.find("agreement")->value, static_cast<double>(agree) / static_cast<double>(inputs));
    check_same(*method.find("iou_f1")->value, 2 * precision[m] * recall[m] / (precision[m] + recall[m]));
    CHECK(method.find("kept_label") == nullptr);
    CHECK(method.find("comprehensiveness")->difference.has_value() == (m == 1));
  }
  std::vector<double> difference;
  for (Index i = 0; i < inputs; ++i)
    difference.push_back(comp[1][i] - comp[0][i]);
  check_same(*found.methods[1].find("comprehensiveness")->difference, mean(difference));
  check_same(found.methods[1].find("comprehensiveness")->difference_interval->upper,
             bootstrap.mean(difference)->upper);
  check_same(*found.model.f1_macro, f1_scores(own, labels)->macro);
  CHECK_THROWS_AS(compare(scores, {"c", {}}), InvalidArgument);
  CHECK_THROWS_AS(scores.add(0, 0, std::vector<std::optional<double>>(9)), InvalidArgument);
  CHECK_THROWS_AS(scores.add(0, 0, std::vector<std::optional<double>>(10, NAN)), InvalidArgument);
}
