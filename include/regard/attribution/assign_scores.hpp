// SPDX-License-Identifier: MIT
// For a method of one's own: scores become the values of an explanation. docs/extending.md shows one.
//
//     auto why = regard::explain(model, text, regard::random_scores{}); // for all but the values
//     why.method = "my-method";
//     why.value_kind = "attention-score";
//     why.value_full = total; // over all tokens
//     regard::assign_scores(why, std::move(scores));
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/core/error.hpp>
#include <regard/core/lazy.hpp>
#include <regard/shapley/result.hpp>

namespace regard::inline REGARD_ABI {

/// Puts in values that are no solver's, and all that follows from them: the sums of the words, whether all
/// values tie, and the gap between their sum and value_full - value_empty, which are set before. Standard
/// errors of other values are dropped.
/// @param values  a finite number for each player, in the order of `why.players`
/// @throws InvalidArgument  naming the player whose value is not finite or whose token is none, or how many
/// values there are; `why` is then as it was
REGARD_LAZY
void assign_scores(Explanation& why, std::vector<double> values);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/attribution/detail/assign_scores.hpp>
#endif
