// SPDX-License-Identifier: MIT
// Body of tcav/concept_score.hpp.
#pragma once

#include <regard/tcav/concept_score.hpp>

#include <array>

namespace regard::inline REGARD_ABI {

namespace detail {

inline constexpr std::array<std::string_view, 5> significance_names{"random-concepts", "one-sample",
                                                                    "two-sample", "welch", "permutation"};

} // namespace detail

REGARD_INLINE std::string_view to_string(SignificanceTest test) {
  return detail::significance_names.at(static_cast<std::size_t>(test));
}

REGARD_INLINE std::optional<SignificanceTest> find_significance_test(std::string_view name) {
  for (std::size_t i = 0; i < detail::significance_names.size(); ++i)
    if (detail::significance_names[i] == name)
      return static_cast<SignificanceTest>(i);
  return std::nullopt;
}

REGARD_INLINE std::string ConceptScore::status() const {
  std::string text;
  const auto add = [&](bool holds, std::string_view word) {
    if (holds)
      text.append(text.empty() ? "" : ",").append(word);
  };
  add(no_direction, "no_direction");
  add(not_converged, "not_converged");
  add(chance, "chance");
  add(!accuracy, "not_validated");
  add(negatives_exhausted, "negatives_exhausted");
  add(test.status != TestStatus::tested && !no_direction, to_string(test.status));
  return text.empty() ? "ok" : text;
}

} // namespace regard::inline REGARD_ABI
