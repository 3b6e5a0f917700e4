// SPDX-License-Identifier: MIT
// Body of tcav/cavs.hpp.
#pragma once

#include <regard/tcav/cavs.hpp>
#include <regard/tcav/detail/cav_fits.hpp>
#include <regard/tcav/detail/hidden_states.hpp>
#include <regard/tcav/detail/probe.hpp>

#include <set>

namespace regard::inline REGARD_ABI {

template <class Lazy>
std::string_view to_string(Negatives negatives) {
  return negatives == Negatives::relative ? "relative" : "random";
}

REGARD_INLINE const CavSet* Cavs::find(std::string_view concept_name, Index layer) const {
  for (const CavSet& set : sets)
    if (set.concept_name == concept_name && set.layer == layer)
      return &set;
  return nullptr;
}

namespace detail {

REGARD_LAZY
void check_options(const CavOptions& options) {
  check_options(options.probe);
  if (options.resamples == 0)
    throw InvalidArgument("resamples: found 0, expected at least 1");
  if (options.random_concepts > 0 && options.random_resamples == 0)
    throw InvalidArgument("random_resamples: found 0, expected at least 1");
  if (!(options.held_out > 0 && options.held_out < 1))
    throw InvalidArgument("held_out: found " + number_text(options.held_out) +
                          ", expected a share between 0 and 1");
}

/// The layers that are asked for, all of them if none is named.
REGARD_LAZY
std::vector<Index> wanted_layers(std::vector<Index> layers, Index count) {
  if (layers.empty()) {
    layers.resize(count);
    std::iota(layers.begin(), layers.end(), Index{0});
  }
  std::set<Index> seen;
  for (const Index layer : layers) {
    if (layer >= count)
      throw InvalidArgument("layer: found " + std::to_string(layer) + ", expected less than the model's " +
                            std::to_string(count) + " blocks");
    if (!seen.insert(layer).second)
      throw InvalidArgument("layer " + std::to_string(layer) + ": found twice, expected once");
  }
  return layers;
}

REGARD_LAZY
void check_concepts(std::span<const std::string> names, std::span<const Index> sizes, Index random,
                    Negatives negatives) {
  if (names.empty())
    throw InvalidArgument("found no concept, expected at least one");
  std::set<std::string_view> seen;
  for (Index c = 0; c < names.size(); ++c) {
    if (names[c].empty())
      throw InvalidArgument("a concept has no name");
    if (!seen.insert(names[c]).second)
      throw InvalidArgument("concept \"" + names[c] + "\": found twice, expected once");
    if (sizes[c] == 0)
      throw InvalidArgument("concept \"" + names[c] + "\": found no inputs, expected at least one");
  }
  if (negatives == Negatives::random && random == 0)
    throw InvalidArgument("found no random inputs, expected some to tell the concepts from");
  if (negatives == Negatives::relative && names.size() == 1)
    throw InvalidArgument("concept \"" + names[0] +
                          "\": found no other concept to tell it from, expected one, or random negatives");
}

/// The tokens of an input that probes see under a budget of `most`: the class token and a draw of the others.
REGARD_LAZY
std::vector<Index> kept_tokens(Index tokens, Index most, RandomStream random) {
  std::vector<Index> others(tokens - 1);
  std::iota(others.begin(), others.end(), Index{1});
  if (tokens > most)
    others = draw(std::move(others), most - 1, random);
  others.insert(others.begin(), 0);
  return others;
}

} // namespace detail

template <class Scalar>
Cavs train_cavs(const SequenceClassifier<Scalar>& classifier, std::span<const ConceptInputs<Scalar>> concepts,
                const TokenInputs<Scalar>& random, const CavOptions& options, const Executor& executor) {
  detail::check_options(options);
  const std::vector<Index> layers = detail::wanted_layers(options.layers, classifier.layers());
  std::vector<std::string> names;
  std::vector<Index> sizes;
  for (const ConceptInputs<Scalar>& one : concepts) {
    names.push_back(one.name);
    sizes.push_back(one.inputs.size());
  }
  detail::check_concepts(names, sizes, random.size(), options.negatives);

  const detail::CavPlan<> plan(names, sizes, random.size(), options);
  detail::HiddenStates<Scalar> states(classifier);
  std::vector<std::vector<Index>> kept; // tokens, by input
  const auto add = [&](const TokenInputs<Scalar>& inputs, std::span<const Index> which,
                       std::string_view name) {
    states.add(inputs, which);
    if (which.empty())
      return;
    const Index most = options.max_tokens == 0 ? static_cast<Index>(-1)
                                               : std::max<Index>(1, options.max_tokens / which.size());
    for (Index i = 0; i < which.size(); ++i)
      kept.push_back(detail::kept_tokens(inputs.tokens[which[i]], most,
                                         plan.stream(detail::Draw::tokens, name, which[i])));
  };
  for (const auto& member : plan.members()) {
    std::vector<Index> all(member.size());
    std::iota(all.begin(), all.end(), Index{0});
    add(concepts[member.caller].inputs, all, member.name);
  }
  add(random, plan.random_inputs(), "");

  detail::RowSource<double> source;
  source.width = classifier.width();
  for (const auto& tokens : kept)
    source.counts.push_back(tokens.size());
  source.load = [&](Index input, double* rows) {
    if (kept[input].size() == states.tokens(input)) { // the rows of an input stand one after the other
      const Scalar* const first = states.row(input, 0);
      std::copy(first, first + kept[input].size() * source.width, rows);
      return;
    }
    for (const Index token : kept[input]) {
      const Scalar* const row = states.row(input, token);
      rows = std::copy(row, row + source.width, rows);
    }
  };

  Cavs cavs;
  cavs.seed = options.seed;
  cavs.probe = options.probe.probe;
  cavs.negatives = options.negatives;
  const Index last = *std::max_element(layers.begin(), layers.end());
  std::vector<std::vector<CavSet>> by_layer(layers.size());
  cavs.stopped = !states.embed(executor, options.stop);
  for (Index layer = 0; layer <= last && !cavs.stopped; ++layer) {
    cavs.stopped = !states.advance(layer, executor, options.stop);
    const auto wanted = std::find(layers.begin(), layers.end(), layer);
    if (wanted != layers.end() && !cavs.stopped) {
      detail::LayerFits<double> fits(source, plan, options);
      cavs.stopped = !fits.run(executor);
      if (!cavs.stopped)
        by_layer[static_cast<Index>(wanted - layers.begin())] = fits.take(layer);
    }
    if (options.progress && !cavs.stopped)
      options.progress(layer + 1, last + 1);
  }
  // By concept in the caller's order, then by layer.
  for (Index c = 0; c < concepts.size(); ++c)
    for (std::vector<CavSet>& sets : by_layer)
      for (Index m = 0; m < sets.size(); ++m)
        if (plan.members()[m].caller == c)
          cavs.sets.push_back(std::move(sets[m]));
  return cavs;
}

} // namespace regard::inline REGARD_ABI
