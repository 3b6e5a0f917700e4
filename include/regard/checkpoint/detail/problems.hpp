// SPDX-License-Identifier: MIT
// How the checkpoint room words and collects what is wrong with a file. Names and values come from files that
// may be hostile, so they are shown quoted, escaped and cut to a readable length.
#pragma once

#include <regard/core/detail/escape.hpp>
#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// `text` escaped and cut to 120 bytes. Expects UTF-8 and does not cut through a character.
inline std::string one_line(std::string_view text) {
  constexpr std::size_t limit = 120;
  std::size_t length = std::min(text.size(), limit);
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xc0) == 0x80)
    --length;
  const std::string line = escaped(text.substr(0, length));
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
