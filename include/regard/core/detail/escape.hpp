// SPDX-License-Identifier: MIT
// Text from outside, fit to stand in an error.
#pragma once

#include <regard/version.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace regard::inline REGARD_ABI::detail {

/// `text` with \xNN in place of the bytes of control characters: C0, delete, and C1, which is U+0080 to
/// U+009F in UTF-8. So it stays on one line and steers no terminal.
inline std::string escaped(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto starts_c1 = [&](std::size_t i) {
    return i + 1 < text.size() && byte(i) == 0xc2 && byte(i + 1) >= 0x80 && byte(i + 1) < 0xa0;
  };
  std::string line;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char code = byte(i);
    if (code >= 0x20 && code != 0x7f && !starts_c1(i) && !(i > 0 && starts_c1(i - 1)))
      line += text[i];
    else
      line += {'\\', 'x', "0123456789abcdef"[code / 16], "0123456789abcdef"[code % 16]};
  }
  return line;
}

} // namespace regard::inline REGARD_ABI::detail
