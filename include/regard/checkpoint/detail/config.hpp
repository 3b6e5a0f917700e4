// SPDX-License-Identifier: MIT
// Body of ConfigFile in checkpoint/config.hpp.
#pragma once

#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/detail/json.hpp>
#include <regard/checkpoint/detail/problems.hpp>
#include <regard/checkpoint/mapped_file.hpp>

#include <algorithm>
#include <utility>

namespace regard::inline REGARD_ABI {

template <class Lazy>
ConfigFile::ConfigFile(std::string file, std::span<const std::byte> text)
    : file_(std::move(file)), json_(std::make_shared<const nlohmann::json>(detail::parse_json(text, file_))) {
  if (!json_->is_object())
    throw MalformedFile(file_, "found " + detail::found_text(*json_) + ", expected a JSON object");
}

template <class Lazy>
ConfigFile ConfigFile::open(const std::filesystem::path& path) {
  const MappedFile bytes(path, Mapping::copy);
  return ConfigFile(path.string(), bytes.bytes());
}

template <class Lazy>
ConfigFile ConfigFile::parse(std::string_view text, std::string file) {
  return ConfigFile(std::move(file), std::as_bytes(std::span(text)));
}

template <class Lazy>
void ConfigFile::fail(std::string_view key, const std::string& found, const std::string& expected) const {
  throw MalformedFile(file_, std::string(key) + ": found " + found + ", expected " + expected);
}

REGARD_INLINE const nlohmann::json* ConfigFile::find(std::string_view key) const {
  const auto at = json_->find(key);
  return at == json_->end() || at->is_null() ? nullptr : &*at;
}

template <class Lazy>
std::int64_t ConfigFile::integer(std::string_view key, std::int64_t least, std::int64_t most,
                                 std::optional<std::int64_t> fallback) const {
  const nlohmann::json* const value = find(key);
  if (value == nullptr && fallback)
    return *fallback;
  const std::string expected = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  if (value == nullptr)
    fail(key, "nothing", expected);
  const bool too_large = value->is_number_unsigned() && value->get<std::uint64_t>() > INT64_MAX;
  if (!value->is_number_integer() || too_large || value->get<std::int64_t>() < least ||
      value->get<std::int64_t>() > most)
    fail(key, detail::found_text(*value), expected);
  return value->get<std::int64_t>();
}

template <class Lazy>
double ConfigFile::number(std::string_view key, double least, std::optional<double> fallback) const {
  const nlohmann::json* const value = find(key);
  if (value == nullptr && fallback)
    return *fallback;
  if (value == nullptr || !value->is_number() || !(value->get<double>() >= least))
    fail(key, value == nullptr ? "nothing" : detail::found_text(*value),
         "a finite number of at least " + nlohmann::json(least).dump());
  return value->get<double>();
}

template <class Lazy>
std::string ConfigFile::string(std::string_view key, std::optional<std::string> fallback) const {
  const nlohmann::json* const value = find(key);
  if (value == nullptr && fallback)
    return *fallback;
  if (value == nullptr || !value->is_string())
    fail(key, value == nullptr ? "nothing" : detail::found_text(*value), "a string");
  return value->get<std::string>();
}

template <class Lazy>
bool ConfigFile::boolean(std::string_view key, std::optional<bool> fallback) const {
  const nlohmann::json* const value = find(key);
  if (value == nullptr && fallback)
    return *fallback;
  if (value == nullptr || !value->is_boolean())
    fail(key, value == nullptr ? "nothing" : detail::found_text(*value), "true or false");
  return value->get<bool>();
}

template <class Lazy>
std::size_t ConfigFile::choice(std::string_view key, std::span<const std::string_view> choices,
                               std::optional<std::size_t> fallback) const {
  if (fallback && !has(key))
    return *fallback;
  const std::string value = string(key);
  const auto at = std::find(choices.begin(), choices.end(), value);
  if (at == choices.end())
    throw UnsupportedFile(file_, std::string(key) + ": found " + detail::quote(value) + ", expected one of " +
                                     detail::list_text(choices));
  return static_cast<std::size_t>(at - choices.begin());
}

} // namespace regard::inline REGARD_ABI
