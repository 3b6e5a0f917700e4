// SPDX-License-Identifier: MIT
// Body of tcav/heat_map.hpp.
#pragma once

#include <regard/tcav/heat_map.hpp>

namespace regard::inline REGARD_ABI {

REGARD_INLINE LayerVector mean_direction(const CavSet& set) {
  LayerVector mean{set.layer, std::vector<double>(set.vectors.extent(1), 0.0)};
  for (Index r = 0; r < set.vectors.extent(0); ++r)
    for (Index j = 0; j < mean.vector.size(); ++j)
      mean.vector[j] += set.vectors(r, j);
  const double norm = std::sqrt(detail::dot(mean.vector.data(), mean.vector.data(), mean.vector.size()));
  for (double& x : mean.vector)
    x = norm > 0 ? x / norm : 0;
  return mean;
}

template <class Model, class Input>
requires TextModel<Model> || ImageModel<Model>
    Explanation explain_concept(const Model& model, const Input& input, std::string_view concept_name,
                                const LayerVector& vector, const DerivativeOptions& options) {
  using Scalar = typename Model::Scalar;
  const auto encoded = model.encode(input);
  const TokenInputs<Scalar> tokens{{detail::token_count(encoded)},
                                   [&](Index, TensorView<Scalar, 2> rows) { model.embed(encoded, rows); }};
  const ConceptHeatMap map =
      concept_heat_maps(model.classifier(), tokens, 0, options, std::span(&vector, 1)).front();
  Explanation why = detail::describe(model, input, encoded);
  const auto logits = batch_logits(
      model.classifier(), 1, [&](Index) { return tokens.tokens[0]; }, tokens.embed, Serial{});
  detail::describe_prediction(why, model, {logits.begin(), logits.end()}, options.target);
  why.method = "concept";
  why.value_function = std::string(concept_name);
  why.layers = {vector.layer};
  const AttentionMethod units; // tokens, or patches, each for itself
  auto players = detail::players_of(encoded, units);
  for (const std::vector<Index>& player : players)
    why.values.push_back(map.values[player.front()]);
  detail::describe_players(why, encoded, std::move(players), units);
  why.degenerate = degenerate(why.values);
  return why;
}

} // namespace regard::inline REGARD_ABI
