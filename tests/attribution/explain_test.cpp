// SPDX-License-Identifier: MIT
// The main job on the bundled model: the six methods against enumeration done elsewhere, in any batch.
#include "support/bert_golden.hpp"
#include "support/seed.hpp"

#include <regard/all.hpp>
#include <regard/core/random.hpp>
#include <regard/shapley.hpp>

#include <cstring>
#include <limits>
#include <numeric>

using namespace regard;
using namespace regard_test;

namespace {

template <class Scalar>
const TextClassifier<Scalar>& bundled_model() {
  static const auto model =
      load_text_classifier<Scalar>(std::filesystem::path(REGARD_TEST_MODELS) / "bert-tiny-sst2");
  return model;
}

const std::vector<TextInput> sentences = {
    {"a gripping , funny film"},
    {"Tedious."},
    {"The plot is thin and the jokes are older than the hills, but the cast is having so much fun that "
     "nobody in the audience will care until the lights come up again."},
    {""},
    {"   "},
    {"An unbelievably charming café comedy; naïve, but never dull."},
    {"不可思议的 film, [MASK] and all"},
    {"good", "bad"},
    {"it is not bad at all", "in fact it is a delight from start to finish"},
    {"\xff\xfe broken \xc3 bytes"},
    {"one"},
};

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

/// The attention games, solved by their closed forms.
std::vector<MethodName> attention_methods() {
  std::vector<MethodName> methods;
  for (const MethodName& name : method_names()) {
    const Method method = find_method(name.name);
    const auto* game = std::get_if<AttentionMethod>(&method);
    if (game != nullptr && game->solver == Solver::automatic)
      methods.push_back(name);
  }
  return methods;
}

} // namespace

TEMPLATE_TEST_CASE("the six methods equal enumeration over transformers' attention", "[explain]", float,
                   double) {
  const auto cases = read_json(bert_golden / "bert-tiny-sst2" / "games.json");
  REQUIRE(cases.size() >= 3);
  for (const auto& example : cases)
    for (const MethodName& name : attention_methods()) {
      INFO(example["text"] << ", " << name.name);
      const Explanation why = explain(bundled_model<TestType>(), example["text"].template get<std::string>(),
                                      find_method(name.name));
      const auto& game = example["games"][std::string(name.name)];
      CHECK(why.target.index == example["target"].template get<Index>());
      std::vector<Index> players;
      for (const auto& player : why.players)
        players.insert(players.end(), player.begin(), player.end());
      CHECK(players == example["players"].template get<std::vector<Index>>());
      CHECK(relative_error(why.values, game["values"].template get<std::vector<double>>()) <
            Tolerance<TestType>::parity);
      CHECK(relative_error(std::vector{why.value_full},
                           std::vector{game["value_full"].template get<double>()}) <
            Tolerance<TestType>::parity);
    }
}

TEMPLATE_TEST_CASE("an explanation has the same bits alone, in any batch and on any number of threads",
                   "[explain]", float, double) {
  INFO("seed " << seed());
  const auto& model = bundled_model<TestType>();
  RandomStream stream(seed(), 1);
  // Several passes, so that their memory is reused and both threads have work.
  std::vector<TextInput> texts;
  for (int repeat = 0; repeat < 12; ++repeat)
    texts.insert(texts.end(), sentences.begin(), sentences.end());
  std::vector<Index> order(texts.size());
  std::iota(order.begin(), order.end(), Index{0});
  for (Index i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[stream.below(i)]);
  std::vector<TextInput> shuffled;
  for (const Index i : order)
    shuffled.push_back(texts[i]);

  for (const MethodName& name : attention_methods()) {
    const Method method = find_method(name.name);
    const auto together = explain_all(model, texts, method);
    const auto threaded = explain_all(model, shuffled, method, {}, Threads(2));
    std::vector<Explanation> each;
    for (const TextInput& text : sentences)
      each.push_back(explain(model, text, method));
    for (Index i = 0; i < order.size(); ++i) {
      INFO(name.name << ": " << shuffled[i].text);
      const Explanation& alone = each[order[i] % sentences.size()];
      for (const Explanation* other : {&together[order[i]], &threaded[i]}) {
        CHECK(same_bits(alone.values, other->values));
        CHECK(same_bits(alone.logits, other->logits));
        CHECK(alone.value_full == other->value_full);
      }
    }
  }
}

TEST_CASE("values add up, over tokens and over words", "[explain]") {
  for (const MethodName& name : attention_methods())
    for (const Explanation& why : explain_all(bundled_model<double>(), sentences, find_method(name.name))) {
      INFO(name.name << ": " << why.text);
      const double total = std::accumulate(why.values.begin(), why.values.end(), 0.0);
      double in_words = 0;
      for (const ExplainedWord& word : why.words) {
        in_words += word.value;
        const std::string& text = word.segment == 0 ? why.text : *why.text_pair;
        CHECK(word.text == text.substr(word.begin, word.end - word.begin));
        CHECK(word.begin < word.end);
      }
      const double tolerance = Tolerance<double>::closed_form * (1 + std::abs(why.value_full));
      CHECK(std::abs(total - why.value_full) < tolerance);
      CHECK(std::abs(in_words - total) < tolerance);
      CHECK(std::abs(why.completeness_gap) < tolerance);
      CHECK(why.value_empty == 0);
      CHECK(why.values.size() == why.players.size());
      CHECK(why.layers == std::vector<Index>{0, 1, 2, 3});
      for (const auto& player : why.players)
        for (const Index token : player)
          CHECK_FALSE(why.tokens[token].special);
    }
}

TEST_CASE("words can be the players", "[explain]") {
  const auto& model = bundled_model<double>();
  const std::string text = "An unbelievably charming comedy; unpretentiously acted.";
  for (const MethodName& name : attention_methods()) {
    INFO(name.name);
    auto method = std::get<AttentionMethod>(find_method(name.name));
    const Explanation tokens = explain(model, text, method);
    method.players = PlayerUnit::words;
    const Explanation words = explain(model, text, method);
    REQUIRE(words.values.size() == words.words.size());
    CHECK(words.values.size() < tokens.values.size());
    CHECK(words.words.size() == tokens.words.size());
    for (Index w = 0; w < words.words.size(); ++w) {
      CHECK(words.words[w].text == tokens.words[w].text);
      CHECK(words.words[w].value == words.values[w]);
    }
    CHECK(std::abs(words.value_full - tokens.value_full) < Tolerance<double>::closed_form);
    CHECK(std::abs(words.completeness_gap) < Tolerance<double>::closed_form);
    // In an additive game a word is the sum of its tokens.
    if (method.game == AttentionGame::cls)
      for (Index w = 0; w < words.words.size(); ++w)
        CHECK(std::abs(words.words[w].value - tokens.words[w].value) < Tolerance<double>::closed_form);
  }
}

TEST_CASE("a text without players is a result, not an error", "[explain]") {
  for (const char* text : {"", "  \t\n ", "[SEP] [CLS]"}) {
    const Explanation why = explain(bundled_model<float>(), text, grad_attention_mutual{});
    CHECK(why.values.empty());
    CHECK(why.words.empty());
    CHECK(why.value_full == 0);
    CHECK(why.probabilities.size() == 2);
    CHECK(why.prediction.name == why.labels[why.prediction.index]);
  }
}

TEST_CASE("special tokens in the text are no players", "[explain]") {
  const Explanation why = explain(bundled_model<float>(), "a [MASK] film [SEP] indeed", attention_mutual{});
  std::vector<std::string> players;
  for (const auto& player : why.players)
    players.push_back(why.tokens[player.front()].text);
  CHECK(players == std::vector<std::string>{"a", "film", "indeed"});
}

TEST_CASE("what does not fit is cut off and counted", "[explain]") {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += "good ";
  const Explanation why = explain(bundled_model<float>(), text, attention_cls{});
  CHECK(why.tokens.size() == 128);
  CHECK(why.dropped_tokens == 200 - 126);
  CHECK(why.values.size() == 126);
}

TEST_CASE("a target is the predicted class, an index or a label", "[explain]") {
  const auto& model = bundled_model<double>();
  const auto of = [&](Target target) {
    return explain(model, "a gripping , funny film", grad_attention_mutual{}, {std::move(target), 0, {}});
  };
  const Explanation automatic = of(PredictedTarget{});
  CHECK(automatic.target.index == automatic.prediction.index);
  CHECK(automatic.target.name == "POSITIVE");
  CHECK(same_bits(automatic.values, of(Index{1}).values));
  CHECK(same_bits(automatic.values, of(std::string("POSITIVE")).values));
  CHECK_FALSE(same_bits(automatic.values, of(Index{0}).values));
  CHECK_THROWS_WITH(of(Index{2}), "target: found 2, expected a class from 0 to 1");
  CHECK_THROWS_WITH(of(std::string("NEUTRAL")),
                    "target: found 'NEUTRAL', expected one of NEGATIVE, POSITIVE");
}

TEST_CASE("layers are averaged over those that are named", "[explain]") {
  const auto& model = bundled_model<double>();
  const auto of = [&](std::vector<Index> layers) {
    return explain(model, "a gripping , funny film", attention_cls{.layers = std::move(layers)}).values;
  };
  // The class game is linear in the attention, so the mean over layers is the mean of the layers' values.
  std::vector<double> mean(of({}).size(), 0.0);
  for (Index layer = 0; layer < 4; ++layer) {
    const auto values = of({layer});
    for (Index i = 0; i < mean.size(); ++i)
      mean[i] += values[i] / 4;
  }
  CHECK(relative_error(of({}), mean) < Tolerance<double>::closed_form);
  CHECK(same_bits(of({}), of({0, 1, 2, 3})));
  CHECK_THROWS_WITH(of({4}), "layers: found 4, expected 0 to 3");
  CHECK_THROWS_WITH(of({1, 1}), "layers: found 1 twice, expected each layer once");
}

TEST_CASE("layers and singleton policy reach the game", "[explain]") {
  const auto& model = bundled_model<double>();
  const std::string text = "a gripping , funny film";
  const Encoding encoding = model.encode(text);
  Tensor<double, 1> seeds({2});
  seeds(1) = 1;
  const auto [trace, gradients] = model.record_gradients(encoding, seeds.view());
  const std::vector<Index> players = {1, 2, 3, 4, 5};
  for (const std::vector<Index>& layers : {std::vector<Index>{3}, {0, 2}})
    for (const Singleton singleton : {Singleton::self, Singleton::zero, Singleton::additive}) {
      const auto plain = aggregate(trace.attention, players, {layers, 0});
      const auto gradient = aggregate(trace.attention, gradients.attention, players, {layers, 0});
      const auto close = [](const Explanation& why, const ShapleyResult& expected) {
        return relative_error(why.values, expected.values) < Tolerance<double>::closed_form;
      };
      CHECK(close(explain(model, text, attention_mutual{.singleton = singleton, .layers = layers}),
                  shapley(mutual_game(plain, singleton))));
      CHECK(close(explain(model, text, grad_attention_mutual{.singleton = singleton, .layers = layers}),
                  shapley(mutual_game(gradient, singleton))));
      CHECK(close(explain(model, text, attention_max_mutual{.singleton = singleton, .layers = layers}),
                  shapley(max_mutual_game(plain, singleton))));
      CHECK(close(explain(model, text, grad_attention_cls{.layers = layers}), shapley(cls_game(gradient))));
    }
}

TEST_CASE("words end where the first text of a pair ends", "[explain]") {
  const Explanation why =
      explain(bundled_model<double>(), {"good", "bad"}, attention_mutual{.players = PlayerUnit::words});
  REQUIRE(why.words.size() == 2);
  CHECK(why.words[0].text == "good");
  CHECK(why.words[1].text == "bad");
  CHECK(why.words[1].segment == 1);
  CHECK(why.player_unit == "words");
}

TEST_CASE("values that tie are marked", "[explain]") {
  CHECK(explain(bundled_model<double>(), "one", attention_mutual{}).degenerate);
  CHECK_FALSE(explain(bundled_model<double>(), "one two", attention_mutual{}).degenerate);
}

TEST_CASE("the attention of the explainers is that of a recording", "[explain]") {
  const auto& model = bundled_model<double>();
  const Encoding encoding = model.encode({"a gripping , funny film"});
  Tensor<double, 1> seeds({2});
  seeds(1) = 1;
  const auto [trace, gradients] = model.record_gradients(encoding, seeds.view());
  const Explanation why = explain(model, "a gripping , funny film", grad_attention_max_mutual{});
  REQUIRE(why.players.size() <= encoding.tokens.size() - 2);
  std::vector<Index> positions;
  for (const auto& player : why.players)
    positions.push_back(player.front());
  const auto game = max_mutual_game(aggregate(trace.attention.view(), gradients.attention.view(), positions));
  // The streaming sum meets the layers in another order, so the last bits may differ.
  CHECK(relative_error(why.values, shapley(game).values) < Tolerance<double>::closed_form);
}

TEST_CASE("an unknown method is refused with the list", "[explain]") {
  CHECK_THROWS_WITH(
      find_method("attention-magic"),
      Catch::Matchers::StartsWith(
          "method: found 'attention-magic', expected one of attention-cls, grad-attention-cls, "
          "attention-mutual, grad-attention-mutual, attention-max-mutual, grad-attention-max-mutual, "
          "shapley-input, kernel-shap, permutation-shap, partition-shap, attention, "));
  for (const MethodName& name : method_names())
    CHECK(method_name(find_method(name.name)) == name.name);
  CHECK(method_name(attention_max_mutual{}) == "attention-max-mutual");
}

TEST_CASE("a stop request leaves what is missing marked", "[explain]") {
  std::stop_source source;
  source.request_stop();
  for (const Explanation& why :
       explain_all(bundled_model<float>(), sentences, attention_mutual{}, {{}, 0, source.get_token()})) {
    CHECK(why.status == "stopped");
    CHECK(why.values.empty());
    CHECK_FALSE(why.model.empty());
    CHECK(json(why).find("\"prediction\":null") != std::string::npos);
  }
}

TEST_CASE("multi-label and regression models are explained too", "[explain]") {
  const std::vector<std::string> vocabulary = {"[PAD]",  "[UNK]", "[CLS]", "[SEP]",
                                               "[MASK]", "red",   "green", "blue"};
  const TextClassifier<double> many(WordPieceTokenizer(vocabulary),
                                    load_bert<double>(bert_golden / "eight-heads-multi-label"),
                                    {"a", "b", "c"}, ProblemType::multi_label);
  CHECK_THROWS_WITH(explain(many, "red green", grad_attention_mutual{}),
                    Catch::Matchers::ContainsSubstring("target: found auto") &&
                        Catch::Matchers::ContainsSubstring("multi-label"));
  const Explanation b = explain(many, "red green", grad_attention_mutual{}, {std::string("b"), 0, {}});
  CHECK(b.target.index == 1);
  REQUIRE(b.probabilities.size() == 3);
  for (Index c = 0; c < 3; ++c)
    CHECK(std::abs(b.probabilities[c] - 1 / (1 + std::exp(-b.logits[c]))) < 1e-15);

  const TextClassifier<double> one(WordPieceTokenizer(vocabulary),
                                   load_bert<double>(bert_golden / "five-heads-regression"), {"score"},
                                   ProblemType::regression);
  const Explanation score = explain(one, "red green blue", grad_attention_mutual{});
  CHECK(score.probabilities.empty());
  CHECK(score.target.name == "score");
  CHECK(score.logits.size() == 1);
  CHECK(score.values.size() == 3);
  CHECK(json(score).find("\"probabilities\":[]") != std::string::npos);
  CHECK(terminal(score).find("score") != std::string::npos);
  CHECK(html(score).find("score") != std::string::npos);
}

TEST_CASE("a model whose logits are not finite is named", "[explain]") {
  const std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red"};
  auto bert = load_bert<double>(bert_golden / "two-layers-two-heads");
  Tensor<double, 2> weight({3, 36});
  Tensor<double, 1> bias({3});
  bias(1) = std::numeric_limits<double>::quiet_NaN();
  const TextClassifier<double> broken(
      WordPieceTokenizer(vocabulary),
      {bert.embeddings,
       {bert.classifier.encoder(), ClassificationHead<double>({share(weight), share(bias)})}},
      {"a", "b", "c"}, ProblemType::single_label, "broken model");
  for (const Method& method : {Method(attention_mutual{}), Method(shapley_input{})})
    CHECK_THROWS_WITH(explain(broken, "red", method),
                      Catch::Matchers::StartsWith("broken model: found a logit"));
}

TEST_CASE("the tokeniser's own limit counts too", "[explain]") {
  const std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red"};
  WordPieceOptions options;
  options.model_max_length = 4;
  const TextClassifier<double> model(WordPieceTokenizer(vocabulary, options),
                                     load_bert<double>(bert_golden / "two-layers-two-heads"),
                                     {"a", "b", "c"});
  CHECK(model.max_tokens() == 4);
  CHECK(model.encode("red red red red").tokens.size() == 4);
}
