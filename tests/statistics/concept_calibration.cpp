// SPDX-License-Identifier: MIT
// How often each test of significance calls concepts that are none significant at the 5% level: "concepts"
// and random inputs are draws from one pool, so that every rejection is a false alarm. The bundled models; 50
// logistic (or the named probe) vectors for each of three concepts, 30 random concepts of 5 vectors each.
//
//     concept_calibration MODELS [runs = 200] [threads = 2] [SENTENCES.txt] [CIFAR.bin]
//
// MODELS is examples/models. Text is sentences of random words, or lines of SENTENCES.txt; images are records
// of CIFAR-10 in its binary form, and are left out without it. Exit status 1 if the default test rejects in
// more than 8%.
#include "tcav/calibration.hpp"

#include <regard/image.hpp>

#include <cstdlib>
#include <iomanip>
#include <iostream>

using namespace regard;
using namespace regard_test;

namespace {

/// One line of the table; whether the default test held its level.
bool report(const std::string& name, const Calibration& calibration, const CalibrationDesign& design,
            Index runs, const Executor& executor) {
  const CalibrationRates rates = calibrate(calibration, design, runs, 0, executor);
  std::cout << std::left << std::setw(46) << name << std::right << std::fixed << std::setprecision(1);
  for (const SignificanceTest test : all_tests)
    std::cout << std::setw(10) << 100 * rates.rate(test) << '%';
  std::cout << std::setw(9) << rates.untested[0] << std::endl;
  return rates.rate(SignificanceTest::random_concepts) <= 0.08;
}

std::vector<Encoding> read_sentences(const TextClassifier<float>& model, const char* path, Index count) {
  std::vector<Encoding> sentences;
  std::ifstream file(path);
  for (std::string line; sentences.size() < count && std::getline(file, line);)
    if (!line.empty())
      sentences.push_back(model.encode(TextInput(line)));
  if (sentences.size() < count)
    throw IoError(std::string(path) + ": found " + std::to_string(sentences.size()) + " lines, expected " +
                  std::to_string(count));
  return sentences;
}

std::vector<EncodedImage<float>> read_images(const ImageClassifier<float>& model, const char* path,
                                             Index count) {
  std::vector<EncodedImage<float>> images;
  std::ifstream file(path, std::ios::binary);
  std::string record(3073, 0);
  while (images.size() < count && file.read(record.data(), 3073)) {
    Image image({32, 32, 3});
    for (Index pixel = 0; pixel < 1024; ++pixel)
      for (Index c = 0; c < 3; ++c)
        image.data()[3 * pixel + c] = static_cast<std::uint8_t>(record[1 + c * 1024 + pixel]);
    images.push_back(model.encode(ImageInput(std::move(image))));
  }
  if (images.size() < count)
    throw IoError(std::string(path) + ": found " + std::to_string(images.size()) + " records, expected " +
                  std::to_string(count));
  return images;
}

/// The first `count` are the pool, the rest the targets.
template <class Model, class Encoded>
Calibration calibration_of(const Model& model, const std::vector<Encoded>& inputs, Index count, Index target,
                           Index layer, const Executor& executor) {
  const auto middle = inputs.begin() + static_cast<std::ptrdiff_t>(count);
  return {model,
          std::vector<Encoded>(inputs.begin(), middle),
          std::vector<Encoded>(middle, inputs.end()),
          target,
          layer,
          executor};
}

} // namespace

int main(int argc, char** argv) try {
  const auto argument = [&](int i) { return argc > i ? argv[i] : nullptr; };
  if (argc < 2)
    throw InvalidArgument("found no folder of models, expected examples/models");
  const std::filesystem::path models = argument(1);
  const Index runs = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 200;
  const Threads threads(argc > 3 ? std::strtoul(argv[3], nullptr, 10) : 2);

  std::cout << std::left << std::setw(46) << std::to_string(runs) + " runs of 3 concepts; p < 0.05 in";
  for (const SignificanceTest test : all_tests)
    std::cout << std::right << std::setw(11) << to_string(test).substr(0, 10);
  std::cout << " no p\n";
  bool held = true;
  const CalibrationDesign usual;
  CalibrationDesign overlapping, random_negatives, pattern;
  overlapping.random = 40; // each random concept is a quarter of them
  random_negatives.cavs.negatives = Negatives::random;
  pattern.cavs.probe.probe = Probe::pattern;

  constexpr Index pool = 2000, targets = 100;
  const auto text = load_text_classifier<float>(models / "bert-tiny-sst2");
  const auto sentences = argument(4) ? read_sentences(text, argv[4], pool + targets)
                                     : random_sentences(text, words_of(models / "bert-tiny-sst2/vocab.txt"),
                                                        pool + targets, RandomStream(0, 0));
  for (const Index layer : std::initializer_list<Index>{0, 2}) {
    const Calibration calibration = calibration_of(text, sentences, pool, 1, layer, threads);
    const std::string name = "text, block " + std::to_string(layer) + ", ";
    held = report(name + "relative", calibration, usual, runs, threads) && held;
    if (layer == 2) {
      held = report(name + "relative, pattern", calibration, pattern, runs, threads) && held;
      held = report(name + "relative, overlapping", calibration, overlapping, runs, threads) && held;
    }
    held = report(name + "random negatives", calibration, random_negatives, runs, threads) && held;
  }
  if (argument(5)) {
    const auto model = load_image_classifier<float>(models / "vit-small-cifar10");
    const auto images = read_images(model, argv[5], pool + targets);
    for (const Index layer : std::initializer_list<Index>{1, 4}) {
      const Calibration calibration = calibration_of(model, images, pool, 8, layer, threads);
      CalibrationDesign tokens = usual;
      tokens.cavs.probe.probe = Probe::pattern;
      held = report("images, block " + std::to_string(layer) + ", relative, pattern", calibration, tokens,
                    runs, threads) &&
             held;
    }
  }
  return held ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "concept_calibration: " << error.what() << '\n';
  return 2;
}
