// SPDX-License-Identifier: MIT
// How often do the tests of significance call random concepts significant? Shared by the test of the suite
// and the full study in tests/statistics.
#pragma once

#include <regard/tcav.hpp>
#include <regard/text.hpp>
#include <regard/transformer/trace.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace regard_test {

using regard::Index;

inline constexpr std::array all_tests{regard::SignificanceTest::random_concepts,
                                      regard::SignificanceTest::one_sample,
                                      regard::SignificanceTest::two_sample, regard::SignificanceTest::welch,
                                      regard::SignificanceTest::permutation};

/// What a run looks like: some concepts, all of them nothing but draws from one pool of inputs, and random
/// ones from the same pool.
struct CalibrationDesign {
  Index concepts = 3;
  Index size = 10;    ///< inputs of each concept
  Index random = 300; ///< random inputs: 30 times `size` for disjoint random concepts
  regard::CavOptions cavs = {};
};

/// The inputs of a pool at the output of one block, and the pooled gradients of some targets: made once, for
/// all runs. A run is then what train_cavs does in that block and concept_scores after it, with the same
/// code.
class Calibration {
 public:
  template <class Model, class Encoded>
  Calibration(const Model& model, const std::vector<Encoded>& pool, const std::vector<Encoded>& targets,
              Index target, Index layer, const regard::Executor& executor)
      : layer_(layer), width_(model.classifier().width()), hidden_(pool.size()) {
    const auto tokens = [](const Encoded& input) { return regard::detail::token_count(input); };
    executor.for_each(pool.size(), [&](Index i, Index) {
      const auto trace = model.record(pool[i]);
      hidden_[i].assign(trace.hidden[layer + 1].begin(), trace.hidden[layer + 1].end());
    });
    const auto inputs = regard::token_inputs(model, std::span<const Encoded>(targets), tokens);
    pooled_ = regard::pooled_gradients(model.classifier(), inputs, {.target = target}, executor);
  }

  Index pool() const { return hidden_.size(); }

  /// Scores of the concepts of one run under each test, test by test; p-values without correction.
  std::vector<regard::ConceptScore> run(std::uint64_t seed, CalibrationDesign design) const {
    using namespace regard;
    // Whose inputs are whose: a draw from the pool without replacement.
    std::vector<Index> order(pool());
    std::iota(order.begin(), order.end(), Index{0});
    RandomStream random(seed, 0x63616c69);
    for (Index i = 0; i < order.size(); ++i)
      std::swap(order[i], order[i + random.below(order.size() - i)]);
    std::vector<std::string> names;
    for (Index c = 0; c < design.concepts; ++c)
      names.push_back(std::string(1, static_cast<char>('a' + c)));
    const std::vector<Index> sizes(design.concepts, design.size);
    design.cavs.seed = seed;
    design.cavs.validate = false;
    const detail::CavPlan<> plan(names, sizes, design.random, design.cavs);
    detail::RowSource<double> source;
    source.width = width_;
    const Index own = design.concepts * design.size;
    std::vector<Index> inputs(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(own));
    for (const Index i : plan.random_inputs())
      inputs.push_back(order.at(own + i));
    for (const Index input : inputs)
      source.counts.push_back(hidden_[input].size() / width_);
    source.load = [&](Index input, double* rows) {
      std::copy(hidden_[inputs[input]].begin(), hidden_[inputs[input]].end(), rows);
    };
    detail::LayerFits<double> fits(source, plan, design.cavs);
    fits.run(Serial{});
    Cavs cavs;
    cavs.seed = seed;
    cavs.sets = fits.take(layer_);
    std::vector<ConceptScore> scores;
    for (const SignificanceTest test : all_tests)
      for (ConceptScore& score : concept_scores(
               cavs, pooled_, {.test = test, .correction = Correction::none, .permutations = 1000}))
        scores.push_back(std::move(score));
    return scores;
  }

 private:
  Index layer_, width_;
  std::vector<std::vector<float>> hidden_;
  regard::PooledGradients pooled_;
};

/// Of the runs of one design, by test in the order of `all_tests`: how often it had p < 0.05 and how often no
/// p-value, of how many.
struct CalibrationRates {
  std::array<Index, all_tests.size()> rejected = {}, untested = {};
  Index tests = 0;
  double rate(regard::SignificanceTest test) const {
    return static_cast<double>(rejected[static_cast<Index>(test)]) / static_cast<double>(tests);
  }
};

/// Runs with the seeds `seed`, `seed` + 1, ...
inline CalibrationRates calibrate(const Calibration& calibration, const CalibrationDesign& design, Index runs,
                                  std::uint64_t seed, const regard::Executor& executor) {
  std::vector<std::vector<regard::ConceptScore>> results(runs);
  executor.for_each(runs, [&](Index run, Index) { results[run] = calibration.run(seed + run, design); });
  CalibrationRates rates;
  rates.tests = runs * design.concepts;
  for (const auto& result : results)
    for (Index i = 0; i < result.size(); ++i) {
      const std::optional<double> p = result[i].test.p_value;
      rates.rejected[i / design.concepts] += p && *p < 0.05 ? 1 : 0;
      rates.untested[i / design.concepts] += p ? 0 : 1;
    }
  return rates;
}

/// Sentences of 3 to 10 words that a text model knows: no concept is in them.
template <class Model>
std::vector<regard::Encoding> random_sentences(const Model& model, std::span<const std::string> words,
                                               Index count, regard::RandomStream random) {
  std::vector<regard::Encoding> sentences;
  for (Index i = 0; i < count; ++i) {
    std::string text;
    for (Index w = 0, length = 3 + random.below(8); w < length; ++w)
      text += words[random.below(words.size())] + " ";
    sentences.push_back(model.encode(regard::TextInput(text)));
  }
  return sentences;
}

/// Lines of a vocabulary that are words of letters.
inline std::vector<std::string> words_of(const std::filesystem::path& vocabulary) {
  std::vector<std::string> words;
  std::ifstream file(vocabulary);
  for (std::string line; std::getline(file, line);)
    if (line.size() > 2 && line.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos)
      words.push_back(line);
  return words;
}

} // namespace regard_test
