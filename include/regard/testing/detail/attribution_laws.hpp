// SPDX-License-Identifier: MIT
// Body of testing/attribution_laws.hpp.
#pragma once

#include <regard/testing/attribution_laws.hpp>
#include <regard/testing/detail/laws.hpp>

#include <array>
#include <string_view>

namespace regard::inline REGARD_ABI {
namespace detail {

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
  const double scale =
      std::max({largest_magnitude(why.values), std::abs(why.value_full), std::abs(why.value_empty)});
  report.near("completeness", "value_empty + sum of values + completeness_gap",
              why.value_empty + compensated_total(why.values) + why.completeness_gap, why.value_full,
              tolerance * scale);
}

} // namespace detail

namespace testing {

template <class Attribution, class Input>
Violations check_attribution(const Attribution& attribution, const std::vector<Input>& inputs,
                             const LawOptions& options) {
  detail::LawReport report;
  std::vector<std::vector<double>> values;
  for (Index i = 0; i < inputs.size(); ++i) {
    report.at("input " + std::to_string(i));
    const Explanation why = attribution(inputs[i]);
    detail::check_explanation(report, why, options.tolerance);
    values.push_back(why.values);
  }
  for (Index i = inputs.size(); i-- > 0;) {
    report.at("input " + std::to_string(i));
    const Explanation again = attribution(inputs[i]);
    if (again.values != values[i] && !report.broken("finite"))
      report.violated("repeatable", "found other values the second time, expected the same");
  }
  return report.violations();
}

} // namespace testing
} // namespace regard::inline REGARD_ABI
