// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/seed.hpp"

#include <regard/text/wordpiece.hpp>

#include <algorithm>
#include <random>
#include <thread>

using regard::AddedToken;
using regard::Encoding;
using regard::Index;
using regard::InvalidArgument;
using regard::Token;
using regard::WordPieceOptions;
using regard::WordPieceTokenizer;

namespace {

const std::vector<std::string> vocabulary{"[PAD]", "[UNK]", "[CLS]",  "[SEP]", "[MASK]", "a",     "b",
                                          "film",  "grip",  "##ping", "##b",   "##a",    ".",     "é",
                                          "##é",   "Film",  "##s",    "中",    "un",     "##aff", "##able"};

WordPieceTokenizer make(const WordPieceOptions& options = {}) {
  return WordPieceTokenizer(vocabulary, options);
}

std::vector<std::string> pieces(const WordPieceTokenizer& tokenizer, const Encoding& encoding) {
  std::vector<std::string> result;
  result.reserve(encoding.tokens.size());
  for (const Token& token : encoding.tokens)
    result.emplace_back(tokenizer.piece(token.id));
  return result;
}

using Pieces = std::vector<std::string>;

/// Bytes of all kinds: words of the vocabulary, marks, ideographs, controls, and what is no UTF-8.
std::string random_text(std::mt19937_64& random) {
  static const Pieces parts{"film",
                            "Film",
                            "unaffable",
                            "a",
                            "b",
                            " ",
                            "  ",
                            "\n",
                            ".",
                            "é",
                            "e\u0301",
                            "中",
                            "\u302e",
                            "한",
                            "[MASK]",
                            "[SEP",
                            "]",
                            "\xff",
                            "\xe4\xb8",
                            "\xc3",
                            "\xed\xa0\x80",
                            "\u200b",
                            "\u3000",
                            "\u0130",
                            "😀",
                            "\xf4\x90\x80\x80"};
  std::string text;
  for (auto count = random() % 20; count > 0; --count)
    text += parts[random() % parts.size()];
  return text;
}

/// Calls `check(text)` for random texts; failures show the text and the seed.
template <class Check>
void for_random_texts(int count, const Check& check) {
  std::mt19937_64 random(regard_test::seed());
  for (int i = 0; i < count; ++i) {
    const std::string text = random_text(random);
    INFO("seed " << regard_test::seed() << ", text " << Catch::Detail::stringify(text));
    check(text);
  }
}

/// The tokens of the text itself.
std::vector<Token> inner(const Encoding& encoding) {
  return {encoding.tokens.begin() + 1, encoding.tokens.end() - 1};
}

} // namespace

TEST_CASE("a word is cut into the longest pieces, from the left", "[wordpiece]") {
  const auto tokenizer = make();
  CHECK(pieces(tokenizer, tokenizer.encode("A gripping film.")) ==
        Pieces{"[CLS]", "a", "grip", "##ping", "film", ".", "[SEP]"});
  CHECK(pieces(tokenizer, tokenizer.encode("unaffables filmq")) ==
        Pieces{"[CLS]", "un", "##aff", "##able", "##s", "[UNK]", "[SEP]"});
  const Token able = tokenizer.encode("unaffables").tokens[3];
  CHECK(able == Token{20, 0, 5, 9, 0, 0, false});
}

TEST_CASE("an empty text, or one of spaces, is [CLS] [SEP]", "[wordpiece]") {
  const auto tokenizer = make();
  for (const char* const text : {"", " ", "\t\n\r ", "\u3000\u200b", "\xff\xfe", "\u0301"})
    CHECK(tokenizer.encode(text).tokens ==
          std::vector<Token>{{2, 0, 0, 0, 0, Token::no_word, true}, {3, 0, 0, 0, 0, Token::no_word, true}});
}

TEST_CASE("offsets lie in the text, in order, and a known word covers itself", "[wordpiece]") {
  for (const bool lower : {true, false}) {
    const auto tokenizer = make({.do_lower_case = lower});
    for_random_texts(2000, [&](const std::string& text) {
      Index last_begin = 0, last_word = 0;
      for (const Token& token : inner(tokenizer.encode(text))) {
        CHECK(token.begin < token.end);
        CHECK(token.end <= text.size());
        CHECK(token.begin >= last_begin);
        CHECK((token.word == last_word || token.word == last_word + 1 || token.word == 0));
        last_begin = token.begin;
        last_word = token.word;
        const std::string slice = text.substr(token.begin, token.end - token.begin);
        if (token.id == *tokenizer.id("[MASK]"))
          CHECK(slice == "[MASK]");
        if (!lower && token.id == *tokenizer.id("Film"))
          CHECK(slice == "Film");
        if (!lower && token.id == *tokenizer.id("##able"))
          CHECK(slice == "able");
      }
    });
  }
}

TEST_CASE("texts joined by a space encode as one after the other", "[wordpiece]") {
  const auto tokenizer = make();
  std::string previous;
  for_random_texts(1000, [&](const std::string& text) {
    std::vector<Token> expected = inner(tokenizer.encode(previous));
    const Index words = expected.empty() ? 0 : expected.back().word + 1;
    for (Token token : inner(tokenizer.encode(text))) {
      token.begin += previous.size() + 1;
      token.end += previous.size() + 1;
      token.word += words;
      expected.push_back(token);
    }
    CHECK(inner(tokenizer.encode(previous + " " + text)) == expected);
    previous = text;
  });
}

TEST_CASE("truncation keeps a beginning and counts the rest", "[wordpiece]") {
  const auto tokenizer = make();
  for_random_texts(500, [&](const std::string& text) {
    const std::vector<Token> all = inner(tokenizer.encode(text));
    for (Index limit = 2; limit < all.size() + 4; ++limit) {
      const Encoding cut = tokenizer.encode(text, limit);
      CHECK(cut.tokens.size() == std::min(limit, all.size() + 2));
      CHECK(cut.tokens.size() + cut.dropped_tokens == all.size() + 2);
      CHECK(cut.tokens.back().id == tokenizer.sep_id());
      CHECK(std::equal(cut.tokens.begin() + 1, cut.tokens.end() - 1, all.begin()));
    }
  });
}

TEST_CASE("of a pair the longer text is cut first", "[wordpiece]") {
  const auto tokenizer = make();
  const std::string words = "a b a b a b a b a b";
  const auto lengths = [&](Index first, Index second, Index limit) {
    const Encoding encoding =
        tokenizer.encode(words.substr(0, 2 * first), words.substr(0, 2 * second), limit);
    Index kept[2] = {0, 0};
    for (const Token& token : encoding.tokens) {
      kept[token.segment] += token.word == Token::no_word ? 0 : 1;
      CHECK(token.type == token.segment);
    }
    CHECK(kept[0] + kept[1] + encoding.dropped_tokens == first + second);
    return std::pair(kept[0], kept[1]);
  };
  using Pair = std::pair<Index, Index>;
  CHECK(lengths(2, 3, 8) == Pair{2, 3});
  CHECK(lengths(2, 8, 8) == Pair{2, 3});
  CHECK(lengths(8, 2, 8) == Pair{3, 2});
  CHECK(lengths(6, 8, 8) == Pair{2, 3});
  CHECK(lengths(8, 6, 8) == Pair{3, 2});
  CHECK(lengths(6, 6, 8) == Pair{2, 3});
  CHECK(lengths(6, 6, 9) == Pair{3, 3});
  CHECK(lengths(0, 6, 5) == Pair{0, 2});
  CHECK(lengths(6, 6, 3) == Pair{0, 0});
}

TEST_CASE("a maximum without room for the special tokens is refused", "[wordpiece]") {
  const auto tokenizer = make({.model_max_length = 5});
  CHECK(tokenizer.encode("a a a a a a").tokens.size() == 5);
  CHECK(tokenizer.encode("a a a a a a", 7).tokens.size() == 7);
  CHECK_THROWS_AS(tokenizer.encode("a", 1), InvalidArgument);
  CHECK_THROWS_WITH(tokenizer.encode("a", "b", 2),
                    "a maximum length of 2 has no room for the 3 special tokens, expected at least 3");
}

TEST_CASE("bytes that are no UTF-8 count as U+FFFD and move no offset", "[wordpiece]") {
  const auto tokenizer = make();
  for (const std::string& bad : Pieces{"\xff", "\x80", "\xc0\x80", "\xe4\xb8", "\xed\xa0\x80",
                                       "\xf4\x90\x80\x80", "\xf0\x9f", "\ufffd"}) {
    const std::string text = std::string("a").append(bad).append(" film").append(bad);
    const std::vector<Token> tokens = inner(tokenizer.encode(text));
    REQUIRE(tokens.size() == 2);
    CHECK(tokens[0] == Token{5, 0, 0, 1, 0, 0, false});
    CHECK(tokens[1] == Token{7, 0, 2 + bad.size(), 6 + bad.size(), 0, 1, false});
  }
  // Not removed when the text is not cleaned: the word is unknown, and its offsets span it.
  const auto raw = make({.clean_text = false});
  CHECK(inner(raw.encode("a\xff"
                         "b")) == std::vector<Token>{{1, 0, 0, 3, 0, 0, false}});
}

TEST_CASE("special tokens in the text are themselves", "[wordpiece]") {
  const auto tokenizer = make();
  const std::vector<Token> tokens = inner(tokenizer.encode("a[MASK]b [mask]"));
  REQUIRE(tokens.size() == 6);
  CHECK(tokens[1] == Token{4, 0, 1, 7, 0, 1, true});
  CHECK(tokens[2] == Token{6, 0, 7, 8, 0, 2, false});
  CHECK(tokens[3].id == tokenizer.unk_id()); // "[", then "mask", then "]"
  CHECK_FALSE(tokens[3].special);
}

TEST_CASE("added tokens follow their flags", "[wordpiece]") {
  const auto one = [](const AddedToken& token) { return make({.added_tokens = {token}}); };
  const auto spans = [](const WordPieceTokenizer& tokenizer, const std::string& text) {
    std::vector<std::string> result;
    for (const Token& token : tokenizer.encode(text).tokens)
      if (token.id == *tokenizer.id("New"))
        result.push_back(text.substr(token.begin, token.end - token.begin));
    return result;
  };
  const auto plain = one({.content = "New"});
  CHECK(plain.size() == vocabulary.size() + 1);
  CHECK(plain.piece(vocabulary.size()) == "New");
  CHECK(plain.is_special(vocabulary.size()));
  CHECK(spans(plain, "New new aNewb") == Pieces{"New", "New"});
  CHECK(spans(one({.content = "New", .normalized = true}), "New NE\u0301W aNewb") ==
        Pieces{"New", "NE\u0301W", "New"});
  CHECK(spans(one({.content = "New", .lstrip = true}), "a \u3000New  New") == Pieces{" \u3000New", "  New"});
  CHECK(spans(one({.content = "New", .rstrip = true}), "New \u3000New a") == Pieces{"New \u3000", "New "});
  CHECK(spans(one({.content = "New", .single_word = true}), "New aNew Newé .New. _New") ==
        Pieces{"New", "New"});
  // Of two that begin at the same place the longer one is taken.
  const auto two = make({.added_tokens = {{.content = "<a"}, {.content = "<a>"}}});
  CHECK(two.encode("<a><a").tokens[1].id == *two.id("<a>"));
  CHECK(two.encode("<a><a").tokens[2].id == *two.id("<a"));
}

TEST_CASE("options change the normalisation", "[wordpiece]") {
  const auto encode = [](const WordPieceOptions& options, const char* text) {
    const auto tokenizer = make(options);
    const Encoding encoding = tokenizer.encode(text);
    Pieces result = pieces(tokenizer, encoding);
    return Pieces(result.begin() + 1, result.end() - 1);
  };
  CHECK(encode({}, "Film é") == Pieces{"film", "[UNK]"}); // e is no piece
  CHECK(encode({.do_lower_case = false}, "Film é") == Pieces{"Film", "é"});
  CHECK(encode({.strip_accents = false}, "Film É") == Pieces{"film", "é"});
  CHECK(encode({}, "a中b") == Pieces{"a", "中", "b"});
  CHECK(encode({.tokenize_chinese_chars = false}, "a中b") == Pieces{"[UNK]"});
  CHECK(encode({.max_input_chars_per_word = 3}, "aba film") == Pieces{"a", "##b", "##a", "[UNK]"});
  CHECK(encode({.max_input_chars_per_word = 0}, "a") == Pieces{"[UNK]"});
}

TEST_CASE("ids and pieces are each other's inverse", "[wordpiece]") {
  const auto tokenizer = make();
  REQUIRE(tokenizer.size() == vocabulary.size());
  for (Index id = 0; id < tokenizer.size(); ++id)
    CHECK(tokenizer.id(tokenizer.piece(id)) == id);
  CHECK_FALSE(tokenizer.id("nowhere"));
  CHECK_FALSE(tokenizer.id(""));
  CHECK(tokenizer.pad_id() == 0);
  CHECK(tokenizer.unk_id() == 1);
  CHECK(tokenizer.cls_id() == 2);
  CHECK(tokenizer.sep_id() == 3);
  CHECK(tokenizer.mask_id() == 4);
  CHECK_THROWS_WITH(tokenizer.piece(21), "token id 21 is not among the 21 of the vocabulary");
}

TEST_CASE("a vocabulary without a special token is refused", "[wordpiece]") {
  CHECK_THROWS_WITH(WordPieceTokenizer({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"}),
                    "the special token \"[MASK]\" is not among the 5 pieces of the vocabulary");
  CHECK_THROWS_AS(WordPieceTokenizer({}), InvalidArgument);
}

TEST_CASE("of a piece that occurs twice the last counts; empty ones are never matched", "[wordpiece]") {
  std::vector<std::string> twice = vocabulary;
  twice.insert(twice.end(), {"film", "", "##"});
  const WordPieceTokenizer tokenizer(twice);
  CHECK(tokenizer.encode("film filma").tokens[1].id == 21);
  CHECK(tokenizer.id("film") == 21);
}

TEST_CASE("long texts of one kind take linear time and little memory", "[wordpiece]") {
  const auto tokenizer = make();
  constexpr Index size = 10'000'000;
  const auto repeat = [](const std::string& part) {
    std::string text;
    text.reserve(size + part.size());
    while (text.size() < size)
      text += part;
    return text;
  };
  const Index limit = 512;
  CHECK(tokenizer.encode(repeat("a"), limit).tokens[1] == Token{1, 0, 0, size, 0, 0, false});
  CHECK(tokenizer.encode(repeat(" "), limit).tokens.size() == 2);
  CHECK(tokenizer.encode(repeat("\u0301"), limit).tokens.size() == 2);
  CHECK(tokenizer.encode(repeat("\u302e\u0316"), limit).tokens.size() == 3); // marks that are reordered
  CHECK(tokenizer.encode(repeat("."), limit).dropped_tokens == size - 510);
  CHECK(tokenizer.encode(repeat("\xe4\xb8"), limit).tokens.size() == 2);
  CHECK(tokenizer.encode(repeat("[MASK"), limit).tokens.size() == limit);
  CHECK(tokenizer.encode(repeat("[MASK]"), limit).dropped_tokens == size / 6 + 1 - 510);
  CHECK(tokenizer.encode(repeat(std::string(99, 'a') + ' '), limit).tokens.size() == limit);
  CHECK(tokenizer.encode(repeat("é"), limit).tokens[1].end == size);
}

TEST_CASE("threads may share a tokeniser", "[wordpiece]") {
  const auto tokenizer = make();
  const std::string text = "A gripping film, é 中 [MASK] unaffables";
  const Encoding expected = tokenizer.encode(text);
  std::vector<std::thread> threads;
  std::vector<int> same(4, 0);
  for (std::size_t t = 0; t < same.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i)
        same[t] += tokenizer.encode(text) == expected ? 1 : 0;
    });
  for (std::thread& thread : threads)
    thread.join();
  CHECK(same == std::vector<int>(4, 500));
}
