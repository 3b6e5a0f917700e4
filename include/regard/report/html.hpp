// SPDX-License-Identifier: MIT
// Explanations as a web page that stands alone: one file, no scripts, nothing loaded from elsewhere.
//
//     regard::write_html("why.html", why);
#pragma once

#include <regard/attribution/explanation.hpp>

#include <filesystem>
#include <span>
#include <string>

namespace regard::inline REGARD_ABI {

/// A page (HTML5, UTF-8) for one explanation: its words and its tokens shaded by value, the probabilities of
/// all classes, a table of players, and all that is needed to repeat the computation. It follows the reader's
/// light or dark mode, fits narrow screens, and prints.
///
/// The scale: shade and underline grow linearly with |value|, from nothing at 0 to full at the largest
/// |value| of the row of words, or of tokens, of the same explanation (the legend states it). Shades of two
/// explanations on a page therefore do not compare; the numbers do. Blue with a solid line is positive,
/// orange with a dashed line negative: a pair told apart under the common forms of colour blindness, and the
/// line tells without colour. The text on it keeps a contrast of at least 4.5 (WCAG AA). Where all values tie
/// nothing is shaded.
///
/// All text is escaped; control characters become visible ones, and what is no UTF-8 becomes U+FFFD.
/// @throws InvalidArgument  naming the field, when sizes do not agree or an index points nowhere.
REGARD_LAZY std::string html(const Explanation& why);

/// Several explanations on one page, below a table of contents.
REGARD_LAZY std::string html(std::span<const Explanation> explanations);

/// The page as a file, written whole or not at all.
/// @throws IoError  as write_file does.
REGARD_LAZY void write_html(const std::filesystem::path& path, const Explanation& why);
/// Several explanations on one page, as a file.
REGARD_LAZY void write_html(const std::filesystem::path& path, std::span<const Explanation> explanations);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/html.hpp>
#endif
