// SPDX-License-Identifier: MIT
// Body of text/wordpiece.hpp.
#pragma once

#include <regard/text/detail/normalizer.hpp>
#include <regard/text/wordpiece.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace regard::inline REGARD_ABI {

namespace detail {

REGARD_LAZY
NormalizerOptions normalizer_options(const WordPieceOptions& options) {
  return {options.clean_text, options.tokenize_chinese_chars,
          options.strip_accents.value_or(options.do_lower_case), options.do_lower_case};
}

/// A normalised text in memory, for matching tokens in it. Also a sink of Normalizer.
struct NormalizedText {
  bool lower_case = false;
  std::string text;
  std::vector<Origin> origins; // one a byte

  void ascii(std::string_view run, Index begin) {
    for (Index i = 0; i < run.size(); ++i)
      character(lower_case ? detail::lower_case(static_cast<unsigned char>(run[i]))
                           : static_cast<unsigned char>(run[i]),
                {begin + i, begin + i + 1});
  }
  void character(char32_t code, Origin origin) {
    append_utf8(code, text);
    origins.insert(origins.end(), utf8_size(code), origin);
  }
};

/// Calls `token(rule, begin, end)` for each added token in `text` and `rest(begin, end)` for what lies
/// between.
template <class TokenSink, class RestSink>
void split_at_added(std::string_view text, const AddedTokenTable& table, const TokenSink& token,
                    const RestSink& rest) {
  const auto space_at = [&](Decoded decoded) { return (kind_of(decoded.code) & space_kind) != 0; };
  Index done = 0;
  for (auto match = table.next(text, 0); match.rule != nullptr; match = table.next(text, match.end)) {
    Index begin = match.begin, end = match.end;
    if (match.rule->single_word && ((begin > 0 && is_word_character(decode_before(text, begin).code)) ||
                                    (end < text.size() && is_word_character(decode(text, end).code))))
      continue;
    if (match.rule->lstrip)
      for (Decoded before; begin > done && space_at(before = decode_before(text, begin));)
        begin -= before.size;
    if (match.rule->rstrip)
      for (Decoded after; end < text.size() && space_at(after = decode(text, end));)
        end += after.size;
    if (done < begin)
      rest(done, begin);
    token(*match.rule, begin, end);
    done = end;
  }
  if (done < text.size())
    rest(done, text.size());
}

/// Turns the characters of one text into words and the words into tokens.
class WordSplitter {
 public:
  WordSplitter(const WordPieceTokenizer& tokenizer, Index segment, Index budget)
      : tokenizer_(tokenizer), segment_(segment), budget_(budget),
        lower_case_(tokenizer.options().do_lower_case) {}

  /// Sink of Normalizer.
  void ascii(std::string_view run, Index begin) {
    if (!take({begin, begin + run.size()}, run.size(), run.size()))
      return;
    for (const char byte : run)
      word_ += lower_case_ && byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
  }

  void character(char32_t code, Origin origin) {
    const unsigned kind = kind_of(code);
    if (kind & space_kind) {
      finish_word();
    } else if (kind & punctuation_kind) {
      finish_word();
      append(code, origin);
      finish_word();
    } else {
      append(code, origin);
    }
  }

  void added_token(const AddedTokenRule& rule, Origin origin) {
    finish_word();
    add(rule.id, origin, tokenizer_.is_special(rule.id));
    ++words_;
  }

  void finish_word() {
    if (word_.empty() && !overlong_)
      return;
    if (overlong_ || !cut())
      add(tokenizer_.unk_id(), {first_, last_}, false);
    else
      for (const Piece& piece : pieces_)
        add(piece.id, origin_of(piece.begin, piece.end), false);
    ++words_;
    word_.clear();
    origins_.clear();
    characters_ = 0;
    overlong_ = false;
  }

  std::vector<Token> tokens; ///< the first `budget`
  Index count = 0;           ///< all

 private:
  struct Piece {
    Index id = 0, begin = 0, end = 0; // bytes of word_
  };

  void append(char32_t code, Origin origin) {
    if (take(origin, utf8_size(code), 1))
      append_utf8(code, word_);
  }

  /// Makes room for `size` bytes of the word and notes where they come from. As long as byte k of the word is
  /// byte k of the original from `first_` on, nothing is noted; `origins_` is filled at the first exception.
  /// @return false when the word is too long: then only its extent matters, and nothing of it is kept.
  bool take(Origin origin, Index size, Index characters) {
    if (word_.empty() && !overlong_)
      first_ = last_ = origin.begin;
    const Index before = std::exchange(last_, origin.end);
    overlong_ = overlong_ || characters > tokenizer_.options().max_input_chars_per_word - characters_;
    if (overlong_)
      return false;
    characters_ += characters;
    const bool same_size = origin.end - origin.begin == size;
    if (origins_.empty() && same_size && origin.begin == before)
      return true;
    if (origins_.empty())
      for (Index i = 0; i < word_.size(); ++i)
        origins_.push_back({first_ + i, first_ + i + 1});
    for (Index i = 0; i < size; ++i)
      origins_.push_back(same_size ? Origin{origin.begin + i, origin.begin + i + 1} : origin);
    return true;
  }

  Origin origin_of(Index begin, Index end) const {
    if (origins_.empty())
      return {first_ + begin, first_ + end};
    return {origins_[begin].begin, origins_[end - 1].end};
  }

  /// The longest piece that begins the word, then the longest that continues it, and so on.
  /// @return false when some rest of the word begins with no piece.
  bool cut() {
    pieces_.clear();
    const std::string_view word = word_;
    for (Index begin = 0; begin < word.size();) {
      const PieceTable& table = begin == 0 ? tokenizer_.whole_ : tokenizer_.continuing_;
      const Piece piece = longest(table, word, begin);
      if (piece.id == PieceTable::none)
        return false;
      pieces_.push_back(piece);
      begin = piece.end;
    }
    return true;
  }

  Piece longest(const PieceTable& table, std::string_view word, Index begin) {
    const Index size = std::min(word.size() - begin, table.longest());
    hashes_.resize(std::max(hashes_.size(), size));
    PieceTable::Hash hash = PieceTable::empty_hash;
    for (Index i = 0; i < size; ++i)
      hashes_[i] = hash = PieceTable::extend(hash, word[begin + i]);
    for (Index end = begin + size; end > begin; --end) {
      if (end < word.size() && (static_cast<unsigned char>(word[end]) & 0xc0) == 0x80)
        continue; // within a character
      const Index id = table.find(hashes_[end - begin - 1], word.substr(begin, end - begin));
      if (id != PieceTable::none)
        return {id, begin, end};
    }
    return {PieceTable::none, begin, begin};
  }

  void add(Index id, Origin origin, bool special) {
    if (count++ < budget_)
      tokens.push_back({id, segment_, origin.begin, origin.end, segment_, words_, special});
  }

  const WordPieceTokenizer& tokenizer_;
  Index segment_, budget_;
  bool lower_case_;
  Index words_ = 0;

  std::string word_; // the word so far, normalised
  std::vector<Origin> origins_;
  Index first_ = 0, last_ = 0; // its place in the original
  Index characters_ = 0;
  bool overlong_ = false;

  std::vector<Piece> pieces_;
  std::vector<PieceTable::Hash> hashes_;
};

} // namespace detail

template <class Lazy>
WordPieceTokenizer::WordPieceTokenizer(std::vector<std::string> vocabulary, WordPieceOptions options)
    : options_(std::move(options)), pieces_(std::move(vocabulary)) {
  const std::string_view prefix = options_.continuing_prefix;
  for (Index id = 0; id < pieces_.size(); ++id) {
    const std::string_view piece = pieces_[id];
    whole_.insert(piece, id);
    if (piece.starts_with(prefix))
      continuing_.insert(piece.substr(prefix.size()), id);
  }
  const Index model_pieces = pieces_.size();
  // Ids first, in the order given. The five stand behind the caller's, who may have listed them with other
  // flags.
  std::vector<AddedToken> tokens = options_.added_tokens;
  for (const std::string* const content : {&options_.unk_token, &options_.sep_token, &options_.pad_token,
                                           &options_.cls_token, &options_.mask_token}) {
    const auto same = [content](const AddedToken& token) { return token.content == *content; };
    const auto listed = std::find_if(tokens.begin(), tokens.end(), same);
    if (listed != tokens.end())
      listed->special = true;
    else if (whole_.find(*content) == detail::PieceTable::none)
      throw InvalidArgument("the special token \"" + *content + "\" is not among the " +
                            std::to_string(model_pieces) + " pieces of the vocabulary");
    else
      tokens.emplace_back().content = *content;
  }
  for (const AddedToken& token : tokens)
    if (!token.content.empty() && !id(token.content)) {
      added_.insert(token.content, pieces_.size());
      pieces_.push_back(token.content);
    }
  special_.resize(pieces_.size());
  // Two tokens may look alike once they are normalised. Then the first counts, special ones before others, as
  // in transformers.
  std::stable_partition(tokens.begin(), tokens.end(), [](const AddedToken& token) { return token.special; });
  for (const AddedToken& token : tokens)
    add_rule(token);
  unk_id_ = *id(options_.unk_token);
  sep_id_ = *id(options_.sep_token);
  pad_id_ = *id(options_.pad_token);
  cls_id_ = *id(options_.cls_token);
  mask_id_ = *id(options_.mask_token);
}

template <class Lazy>
void WordPieceTokenizer::add_rule(const AddedToken& token) {
  const std::optional<Index> token_id = id(token.content);
  if (!token_id)
    return; // empty
  special_[*token_id] = special_[*token_id] || token.special;
  const detail::AddedTokenRule rule{*token_id, token.lstrip, token.rstrip, token.single_word};
  if (token.normalized) {
    detail::NormalizedText content{options_.do_lower_case, {}, {}};
    detail::Normalizer(token.content, 0, detail::normalizer_options(options_), content).run();
    clean_added_.insert(content.text, rule);
  } else {
    raw_added_.insert(token.content, rule);
  }
}

template <class Lazy>
std::string_view WordPieceTokenizer::piece(Index id) const {
  if (id >= pieces_.size())
    throw InvalidArgument("token id " + std::to_string(id) + " is not among the " +
                          std::to_string(pieces_.size()) + " of the vocabulary");
  return pieces_[id];
}

template <class Lazy>
std::optional<Index> WordPieceTokenizer::id(std::string_view piece) const {
  for (const detail::PieceTable* const table : {&added_, &whole_})
    if (const Index found = table->find(piece); found != detail::PieceTable::none)
      return found;
  return std::nullopt;
}

template <class Lazy>
Index WordPieceTokenizer::limit(Index max_length, Index special_tokens) const {
  const Index length = max_length == 0 ? options_.model_max_length : max_length;
  if (length < special_tokens)
    throw InvalidArgument("a maximum length of " + std::to_string(length) + " has no room for the " +
                          std::to_string(special_tokens) + " special tokens, expected at least " +
                          std::to_string(special_tokens));
  return length - special_tokens;
}

template <class Lazy>
WordPieceTokenizer::Segment WordPieceTokenizer::split(std::string_view text, Index segment,
                                                      Index budget) const {
  const detail::NormalizerOptions normalizer = detail::normalizer_options(options_);
  detail::WordSplitter words(*this, segment, budget);
  const auto stream = [&](Index begin, Index end) {
    detail::Normalizer(text.substr(begin, end - begin), begin, normalizer, words).run();
    words.finish_word();
  };
  // Tokens that are matched in the normalised text need all of it at once.
  const auto search = [&](Index begin, Index end) {
    detail::NormalizedText clean{options_.do_lower_case, {}, {}};
    detail::Normalizer(text.substr(begin, end - begin), begin, normalizer, clean).run();
    const auto token = [&](const detail::AddedTokenRule& rule, Index from, Index to) {
      words.added_token(rule, {clean.origins[from].begin, clean.origins[to - 1].end});
    };
    const auto rest = [&](Index from, Index to) {
      for (detail::Decoded next; from < to; from += next.size) {
        next = detail::decode(clean.text, from);
        words.character(next.code, clean.origins[from]);
      }
      words.finish_word();
    };
    detail::split_at_added(clean.text, clean_added_, token, rest);
  };
  const auto token = [&](const detail::AddedTokenRule& rule, Index begin, Index end) {
    words.added_token(rule, {begin, end});
  };
  if (clean_added_.empty())
    detail::split_at_added(text, raw_added_, token, stream);
  else
    detail::split_at_added(text, raw_added_, token, search);
  return {std::move(words.tokens), words.count};
}

template <class Lazy>
Encoding WordPieceTokenizer::encode(std::string_view text, Index max_length) const {
  Segment only = split(text, 0, limit(max_length, 2));
  Encoding encoding;
  encoding.dropped_tokens = only.count - only.tokens.size();
  encoding.tokens = std::move(only.tokens);
  encoding.tokens.insert(encoding.tokens.begin(), Token{cls_id_, 0, 0, 0, 0, Token::no_word, true});
  encoding.tokens.push_back({sep_id_, 0, 0, 0, 0, Token::no_word, true});
  return encoding;
}

template <class Lazy>
Encoding WordPieceTokenizer::encode(std::string_view text, std::string_view pair, Index max_length) const {
  const Index budget = limit(max_length, 3);
  Segment first = split(text, 0, budget);
  Segment second = split(pair, 1, budget);
  Index keep_first = first.count, keep_second = second.count;
  if (keep_first > budget || keep_second > budget - keep_first) {
    Index& longer = keep_first > keep_second ? keep_first : keep_second;
    Index& shorter = keep_first > keep_second ? keep_second : keep_first;
    shorter = std::min(shorter, budget / 2);
    longer = budget - shorter;
  }
  Encoding encoding;
  encoding.dropped_tokens = first.count - keep_first + (second.count - keep_second);
  encoding.tokens.reserve(keep_first + keep_second + 3);
  const auto append = [&encoding](const std::vector<Token>& tokens, Index count) {
    encoding.tokens.insert(encoding.tokens.end(), tokens.begin(),
                           tokens.begin() + static_cast<std::ptrdiff_t>(count));
  };
  encoding.tokens.push_back({cls_id_, 0, 0, 0, 0, Token::no_word, true});
  append(first.tokens, keep_first);
  encoding.tokens.push_back({sep_id_, 0, 0, 0, 0, Token::no_word, true});
  append(second.tokens, keep_second);
  encoding.tokens.push_back({sep_id_, 1, 0, 0, 1, Token::no_word, true});
  return encoding;
}

} // namespace regard::inline REGARD_ABI
