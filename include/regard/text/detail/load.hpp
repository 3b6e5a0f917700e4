// SPDX-License-Identifier: MIT
// Body of text/load.hpp.
#pragma once

#include <regard/text/detail/tokenizer_config.hpp>
#include <regard/text/detail/tokenizer_json.hpp>
#include <regard/text/detail/unicode.hpp>
#include <regard/text/load.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI {

namespace detail {

/// One piece a line. White space at its end, such as a carriage return, is no part of it, as in transformers.
REGARD_LAZY
void read_vocabulary(const std::filesystem::path& path, TokenizerFiles& files) {
  const MappedFile file(path, Mapping::copy);
  const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
  for (Index begin = 0; begin < text.size();) {
    const Index end = std::min(text.find('\n', begin), text.size());
    std::string_view piece = text.substr(begin, end - begin);
    if (!is_utf8(piece))
      throw MalformedFile(path.string(), "line " + std::to_string(files.vocabulary.size() + 1) +
                                             ": found bytes that are no UTF-8, expected one piece in UTF-8");
    while (!piece.empty()) {
      const Decoded last = decode_before(piece, piece.size());
      if (!(kind_of(last.code) & space_kind))
        break;
      piece.remove_suffix(last.size);
    }
    files.vocabulary.emplace_back(piece);
    begin = end + 1;
  }
  if (files.vocabulary.empty())
    throw MalformedFile(path.string(), "found no piece, expected one a line");
}

/// Checks that the ids which the files state for special and added tokens are those that they will have, and
/// that every role has its token. Leaves in the options each added token once, in the order of new ids.
REGARD_LAZY
void settle_added_tokens(const std::string& file, TokenizerFiles& files) {
  std::map<std::string_view, Index> ids;
  for (Index id = 0; id < files.vocabulary.size(); ++id)
    ids[files.vocabulary[id]] = id;
  ids.erase("");
  Problems problems;
  std::map<std::string_view, Index> settled;
  Index next = files.vocabulary.size();
  for (const ListedToken& listed : files.added) {
    const std::string& content = listed.token.content;
    if (content.empty())
      continue;
    const bool known = ids.contains(content);
    const Index id = ids.try_emplace(content, next).first->second;
    next += known ? 0 : 1;
    if (listed.id && *listed.id != id)
      problems.malformed(one_line(listed.where) + ": found id " + std::to_string(*listed.id) + " for " +
                         quote(content) + ", expected " + std::to_string(id) +
                         (known ? ", as in the vocabulary" : ", the next free one"));
    if (settled.try_emplace(content, id).second)
      files.options.added_tokens.push_back(listed.token);
  }
  const WordPieceOptions& options = files.options;
  for (const auto& [role, content] : {std::pair{"unk_token", &options.unk_token},
                                      {"sep_token", &options.sep_token},
                                      {"pad_token", &options.pad_token},
                                      {"cls_token", &options.cls_token},
                                      {"mask_token", &options.mask_token}})
    if (!ids.contains(*content))
      problems.malformed("found no piece " + quote(*content) + " for " + role + ", expected it among the " +
                         std::to_string(files.vocabulary.size()) + " pieces");
  problems.throw_if_any(file);
}

} // namespace detail

template <class Lazy>
WordPieceTokenizer load_wordpiece(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error))
    throw IoError(folder.string() + ": " + (error ? error.message() : "not a folder") +
                  ", expected a folder with tokenizer.json or vocab.txt");
  const auto present = [&folder](const char* name) {
    std::error_code ignored;
    return std::filesystem::exists(folder / name, ignored);
  };
  const bool json = present("tokenizer.json");
  if (!json && !present("vocab.txt"))
    throw IoError(folder.string() + ": found neither tokenizer.json nor vocab.txt, expected one of them");

  detail::TokenizerFiles files;
  const std::filesystem::path source = folder / (json ? "tokenizer.json" : "vocab.txt");
  if (json)
    detail::read_tokenizer_json(source, files);
  else
    detail::read_vocabulary(source, files);
  bool lists_added_tokens = false;
  if (present("tokenizer_config.json"))
    lists_added_tokens = detail::read_tokenizer_config(folder / "tokenizer_config.json", json, files);
  if (!lists_added_tokens && present("special_tokens_map.json"))
    detail::read_special_tokens_map(folder / "special_tokens_map.json", files);
  if (!lists_added_tokens && present("added_tokens.json"))
    detail::read_added_tokens(folder / "added_tokens.json", files);
  detail::settle_added_tokens(source.string(), files);
  return WordPieceTokenizer(std::move(files.vocabulary), std::move(files.options));
}

} // namespace regard::inline REGARD_ABI
