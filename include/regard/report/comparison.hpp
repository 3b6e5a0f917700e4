// SPDX-License-Identifier: MIT
// Reports of a comparison of methods: a table for the terminal, CSV, JSON, a chart, and a page.
//
//     regard::ComparisonReport report;
//     report.comparison = regard::compare(scores, {.reference = "grad-attention-mutual"});
//     std::cout << regard::terminal(report);
//     regard::write_file("comparison.svg", regard::svg(report));
#pragma once

#include <regard/evaluation/comparison.hpp>
#include <regard/report/terminal.hpp>

#include <filesystem>
#include <utility>

namespace regard::inline REGARD_ABI {

/// How the methods agree with each other.
struct RankAgreement {
  std::vector<std::optional<double>> spearman; ///< [methods, methods], row by row: mean over inputs
  std::vector<std::optional<double>> kendall;
};

/// A comparison with what is needed to repeat it.
struct ComparisonReport {
  Comparison comparison;
  std::vector<std::pair<std::string, std::string>> facts; ///< name and content, in the order to show
  std::optional<RankAgreement> agreement;
};

/// A line for each method: comprehensiveness, sufficiency and F1 with intervals and differences to the
/// reference, seconds; then blocks for the other metrics.
REGARD_LAZY std::string terminal(const ComparisonReport& report, TerminalOptions options = {});

/// A header line, then a line for each method: every metric, its interval and its difference. Empty where
/// there is no number.
REGARD_LAZY std::string csv(const ComparisonReport& report);

/// An object on one line, with null where there is no number. Needs nlohmann/json
/// (report/comparison_json.hpp).
///
///     {"rows":[{"method","n","degenerate","seconds_per_input",METRIC,METRIC_ci:[lo,hi],
///     METRIC_difference,METRIC_difference_ci,..}],"reference","model":{"accuracy","f1_macro","f1_weighted"},
///     "rank_agreement"?:{"methods","spearman","kendall"}}
REGARD_LAZY std::string json(const ComparisonReport& report);

/// A chart that stands alone (SVG): a panel for each of `metrics` (empty: the first four of
/// comprehensiveness, sufficiency, f1_macro, auprc, token_f1, iou_f1 that there are, and seconds), a mark and
/// an interval for each method. Methods are sorted by the first panel.
REGARD_LAZY std::string svg(const ComparisonReport& report, std::span<const std::string> metrics = {});

/// The rank agreement as a picture that stands alone (SVG): mean Spearman correlation of each pair of
/// methods. Throws InvalidArgument where the comparison has none.
REGARD_LAZY std::string agreement_svg(const ComparisonReport& report);

/// A page that stands alone: the chart, the table and the facts.
REGARD_LAZY std::string html(const ComparisonReport& report);

/// The page as a file, written whole or not at all.
REGARD_LAZY void write_html(const std::filesystem::path& path, const ComparisonReport& report);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/comparison.hpp>
#endif
