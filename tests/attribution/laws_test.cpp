// SPDX-License-Identifier: MIT
// The laws of attribution methods: all methods obey them, and each broken one is named.
#include "support/bundled_model.hpp"
#include "support/catch.hpp"

#include <regard/all.hpp>
#include <regard/testing/attribution_laws.hpp>

using namespace regard;
using testing::check_attribution;

namespace {

const TextClassifier<float>& model() {
  return regard_test::bundled_text_model<float>();
}

const std::vector<TextInput> inputs{"a fine film", "dull", ""};

/// The laws that a damaged explanation breaks, by name.
template <class Damage>
std::string broken(Damage damage) {
  const auto violations = check_attribution(
      [&](const TextInput& input) {
        Explanation why = explain(model(), input, attention_received{});
        damage(why);
        return why;
      },
      inputs);
  std::string names;
  for (const std::string& violation : violations)
    names += violation.substr(0, violation.find(':')) + " ";
  return names;
}

} // namespace

TEST_CASE("every method obeys the laws of attribution", "[laws]") {
  for (const MethodName& name : method_names()) {
    INFO(name.name);
    const auto method = name.make();
    const auto violations =
        check_attribution([&](const TextInput& input) { return explain(model(), input, method); }, inputs);
    CHECK(violations == testing::Violations{});
  }
}

TEST_CASE("each broken law of attribution is named", "[laws]") {
  CHECK(broken([](Explanation&) {}).empty());
  CHECK(broken([](Explanation& why) { why.value_kind = "score"; }) == "kind ");
  CHECK(broken([](Explanation& why) { why.value_full += 1e-3; }) == "completeness ");
  CHECK(broken([](Explanation& why) { why.standard_errors.emplace(); }) == "size ");
  CHECK(broken([](Explanation& why) {
          if (!why.players.empty())
            why.players.back() = {why.tokens.size()};
        }) == "players ");
  CHECK(broken([](Explanation& why) {
          if (why.players.size() > 1)
            why.players[1] = why.players[0];
        }) == "players ");
  CHECK(broken([](Explanation& why) {
          if (!why.values.empty())
            why.values[0] = std::numeric_limits<double>::quiet_NaN();
        }) == "finite ");
  Index calls = 0;
  CHECK(broken([&](Explanation& why) {
          if (why.values.size() < 2)
            return;
          const double moved = 1e-9 * static_cast<double>(++calls);
          auto values = why.values;
          values[0] += moved;
          values[1] -= moved;
          assign_scores(why, std::move(values));
        }) == "repeatable ");
  CHECK(broken([](Explanation& why) { why.degenerate = !why.degenerate; }) == "words ");
  CHECK(broken([](Explanation& why) { why.words.clear(); }) == "words ");
  for (const double value : {1.0, std::numeric_limits<double>::quiet_NaN()})
    CHECK(broken([&](Explanation& why) {
            if (!why.words.empty())
              why.words[0].value = value;
          }) == "words ");
}

TEST_CASE("a method that can be asked is held to each class", "[laws]") {
  const auto asked = [](const TextInput& text, const Target& target = {}) {
    return explain(model(), text, input_x_gradient{}, {.target = target});
  };
  CHECK(check_attribution(asked, inputs) == testing::Violations{});
  CHECK(check_attribution(asked, {"a fine film", "dull"}) == testing::Violations{});
  const auto deaf = [](const TextInput& text, const Target& = {}) {
    return explain(model(), text, input_x_gradient{});
  };
  const auto violations = check_attribution(deaf, inputs);
  REQUIRE(violations.size() == 1);
  CHECK_THAT(violations[0],
             Catch::Matchers::StartsWith("target: input 0, class 0: found an explanation of class 1"));
}

TEST_CASE("assigned scores bring words, gap and ties with them", "[attribution]") {
  const TextInput pair("an unfathomably dreary flick", "unfathomably 12.5 fine");
  for (const PlayerUnit unit : {PlayerUnit::tokens, PlayerUnit::words}) {
    const Explanation before = explain(model(), pair, occlusion{.players = unit});
    Explanation why = explain(model(), pair, random_scores{.players = unit});
    why.value_full = before.value_full;
    why.value_empty = before.value_empty;
    why.standard_errors.emplace(why.values.size(), 1.0);
    assign_scores(why, before.values);
    CHECK(why.values == before.values);
    CHECK(!why.standard_errors);
    CHECK(why.completeness_gap == before.completeness_gap);
    REQUIRE(why.words.size() == before.words.size());
    for (Index w = 0; w < why.words.size(); ++w)
      CHECK(why.words[w].value == before.words[w].value);
    CHECK(!why.degenerate);
    assign_scores(why, std::vector<double>(why.players.size(), 2.0));
    CHECK(why.degenerate);
  }
  Explanation why = explain(model(), "dull film", random_scores{});
  const Explanation same = why;
  CHECK_THROWS_WITH(assign_scores(why, {1}), "random: found 1 values, expected one for each of 2 players");
  CHECK_THROWS_WITH(assign_scores(why, {1, std::numeric_limits<double>::infinity()}),
                    "random: found the value inf of player 1, expected a finite number");
  why.players[1] = {why.tokens.size()};
  CHECK_THROWS_WITH(assign_scores(why, {1, 2}), "random: found token 4 in player 1, expected less than 4");
  why.players[1] = {};
  CHECK_NOTHROW(check_attribution([&](const std::string&) { return why; }, {"dull film"}));
  CHECK(why.values == same.values);
  CHECK(why.words[0].value == same.words[0].value);
}

TEST_CASE("the completeness gap of scores is what they leave, however large they are", "[laws]") {
  Explanation why;
  why.players.resize(3);
  why.value_full = 1;
  assign_scores(why, {1e16, 1, -1e16}); // added plainly: 0
  CHECK(why.completeness_gap == 0);
  why.players.resize(4);
  assign_scores(why, {1e308, 1e308, -1e308, -1e308});
  CHECK(why.completeness_gap == 1);
}
