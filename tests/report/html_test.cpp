// SPDX-License-Identifier: MIT
#include "report/samples.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <regard/report.hpp>

#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

using regard::Index;
using regard_test::samples;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Index count(const std::string& text, const std::string& part) {
  Index result = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++result;
  return result;
}

/// What is wrong with the markup, or "": tags closed in order, attributes quoted and none twice, no character
/// that a page may not hold. Knows the few void elements that the report uses.
std::string defect(const std::string& page) {
  if (!page.starts_with("<!DOCTYPE html>\n"))
    return "no doctype";
  std::vector<std::string> open;
  const auto style = page.find("</style>");
  for (Index at = 15; at < page.size(); ++at) {
    const char c = page[at];
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f)
      return "control character";
    if (c == '>' && at > style)
      return "bare > at " + page.substr(at, 20);
    if (c == '&') {
      const auto end = page.find(';', at);
      const std::set<std::string> known = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
      if (end == std::string::npos || known.count(page.substr(at, end + 1 - at)) == 0)
        return "bare & at " + page.substr(at, 20);
    }
    if (c != '<')
      continue;
    const bool closing = page[at + 1] == '/';
    Index i = at + (closing ? 2 : 1);
    std::string name;
    while (std::isalnum(static_cast<unsigned char>(page[i])) != 0)
      name += page[i++];
    if (name.empty())
      return "bare < at " + page.substr(at, 20);
    std::set<std::string> seen;
    while (page[i] == ' ') {
      std::string attribute;
      for (++i; page[i] != '='; ++i)
        attribute += page[i];
      if (page[++i] != '"' || !seen.insert(attribute).second)
        return "attribute " + attribute;
      const auto end = page.find('"', i + 1);
      if (page.substr(i, end - i).find('<') != std::string::npos)
        return "markup in attribute " + attribute;
      i = end + 1;
    }
    if (page[i] != '>')
      return "tag " + page.substr(at, 40);
    if (closing && (open.empty() || open.back() != name))
      return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
    if (closing)
      open.pop_back();
    else if (name != "meta")
      open.push_back(name);
    at = i;
  }
  return open.empty() ? "" : "open " + open.back();
}

/// WCAG 2 relative luminance of a colour of components 0 to 255, and the contrast of two.
using Colour = std::array<double, 3>;
double luminance(const Colour& colour) {
  const std::array<double, 3> weights = {0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (Index i = 0; i < 3; ++i) {
    const double c = colour[i] / 255;
    sum += weights[i] * (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}
double contrast(const Colour& a, const Colour& b) {
  const double high = std::max(luminance(a), luminance(b)), low = std::min(luminance(a), luminance(b));
  return (high + 0.05) / (low + 0.05);
}

/// The value of the `number`th declaration of a custom property in the style sheet.
std::string property(const std::string& name, Index number) {
  const std::string style(regard::detail::report::html_style);
  auto at = style.find("--" + name + ":");
  for (; number > 0; --number)
    at = style.find("--" + name + ":", at + 1);
  const auto begin = at + name.size() + 4;
  return style.substr(begin, style.find_first_of(";}", begin) - begin);
}
Colour colour(const std::string& text) {
  Colour result{};
  if (text[0] == '#') {
    const Index digits = text.size() / 3; // #fff or #ffffff
    for (Index i = 0; i < 3; ++i) {
      const int value = std::stoi(text.substr(1 + i * digits, digits), nullptr, 16);
      result[i] = digits == 1 ? value * 17 : value;
    }
  } else {
    std::sscanf(text.c_str(), "%lf %lf %lf", &result[0], &result[1], &result[2]);
  }
  return result;
}

} // namespace

TEST_CASE("the checker of these tests knows bad markup", "[html]") {
  const std::string head = "<!DOCTYPE html>\n<style></style>";
  CHECK(defect(head + "<p class=\"a\">x &amp; y</p>").empty());
  for (const char* body : {"<p>", "</p>", "<p><b></p></b>", "<p class=a></p>", "<p>&</p>", "<p>a > b</p>",
                           "<p a=\"1\" a=\"2\"></p>", "<p>\x1b</p>", "<p>a < b</p>", "<p a=\"<\"></p>"}) {
    INFO(body);
    CHECK_FALSE(defect(head + body).empty());
  }
}

TEST_CASE("every page is well formed, stands alone and holds all it must", "[html]") {
  for (const auto& why : samples()) {
    using regard::detail::report::escape;
    const std::string page = regard::html(why);
    CHECK(defect(page) == "");
    CHECK(regard::detail::report::valid_utf8(page) == page);
    for (const auto* refused :
         {"<script", "http:", "https:", "//", "src=\"", "@import", "url(", "<link", "javascript:"})
      CHECK_FALSE(holds(page, refused));
    for (const auto& token : why.tokens)
      CHECK(holds(page, std::string(">") + escape(token.text) + "</span>"));
    for (const auto& word : why.words)
      CHECK(holds(page, escape(word.text, true)));
    for (const double value : why.values)
      CHECK(holds(page, "title=\"" + regard::detail::report::exact(value) + "\""));
    if (why.standard_errors)
      for (const double error : *why.standard_errors)
        CHECK(holds(page, "title=\"" + regard::detail::report::exact(error) + "\""));
    for (const double probability : why.probabilities)
      CHECK(holds(page, "title=\"" + regard::detail::report::exact(probability) + "\""));
    for (const auto& label : why.labels)
      CHECK(holds(page, escape(label)));
  }
}

TEST_CASE("a page holds all that is needed to repeat the computation", "[html]") {
  const auto why = regard_test::sampled();
  const std::string page = regard::html(why);
  const auto fact = [&page](const std::string& term, const std::string& content) {
    INFO(term);
    CHECK(holds(page, "<li><span class=\"term\">" + term + "</span> " + content + "</li>"));
  };
  const std::string none = "<span class=\"soft\">does not apply</span>";
  fact("Version", std::string("regard ") + regard::version);
  fact("Model", "models/tiny-sentiment");
  fact("Target", "<bdi lang=\"und\">negative</bdi> (index 0)");
  fact("Method", "kernel-shap");
  fact("Solver", "kernel");
  fact("Status", "budget_reached");
  fact("Seed", "18446744073709551615");
  fact("Samples", "2048");
  fact("Evaluations", "2048");
  fact("Value function", "log-odds");
  fact("Masking", "mask");
  fact("Singleton", none);
  fact("Layers", none);
  fact("Scalar", "float");
  fact("v(empty)", "-0.0712");
  fact("v(full)", regard::detail::report::exact(why.value_full));
  fact("Completeness gap", "0.0125");
  fact("Dropped tokens", "3");
  CHECK(holds(regard::html(regard_test::plain()), "<span class=\"term\">Layers</span> 0, 1</li>"));
}

TEST_CASE("shades and bars follow sign and size", "[html]") {
  const std::string page = regard::html(regard_test::sampled());
  CHECK(holds(page,
              "<span class=\"mark plus\" style=\"--v:1.000\" title=\"unwatchable: 0.413 (bytes 3 to 14)\">"
              "unwatchable</span>"));
  CHECK(holds(page, "<span class=\"mark minus\" style=\"--v:0.752\" title=\"gripping: -0.3105"));
  CHECK(holds(page, "<span class=\"token mark minus\" style=\"--v:1.000\" title=\"gripping: -0.3105"));
  CHECK(holds(page, "<span class=\"token mark plus\" style=\"--v:0.714\" title=\"##watch: 0.2217"));
  CHECK(holds(page, "<span class=\"mark\" title=\"is: 0 ")); // no shade at zero
  // The axis stands at 0.3105 / (0.3105 + 0.2217) of the width.
  CHECK(holds(page, "<span class=\"bar against\" style=\"--x:0.00%;--w:58.34%\">"));
  CHECK(holds(page, "<span class=\"bar\" style=\"--x:58.34%;--w:41.66%\">"));
  CHECK(holds(page, "towards “<bdi lang=\"und\">negative</bdi>”"));
  CHECK_FALSE(holds(regard::html(regard_test::plain()), "towards"));
  CHECK(holds(regard::html(regard_test::plain()), "above zero"));
}

TEST_CASE("text on the deepest shade keeps a contrast of 4.5 in light, dark and print", "[html]") {
  for (const Index mode : {0u, 1u, 2u}) {
    INFO("mode " << mode);
    const double opacity = std::stod(property("shade", mode));
    const Colour page = colour(property("page", mode)), ink = colour(property("ink", mode));
    CHECK(contrast(page, ink) > 12);
    CHECK(contrast(page, colour(property("soft", mode))) > 4.5);
    CHECK(contrast(colour(property("panel", mode)), colour(property("soft", mode))) > 4.5);
    for (const auto* side : {"plus", "minus"}) {
      const Colour pure = colour(property(side, mode));
      Colour shade{};
      for (Index i = 0; i < 3; ++i)
        shade[i] = opacity * pure[i] + (1 - opacity) * page[i];
      INFO(side);
      CHECK(contrast(shade, ink) > 4.5);
      CHECK(contrast(pure, page) > 3); // bars and lines
    }
  }
}

TEST_CASE("a page says what a reader must know", "[html]") {
  const std::string tie = regard::html(regard_test::degenerate());
  CHECK(holds(tie, "All values tie: this explanation ranks nothing."));
  CHECK_FALSE(holds(tie, "Rank</th>"));
  CHECK_FALSE(holds(tie, "--v:1.000"));
  const std::string sampled = regard::html(regard_test::sampled());
  CHECK(holds(sampled, "3 tokens beyond the model’s maximum length were dropped"));
  CHECK(holds(sampled, "a gap of 0.0125 remains"));
  CHECK(holds(sampled, "explain another class, <strong><bdi lang=\"und\">negative</bdi></strong>"));
  CHECK_FALSE(holds(regard::html(regard_test::plain()), "class=\"notices\""));
  const std::string pair = regard::html(regard_test::pair());
  CHECK(holds(pair, "Second text"));
  CHECK(count(pair, "class=\"sentence\"") == 2);
  CHECK(holds(regard::html(regard_test::no_players()), "No players"));
  CHECK(holds(regard::html(regard_test::wide_text()),
              "。</span>\n<span class=\"mark plus\"")); // the line break
}

TEST_CASE("the whole text is shown, in its order", "[html]") {
  for (const auto& why : samples()) {
    const std::string page = regard::html(why);
    auto at = page.find("class=\"sentence\"");
    at = page.find('>', at) + 1;
    std::string shown;
    for (const auto end = page.find("</p>", at); at < end; ++at)
      if (page[at] == '<')
        at = page.find('>', at);
      else
        shown += page[at];
    CHECK(shown == (why.text.empty() ? "(empty)" : regard::detail::report::escape(why.text, true)));
  }
}

TEST_CASE("several explanations share a page", "[html]") {
  const auto all = samples();
  const std::string page = regard::html(all);
  CHECK(defect(page) == "");
  CHECK(count(page, "<article ") == all.size());
  CHECK(count(page, "<h1") == 1);
  for (Index i = 1; i <= all.size(); ++i) {
    CHECK(count(page, "href=\"#explanation-" + std::to_string(i) + "\"") == 1);
    CHECK(count(page, "id=\"explanation-" + std::to_string(i) + "\"") == 1);
  }
  CHECK(regard::html(std::vector{all[0]}) == regard::html(all[0]));
  CHECK(defect(regard::html(std::span<const regard::Explanation>())) == "");
}

TEST_CASE("numbers that are not finite are shown as such and shade nothing", "[html]") {
  auto why = regard_test::plain();
  why.values[1] = std::nan("");
  why.words[1].value = -HUGE_VAL;
  const std::string page = regard::html(why);
  CHECK(defect(page) == "");
  CHECK(holds(page, ">nan<"));
  CHECK(holds(page, "gripping: -inf"));
  CHECK_FALSE(holds(page, "--v:nan"));
  CHECK_FALSE(holds(page, "nan%"));
}

TEST_CASE("a page is written to a file", "[html]") {
  const regard_test::TemporaryFolder folder;
  const auto path = folder.path() / "why.html";
  const auto read = [&path] { return regard_test::read_file(path); };
  const auto all = samples();
  regard::write_html(path, all[1]);
  CHECK(read() == regard::html(all[1]));
  regard::write_html(path, all);
  CHECK(read() == regard::html(all));
  CHECK_THROWS_AS(regard::write_html(path / "below", all[1]), regard::IoError);
}
