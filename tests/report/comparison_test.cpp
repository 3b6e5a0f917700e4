// SPDX-License-Identifier: MIT
// Reports of comparisons: what stands in each, and that names from outside are no markup.
#include "support/catch.hpp"

#include <regard/report/comparison_json.hpp>

#include <nlohmann/json.hpp>

#include <sstream>

using namespace regard;
using Catch::Matchers::ContainsSubstring;

namespace {

ComparisonReport sample() {
  ComparisonReport report;
  MethodSummary a, b;
  a.method = "a<b>&";
  a.n = 7;
  a.seconds_per_input = 0.00125;
  a.metrics = {{"comprehensiveness", 0.25, Interval{0.125, 0.375}, {}, {}}, {"odd<metric>", {}, {}, {}, {}}};
  b = a;
  b.method = "random";
  b.degenerate = 2;
  b.seconds_per_input.reset();
  b.metrics[0] = {"comprehensiveness", 0.5, Interval{0.4, 0.6}, 0.25, Interval{0.1, 0.3}};
  b.metrics[1] = {"odd<metric>", -1.5, {}, 0.0, Interval{-0.1, 0.1}};
  report.comparison.reference = a.method;
  report.comparison.methods = {a, b};
  report.comparison.model.accuracy = 0.75;
  report.facts = {{"model", "<script>\x1b[31m"}};
  return report;
}

Index count(const std::string& text, const std::string& part) {
  Index found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++found;
  return found;
}

/// Every tag that is opened is closed, in order.
void check_balanced(const std::string& markup) {
  std::vector<std::string> open;
  for (std::size_t at = markup.find('<'); at != std::string::npos; at = markup.find('<', at + 1)) {
    const std::size_t end = markup.find('>', at);
    REQUIRE(end != std::string::npos);
    const std::string tag = markup.substr(at + 1, end - at - 1);
    const std::string name =
        tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" >", 1) - (tag[0] == '/' ? 1 : 0));
    if (tag[0] == '!' || tag.back() == '/' || name == "meta" || name == "br")
      continue;
    if (tag[0] != '/') {
      open.push_back(name);
    } else {
      REQUIRE_FALSE(open.empty());
      CHECK(open.back() == name);
      open.pop_back();
    }
  }
  CHECK(open.empty());
}

} // namespace

TEST_CASE("a comparison as JSON has every number and null", "[comparison]") {
  const auto json_report = nlohmann::json::parse(json(sample()));
  const auto& rows = json_report["rows"];
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["method"] == "a<b>&");
  CHECK(rows[0]["n"] == 7);
  CHECK(rows[0]["comprehensiveness"] == 0.25);
  CHECK(rows[0]["comprehensiveness_ci"] == nlohmann::json({0.125, 0.375}));
  CHECK(rows[0]["comprehensiveness_difference"].is_null());
  CHECK(rows[0]["odd<metric>"].is_null());
  CHECK(rows[0]["seconds_per_input"] == 0.00125);
  CHECK(rows[1]["seconds_per_input"].is_null());
  CHECK(rows[1]["degenerate"] == 2);
  CHECK(rows[1]["comprehensiveness_difference_ci"] == nlohmann::json({0.1, 0.3}));
  CHECK(json_report["model"]["accuracy"] == 0.75);
  CHECK(json_report["reference"] == "a<b>&");
  CHECK_FALSE(json_report.contains("rank_agreement"));
}

TEST_CASE("a comparison as CSV and as a table", "[comparison]") {
  std::istringstream lines(csv(sample()));
  std::string header, first, second;
  std::getline(lines, header);
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(std::count(header.begin(), header.end(), ',') == 3 + 12);
  CHECK(first == "a<b>&,7,0,0.00125,0.25,0.125,0.375,,,,,,,,,");
  CHECK(second == "random,7,2,,0.5,0.4,0.6,0.25,0.1,0.3,-1.5,,,0,-0.1,0.1");

  const std::string table = terminal(sample());
  CHECK_THAT(table, ContainsSubstring("0.250   [0.125, 0.375]") && ContainsSubstring("+0.250*") &&
                        ContainsSubstring("comprehensiveness ↑"));
  CHECK_THAT(table, ContainsSubstring("random: all values tie on 2 of 7 inputs"));
  CHECK(table.find('\x1b') == std::string::npos);
}

TEST_CASE("a chart and a page stand alone, and text from outside is no markup", "[comparison]") {
  const std::string chart = svg(sample());
  check_balanced(chart);
  CHECK(count(chart, "<circle") == 3); // two values, and the seconds of one
  CHECK_THAT(chart, ContainsSubstring("a&lt;b&gt;&amp;") && !ContainsSubstring("a<b>"));
  const std::vector<std::string> panels{"odd<metric>"};
  CHECK_THAT(svg(sample(), panels), ContainsSubstring("odd&lt;metric&gt;"));
  const std::string page = html(sample());
  CHECK_THAT(page, ContainsSubstring("<svg") && ContainsSubstring("&lt;script&gt;") &&
                       !ContainsSubstring("<script>"));
  CHECK(page.find('\x1b') == std::string::npos);
  CHECK_THAT(svg(ComparisonReport{}), ContainsSubstring("</svg>"));
  ComparisonReport agreeing = sample();
  CHECK_THROWS_AS(agreement_svg(agreeing), InvalidArgument);
  agreeing.agreement = RankAgreement{{1.0, -0.25, -0.25, 1.0}, {1.0, {}, {}, 1.0}};
  check_balanced(agreement_svg(agreeing));
  CHECK(count(agreement_svg(agreeing), ">-.25<") == 2);
  CHECK_THAT(agreement_svg(agreeing), !ContainsSubstring("a<b>"));
  CHECK_THAT(html(agreeing), ContainsSubstring("Rank agreement"));
  CHECK(nlohmann::json::parse(json(agreeing))["rank_agreement"]["spearman"][0][1] == -0.25);
  CHECK(nlohmann::json::parse(json(agreeing))["rank_agreement"]["kendall"][0][1].is_null());
  check_balanced(svg(ComparisonReport{}));
}
