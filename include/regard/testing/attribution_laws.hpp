// SPDX-License-Identifier: MIT
// Laws that every attribution method obeys, for the unit tests of whoever writes one.
//
//     const auto method = [&](const regard::TextInput& text, const regard::Target& target = {}) {
//       return my_method(model, text, target);
//     };
//     CHECK(regard::testing::check_attribution(method, {"a fine film", "dull", ""}).empty());
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/testing/laws.hpp>

namespace regard::inline REGARD_ABI {
namespace testing {

/// Checks a method on some inputs. None of the laws says that the scores mean something: the metrics of
/// evaluation/ do. Neither do they say that scores depend on the class: those of some methods do not.
///
/// - size: one value a player, and as many standard errors where there are some;
/// - finite: every value is a finite number;
/// - players: they are tokens (patches) that are there, and none belongs to two;
/// - kind: value_kind is one of the four that Explanation lists;
/// - completeness: value_empty + sum of values + completeness_gap = value_full, within the tolerance of
///   `options` relative to the largest of these numbers;
/// - words: each is the sum of its players, and `degenerate` says whether all values tie, as `assign_scores`
///   leaves them;
/// - target: an explanation of class c says so, and obeys the laws (of an `attribution` that can be asked);
/// - repeatable: an input has the same values, to the bit, a second time and after other inputs.
/// @param attribution  callable with an input, and, where it can explain any class, with an input and the
///                     Index of a class; returns an Explanation
/// @return the broken laws, one a line, each named once; empty where all hold
template <class Attribution, class Input = std::string>
Violations check_attribution(const Attribution& attribution, const std::vector<Input>& inputs,
                             const LawOptions& options = {});

} // namespace testing
} // namespace regard::inline REGARD_ABI

#include <regard/testing/detail/attribution_laws.hpp>
