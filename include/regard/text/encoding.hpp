// SPDX-License-Identifier: MIT
// What a tokeniser makes of a text: token ids, and where in the text each token came from.
//
//     regard::Encoding encoding = tokenizer.encode("a gripping film");
//     for (const regard::Token& token : encoding.tokens)
//       if (token.word != regard::Token::no_word)
//         use(token.id, text.substr(token.begin, token.end - token.begin));
#pragma once

#include <regard/tensor.hpp>

#include <vector>

namespace regard::inline REGARD_ABI {

/// One token of an encoded text, or of an encoded pair of texts.
struct Token {
  /// `word` of a token that the tokeniser added, such as [CLS]: it comes from no word of the text.
  static constexpr Index no_word = static_cast<Index>(-1);

  Index id = 0;    ///< Row of the model's embedding table.
  Index type = 0;  ///< Token-type id: 0, or 1 for the second text of a pair and the [SEP] behind it.
  Index begin = 0; ///< First byte, in the original UTF-8 text of its segment.
  Index end = 0;   ///< One past the last byte. 0, as `begin`, for tokens that were added.
  Index segment =
      0; ///< Which text: 0, or 1 for the second of a pair. An added token belongs to the text it ends.
  Index word = no_word; ///< Which word of its segment, counted from 0 as `word_ids()` of transformers does.
  bool special =
      false; ///< A special token, added or written out in the text ("[MASK]"): no content of its own.

  friend bool operator==(const Token&, const Token&) = default;
};

/// What `encode` returns: the tokens in the order in which the model reads them.
struct Encoding {
  std::vector<Token> tokens;
  Index dropped_tokens = 0; ///< How many tokens of the text were cut to respect the maximum length.

  friend bool operator==(const Encoding&, const Encoding&) = default;
};

} // namespace regard::inline REGARD_ABI
