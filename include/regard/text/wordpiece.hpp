// SPDX-License-Identifier: MIT
// BERT's tokeniser: clean the text, split it into words and punctuation, cut each word into the longest
// pieces of a vocabulary (Devlin et al. 2019, section 3; Wu et al. 2016, section 4.1). Ids, offsets and word
// numbers equal those of `BertTokenizerFast` of Hugging Face transformers.
//
//     auto tokenizer = regard::load_wordpiece("path/to/checkpoint");   // text/load.hpp
//     regard::Encoding one = tokenizer.encode("a gripping film");      // [CLS] a grip ##ping film [SEP]
//     regard::Encoding two = tokenizer.encode("a premise", "a hypothesis", 128);
//
// Every text is accepted: bytes that are no UTF-8 count as U+FFFD, which cleaning removes; an empty text
// becomes [CLS] [SEP]. Time is linear in the text, memory linear in the tokens that are kept.
#pragma once

#include <regard/core/error.hpp>
#include <regard/text/detail/added_tokens.hpp>
#include <regard/text/detail/piece_table.hpp>
#include <regard/text/encoding.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

namespace detail {
class WordSplitter;
}

/// A token that is looked for in the text before anything else is done to it, as "[MASK]" is.
struct AddedToken {
  std::string content{}; ///< What stands in the text. Takes its id from the vocabulary, or the next free one.
  bool special = true;   ///< Whether `Token::special` is set.
  bool normalized = false;  ///< Look for it after cleaning and lower-casing, in both the token and the text.
  bool lstrip = false;      ///< Swallow the white space before it.
  bool rstrip = false;      ///< Swallow the white space behind it.
  bool single_word = false; ///< Only where no letter, digit or underscore touches it.
};

/// How a `WordPieceTokenizer` reads text. The defaults are those of `BertTokenizerFast`, that is of
/// bert-base-uncased.
struct WordPieceOptions {
  /// A length that nothing reaches.
  static constexpr Index no_limit = static_cast<Index>(-1);

  bool clean_text = true;              ///< Drop control characters, make all white space alike.
  bool do_lower_case = true;           ///< Lower-case the text.
  std::optional<bool> strip_accents{}; ///< Drop accents; unset means as `do_lower_case`.
  bool tokenize_chinese_chars = true;  ///< Make each CJK ideograph a word.

  std::string unk_token = "[UNK]";
  std::string sep_token = "[SEP]";
  std::string pad_token = "[PAD]";
  std::string cls_token = "[CLS]";
  std::string mask_token = "[MASK]";

  std::string continuing_prefix = "##";   ///< Marks the pieces that continue a word.
  Index max_input_chars_per_word = 100;   ///< A word of more characters is unknown as a whole.
  Index model_max_length = no_limit;      ///< Most tokens of an encoding, special ones included.
  std::vector<AddedToken> added_tokens{}; ///< Besides the five above, or to give those other flags.
};

/// Cuts text into pieces of a vocabulary. Immutable; `encode` may be called from any number of threads.
class WordPieceTokenizer {
 public:
  /// @param vocabulary  the pieces; the position is the id. Of a piece that occurs twice the last position
  ///                    counts, as in transformers; an empty one is never matched.
  /// @throws InvalidArgument when one of the five special tokens is not in the vocabulary or among
  ///         `options.added_tokens`.
  REGARD_LAZY explicit WordPieceTokenizer(std::vector<std::string> vocabulary, WordPieceOptions options = {});

  /// [CLS] text [SEP]. Tokens beyond the maximum length are cut from the right.
  /// @param max_length  most tokens, special ones included; 0 stands for `options().model_max_length`.
  /// @throws InvalidArgument when the maximum is too small for the special tokens: 2, or 3 for a pair.
  REGARD_LAZY Encoding encode(std::string_view text, Index max_length = 0) const;

  /// [CLS] text [SEP] pair [SEP], with token types 0 and 1. What exceeds the maximum is cut from the longer
  /// text until both are equally long, then from both ("longest_first" of transformers: of an odd number of
  /// tokens the longer text keeps one more, the second when both were equally long).
  REGARD_LAZY Encoding encode(std::string_view text, std::string_view pair, Index max_length = 0) const;

  /// Number of ids: those of the vocabulary, then those of added tokens that it does not have.
  Index size() const { return pieces_.size(); }

  /// The piece of an id, with its prefix, as in vocab.txt.
  /// @throws InvalidArgument when there is no such id.
  REGARD_LAZY std::string_view piece(Index id) const;

  /// The id of a piece; nothing when it is neither in the vocabulary nor an added token.
  REGARD_LAZY std::optional<Index> id(std::string_view piece) const;

  Index unk_id() const { return unk_id_; }
  Index sep_id() const { return sep_id_; }
  Index pad_id() const { return pad_id_; }
  Index cls_id() const { return cls_id_; }
  Index mask_id() const { return mask_id_; }

  /// True for the ids of special tokens, the five and the added ones.
  bool is_special(Index id) const { return id < special_.size() && special_[id]; }

  const WordPieceOptions& options() const { return options_; }

 private:
  friend class detail::WordSplitter;

  /// Tokens of one text: at most `budget` of them in `tokens`, all of them in `count`.
  struct Segment {
    std::vector<Token> tokens;
    Index count = 0;
  };

  REGARD_LAZY void add_rule(const AddedToken& token);
  REGARD_LAZY Index limit(Index max_length, Index special_tokens) const;
  REGARD_LAZY Segment split(std::string_view text, Index segment, Index budget) const;

  WordPieceOptions options_;
  std::vector<std::string> pieces_;     // by id
  detail::PieceTable whole_;            // every piece of the vocabulary as it is
  detail::PieceTable continuing_;       // those with the prefix, without it
  detail::PieceTable added_;            // added tokens that the vocabulary does not have
  detail::AddedTokenTable raw_added_;   // matched in the text as it is
  detail::AddedTokenTable clean_added_; // matched in the normalised text
  std::vector<bool> special_;           // by id
  Index unk_id_ = 0, sep_id_ = 0, pad_id_ = 0, cls_id_ = 0, mask_id_ = 0;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/text/detail/wordpiece.hpp>
#endif
