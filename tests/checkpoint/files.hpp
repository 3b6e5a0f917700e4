// SPDX-License-Identifier: MIT
// What the tests of the checkpoint room share: files of their own in a folder of their own, and a look at
// what an error says.
#pragma once

#include "support/temporary_folder.hpp"

#include "support/catch.hpp"

#include <regard/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace regard_test {

/// `value` as 8 little-endian bytes.
inline std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i, value >>= 8)
    bytes += static_cast<char>(value & 0xff);
  return bytes;
}

/// A safetensors file of that header and data, right or wrong.
inline std::string safetensors(const std::string& header, const std::string& data = "") {
  return little_endian(header.size()) + header + data;
}

/// One entry of a header.
inline std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                         std::size_t begin, std::size_t end) {
  return '"' + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + ',' + std::to_string(end) + "]}";
}

/// A file of F32 zeros of the given names, all of shape [2].
inline std::string zeros(const std::vector<std::string>& names) {
  std::string header = "{";
  for (std::size_t i = 0; i < names.size(); ++i)
    header.append(i == 0 ? "" : ",").append(entry(names[i], "F32", "[2]", 8 * i, 8 * i + 8));
  return safetensors(header + '}', std::string(8 * names.size(), '\0'));
}

/// The message of the `Exception` that `action` throws; fails the test when it throws no or another one.
template <class Exception, class Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    std::string message = error.what();
    CHECK(message.find('\n') == std::string::npos); // one line, whatever the file holds
    return message;
  } catch (const std::exception& error) {
    FAIL("another exception: " << error.what());
  }
  FAIL("no exception");
  return {};
}

/// `message` holds every one of `parts`.
inline void check_holds(const std::string& message, const std::vector<std::string>& parts) {
  for (const std::string& part : parts) {
    INFO(message << "\nlacks\n" << part);
    CHECK(message.find(part) != std::string::npos);
  }
}

} // namespace regard_test
