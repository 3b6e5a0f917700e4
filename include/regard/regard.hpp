// SPDX-License-Identifier: MIT
// All of regard that needs Eigen alone: tensors, the transformer, Shapley values, explainers, their
// evaluation, the terminal report. Reading checkpoints and text, and writing JSON and HTML, have umbrellas of
// their own, since each has dependencies of its own.
#pragma once

#include <regard/attribution/assign_scores.hpp>
#include <regard/attribution/explain.hpp>
#include <regard/attribution/masked_input_game.hpp>
#include <regard/attribution/methods.hpp>
#include <regard/evaluation.hpp>
#include <regard/models/bert.hpp>
#include <regard/report/terminal.hpp>
#if !defined(REGARD_COMPILED) // it always has its bodies: by name, where games are solved
#include <regard/shapley.hpp>
#endif
#include <regard/transformer/trace.hpp>
