// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/text/load.hpp>

#include <nlohmann/json.hpp>

#include <functional>

using nlohmann::json;
using regard::IoError;
using regard::MalformedFile;
using regard::UnsupportedFile;
using regard::WordPieceTokenizer;
using regard_test::check_holds;
using regard_test::message_of;
using regard_test::TemporaryFolder;

namespace {

const std::string vocab_txt = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nfilm\nFilm\n##s\n";

json special_part(const char* token) {
  return {{"SpecialToken", {{"id", token}, {"type_id", 0}}}};
}

json sequence_part(const char* name, int type) {
  return {{"Sequence", {{"id", name}, {"type_id", type}}}};
}

/// A tokenizer.json that is right.
json good_json() {
  json file = json::parse(R"({"version": "1.0", "truncation": {"max_length": 3}, "padding": null,
    "added_tokens": [{"id": 4, "content": "[MASK]", "lstrip": true, "special": true}],
    "normalizer": {"type": "BertNormalizer", "lowercase": false, "strip_accents": null},
    "pre_tokenizer": {"type": "BertPreTokenizer"},
    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
    "model": {"type": "WordPiece", "vocab": {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "[MASK]": 4,
              "a": 5, "film": 6, "Film": 7, "##s": 8}}})");
  return file;
}

json good_template() {
  json pair_end = special_part("[SEP]");
  pair_end["SpecialToken"]["type_id"] = 1;
  const json single{special_part("[CLS]"), sequence_part("A", 0), special_part("[SEP]")};
  json pair = single;
  pair.push_back(sequence_part("B", 1));
  pair.push_back(pair_end);
  return {{"type", "TemplateProcessing"},
          {"single", single},
          {"pair", pair},
          {"special_tokens", {{"[CLS]", {{"ids", {2}}}}, {"[SEP]", {{"ids", {3}}}}}}};
}

using Files = std::vector<std::pair<std::string, std::string>>;

WordPieceTokenizer load(const Files& files) {
  const TemporaryFolder folder;
  for (const auto& [name, content] : files)
    folder.write(name, content);
  return regard::load_wordpiece(folder.path());
}

/// Checks that a folder of those files is refused, and what the message says.
template <class Exception = MalformedFile>
void check_refused(const Files& files, const std::vector<std::string>& parts) {
  const std::string message = message_of<Exception>([&] { load(files); });
  check_holds(message, parts);
}

/// Checks that tokenizer.json is refused once `change` was made to the good one.
template <class Exception = MalformedFile>
void check_json_refused(const std::function<void(json&)>& change, std::vector<std::string> parts) {
  json file = good_json();
  change(file);
  parts.push_back("tokenizer.json: ");
  check_refused<Exception>({{"tokenizer.json", file.dump()}}, parts);
}

template <class Exception = MalformedFile>
void check_config_refused(const std::string& config, std::vector<std::string> parts) {
  parts.push_back("tokenizer_config.json: ");
  check_refused<Exception>({{"vocab.txt", vocab_txt}, {"tokenizer_config.json", config}}, parts);
}

std::vector<std::size_t> ids(const WordPieceTokenizer& tokenizer, const std::string& text) {
  std::vector<std::size_t> result;
  for (const regard::Token& token : tokenizer.encode(text).tokens)
    result.push_back(token.id);
  return result;
}

using Ids = std::vector<std::size_t>;

} // namespace

TEST_CASE("the bundled model's tokeniser loads", "[wordpiece][load]") {
  const auto tokenizer = regard::load_wordpiece(std::filesystem::path(REGARD_TEST_MODELS) / "bert-tiny-sst2");
  CHECK(tokenizer.options().model_max_length == 128);
  CHECK(tokenizer.options().do_lower_case);
  CHECK(tokenizer.encode("a gripping , funny film").tokens.size() >= 7);
}

TEST_CASE("vocab.txt alone has the settings of bert-base-uncased", "[wordpiece][load]") {
  const auto tokenizer = load({{"vocab.txt", vocab_txt}});
  CHECK(ids(tokenizer, "a Films [MASK]") == Ids{2, 5, 6, 8, 4, 3});
  CHECK(tokenizer.options().model_max_length == regard::WordPieceOptions::no_limit);
  // Line ends of other systems, white space at the end, no line end at the last line.
  CHECK(load({{"vocab.txt", "[PAD]\r\n[UNK] \n[CLS]\u3000\n[SEP]\n[MASK]\n\n\u00e9"}}).id("\u00e9") == 6u);
}

TEST_CASE("tokenizer_config.json changes the settings that it names", "[wordpiece][load]") {
  const auto with = [](const std::string& config) {
    return load({{"vocab.txt", vocab_txt}, {"tokenizer_config.json", config}});
  };
  CHECK(ids(with(R"({"do_lower_case": false})"), "Films") == Ids{2, 7, 8, 3});
  CHECK(with(R"({"model_max_length": 7, "strip_accents": null})").options().model_max_length == 7);
  CHECK(with(R"({"model_max_length": 1000000000000000019884624838656})").options().model_max_length ==
        regard::WordPieceOptions::no_limit);
  CHECK(ids(with(R"({"mask_token": {"content": "film", "__type": "AddedToken"}})"), "afilm") ==
        Ids{2, 5, 6, 3});
  const auto added = with(R"({"added_tokens_decoder": {"9": {"content": "<x>", "special": true}}})");
  CHECK(ids(added, "a<x>a") == Ids{2, 5, 9, 5, 3});
  CHECK(added.is_special(9));
  CHECK(ids(with(R"({"additional_special_tokens": ["<y>"]})"), "a<y>a") == Ids{2, 5, 9, 5, 3});
}

TEST_CASE("older files are read where tokenizer_config.json lists no added tokens", "[wordpiece][load]") {
  Files files{{"vocab.txt", vocab_txt},
              {"special_tokens_map.json", R"({"mask_token": "film"})"},
              {"added_tokens.json", R"({"<x>": 9})"}};
  CHECK(load(files).mask_id() == 6);
  CHECK(load(files).id("<x>") == 9u);
  files.emplace_back("tokenizer_config.json", R"({"added_tokens_decoder": {}})");
  CHECK(load(files).mask_id() == 4);
  CHECK_FALSE(load(files).id("<x>"));
}

TEST_CASE("tokenizer.json wins over vocab.txt", "[wordpiece][load]") {
  const auto tokenizer = load({{"tokenizer.json", good_json().dump()}, {"vocab.txt", "nonsense"}});
  CHECK(ids(tokenizer, "a Films  [MASK]") == Ids{2, 5, 7, 8, 4, 3});
  CHECK(tokenizer.encode("a  [MASK]").tokens[2].begin == 1); // lstrip
  json file = good_json();
  file["post_processor"] = good_template();
  CHECK(ids(load({{"tokenizer.json", file.dump()}}), "film") == Ids{2, 6, 3});
  file["model"].erase("type");
  file["model"]["max_input_chars_per_word"] = 3;
  CHECK(ids(load({{"tokenizer.json", file.dump()}}), "a film") == Ids{2, 5, 1, 3});
}

TEST_CASE("tokenizer_config.json changes tokenizer.json for the classes that make their own normaliser",
          "[wordpiece][load]") {
  const auto with = [](const std::string& config) {
    return load({{"tokenizer.json", good_json().dump()}, {"tokenizer_config.json", config}});
  };
  CHECK(ids(with(R"({"tokenizer_class": "BertTokenizer", "do_lower_case": true})"), "Film") == Ids{2, 6, 3});
  CHECK(ids(with(R"({"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": true})"), "Film") ==
        Ids{2, 7, 3});
  CHECK(ids(with("{}"), "Film") == Ids{2, 7, 3});
}

TEST_CASE("missing files are named", "[wordpiece][load]") {
  check_holds(message_of<IoError>([] { regard::load_wordpiece("no/such/folder"); }),
              {"no/such/folder: ", "expected a folder with tokenizer.json or vocab.txt"});
  const TemporaryFolder folder;
  check_holds(message_of<IoError>([&] { regard::load_wordpiece(folder.path()); }),
              {folder.path().string(), "found neither tokenizer.json nor vocab.txt"});
  const auto file = folder.write("file", "");
  check_holds(message_of<IoError>([&] { regard::load_wordpiece(file); }), {file.string(), "not a folder"});
}

TEST_CASE("a vocab.txt that is none is refused", "[wordpiece][load]") {
  check_refused({{"vocab.txt", ""}}, {"vocab.txt: found no piece, expected one a line"});
  check_refused({{"vocab.txt", "a\nb\xff\n"}},
                {"vocab.txt: line 2: found bytes that are no UTF-8, expected one piece in UTF-8"});
  check_refused(
      {{"vocab.txt", "[UNK]\n[CLS]\n[SEP]\n"}},
      {"vocab.txt: 2 problems: found no piece \"[PAD]\" for pad_token, expected it among the 3 pieces",
       "found no piece \"[MASK]\" for mask_token"});
}

TEST_CASE("a tokenizer_config.json that is none is refused", "[wordpiece][load]") {
  check_config_refused("{", {"found no valid JSON"});
  check_config_refused("[]", {"found an array of 0 at the top, expected an object"});
  check_config_refused(R"({"do_lower_case": "yes"})",
                       {"do_lower_case: found \"yes\", expected true or false"});
  check_config_refused(R"({"strip_accents": 1})", {"strip_accents: found 1, expected true, false or null"});
  check_config_refused(R"({"tokenize_chinese_chars": null})",
                       {"tokenize_chinese_chars: found null, expected true or false"});
  check_config_refused(R"({"mask_token": 3})", {"mask_token: found 3, expected a string"});
  check_config_refused(R"({"mask_token": {"lstrip": 3}})",
                       {"mask_token.content: found nothing, expected a string",
                        "mask_token.lstrip: found 3, expected true or false"});
  for (const char* const length : {"-1", "1", "0", "3.5", "\"512\"", "null"})
    check_config_refused(
        std::string(R"({"model_max_length": )") + length + "}",
        {"model_max_length: found " + std::string(length), "expected a whole number of at least 2"});
  check_config_refused(R"({"added_tokens_decoder": []})",
                       {"added_tokens_decoder: found an array of 0, expected an object"});
  check_config_refused(R"({"added_tokens_decoder": {"x": {}, "1": 2}})",
                       {"added_tokens_decoder.x: found \"x\" for an id, expected a whole number",
                        "added_tokens_decoder.1: found 2, expected an object"});
  check_config_refused(R"({"additional_special_tokens": [1]})",
                       {"additional_special_tokens.0: found 1, expected a token"});
  check_config_refused(R"({"additional_special_tokens": 1})",
                       {"additional_special_tokens: found 1, expected an array of tokens"});
  check_config_refused<UnsupportedFile>(R"({"tokenizer_class": "GPT2Tokenizer"})",
                                        {"tokenizer_class: found \"GPT2Tokenizer\"", "BertTokenizer"});
  check_config_refused<UnsupportedFile>(R"({"tokenizer_class": "PreTrainedTokenizerFast"})",
                                        {"tokenizer_class"});
  check_config_refused<UnsupportedFile>(
      R"({"truncation_side": "left"})",
      {"truncation_side: found \"left\", expected \"right\" (all that is supported)"});
  check_config_refused<UnsupportedFile>(R"({"split_special_tokens": true})",
                                        {"split_special_tokens: found true"});
}

TEST_CASE("ids of added tokens that do not fit the vocabulary are refused", "[wordpiece][load]") {
  const auto refused = [](const std::string& decoder, const std::vector<std::string>& parts) {
    check_refused(
        {{"vocab.txt", vocab_txt}, {"tokenizer_config.json", R"({"added_tokens_decoder": )" + decoder + '}'}},
        parts);
  };
  refused(R"({"5": {"content": "film"}})",
          {"added_tokens_decoder.5: found id 5 for \"film\", expected 6, as in the vocabulary"});
  refused(R"({"18446744073709551615": {"content": "<x>"}})", {"expected 9, the next free one"});
  check_refused({{"vocab.txt", vocab_txt}, {"added_tokens.json", R"({"<x>": -1})"}},
                {"added_tokens.json: <x>: found -1, expected a token id"});
}

TEST_CASE("a tokenizer.json that is none is refused", "[wordpiece][load]") {
  check_refused({{"tokenizer.json", ""}}, {"tokenizer.json: found no valid JSON"});
  check_refused({{"tokenizer.json", std::string(1'000'000, '[')}}, {"tokenizer.json: ", "nested"});
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += R"({"model":)";
  check_refused({{"tokenizer.json", deep}}, {"tokenizer.json: ", "nested"});
  check_json_refused([](json& file) { file.erase("model"); }, {"model: found nothing, expected an object"});
  check_json_refused([](json& file) { file["model"]["vocab"] = json::array(); },
                     {"model.vocab: found an array of 0, expected an object"});
  check_json_refused([](json& file) { file["model"]["vocab"] = json::object(); },
                     {"model.vocab: found no piece, expected some"});
  for (const json& id : {json(70000), json(-1), json(4294967296), json(0), json("9"), json(1.0), json(1e300)})
    check_json_refused([&](json& file) { file["model"]["vocab"]["a"] = id; },
                       {"model.vocab.", ", expected an id below 9 that no other piece has"});
  check_json_refused([](json& file) { file["model"]["vocab"].erase("[MASK]"); }, {"expected an id below 8"});
  check_json_refused([](json& file) { file["model"]["unk_token"] = "nix"; },
                     {"found no piece \"nix\" for unk_token, expected it among the 9 pieces"});
  check_json_refused([](json& file) { file["model"]["max_input_chars_per_word"] = -1; },
                     {"model.max_input_chars_per_word: found -1, expected a whole number of at least 0"});
  check_json_refused([](json& file) { file["normalizer"]["lowercase"] = "no"; },
                     {"normalizer.lowercase: found \"no\", expected true or false"});
  check_json_refused([](json& file) { file["normalizer"].erase("type"); },
                     {"normalizer.type: found nothing, expected \"BertNormalizer\""});
  check_json_refused([](json& file) { file["added_tokens"] = 1; },
                     {"added_tokens: found 1, expected an array of objects"});
  check_json_refused([](json& file) { file["added_tokens"][0].erase("content"); },
                     {"added_tokens[0].content: found nothing, expected a string"});
  check_json_refused([](json& file) { file["added_tokens"][0]["id"] = 5; },
                     {"added_tokens[0]: found id 5 for \"[MASK]\", expected 4, as in the vocabulary"});
  check_json_refused([](json& file) { file["added_tokens"][0]["id"] = -5; },
                     {"added_tokens[0].id: found -5, expected a token id"});
  check_json_refused([](json& file) { file["post_processor"]["sep"] = "x"; },
                     {"post_processor.sep: found \"x\", expected an array of a token and its id"});
  check_json_refused([](json& file) { file["post_processor"]["sep"][1] = 2; },
                     {"post_processor.sep: found id 2 for \"[SEP]\", expected 3, as in the vocabulary"});
  check_json_refused(
      [](json& file) {
        file["post_processor"] = good_template();
        file["post_processor"]["special_tokens"]["[SEP]"]["ids"] = {1, 2};
      },
      {"post_processor.special_tokens.[SEP].ids: found an array of 2, expected an array of one id"});
}

TEST_CASE("a tokenizer.json of another tokeniser is refused as unsupported", "[wordpiece][load]") {
  const auto unsupported = check_json_refused<UnsupportedFile>;
  unsupported([](json& file) { file["model"]["type"] = "BPE"; },
              {"model.type: found \"BPE\", expected \"WordPiece\" (all that is supported)"});
  unsupported([](json& file) { file["normalizer"] = nullptr; }, {"normalizer: found null"});
  unsupported([](json& file) { file["normalizer"]["type"] = "Sequence"; },
              {"normalizer.type: found \"Sequence\", expected \"BertNormalizer\""});
  unsupported([](json& file) { file["pre_tokenizer"]["type"] = "ByteLevel"; },
              {"pre_tokenizer.type: found \"ByteLevel\""});
  unsupported([](json& file) { file["post_processor"]["type"] = "RobertaProcessing"; },
              {"post_processor.type: found \"RobertaProcessing\""});
  unsupported([](json& file) { file["post_processor"] = nullptr; }, {"post_processor: found null"});
  unsupported(
      [](json& file) {
        file["post_processor"] = good_template();
        file["post_processor"]["pair"][3]["Sequence"]["type_id"] = 0;
      },
      {"post_processor.pair: found another template, expected [CLS] A [SEP] B [SEP]"});
}
