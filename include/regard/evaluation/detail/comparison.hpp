// SPDX-License-Identifier: MIT
// Body of evaluation/comparison.hpp.
#pragma once

#include <regard/evaluation/comparison.hpp>

#include <cmath>
#include <memory>

namespace regard::inline REGARD_ABI {

namespace detail {

/// The values of one column, of one method.
using ScoreColumn = std::vector<std::optional<double>>;

REGARD_LAZY
Index find_column(const MethodScores& scores, std::string_view name) {
  return static_cast<Index>(std::find(scores.columns.begin(), scores.columns.end(), name) -
                            scores.columns.begin());
}

REGARD_LAZY
ScoreColumn column_of(const MethodScores& scores, Index method, Index column) {
  ScoreColumn values(scores.inputs());
  for (Index i = 0; i < values.size(); ++i)
    values[i] = scores.values[(i * scores.methods.size() + method) * scores.columns.size() + column];
  return values;
}

/// A metric as a function of how often each input counts.
struct NamedStatistic {
  std::string name;
  Bootstrap::Statistic statistic;
};

/// The statistics of one method. What they refer to is kept by them.
REGARD_LAZY
std::vector<NamedStatistic> statistics_of(const MethodScores& scores, Index method) {
  std::vector<NamedStatistic> result;
  const auto add_mean = [&](std::string name, ScoreColumn values) {
    const auto kept = std::make_shared<const ScoreColumn>(std::move(values));
    result.push_back({std::move(name), [kept, mean = weighted_mean(*kept)](std::span<const double> weights) {
                        return mean(weights);
                      }});
  };
  for (Index c = 0; c < scores.columns.size(); ++c) {
    const std::string& name = scores.columns[c];
    ScoreColumn values = column_of(scores, method, c);
    if (name == "degenerate")
      continue;
    if (name != "kept_label") {
      add_mean(name, std::move(values));
      continue;
    }
    const auto kept = std::make_shared<std::vector<Index>>();
    const auto actual = std::make_shared<const std::vector<Index>>(scores.labels);
    for (const auto& value : values)
      kept->push_back(value ? static_cast<Index>(*value) : static_cast<Index>(-1));
    for (const bool macro : {true, false})
      result.push_back({macro ? "f1_macro" : "f1_weighted",
                        [kept, actual, macro](std::span<const double> weights) -> std::optional<double> {
                          const auto f1 = f1_scores(*kept, *actual, weights);
                          if (!f1)
                            return {};
                          return macro ? f1->macro : f1->weighted;
                        }});
    ScoreColumn agreement(kept->size());
    for (Index i = 0; i < kept->size(); ++i)
      agreement[i] = (*kept)[i] == scores.predictions[i] ? 1 : 0;
    add_mean("agreement", std::move(agreement));
  }
  const auto find = [&](std::string_view name) {
    const auto found =
        std::find_if(result.begin(), result.end(), [&](const auto& other) { return other.name == name; });
    return found == result.end() ? Bootstrap::Statistic() : found->statistic;
  };
  const auto precision = find("iou_precision"), recall = find("iou_recall");
  if (precision && recall)
    result.push_back(
        {"iou_f1", [precision, recall](std::span<const double> weights) -> std::optional<double> {
           const auto p = precision(weights), r = recall(weights);
           if (!p || !r)
             return {};
           return *p > 0 && *r > 0 ? 2 * *p * *r / (*p + *r) : 0;
         }});
  return result;
}

REGARD_LAZY
Bootstrap::Statistic difference_of(const Bootstrap::Statistic& a, const Bootstrap::Statistic& b) {
  return [a, b](std::span<const double> weights) -> std::optional<double> {
    const auto first = a(weights), second = b(weights);
    if (!first || !second)
      return {};
    return *first - *second;
  };
}

} // namespace detail

template <class Lazy>
void MethodScores::add(Index label, Index prediction, std::span<const std::optional<double>> input_values) {
  if (input_values.size() != methods.size() * columns.size())
    throw InvalidArgument("values: found " + std::to_string(input_values.size()) + ", expected " +
                          std::to_string(methods.size()) + " methods times " +
                          std::to_string(columns.size()) + " columns");
  for (Index i = 0; i < input_values.size(); ++i)
    if (input_values[i] && !std::isfinite(*input_values[i]))
      throw InvalidArgument("values: found " + std::to_string(*input_values[i]) + " for " +
                            columns[i % columns.size()] + " of " + methods[i / columns.size()] +
                            ", expected a finite number");
  labels.push_back(label);
  predictions.push_back(prediction);
  values.insert(values.end(), input_values.begin(), input_values.end());
}

REGARD_INLINE const MetricSummary* MethodSummary::find(std::string_view name) const {
  for (const MetricSummary& metric : metrics)
    if (metric.name == name)
      return &metric;
  return nullptr;
}

template <class Lazy>
Comparison compare(const MethodScores& scores, const ComparisonOptions& options) {
  const auto reference = static_cast<Index>(
      std::find(scores.methods.begin(), scores.methods.end(), options.reference) - scores.methods.begin());
  if (!options.reference.empty() && reference == scores.methods.size())
    throw InvalidArgument("reference: found '" + options.reference +
                          "', expected one of the methods that are compared");
  std::vector<std::vector<detail::NamedStatistic>> statistics;
  for (Index m = 0; m < scores.methods.size(); ++m)
    statistics.push_back(detail::statistics_of(scores, m));

  // One list for all, so that the resamples are drawn once: a metric, then its difference.
  std::vector<Bootstrap::Statistic> all;
  for (Index m = 0; m < statistics.size(); ++m)
    for (Index s = 0; s < statistics[m].size(); ++s) {
      all.push_back(statistics[m][s].statistic);
      if (reference < statistics.size() && m != reference)
        all.push_back(detail::difference_of(statistics[m][s].statistic, statistics[reference][s].statistic));
    }
  const Bootstrap bootstrap(scores.inputs(), options.bootstrap);
  const auto intervals = bootstrap.intervals(all);
  const std::vector<double> once(scores.inputs(), 1.0);

  Comparison result;
  result.reference = options.reference;
  if (scores.inputs() > 0) {
    const F1 f1 = *f1_scores(scores.predictions, scores.labels);
    Index right = 0;
    for (Index i = 0; i < scores.inputs(); ++i)
      right += scores.predictions[i] == scores.labels[i] ? 1 : 0;
    result.model = {static_cast<double>(right) / static_cast<double>(scores.inputs()), f1.macro, f1.weighted};
  }
  Index next = 0;
  const Index degenerate = detail::find_column(scores, "degenerate");
  for (Index m = 0; m < statistics.size(); ++m) {
    MethodSummary method;
    method.method = scores.methods[m];
    method.n = scores.inputs();
    if (degenerate < scores.columns.size())
      for (const auto& value : detail::column_of(scores, m, degenerate))
        method.degenerate += value.value_or(0) != 0 ? 1 : 0;
    for (const detail::NamedStatistic& statistic : statistics[m]) {
      MetricSummary metric;
      metric.name = statistic.name;
      metric.value = all[next](once);
      metric.interval = intervals[next++];
      if (reference < statistics.size() && m != reference) {
        metric.difference = all[next](once);
        metric.difference_interval = intervals[next++];
      }
      method.metrics.push_back(std::move(metric));
    }
    result.methods.push_back(std::move(method));
  }
  return result;
}

} // namespace regard::inline REGARD_ABI
