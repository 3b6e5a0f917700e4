// SPDX-License-Identifier: MIT
// Body of report/terminal.hpp.
#pragma once

#include <regard/report/detail/format.hpp>
#include <regard/report/detail/unicode.hpp>
#include <regard/report/terminal.hpp>

#include <array>
#include <cmath>

namespace regard::inline REGARD_ABI {

namespace detail::report {

/// Lines of a fixed width. Every text passes through `printable` on its way in.
REGARD_LAZY
class TerminalPage {
 public:
  explicit TerminalPage(TerminalOptions options)
      : color_(options.color), width_(std::max<Index>(options.width, 40)) {}

  /// "name  content", the content wrapped beside the name.
  void fact(std::string_view name, std::string_view content, Index max_lines = 2) {
    static constexpr Index indent = 12;
    bool first = true;
    for (const auto& line : wrap(printable(content), width_ - indent, max_lines)) {
      text_ += styled("2", fit(first ? std::string(name) : std::string(), indent)) + line + '\n';
      first = false;
    }
  }

  /// A warning or a remark over the whole width.
  void note(std::string_view content) {
    for (const auto& line : wrap(printable(content), width_, 4))
      text_ += line + '\n';
  }

  /// A line of a table of the caller's, made of printable text.
  void line(const std::string& content) { text_ += content + '\n'; }

  void blank() { text_ += '\n'; }

  /// One row a value: name, value, standard error, bar.
  void table(std::string_view heading, const std::vector<std::string>& names,
             const std::vector<double>& values, const std::vector<double>* errors) {
    const Extent size = extent(values);
    const NumberFormat format(std::max(size.largest(), errors ? extent(*errors).largest() : 0.0));
    std::vector<std::string> shown, numbers, deviations;
    Index name_width = columns(heading), number_width = 5, deviation_width = 0;
    for (Index i = 0; i < values.size(); ++i) {
      shown.push_back(printable(names[i]));
      numbers.push_back(format.with_sign(values[i]));
      deviations.push_back(errors ? "±" + format((*errors)[i]) : "");
      name_width = std::max(name_width, columns(shown.back()));
      number_width = std::max(number_width, columns(numbers.back()));
      deviation_width = std::max(deviation_width, columns(deviations.back()));
    }
    const Index taken = 2 + number_width + (errors ? 1 + deviation_width : 0) + 1;
    name_width = std::min({name_width, width_ / 4, width_ - taken - 4});
    const BarScale scale(size, width_ - name_width - taken);

    text_ += styled("1", fit(std::string(heading), name_width) + "  " + right("value", number_width) +
                             (errors ? " " + right("s.e.", deviation_width) : "")) +
             '\n';
    for (Index i = 0; i < values.size(); ++i) {
      text_ += fit(shown[i], name_width) + "  " + right(numbers[i], number_width);
      if (errors)
        text_ += ' ' + right(deviations[i], deviation_width);
      text_ += ' ' + bar(values[i], scale) + '\n';
    }
  }

  std::string take() { return std::move(text_); }

 private:
  /// How long bars are: cells on either side of the axis, and cells for a value of one.
  struct BarScale {
    Index left = 0, right = 0;
    double unit = 0;

    BarScale(const Extent& size, Index width) {
      const Index cells = width - 1; // one is the axis
      if (size.largest() <= 0)
        return;
      // The side of the negative values gets its share, and at least one cell.
      const double share = size.negative / size.sum() * static_cast<double>(cells);
      left = std::min(static_cast<Index>(std::ceil(share)), size.positive > 0 ? cells - 1 : cells);
      right = cells - left;
      unit = HUGE_VAL;
      if (size.negative > 0)
        unit = static_cast<double>(left) / size.negative;
      if (size.positive > 0)
        unit = std::min(unit, static_cast<double>(right) / size.positive);
    }
  };

  /// `▐██│` or `│██▌`: block characters, in eighths of a cell to the right and in halves to the left.
  std::string bar(double value, const BarScale& scale) const {
    static constexpr std::array<std::string_view, 8> eighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const double length = std::isfinite(value) ? std::abs(value) * scale.unit : 0;
    const Index parts = value < 0 ? 2 : 8;
    const auto count = static_cast<Index>(std::lround(length * static_cast<double>(parts)));
    std::string blocks;
    for (Index i = 0; i < count / parts; ++i)
      blocks += "█";
    const std::string axis = styled("2", "│");
    if (value < 0) {
      const std::string tip = count % parts != 0 ? "▐" : "";
      return std::string(scale.left - (count + 1) / 2, ' ') + styled("38;5;166", tip + blocks) + axis;
    }
    return std::string(scale.left, ' ') + axis + styled("38;5;33", blocks.append(eighths[count % parts]));
  }

  std::string styled(std::string_view code, const std::string& text) const {
    if (!color_ || text.empty())
      return text;
    return "\x1b[" + std::string(code) + "m" + text + "\x1b[0m";
  }

  static std::string right(const std::string& text, Index width) {
    return std::string(width - std::min(width, columns(text)), ' ') + text;
  }

  bool color_;
  Index width_;
  std::string text_;
};

/// The name of a class and its probability.
REGARD_LAZY
std::string label_with_probability(const Explanation& why, const Label& label) {
  std::string text = label_name(label);
  if (label.index < why.probabilities.size())
    text += ", probability " + probability(why.probabilities[label.index]);
  else if (label.index < why.logits.size())
    text += ", logit " + to_text(why.logits[label.index], std::chars_format::general, 6);
  return text;
}

/// The players of an image with the largest |value|: it has too many to list.
REGARD_LAZY
void print_top_players(TerminalPage<>& page, const Explanation& why) {
  constexpr Index most = 12;
  std::vector<std::string> names;
  std::vector<double> values, errors;
  for (const Index p : by_magnitude(why)) {
    if (names.size() == most)
      break;
    names.push_back(player_name(why, p));
    values.push_back(why.values[p]);
    if (why.standard_errors)
      errors.push_back((*why.standard_errors)[p]);
  }
  page.table("x,y size", names, values, why.standard_errors ? &errors : nullptr);
  if (why.players.size() > most)
    page.note("the largest " + std::to_string(most) + " of " + std::to_string(why.players.size()) + " " +
              why.player_unit);
}

} // namespace detail::report

template <class Lazy>
std::string terminal(const Explanation& why, TerminalOptions options) {
  using namespace detail::report;
  check(why);
  TerminalPage<> page(options);

  if (why.image)
    page.fact("image", (why.image->name.empty() ? "" : why.image->name + ", ") +
                           std::to_string(why.image->width) + " x " + std::to_string(why.image->height) +
                           " pixels, " + std::to_string(why.image->rows) + " x " +
                           std::to_string(why.image->columns) + " patches");
  else
    page.fact("text", why.text.empty() ? "(empty)" : why.text, 3);
  if (why.text_pair)
    page.fact("pair", *why.text_pair, 3);
  page.fact("model", why.model);
  if (why.logits.empty() && why.status == "stopped") {
    page.note("Stopped before the model had read it.");
    return page.take();
  }
  page.fact("prediction", label_with_probability(why, why.prediction));
  page.fact("target", why.target.index == why.prediction.index ? label_name(why.target)
                                                               : label_with_probability(why, why.target));
  std::string how = why.method;
  for (const auto& part : {why.solver, why.status})
    if (!part.empty())
      how += (how.empty() ? "" : ", ") + part;
  for (const auto& [name, value] : why.options)
    how += ", " + name + " " + value;
  page.fact("method", how);
  page.blank();

  if (why.players.empty())
    page.note("No players: there is nothing to attribute the prediction to.");
  else if (why.image)
    print_top_players(page, why);
  else {
    std::vector<std::string> names;
    for (Index p = 0; p < why.players.size(); ++p)
      names.push_back(player_name(why, p));
    page.table(has_groups(why) ? "player" : "token", names, why.values,
               why.standard_errors ? &*why.standard_errors : nullptr);
  }
  if (words_differ_from_players(why)) {
    page.blank();
    std::vector<std::string> names;
    names.reserve(why.words.size());
    for (const auto& word : why.words)
      names.push_back(word.text);
    page.table("word", names, word_values(why), nullptr);
  }
  page.blank();

  const NumberFormat format(
      std::max({extent(why.values).largest(), std::abs(why.value_full), std::abs(why.value_empty)}));
  if (const std::string kind = kind_of_scores(why); !kind.empty())
    page.fact("values", kind);
  if (shares_attention(why)) {
    page.fact("total", format(why.value_full) + ", of which " +
                           format(why.value_full - why.completeness_gap) + " on players");
  } else {
    page.fact("v(full)", format(why.value_full) + ", v(empty) " + format(why.value_empty));
    if (has_gap(why))
      page.fact("gap", format.with_sign(why.completeness_gap) + ": v(full) - v(empty) - sum of the values");
  }
  std::string effort = std::to_string(why.evaluations);
  if (why.samples > 0)
    effort += (kind_of_scores(why).empty() ? ", budget " : ", samples ") + std::to_string(why.samples) +
              ", seed " + std::to_string(why.seed);
  page.fact("evaluations", effort);

  std::string others;
  const auto player = player_of_token(why);
  for (Index t = 0; t < why.tokens.size(); ++t)
    if (player[t] == why.players.size())
      others += (others.empty() ? "" : " ") + why.tokens[t].text;
  if (!others.empty())
    page.fact("not players", others);
  if (why.dropped_tokens > 0)
    page.fact("dropped", plural(why.dropped_tokens, "token") + " beyond the model's maximum length");
  if (why.degenerate)
    page.note("All values tie: this explanation ranks nothing.");
  return page.take();
}

} // namespace regard::inline REGARD_ABI
