// SPDX-License-Identifier: MIT
// Reports of concept scores: JSON, table and page.
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <regard/report/concepts_json.hpp>

#include <nlohmann/json.hpp>

using namespace regard;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Two concepts in three blocks: one that is tested, and one that is not.
ConceptReport sample() {
  ConceptReport report;
  report.model = "path/<to>/model";
  report.target = {1, "good & \"bad\""};
  report.inputs = 7;
  report.concepts = {{"plain", 12}, {"<b>odd", 1}};
  for (const Index layer :
       std::initializer_list<Index>{2, 0, 1}) { // in the caller's order: the page sorts them
    ConceptScore score;
    score.concept_name = "plain";
    score.layer = layer;
    score.scores = {0.5, 0.75, 1};
    score.mean = 0.75;
    score.deviation = 0.25;
    score.accuracy = 0.875;
    score.random_scores.assign(30, 0.5);
    score.random_scores.front() = 0.75;
    score.test.p_value = layer == 1 ? 0.001 : 0.4;
    score.test.effect_size = 1.5;
    score.p_adjusted = layer == 1 ? 0.003 : 0.8;
    report.results.push_back(score);
  }
  ConceptScore untested;
  untested.concept_name = "<b>odd";
  untested.scores = {1};
  untested.mean = 1;
  untested.chance = untested.negatives_exhausted = true;
  untested.test.status = TestStatus::no_random;
  report.results.push_back(untested);
  ConceptExample example;
  example.concept_name = "plain";
  example.heat_map.text = "fine <i> words";
  example.heat_map.layers = {1};
  example.heat_map.words = {{"fine", 0, 4, 0, 0.5}, {"words", 9, 14, 0, -0.25}};
  report.examples.push_back(example);
  return report;
}

Index count(const std::string& text, const std::string& part) {
  Index result = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++result;
  return result;
}

} // namespace

TEST_CASE("concept scores as JSON: what there is not is null", "[report][concepts]") {
  const auto object = nlohmann::json::parse(json(sample()));
  CHECK(object["target"] == nlohmann::json{{"index", 1}, {"label", "good & \"bad\""}});
  REQUIRE(object["results"].size() == 4);
  const auto& tested = object["results"][2];
  CHECK(tested["layer"] == 1);
  CHECK(tested["scores"] == std::vector<double>{0.5, 0.75, 1});
  CHECK(tested["std"] == 0.25);
  CHECK(tested["p_value"] == 0.001);
  CHECK(tested["p_adjusted"] == 0.003);
  CHECK(tested["random_mean"].get<double>() == Approx(0.5 + 0.25 / 30));
  CHECK(tested["status"] == "ok");
  const auto& untested = object["results"][3];
  for (const char* key :
       {"p_value", "p_adjusted", "effect_size", "cav_accuracy", "random_mean", "random_std"})
    CHECK(untested[key].is_null());
  CHECK(untested["status"] == "chance,not_validated,negatives_exhausted,no_random");
}

TEST_CASE("concept scores as a table", "[report][concepts]") {
  const std::string table = terminal(sample());
  CHECK_THAT(table, ContainsSubstring("0.750 ± 0.250") && ContainsSubstring("0.0030* ok") &&
                        ContainsSubstring("0.8000  ok"));
  CHECK_THAT(table, ContainsSubstring("chance,not_validated,negatives_exhausted,no_random"));
}

TEST_CASE("the page of concepts: a chart for each, bands, marks, heat maps, nothing unescaped",
          "[report][concepts]") {
  const std::string page = html(sample());
  CHECK(count(page, "<article") == 2);
  CHECK(count(page, "<svg class=\"lines\"") == 2);
  CHECK(count(page, "<polygon class=\"band own\"") == 2);
  // Random concepts are drawn where there are some.
  CHECK(count(page, "<polygon class=\"band random\"") == 1);
  CHECK(count(page, "<circle class=\"sure\"") == 1);
  CHECK(count(page, "<circle class=\"unsure\"") == 3);
  CHECK_THAT(page, ContainsSubstring("block 1: 0.750 ± 0.250, adjusted p 0.0030"));
  CHECK(page.find("block 0:") < page.find("block 1:"));
  CHECK(page.find("block 1:") < page.find("block 2:"));
  CHECK_THAT(page, ContainsSubstring("Heat maps in block 1") && ContainsSubstring("fine</span>") &&
                       ContainsSubstring("mark minus"));
  // What the words of a status mean, for those that occur.
  CHECK_THAT(page,
             ContainsSubstring("<strong>chance</strong>") && ContainsSubstring("<strong>no_random</strong>"));
  CHECK(page.find("<strong>saturated</strong>") == std::string::npos);
  CHECK(page.find("independent") == std::string::npos);
  CHECK(page.find("<b>odd") == std::string::npos);
  CHECK(page.find("<to>") == std::string::npos);
  CHECK(page.find("<i>") == std::string::npos);
  CHECK(page.find("http") == std::string::npos);
  CHECK(page.find("<script") == std::string::npos);
  // A test that does not hold its level says so on the page.
  ConceptReport other = sample();
  other.test = "welch";
  CHECK_THAT(html(other),
             ContainsSubstring("<strong>welch</strong> treats scores that share their examples as"));

  const regard_test::TemporaryFolder folder;
  write_html(folder.path() / "page.html", sample());
  CHECK(regard_test::read_file(folder.path() / "page.html") == page);
}
