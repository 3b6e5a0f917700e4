// SPDX-License-Identifier: MIT
// Hard texts as BertTokenizerFast of transformers encodes them (tests/golden/tokenizer/make.py).
#include "checkpoint/files.hpp"

#include <regard/text/load.hpp>

#include <nlohmann/json.hpp>

#include <fstream>

using regard::Encoding;
using regard::Token;
using regard::WordPieceTokenizer;

namespace {

nlohmann::json golden() {
  std::ifstream file(std::filesystem::path(REGARD_TEST_DATA) / "tokenizer" / "golden.json");
  return nlohmann::json::parse(file);
}

/// A tokeniser of the golden file: the bundled model's where no files are given.
WordPieceTokenizer load(const nlohmann::json& files) {
  if (files.is_null())
    return regard::load_wordpiece(std::filesystem::path(REGARD_TEST_MODELS) / "bert-tiny-sst2");
  const regard_test::TemporaryFolder folder;
  for (const auto& [name, content] : files.items())
    folder.write(name, content.get<std::string>());
  return regard::load_wordpiece(folder.path());
}

/// [id, type, begin, end, word] of each token.
nlohmann::json rows(const Encoding& encoding) {
  nlohmann::json result = nlohmann::json::array();
  for (const Token& token : encoding.tokens)
    result.push_back({token.id, token.type, token.begin, token.end,
                      token.word == Token::no_word ? -1 : static_cast<long long>(token.word)});
  return result;
}

} // namespace

TEST_CASE("ids, types, offsets and words equal those of transformers", "[wordpiece][golden]") {
  const nlohmann::json file = golden();
  std::size_t compared = 0;
  for (const nlohmann::json& setting : file["tokenizers"]) {
    const WordPieceTokenizer tokenizer = load(setting["files"]);
    for (const nlohmann::json& entry : setting["cases"]) {
      const auto texts = entry["texts"].get<std::vector<std::string>>();
      const auto max_length = entry["max_length"].get<std::size_t>();
      const Encoding encoding = texts.size() == 2 ? tokenizer.encode(texts[0], texts[1], max_length)
                                                  : tokenizer.encode(texts[0], max_length);
      INFO("tokeniser \"" << setting["name"].get<std::string>() << "\", case "
                          << entry["texts"].dump(-1, ' ', true) << ", max_length " << max_length);
      CHECK(rows(encoding) == entry["tokens"]);
      ++compared;
    }
  }
  CHECK(compared > 700);
}
