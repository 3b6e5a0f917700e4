// SPDX-License-Identifier: MIT
// Body of report/json.hpp.
#pragma once

#include <regard/report/detail/format.hpp>
#include <regard/report/detail/unicode.hpp>
#include <regard/report/json.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <span>

namespace regard::inline REGARD_ABI {

namespace detail::report {

template <class Json = nlohmann::ordered_json>
Json json_number(double value, const std::string& key) {
  if (!std::isfinite(value))
    throw InvalidArgument("cannot write this explanation as JSON: " + key + " is " + exact(value) +
                          ", expected a finite number");
  return value;
}

template <class Json = nlohmann::ordered_json>
Json json_numbers(std::span<const double> values, const std::string& key) {
  Json list = Json::array();
  for (Index i = 0; i < values.size(); ++i)
    list.push_back(json_number<Json>(values[i], key + "[" + std::to_string(i) + "]"));
  return list;
}

template <class Json = nlohmann::ordered_json>
Json json_string(const std::string& text) {
  return text.empty() ? Json() : Json(valid_utf8(text));
}

template <class Json = nlohmann::ordered_json>
Json json_label(const Label& label) {
  return {{"index", label.index}, {"label", valid_utf8(label_name(label))}};
}

template <class Json = nlohmann::ordered_json>
Json json_tokens(const Explanation& why) {
  Json tokens = Json::array();
  for (const auto& token : why.tokens) {
    Json entry = {{"text", valid_utf8(token.text)},
                  {"id", token.id},
                  {"begin", token.begin},
                  {"end", token.end},
                  {"special", token.special}};
    if (why.text_pair)
      entry["segment"] = token.segment;
    tokens.push_back(std::move(entry));
  }
  return tokens;
}

template <class Json = nlohmann::ordered_json>
Json json_patches(const Explanation& why) {
  Json patches = Json::array();
  for (const auto& patch : why.patches)
    patches.push_back({{"x", json_number<Json>(patch.x, "patches.x")},
                       {"y", json_number<Json>(patch.y, "patches.y")},
                       {"width", json_number<Json>(patch.width, "patches.width")},
                       {"height", json_number<Json>(patch.height, "patches.height")}});
  return patches;
}

template <class Json = nlohmann::ordered_json>
Json json_words(const Explanation& why) {
  Json words = Json::array();
  for (Index w = 0; w < why.words.size(); ++w) {
    const auto& word = why.words[w];
    Json entry = {{"text", valid_utf8(word.text)},
                  {"begin", word.begin},
                  {"end", word.end},
                  {"value", json_number<Json>(word.value, "words[" + std::to_string(w) + "].value")}};
    if (why.text_pair)
      entry["segment"] = word.segment;
    words.push_back(std::move(entry));
  }
  return words;
}

} // namespace detail::report

template <class Lazy>
std::string json(const Explanation& why) {
  using namespace detail::report;
  using Json = detail::Deferred<Lazy, nlohmann::ordered_json>;
  check(why);
  Json object;
  object["version"] = valid_utf8(why.version);
  object["model"] = json_string<Json>(why.model);
  if (why.image)
    object["image"] = valid_utf8(why.image->name);
  else
    object["text"] = valid_utf8(why.text);
  // An explanation that was stopped before it began predicts nothing.
  object["prediction"] = why.logits.empty() ? Json() : json_label<Json>(why.prediction);
  if (!why.logits.empty())
    object["prediction"]["probabilities"] = json_numbers<Json>(why.probabilities, "prediction.probabilities");
  object["method"] = json_string<Json>(why.method);
  object["solver"] = json_string<Json>(why.solver);
  object["status"] = json_string<Json>(why.status);
  object["seed"] = why.seed;
  object["samples"] = why.samples;
  object["masking"] = json_string<Json>(why.masking);
  object["value_function"] = json_string<Json>(why.value_function);
  object["singleton"] = json_string<Json>(why.singleton);
  object["target"] = why.logits.empty() ? Json() : json_label<Json>(why.target);
  if (why.image)
    object["patches"] = json_patches<Json>(why);
  else
    object["tokens"] = json_tokens<Json>(why);
  object["players"] = why.players;
  object["values"] = json_numbers<Json>(why.values, "values");
  object["standard_errors"] =
      why.standard_errors ? json_numbers<Json>(*why.standard_errors, "standard_errors") : Json();
  object["value_empty"] = json_number<Json>(why.value_empty, "value_empty");
  object["value_full"] = json_number<Json>(why.value_full, "value_full");
  object["completeness_gap"] = json_number<Json>(why.completeness_gap, "completeness_gap");
  object["evaluations"] = why.evaluations;
  object["degenerate"] = why.degenerate;
  object["dropped_tokens"] = why.dropped_tokens;
  if (!why.image)
    object["words"] = json_words<Json>(why);

  object["logits"] = json_numbers<Json>(why.logits, "logits");
  object["labels"] = Json::array();
  for (const auto& label : why.labels)
    object["labels"].push_back(valid_utf8(label));
  object["layers"] = why.layers.empty() ? Json() : Json(why.layers);
  object["scalar"] = json_string<Json>(why.scalar);
  object["player_unit"] = json_string<Json>(why.player_unit);
  object["value_kind"] = json_string<Json>(why.value_kind);
  object["options"] = Json::object();
  for (const auto& [name, value] : why.options)
    object["options"][valid_utf8(name)] = valid_utf8(value);
  if (why.text_pair)
    object["text_pair"] = valid_utf8(*why.text_pair);
  if (why.image) {
    object["image_size"] = {{"width", why.image->width}, {"height", why.image->height}};
    object["grid"] = {{"rows", why.image->rows}, {"columns", why.image->columns}};
  }
  return object.dump();
}

} // namespace regard::inline REGARD_ABI
