// SPDX-License-Identifier: MIT
// tokenizer.json, or vocab.txt ==== a text ==== tokenizer_config.json ==== special_tokens_map.json ====
// added_tokens.json: the tokeniser that they make cuts the text.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/text/load.hpp>

namespace regard_fuzz {

inline void check_encoding(const regard::WordPieceTokenizer& tokenizer, const regard::Encoding& encoding,
                           std::string_view text, std::string_view pair) {
  for (const regard::Token& token : encoding.tokens) {
    require(token.id < tokenizer.size(), "an id that there is");
    require(tokenizer.id(tokenizer.piece(token.id)).has_value(), "an id with a piece");
    const std::size_t size = std::max(text.size(), pair.size());
    require(token.begin <= token.end && token.end <= size, "a token lies within its text");
  }
}

inline void check_tokenizer(const regard::WordPieceTokenizer& tokenizer, std::string_view text) {
  constexpr regard::Index enough = 1 << 24, few = 7;
  const std::string_view first = text.substr(0, text.size() / 2), second = text.substr(text.size() / 2);
  const auto whole = tokenizer.encode(text, enough);
  require(whole.dropped_tokens == 0 && whole.tokens.size() >= 2, "nothing is dropped without need");
  check_encoding(tokenizer, whole, text, "");
  const auto cut = tokenizer.encode(text, few);
  require(cut.tokens.size() == std::min(few, whole.tokens.size()) &&
              cut.tokens.size() + cut.dropped_tokens == whole.tokens.size(),
          "what is dropped is counted");
  for (std::size_t t = 0; t + 1 < cut.tokens.size(); ++t)
    require(cut.tokens[t].id == whole.tokens[t].id && cut.tokens[t].begin == whole.tokens[t].begin &&
                cut.tokens[t].end == whole.tokens[t].end,
            "the first tokens are kept");
  const auto pair = tokenizer.encode(first, second, enough);
  check_encoding(tokenizer, pair, first, second);
  const auto pair_cut = tokenizer.encode(first, second, few);
  require(pair_cut.tokens.size() == std::min(few, pair.tokens.size()) &&
              pair_cut.tokens.size() + pair_cut.dropped_tokens == pair.tokens.size(),
          "what is dropped of a pair is counted");
  accepts([&] { tokenizer.encode(text); });
}

inline void tokenizer_files(const Folder& folder, const char* name, Bytes input) {
  const auto [vocabulary, text, config, special, added] = split<5>(input);
  folder.write(name, vocabulary);
  folder.write_or_remove("tokenizer_config.json", config);
  folder.write_or_remove("special_tokens_map.json", special);
  folder.write_or_remove("added_tokens.json", added);
  accepts([&folder, text = text_of(text)] { check_tokenizer(regard::load_wordpiece(folder.path()), text); });
}

inline void tokenizer(Bytes input) {
  static const Folder folder;
  tokenizer_files(folder, "tokenizer.json", input);
}

inline void vocabulary(Bytes input) {
  static const Folder folder;
  tokenizer_files(folder, "vocab.txt", input);
}

} // namespace regard_fuzz
