// SPDX-License-Identifier: MIT
// A comparison of methods as JSON. Needs nlohmann/json.
#pragma once

#include <regard/report/comparison.hpp>
#include <regard/report/json.hpp>

#if !defined(REGARD_COMPILED)
namespace regard::inline REGARD_ABI {

template <class Lazy>
std::string json(const ComparisonReport& report) {
  using namespace detail::report;
  using Json = detail::Deferred<Lazy, nlohmann::ordered_json>;
  const auto maybe = [](const std::optional<double>& number, const std::string& key) {
    return number ? json_number<Json>(*number, key) : Json();
  };
  const auto pair = [](const std::optional<Interval>& interval, const std::string& key) {
    return interval ? Json::array(
                          {json_number<Json>(interval->lower, key), json_number<Json>(interval->upper, key)})
                    : Json();
  };
  const Comparison& comparison = report.comparison;
  Json object;
  object["rows"] = Json::array();
  for (const MethodSummary& method : comparison.methods) {
    Json row{{"method", json_string<Json>(method.method)},
             {"n", method.n},
             {"degenerate", method.degenerate},
             {"seconds_per_input", maybe(method.seconds_per_input, "seconds_per_input")}};
    for (const MetricSummary& metric : method.metrics) {
      row[metric.name] = maybe(metric.value, metric.name);
      row[metric.name + "_ci"] = pair(metric.interval, metric.name);
      row[metric.name + "_difference"] = maybe(metric.difference, metric.name);
      row[metric.name + "_difference_ci"] = pair(metric.difference_interval, metric.name);
    }
    object["rows"].push_back(std::move(row));
  }
  object["reference"] = comparison.reference.empty() ? Json() : Json(json_string<Json>(comparison.reference));
  object["model"] = Json{{"accuracy", maybe(comparison.model.accuracy, "accuracy")},
                         {"f1_macro", maybe(comparison.model.f1_macro, "f1_macro")},
                         {"f1_weighted", maybe(comparison.model.f1_weighted, "f1_weighted")}};
  object["facts"] = Json::object();
  for (const auto& [name, content] : report.facts)
    object["facts"][name] = json_string<Json>(content);
  if (report.agreement) {
    const Index methods = comparison.methods.size();
    const auto matrix = [&](const std::vector<std::optional<double>>& values) {
      Json rows = Json::array();
      for (Index i = 0; i < methods; ++i) {
        Json row = Json::array();
        for (Index j = 0; j < methods; ++j)
          row.push_back(maybe(values.at(i * methods + j), "rank_agreement"));
        rows.push_back(std::move(row));
      }
      return rows;
    };
    Json names = Json::array();
    for (const MethodSummary& method : comparison.methods)
      names.push_back(json_string<Json>(method.method));
    object["rank_agreement"] = Json{{"methods", std::move(names)},
                                    {"spearman", matrix(report.agreement->spearman)},
                                    {"kendall", matrix(report.agreement->kendall)}};
  }
  return object.dump();
}

} // namespace regard::inline REGARD_ABI
#endif
