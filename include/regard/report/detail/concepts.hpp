// SPDX-License-Identifier: MIT
// Body of report/concepts.hpp.
#pragma once

#include <regard/core/output.hpp>
#include <regard/report/concepts.hpp>
#include <regard/report/detail/html.hpp>
#include <regard/tcav/detail/significance.hpp>

#include <array>

namespace regard::inline REGARD_ABI {

namespace detail::report {

REGARD_LAZY
std::string three_decimals(double value) {
  return to_text(value, std::chars_format::fixed, 3);
}

/// A p-value as readers expect it: three significant digits, or "<0.0001".
REGARD_LAZY
std::string p_text(const std::optional<double>& p) {
  return !p ? "-" : *p < 0.0001 ? "<0.0001" : to_text(*p, std::chars_format::fixed, 4);
}

REGARD_LAZY
std::vector<std::string> concept_names(const ConceptReport& report) {
  std::vector<std::string> names;
  for (const ConceptScore& score : report.results)
    if (std::find(names.begin(), names.end(), score.concept_name) == names.end())
      names.push_back(score.concept_name);
  return names;
}

REGARD_LAZY
std::vector<const ConceptScore*> scores_of(const ConceptReport& report, const std::string& name) {
  std::vector<const ConceptScore*> scores;
  for (const ConceptScore& score : report.results)
    if (score.concept_name == name)
      scores.push_back(&score);
  std::stable_sort(scores.begin(), scores.end(),
                   [](const ConceptScore* a, const ConceptScore* b) { return a->layer < b->layer; });
  return scores;
}

REGARD_LAZY
bool significant(const ConceptScore& score) {
  return score.p_adjusted && *score.p_adjusted < 0.05;
}

/// A chart of mean scores over blocks as inline SVG; colours are those of the page.
REGARD_LAZY
class ConceptChart {
 public:
  explicit ConceptChart(std::vector<const ConceptScore*> scores) : scores_(std::move(scores)) {
    text_ =
        "<svg class=\"lines\" viewBox=\"0 0 640 250\" role=\"img\" aria-label=\"Mean score over blocks\">\n";
    axes();
    random_band();
    band([](const ConceptScore& s) { return std::pair{s.mean, s.deviation}; }, "own");
    polyline([](const ConceptScore& s) { return s.mean; }, "line own");
    for (Index i = 0; i < scores_.size(); ++i)
      text_ += "<circle class=\"" + std::string(significant(*scores_[i]) ? "sure" : "unsure") + "\" cx=\"" +
               number(x(i)) + "\" cy=\"" + number(y(scores_[i]->mean)) + "\" r=\"4.5\"><title>block " +
               std::to_string(scores_[i]->layer) + ": " + three_decimals(scores_[i]->mean) + " ± " +
               three_decimals(scores_[i]->deviation) + ", adjusted p " +
               escape(p_text(scores_[i]->p_adjusted)) + "</title></circle>\n";
    text_ += "</svg>\n";
  }

  std::string take() { return std::move(text_); }

 private:
  static constexpr double left = 44, right = 626, top = 10, bottom = 206;

  static std::string number(double value) { return to_text(value, std::chars_format::fixed, 1); }
  double x(Index i) const {
    if (scores_.size() == 1)
      return (left + right) / 2;
    const double margin = 20;
    return left + margin +
           (right - left - 2 * margin) * static_cast<double>(i) / static_cast<double>(scores_.size() - 1);
  }
  static double y(double share) { return bottom - (bottom - top) * std::clamp(share, 0.0, 1.0); }

  void axes() {
    for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
      const std::string height = number(y(share));
      text_ += "<line class=\"" + std::string(share == 0.5 ? "half" : "grid") + "\" x1=\"" + number(left) +
               "\" x2=\"" + number(right) + "\" y1=\"" + height + "\" y2=\"" + height +
               "\"/><text class=\"tick\" text-anchor=\"end\" x=\"" + number(left - 8) + "\" y=\"" +
               number(y(share) + 4) + "\">" + to_text(share, std::chars_format::fixed, 2) + "</text>\n";
    }
    const Index step = 1 + (scores_.size() - 1) / 24; // labels that do not touch
    for (Index i = 0; i < scores_.size(); i += step)
      text_ += "<text class=\"tick\" text-anchor=\"middle\" x=\"" + number(x(i)) + "\" y=\"" +
               number(bottom + 18) + "\">" + std::to_string(scores_[i]->layer) + "</text>\n";
    text_ += "<text class=\"tick\" text-anchor=\"middle\" x=\"" + number((left + right) / 2) + "\" y=\"" +
             number(bottom + 38) + "\">block</text>\n";
  }

  template <class Point>
  void polyline(Point point, const std::string& classes) {
    text_ += "<polyline class=\"" + classes + "\" points=\"";
    for (Index i = 0; i < scores_.size(); ++i)
      text_ += (i == 0 ? "" : " ") + number(x(i)) + "," + number(y(point(*scores_[i])));
    text_ += "\"/>\n";
  }

  /// Between mean - deviation and mean + deviation; a bar where there is a single block.
  template <class Center>
  void band(Center center, const std::string& classes) {
    const double widen = scores_.size() == 1 ? 12 : 0;
    std::string upper, lower;
    for (Index i = 0; i < scores_.size(); ++i) {
      const auto [mean, deviation] = center(*scores_[i]);
      for (const double side : {-widen, widen}) {
        upper += number(x(i) + side) + "," + number(y(mean + deviation)) + " ";
        lower = number(x(i) + side) + "," + number(y(mean - deviation)) + " " + lower;
        if (widen == 0)
          break;
      }
    }
    text_ += "<polygon class=\"band " + classes + "\" points=\"" + upper + lower + "\"/>\n";
  }

  void random_band() {
    for (const ConceptScore* score : scores_)
      if (score->random_scores.size() < 2)
        return;
    const auto center = [](const ConceptScore& s) {
      const Moments random = moments(s.random_scores);
      return std::pair{random.mean, std::sqrt(random.variance())};
    };
    band(center, "random");
    polyline([&](const ConceptScore& s) { return center(s).first; }, "line random");
  }

  std::vector<const ConceptScore*> scores_;
  std::string text_;
};

inline constexpr std::string_view concept_style = R"css(
.lines { display: block; width: 100%; height: auto; margin: .5rem 0 } .lines text { fill: var(--soft); font-size: 12px }
.lines .grid { stroke: var(--line) } .lines .half { stroke: var(--soft); stroke-dasharray: 2 3 }
.lines .line { fill: none; stroke-width: 2 } .lines .line.own { stroke: rgb(var(--plus)) }
.lines .line.random { stroke: var(--soft); stroke-dasharray: 6 4 }
.lines .band.own { fill: rgb(var(--plus) / .22) } .lines .band.random { fill: rgb(128 128 128 / .22) }
.lines .sure { fill: rgb(var(--plus)); stroke: rgb(var(--plus)) }
.lines .unsure { fill: var(--page); stroke: rgb(var(--plus)); stroke-width: 2 }
.lead + article, .notices + article { margin-top: 2rem }
.examples { display: flex; flex-wrap: wrap; gap: 1rem; margin: .5rem 0 }
.examples figure { margin: 0; flex: 0 1 12rem } .examples img { width: 100%; border-radius: 4px }
.examples .small { image-rendering: pixelated } .examples figcaption { color: var(--soft); font-size: .8125rem; overflow-wrap: anywhere }
)css";

/// A text with its words shaded by their values.
REGARD_LAZY
std::string shaded_text(const Explanation& why) {
  const double largest = extent(word_values(why)).largest();
  std::string out = "<p class=\"sentence\" lang=\"und\" dir=\"auto\">";
  Index shown = 0;
  for (const ExplainedWord& word : why.words) {
    if (word.segment != 0 || word.begin < shown || word.begin == word.end)
      continue;
    out += escape(std::string_view(why.text).substr(shown, word.begin - shown), true);
    const double share = largest > 0 ? std::abs(word.value) / largest : 0;
    out += "<span class=\"mark" +
           (share > 0 ? std::string(word.value > 0 ? " plus" : " minus") +
                            "\" style=\"--v:" + to_text(share, std::chars_format::fixed, 3)
                      : std::string()) +
           "\" title=\"" + exact(word.value) + "\">" +
           escape(std::string_view(why.text).substr(word.begin, word.end - word.begin)) + "</span>";
    shown = word.end;
  }
  return out + escape(std::string_view(why.text).substr(shown), true) + "</p>\n";
}

REGARD_LAZY
std::string concept_table(std::span<const ConceptScore* const> scores) {
  std::string out =
      "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Scores\">\n<table>\n<thead><tr>";
  for (const char* const head :
       {"Block", "Score ± std", "Random ± std", "Effect d", "p", "Adjusted p", "Accuracy"})
    out += "<th class=\"number\">" + std::string(head) + "</th>";
  out += "<th>Status</th>";
  out += "</tr></thead>\n<tbody>\n";
  const auto cell = [&](const std::optional<double>& value, const std::string& shown) {
    out += "<td class=\"number\"" + (value ? " title=\"" + exact(*value) + "\"" : std::string()) + ">" +
           escape(shown) + "</td>";
  };
  const auto decimals = [](const std::optional<double>& value, int digits) {
    return value ? to_text(*value, std::chars_format::fixed, digits) : std::string("-");
  };
  for (const ConceptScore* const score : scores) {
    out += "<tr><td class=\"number\">" + std::to_string(score->layer) + "</td>";
    cell(score->mean, three_decimals(score->mean) + " ± " + three_decimals(score->deviation));
    const Moments random = moments(score->random_scores);
    if (score->random_scores.size() < 2)
      cell({}, "-");
    else
      cell(random.mean, three_decimals(random.mean) + " ± " + three_decimals(std::sqrt(random.variance())));
    cell(score->test.effect_size, decimals(score->test.effect_size, 2));
    cell(score->test.p_value, p_text(score->test.p_value));
    cell(score->p_adjusted, p_text(score->p_adjusted));
    cell(score->accuracy, decimals(score->accuracy, 3));
    std::string status = score->status();
    for (auto at = status.find(','); at != std::string::npos; at = status.find(',', at + 2))
      status.insert(at + 1, " ");
    out += "<td>" + escape(status) + "</td></tr>\n";
  }
  return out + "</tbody>\n</table>\n</div>\n";
}

/// What the words of a status mean, for those that occur.
REGARD_LAZY
std::string status_notes(const ConceptReport& report) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> meanings{{
      {"no_direction", "nothing tells the concept from its negatives"},
      {"not_converged", "a probe was given up before its optimum"},
      {"chance", "held-out accuracy is no better than guessing: the vector may not mean the concept"},
      {"not_validated", "too few inputs to hold any out, so that there is no accuracy"},
      {"negatives_exhausted",
       "every draw of negatives is all there is: the vectors are the same, the spread is 0"},
      {"no_random", "no random inputs were given, so there is no test"},
      {"few_random", "too few random inputs for 30 random concepts, so there is no test"},
      {"few_scores", "too few scores for this test"},
      {"saturated", "all scores are equal: there is no spread to test against"},
  }};
  std::string notes;
  for (const auto& [word, meaning] : meanings)
    if (std::any_of(
            report.results.begin(), report.results.end(), [&, status = word](const ConceptScore& score) {
              return ("," + score.status() + ",").find("," + std::string(status) + ",") != std::string::npos;
            }))
      notes += "<li><strong>" + std::string(word) + "</strong>: " + std::string(meaning) + ".</li>\n";
  if (report.test != to_string(SignificanceTest::random_concepts))
    notes +=
        "<li>The test <strong>" + escape(report.test) +
        "</strong> treats scores that share their examples as independent: it calls most random concepts "
        "significant.</li>\n";
  return notes.empty() ? notes : "<ul class=\"notices\">\n" + notes + "</ul>\n";
}

REGARD_LAZY
std::string concept_section(const ConceptReport& report, const std::string& name, Index number) {
  const auto scores = scores_of(report, name);
  std::string out = "<article id=\"concept-" + std::to_string(number) + "\">\n<h2 class=\"title\">" +
                    foreign(name) + "</h2>\n";
  for (const auto& [concept_name, count] : report.concepts)
    if (concept_name == name && count > 0)
      out += "<p class=\"soft\">" + plural(count, "input") + " of the concept</p>\n";
  out += ConceptChart<>(scores).take();
  const bool random = std::all_of(scores.begin(), scores.end(),
                                  [](const ConceptScore* score) { return score->random_scores.size() > 1; });
  out +=
      "<p class=\"legend\">Share of the inputs whose derivative along the concept is positive: mean over the "
      "resampled vectors, band of one standard deviation. " +
      std::string(random ? "Grey, dashed: random concepts. " : "") +
      "Filled marks: adjusted p below 0.05.</p>\n" + concept_table(scores);
  std::string pictures, texts;
  for (const ConceptExample& example : report.examples)
    if (example.concept_name == name) {
      if (example.figure.empty())
        texts += shaded_text(example.heat_map);
      else
        pictures += example.figure;
    }
  if (!pictures.empty() || !texts.empty()) {
    const auto& first =
        std::find_if(report.examples.begin(), report.examples.end(), [&](const ConceptExample& e) {
          return e.concept_name == name;
        })->heat_map;
    out += "<h3 class=\"section\">Heat maps in block " + join(first.layers) + "</h3>\n" + texts +
           (pictures.empty() ? "" : "<div class=\"examples\">\n" + pictures + "</div>\n") +
           "<p class=\"legend\"><span class=\"mark plus\" style=\"--v:1\">more of the concept, more of " +
           quoted(label_name(report.target), 40) +
           "</span><span class=\"mark minus\" style=\"--v:1\">less</span>" +
           "Attention-weighted derivative of each part; full shade is the largest of its input.</p>\n";
  }
  return out + "</article>\n";
}

} // namespace detail::report

template <class Lazy>
std::string terminal(const ConceptReport& report, TerminalOptions options) {
  using namespace detail::report;
  TerminalPage<> page(options);
  page.fact("model", report.model);
  page.fact("target", label_name(report.target) + ", " + plural(report.inputs, "input"));
  page.fact("concepts", report.cav + " vectors, negatives " + report.negatives + ", weights " + report.mode);
  page.fact("test", report.test + ", " + report.correction);
  std::string table;
  Index name_width = 7;
  for (const ConceptScore& score : report.results)
    name_width = std::max(name_width, columns(printable(score.concept_name)));
  name_width = std::min<Index>(name_width, 24);
  page.blank();
  page.note(fit("concept", name_width) + "  block  mean ± std      random  accuracy  adjusted p  status");
  for (const ConceptScore& score : report.results) {
    const auto right = [](const std::string& text, Index width) {
      return std::string(width - std::min(width, columns(text)), ' ') + text;
    };
    page.line(
        fit(printable(score.concept_name), name_width) + "  " + right(std::to_string(score.layer), 5) + "  " +
        three_decimals(score.mean) + " ± " + three_decimals(score.deviation) + "  " +
        right(score.random_scores.empty() ? "-" : three_decimals(detail::moments(score.random_scores).mean),
              8) +
        right(score.accuracy ? three_decimals(*score.accuracy) : "-", 10) +
        right(p_text(score.p_adjusted), 12) + (significant(score) ? "* " : "  ") + score.status());
  }
  return page.take();
}

template <class Lazy>
std::string html(const ConceptReport& report) {
  using namespace detail::report;
  const auto names = concept_names(report);
  std::string body =
      "<style>" + std::string(concept_style) + "</style>\n<h1>Which concepts make " +
      quoted(label_name(report.target), 60) + "?</h1>\n<p class=\"lead\">How the logit of <strong>" +
      foreign(label_name(report.target)) + "</strong>" +
      (report.model.empty() ? "" : " of the model <strong>" + foreign(report.model) + "</strong>") +
      " changes when hidden states move towards a concept, over " + plural(report.inputs, "input") +
      ". 1: it rises in all of them; 0: in none.</p>\n" + status_notes(report);
  for (Index i = 0; i < names.size(); ++i)
    body += concept_section(report, names[i], i + 1);
  body += "<h2 class=\"section\">Repeat this</h2>\n<ul class=\"facts\">\n";
  for (const auto& [term, text] : std::initializer_list<std::pair<const char*, std::string>>{
           {"Version", "regard " + report.version},
           {"Model", report.model},
           {"Target", label_name(report.target) + " (index " + std::to_string(report.target.index) + ")"},
           {"Mode", report.mode},
           {"CAV", report.cav},
           {"Negatives", report.negatives},
           {"Test", report.test},
           {"Correction", report.correction},
           {"Seed", std::to_string(report.seed)},
           {"Random inputs", std::to_string(report.random)}})
    body += "<li><span class=\"term\">" + std::string(term) + "</span> " + foreign(text) + "</li>\n";
  return html_page("Concepts of " + label_name(report.target), body + "</ul>\n");
}

template <class Lazy>
void write_html(const std::filesystem::path& path, const ConceptReport& report) {
  write_file(path, html(report));
}

} // namespace regard::inline REGARD_ABI
