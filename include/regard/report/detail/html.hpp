// SPDX-License-Identifier: MIT
// Body of report/html.hpp. Only `escape` turns text from outside into markup.
#pragma once

#include <regard/core/output.hpp>
#include <regard/report/detail/format.hpp>
#include <regard/report/detail/html_style.hpp>
#include <regard/report/detail/unicode.hpp>
#include <regard/report/html.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

namespace regard::inline REGARD_ABI {

namespace detail::report {

/// Text as the content of an element or of a quoted attribute.
REGARD_LAZY
std::string escape(std::string_view text, bool keep_lines = false) {
  std::string result;
  for (const char c : printable(text, keep_lines)) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else if (c == '\'')
      result += "&#39;";
    else
      result += c;
  }
  return result;
}

/// A text from outside that may have another language and direction than the page.
REGARD_LAZY
std::string foreign(std::string_view text) {
  return "<bdi lang=\"und\">" + escape(text) + "</bdi>";
}

/// “text”, shortened to a length that suits a heading.
REGARD_LAZY
std::string quoted(std::string_view text, Index width) {
  const auto lines = wrap(printable(text), width, 1);
  return "“" + foreign(lines.empty() ? std::string_view() : std::string_view(lines.front())) + "”";
}

REGARD_LAZY
std::string percent(double fraction) {
  return to_text(100 * fraction, std::chars_format::fixed, 2) + "%";
}

/// The part of a page that belongs to one explanation.
REGARD_LAZY
class HtmlArticle {
 public:
  /// @param level  of the article's own heading: 1 when it is alone on its page, else 2
  /// @param figures  markup of the pictures of an image
  HtmlArticle(const Explanation& why, Index number, Index level, const std::string& figures = "")
      : why_(why), number_(number), level_(level) {
    check(why);
    out_ = "<article id=\"explanation-" + std::to_string(number) + "\">\n";
    summary();
    if (why.image) {
      image(figures);
    } else {
      words();
      tokens();
    }
    classes();
    players();
    repeat();
    out_ += "</article>\n";
  }

  std::string take() { return std::move(out_); }

 private:
  void heading(const std::string& text) {
    const auto tag = "h" + std::to_string(level_ + 1);
    out_ += "<" + tag + " class=\"section\">" + text + "</" + tag + ">\n";
  }

  /// What was predicted and what is explained, in words.
  void summary() {
    const auto tag = "h" + std::to_string(level_);
    out_ += "<" + tag + " class=\"title\">" + (level_ == 1 ? "" : std::to_string(number_) + ". ") + "Why " +
            quoted(label_name(why_.target), 60) + "?</" + tag + ">\n";
    const bool regression = why_.probabilities.empty() && why_.logits.size() == 1;
    out_ += "<p class=\"lead\">The model" +
            (why_.model.empty() ? "" : " <strong>" + foreign(why_.model) + "</strong>") +
            (regression ? " gives " : " predicts ") + "<strong>" + foreign(label_name(why_.prediction)) +
            "</strong>" +
            (regression ? " the value <strong>" + to_text(why_.logits[0], std::chars_format::general, 6) +
                              "</strong>"
                        : with_probability(why_.prediction.index)) +
            ". ";
    out_ += "The values below explain ";
    if (why_.target.index == why_.prediction.index)
      out_ += regression ? "it" : "that class";
    else
      out_ += "another class, <strong>" + foreign(label_name(why_.target)) + "</strong>" +
              with_probability(why_.target.index) + ",";
    out_ += (why_.method.empty() ? "" : " by the method <strong>" + escape(why_.method) + "</strong>") +
            ".</p>\n";

    std::string notices;
    if (why_.degenerate)
      notices += "<li>All values tie: this explanation ranks nothing.</li>\n";
    if (why_.dropped_tokens > 0)
      notices += "<li>" + plural(why_.dropped_tokens, "token") + " beyond the model’s maximum length " +
                 (why_.dropped_tokens == 1 ? "was" : "were") +
                 " dropped: the model did not see the end of the text.</li>\n";
    if (const std::string kind = kind_of_scores(why_); !kind.empty())
      notices += "<li>The values are " + kind + ".</li>\n";
    if (has_gap(why_) && !shares_attention(why_))
      notices += "<li>The values do not add up to v(full) − v(empty): a gap of " +
                 exact(why_.completeness_gap) + " remains.</li>\n";
    if (!notices.empty())
      out_ += "<ul class=\"notices\">\n" + notices + "</ul>\n";
  }

  std::string with_probability(Index label) const {
    if (label >= why_.probabilities.size())
      return "";
    return " with probability <strong>" + escape(probability(why_.probabilities[label])) + "</strong>";
  }

  /// The text with each word shaded, or the bare text where no words are known.
  void words() {
    heading(why_.words.empty() ? "Text" : "Words");
    const auto values = word_values(why_);
    const double largest = extent(values).largest();
    for (Index segment = 0; segment < (why_.text_pair ? 2u : 1u); ++segment) {
      const std::string& text = segment_text(why_, segment);
      if (why_.text_pair)
        out_ += segment == 0 ? "<p class=\"which\">First text</p>\n" : "<p class=\"which\">Second text</p>\n";
      out_ += "<p class=\"sentence\" lang=\"und\" dir=\"auto\">";
      if (text.empty())
        out_ += "<span class=\"soft\">(empty)</span>";
      Index shown = 0;
      for (const auto& word : why_.words) {
        if (word.segment != segment || word.begin < shown || word.begin == word.end)
          continue;
        out_ += escape(text.substr(shown, word.begin - shown), true);
        const auto span = text.substr(word.begin, word.end - word.begin);
        out_ += mark("", word.value, largest, escape(span),
                     escape(span) + ": " + exact(word.value) + " (bytes " + std::to_string(word.begin) +
                         " to " + std::to_string(word.end) + ")");
        shown = word.end;
      }
      out_ += escape(text.substr(shown), true) + "</p>\n";
    }
    if (!why_.words.empty())
      legend(largest, why_.player_unit == "words" ? "Each word is one player."
                                                  : "A word’s value is the sum over its tokens.");
  }

  /// The image beside its shaded patches.
  void image(const std::string& figures) {
    heading("Image");
    if (!why_.image->name.empty())
      out_ += "<p class=\"soft\">" + foreign(why_.image->name) + ", " + std::to_string(why_.image->width) +
              " × " + std::to_string(why_.image->height) + " pixels</p>\n";
    out_ += figures;
    legend(extent(why_.values).largest(), "The model sees " + std::to_string(why_.image->rows) + " × " +
                                              std::to_string(why_.image->columns) + " patches; each of the " +
                                              plural(why_.players.size(), "player") + " is " +
                                              (has_groups(why_) ? "a block of them." : "one of them."));
  }

  /// The pieces of the vocabulary that the model saw, in its order; a line for each segment.
  void tokens() {
    if (why_.tokens.empty())
      return;
    heading("Tokens");
    const auto player = player_of_token(why_);
    const double largest = extent(why_.values).largest();
    bool others = false;
    for (Index t = 0; t < why_.tokens.size(); ++t) {
      const auto& token = why_.tokens[t];
      if (t == 0 || token.segment != why_.tokens[t - 1].segment)
        out_ += std::string(t == 0 ? "" : "</p>\n") + "<p class=\"tokens\" lang=\"und\">";
      else
        out_ += '\n';
      const Index p = player[t];
      if (p == why_.players.size()) {
        others = true;
        out_ += "<span class=\"token other\" title=\"" + escape(token.text) + ": no player\">" +
                escape(token.text) + "</span>";
        continue;
      }
      out_ += mark("token ", why_.values[p], largest, escape(token.text),
                   escape(token.text) + ": " + exact(why_.values[p]) + " (player " + std::to_string(p) +
                       ", token id " + std::to_string(token.id) + ")");
    }
    out_ += "</p>\n";
    std::string remark;
    if (has_groups(why_))
      remark = "Tokens of one player share its value.";
    if (others)
      remark += std::string(remark.empty() ? "" : " ") + "Dotted frame: no player.";
    legend(largest, remark);
  }

  /// A piece of text shaded by its value.
  std::string mark(const std::string& classes, double value, double largest, const std::string& text,
                   const std::string& title) const {
    const double share =
        largest > 0 && std::isfinite(value) && !why_.degenerate ? std::abs(value) / largest : 0;
    std::string attributes = "class=\"" + classes + "mark";
    if (share > 0)
      attributes += std::string(value > 0 ? " plus" : " minus") +
                    "\" style=\"--v:" + to_text(share, std::chars_format::fixed, 3);
    return "<span " + attributes + "\" title=\"" + title + "\">" + text + "</span>";
  }

  void legend(double largest, const std::string& remark) {
    out_ += "<p class=\"legend\">";
    if (largest > 0 && !why_.degenerate) {
      // What attention games share out is attention that speaks for the target; only the others can be said
      // to pull the model's output in a direction.
      const bool signs = !why_.value_function.empty() && !why_.value_function.ends_with("attention") &&
                         !shares_attention(why_);
      const auto target = quoted(label_name(why_.target), 40);
      out_ += "<span class=\"mark plus\" style=\"--v:1\">" + (signs ? "towards " + target : "above zero") +
              "</span><span class=\"mark minus\" style=\"--v:1\">" +
              (signs ? "against " + target : "below zero") +
              "</span>Full shade and thickest line: |value| = " + NumberFormat(largest)(largest) + ". ";
    }
    out_ += remark + "</p>\n";
  }

  void classes() {
    const bool probable = !why_.probabilities.empty();
    const Index count = probable ? why_.probabilities.size() : why_.logits.size();
    if (count == 0)
      return;
    heading(probable ? "Classes" : "Outputs");
    std::vector<Index> order(count);
    std::iota(order.begin(), order.end(), Index{0});
    if (probable)
      std::stable_sort(order.begin(), order.end(),
                       [this](Index a, Index b) { return why_.probabilities[a] > why_.probabilities[b]; });
    const bool logits = why_.logits.size() == count;
    const NumberFormat format(extent(why_.logits).largest());
    open_table("Classes",
               std::string("<th>Class</th>") + (logits ? "<th class=\"number\">Logit</th>" : "") +
                   (probable ? "<th class=\"number\">Probability</th><th class=\"chart\"></th>" : ""));
    for (const Index i : order) {
      out_ += "<tr><td class=\"name\">" + foreign(label_name(why_, i));
      const std::string tags = std::string(i == why_.prediction.index ? "predicted" : "") +
                               (i == why_.prediction.index && i == why_.target.index ? ", " : "") +
                               (i == why_.target.index ? "explained" : "");
      if (!tags.empty())
        out_ += " <span class=\"tag\">" + tags + "</span>";
      out_ += "</td>";
      if (logits)
        out_ += number(why_.logits[i], format(why_.logits[i]));
      if (probable)
        out_ += number(why_.probabilities[i], escape(probability(why_.probabilities[i]))) +
                "<td class=\"chart\"><span class=\"track\"><span class=\"bar class\" style=\"--x:0;--w:" +
                percent(std::isfinite(why_.probabilities[i]) ? why_.probabilities[i] : 0) +
                "\"></span></span></td>";
      out_ += "</tr>\n";
    }
    close_table();
  }

  void players() {
    heading("Players");
    if (why_.players.empty()) {
      out_ += "<p>No players: there is nothing to attribute the prediction to.</p>\n";
      return;
    }
    const Extent size = extent(why_.values);
    const double errors = why_.standard_errors ? extent(*why_.standard_errors).largest() : 0;
    const NumberFormat format(std::max(size.largest(), errors));
    const auto rank = ranks();
    const std::string what = why_.image ? "x, y, size" : has_groups(why_) ? "Tokens" : "Token";
    const auto order = listed_players();
    open_table("Players", "<th class=\"number wide\">Player</th><th>" + what +
                              "</th><th class=\"number\">Value</th>" +
                              (why_.standard_errors ? "<th class=\"number\">Std. error</th>" : "") +
                              "<th class=\"chart\"></th>" +
                              (why_.degenerate ? "" : "<th class=\"number wide\">Rank</th>"));
    for (const Index p : order) {
      out_ += "<tr><td class=\"number wide\">" + std::to_string(p) + "</td><td class=\"name\" title=\"" +
              where(p) + "\"><bdi class=\"piece" + std::string(why_.image ? " whole" : "") +
              "\" lang=\"und\">" + escape(player_name(why_, p)) + "</bdi></td>" +
              number(why_.values[p], format.with_sign(why_.values[p]));
      if (why_.standard_errors)
        out_ += number((*why_.standard_errors)[p], format((*why_.standard_errors)[p]));
      out_ += "<td class=\"chart\">" + bar(why_.values[p], size) + "</td>";
      if (!why_.degenerate)
        out_ += "<td class=\"number wide\">" + std::to_string(rank[p]) + "</td>";
      out_ += "</tr>\n";
    }
    close_table();
    if (order.size() < why_.players.size())
      out_ += "<p class=\"legend\">The " + std::to_string(order.size()) +
              " players with the largest |value| of " + std::to_string(why_.players.size()) + ".</p>\n";
    out_ += std::string("<p class=\"legend wide\">Players are numbered from 0 ") +
            (why_.image ? "row by row" : "in the order of the text");
    if (!why_.degenerate)
      out_ += "; rank 1 has the largest |value|";
    out_ += ".</p>\n";
  }

  /// All players of a text in its order; of an image, which may have hundreds, the top ones.
  std::vector<Index> listed_players() const {
    constexpr Index most = 24;
    std::vector<Index> order;
    if (why_.image) {
      order = by_magnitude(why_);
      order.resize(std::min(order.size(), most));
    } else {
      order.resize(why_.players.size());
      std::iota(order.begin(), order.end(), Index{0});
    }
    return order;
  }

  /// Tokens and bytes of a player, or its patches.
  std::string where(Index p) const {
    if (why_.image)
      return "patch" + std::string(why_.players[p].size() == 1 ? " " : "es ") + join(why_.players[p]);
    std::string text =
        "token" + std::string(why_.players[p].size() == 1 ? " " : "s ") + join(why_.players[p]);
    for (const Index t : why_.players[p])
      text += "; bytes " + std::to_string(why_.tokens[t].begin) + " to " + std::to_string(why_.tokens[t].end);
    return text;
  }

  /// 1 for the largest |value|; ties share a rank.
  std::vector<Index> ranks() const {
    std::vector<double> sizes;
    sizes.reserve(why_.values.size());
    for (const double value : why_.values)
      sizes.push_back(std::isfinite(value) ? std::abs(value) : 0);
    auto sorted = sizes;
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    std::vector<Index> rank;
    rank.reserve(sizes.size());
    for (const double value : sizes)
      rank.push_back(
          1 + static_cast<Index>(std::lower_bound(sorted.begin(), sorted.end(), value, std::greater<>()) -
                                 sorted.begin()));
    return rank;
  }

  /// A bar from the common zero axis.
  static std::string bar(double value, const Extent& size) {
    if (size.largest() <= 0)
      return "<span class=\"track\"></span>";
    const double zero = size.negative / size.sum();
    const double length = std::isfinite(value) ? std::abs(value) / size.sum() : 0;
    return "<span class=\"track\"><span class=\"bar" + std::string(value < 0 ? " against" : "") +
           "\" style=\"--x:" + percent(value < 0 ? zero - length : zero) + ";--w:" + percent(length) +
           "\"></span><span class=\"axis\" style=\"--x:" + percent(zero) + "\"></span></span>";
  }

  /// A number as shown, the exact one on hovering.
  static std::string number(double value, const std::string& shown) {
    return "<td class=\"number\" title=\"" + exact(value) + "\">" + shown + "</td>";
  }

  void open_table(const std::string& name, const std::string& head) {
    out_ += "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + name +
            "\">\n<table>\n<thead><tr>" + head + "</tr></thead>\n<tbody>\n";
  }
  void close_table() { out_ += "</tbody>\n</table>\n</div>\n"; }

  void repeat() {
    heading("Repeat this");
    const auto name = [](const Label& label) {
      return foreign(label_name(label)) + " (index " + std::to_string(label.index) + ")";
    };
    const auto fact = [this](const std::string& term, const std::string& markup) {
      out_ += "<li><span class=\"term\">" + term + "</span> " +
              (markup.empty() ? "<span class=\"soft\">does not apply</span>" : markup) + "</li>\n";
    };
    out_ += "<ul class=\"facts\">\n";
    fact("Version", "regard " + escape(why_.version));
    fact("Model", escape(why_.model));
    fact("Prediction", name(why_.prediction));
    fact("Target", name(why_.target));
    fact("Method", escape(why_.method));
    fact("Solver", escape(why_.solver));
    fact("Status", escape(why_.status));
    fact("Seed", std::to_string(why_.seed));
    fact("Samples", std::to_string(why_.samples));
    fact("Evaluations", std::to_string(why_.evaluations));
    fact("Value function", escape(why_.value_function));
    fact("Masking", escape(why_.masking));
    fact("Singleton", escape(why_.singleton));
    fact("Layers", join(why_.layers));
    fact("Scalar", escape(why_.scalar));
    fact("Players", escape(why_.player_unit));
    std::string others;
    for (const auto& [option, value] : why_.options)
      others += (others.empty() ? "" : ", ") + escape(option) + " " + escape(value);
    fact("Further options", others);
    fact("Values", escape(why_.value_kind));
    fact("v(empty)", exact(why_.value_empty));
    fact("v(full)", exact(why_.value_full));
    fact("Completeness gap", exact(why_.completeness_gap));
    fact("Dropped tokens", std::to_string(why_.dropped_tokens));
    out_ += "</ul>\n";
  }

  const Explanation& why_;
  Index number_, level_;
  std::string out_;
};

REGARD_LAZY
std::string html_page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
         escape(title) + "</title>\n<style>" + std::string(html_style) +
         "</style>\n</head>\n<body>\n<main>\n" + body + "<footer>Written by regard " + version +
         ". Hover over a word, a token or a number for its exact "
         "value.</footer>\n</main>\n</body>\n</html>\n";
}

REGARD_LAZY
std::string html_title(const Explanation& why) {
  return "Why " + label_name(why.target) + "? " + fit(printable(why.image ? why.image->name : why.text), 60);
}

REGARD_LAZY
std::string html_contents(std::span<const Explanation> explanations) {
  std::string rows;
  for (Index i = 0; i < explanations.size(); ++i) {
    const auto& why = explanations[i];
    rows += "<tr><td class=\"number wide\">" + std::to_string(i + 1) + "</td><td><a href=\"#explanation-" +
            std::to_string(i + 1) + "\">" + quoted(why.image ? why.image->name : why.text, 64) +
            "</a></td><td>" + foreign(label_name(why.prediction)) + "</td><td>" +
            foreign(label_name(why.target)) + "</td><td class=\"wide\">" + escape(why.method) +
            "</td></tr>\n";
  }
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Contents\">\n<table>\n<thead><tr>"
         "<th class=\"number wide\"></th><th>Input</th><th>Predicted</th><th>Explained</th>"
         "<th class=\"wide\">Method</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody>\n</table>\n</div>\n";
}

} // namespace detail::report

template <class Lazy>
std::string html(const Explanation& why) {
  using namespace detail::report;
  return html_page(html_title(why), HtmlArticle<>(why, 1, 1).take());
}

template <class Lazy>
std::string html(std::span<const Explanation> explanations) {
  using namespace detail::report;
  if (explanations.size() == 1)
    return html(explanations.front());
  const auto title = plural(explanations.size(), "explanation");
  std::string body = "<h1>" + title + "</h1>\n";
  if (!explanations.empty())
    body += html_contents(explanations);
  for (Index i = 0; i < explanations.size(); ++i)
    body += HtmlArticle<>(explanations[i], i + 1, 2).take();
  return html_page(title, body);
}

template <class Lazy>
void write_html(const std::filesystem::path& path, const Explanation& why) {
  write_file(path, html(why));
}

template <class Lazy>
void write_html(const std::filesystem::path& path, std::span<const Explanation> explanations) {
  write_file(path, html(explanations));
}

} // namespace regard::inline REGARD_ABI
