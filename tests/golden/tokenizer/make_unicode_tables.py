#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes include/regard/text/detail/unicode_tables.hpp: what the `tokenizers` library takes every code point for.

That library carries tables of several Unicode versions (its categories are those of Unicode 8), so neither Python's
nor utf8proc's categories would do. This script asks the library itself about each code point, alone or in a small
context, and writes ranges. Usage:

    pip install tokenizers==0.23.3
    python make_unicode_tables.py ../../../include/regard/text/detail/unicode_tables.hpp
"""
import sys

import tokenizers
from tokenizers import normalizers, pre_tokenizers

NAMES = {"removed": 1, "space": 2, "punctuation": 4, "mark": 8, "reordered": 16}


def bert(**options):
    settings = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**settings, **options}).normalize_str


def classify():
    clean, strip, nfd = bert(clean_text=True), bert(strip_accents=True), normalizers.NFD().normalize_str
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        character = chr(code)
        kind = 0
        if clean(character) == "":
            kind |= NAMES["removed"]
        parts = split("a" + character + "a")
        if len(parts) == 2:
            kind |= NAMES["space"]
        elif len(parts) == 3:
            kind |= NAMES["punctuation"]
        if nfd(character) == character:
            if strip(character) == "":
                kind |= NAMES["mark"]
            # Sorting moves U+0334 (class 1) before U+0345 (class 240) unless a starter stands between them.
            elif nfd("a\u0345" + character + "\u0334") != "a\u0345" + character + "\u0334":
                kind |= NAMES["reordered"]
        yield code, kind


def ranges():
    result = []
    for code, kind in classify():
        if kind == 0:
            continue
        if result and result[-1][1] == code - 1 and result[-1][2] == kind:
            result[-1][1] = code
        else:
            result.append([code, code, kind])
    return result


def main(path):
    lines, line = [], "   "
    for first, last, kind in ranges():
        entry = f" {{0x{first:04X}, 0x{last:04X}, {kind}}},"
        if len(line) + len(entry) > 110:
            lines.append(line)
            line = "   "
        line += entry
    lines.append(line)
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"""// SPDX-License-Identifier: MIT
// What the code points are to BERT's tokeniser, as the `tokenizers` library {tokenizers.__version__} has it. Its tables
// mix Unicode versions, so these ranges were asked from it; whatever utf8proc is installed, they stay the same.
// Written by tests/golden/tokenizer/make_unicode_tables.py; do not edit.
#pragma once

#include <regard/version.hpp>

#include <cstdint>

namespace regard::inline REGARD_ABI::detail {{

/// Bits of `CodePointRange::kind`.
enum CodePointKind : std::uint8_t {{
  removed_kind = 1,     ///< dropped by text cleaning
  space_kind = 2,       ///< white space: separates words
  punctuation_kind = 4, ///< a word of its own
  mark_kind = 8,        ///< nonspacing mark: dropped when accents are stripped
  reordered_kind = 16   ///< not dropped, yet moved by canonical ordering
}};

/// Code points `first` to `last` (inclusive) that are alike.
struct CodePointRange {{
  std::uint32_t first, last;
  std::uint8_t kind;
}};

// clang-format off
inline constexpr CodePointRange code_point_ranges[] = {{
""")
        out.write("\n".join(lines))
        out.write("\n};\n// clang-format on\n\n} // namespace regard::inline REGARD_ABI::detail\n")


if __name__ == "__main__":
    main(sys.argv[1])
