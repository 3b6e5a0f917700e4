// SPDX-License-Identifier: MIT
#include "report/samples.hpp"
#include "support/catch.hpp"
#include "support/seed.hpp"

#include <regard/report/json.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>

using Json = nlohmann::ordered_json;
using regard::Explanation;
using regard_test::samples;

namespace {

using Strings = std::vector<std::string>;

Strings keys(const Json& object) {
  Strings result;
  for (const auto& entry : object.items())
    result.push_back(entry.key());
  return result;
}

// The contract of explain_text (and what may follow it), in its order.
const Strings contract = {"version",         "model",       "text",           "prediction",
                          "method",          "solver",      "status",         "seed",
                          "samples",         "masking",     "value_function", "singleton",
                          "target",          "tokens",      "players",        "values",
                          "standard_errors", "value_empty", "value_full",     "completeness_gap",
                          "evaluations",     "degenerate",  "dropped_tokens", "words",
                          "logits",          "labels",      "layers",         "scalar",
                          "player_unit",     "value_kind",  "options"};

Strings with(Strings list, const std::string& last) {
  list.push_back(last);
  return list;
}

std::string refusal(const Explanation& why) {
  try {
    return "written: " + regard::json(why);
  } catch (const regard::InvalidArgument& error) {
    return error.what();
  }
}

} // namespace

TEST_CASE("JSON is one line with exactly the contract's keys, in its order", "[json]") {
  for (const auto& why : samples()) {
    const std::string line = regard::json(why);
    CHECK(line.find('\n') == std::string::npos);
    const Json object = Json::parse(line);
    const bool pair = why.text_pair.has_value();
    CHECK(keys(object) == (pair ? with(contract, "text_pair") : contract));
    CHECK(keys(object["prediction"]) == Strings{"index", "label", "probabilities"});
    CHECK(keys(object["target"]) == Strings{"index", "label"});
    const Strings token = {"text", "id", "begin", "end", "special"}, word = {"text", "begin", "end", "value"};
    CHECK(object["tokens"].size() == why.tokens.size());
    CHECK(object["words"].size() == why.words.size());
    for (const auto& entry : object["tokens"])
      CHECK(keys(entry) == (pair ? with(token, "segment") : token));
    for (const auto& entry : object["words"])
      CHECK(keys(entry) == (pair ? with(word, "segment") : word));
  }
}

TEST_CASE("JSON reads back as what was explained", "[json]") {
  const auto why = regard_test::sampled();
  const Json object = Json::parse(regard::json(why));
  CHECK(object["version"] == regard::version);
  CHECK(object["model"] == why.model);
  CHECK(object["text"] == why.text);
  CHECK(object["prediction"]["index"] == 1);
  CHECK(object["prediction"]["label"] == "positive");
  CHECK(object["target"]["index"] == 0);
  CHECK(object["target"]["label"] == "negative");
  CHECK(object["method"] == "kernel-shap");
  CHECK(object["status"] == "budget_reached");
  CHECK(object["seed"] == why.seed);
  CHECK(object["samples"] == 2048);
  CHECK(object["singleton"].is_null());
  CHECK(object["layers"].is_null());
  CHECK(object["players"] == why.players);
  CHECK(object["dropped_tokens"] == 3);
  CHECK(object["degenerate"] == false);
  CHECK(object["labels"] == why.labels);
  for (const auto& token : object["tokens"]) {
    const std::string covered =
        why.text.substr(token["begin"], token["end"].get<std::size_t>() - token["begin"].get<std::size_t>());
    CHECK((token["special"].get<bool>() ? covered.empty() : !covered.empty()));
  }

  const Json empty = Json::parse(regard::json(regard_test::no_players()));
  CHECK(empty["text"] == "");
  for (const auto* key :
       {"model", "method", "solver", "status", "masking", "value_function", "singleton", "standard_errors"})
    CHECK(empty[key].is_null());
  for (const auto* key : {"players", "values", "words"})
    CHECK(empty[key] == Json::array());
  CHECK(empty["prediction"]["label"] == "LABEL_0");
  CHECK(empty["prediction"]["probabilities"] == Json::array());

  const auto pair = regard_test::pair();
  const Json both = Json::parse(regard::json(pair));
  CHECK(both["text_pair"] == *pair.text_pair);
  CHECK(both["tokens"].back()["segment"] == 1);
}

TEST_CASE("every number of JSON reads back as the same double", "[json]") {
  auto why = regard_test::sampled();
  INFO("seed " << regard_test::seed());
  std::mt19937_64 bits(regard_test::seed());
  const auto any = [&bits] {
    double value = HUGE_VAL;
    while (!std::isfinite(value)) {
      const std::uint64_t pattern = bits();
      std::memcpy(&value, &pattern, sizeof value);
    }
    return value;
  };
  for (int run = 0; run < 100; ++run) {
    for (auto* list : {&why.values, &why.probabilities, &why.logits, &*why.standard_errors})
      for (double& value : *list)
        value = any();
    for (auto& word : why.words)
      word.value = any();
    why.value_empty = any();
    why.value_full = std::numeric_limits<double>::denorm_min();
    why.completeness_gap = -0.0;
    const Json object = Json::parse(regard::json(why));
    CHECK(object["values"] == why.values);
    CHECK(object["prediction"]["probabilities"] == why.probabilities);
    CHECK(object["logits"] == why.logits);
    CHECK(object["standard_errors"] == *why.standard_errors);
    for (std::size_t w = 0; w < why.words.size(); ++w)
      CHECK(object["words"][w]["value"] == why.words[w].value);
    CHECK(object["value_empty"] == why.value_empty);
    CHECK(object["value_full"] == why.value_full);
    CHECK(std::signbit(object["completeness_gap"].get<double>()));
  }
}

TEST_CASE("JSON refuses numbers that are not finite, by key", "[json]") {
  struct Case {
    std::string key;
    std::function<double&(Explanation&)> field;
  };
  const std::vector<Case> cases = {
      {"values[3]", [](Explanation& why) -> double& { return why.values[3]; }},
      {"standard_errors[1]", [](Explanation& why) -> double& { return (*why.standard_errors)[1]; }},
      {"prediction.probabilities[0]", [](Explanation& why) -> double& { return why.probabilities[0]; }},
      {"logits[1]", [](Explanation& why) -> double& { return why.logits[1]; }},
      {"words[2].value", [](Explanation& why) -> double& { return why.words[2].value; }},
      {"value_empty", [](Explanation& why) -> double& { return why.value_empty; }},
      {"value_full", [](Explanation& why) -> double& { return why.value_full; }},
      {"completeness_gap", [](Explanation& why) -> double& { return why.completeness_gap; }}};
  for (const auto& item : cases)
    for (const double value : {HUGE_VAL, -HUGE_VAL, std::numeric_limits<double>::quiet_NaN()}) {
      auto why = regard_test::sampled();
      item.field(why) = value;
      const std::string message = refusal(why);
      INFO(message);
      CHECK(message.find(item.key + " is ") != std::string::npos);
    }
}

TEST_CASE("an explanation that contradicts itself is refused, by field", "[json]") {
  struct Case {
    std::string field;
    std::function<void(Explanation&)> damage;
  };
  const std::vector<Case> cases = {
      {"values has 11 entries for 12 players", [](Explanation& why) { why.values.pop_back(); }},
      {"standard_errors has 13 entries", [](Explanation& why) { why.standard_errors->push_back(0); }},
      {"players[2] names token 14 of 14", [](Explanation& why) { why.players[2] = {14}; }},
      {"tokens[1] spans bytes 0 to 1000", [](Explanation& why) { why.tokens[1].end = 1000; }},
      {"words[1] spans bytes 3 to 2", [](Explanation& why) { why.words[1].end = 2; }},
      {"segment 1, which has 0", [](Explanation& why) { why.words[1].segment = 1; }}};
  for (const auto& item : cases) {
    auto why = regard_test::sampled();
    item.damage(why);
    const std::string message = refusal(why);
    INFO(message);
    CHECK(message.find(item.field) != std::string::npos);
  }
}

TEST_CASE("JSON is valid UTF-8 whatever the text holds, and its offsets stay those of the given bytes",
          "[json]") {
  const auto why = regard_test::hostile();
  const std::string line = regard::json(why);
  CHECK(regard::detail::report::valid_utf8(line) == line);
  CHECK(line.find('\x1b') == std::string::npos);
  const Json object = Json::parse(line);
  CHECK(object["labels"][1] == why.labels[1]); // controls are data here, and come back
  CHECK(object["text"].get<std::string>().find("\xef\xbf\xbd") != std::string::npos);
  for (std::size_t t = 0; t < why.tokens.size(); ++t) {
    CHECK(object["tokens"][t]["begin"] == why.tokens[t].begin);
    CHECK(object["tokens"][t]["end"] == why.tokens[t].end);
  }
}
