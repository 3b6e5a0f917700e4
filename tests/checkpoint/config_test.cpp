// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/checkpoint/config.hpp>

using regard::BertConfig;
using regard::ConfigFile;
using regard::MalformedFile;
using regard::UnsupportedFile;
using regard_test::check_holds;
using regard_test::message_of;
using regard_test::TemporaryFolder;

namespace {

ConfigFile parse(const std::string& text) {
  return ConfigFile::parse(text, "DIR/config.json");
}

/// One member of a JSON object.
std::string pair_of(const std::string& key, const std::string& value) {
  return '"' + key + "\":" + value;
}

/// A BERT configuration with those keys in addition.
BertConfig bert(const std::string& keys) {
  return regard::read_bert_config(parse(R"({"model_type":"bert")" + (keys.empty() ? "" : ',' + keys) + '}'));
}

template <class Exception = MalformedFile>
void check_refused(const std::string& keys, std::vector<std::string> parts) {
  parts.push_back("DIR/config.json: ");
  check_holds(message_of<Exception>([&] { bert(keys); }), parts);
}

} // namespace

TEST_CASE("the getters give values, or the fallback for what is absent or null", "[config]") {
  const auto file = parse(R"({"i":-3,"n":2.5,"whole":2,"s":"text","b":true,"null":null})");
  CHECK(file.integer("i", -3, 3) == -3);
  CHECK(file.integer("null", 0, 9, 7) == 7);
  CHECK(file.number("n", 0) == 2.5);
  CHECK(file.number("whole", 0) == 2.0);
  CHECK(file.number("absent", 0, 0.5) == 0.5);
  CHECK(file.string("s") == "text");
  CHECK(file.string("absent", "fallback") == "fallback");
  CHECK(file.boolean("b"));
  CHECK_FALSE(file.boolean("absent", false));
  CHECK(file.has("i"));
  CHECK_FALSE(file.has("null"));
  CHECK_FALSE(file.has("absent"));
}

TEST_CASE("the getters name key, found and expected", "[config]") {
  const auto file = parse(R"({"i":12,"f":12.0,"big":18446744073709551615,"s":"1","list":[1,2]})");
  check_holds(message_of<MalformedFile>([&] { file.integer("i", 1, 11); }),
              {"DIR/config.json: i: found 12, expected an integer from 1 to 11"});
  check_holds(message_of<MalformedFile>([&] { file.integer("f", 1, 99); }), {"f: found 12.0"});
  check_holds(message_of<MalformedFile>([&] { file.integer("big", 1, INT64_MAX); }),
              {"big: found 18446744073709551615"});
  check_holds(message_of<MalformedFile>([&] { file.integer("s", 1, 99, 5); }), {"s: found \"1\""});
  check_holds(message_of<MalformedFile>([&] { file.integer("absent", 1, 99); }), {"absent: found nothing"});
  check_holds(message_of<MalformedFile>([&] { file.number("list", 0); }),
              {"list: found an array of 2, expected a finite number of at least 0"});
  check_holds(message_of<MalformedFile>([&] { file.string("i"); }), {"i: found 12, expected a string"});
  check_holds(message_of<MalformedFile>([&] { file.boolean("i"); }), {"i: found 12, expected true or false"});
}

TEST_CASE("what is no JSON object is refused", "[config]") {
  check_holds(message_of<MalformedFile>([] { parse(""); }), {"DIR/config.json: ", "no valid JSON"});
  check_holds(message_of<MalformedFile>([] { parse("[1]"); }),
              {"found an array of 1, expected a JSON object"});
  check_holds(message_of<MalformedFile>([] { parse("{\"a\":NaN}"); }), {"no valid JSON"});
  check_holds(message_of<MalformedFile>([] { parse("{\"a\":1,\"a\":2}"); }), {"key \"a\": found twice"});
  check_holds(message_of<MalformedFile>([] { parse("{\"a\":" + std::string(1'000'000, '[')); }),
              {"nested more than 64"});
  const TemporaryFolder folder;
  const auto path = folder.path() / "config.json";
  check_holds(message_of<regard::IoError>([&] { ConfigFile::open(path); }), {path.string(), "No such file"});
  folder.write("config.json", "{\"a\":1}");
  CHECK(ConfigFile::open(path).integer("a", 0, 1) == 1);
}

TEST_CASE("BERT: a full configuration is read as written, unknown keys aside", "[config]") {
  const auto config =
      bert(R"("vocab_size":8000,"hidden_size":128,"num_hidden_layers":4,"num_attention_heads":8,
    "intermediate_size":512,"max_position_embeddings":100,"type_vocab_size":1,"layer_norm_eps":1e-7,"pad_token_id":3,
    "hidden_act":"relu","position_embedding_type":"absolute","is_decoder":false,"add_cross_attention":null,
    "id2label":{"1":"b","0":"a","2":"c"},"label2id":{"a":0,"b":1,"c":2},"num_labels":3,"pruned_heads":{},
    "problem_type":"multi_label_classification","use_cache":true,"from_the_future":{"x":[1]})");
  CHECK(config.vocab_size == 8000);
  CHECK(config.hidden_size == 128);
  CHECK(config.num_hidden_layers == 4);
  CHECK(config.num_attention_heads == 8);
  CHECK(config.head_size() == 16);
  CHECK(config.intermediate_size == 512);
  CHECK(config.max_position_embeddings == 100);
  CHECK(config.type_vocab_size == 1);
  CHECK(config.layer_norm_eps == 1e-7);
  CHECK(config.pad_token_id == 3u);
  CHECK(config.hidden_act == BertConfig::Activation::relu);
  CHECK(config.labels == std::vector<std::string>{"a", "b", "c"});
  CHECK(config.problem_type == BertConfig::Problem::multi_label);
}

TEST_CASE("BERT: activations are told apart by what they compute", "[config]") {
  using Activation = BertConfig::Activation;
  for (const std::string name : {"gelu", "gelu_python"})
    CHECK(bert("\"hidden_act\":\"" + name + '"').hidden_act == Activation::gelu);
  for (const std::string name : {"gelu_new", "gelu_pytorch_tanh", "gelu_python_tanh", "gelu_accurate"})
    CHECK(bert("\"hidden_act\":\"" + name + '"').hidden_act == Activation::gelu_tanh);
  for (const std::string name : {"quick_gelu", "gelu_fast", "silu", "GELU", ""})
    check_refused<UnsupportedFile>(
        "\"hidden_act\":\"" + name + '"',
        {"hidden_act: found \"" + name + "\"", "expected one of gelu, gelu_python, gelu_new", "relu"});
}

TEST_CASE("BERT: other models and other computations are unsupported, by name", "[config]") {
  check_holds(
      message_of<UnsupportedFile>([] { regard::read_bert_config(parse(R"({"model_type":"roberta"})")); }),
      {"DIR/config.json: model_type: found \"roberta\", expected one of bert"});
  check_holds(message_of<MalformedFile>([] { regard::read_bert_config(parse("{}")); }),
              {"model_type: found nothing"});
  check_refused<UnsupportedFile>(
      R"("position_embedding_type":"relative_key")",
      {"position_embedding_type: found \"relative_key\", expected one of absolute"});
  check_refused<UnsupportedFile>(R"("is_decoder":true)", {"is_decoder: found true, expected false"});
  check_refused<UnsupportedFile>(R"("add_cross_attention":true)", {"add_cross_attention: found true"});
  check_refused<UnsupportedFile>(R"("pruned_heads":{"0":[1]})",
                                 {"pruned_heads: found an object, expected none"});
  check_refused<UnsupportedFile>(R"("quantization_config":{"bits":4})",
                                 {"quantization_config: found an object"});
  check_refused(R"("is_decoder":"no")", {"is_decoder: found \"no\", expected true or false"});
}

TEST_CASE("BERT: sizes out of range or contradictory are refused", "[config]") {
  for (const std::string key : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                                "intermediate_size", "max_position_embeddings", "type_vocab_size"})
    for (const std::string value :
         {"0", "-1", "2147483648", "1e3", "3.0", "\"12\"", "true", "99999999999999999999"})
      check_refused(pair_of(key, value), {key + ": found ", "expected an integer from 1 to 2147483647"});
  check_refused(R"("num_attention_heads":0)", {"num_attention_heads: found 0, expected an integer from 1"});
  check_refused(R"("hidden_size":770)",
                {"num_attention_heads: found 12, expected a divisor of hidden_size, 770"});
  check_refused(R"("vocab_size":2147483647,"hidden_size":2147483647,"num_attention_heads":1)",
                {"hidden_size: found 2147483647 times 2147483647, expected at most "});
  check_refused(R"("pad_token_id":30522)",
                {"pad_token_id: found 30522, expected an integer from 0 to 30521"});
  check_refused(R"("pad_token_id":-1)", {"pad_token_id: found -1"});
  CHECK_FALSE(bert(R"("pad_token_id":null)").pad_token_id);
}

TEST_CASE("BERT: layer_norm_eps is finite and not negative", "[config]") {
  CHECK(bert(R"("layer_norm_eps":0)").layer_norm_eps == 0.0);
  check_refused(R"("layer_norm_eps":-1e-12)",
                {"layer_norm_eps: found -1e-12, expected a finite number of at least 0"});
  check_refused(R"("layer_norm_eps":1e300)", {"layer_norm_eps: found 1e+300, expected a number from 0 to 1"});
  check_refused(R"("layer_norm_eps":"1e-12")", {"layer_norm_eps: found \"1e-12\""});
  check_refused(R"("layer_norm_eps":NaN)", {"layer_norm_eps", "no valid JSON"});
  check_refused(R"("layer_norm_eps":Infinity)", {"layer_norm_eps", "no valid JSON"});
  check_refused(R"("layer_norm_eps":1e999)", {"no valid JSON", "1e999"});
}

TEST_CASE("BERT: labels come from id2label, or are numbered", "[config]") {
  CHECK(bert("").labels == std::vector<std::string>{"LABEL_0", "LABEL_1"});
  CHECK(bert(R"("num_labels":3)").labels == std::vector<std::string>{"LABEL_0", "LABEL_1", "LABEL_2"});
  CHECK(bert(R"("id2label":null,"num_labels":1)").labels == std::vector<std::string>{"LABEL_0"});
  CHECK(bert(R"("id2label":{"0":"x","1":"x"},"label2id":{"x":1})").labels ==
        std::vector<std::string>{"x", "x"});
  check_refused(R"("id2label":{"0":"a","2":"c"})",
                {"id2label: found key \"2\", expected \"0\" to \"1\" for 2 labels"});
  for (const std::string key : {"-1", "7", "a", "", "01", " 0", "1.0", "99999999999999999999"})
    check_refused("\"id2label\":{\"0\":\"a\",\"" + key + "\":\"b\"}",
                  {"id2label: found key \"" + key + "\""});
  check_refused(R"("id2label":{"1000000000":"a"})",
                {"found key \"1000000000\", expected \"0\" to \"0\" for 1"});
  check_refused(R"("id2label":{"0":1})", {"id2label: \"0\": found 1, expected a string"});
  check_refused(R"("id2label":{})", {"id2label: found an object"});
  check_refused(R"("id2label":["a"])", {"id2label: found an array of 1, expected an object"});
  check_refused(R"("id2label":{"0":"a","1":"b"},"num_labels":3)", {"num_labels: found 3, expected 2"});
  check_refused(R"("id2label":{"0":"a","1":"b"},"label2id":{"a":1,"b":0})",
                {"2 problems", "label2id: \"a\": found 1, expected 0, its key in id2label"});
  check_refused(R"("id2label":{"0":"a"},"label2id":3)", {"label2id: found 3, expected an object"});
  check_refused(R"("num_labels":0)", {"num_labels: found 0, expected an integer from 1"});
  check_refused(R"("num_labels":2000000000)", {"num_labels: found 2000000000"});
}

TEST_CASE("BERT: the problem type is the file's, or follows from the number of labels", "[config]") {
  using Problem = BertConfig::Problem;
  CHECK(bert("").problem_type == Problem::single_label);
  CHECK(bert(R"("num_labels":1)").problem_type == Problem::regression);
  CHECK(bert(R"("problem_type":null,"num_labels":5)").problem_type == Problem::single_label);
  CHECK(bert(R"("problem_type":"regression")").problem_type == Problem::regression);
  CHECK(bert(R"("problem_type":"multi_label_classification","num_labels":1)").problem_type ==
        Problem::multi_label);
  check_refused<UnsupportedFile>(
      R"("problem_type":"ranking")",
      {"problem_type: found \"ranking\", expected one of single_label_classification", "regression"});
  check_refused(R"("problem_type":"single_label_classification","num_labels":1)",
                {"problem_type: found \"single_label_classification\" with 1 label, expected at least 2"});
}
