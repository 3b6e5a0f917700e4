// SPDX-License-Identifier: MIT
// tokenizer.json: one file with the whole tokeniser, of which the parts that make up BERT's are understood.
#pragma once

#include <regard/text/detail/tokenizer_config.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// A part of tokenizer.json that must be an object with this "type"; nothing, and a problem noted, when not.
REGARD_LAZY
std::optional<JsonObject<>> part_of_type(const JsonObject<>& root, const char* key, const std::string& type) {
  const nlohmann::json* const found = root.find(key);
  if (found && found->is_null()) {
    root.unsupported(key, found, "an object of type " + type);
    return std::nullopt;
  }
  std::optional<JsonObject<>> part = root.object(key);
  if (!part)
    return std::nullopt;
  const nlohmann::json* const part_type = part->find("type");
  if (part_type && part_type->is_string() && part_type->get_ref<const std::string&>() == type)
    return part;
  if (part_type && part_type->is_string())
    part->unsupported("type", part_type, '"' + type + '"');
  else
    part->malformed("type", part_type, '"' + type + '"');
  return std::nullopt;
}

/// "vocab": {"piece": id, ...}, whose ids must be the numbers from 0 on.
REGARD_LAZY
void read_json_vocabulary(const JsonObject<>& model, TokenizerFiles& files) {
  const std::optional<JsonObject<>> vocabulary = model.object("vocab");
  if (!vocabulary)
    return;
  const Index size = vocabulary->json().size();
  if (size == 0)
    vocabulary->problems().malformed(one_line(model.name("vocab")) + ": found no piece, expected some");
  files.vocabulary.assign(size, {});
  std::vector<bool> taken(size);
  Index wrong = 0;
  for (const auto& [piece, value] : vocabulary->json().items()) {
    std::uint64_t id = 0;
    if (get_unsigned(value, id) && id < size && !taken[id]) {
      taken[id] = true;
      files.vocabulary[id] = piece;
    } else if (++wrong <= 100) { // enough to see what is going on
      vocabulary->malformed(piece, &value,
                            "an id below " + std::to_string(size) + " that no other piece has");
    }
  }
}

/// Notes that a template has `content` for [CLS] or [SEP], with this id.
REGARD_LAZY
void use_in_template(std::string& role, const std::string& content, const nlohmann::json& id,
                     const std::string& where, const JsonObject<>& processor, TokenizerFiles& files) {
  std::uint64_t number = 0;
  role = content;
  if (get_unsigned(id, number))
    files.add(special_token(content), where, static_cast<Index>(number));
  else
    processor.malformed(content, &id, "a token id");
}

/// {"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}
REGARD_LAZY
void read_bert_processing(const JsonObject<>& processor, TokenizerFiles& files) {
  for (const auto& [key, role] :
       {std::pair{"cls", &files.options.cls_token}, {"sep", &files.options.sep_token}}) {
    const nlohmann::json* const found = processor.find(key);
    if (found && found->is_array() && found->size() == 2 && (*found)[0].is_string())
      use_in_template(*role, (*found)[0].get<std::string>(), (*found)[1], processor.name(key), processor,
                      files);
    else
      processor.malformed(key, found, "an array of a token and its id");
  }
}

/// The template [CLS] A [SEP], or with a pair [CLS] A [SEP] B [SEP], as TemplateProcessing spells it: in JSON
/// with sorted keys and without blanks.
REGARD_LAZY
std::string bert_template(const std::string& cls, const std::string& sep, bool pair) {
  const auto part = [](const std::string& kind, const std::string& id, int type) {
    return "{\"" + kind + "\":{\"id\":" + nlohmann::json(id).dump() + ",\"type_id\":" + std::to_string(type) +
           "}}";
  };
  std::string parts = "[" + part("SpecialToken", cls, 0) + "," + part("Sequence", "A", 0) + "," +
                      part("SpecialToken", sep, 0);
  if (pair)
    parts += "," + part("Sequence", "B", 1) + "," + part("SpecialToken", sep, 1);
  return parts + "]";
}

/// {"type": "TemplateProcessing", "single": [..], "pair": [..], "special_tokens": {"[CLS]": {"ids": [101]},
/// ..}}
REGARD_LAZY
void read_template_processing(const JsonObject<>& processor, TokenizerFiles& files) {
  const auto token_at = [&processor](const char* place) -> std::string {
    const nlohmann::json* const single = processor.find("single");
    const nlohmann::json::json_pointer id(place);
    return single && single->is_array() && single->contains(id) && (*single)[id].is_string()
               ? (*single)[id].get<std::string>()
               : std::string();
  };
  const std::string cls = token_at("/0/SpecialToken/id"), sep = token_at("/2/SpecialToken/id");
  for (const bool pair : {false, true}) {
    const char* const key = pair ? "pair" : "single";
    const nlohmann::json* const found = processor.find(key);
    if (!found || !found->is_array())
      processor.malformed(key, found, "an array of parts");
    else if (cls.empty() || sep.empty() || found->dump() != bert_template(cls, sep, pair))
      processor.problems().unsupported(
          one_line(processor.name(key)) + ": found another template, expected " +
          (pair ? "[CLS] A [SEP] B [SEP] with types 0 0 0 1 1" : "[CLS] A [SEP] with type 0") +
          " (all that is supported)");
  }
  const std::optional<JsonObject<>> tokens = processor.object("special_tokens");
  for (const auto& [content, role] :
       {std::pair{&cls, &files.options.cls_token}, {&sep, &files.options.sep_token}}) {
    if (!tokens || content->empty())
      continue;
    const std::optional<JsonObject<>> token = tokens->object(content->c_str());
    const nlohmann::json* const ids = token ? token->find("ids") : nullptr;
    if (ids && ids->is_array() && ids->size() == 1)
      use_in_template(*role, *content, ids->front(), token->name("ids"), *token, files);
    else if (token)
      token->malformed("ids", ids, "an array of one id");
  }
}

REGARD_LAZY
void read_post_processor(const JsonObject<>& root, TokenizerFiles& files) {
  const nlohmann::json* const found = root.find("post_processor");
  const bool bert =
      found && found->is_object() && found->contains("type") && same_json((*found)["type"], "BertProcessing");
  if (bert)
    read_bert_processing(JsonObject<>(*found, "post_processor", root.problems()), files);
  else if (const auto processor = part_of_type(root, "post_processor", "TemplateProcessing"))
    read_template_processing(*processor, files);
}

REGARD_LAZY
void read_json_added_tokens(const JsonObject<>& root, TokenizerFiles& files) {
  const nlohmann::json* const found = root.find("added_tokens");
  if (!found || found->is_null())
    return;
  if (!found->is_array()) {
    root.malformed("added_tokens", found, "an array of objects");
    return;
  }
  Index place = 0;
  for (const nlohmann::json& entry : *found) {
    const std::string where = "added_tokens[" + std::to_string(place++) + "]";
    if (!entry.is_object()) {
      root.malformed(where, &entry, "an object");
      continue;
    }
    const JsonObject<> object(entry, where, root.problems());
    AddedToken token = read_added_token(object);
    if (std::uint64_t id = 0; object.has("id") && get_unsigned(*object.find("id"), id))
      files.add(std::move(token), where, static_cast<Index>(id));
    else
      object.malformed("id", object.find("id"), "a token id");
  }
}

REGARD_LAZY
void read_tokenizer_json(const std::filesystem::path& path, TokenizerFiles& files) {
  const nlohmann::json json = read_json_object(path);
  Problems problems;
  const JsonObject<> root(json, "", problems);
  WordPieceOptions& options = files.options;
  // Files of the first versions have no type here; a WordPiece model is told by its word limit.
  const nlohmann::json* const model = root.find("model");
  const bool old =
      model && model->is_object() && !model->contains("type") && model->contains("max_input_chars_per_word");
  if (const auto part = old ? root.object("model") : part_of_type(root, "model", "WordPiece")) {
    part->read("unk_token", options.unk_token);
    part->read("continuing_subword_prefix", options.continuing_prefix);
    part->read("max_input_chars_per_word", options.max_input_chars_per_word, 0);
    read_json_vocabulary(*part, files);
  }
  if (const auto part = part_of_type(root, "normalizer", "BertNormalizer")) {
    part->read("clean_text", options.clean_text);
    part->read("handle_chinese_chars", options.tokenize_chinese_chars);
    part->read("strip_accents", options.strip_accents);
    part->read("lowercase", options.do_lower_case);
  }
  part_of_type(root, "pre_tokenizer", "BertPreTokenizer");
  read_json_added_tokens(root, files);
  read_post_processor(root, files);
  problems.throw_if_any(path.string());
}

} // namespace regard::inline REGARD_ABI::detail
