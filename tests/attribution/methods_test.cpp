// SPDX-License-Identifier: MIT
// What holds for every method of the table: names, the same bits wherever an input stands, what an
// explanation says of itself, words and blocks of patches as players, refusals.
#include "support/bert_golden.hpp"
#include "support/seed.hpp"

#include <regard/all.hpp>

#include <cstring>
#include <numeric>
#include <set>

using namespace regard;
using namespace regard_test;

namespace {

const std::filesystem::path models = REGARD_TEST_MODELS;

template <class Scalar>
const TextClassifier<Scalar>& text_model() {
  static const auto model = load_text_classifier<Scalar>(models / "bert-tiny-sst2");
  return model;
}

/// 3 x 5 patches, random weights.
const ImageClassifier<double>& image_model() {
  static const auto model = [] {
    ImageProcessor processor;
    processor.size = {12, 20};
    return ImageClassifier<double>(
        processor, load_vit<double>(std::filesystem::path(REGARD_TEST_DATA) / "vit" / "non-square"), {12, 20},
        {"cat", "dog", "fish"});
  }();
  return model;
}

const std::vector<TextInput> texts = {{"a gripping , unbelievably funny film"},
                                      {"Tedious."},
                                      {""},
                                      {"good", "not so good"},
                                      {"one"},
                                      {"[MASK] and [SEP] all"}};

std::vector<ImageInput> images() {
  std::vector<ImageInput> result;
  for (const char* name : {"frog", "horse", "ship"})
    result.emplace_back(load_image(models / ("../images/" + std::string(name) + ".png")), name);
  return result;
}

/// The method with few samples, so that all of them run in little time.
Method cheap(std::string_view name) {
  Method method = find_method(name);
  std::visit(
      [](auto& chosen) {
        if constexpr (requires { chosen.samples; })
          chosen.samples = 40;
        if constexpr (requires { chosen.points; })
          chosen.points = 12;
        if constexpr (requires { chosen.draws; })
          chosen.draws = 13;
      },
      method);
  if (auto* exact = std::get_if<InputMethod>(&method))
    exact->masking = Masking::automatic;
  return method;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void check_same(const Explanation& a, const Explanation& b) {
  CHECK(same_bits(a.values, b.values));
  CHECK(same_bits(a.logits, b.logits));
  CHECK(same_bits({a.value_empty, a.value_full, a.completeness_gap},
                  {b.value_empty, b.value_full, b.completeness_gap}));
  CHECK(a.standard_errors == b.standard_errors);
  CHECK(a.evaluations == b.evaluations);
}

/// Alone; all together on two threads; all together, turned around, on one.
template <class Model, class Input>
void check_bits(const Model& model, const std::vector<Input>& inputs, const Method& method,
                const ExplainOptions& options) {
  const Threads threads(2);
  std::vector<Input> many; // several passes for each worker
  for (int repeat = 0; repeat < 3; ++repeat)
    many.insert(many.end(), inputs.begin(), inputs.end());
  const std::vector<Input> around(many.rbegin(), many.rend());
  const auto together = explain_all(model, std::span<const Input>(many), method, options, threads);
  const auto turned = explain_all(model, std::span<const Input>(around), method, options);
  for (Index i = 0; i < inputs.size(); ++i) {
    INFO("input " << i);
    const Explanation alone = explain(model, inputs[i], method, options);
    check_same(alone, together[i]);
    check_same(alone, together[i + 2 * inputs.size()]);
    check_same(alone, turned[turned.size() - 1 - i]);
    check_same(alone, explain(model, inputs[i], method, options, threads));
  }
}

} // namespace

TEST_CASE("names are distinct and lead to their methods and back", "[methods]") {
  std::set<std::string_view> seen;
  for (const MethodName& name : method_names()) {
    CHECK(seen.insert(name.name).second);
    CHECK(method_name(find_method(name.name)) == name.name);
    CHECK_FALSE(name.summary.empty());
  }
  CHECK(method_name(grad_sam{.side = TokenSide::received}) == "grad-sam");
  CHECK(method_name(attention_max_mutual{.solver = Solver::authors_kernel}) ==
        "attention-max-mutual-authors-kernel");
  CHECK(method_name(attention_mutual{.solver = Solver::leverage}) == "attention-mutual");
  CHECK(method_name(integrated_gradients{.points = 7}) == "integrated-gradients");
}

TEST_CASE("every method gives a text the same bits alone, in any batch and on any number of threads",
          "[methods]") {
  INFO("seed " << seed());
  for (const MethodName& name : method_names()) {
    INFO(name.name);
    check_bits(text_model<float>(), texts, cheap(name.name), {PredictedTarget{}, seed(), {}});
  }
}

TEST_CASE("every method gives an image the same bits alone, in any batch and on any number of threads",
          "[methods]") {
  INFO("seed " << seed());
  for (const MethodName& name : method_names()) {
    if (name.name == "shapley-input") // 2^15 evaluations for each
      continue;
    INFO(name.name);
    check_bits(image_model(), images(), cheap(name.name), {Index{1}, seed(), {}});
  }
}

TEST_CASE("an explanation says of itself what it is", "[methods]") {
  const std::string text = texts[0].text;
  for (const MethodName& name : method_names()) {
    INFO(name.name);
    const Explanation why = explain(text_model<double>(), text, cheap(name.name));
    CHECK(why.method == name.name);
    CHECK_FALSE(why.status.empty());
    CHECK(why.values.size() == 8);
    CHECK(why.players.size() == 8);
    CHECK(why.words.size() == 6);
    CHECK(why.target.name == "POSITIVE");
    const double total = std::accumulate(why.values.begin(), why.values.end(), 0.0);
    CHECK(std::abs(why.value_full - why.value_empty - total - why.completeness_gap) <
          1e-12 * (1 + std::abs(why.value_full)));
    const std::set<std::string> kinds{"shapley", "output-score", "attention-score", "random"};
    CHECK(kinds.count(why.value_kind) == 1);
    if (why.value_kind == "attention-score") {
      CHECK(why.value_empty == 0);
      CHECK(why.completeness_gap > -1e-12); // no score is negative
      CHECK_FALSE(why.layers.empty());
    }
    if (why.value_function == "logit")
      CHECK(why.value_full == why.logits[1]);
    if (why.value_function == "probability")
      CHECK(std::abs(why.value_full - why.probabilities[1]) < 1e-12);
    const auto object = nlohmann::json::parse(json(why));
    CHECK(object["value_kind"] == why.value_kind);
    CHECK(object["options"].size() == why.options.size());
    const std::string shown = terminal(why);
    CHECK((shown.find("not Shapley values") != std::string::npos || why.value_kind == "shapley" ||
           shown.find("random numbers") != std::string::npos));
    CHECK((html(why).find("not Shapley values") != std::string::npos ||
           html(why).find("random numbers") != std::string::npos) != (why.value_kind == "shapley"));
  }
}

TEST_CASE("scores of words are the sums of their tokens' scores", "[methods]") {
  for (const MethodName& name : method_names()) {
    Method method = cheap(name.name);
    const Explanation tokens = explain(text_model<double>(), texts[0], method);
    std::visit([](auto& chosen) { chosen.players = PlayerUnit::words; }, method);
    const Explanation words = explain(text_model<double>(), texts[0], method);
    INFO(name.name);
    REQUIRE(words.values.size() == 6);
    CHECK(words.player_unit == "words");
    const bool sums = tokens.value_kind == "attention-score" || tokens.value_function == "logit";
    for (Index w = 0; sums && w < 6; ++w)
      CHECK(std::abs(words.values[w] - tokens.words[w].value) < 1e-12);
  }
}

TEST_CASE("scores of blocks of patches are the sums of their patches' scores", "[methods]") {
  const ImageInput image = images().front();
  for (const MethodName& name : method_names()) {
    if (name.name == "shapley-input")
      continue;
    Method method = cheap(name.name);
    const Explanation patches = explain(image_model(), image, method);
    std::visit([](auto& chosen) { chosen.super_patch = 2; }, method);
    const Explanation blocks = explain(image_model(), image, method);
    INFO(name.name);
    REQUIRE(blocks.values.size() == 6);
    CHECK(blocks.player_unit == "super-patches");
    if (patches.value_kind != "attention-score" && patches.value_function != "logit")
      continue;
    for (Index block = 0; block < 6; ++block) {
      double sum = 0;
      for (const Index patch : blocks.players[block])
        sum += patches.values[patch];
      CHECK(std::abs(blocks.values[block] - sum) < 1e-12);
    }
  }
}

TEST_CASE("a text without players is a result of every method", "[methods]") {
  for (const MethodName& name : method_names())
    for (const char* text : {"", "[SEP] [CLS]"}) {
      INFO(name.name);
      const Explanation why = explain(text_model<float>(), text, cheap(name.name));
      CHECK(why.values.empty());
      CHECK(why.probabilities.size() == 2);
      CHECK_FALSE(json(why).empty());
    }
}

TEST_CASE("a stop request leaves no half of an explanation", "[methods]") {
  std::stop_source source;
  source.request_stop();
  for (const MethodName& name : method_names()) {
    INFO(name.name);
    const Explanation why =
        explain(text_model<float>(), texts[0], cheap(name.name), {PredictedTarget{}, 0, source.get_token()});
    CHECK(why.status == "stopped");
    CHECK(why.values.empty());
  }
}

TEST_CASE("a target and layers that do not exist are refused by every method that has them", "[methods]") {
  for (const MethodName& name : method_names()) {
    INFO(name.name);
    Method method = cheap(name.name);
    CHECK_THROWS_WITH(explain(text_model<float>(), texts[0], method, {Index{2}, 0, {}}),
                      "target: found 2, expected a class from 0 to 1");
    const bool layered = std::visit(
        [](auto& chosen) {
          if constexpr (requires { chosen.layers; })
            chosen.layers = {1, 4};
          return requires {
            chosen.layers;
          };
        },
        method);
    if (layered)
      CHECK_THROWS_WITH(explain(text_model<float>(), texts[0], method), "layers: found 4, expected 0 to 3");
    method = cheap(name.name);
    std::visit([](auto& chosen) { chosen.super_patch = 2; }, method);
    CHECK_THROWS_WITH(explain(text_model<float>(), texts[0], method),
                      Catch::Matchers::StartsWith("super-patch: "));
  }
}

TEST_CASE("options that make no sense are refused in one line", "[methods]") {
  const auto refuse = [](const Method& method, const std::string& words) {
    CHECK_THROWS_WITH(explain(text_model<float>(), texts[0], method), Catch::Matchers::StartsWith(words));
  };
  refuse(integrated_gradients{.points = 0}, "points: found 0");
  refuse(integrated_gradients{.baseline = Masking::drop},
         "baseline (masking): found drop, expected mask or zero");
  refuse(smooth_grad{.draws = 0}, "draws: found 0");
  refuse(smooth_grad{.noise = -1}, "noise: found -1");
  refuse(occlusion{.masking = Masking::blur}, "masking: found blur");
  refuse(lime{.samples = 0}, "lime: found 0 samples");
  refuse(lime{.kernel_width = 0}, "kernel_width: found 0");
  refuse(lime{.ridge = 0}, "ridge: found 0");
  CHECK_THROWS_WITH(explain(image_model(), images().front(), integrated_gradients{.baseline = Masking::mask}),
                    "baseline (masking): found mask, expected zero, mean or blur for an image");
  CHECK_THROWS_WITH(
      explain(image_model(), images().front(), attention_norm{.terms = NormTerms::residual_norm}),
      Catch::Matchers::StartsWith("terms: found residual-norm"));
}
