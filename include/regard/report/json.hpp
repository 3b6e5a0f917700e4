// SPDX-License-Identifier: MIT
// An explanation as one line of JSON, for logs and for other programs.
//
//     std::ofstream("why.jsonl") << regard::json(why) << '\n';
#pragma once

#include <regard/attribution/explanation.hpp>

#include <string>

namespace regard::inline REGARD_ABI {

/// One object on one line (no line break at its end), UTF-8, with these keys in this order:
///
///     version, model, text, prediction{index,label,probabilities[]}, method, solver, status, seed, samples,
///     masking, value_function, singleton, target{index,label}, tokens[{text,id,begin,end,special}],
///     players[[token index]], values[], standard_errors[]|null, value_empty, value_full, completeness_gap,
///     evaluations, degenerate, dropped_tokens, words[{text,begin,end,value}],
///     logits[], labels[], layers[]|null, scalar, player_unit, value_kind, options{name: text}
///
/// `value_kind` says what the values are, and so what the three numbers after them mean (Explanation has the
/// details):
///
///     shapley          Shapley or Owen values of a game: they add up to value_full - value_empty, but for
///                      completeness_gap (rounding, or sampling)
///     output-score     scores of the model's output, which need not add up: value_full is the output (what
///                      `value_function` names) for the input, value_empty with all players hidden or at the
///                      baseline, completeness_gap what is left
///     attention-score  shares of an amount of attention: value_full is the amount over all tokens,
///     value_empty
///                      0, completeness_gap the share of tokens that are no players
///     random           noise: value_full is the sum of the values
///
/// An image has `image` (its name) in place of `text`, and patches[{x,y,width,height}] in place of tokens and
/// words: in pixels of the image that was given, row by row. `players` then index the patches; `image_size`
/// {width,height} and `grid` {rows,columns} stand at the end.
///
/// A sentence pair adds `text_pair` at the end and `segment` (0: text, 1: text_pair) to tokens and words.
/// What does not apply (an empty string, no layers) is null. Numbers are printed so that they read back as
/// the same double.
///
/// `begin` and `end` are byte offsets into the text as it was given. Where that was no valid UTF-8, the
/// `text` written here has U+FFFD in place of the wrong bytes, and offsets behind them refer to the given
/// bytes alone.
/// @throws InvalidArgument  naming the key, when a number is not finite or an index points nowhere.
REGARD_LAZY std::string json(const Explanation& why);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/json.hpp>
#endif
