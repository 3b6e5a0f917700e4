// SPDX-License-Identifier: MIT
// Where in an input a concept speaks for a class: the heat maps of TTCAV as explanations, which the reports
// draw over a picture or a text.
//
//     const auto vector = regard::mean_direction(*cavs.find("striped", 4));
//     const auto why = regard::explain_concept(model, photo, "striped", {4, vector}, {.target = zebra});
//     regard::write_png("striped.png", regard::overlay(why, photo.pixels));
#pragma once

#include <regard/attribution/explain.hpp>
#include <regard/tcav/cavs.hpp>
#include <regard/tcav/derivatives.hpp>

namespace regard::inline REGARD_ABI {

/// The mean of a set's unit vectors, of length 1, in the set's block; zero where there is no direction.
LayerVector mean_direction(const CavSet& set);

/// The attention-weighted derivatives q_t of one input along one vector (tcav/derivatives.hpp), as the values
/// of its tokens or patches; the method is "concept", with the name of the concept in `value_function`.
/// Special tokens have no value, so values do not add up to anything.
/// Throws as concept_heat_maps does.
template <class Model, class Input>
requires TextModel<Model> || ImageModel<Model>
    Explanation explain_concept(const Model& model, const Input& input, std::string_view concept_name,
                                const LayerVector& vector, const DerivativeOptions& options);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/tcav/detail/heat_map.hpp>
#endif
