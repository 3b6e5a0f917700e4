// SPDX-License-Identifier: MIT
// Plausibility: the metrics of ERASER against scikit-learn and against counting by hand.
#include "evaluation/toy.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

using namespace regard;
using namespace regard_test;

namespace {

constexpr double exact = Tolerance<double>::closed_form;

/// ERASER's spans, by sets of positions.
PrecisionRecall slow_spans(const std::vector<bool>& marked, const std::vector<bool>& truth,
                           double threshold) {
  const auto spans = [](const std::vector<bool>& marks) {
    std::vector<std::set<Index>> found;
    bool open = false;
    for (Index i = 0; i < marks.size(); ++i) {
      if (marks[i] && !open)
        found.emplace_back();
      if (marks[i])
        found.back().insert(i);
      open = marks[i];
    }
    return found;
  };
  const auto a = spans(marked), b = spans(truth);
  double right = 0;
  for (const auto& span : a) {
    double best = 0;
    for (const auto& other : b) {
      std::set<Index> all = span;
      all.insert(other.begin(), other.end());
      const double common = static_cast<double>(span.size() + other.size() - all.size());
      best = std::max(best, common / static_cast<double>(all.size()));
    }
    right += best >= threshold ? 1 : 0;
  }
  return {a.empty() ? 0 : right / static_cast<double>(a.size()),
          b.empty() ? 0 : right / static_cast<double>(b.size())};
}

} // namespace

TEST_CASE("the area below precision and recall is scikit-learn's", "[plausibility]") {
  const auto golden =
      nlohmann::json::parse(std::ifstream(std::string(REGARD_TEST_DATA) + "/evaluation/statistics.json"));
  REQUIRE(golden["auprc"].size() == 7);
  for (const auto& example : golden["auprc"]) {
    const auto found = rationale_auprc(example["scores"].get<std::vector<double>>(),
                                       example["truth"].get<std::vector<bool>>());
    CHECK(std::abs(*found - example["auprc"].get<double>()) < exact);
  }
  const std::vector<double> scores{1, 2};
  CHECK_FALSE(rationale_auprc(scores, {false, false}).has_value());
  CHECK(*rationale_auprc(scores, {false, true}) == 1);
  CHECK_THROWS_AS(rationale_auprc(scores, {true}), InvalidArgument);
}

TEST_CASE("tokens and spans are counted as by hand", "[plausibility]") {
  RandomStream random(seed(), 1);
  for (int round = 0; round < 200; ++round) {
    const Index n = 1 + random.below(30);
    std::vector<bool> marked(n), truth(n);
    double both = 0, in_marked = 0, in_truth = 0;
    for (Index i = 0; i < n; ++i) {
      marked[i] = random.uniform() < 0.4;
      truth[i] = random.uniform() < 0.4;
      both += marked[i] && truth[i] ? 1 : 0;
      in_marked += marked[i] ? 1 : 0;
      in_truth += truth[i] ? 1 : 0;
    }
    INFO("seed " << seed() << ", round " << round);
    const PrecisionRecall tokens = token_overlap(marked, truth);
    CHECK(tokens.precision == (in_marked > 0 ? both / in_marked : 0));
    CHECK(tokens.recall == (in_truth > 0 ? both / in_truth : 0));
    CHECK(std::abs(tokens.f1() - (both > 0 ? 2 * both / (in_marked + in_truth) : 0)) < exact);
    for (const double threshold : {0.25, 0.5, 1.0}) {
      const PrecisionRecall found = span_overlap(marked, truth, threshold),
                            expected = slow_spans(marked, truth, threshold);
      CHECK(found.precision == expected.precision);
      CHECK(found.recall == expected.recall);
    }
    CHECK(span_overlap(truth, truth).recall == (in_truth > 0 ? 1 : 0));
  }
}

TEST_CASE("random scores have the precision of the rationale's share", "[plausibility]") {
  RandomStream random(seed(), 2);
  std::vector<bool> truth(40, false);
  for (Index i = 0; i < 10; ++i)
    truth[3 * i] = true;
  double precision = 0, f1 = 0;
  const int draws = 3000;
  for (int draw = 0; draw < draws; ++draw) {
    const PrecisionRecall found =
        token_overlap(top_rationale(regard_test::random_scores(random, 40), 10), truth);
    precision += found.precision / draws;
    f1 += found.f1() / draws;
  }
  INFO("seed " << seed());
  CHECK(std::abs(precision - 0.25) < 5 * 0.12 / std::sqrt(draws)); // hypergeometric: deviation 0.12
  CHECK(std::abs(f1 - 0.25) < 5 * 0.12 / std::sqrt(draws));
}

TEST_CASE("a rationale is of the best players, ties to the first", "[plausibility]") {
  CHECK(top_rationale(std::vector<double>{1, 3, 3, 2}, 2) == std::vector<bool>{false, true, true, false});
  CHECK(top_rationale(std::vector<double>{0, 0, 0}, 1) == std::vector<bool>{true, false, false});
  CHECK(top_rationale(std::vector<double>{0, -1}, 5) == std::vector<bool>{true, true});
}

TEST_CASE("players of a rationale are those whose bytes overlap it", "[plausibility]") {
  Explanation why;
  why.tokens = {{"[CLS]", 0, 0, 0, 0, true},  {"un", 1, 0, 2, 0, false},   {"##kind", 2, 2, 6, 0, false},
                {"film", 3, 7, 11, 0, false}, {"[SEP]", 4, 0, 0, 0, true}, {"un", 1, 0, 2, 1, false}};
  why.players = {{1}, {2}, {3}, {5}};
  CHECK(rationale_players(why, std::vector<TextSpan>{{0, 6}}) == std::vector<bool>{true, true, false, false});
  CHECK(rationale_players(why, std::vector<TextSpan>{{6, 8}}) ==
        std::vector<bool>{false, false, true, false});
  CHECK(rationale_players(why, std::vector<TextSpan>{{6, 7}}) == std::vector<bool>(4, false));
  CHECK(rationale_players(why, {}) == std::vector<bool>(4, false));
}
