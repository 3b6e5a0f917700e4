// SPDX-License-Identifier: MIT
// Planted ground truth: models of images and of text whose class direction contains a known concept
// direction, with random weights beside it.
#include "support/catch.hpp"
#include "support/seed.hpp"
#include "support/token_sets.hpp"

#include <regard/attribution/detail/masked_input_game.hpp>
#include <regard/image.hpp>
#include <regard/tcav.hpp>
#include <regard/text.hpp>

using namespace regard;
using namespace regard_test;

namespace {

constexpr Index width = 16, layers = 3;

/// factor * identity, with noise of a tenth of that size.
Linear<double> nearly(RandomStream& stream, double factor) {
  Tensor<double, 2> weight({width, width});
  for (Index i = 0; i < width; ++i)
    for (Index j = 0; j < width; ++j)
      weight(i, j) = (i == j ? factor : 0) + 0.1 * factor * stream.normal() / 4;
  return {share(std::move(weight)), share(Tensor<double, 1>({width}))};
}

/// Blocks that hand on what tokens hold: whichever token shows the concept, the class token hears of it.
SequenceClassifier<double> planted_classifier(RandomStream& stream, NormPosition norm,
                                              const std::vector<double>& concept_direction) {
  std::vector<BlockWeights<double>> blocks;
  for (Index layer = 0; layer < layers; ++layer) {
    BlockWeights<double> block;
    block.query = random_linear<double>(stream, width, width);
    block.key = random_linear<double>(stream, width, width);
    block.value = nearly(stream, 1);
    block.attention_output = nearly(stream, 0.7);
    block.attention_norm = random_norm<double>(stream, width, 1e-9);
    block.intermediate = nearly(stream, 0.3);
    block.output = nearly(stream, 0.3);
    block.output_norm = random_norm<double>(stream, width, 1e-9);
    for (auto* gain : {&block.attention_norm, &block.output_norm})
      *gain = {share([&] {
                 Tensor<double, 1> ones({width});
                 for (double& x : ones)
                   x = 1 + 0.05 * stream.normal();
                 return ones;
               }()),
               share(Tensor<double, 1>({width})), 1e-9};
    blocks.push_back(std::move(block));
  }
  // Class 0 is the concept's direction and some noise, class 1 is noise alone.
  Tensor<double, 2> classes({2, width});
  for (Index j = 0; j < width; ++j) {
    classes(0, j) = concept_direction[j] + 0.05 * stream.normal();
    classes(1, j) = 0.2 * stream.normal();
  }
  std::optional<LayerNorm<double>> last;
  if (norm == NormPosition::before)
    last = blocks.front().output_norm;
  return {Encoder<double>({width, 2, Activation::gelu, norm}, std::move(blocks)),
          ClassificationHead<double>({share(std::move(classes)), share(Tensor<double, 1>({2}))}, {},
                                     std::move(last))};
}

/// A unit vector without a mean, as a LayerNorm would have it.
std::vector<double> random_direction(RandomStream& stream) {
  std::vector<double> u(width);
  double mean = 0, squares = 0;
  for (double& x : u)
    mean += (x = stream.normal()) / width;
  for (double& x : u)
    squares += (x - mean) * (x - mean);
  for (double& x : u)
    x = (x - mean) / std::sqrt(squares);
  return u;
}

template <class Model, class Encoded>
void check_planted(const Model& model, const std::vector<std::vector<Encoded>>& sets,
                   const std::vector<Encoded>& targets) {
  const auto tokens = [&](const std::vector<Encoded>& inputs) {
    return token_inputs(model, std::span<const Encoded>(inputs),
                        [](const Encoded& input) { return detail::token_count(input); });
  };
  const std::vector<ConceptInputs<double>> concepts{
      {"concept", tokens(sets[0])}, {"opposite", tokens(sets[1])}, {"nothing", tokens(sets[2])}};
  // Ridge and SVM see other things, too: a filter that tells two sets apart need not point from one to the
  // other (Haufe et al. 2014).
  for (const Probe probe : {Probe::logistic, Probe::pattern})
    for (const TokenWeights weights : {TokenWeights::attention, TokenWeights::mean,
                                       TokenWeights::next_attention, TokenWeights::class_token}) {
      CavOptions options;
      options.probe.probe = probe;
      options.resamples = 10;
      const Cavs cavs = train_cavs<double>(model.classifier(), concepts, {}, options);
      const auto pooled =
          pooled_gradients<double>(model.classifier(), tokens(targets), {.target = 0, .weights = weights});
      for (const ConceptScore& score : concept_scores(cavs, pooled)) {
        INFO(score.concept_name << ", layer " << score.layer << ", " << to_string(probe) << ", "
                                << to_string(weights));
        if (score.concept_name == "concept")
          CHECK(score.mean >= 0.95);
        if (score.concept_name == "opposite")
          CHECK(score.mean <= 0.05);
        if (score.concept_name != "nothing")
          CHECK(!score.chance);
      }
    }
}

} // namespace

TEST_CASE("a planted concept of images scores at least .95, its opposite at most .05", "[tcav]") {
  INFO("seed " << seed());
  RandomStream stream(seed(), 20);
  const std::vector<double> u = random_direction(stream);
  // Brightness of a patch goes along u; how its pixels differ goes anywhere.
  const PatchGrid grid{3, 4};
  const Index pixels = Index{3} * 2 * 2;
  Tensor<double, 2> projection({width, pixels});
  for (Index j = 0; j < width; ++j) {
    double mean = 0;
    for (double& x : projection[j])
      mean += (x = 0.3 * stream.normal()) / static_cast<double>(pixels);
    for (double& x : projection[j])
      x += 4 * u[j] / static_cast<double>(pixels) - mean;
  }
  PatchEmbeddings<double> embeddings({share(std::move(projection)), share(Tensor<double, 1>({width}))},
                                     random_tensor<double, 2>(stream, {1, width}),
                                     random_tensor<double, 2>(stream, {1 + grid.patches(), width}), grid, 2,
                                     2);
  ImageProcessor processor;
  processor.do_resize = false;
  processor.image_std = {0.25, 0.25, 0.25};
  const ImageClassifier<double> model(
      processor, {std::move(embeddings), planted_classifier(stream, NormPosition::before, u)}, {6, 8},
      {"bright", "nothing"});
  const auto images = [&](Index count, double brightness) {
    std::vector<EncodedImage<double>> encoded;
    for (Index i = 0; i < count; ++i) {
      Image image({6, 8, 3});
      for (auto& value : image)
        value =
            static_cast<std::uint8_t>(std::clamp(128 + 80 * brightness + 20 * stream.normal(), 0.0, 255.0));
      encoded.push_back(model.encode(ImageInput(std::move(image))));
    }
    return encoded;
  };
  check_planted<ImageClassifier<double>, EncodedImage<double>>(
      model, {images(16, 1), images(16, -1), images(16, 0)}, images(40, 0));
}

TEST_CASE("a planted concept of text scores at least .95, its opposite at most .05", "[tcav]") {
  INFO("seed " << seed());
  RandomStream stream(seed(), 21);
  const std::vector<double> u = random_direction(stream);
  std::vector<std::string> vocabulary = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  const Index special = vocabulary.size(), kinds = 3, of_each = 8;
  for (const char* kind : {"sun", "rain", "thing"})
    for (Index i = 0; i < of_each; ++i)
      vocabulary.push_back(kind + std::string(1, static_cast<char>('a' + i)));
  Tensor<double, 2> words({vocabulary.size(), width});
  for (Index id = 0; id < vocabulary.size(); ++id)
    for (Index j = 0; j < width; ++j) {
      const Index kind = id < special ? kinds : (id - special) / of_each;
      words(id, j) = 0.3 * stream.normal() + (kind == 0 ? 2.5 : kind == 1 ? -2.5 : 0) * u[j];
    }
  BertEmbeddings<double> embeddings(share(std::move(words)), random_tensor<double, 2>(stream, {32, width}),
                                    random_tensor<double, 2>(stream, {2, width}),
                                    random_norm<double>(stream, width, 1e-9));
  const TextClassifier<double> model(
      WordPieceTokenizer(vocabulary),
      {std::move(embeddings), planted_classifier(stream, NormPosition::after, u)}, {"weather", "nothing"});
  // Sentences of 2 to 9 words; half of a concept's words are of its kind.
  const auto sentences = [&](Index count, Index kind) {
    std::vector<Encoding> encoded;
    for (Index i = 0; i < count; ++i) {
      std::string sentence;
      for (Index w = 0, n = 2 + stream.below(8); w < n; ++w)
        sentence += vocabulary[special + of_each * (w % 2 == 0 ? kind : 2) + stream.below(of_each)] + " ";
      encoded.push_back(model.encode(TextInput(sentence)));
    }
    return encoded;
  };
  check_planted<TextClassifier<double>, Encoding>(
      model, {sentences(15, 0), sentences(15, 1), sentences(15, 2)}, sentences(40, 2));
}
