// SPDX-License-Identifier: MIT
// The explainers over masked inputs: against enumeration over transformers, and their options.
#include "support/bert_golden.hpp"

#include <regard/all.hpp>

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

const std::string sentence = "an unbelievably funny , clever film";

} // namespace

TEMPLATE_TEST_CASE("shapley-input equals enumeration over transformers", "[input]", float, double) {
  const auto cases = read_json(std::filesystem::path(REGARD_TEST_DATA) / "masked" / "masked.json")["shapley"];
  REQUIRE(cases.size() >= 2);
  for (const auto& example : cases) {
    INFO(example["text"]);
    const Explanation why =
        explain(bundled_model<TestType>(), example["text"].template get<std::string>(), shapley_input{});
    CHECK(why.target.index == example["target"].template get<Index>());
    CHECK(relative_error(why.values, example["values"].template get<std::vector<double>>()) <
          Tolerance<TestType>::parity);
    CHECK(relative_error(std::vector{why.value_empty, why.value_full},
                         std::vector{example["value_empty"].template get<double>(),
                                     example["value_full"].template get<double>()}) <
          Tolerance<TestType>::parity);
    CHECK_FALSE(why.standard_errors);
    CHECK(why.solver == "exact");
  }
}

TEST_CASE("a budget that covers all coalitions makes KernelSHAP exact", "[input]") {
  const auto& model = bundled_model<double>();
  for (const Masking masking : {Masking::mask, Masking::drop, Masking::remove})
    for (const ValueFunction value :
         {ValueFunction::probability, ValueFunction::logit, ValueFunction::log_odds}) {
      const Explanation exact = explain(model, sentence, shapley_input{.masking = masking, .value = value});
      const Explanation kernel =
          explain(model, sentence, kernel_shap_input{.masking = masking, .value = value, .samples = 1024});
      CHECK(relative_error(kernel.values, exact.values) < Tolerance<double>::closed_form);
      CHECK(exact.masking == to_string(masking));
      CHECK(exact.value_function == to_string(value));
      CHECK(exact.singleton.empty());
      CHECK(exact.layers.empty());
    }
}

TEST_CASE("sampled explanations respect their budget, report errors and add up", "[input]") {
  const auto& model = bundled_model<float>();
  for (const Method& method :
       {Method(kernel_shap_input{.samples = 200}), Method(permutation_shap_input{.samples = 200}),
        Method(partition_shap_input{.samples = 50})}) {
    const Explanation why = explain(
        model,
        "the plot is thin and the jokes are old , but the cast is having so much fun that nobody cares",
        method);
    INFO(why.method);
    CHECK(why.method == method_name(method));
    CHECK(why.evaluations <= why.samples);
    CHECK(why.evaluations > why.samples / 2);
    CHECK(why.status != "converged");
    const double total = std::accumulate(why.values.begin(), why.values.end(), 0.0);
    CHECK(std::abs(total - (why.value_full - why.value_empty)) < 1e-9);
    if (why.method != "partition-shap") {
      REQUIRE(why.standard_errors);
      CHECK(why.standard_errors->size() == why.values.size());
    }
  }
}

TEST_CASE("an input explanation has the same bits for any number of threads, alone or among others",
          "[input]") {
  const auto& model = bundled_model<float>();
  const std::vector<TextInput> texts = {
      {sentence}, {"bad"}, {""}, {"good", "not so good"}, {"a b c d e f g"}};
  const Threads threads(2);
  for (const Method& method :
       {Method(shapley_input{}), Method(kernel_shap_input{.samples = 40}),
        Method(permutation_shap_input{.samples = 60}), Method(partition_shap_input{.samples = 20}),
        Method(kernel_shap_input{.players = PlayerUnit::words, .samples = 20})}) {
    const auto together = explain_all(model, texts, method, {}, threads);
    for (Index i = 0; i < texts.size(); ++i) {
      INFO(method_name(method) << ": " << texts[i].text);
      CHECK(explain(model, texts[i], method).values == together[i].values);
      CHECK(explain(model, texts[i], method, {}, threads).values == together[i].values);
    }
  }
}

TEST_CASE("words can be players of the masked-input game", "[input]") {
  const auto& model = bundled_model<double>();
  const Explanation words = explain(model, sentence, shapley_input{.players = PlayerUnit::words});
  REQUIRE(words.values.size() == words.words.size());
  for (Index w = 0; w < words.words.size(); ++w)
    CHECK(words.words[w].value == words.values[w]);
}

TEST_CASE("an exact solver refuses more players than it is allowed", "[input]") {
  const auto& model = bundled_model<float>();
  CHECK_THROWS_WITH(
      explain(model, "a b c d", shapley_input{.max_players = 3}),
      Catch::Matchers::StartsWith("shapley-input: found 4 players, whose coalitions are 2^4, expected "
                                  "at most 3"));
  CHECK(explain(model, "a b c", shapley_input{.max_players = 3}).values.size() == 3);
}
