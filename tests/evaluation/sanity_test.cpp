// SPDX-License-Identifier: MIT
// Metrics on models: masked passes against the game they come from, sanity checks against themselves done by
// hand, and the bundled models end to end.
#include <regard/bodies.hpp> // first: a model of its own, the altered one

#include "evaluation/toy.hpp"

#include <regard/all.hpp>

using namespace regard;
using namespace regard_test;

namespace {

template <class Scalar>
const TextClassifier<Scalar>& text_model() {
  static const auto model =
      load_text_classifier<Scalar>(std::filesystem::path(REGARD_TEST_MODELS) / "bert-tiny-sst2");
  return model;
}

const ImageClassifier<float>& image_model() {
  static const auto model =
      load_image_classifier<float>(std::filesystem::path(REGARD_TEST_MODELS) / "vit-small-cifar10");
  return model;
}

ImageInput picture() {
  RandomStream random(5);
  Image image({32, 32, 3});
  for (auto& value : image)
    value = static_cast<std::uint8_t>(random.below(256));
  return {std::move(image), "noise"};
}

const TextInput text = "a gripping , funny film that is not without its flaws";

} // namespace

TEST_CASE("masked predictions are those of the masked input, in any batch", "[masked]") {
  const auto& model = text_model<double>();
  const Encoding encoding = model.encode(text);
  const auto players = find_players(encoding, PlayerUnit::tokens);
  RandomStream random(seed(), 1);
  const Threads threads(2);
  for (const Masking masking : {Masking::mask, Masking::drop, Masking::remove}) {
    MaskedPredictions predictions = masked_predictions(model, encoding, players, {masking}, threads);
    for (int draw = 0; draw < 12; ++draw) {
      MutableCoalition visible(players.size());
      for (Index i = 0; i < players.size(); ++i)
        visible.assign(i, random.below(2) == 1);
      Encoding hidden = encoding;
      if (masking == Masking::mask) {
        for (Index i = 0; i < players.size(); ++i)
          if (!visible.contains(i))
            hidden.tokens[players[i].front()].id = model.mask_id();
        const auto trace = model.record(hidden);
        const auto logits = predictions.logits(visible);
        CHECK(std::equal(logits.begin(), logits.end(), trace.logits.begin()));
      }
      const double game = MaskedInputGame(model, encoding, players, 1, {masking}).value(visible);
      CHECK(std::abs(predictions.probability(visible, 1) - game) < Tolerance<double>::closed_form);
    }
  }
}

TEST_CASE("occlusion of the best player is comprehensiveness at one player", "[masked]") {
  const auto& model = text_model<float>();
  const Serial serial;
  const auto why = explain(model, text, shapley_input{});
  MaskedPredictions predictions = masked_predictions(model, model.encode(text), why.players, {}, serial);
  const Index n = why.players.size(), best = rank_descending(why.values).front();
  const std::vector<Index> one{100 / n};
  REQUIRE(top_count(n, one[0]) == 1);
  MutableCoalition rest = MutableCoalition::full(n);
  rest.erase(best);
  const MaskedInputGame game(model, model.encode(text), why.players, why.target.index);
  CHECK(std::abs(comprehensiveness(predictions, why.values, why.target.index, one, AopcDivisor::terms) -
                 (game.value(MutableCoalition::full(n)) - game.value(rest))) < Tolerance<float>::closed_form);
}

TEST_CASE("the input's own Shapley values are more faithful than random ones", "[masked]") {
  const auto& model = text_model<float>();
  const Serial serial;
  RandomStream random(seed(), 2);
  double shapley = 0, chance = 0;
  for (const char* sentence : {"a gripping , funny film", "dull and lifeless from the first minute",
                               "not bad at all , with a warm and clever script", "it is a mess"}) {
    const auto why = explain(model, sentence, shapley_input{});
    MaskedPredictions predictions =
        masked_predictions(model, model.encode(sentence), why.players, {}, serial);
    shapley += faithfulness(predictions, why.values, why.target.index).comprehensiveness;
    for (int draw = 0; draw < 50; ++draw)
      chance +=
          faithfulness(predictions, regard_test::random_scores(random, why.players.size()), why.target.index)
              .comprehensiveness /
          50;
  }
  CHECK(shapley > chance + 0.1);
}

TEST_CASE("an image is measured in the same way, however its patches are hidden", "[masked]") {
  const auto& model = image_model();
  const Serial serial;
  const ImageInput input = picture();
  const auto why = explain(model, input, grad_attention_mutual{.super_patch = 2});
  const auto encoded = model.encode(input);
  const auto players = find_players(encoded, 2);
  REQUIRE(why.players.size() == players.size());
  std::set<double> found;
  for (const Masking masking : {Masking::drop, Masking::zero, Masking::mean, Masking::blur}) {
    MaskedPredictions predictions = masked_predictions(model, encoded, players, {masking}, serial);
    const auto result = faithfulness(predictions, why.values, why.target.index);
    CHECK(std::isfinite(result.comprehensiveness));
    CHECK(std::abs(predictions.probability(MutableCoalition::full(players.size()), why.target.index) -
                   why.probabilities[why.target.index]) < Tolerance<float>::closed_form);
    found.insert(result.comprehensiveness);
  }
  CHECK(found.size() == 4);
}

TEST_CASE("an altered model is the model until it is altered", "[sanity]") {
  const auto& model = text_model<float>();
  AlteredModel altered(model);
  static_assert(TextModel<AlteredModel<TextClassifier<float>>>);
  static_assert(ImageModel<AlteredModel<ImageClassifier<float>>>);
  const auto why = explain(model, text, grad_attention_mutual{});
  CHECK(explain(altered, text, grad_attention_mutual{}).values == why.values);
  altered.set_noise({0.02, 1, 0});
  const auto noisy = explain(altered, text, grad_attention_mutual{}).values;
  CHECK(noisy != why.values);
  CHECK(explain(altered, text, grad_attention_mutual{}).values == noisy);
  altered.set_noise({0.02, 1, 1});
  CHECK(explain(altered, text, grad_attention_mutual{}).values != noisy);

  // Noise is within its radius, and fills it.
  const Encoding encoding = model.encode(text);
  Tensor<float, 2> plain({encoding.tokens.size(), model.classifier().width()}), shaken(plain.shape());
  model.embed(encoding, plain);
  altered.embed(encoding, shaken);
  float low = 0, high = 0;
  for (Index i = 0; i < plain.size(); ++i) {
    low = std::min(low, shaken.data()[i] - plain.data()[i]);
    high = std::max(high, shaken.data()[i] - plain.data()[i]);
  }
  CHECK(low >= -0.0201F);
  CHECK(high <= 0.0201F);
  CHECK(high - low > 0.038F);

  AlteredModel noisy_image(image_model());
  noisy_image.set_noise({0.5, 1, 0});
  const auto before = image_model().encode(picture()), after = noisy_image.encode(picture());
  double sum = 0;
  for (Index i = 0; i < before.pixels.size(); ++i)
    sum += std::abs(before.pixels.data()[i] - after.pixels.data()[i]);
  CHECK(std::abs(sum / static_cast<double>(before.pixels.size()) - 0.25) < 0.02);
  CHECK_THROWS_AS(altered.set_classifier(image_model().classifier()), InvalidArgument);
}

TEST_CASE("max-sensitivity is the largest relative change", "[sanity]") {
  const auto& model = text_model<float>();
  const Method method = find_method("grad-attention-mutual");
  const auto why = explain(model, text, method);
  const SensitivityOptions options{0.05, 4, 9};
  double largest = 0, norm = 0;
  for (const double value : why.values)
    norm += value * value;
  AlteredModel altered(model);
  for (Index draw = 0; draw < 4; ++draw) {
    altered.set_noise({0.05, 9, draw});
    const auto values = explain(altered, text, method, {why.target.index, 0, {}}).values;
    double change = 0;
    for (Index i = 0; i < values.size(); ++i)
      change += (values[i] - why.values[i]) * (values[i] - why.values[i]);
    largest = std::max(largest, std::sqrt(change / norm));
  }
  CHECK(std::abs(max_sensitivity(model, text, method, why, options) - largest) <
        Tolerance<double>::closed_form);
  CHECK(largest > 0);
  CHECK(max_sensitivity(model, text, method, why, {0, 2, 0}) == 0);
  CHECK(max_sensitivity(model, text, method, why, {0.001, 4, 9}) < largest);
  const auto other = explain(model, "another text", method);
  CHECK_THROWS_AS(max_sensitivity(model, text, method, other), InvalidArgument);
  CHECK_THROWS_AS(max_sensitivity(model, text, method, why, {0.1, 0, 0}), InvalidArgument);
}

TEST_CASE("a cascade changes the weights from the output down, one block at a time", "[sanity]") {
  const auto& classifier = text_model<float>().classifier();
  const auto cascade = randomised_cascade(classifier, 3);
  REQUIRE(cascade.size() == classifier.layers() + 1);
  for (Index stage = 0; stage < cascade.size(); ++stage)
    for (Index layer = 0; layer < classifier.layers(); ++layer) {
      const auto& block = cascade[stage].encoder().block(layer);
      const bool random = layer + stage >= classifier.layers();
      CHECK((block.query.weight.data() == classifier.encoder().block(layer).query.weight.data()) == !random);
      if (!random)
        continue;
      double square = 0, sum = 0;
      for (const float weight : block.intermediate.weight.view) {
        sum += weight;
        square += weight * weight;
      }
      const auto count = static_cast<double>(block.intermediate.weight.view.size());
      CHECK(std::abs(std::sqrt(square / count) - 0.02) < 0.0004);
      CHECK(std::abs(sum / count) < 0.0005);
      CHECK(block.output_norm.weight.data()[0] == 1);
      CHECK(block.output.bias.data()[0] == 0);
      // Once drawn, a block stays.
      CHECK(std::equal(block.key.weight.view.begin(), block.key.weight.view.end(),
                       cascade.back().encoder().block(layer).key.weight.view.begin()));
    }
  CHECK(randomised_cascade(classifier, 4).front().head().classes() == classifier.classes());
  CHECK(randomised_cascade(image_model().classifier(), 4).size() == image_model().classifier().layers() + 1);
}

TEST_CASE("parameter randomisation tells what depends on the weights", "[sanity]") {
  const auto& model = text_model<float>();
  const auto cascade = randomised_cascade(model.classifier(), 0);
  const Method plain = find_method("attention-cls"), gradient = find_method("grad-attention-mutual");
  const auto why = explain(model, text, plain);
  const auto similar = parameter_randomisation<float>(model, cascade, text, plain, why);
  REQUIRE(similar.size() == 5);
  CHECK(*similar[0] == 1);      // the head has no part in plain attention
  CHECK(*similar.back() < 0.9); // the blocks have
  const auto why_gradient = explain(model, text, gradient);
  CHECK(*parameter_randomisation<float>(model, cascade, text, gradient, why_gradient)[0] < 1);

  // By hand, for signed values.
  AlteredModel altered(model);
  altered.set_classifier(cascade[2]);
  const auto values = explain(altered, text, gradient, {why_gradient.target.index, 0, {}}).values;
  const auto signed_values =
      parameter_randomisation<float>(model, cascade, text, gradient, why_gradient, {.absolute = false});
  CHECK(*signed_values[2] == *spearman(values, why_gradient.values));

  const auto why_image = explain(image_model(), picture(), gradient);
  const auto image_cascade = randomised_cascade(image_model().classifier(), 0);
  for (const auto& stage :
       parameter_randomisation<float>(image_model(), image_cascade, picture(), gradient, why_image))
    CHECK(std::abs(stage.value_or(0)) <= 1);
}
