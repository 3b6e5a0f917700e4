// SPDX-License-Identifier: MIT
// JSON from files that may be hostile: nesting is bounded, and a key that occurs twice is refused instead of
// silently keeping the last.
#pragma once

#include <regard/checkpoint/detail/problems.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// Arrays and objects within one another that a file may have. Configurations use four, weight files three.
inline constexpr int json_depth_limit = 64;

/// A value as messages show it: numbers, strings and literals as they are, containers by kind.
REGARD_LAZY
std::string found_text(const nlohmann::json& value) {
  if (value.is_object())
    return "an object";
  if (value.is_array())
    return "an array of " + std::to_string(value.size());
  if (value.is_string())
    return quote(value.get_ref<const std::string&>());
  return value.dump();
}

/// nlohmann's message without its bracketed identifier, and without bytes of a text that may not be UTF-8.
REGARD_LAZY
std::string parse_error_text(std::string text) {
  if (const std::size_t end = text.find("] "); text.starts_with('[') && end != std::string::npos)
    text.erase(0, end + 2);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x7f; }, '?');
  return one_line(text);
}

/// Watches a parse: ends it when it nests too deeply, notes repeated keys.
REGARD_LAZY
class JsonRules {
 public:
  explicit JsonRules(const std::string& file) : file_(file) {}

  void see(int depth, nlohmann::json::parse_event_t event, const nlohmann::json& value) {
    using Event = nlohmann::json::parse_event_t;
    if ((event == Event::object_start || event == Event::array_start) && depth >= json_depth_limit)
      throw MalformedFile(file_, "found JSON nested more than " + std::to_string(json_depth_limit) +
                                     " deep, expected at most " + std::to_string(json_depth_limit));
    if (event == Event::object_start)
      keys_.emplace_back();
    else if (event == Event::object_end)
      keys_.pop_back();
    else if (event == Event::key && !keys_.back().insert(value.get_ref<const std::string&>()).second)
      problems_.malformed("key " + quote(value.get_ref<const std::string&>()) +
                          ": found twice, expected once");
  }

  void throw_if_any() const { problems_.throw_if_any(file_); }

 private:
  const std::string& file_;
  std::vector<std::set<std::string>> keys_; // of the objects that are open
  Problems problems_;
};

/// @throws MalformedFile naming `file` when `text` is no JSON, nests too deeply or repeats a key.
REGARD_LAZY
nlohmann::json parse_json(std::span<const std::byte> text, const std::string& file) {
  // nlohmann's lexer takes a NUL for the end of the text and would not look at what follows it.
  if (const auto nul = std::find(text.begin(), text.end(), std::byte{0}); nul != text.end())
    throw MalformedFile(file, "found a NUL at byte " + std::to_string(nul - text.begin()) +
                                  " of the JSON text, expected none");
  JsonRules<> rules(file);
  const auto* const begin = reinterpret_cast<const char*>(text.data());
  try {
    auto json = nlohmann::json::parse(
        begin, begin + text.size(),
        [&rules](int depth, nlohmann::json::parse_event_t event, nlohmann::json& value) {
          rules.see(depth, event, value);
          return true;
        });
    rules.throw_if_any();
    return json;
  } catch (const nlohmann::json::exception& error) {
    throw MalformedFile(file, "found no valid JSON: " + parse_error_text(error.what()));
  }
}

/// Whether two values are written the same. (For `a == b` a compiler tries all of std that JSON converts to.)
REGARD_LAZY
bool same_json(const nlohmann::json& a, const nlohmann::json& b) {
  return a.dump() == b.dump();
}

/// Whether a value is that number, however it is written.
REGARD_LAZY
bool is_number(const nlohmann::json& value, double number) {
  return value.is_number() && value.get<double>() == number;
}

/// @return true and the number when `value` is an integer from 0 to 2^64 - 1.
REGARD_LAZY
bool get_unsigned(const nlohmann::json& value, std::uint64_t& number) {
  if (!value.is_number_unsigned()) // what nlohmann makes of every integer that has no sign and fits
    return false;
  number = value.get<std::uint64_t>();
  return true;
}

} // namespace regard::inline REGARD_ABI::detail
