// SPDX-License-Identifier: MIT
// An explanation as a table for a terminal or a log. Needs Eigen alone.
//
//     std::cout << regard::terminal(why);
//
//     text        a gripping , funny film
//     prediction  positive, probability 0.9810
//     ...
//     token        value
//     gripping   +0.4310 │███████████████████████████
//     film       -0.0310 ...
#pragma once

#include <regard/attribution/explanation.hpp>

#include <string>

namespace regard::inline REGARD_ABI {

/// How a table is set.
struct TerminalOptions {
  /// Colour bars by sign with ANSI escape sequences: blue for the target, orange against it. Without, the
  /// result holds no escape sequence, whatever the text holds.
  bool color = false;
  /// Columns of the widest line; less than 40 counts as 40.
  Index width = 80;
};

/// What was explained, one row for each player (piece, value, standard error if there is one, bar), one for
/// each word where words are made of several players, and what to know about the result.
///
/// Bars are proportional to |value|, the longest filling its side; where values of both signs exist they grow
/// from a common zero axis. Values share one number of decimals, four significant digits for the largest.
/// Tokens that are no players are listed below the table. Control characters of the text are replaced by
/// visible ones, and what is no UTF-8 by U+FFFD.
/// @throws InvalidArgument  naming the field, when sizes do not agree or an index points nowhere.
REGARD_LAZY std::string terminal(const Explanation& why, TerminalOptions options = {});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/terminal.hpp>
#endif
