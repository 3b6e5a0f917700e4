// SPDX-License-Identifier: MIT
// Who plays: lists of the tokens of each player.
#pragma once

#include <regard/models/image_model.hpp>
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
REGARD_LAZY
std::vector<std::vector<Index>> find_players(const Encoding& encoding, PlayerUnit unit) {
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

/// The positions, among the tokens of an image, of the patches of each player: every patch for itself, or
/// square blocks of `super_patch` x `super_patch` patches, smaller at the right and lower edge. Players and
/// the patches of each come row by row; special tokens are no players. Throws InvalidArgument when
/// `super_patch` is 0.
template <class Scalar>
std::vector<std::vector<Index>> find_players(const EncodedImage<Scalar>& image, Index super_patch = 1) {
  if (super_patch == 0)
    throw InvalidArgument("super-patch: found 0, expected at least 1 patch");
  const PatchGrid grid = image.grid;
  const Index block = std::min(super_patch, std::max(grid.rows, grid.columns)); // no sum overflows
  std::vector<std::vector<Index>> players;
  for (Index top = 0; top < grid.rows; top += block)
    for (Index left = 0; left < grid.columns; left += block) {
      players.emplace_back();
      for (Index row = top; row < std::min(top + block, grid.rows); ++row)
        for (Index column = left; column < std::min(left + block, grid.columns); ++column)
          players.back().push_back(image.special_tokens + row * grid.columns + column);
    }
  return players;
}

} // namespace regard::inline REGARD_ABI
