// SPDX-License-Identifier: MIT
// Concepts: activation vectors, scores with tests that hold their level, heat maps. Needs Eigen alone.
// `tcav/cav_files.hpp` saves and loads, and needs nlohmann/json.
#pragma once

#include <regard/report/concepts.hpp>
#include <regard/tcav/cavs.hpp>
#include <regard/tcav/concept_scores.hpp>
#include <regard/tcav/derivatives.hpp>
#include <regard/tcav/heat_map.hpp>
#include <regard/tcav/probe.hpp>
#include <regard/tcav/significance.hpp>
#include <regard/tcav/token_inputs.hpp>
