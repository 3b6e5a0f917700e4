// SPDX-License-Identifier: MIT
// Bodies of the scores that ask the masked-input game (occlusion, LIME), and of random scores.
#pragma once

#include <regard/attribution/detail/describe.hpp>
#include <regard/attribution/lime.hpp>
#include <regard/attribution/occlusion.hpp>
#include <regard/attribution/random_scores.hpp>
#include <regard/core/random.hpp>
#include <regard/shapley/detail/coalition_set.hpp>
#include <regard/shapley/detail/sampling.hpp>

namespace regard::inline REGARD_ABI::detail {

/// The values of many coalitions, looking out for a stop request; nothing after one.
template <class G>
std::optional<std::vector<double>> values_of(const G& game, std::span<const Coalition> coalitions,
                                             const Executor& executor, const std::stop_token& stop) {
  std::vector<double> values(coalitions.size());
  const Index step = 256 * executor.workers();
  for (Index begin = 0; begin < coalitions.size(); begin += step) {
    if (stop.stop_requested())
      return {};
    const Index count = std::min(step, coalitions.size() - begin);
    game.values(coalitions.subspan(begin, count), std::span(values).subspan(begin, count));
  }
  return values;
}

template <class Model, class Input, class Encoded>
std::optional<Explanation> explain_one(const Model& model, const Input& input, const occlusion& method,
                                       const ExplainOptions& options, const Executor& executor,
                                       const Encoded& encoding) {
  const Prediction prediction = predict(model, encoding, options.target);
  Explanation why = describe(model, input, encoding, prediction, method, options);
  std::vector<std::vector<Index>> players = players_of(encoding, method);
  const Index n = players.size();
  const MaskedInputGame<Model> game(model, encoding, players, prediction.target,
                                    {method.masking, method.value}, executor);
  std::vector<MutableCoalition> wanted{MutableCoalition::full(n), MutableCoalition(n)};
  for (Index i = 0; i < n; ++i) {
    wanted.push_back(MutableCoalition::full(n));
    wanted.back().flip(i);
  }
  const auto v =
      values_of(game, std::vector<Coalition>(wanted.begin(), wanted.end()), executor, options.stop);
  if (!v)
    return {};
  std::vector<double> values;
  for (Index i = 0; i < n; ++i)
    values.push_back(v->front() - (*v)[2 + i]);
  why.value_kind = "output-score";
  why.value_function = to_string(method.value);
  why.masking = to_string(resolve_masking<Model>(method.masking));
  why.value_full = (*v)[0];
  why.value_empty = (*v)[1];
  why.evaluations = wanted.size();
  describe_scores(why, std::move(values));
  describe_players(why, encoding, std::move(players), method);
  return why;
}

/// Sample k of LIME among the players of `z`: which of them are visible.
inline void draw_lime_sample(std::uint64_t seed, Index sample, MutableCoalition& z) {
  z.clear();
  if (sample > 0) {
    RandomStream random(seed, sample);
    draw_coalition(random, 1 + random.below(z.players()), z);
  }
  complement(z);
}

/// How much a sample weighs with `visible` of `players` players.
inline double lime_weight(Index visible, Index players, double kernel_width) {
  const double distance = 100 * (1 - std::sqrt(static_cast<double>(visible) / static_cast<double>(players)));
  return std::exp(-distance * distance / (2 * kernel_width * kernel_width));
}

template <class Model, class Input, class Encoded>
std::optional<Explanation> explain_one(const Model& model, const Input& input, const lime& method,
                                       const ExplainOptions& options, const Executor& executor,
                                       const Encoded& encoding) {
  if (method.samples == 0)
    throw InvalidArgument("lime: found 0 samples, expected at least 1");
  if (!(method.kernel_width > 0) || !std::isfinite(method.kernel_width))
    throw InvalidArgument("kernel_width: found " + option_text(method.kernel_width) +
                          ", expected more than 0");
  const Prediction prediction = predict(model, encoding, options.target);
  Explanation why = describe(model, input, encoding, prediction, method, options);
  std::vector<std::vector<Index>> players = players_of(encoding, method);
  const Index n = players.size();
  const MaskedInputGame<Model> game(model, encoding, players, prediction.target,
                                    {method.masking, method.value}, executor);
  CoalitionSet<> known(n);
  MutableCoalition z = MutableCoalition::full(n);
  known.add(z);
  z.clear();
  const Index nobody = known.add(z).first;
  std::vector<Index> drawn; // which coalition each sample is
  for (Index sample = 0; sample < method.samples && n > 0; ++sample) {
    draw_lime_sample(options.seed, sample, z);
    drawn.push_back(known.add(z).first);
  }
  std::vector<Coalition> coalitions;
  for (Index c = 0; c < known.size(); ++c)
    coalitions.push_back(known[c]);
  const auto v = values_of(game, coalitions, executor, options.stop);
  if (!v)
    return {};
  std::vector<double> values;
  if (n > 0) {
    std::vector<Coalition> samples;
    std::vector<double> outputs, weights;
    for (const Index c : drawn) {
      samples.push_back(coalitions[c]);
      outputs.push_back((*v)[c]);
      weights.push_back(lime_weight(coalitions[c].size(), n, method.kernel_width));
    }
    values = lime_regression(samples, outputs, weights, method.ridge);
  }
  why.solver = "weighted-ridge";
  why.status = to_string(Status::budget_reached);
  why.value_kind = "output-score";
  why.value_function = to_string(method.value);
  why.masking = to_string(resolve_masking<Model>(method.masking));
  why.samples = method.samples;
  why.evaluations = known.size();
  why.options = {{"kernel_width", option_text(method.kernel_width)}, {"ridge", option_text(method.ridge)}};
  why.value_full = v->front();
  why.value_empty = (*v)[nobody];
  describe_scores(why, std::move(values));
  describe_players(why, encoding, std::move(players), method);
  return why;
}

/// 64-bit FNV-1a.
class InputHash {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes)
      key_ = (key_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  std::uint64_t key() const { return key_; }

 private:
  std::uint64_t key_ = 0xcbf29ce484222325;
};
inline std::uint64_t hash(const TextInput& input) {
  InputHash hash;
  hash.add(input.text);
  if (input.pair) {
    hash.add(std::string_view("\0", 1)); // a pair is not the text that it makes when joined
    hash.add(*input.pair);
  }
  return hash.key();
}
inline std::uint64_t hash(const ImageInput& input) {
  InputHash hash;
  for (const auto byte : input.pixels)
    hash.add(std::string_view(reinterpret_cast<const char*>(&byte), sizeof(byte)));
  return hash.key();
}

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const random_scores& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  embed_range(model, encodings, range, pass);
  model.classifier().forward(pass, Keep::nothing, {}, {.last_block = LastBlock::tokens_read});
  const auto predictions = read_predictions(model, pass, options.target);
  for (Index b = 0; b < predictions.size(); ++b) {
    const Input& input = inputs[range.begin + b];
    const Encoded& encoding = encodings[range.begin + b];
    Explanation why = describe(model, input, encoding, predictions[b], method, options);
    std::vector<std::vector<Index>> players = players_of(encoding, method);
    RandomStream random(options.seed, hash(input));
    std::vector<double> values;
    for (Index p = 0; p < players.size(); ++p)
      values.push_back(random.uniform());
    why.value_kind = "random";
    for (const double value : values)
      why.value_full += value;
    describe_scores(why, std::move(values));
    describe_players(why, encoding, std::move(players), method);
    explanations[range.begin + b] = std::move(why);
  }
}

} // namespace regard::inline REGARD_ABI::detail
