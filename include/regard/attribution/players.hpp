// SPDX-License-Identifier: MIT
// Who plays: lists of the tokens of each player.
#pragma once

#include <regard/text/encoding.hpp>

#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// What a player is: a token that is not special, or a word with all of its tokens.
enum class PlayerUnit { tokens, words };

/// "tokens" or "words".
inline std::string_view to_string(PlayerUnit unit) {
  return unit == PlayerUnit::tokens ? "tokens" : "words";
}

/// The positions of the tokens of each player, in the order of the text. Special tokens are no players; a
/// word is what the pre-tokeniser cut from the text.
inline std::vector<std::vector<Index>> find_players(const Encoding& encoding, PlayerUnit unit) {
  std::vector<std::vector<Index>> players;
  const Token* last = nullptr;
  for (Index t = 0; t < encoding.tokens.size(); ++t) {
    const Token& token = encoding.tokens[t];
    if (token.special)
      continue;
    const bool same_word = last != nullptr && token.word == last->word && token.segment == last->segment;
    if (unit == PlayerUnit::tokens || !same_word)
      players.emplace_back();
    players.back().push_back(t);
    last = &token;
  }
  return players;
}

} // namespace regard::inline REGARD_ABI
