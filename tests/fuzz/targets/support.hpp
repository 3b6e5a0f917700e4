// SPDX-License-Identifier: MIT
// What the fuzz targets share. A target is a function of bytes that returns when the library did the right
// thing with them: it read them and every promise held, or it refused them with an error of its own. Anything
// else escapes as an exception, which the fuzzer takes for a crash and the replay for a failed test.
#pragma once

#include "support/temporary_folder.hpp"

#include <regard/core/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace regard_fuzz {

using Bytes = std::span<const std::byte>;

/// A promise of the library.
inline void require(bool holds, const std::string& promise) {
  if (!holds)
    throw std::logic_error("broken promise: " + promise);
}

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Runs `body`. @return false when the library refused what it was given
template <class Body>
bool accepts(const Body& body) {
  try {
    body();
    return true;
  } catch (const regard::BoundsError& error) { // the library's own slip, not the file's
    throw std::logic_error(std::string("index out of bounds: ") + error.what());
  } catch (const regard::Error& error) {
    const std::string_view message = error.what();
    require(!message.empty() && message.size() < 4000, "a message of readable length");
    require(std::none_of(message.begin(), message.end(),
                         [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }),
            "a message on one line");
    for (std::size_t i = 0; i + 1 < message.size(); ++i)
      require(message[i] != '\xc2' || static_cast<unsigned char>(message[i + 1]) - 0x80u >= 0x20,
              "a message without control characters");
    return false;
  }
}

/// An input of several files: they stand one after the other, a line of four equals signs between two. What
/// is missing at the end is empty.
template <std::size_t Count>
std::array<Bytes, Count> split(Bytes input) {
  constexpr std::string_view line = "\n====\n";
  std::array<Bytes, Count> parts{};
  for (std::size_t i = 0; i < Count; ++i) {
    const std::size_t end = i + 1 == Count ? input.size() : std::min(text_of(input).find(line), input.size());
    parts[i] = input.first(end);
    input = input.subspan(std::min(input.size(), end + line.size()));
  }
  return parts;
}

/// A folder that holds the files of the input at hand.
class Folder {
 public:
  const std::filesystem::path& path() const { return folder_.path(); }

  std::filesystem::path write(const std::string& name, Bytes bytes) const {
    return folder_.write(name, std::string(text_of(bytes)));
  }

  /// The same, but an empty file is one that is not there.
  void write_or_remove(const std::string& name, Bytes bytes) const {
    if (bytes.empty())
      std::filesystem::remove(folder_.path() / name);
    else
      write(name, bytes);
  }

 private:
  regard_test::TemporaryFolder folder_;
};

} // namespace regard_fuzz
