// SPDX-License-Identifier: MIT
// tokenizer_config.json and the older files beside it.
#pragma once

#include <regard/text/detail/json_object.hpp>
#include <regard/text/wordpiece.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// An added token and, where the file gives it, its id.
struct ListedToken {
  AddedToken token;
  std::string where; ///< the key, for messages
  std::optional<Index> id;
};

/// What the files of a folder say, before it is put together.
struct TokenizerFiles {
  std::vector<std::string> vocabulary;
  WordPieceOptions options;
  std::vector<ListedToken> added;

  void add(AddedToken token, std::string where, std::optional<Index> id = std::nullopt) {
    ListedToken& listed = added.emplace_back();
    listed.token = std::move(token);
    listed.where = std::move(where);
    listed.id = id;
  }
};

/// A token without a role. Those are looked for in normalised text.
REGARD_LAZY
AddedToken plain_token(std::string content) {
  AddedToken token;
  token.content = std::move(content);
  token.special = false;
  token.normalized = true;
  return token;
}

REGARD_LAZY
AddedToken special_token(std::string content) {
  AddedToken token;
  token.content = std::move(content);
  return token;
}

/// Flags and content of {"content": "[MASK]", "lstrip": false, ...}.
REGARD_LAZY
AddedToken read_added_token(const JsonObject<>& object) {
  AddedToken token = plain_token({});
  if (!object.has("content"))
    object.malformed("content", nullptr, "a string");
  object.read("content", token.content);
  object.read("special", token.special);
  token.normalized = !token.special;
  object.read("normalized", token.normalized);
  object.read("lstrip", token.lstrip);
  object.read("rstrip", token.rstrip);
  object.read("single_word", token.single_word);
  return token;
}

/// A special token by role: "[MASK]" or {"content": "[MASK]", ...}.
REGARD_LAZY
void read_special_token(const JsonObject<>& object, const char* key, std::string& content,
                        TokenizerFiles& files) {
  const nlohmann::json* const found = object.find(key);
  if (!found || !found->is_object()) {
    object.read(key, content);
    return;
  }
  AddedToken token = read_added_token(JsonObject<>(*found, object.name(key), object.problems()));
  token.special = true;
  token.normalized = JsonObject<>(*found, "", object.problems()).has("normalized") && token.normalized;
  content = token.content;
  files.add(std::move(token), object.name(key));
}

/// The keys that tokenizer_config.json and special_tokens_map.json share.
REGARD_LAZY
void read_special_tokens(const JsonObject<>& object, TokenizerFiles& files) {
  WordPieceOptions& options = files.options;
  read_special_token(object, "unk_token", options.unk_token, files);
  read_special_token(object, "sep_token", options.sep_token, files);
  read_special_token(object, "pad_token", options.pad_token, files);
  read_special_token(object, "cls_token", options.cls_token, files);
  read_special_token(object, "mask_token", options.mask_token, files);
  for (const char* const key : {"additional_special_tokens", "extra_special_tokens"}) {
    const nlohmann::json* const found = object.find(key);
    if (!found || found->is_null())
      continue;
    if (!found->is_array() && !found->is_object()) {
      object.malformed(key, found, "an array of tokens");
      continue;
    }
    // An array, or an object whose keys are names of attributes.
    for (const auto& [name, entry] : found->items()) {
      const JsonObject<> parent(*found, object.name(key), object.problems());
      if (entry.is_string())
        files.add(special_token(entry.template get<std::string>()), parent.name(name));
      else if (entry.is_object())
        files.add(read_added_token(JsonObject<>(entry, parent.name(name), object.problems())),
                  parent.name(name));
      else
        parent.malformed(name, &entry, "a token");
    }
  }
}

/// "model_max_length": an integer, or the 1e30 that transformers writes for "no limit".
REGARD_LAZY
void read_max_length(const JsonObject<>& object, Index& value) {
  const nlohmann::json* const found = object.find("model_max_length");
  if (found && found->is_number_float() && found->get<double>() >= 0x1p53)
    value = WordPieceOptions::no_limit;
  else
    object.read("model_max_length", value, 2);
}

/// Settings that this library has no other way to honour than to refuse.
REGARD_LAZY
void refuse_unless(const JsonObject<>& object, const char* key, const nlohmann::json& supported) {
  if (const nlohmann::json* const found = object.find(key); found && !same_json(*found, supported))
    object.unsupported(key, found, supported.dump());
}

/// "added_tokens_decoder": {"103": {"content": "[MASK]", ...}}. Its entries go before what is listed already:
/// of the same token the first entry counts.
REGARD_LAZY
void read_added_tokens_decoder(const JsonObject<>& root, TokenizerFiles& files) {
  const std::optional<JsonObject<>> tokens = root.object("added_tokens_decoder");
  if (!tokens)
    return;
  std::map<Index, AddedToken> by_id; // in the order in which new ones get their ids
  for (const auto& [key, entry] : tokens->json().items()) {
    Index id = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
    const std::string where = tokens->name(key);
    if (error != std::errc() || end != key.data() + key.size())
      tokens->problems().malformed(one_line(where) + ": found " + quote(key) +
                                   " for an id, expected a whole number");
    else if (!entry.is_object())
      tokens->malformed(key, &entry, "an object");
    else
      by_id[id] = read_added_token(JsonObject<>(entry, where, tokens->problems()));
  }
  std::vector<ListedToken> others = std::exchange(files.added, {});
  for (auto& [id, token] : by_id)
    files.add(std::move(token), tokens->name(std::to_string(id)), id);
  std::move(others.begin(), others.end(), std::back_inserter(files.added));
}

/// tokenizer_config.json, on top of what `files` has already.
/// @param from_json  whether that came from tokenizer.json.
/// @return whether it lists the added tokens.
REGARD_LAZY
bool read_tokenizer_config(const std::filesystem::path& path, bool from_json, TokenizerFiles& files) {
  const nlohmann::json json = read_json_object(path);
  Problems problems;
  const JsonObject<> root(json, "", problems);
  // The classes that keep the normaliser of tokenizer.json as it is, and those that make their own.
  constexpr std::array<std::string_view, 2> generic{"PreTrainedTokenizerFast", "TokenizersBackend"};
  constexpr std::array<std::string_view, 6> bert{"BertTokenizer",       "BertTokenizerFast",
                                                 "DistilBertTokenizer", "DistilBertTokenizerFast",
                                                 "ElectraTokenizer",    "ElectraTokenizerFast"};
  bool own_normalizer = true;
  if (const nlohmann::json* const found = root.find("tokenizer_class"); found && !found->is_null()) {
    std::string name;
    root.read("tokenizer_class", name);
    const auto among = [&name](const auto& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    own_normalizer = !from_json || !among(generic);
    if (found->is_string() && !among(bert) && !(from_json && among(generic)))
      root.unsupported("tokenizer_class", found,
                       list_text(bert) + (from_json ? ", " + list_text(generic) : std::string()));
  }
  if (own_normalizer) {
    root.read("do_lower_case", files.options.do_lower_case);
    root.read("strip_accents", files.options.strip_accents);
    root.read("tokenize_chinese_chars", files.options.tokenize_chinese_chars);
  }
  refuse_unless(root, "truncation_side", "right");
  refuse_unless(root, "split_special_tokens", false);
  read_max_length(root, files.options.model_max_length);
  if (root.has("added_tokens_decoder"))
    read_added_tokens_decoder(root, files);
  read_special_tokens(root, files);
  problems.throw_if_any(path.string());
  return root.has("added_tokens_decoder");
}

/// special_tokens_map.json, of versions before tokenizer_config.json listed added tokens.
REGARD_LAZY
void read_special_tokens_map(const std::filesystem::path& path, TokenizerFiles& files) {
  const nlohmann::json json = read_json_object(path);
  Problems problems;
  read_special_tokens(JsonObject<>(json, "", problems), files);
  problems.throw_if_any(path.string());
}

/// added_tokens.json, of the same age: {"[NEW]": 30522}. Tokens without a role are looked for in normalised
/// text.
REGARD_LAZY
void read_added_tokens(const std::filesystem::path& path, TokenizerFiles& files) {
  const nlohmann::json json = read_json_object(path);
  Problems problems;
  const JsonObject<> root(json, "", problems);
  std::map<Index, std::string> by_id;
  for (const auto& [content, value] : json.items()) {
    std::uint64_t id = 0;
    if (get_unsigned(value, id))
      by_id[id] = content;
    else
      root.malformed(content, &value, "a token id");
  }
  for (const auto& [id, content] : by_id)
    files.add(plain_token(content), content, id);
  problems.throw_if_any(path.string());
}

} // namespace regard::inline REGARD_ABI::detail
