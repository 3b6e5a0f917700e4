// SPDX-License-Identifier: MIT
// Body of testing/attribution_laws.hpp.
#pragma once

#include <regard/attribution/assign_scores.hpp>
#include <regard/testing/attribution_laws.hpp>
#include <regard/testing/detail/laws.hpp>

#include <array>
#include <string_view>
#include <type_traits>

namespace regard::inline REGARD_ABI {
namespace detail {

/// What follows from the values.
REGARD_LAZY
void check_derived(LawReport& report, const Explanation& why, double allowed) {
  Explanation expected = why;
  assign_scores(expected, why.values);
  if (why.degenerate != expected.degenerate)
    report.violated("words", std::string("found degenerate = ") + (why.degenerate ? "true" : "false") +
                                 ", expected the other");
  if (why.words.empty() && !why.tokens.empty() && !why.players.empty())
    report.violated("words", "found no words, expected those of the text");
  for (Index w = 0; w < why.words.size(); ++w)
    report.near("words", "the value of '" + why.words[w].text + "', the sum of its players",
                why.words[w].value, expected.words[w].value, allowed);
}

REGARD_LAZY
void check_explanation(LawReport& report, const Explanation& why, double tolerance) {
  const Index players = why.players.size();
  if (why.values.size() != players)
    report.violated("size", "found " + std::to_string(why.values.size()) +
                                " values, expected one for each of " + std::to_string(players) + " players");
  if (why.standard_errors && why.standard_errors->size() != players)
    report.violated("size", "found " + std::to_string(why.standard_errors->size()) +
                                " standard errors, expected one for each of " + std::to_string(players) +
                                " players");
  for (Index i = 0; i < why.values.size(); ++i)
    if (!std::isfinite(why.values[i]))
      report.violated("finite",
                      "found the value " + number_text(why.values[i]) + " of player " + std::to_string(i));
  const Index tokens = why.image ? why.patches.size() : why.tokens.size();
  std::vector<bool> taken(tokens, false);
  for (const auto& player : why.players)
    for (const Index token : player) {
      if (token >= tokens || taken[token]) {
        report.violated("players", "found token " + std::to_string(token) +
                                       (token >= tokens ? ", expected less than " + std::to_string(tokens)
                                                        : " in two players, expected one"));
        continue;
      }
      taken[token] = true;
    }
  constexpr std::array<std::string_view, 4> kinds{"shapley", "output-score", "attention-score", "random"};
  if (std::find(kinds.begin(), kinds.end(), why.value_kind) == kinds.end())
    report.violated("kind", "found value_kind \"" + why.value_kind +
                                "\", expected shapley, output-score, attention-score or random");
  if (report.broken("size") || report.broken("finite") || report.broken("players"))
    return;
  const double scale =
      std::max({largest_magnitude(why.values), std::abs(why.value_full), std::abs(why.value_empty)});
  const double sum = why.value_empty + compensated_total(why.values) + why.completeness_gap;
  if (!(std::abs(sum - why.value_full) <= tolerance * scale))
    report.violated("completeness", "value_empty + sum of values + completeness_gap: found " +
                                        number_text(sum) +
                                        ", expected value_full = " + number_text(why.value_full) +
                                        " within " + number_text(tolerance * scale));
  check_derived(report, why, tolerance * scale);
}

} // namespace detail

namespace testing {

template <class Attribution, class Input>
Violations check_attribution(const Attribution& attribution, const std::vector<Input>& inputs,
                             const LawOptions& options) {
  static_assert(std::is_convertible_v<decltype(attribution(inputs[0])), Explanation>,
                "an attribution method returns a regard::Explanation");
  detail::LawReport report;
  std::vector<std::vector<double>> values;
  for (Index i = 0; i < inputs.size(); ++i) {
    const std::string place = "input " + std::to_string(i);
    report.at(place);
    const Explanation why = attribution(inputs[i]);
    detail::check_explanation(report, why, options.tolerance);
    values.push_back(why.values);
    if constexpr (std::is_invocable_v<const Attribution&, const Input&, Index>)
      for (Index label = 0; label < why.labels.size(); ++label) {
        report.at(place + ", class " + std::to_string(label));
        const Explanation other = attribution(inputs[i], label);
        if (other.target.index != label)
          report.violated("target", "found an explanation of class " + std::to_string(other.target.index));
        detail::check_explanation(report, other, options.tolerance);
      }
  }
  for (Index i = inputs.size(); i-- > 0;) {
    report.at("input " + std::to_string(i));
    const Explanation again = attribution(inputs[i]);
    if (again.values.size() != values[i].size())
      report.violated("repeatable", "found " + std::to_string(again.values.size()) +
                                        " values, before there were " + std::to_string(values[i].size()));
    else if (!report.broken("finite"))
      for (Index player = 0; player < values[i].size(); ++player)
        if (again.values[player] != values[i][player])
          report.violated("repeatable", "player " + std::to_string(player) + ": found " +
                                            detail::number_text(again.values[player]) + ", before it was " +
                                            detail::number_text(values[i][player]));
  }
  return report.violations();
}

} // namespace testing
} // namespace regard::inline REGARD_ABI
