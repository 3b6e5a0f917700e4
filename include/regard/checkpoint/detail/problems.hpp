// SPDX-License-Identifier: MIT
// How the checkpoint room words and collects what is wrong with a file. Names and values come from files that
// may be hostile, so they are shown quoted, escaped and cut to a readable length.
#pragma once

#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// `text` on one line and without control characters (C1, U+0080 to U+009F, among them), cut to 120 bytes.
/// Expects UTF-8 and does not cut through a character.
inline std::string one_line(std::string_view text) {
  constexpr std::size_t limit = 120;
  std::size_t length = std::min(text.size(), limit);
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80)
    --length;
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto starts_c1 = [&](std::size_t i) {
    return i + 1 < length && byte(i) == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0;
  };
  std::string line;
  for (std::size_t i = 0; i < length; ++i) {
    const unsigned char code = byte(i);
    if (code >= 0x20 && code != 0x7f && !starts_c1(i) && !(i > 0 && starts_c1(i - 1)))
      line += text[i];
    else
      line += {'\\', 'x', "0123456789abcdef"[code / 16], "0123456789abcdef"[code % 16]};
  }
  return length < text.size() ? line + "..." : line;
}

inline std::string quote(std::string_view text) {
  return '"' + one_line(text) + '"';
}

/// "[2, 3]"; the first eight extents of a shape that has more.
inline std::string shape_text(std::span<const Index> shape) {
  constexpr std::size_t limit = 8;
  std::string text = "[";
  for (std::size_t d = 0; d < std::min(shape.size(), limit); ++d)
    text.append(d == 0 ? "" : ", ").append(std::to_string(shape[d]));
  return text + (shape.size() > limit ? ", ...]" : "]");
}

/// "a, b, c".
inline std::string list_text(std::span<const std::string_view> names) {
  std::string text;
  for (const std::string_view name : names)
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// What is wrong with one file, all told at once. Asking for something unknown is a softer fault than
/// breaking the format: the exception is UnsupportedFile only when nothing is malformed.
class Problems {
 public:
  void malformed(std::string problem) {
    any_malformed_ = true;
    problems_.push_back(std::move(problem));
  }
  void unsupported(std::string problem) { problems_.push_back(std::move(problem)); }
  bool empty() const { return problems_.empty(); }

  void throw_if_any(const std::string& file) const {
    if (any_malformed_)
      throw MalformedFile(file, problems_);
    if (!problems_.empty())
      throw UnsupportedFile(file, problems_);
  }

 private:
  std::vector<std::string> problems_;
  bool any_malformed_ = false;
};

} // namespace regard::inline REGARD_ABI::detail
