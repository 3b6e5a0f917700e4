// SPDX-License-Identifier: MIT
// From the numbers of every input and method to a table of methods: means, F1, bootstrap intervals, and
// differences to a reference method on the same inputs.
//
//     regard::MethodScores scores;
//     scores.methods = {"a", "b"};
//     scores.columns = {"comprehensiveness", "kept_label"};
//     scores.add(label, prediction, values); // for each input: [methods, columns]
//     const regard::Comparison comparison = regard::compare(scores, {.reference = "a"});
#pragma once

#include <regard/evaluation/statistics.hpp>

#include <string>

namespace regard::inline REGARD_ABI {

/// What was measured of each input, before anything is averaged.
struct MethodScores {
  std::vector<std::string> methods;
  /// What was measured. Some names mean more than a number to average: `kept_label` is the class predicted
  /// from a method's best players, and gives f1_macro, f1_weighted and agreement; `iou_precision` and
  /// `iou_recall` give iou_f1, of their means; `degenerate` is 1 where all values tied, and is counted.
  std::vector<std::string> columns;
  std::vector<Index> labels;                 ///< of each input: the true class
  std::vector<Index> predictions;            ///< of each input: the model's class
  std::vector<std::optional<double>> values; ///< [inputs, methods, columns]; none where not defined

  Index inputs() const { return labels.size(); }
  /// Adds an input. Throws InvalidArgument for another number of values than methods times columns, or one
  /// that is not finite.
  REGARD_LAZY void add(Index label, Index prediction, std::span<const std::optional<double>> input_values);
};

/// One metric of one method.
struct MetricSummary {
  std::string name;
  std::optional<double> value;                 ///< none where no input has one
  std::optional<Interval> interval;            ///< percentile bootstrap over inputs
  std::optional<double> difference;            ///< to the reference method; none for itself
  std::optional<Interval> difference_interval; ///< paired: both methods on the same resampled inputs
};

/// One method.
struct MethodSummary {
  std::string method;
  Index n = 0;                             ///< inputs
  Index degenerate = 0;                    ///< inputs on which all values tied
  std::optional<double> seconds_per_input; ///< of computing the explanation
  std::vector<MetricSummary> metrics;

  /// The metric of that name, or nullptr.
  const MetricSummary* find(std::string_view name) const;
};

/// What the model does with nothing hidden.
struct ModelSummary {
  std::optional<double> accuracy;
  std::optional<double> f1_macro, f1_weighted;
};

/// A table of methods.
struct Comparison {
  std::string reference; ///< empty: no differences
  ModelSummary model;
  std::vector<MethodSummary> methods; ///< in the order of the scores
};

/// How methods are compared.
struct ComparisonOptions {
  std::string reference; ///< one of the methods, or empty
  BootstrapOptions bootstrap;
};

/// Throws InvalidArgument for a reference that is none of the methods.
REGARD_LAZY Comparison compare(const MethodScores& scores, const ComparisonOptions& options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/comparison.hpp>
#endif
