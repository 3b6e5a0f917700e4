// SPDX-License-Identifier: MIT
// CAVs against scikit-learn's, scores and heat maps against PyTorch's, on both bundled models
// (tests/golden/tcav).
#include "support/golden_trace.hpp"

#include <regard/attribution/detail/masked_input_game.hpp>
#include <regard/image.hpp>
#include <regard/tcav.hpp>
#include <regard/text.hpp>
#include <regard/transformer/detail/simd.hpp>

using namespace regard;
using namespace regard_test;

namespace {

/// One of the two studies, with inputs of a model in double.
template <class Model, class Encoded>
struct Study {
  nlohmann::json json;
  SafeTensors expected;
  Model model;
  std::map<std::string, std::vector<Encoded>> sets = {};
  std::vector<Encoded> targets = {};

  TokenInputs<double> tokens(const std::vector<Encoded>& inputs) const {
    return token_inputs(model, std::span<const Encoded>(inputs),
                        [](const Encoded& input) { return detail::token_count(input); });
  }

  /// All token rows of a set at the output of each block.
  std::vector<Tensor<double, 2>> hidden(const std::string& name) const {
    const Index layers = model.classifier().layers(), width = model.classifier().width();
    std::vector<std::vector<double>> values(layers);
    for (const Encoded& input : sets.at(name)) {
      const auto trace = model.record(input);
      for (Index layer = 0; layer < layers; ++layer)
        values[layer].insert(values[layer].end(), trace.hidden[layer + 1].begin(),
                             trace.hidden[layer + 1].end());
    }
    std::vector<Tensor<double, 2>> rows;
    for (const auto& flat : values) {
      rows.emplace_back(Shape<2>{flat.size() / width, width});
      std::copy(flat.begin(), flat.end(), rows.back().begin());
    }
    return rows;
  }

  void check_cavs() const {
    for (const auto& pair : json["pairs"]) {
      const std::string name = pair[0];
      const auto ours = hidden(name), others = hidden(pair[1]);
      for (Index layer = 0; layer < ours.size(); ++layer)
        for (const Probe probe : {Probe::logistic, Probe::ridge, Probe::svm, Probe::pattern}) {
          const auto fitted = fit_probe<double>(ours[layer], others[layer], {.probe = probe});
          const std::string key = std::string(to_string(probe)) + "/" + name + "/" + std::to_string(layer);
          const auto reference = numbers(expected, "cav/" + key);
          INFO(key);
          CHECK(fitted.status == ProbeStatus::converged);
          const double cosine = detail::dot(fitted.direction.data(), reference.data(), reference.size());
          // The intercept of scikit-learn's SVM is penalised, if hardly.
          CHECK(cosine > (probe == Probe::svm ? 1 - 1e-5 : 1 - 1e-8));
        }
    }
  }

  void check_scores() const {
    // Two sets, so that all of the other one are negatives and no draw is left to chance. Where the other one
    // is smaller or larger, its inputs differ in number from ours: the vectors come from the probes.
    const Index layers = model.classifier().layers();
    const Index target = json["target"];
    for (const auto& pair : json["pairs"]) {
      const std::string name = pair[0];
      const auto ours = hidden(name), others = hidden(pair[1]);
      std::vector<LayerVector> vectors;
      for (Index layer = 0; layer < layers; ++layer)
        vectors.push_back({layer, fit_probe<double>(ours[layer], others[layer]).direction});
      for (const char* mode : {"token", "next-layer", "mean", "cls"}) {
        const DerivativeOptions options{.target = target, .weights = *find_token_weights(mode)};
        const auto pooled = pooled_gradients<double>(model.classifier(), tokens(targets), options);
        for (Index layer = 0; layer < layers; ++layer) {
          const std::string key = std::string(mode) + "/" + name + "/" + std::to_string(layer);
          INFO(key);
          Tensor<double, 2> vector({1, vectors[layer].vector.size()});
          std::copy(vectors[layer].vector.begin(), vectors[layer].vector.end(), vector.begin());
          CHECK(tcav_scores(pooled, layer, vector)[0] == Approx(json["scores"][key].get<double>()));
        }
        for (Index input = 0; input < 3; ++input) {
          if (expected.find(std::string("map/") + mode + "/" + name + "/0/0") == nullptr)
            continue;
          const auto maps =
              concept_heat_maps<double>(model.classifier(), tokens(targets), input, options, vectors);
          for (Index layer = 0; layer < layers; ++layer) {
            const std::string key =
                std::string(mode) + "/" + name + "/" + std::to_string(layer) + "/" + std::to_string(input);
            INFO(key);
            CHECK(relative_error(maps[layer].values, numbers(expected, "map/" + key)) < 1e-4);
          }
        }
      }
    }
  }

  /// The whole way through train_cavs, where the two sets have one size.
  void check_training(const std::string& name, const std::string& other) const {
    const std::vector<ConceptInputs<double>> concepts{{name, tokens(sets.at(name))},
                                                      {other, tokens(sets.at(other))}};
    const Cavs cavs = train_cavs<double>(model.classifier(), concepts, {}, {.resamples = 2});
    const auto pooled =
        pooled_gradients<double>(model.classifier(), tokens(targets), {.target = json["target"]});
    for (const ConceptScore& score : concept_scores(cavs, pooled)) {
      if (score.concept_name != name)
        continue;
      const std::string key = name + "/" + std::to_string(score.layer);
      INFO(key);
      for (const double one : score.scores)
        CHECK(one == Approx(json["scores"]["token/" + key].get<double>()));
      const auto reference = numbers(expected, "cav/logistic/" + key);
      CHECK(detail::dot(cavs.find(name, score.layer)->vectors[0].data(), reference.data(), reference.size()) >
            1 - 1e-7);
    }
  }
};

const std::filesystem::path golden = std::filesystem::path(REGARD_TEST_DATA) / "tcav";
const std::filesystem::path models = REGARD_TEST_MODELS;

using TextStudy = Study<TextClassifier<double>, Encoding>;
using ImageStudy = Study<ImageClassifier<double>, EncodedImage<double>>;

const TextStudy& text_study() {
  static const TextStudy study = [] {
    TextStudy made{read_json(golden / "text.json"), SafeTensors::open(golden / "text.safetensors"),
                   load_text_classifier<double>(models / "bert-tiny-sst2")};
    for (const auto& [name, sentences] : made.json["sets"].items())
      for (const auto& sentence : sentences)
        made.sets[name].push_back(made.model.encode(TextInput(sentence.get<std::string>())));
    for (const auto& sentence : made.json["targets"])
      made.targets.push_back(made.model.encode(TextInput(sentence.get<std::string>())));
    return made;
  }();
  return study;
}

/// [name, dy, dx]: a picture, shifted around its edges.
Image shifted(const nlohmann::json& picture) {
  const Image image = load_image(models / ("../images/" + picture[0].get<std::string>() + ".png"));
  Image result(image.shape());
  const Index height = image.extent(0), width = image.extent(1);
  for (Index y = 0; y < height; ++y)
    for (Index x = 0; x < width; ++x)
      for (Index c = 0; c < 3; ++c)
        result((y + picture[1].get<Index>()) % height, (x + picture[2].get<Index>()) % width, c) =
            image(y, x, c);
  return result;
}

const ImageStudy& image_study() {
  static const ImageStudy study = [] {
    ImageStudy made{read_json(golden / "images.json"), SafeTensors::open(golden / "images.safetensors"),
                    load_image_classifier<double>(models / "vit-small-cifar10")};
    for (const auto& [name, pictures] : made.json["sets"].items())
      for (const auto& picture : pictures)
        made.sets[name].push_back(made.model.encode(ImageInput(shifted(picture))));
    for (const auto& picture : made.json["targets"])
      made.targets.push_back(made.model.encode(ImageInput(shifted(picture))));
    return made;
  }();
  return study;
}

} // namespace

TEST_CASE("CAVs of real activations are scikit-learn's", "[tcav][golden]") {
  text_study().check_cavs();
  image_study().check_cavs();
}

TEST_CASE("TTCAV and TCAV scores and heat maps are PyTorch's", "[tcav][golden]") {
  text_study().check_scores();
  image_study().check_scores();
}

TEST_CASE("training and scoring in one go gives the same", "[tcav][golden]") {
  text_study().check_training("praise", "blame");
  image_study().check_training("animals", "vehicles");
  image_study().check_training("left", "right");
}
