// SPDX-License-Identifier: MIT
// Text from outside, made fit to show: valid UTF-8, nothing that steers a terminal, and a count of columns.
#pragma once

#include <regard/tensor.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {
namespace detail::report {

inline constexpr std::string_view replacement = "\xef\xbf\xbd"; // U+FFFD
inline constexpr std::string_view ellipsis = "\xe2\x80\xa6";    // U+2026

/// A code point and its length in bytes; bytes that are no UTF-8 are one invalid code point for each maximal
/// part of a sequence (Unicode 15, 3.9, "Best practices for using U+FFFD").
struct CodePoint {
  char32_t value = 0;
  Index length = 1;
  bool valid = true;
};

/// The code point at `at`, which lies inside `text`.
REGARD_LAZY
CodePoint decode(std::string_view text, Index at) {
  const auto byte = [&text](Index i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(at);
  if (lead < 0x80)
    return {lead, 1, true};
  if (lead < 0xC2 || lead > 0xF4)
    return {0xFFFD, 1, false};
  const Index length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = lead & (0x7Fu >> length);
  for (Index i = 1; i < length; ++i) {
    // The second byte's range excludes long forms, surrogates and what lies beyond U+10FFFF.
    const unsigned low = i > 1 ? 0x80 : lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = i > 1 ? 0xBF : lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high)
      return {0xFFFD, i, false};
    value = (value << 6) | (byte(at + i) & 0x3Fu);
  }
  return {value, length, true};
}

/// `text` with U+FFFD in place of what is no UTF-8.
REGARD_LAZY
std::string valid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (Index at = 0; at < text.size();) {
    const auto point = decode(text, at);
    result += point.valid ? text.substr(at, point.length) : replacement;
    at += point.length;
  }
  return result;
}

/// `text` as it may be shown on one line: white space becomes a space; a C0 control character its picture
/// (U+001B, escape, becomes U+241B); other controls, noncharacters, the bidirectional embeddings, overrides
/// and isolates, and what is no UTF-8 become U+FFFD. So the order shown is the order that the model saw.
/// @param keep_lines  leave line feeds as they are
REGARD_LAZY
std::string printable(std::string_view text, bool keep_lines = false) {
  std::string result;
  result.reserve(text.size());
  for (Index at = 0; at < text.size();) {
    const auto [c, length, valid] = decode(text, at);
    if (c == '\n' && keep_lines)
      result += '\n';
    else if ((c >= 0x9 && c <= 0xD) || c == 0x85 || c == 0x2028 || c == 0x2029)
      result += ' ';
    else if (c < 0x20 || c == 0x7F)
      result += {'\xe2', '\x90', static_cast<char>(c == 0x7F ? 0xA1 : 0x80 + c)};
    else if (!valid || c < 0x20 || (c >= 0x80 && c < 0xA0) || (c >= 0x202A && c <= 0x202E) ||
             (c >= 0x2066 && c <= 0x2069) || (c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE)
      result += replacement;
    else
      result += text.substr(at, length);
    at += length;
  }
  return result;
}

/// Terminal columns of a code point: 0 for combining and invisible ones, 2 for East Asian wide and emoji,
/// else
/// 1. Ranges are merged where what lies between is rare (after Markus Kuhn's wcwidth and Unicode 15).
REGARD_LAZY
Index columns(char32_t c) {
  using Range = std::array<char32_t, 2>;
  static constexpr Range zero[] = {{0x300, 0x36F},   {0x483, 0x489},   {0x591, 0x5BD},    {0x5BF, 0x5BF},
                                   {0x5C1, 0x5C2},   {0x610, 0x61A},   {0x64B, 0x65F},    {0x670, 0x670},
                                   {0x6D6, 0x6DC},   {0x6DF, 0x6E4},   {0x93C, 0x93C},    {0x941, 0x948},
                                   {0x94D, 0x94D},   {0xE31, 0xE31},   {0xE34, 0xE3A},    {0xE47, 0xE4E},
                                   {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},  {0x2060, 0x2064},
                                   {0x20D0, 0x20FF}, {0x302A, 0x302D}, {0x3099, 0x309A},  {0xFE00, 0xFE0F},
                                   {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE0FFF}};
  static constexpr Range wide[] = {
      {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},   {0x2648, 0x2653},
      {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},   {0x274C, 0x274C},   {0x2753, 0x2757},
      {0x2795, 0x2797},   {0x2B50, 0x2B50},   {0x2E80, 0x3029},   {0x302E, 0x303E},   {0x3041, 0x3098},
      {0x309B, 0xA4CF},   {0xA960, 0xA97F},   {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
      {0xFF00, 0xFF60},   {0xFFE0, 0xFFE6},   {0x16FE0, 0x18AFF}, {0x1B000, 0x1B2FF}, {0x1F300, 0x1F64F},
      {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD}};
  const auto holds = [c](const Range& range) { return range[0] <= c && c <= range[1]; };
  return std::any_of(std::begin(zero), std::end(zero), holds)   ? 0
         : std::any_of(std::begin(wide), std::end(wide), holds) ? 2
                                                                : 1;
}

/// Terminal columns of a printable text.
REGARD_LAZY
Index columns(std::string_view text) {
  Index count = 0;
  for (Index at = 0; at < text.size();) {
    const auto point = decode(text, at);
    count += columns(point.value);
    at += point.length;
  }
  return count;
}

/// How many bytes of a printable text fit into `width` columns, whole characters with their combining marks.
REGARD_LAZY
Index bytes_within(std::string_view text, Index width) {
  Index used = 0, at = 0;
  while (at < text.size()) {
    const auto point = decode(text, at);
    used += columns(point.value);
    if (used > width)
      break;
    at += point.length;
  }
  return at;
}

/// A printable text in exactly `width` columns: cut with an ellipsis, or filled up with spaces.
REGARD_LAZY
std::string fit(std::string text, Index width) {
  if (columns(text) > width)
    text = text.substr(0, bytes_within(text, width - 1)) + std::string(ellipsis);
  return text.append(width - std::min(width, columns(text)), ' ');
}

/// A printable text in lines of at most `width` columns, broken at spaces where there are any. After
/// `max_lines` the last one ends with an ellipsis.
REGARD_LAZY
std::vector<std::string> wrap(std::string_view text, Index width, Index max_lines) {
  std::vector<std::string> lines;
  while (lines.size() < max_lines && !text.empty()) {
    Index end = bytes_within(text, width), next = end;
    if (end < text.size() && lines.size() + 1 == max_lines) {
      lines.push_back(fit(std::string(text), width));
      break;
    }
    if (end < text.size()) {
      const auto space = text.substr(0, end + 1).rfind(' ');
      if (space != std::string_view::npos && space > 0)
        end = space;
      next = std::max<Index>(text.find_first_not_of(' ', end), end);
    }
    next = end == 0 ? text.size() : std::min(next, text.size()); // a width that holds no character at all
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(next);
  }
  return lines;
}

} // namespace detail::report
} // namespace regard::inline REGARD_ABI
