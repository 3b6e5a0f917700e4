// SPDX-License-Identifier: MIT
// Concept scores as JSON. Needs nlohmann/json.
#pragma once

#include <regard/report/concepts.hpp>
#include <regard/report/json.hpp>

#if !defined(REGARD_COMPILED)
namespace regard::inline REGARD_ABI {

template <class Lazy>
std::string json(const ConceptReport& report) {
  using namespace detail::report;
  using Json = detail::Deferred<Lazy, nlohmann::ordered_json>;
  const auto maybe = [](const std::optional<double>& number, const std::string& key) {
    return number ? json_number<Json>(*number, key) : Json();
  };
  Json object{{"version", valid_utf8(report.version)},
              {"model", json_string<Json>(report.model)},
              {"target", json_label<Json>(report.target)},
              {"mode", report.mode},
              {"cav", report.cav},
              {"negatives", report.negatives},
              {"test", report.test},
              {"correction", report.correction},
              {"seed", report.seed},
              {"inputs", report.inputs}};
  object["results"] = Json::array();
  for (const ConceptScore& score : report.results) {
    Json result{{"concept", valid_utf8(score.concept_name)},
                {"layer", score.layer},
                {"scores", json_numbers<Json>(score.scores, "scores")},
                {"mean", json_number<Json>(score.mean, "mean")},
                {"std", json_number<Json>(score.deviation, "std")}};
    result["p_value"] = maybe(score.test.p_value, "p_value");
    result["p_adjusted"] = maybe(score.p_adjusted, "p_adjusted");
    result["effect_size"] = maybe(score.test.effect_size, "effect_size");
    result["cav_accuracy"] = maybe(score.accuracy, "cav_accuracy");
    const detail::Moments random = detail::moments(score.random_scores);
    result["random_mean"] = score.random_scores.empty() ? Json() : Json(random.mean);
    result["random_std"] = score.random_scores.size() < 2 ? Json() : Json(std::sqrt(random.variance()));
    result["status"] = score.status();
    object["results"].push_back(std::move(result));
  }
  return object.dump();
}

} // namespace regard::inline REGARD_ABI
#endif
