// SPDX-License-Identifier: MIT
// Reports of concept scores: a table for the terminal, JSON, and a page with a chart for each concept.
//
//     regard::ConceptReport report;
//     report.results = regard::concept_scores(cavs, pooled);
//     std::cout << regard::terminal(report);
//     regard::write_html("concepts.html", report);
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/report/terminal.hpp>
#include <regard/tcav/concept_score.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A heat map to show on the page of its concept.
struct ConceptExample {
  std::string concept_name;
  Explanation heat_map; ///< as explain_concept makes it
  std::string figure;   ///< markup of the picture, from `concept_figure`; empty for a text
};

/// Concept scores with what is needed to repeat them.
struct ConceptReport {
  std::string version = regard::version;
  std::string model;
  Label target;
  std::string mode = "token";           ///< name of the TokenWeights
  std::string cav = "logistic";         ///< name of the Probe
  std::string negatives = "relative";   ///< name of the Negatives
  std::string test = "random-concepts"; ///< name of the SignificanceTest
  std::string correction = "holm";      ///< name of the Correction
  std::uint64_t seed = 0;
  Index inputs = 0; ///< how many were scored
  std::vector<std::pair<std::string, Index>>
      concepts;     ///< names and how many inputs; 0: unknown (loaded CAVs)
  Index random = 0; ///< how many random inputs there were
  std::vector<ConceptScore> results;
  std::vector<ConceptExample> examples; ///< for the page
};

/// One object on one line; what there is not is null. Needs nlohmann/json (report/concepts_json.hpp).
///
///     {"version","model","target":{"index","label"},"mode","cav","negatives","test","correction","seed",
///     "inputs","results":[{"concept","layer","scores","mean","std","p_value","p_adjusted","effect_size",
///     "cav_accuracy","random_mean","random_std","status"}]}
REGARD_LAZY std::string json(const ConceptReport& report);

/// A table with a line for each concept and block.
REGARD_LAZY std::string terminal(const ConceptReport& report, TerminalOptions options = {});

/// A page that stands alone: for each concept a chart of its mean score over the blocks (a band of one
/// standard deviation, that of random concepts in grey, filled marks where the adjusted p-value is below
/// 0.05), a table, and its heat maps.
REGARD_LAZY std::string html(const ConceptReport& report);

/// The page as a file, written whole or not at all.
REGARD_LAZY void write_html(const std::filesystem::path& path, const ConceptReport& report);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/concepts.hpp>
#endif
