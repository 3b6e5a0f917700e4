// SPDX-License-Identifier: MIT
// Body of report/comparison.hpp.
#pragma once

#include <regard/core/output.hpp>
#include <regard/report/comparison.hpp>
#include <regard/report/detail/html.hpp>
#include <regard/report/detail/terminal.hpp>

namespace regard::inline REGARD_ABI {

namespace detail::report {

/// A metric as a reader calls it, and which way is better.
struct MetricTitle {
  std::string_view name, title, better;
};

inline constexpr std::array<MetricTitle, 22> metric_titles{{
    {"comprehensiveness", "comprehensiveness", "higher"},
    {"sufficiency", "sufficiency", "lower"},
    {"f1_macro", "F1 macro", "higher"},
    {"f1_weighted", "F1 weighted", "higher"},
    {"agreement", "agreement", "higher"},
    {"aopc_comprehensiveness", "AOPC compreh.", "higher"},
    {"aopc_sufficiency", "AOPC sufficiency", "lower"},
    {"log_odds", "log-odds", "lower"},
    {"deletion_auc", "deletion AUC", "lower"},
    {"insertion_auc", "insertion AUC", "higher"},
    {"monotone", "monotone", "higher"},
    {"rising_steps", "rising steps", "higher"},
    {"infidelity", "infidelity", "lower"},
    {"max_sensitivity", "max-sensitivity", "lower"},
    {"randomisation", "randomisation", "lower"},
    {"randomisation_full", "randomisation, all", "lower"},
    {"token_f1", "token F1", "higher"},
    {"iou_precision", "IOU precision", "higher"},
    {"iou_recall", "IOU recall", "higher"},
    {"iou_f1", "IOU F1", "higher"},
    {"auprc", "AUPRC", "higher"},
    {"seconds", "seconds an input", "lower"},
}};

REGARD_LAZY
MetricTitle metric_title(std::string_view name) {
  for (const MetricTitle& title : metric_titles)
    if (title.name == name)
      return title;
  return {name, name, ""};
}

/// With an arrow to where it is better.
REGARD_LAZY
std::string metric_heading(std::string_view name) {
  const MetricTitle title = metric_title(name);
  return std::string(title.title) + (title.better == "higher" ? " ↑" : title.better == "lower" ? " ↓" : "");
}

/// The names of all metrics, each once, in the order of the rows.
REGARD_LAZY
std::vector<std::string> metric_names(const Comparison& comparison) {
  std::vector<std::string> names;
  for (const MethodSummary& method : comparison.methods)
    for (const MetricSummary& metric : method.metrics)
      if (std::find(names.begin(), names.end(), metric.name) == names.end())
        names.push_back(metric.name);
  return names;
}

REGARD_LAZY
std::string right_aligned(const std::string& text, Index width) {
  return std::string(width - std::min(width, columns(text)), ' ') + text;
}

REGARD_LAZY
std::string fixed(double value, int digits) {
  return to_text(value == 0 ? 0.0 : value, std::chars_format::fixed, digits); // no -0
}

/// "+0.012*": an asterisk where the interval of the difference excludes 0.
REGARD_LAZY
std::string difference_text(const MetricSummary& metric) {
  if (!metric.difference)
    return "";
  const bool clear = metric.difference_interval &&
                     (metric.difference_interval->lower > 0 || metric.difference_interval->upper < 0);
  return (*metric.difference > 0 ? "+" : "") + fixed(*metric.difference, 3) + (clear ? "*" : " ");
}

/// ".83", "-.07", "1", "0".
REGARD_LAZY
std::string agreement_text(double value) {
  std::string text = fixed(std::round(100 * value) / 100, 2);
  if (text == "1.00" || text == "-1.00" || text == "0.00")
    return text.substr(0, text.size() - 3);
  return text.erase(text.find('0'), 1);
}

REGARD_LAZY
std::string seconds_text(const std::optional<double>& seconds) {
  return seconds ? to_text(*seconds, std::chars_format::general, 3) : "-";
}

/// Where a number stands in a panel of the chart.
struct ChartValue {
  std::optional<double> value;
  std::optional<Interval> interval;
};

REGARD_LAZY
ChartValue chart_value(const MethodSummary& method, const std::string& metric) {
  if (metric == "seconds")
    return {method.seconds_per_input, {}};
  const MetricSummary* found = method.find(metric);
  return found == nullptr ? ChartValue{} : ChartValue{found->value, found->interval};
}

/// The chart: a row for each method, a panel for each metric.
REGARD_LAZY
class ComparisonChart {
 public:
  ComparisonChart(const ComparisonReport& report, std::vector<std::string> metrics)
      : comparison_(report.comparison), metrics_(std::move(metrics)) {
    for (const MethodSummary& method : comparison_.methods)
      order_.push_back(&method);
    if (!metrics_.empty()) {
      const bool lower = metric_title(metrics_.front()).better == "lower";
      std::stable_sort(order_.begin(), order_.end(), [&](const auto* a, const auto* b) {
        const auto x = chart_value(*a, metrics_.front()).value, y = chart_value(*b, metrics_.front()).value;
        if (!x || !y)
          return x.has_value() && !y.has_value();
        return lower ? *x < *y : *x > *y;
      });
    }
    for (const MethodSummary* method : order_)
      names_ = std::max(names_, 7.0 * static_cast<double>(columns(method->method)) + 16);
    draw();
  }

  std::string take() { return std::move(out_); }

 private:
  static constexpr double row_height = 19, top = 46, panel_width = 190, gap = 34;

  static std::string number(double value) { return to_text(value, std::chars_format::fixed, 1); }

  double y(Index row) const { return top + row_height * (static_cast<double>(row) + 0.5); }
  double bottom() const { return top + row_height * static_cast<double>(order_.size()); }

  void text(double x, double at, const std::string& anchor, const std::string& content,
            const std::string& more = "") {
    out_ += "<text x=\"" + number(x) + "\" y=\"" + number(at) + "\" text-anchor=\"" + anchor + "\"" + more +
            ">" + escape(content) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& style) {
    out_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" +
            number(y2) + "\" " + style + "/>\n";
  }

  void draw() {
    const double width = names_ + static_cast<double>(metrics_.size()) * (panel_width + gap) + 8,
                 height = bottom() + 30;
    out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + " " + number(height) +
           "\" width=\"" + number(width) + "\" height=\"" + number(height) +
           "\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#1b1f24\" role=\"img\" "
           "aria-label=\"Comparison of methods\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
    for (Index row = 0; row < order_.size(); ++row) {
      if (row % 2 == 0)
        out_ += "<rect x=\"0\" y=\"" + number(y(row) - row_height / 2) + "\" width=\"" + number(width) +
                "\" height=\"" + number(row_height) + "\" fill=\"#f5f7f9\"/>\n";
      text(names_ - 8, y(row) + 4, "end", printable(order_[row]->method),
           order_[row]->method == comparison_.reference ? " font-weight=\"700\"" : "");
    }
    for (Index p = 0; p < metrics_.size(); ++p)
      panel(names_ + static_cast<double>(p) * (panel_width + gap), metrics_[p]);
    out_ += "</svg>\n";
  }

  void panel(double left, const std::string& metric) {
    const bool logarithmic = metric == "seconds";
    double low = HUGE_VAL, high = -HUGE_VAL;
    const auto see = [&](double value) {
      if (logarithmic && !(value > 0))
        return;
      low = std::min(low, logarithmic ? std::log10(value) : value);
      high = std::max(high, logarithmic ? std::log10(value) : value);
    };
    for (const MethodSummary* method : order_) {
      const ChartValue shown = chart_value(*method, metric);
      if (shown.value)
        see(*shown.value);
      if (shown.interval) {
        see(shown.interval->lower);
        see(shown.interval->upper);
      }
    }
    const MetricTitle title = metric_title(metric);
    text(left + panel_width / 2, 18, "middle", std::string(title.title), " font-weight=\"600\"");
    text(left + panel_width / 2, 34, "middle",
         std::string(title.better) + (title.better.empty() ? "" : " is better") +
             (logarithmic ? ", log scale" : ""),
         " fill=\"#59626c\" font-size=\"11\"");
    if (!(low <= high))
      return;
    // Ticks at round numbers: 1, 2 or 5 times a power of ten apart.
    double step = 1;
    if (!logarithmic) {
      const double raw = std::max(high - low, 1e-9) / 3;
      const double power = std::pow(10, std::floor(std::log10(raw)));
      step = raw / power < 1.5   ? power
             : raw / power < 3.5 ? 2 * power
             : raw / power < 7.5 ? 5 * power
                                 : 10 * power;
    }
    const double first = std::floor(low / step) * step,
                 last = std::max(std::ceil(high / step) * step, first + step);
    const auto x = [&](double value) {
      return left + 4 + (panel_width - 8) * (value - first) / (last - first);
    };
    const auto place = [&](double value) { return x(logarithmic ? std::log10(value) : value); };
    const auto ticks = static_cast<Index>(std::llround((last - first) / step));
    const Index every = ticks / 6 + 1;
    for (Index t = 0; t <= ticks; t += every) {
      const double value = first + step * static_cast<double>(t);
      line(x(value), top, x(value), bottom(),
           std::abs(value) < step / 2 && !logarithmic ? "stroke=\"#9aa4ae\"" : "stroke=\"#d4d9df\"");
      text(x(value), bottom() + 16, "middle",
           logarithmic ? to_text(std::pow(10, value), std::chars_format::general, 3)
                       : fixed(value, std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)))),
           " fill=\"#59626c\" font-size=\"11\"");
    }
    for (const MethodSummary* method : order_)
      if (method->method == comparison_.reference)
        if (const auto value = chart_value(*method, metric).value; value && (!logarithmic || *value > 0))
          line(place(*value), top, place(*value), bottom(), "stroke=\"#0072b2\" stroke-dasharray=\"4 3\"");
    for (Index row = 0; row < order_.size(); ++row) {
      const ChartValue shown = chart_value(*order_[row], metric);
      if (!shown.value || (logarithmic && !(*shown.value > 0)))
        continue;
      const bool reference = order_[row]->method == comparison_.reference;
      const std::string color = reference                         ? "#0072b2"
                                : order_[row]->method == "random" ? "#d55e00"
                                                                  : "#1b1f24";
      if (shown.interval)
        line(place(shown.interval->lower), y(row), place(shown.interval->upper), y(row),
             "stroke=\"" + color + "\" stroke-width=\"2\"");
      out_ += "<circle cx=\"" + number(place(*shown.value)) + "\" cy=\"" + number(y(row)) +
              "\" r=\"3.6\" fill=\"" + color + "\"><title>" + escape(order_[row]->method) + ": " +
              exact(*shown.value) + "</title></circle>\n";
    }
  }

  const Comparison& comparison_;
  std::vector<std::string> metrics_;
  std::vector<const MethodSummary*> order_;
  double names_ = 120;
  std::string out_;
};

/// How the methods agree, as a picture: a square for each pair, blue for agreement, orange against it.
REGARD_LAZY
std::string agreement_chart(const ComparisonReport& report) {
  constexpr double cell = 22;
  const auto number = [](double value) { return to_text(value, std::chars_format::general, 6); };
  const auto& methods = report.comparison.methods;
  const Index count = methods.size();
  double names = 60;
  for (const MethodSummary& method : methods)
    names = std::max(names, std::round(6.4 * static_cast<double>(columns(method.method)) + 12));
  const double side = cell * static_cast<double>(count), top = std::round(0.72 * names);
  std::string squares, values, labels;
  for (Index i = 0; i < count; ++i) {
    const double at = (static_cast<double>(i) + 0.5) * cell;
    const std::string name = escape(printable(methods[i].method));
    labels += "<text x=\"" + number(names - 6) + "\" y=\"" + number(top + at + 4) +
              "\" text-anchor=\"end\">" + name + "</text>\n<text transform=\"translate(" +
              number(names + at + 3) + " " + number(top - 5) + ") rotate(-45)\">" + name + "</text>\n";
    for (Index j = 0; j < count; ++j) {
      const auto& value = report.agreement->spearman.at(i * count + j);
      if (!value)
        continue;
      const double x = names + static_cast<double>(j) * cell, y = top + static_cast<double>(i) * cell;
      const double size = std::min(1.0, std::abs(*value));
      squares += "<path d=\"M" + number(x) + " " + number(y) + "h21v21h-21z\" fill=\"" +
                 (*value >= 0 ? "#0072b2" : "#d55e00") + "\" opacity=\"" + fixed(size, 2) + "\"/>\n";
      values += "<text x=\"" + number(x + 10.5) + "\" y=\"" + number(y + 14) + "\"" +
                (size > 0.7 ? " fill=\"#fff\"" : "") + ">" + agreement_text(*value) + "</text>\n";
    }
  }
  const std::string width = number(names + side + top + 8), height = number(top + side + 8);
  return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + width + " " + height + "\" width=\"" +
         width + "\" height=\"" + height +
         "\" font-family=\"system-ui, sans-serif\" font-size=\"11\" fill=\"#1b1f24\" role=\"img\" "
         "aria-label=\"Rank agreement of methods\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
         labels + squares + "<g text-anchor=\"middle\" font-size=\"8\">\n" + values + "</g>\n</svg>\n";
}

/// A cell of a table of the page.
REGARD_LAZY
std::string number_cell(const std::optional<double>& value, const std::string& shown) {
  return "<td class=\"number\"" + (value ? " title=\"" + exact(*value) + "\"" : std::string()) + ">" +
         escape(shown) + "</td>";
}

} // namespace detail::report

template <class Lazy>
std::string terminal(const ComparisonReport& report, TerminalOptions options) {
  using namespace detail::report;
  const Comparison& comparison = report.comparison;
  TerminalPage<> page(options);
  for (const auto& [name, content] : report.facts)
    page.fact(name, content);
  Index name_width = 6;
  for (const MethodSummary& method : comparison.methods)
    name_width = std::max(name_width, columns(printable(method.method)));
  std::vector<std::string> names = metric_names(comparison);
  names.emplace_back("seconds");
  constexpr Index width = 31; // "0.1234 [0.1111, 0.2222] +0.012*"
  const auto cell = [](const MethodSummary& method, const std::string& name) -> std::string {
    if (name == "seconds")
      return right_aligned(seconds_text(method.seconds_per_input), 9);
    const MetricSummary* metric = method.find(name);
    if (metric == nullptr || !metric->value)
      return right_aligned("-", 7);
    return right_aligned(fixed(*metric->value, 3), 7) +
           (metric->interval ? right_aligned(" [" + fixed(metric->interval->lower, 3) + ", " +
                                                 fixed(metric->interval->upper, 3) + "]",
                                             17)
                             : "") +
           right_aligned(difference_text(*metric), 8);
  };
  for (Index first = 0; first < names.size(); first += 2) {
    page.blank();
    std::string head = fit("method", name_width);
    for (Index c = first; c < std::min(first + 2, names.size()); ++c)
      head += "  " + fit(metric_heading(names[c]), width + 1);
    page.line(head.substr(0, head.find_last_not_of(' ') + 1));
    for (const MethodSummary& method : comparison.methods) {
      std::string row = fit(printable(method.method), name_width);
      for (Index c = first; c < std::min(first + 2, names.size()); ++c)
        row += "  " + fit(cell(method, names[c]), width + 1);
      page.line(row.substr(0, row.find_last_not_of(' ') + 1));
    }
  }
  page.blank();
  if (!comparison.reference.empty())
    page.note("Signed numbers: difference to " + comparison.reference +
              " on the same inputs, * where its interval excludes 0. Arrows: where it is better.");
  for (const MethodSummary& method : comparison.methods)
    if (method.degenerate > 0)
      page.note(method.method + ": all values tie on " + std::to_string(method.degenerate) + " of " +
                plural(method.n, "input") + ", where it ranks nothing.");
  return page.take();
}

template <class Lazy>
std::string csv(const ComparisonReport& report) {
  using namespace detail::report;
  const std::vector<std::string> names = metric_names(report.comparison);
  std::string out = "method,n,degenerate,seconds_per_input";
  for (const std::string& name : names)
    for (const char* const part : {"", "_low", "_high", "_difference", "_difference_low", "_difference_high"})
      out += "," + name + part;
  out += "\n";
  const auto add = [&out](const std::optional<double>& value) {
    out += "," + (value ? exact(*value) : std::string());
  };
  const auto add_interval = [&](const std::optional<Interval>& interval) {
    add(interval ? std::optional(interval->lower) : std::nullopt);
    add(interval ? std::optional(interval->upper) : std::nullopt);
  };
  for (const MethodSummary& method : report.comparison.methods) {
    out += method.method + "," + std::to_string(method.n) + "," + std::to_string(method.degenerate);
    add(method.seconds_per_input);
    for (const std::string& name : names) {
      const MetricSummary* found = method.find(name);
      const MetricSummary metric = found == nullptr ? MetricSummary{} : *found;
      add(metric.value);
      add_interval(metric.interval);
      add(metric.difference);
      add_interval(metric.difference_interval);
    }
    out += "\n";
  }
  return out;
}

template <class Lazy>
std::string svg(const ComparisonReport& report, std::span<const std::string> metrics) {
  std::vector<std::string> panels(metrics.begin(), metrics.end());
  if (panels.empty()) {
    const auto present = detail::report::metric_names(report.comparison);
    for (const char* const name :
         {"comprehensiveness", "sufficiency", "f1_macro", "auprc", "token_f1", "iou_f1"})
      if (panels.size() < 4 && std::find(present.begin(), present.end(), name) != present.end())
        panels.emplace_back(name);
    panels.emplace_back("seconds");
  }
  return detail::report::ComparisonChart<>(report, std::move(panels)).take();
}

template <class Lazy>
std::string agreement_svg(const ComparisonReport& report) {
  if (!report.agreement)
    throw InvalidArgument("rank agreement: found none in this comparison");
  return detail::report::agreement_chart(report);
}

template <class Lazy>
std::string html(const ComparisonReport& report) {
  using namespace detail::report;
  const Comparison& comparison = report.comparison;
  std::string body = "<style>.chart-figure svg { width: 100%; height: auto; border-radius: 4px } main { "
                     "max-width: 72rem }</style>\n"
                     "<h1>Comparison of " +
                     plural(comparison.methods.size(), "method") + "</h1>\n";
  if (!comparison.methods.empty())
    body += "<p class=\"lead\">On " + plural(comparison.methods.front().n, "input") +
            (comparison.model.accuracy
                 ? "; the model is right on " + percent(*comparison.model.accuracy) + " of them"
                 : "") +
            ".</p>\n";
  body += "<figure class=\"chart-figure\">" + svg(report) + "</figure>\n";
  const std::vector<std::string> names = metric_names(comparison);
  body += "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Metrics\">\n<table>\n<thead><tr>"
          "<th>Method</th>";
  for (const std::string& name : names)
    body += "<th class=\"number\" title=\"" + escape(metric_heading(name)) + "\">" +
            escape(metric_title(name).title) + "</th><th class=\"number\">difference</th>";
  body += "<th class=\"number\">seconds an input</th></tr></thead>\n<tbody>\n";
  for (const MethodSummary& method : comparison.methods) {
    body += "<tr><td style=\"white-space: nowrap\">" + escape(method.method) + "</td>";
    for (const std::string& name : names) {
      const MetricSummary* found = method.find(name);
      const MetricSummary metric = found == nullptr ? MetricSummary{} : *found;
      body += number_cell(
          metric.value, metric.value ? fixed(*metric.value, 3) +
                                           (metric.interval ? " [" + fixed(metric.interval->lower, 3) + ", " +
                                                                  fixed(metric.interval->upper, 3) + "]"
                                                            : "")
                                     : "-");
      body += number_cell(metric.difference, metric.difference ? difference_text(metric) : "");
    }
    body += number_cell(method.seconds_per_input, seconds_text(method.seconds_per_input)) + "</tr>\n";
  }
  body += "</tbody>\n</table>\n</div>\n";
  if (!comparison.reference.empty())
    body += "<p class=\"legend\">Brackets: percentile bootstrap interval over inputs. Difference: to " +
            escape(comparison.reference) + " on the same inputs, * where its interval excludes 0.</p>\n";
  if (report.agreement)
    body += "<h2 class=\"section\">Rank agreement</h2>\n<figure class=\"chart-figure\">" +
            agreement_chart(report) +
            "</figure>\n<p class=\"legend\">Mean of Spearman’s rank correlation over inputs.</p>\n";
  body += "<h2 class=\"section\">Repeat this</h2>\n<ul class=\"facts\">\n";
  for (const auto& [name, content] : report.facts)
    body += "<li><span class=\"term\">" + escape(name) + "</span> " + foreign(content) + "</li>\n";
  return html_page("Comparison of methods", body + "</ul>\n");
}

template <class Lazy>
void write_html(const std::filesystem::path& path, const ComparisonReport& report) {
  write_file(path, html(report));
}

} // namespace regard::inline REGARD_ABI
