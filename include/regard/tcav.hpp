// SPDX-License-Identifier: MIT
// Concepts: activation vectors, directional derivatives, scores and whether they are more than chance. Needs
// Eigen alone; saving and loading stands in checkpoint/saved_cavs.hpp.
#pragma once

#include <regard/tcav/cavs.hpp>
#include <regard/tcav/concept_scores.hpp>
#include <regard/tcav/derivatives.hpp>
#include <regard/tcav/probe.hpp>
#include <regard/tcav/significance.hpp>
#include <regard/tcav/token_inputs.hpp>
