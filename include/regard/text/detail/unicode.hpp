// SPDX-License-Identifier: MIT
// Code points: decoding that never fails, and the properties that BERT's normaliser asks for.
#pragma once

#include <regard/tensor.hpp>
#include <regard/text/detail/unicode_tables.hpp>

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

namespace regard::inline REGARD_ABI::detail {

inline constexpr char32_t replacement_character = 0xfffd;

/// One code point of a text and its length in bytes.
struct Decoded {
  char32_t code = replacement_character;
  Index size = 1;
};

/// The code point that begins at `at`. An ill-formed sequence is one U+FFFD; it ends before the first byte
/// that cannot continue it (Unicode 15, section 3.9, "maximal subparts"), as in Python and Rust.
inline Decoded decode(std::string_view text, Index at) {
  const auto byte = [&](Index i) -> unsigned { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80)
    return {static_cast<char32_t>(first), 1};
  if (first < 0xc2 || first > 0xf4)
    return {};
  const Index length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  char32_t code = first & (0xffu >> (length + 1));
  for (Index i = 1; i < length; ++i) {
    if (at + i >= text.size())
      return {replacement_character, i};
    const unsigned next = byte(at + i);
    // Overlong forms, surrogates and what lies beyond U+10FFFF are refused at the second byte.
    const unsigned low = i > 1 ? 0x80 : first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = i > 1 ? 0xbf : first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (next < low || next > high)
      return {replacement_character, i};
    code = (code << 6) | (next & 0x3f);
  }
  return {code, length};
}

/// The code point that ends before `end`, which is at least 1.
inline Decoded decode_before(std::string_view text, Index end) {
  for (Index size = std::min<Index>(end, 4); size > 1; --size)
    if (const Decoded decoded = decode(text, end - size); decoded.size == size)
      return decoded;
  return decode(text.substr(0, end), end - 1);
}

/// True when every byte belongs to a well-formed sequence.
inline bool is_utf8(std::string_view text) {
  for (Index at = 0; at < text.size();) {
    const Decoded decoded = decode(text, at);
    if (decoded.code == replacement_character && text.substr(at, 3) != "\xef\xbf\xbd")
      return false;
    at += decoded.size;
  }
  return true;
}

/// Bytes of a code point in UTF-8.
constexpr Index utf8_size(char32_t code) {
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

inline void append_utf8(char32_t code, std::string& text) {
  const Index size = utf8_size(code);
  if (size == 1) {
    text += static_cast<char>(code);
    return;
  }
  const unsigned lead = size == 2 ? 0xc0u : size == 3 ? 0xe0u : 0xf0u;
  for (Index rest = size; rest-- > 0;) {
    const unsigned bits = static_cast<unsigned>(code >> (6 * rest));
    text += static_cast<char>(rest == size - 1 ? lead | bits : 0x80u | (bits & 0x3f));
  }
}

/// Bits of CodePointKind, by search.
constexpr unsigned search_kind(char32_t code) {
  const auto* const range =
      std::partition_point(std::begin(code_point_ranges), std::end(code_point_ranges),
                           [code](const CodePointRange& candidate) { return candidate.last < code; });
  return range != std::end(code_point_ranges) && range->first <= code ? range->kind : 0u;
}

inline constexpr std::array<std::uint8_t, 128> ascii_kinds = [] {
  std::array<std::uint8_t, 128> kinds{};
  for (char32_t code = 0; code < 128; ++code)
    kinds[code] = static_cast<std::uint8_t>(search_kind(code));
  return kinds;
}();

/// Bits of CodePointKind.
inline unsigned kind_of(char32_t code) {
  return code < 128 ? ascii_kinds[code] : search_kind(code);
}

/// What BERT calls a Chinese character: the ideographs, but no kana and no Hangul.
inline bool is_ideograph(char32_t code) {
  return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
         (code >= 0x20000 && code <= 0x2a6df) || (code >= 0x2a700 && code <= 0x2b81f) ||
         (code >= 0x2b920 && code <= 0x2ceaf) || (code >= 0xf900 && code <= 0xfaff) ||
         (code >= 0x2f800 && code <= 0x2fa1f);
}

/// What `\w` matches in the regular expressions of the tokenizers library (UTS 18, annex C): alphabetic,
/// mark, decimal digit, connector punctuation or join control. The Unicode version is that of utf8proc.
inline bool is_word_character(char32_t code) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
  case UTF8PROC_CATEGORY_LU:
  case UTF8PROC_CATEGORY_LL:
  case UTF8PROC_CATEGORY_LT:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_LO:
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_NL:
  case UTF8PROC_CATEGORY_PC:
    return true;
  default: // joiners, and the circled and squared letters
    return code == 0x200c || code == 0x200d || (code >= 0x24b6 && code <= 0x24e9) ||
           (code >= 0x1f130 && code <= 0x1f149) || (code >= 0x1f150 && code <= 0x1f169) ||
           (code >= 0x1f170 && code <= 0x1f189);
  }
}

/// Lower case, one code point for one. U+0130 is the exception that becomes two; the normaliser handles it.
/// What utf8proc 2.8 (Unicode 14) does not know yet, and the tokenizers library does, is added.
inline char32_t lower_case(char32_t code) {
  if (code < 0x80)
    return code >= 'A' && code <= 'Z' ? code + 32 : code;
  switch (code) {
  case 0xa7cb:
    return 0x264;
  case 0xa7dc:
    return 0x19b;
  case 0x1c89:
  case 0xa7cc:
  case 0xa7ce:
  case 0xa7d2:
  case 0xa7d4:
  case 0xa7da:
    return code + 1;
  default:
    if (code >= 0x10d50 && code <= 0x10d65)
      return code + 0x20;
    if (code >= 0x16ea0 && code <= 0x16eb8)
      return code + 0x1b;
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(code)));
  }
}

/// Canonical decomposition of one code point, in canonical order.
struct Decomposition {
  std::array<utf8proc_int32_t, 16> codes{};
  Index size = 0;
};

/// True for characters that newer Unicode decomposes and the tokenizers library does not.
inline bool is_kept_composed(char32_t code) {
  return code == 0x11938 || code == 0x105c9 || code == 0x105e4 || (code >= 0x11383 && code <= 0x113c8) ||
         (code >= 0x16121 && code <= 0x16128) || (code >= 0x16d68 && code <= 0x16d6a);
}

inline Decomposition decompose(char32_t code) {
  Decomposition result;
  const auto value = static_cast<utf8proc_int32_t>(code);
  int boundary_state = 0;
  const utf8proc_ssize_t size =
      is_kept_composed(code)
          ? 0
          : utf8proc_decompose_char(value, result.codes.data(), 16, UTF8PROC_DECOMPOSE, &boundary_state);
  if (size < 1 || size > 16) {
    result.codes[0] = value;
    result.size = 1;
  } else {
    result.size = static_cast<Index>(size);
  }
  return result;
}

/// Canonical combining class as the tokenizers library has it: 0 for marks newer than its tables.
inline int combining_class(char32_t code, unsigned kind) {
  if ((kind & (mark_kind | reordered_kind)) == 0)
    return 0;
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class;
}

} // namespace regard::inline REGARD_ABI::detail
