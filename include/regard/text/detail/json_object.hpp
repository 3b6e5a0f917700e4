// SPDX-License-Identifier: MIT
// Typed reading of the objects of a JSON file, with messages that name the key, what was found and what was
// expected.
#pragma once

#include <regard/checkpoint/detail/json.hpp>
#include <regard/checkpoint/mapped_file.hpp>
#include <regard/tensor.hpp>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace regard::inline REGARD_ABI::detail {

/// An object of a JSON file, read key by key. A key of the wrong type is noted as a problem and counts as
/// missing.
REGARD_LAZY
class JsonObject {
 public:
  /// @param path  how messages name the object: "" for the root, "model" for what the root's key "model"
  /// holds.
  JsonObject(const nlohmann::json& json, std::string path, Problems& problems)
      : json_(json), path_(std::move(path)), problems_(problems) {}

  const nlohmann::json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }
  bool has(const char* key) const { return find(key) != nullptr; }

  std::string name(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
  }

  void malformed(std::string_view key, const nlohmann::json* found, const std::string& expected) const {
    problems_.malformed(problem(key, found, expected));
  }
  void unsupported(std::string_view key, const nlohmann::json* found, const std::string& supported) const {
    problems_.unsupported(problem(key, found, supported + " (all that is supported)"));
  }

  void read(const char* key, bool& value) const {
    if (const nlohmann::json* const found = find(key); found && found->is_boolean())
      value = found->get<bool>();
    else if (found)
      malformed(key, found, "true or false");
  }
  void read(const char* key, std::optional<bool>& value) const {
    const nlohmann::json* const found = find(key);
    if (found && found->is_null())
      value.reset();
    else if (bool flag = false; found && found->is_boolean())
      read(key, flag), value = flag;
    else if (found)
      malformed(key, found, "true, false or null");
  }
  void read(const char* key, std::string& value) const {
    if (const nlohmann::json* const found = find(key); found && found->is_string())
      value = found->get<std::string>();
    else if (found)
      malformed(key, found, "a string");
  }
  void read(const char* key, Index& value, Index least) const {
    const nlohmann::json* const found = find(key);
    if (std::uint64_t number = 0; found && get_unsigned(*found, number) && number >= least)
      value = static_cast<Index>(number);
    else if (found)
      malformed(key, found, "a whole number of at least " + std::to_string(least));
  }

  /// The object of a key; nothing when it is missing or something else, which is noted.
  std::optional<JsonObject> object(const char* key) const {
    const nlohmann::json* const found = find(key);
    if (found && found->is_object())
      return JsonObject(*found, name(key), problems_);
    malformed(key, found, "an object");
    return std::nullopt;
  }

  const nlohmann::json& json() const { return json_; }
  Problems& problems() const { return problems_; }

 private:
  std::string problem(std::string_view key, const nlohmann::json* found, const std::string& expected) const {
    return one_line(name(key)) + ": found " + (found ? found_text(*found) : "nothing") + ", expected " +
           expected;
  }

  const nlohmann::json& json_;
  std::string path_;
  Problems& problems_;
};

/// @throws MalformedFile when the file is no JSON object.
REGARD_LAZY
nlohmann::json read_json_object(const std::filesystem::path& path) {
  const MappedFile file(path, Mapping::copy);
  nlohmann::json json = parse_json(file.bytes(), path.string());
  if (!json.is_object())
    throw MalformedFile(path.string(), "found " + found_text(json) + " at the top, expected an object");
  return json;
}

} // namespace regard::inline REGARD_ABI::detail
