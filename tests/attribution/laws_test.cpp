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
        }) == "finite completeness ");
  Index calls = 0;
  CHECK(broken([&](Explanation& why) {
          if (why.values.size() < 2)
            return;
          const double moved = 1e-9 * static_cast<double>(++calls);
          why.values[0] += moved;
          why.values[1] -= moved;
        }) == "repeatable ");
}
