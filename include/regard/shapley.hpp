// SPDX-License-Identifier: MIT
// The Shapley part alone: games, closed forms, solvers. Needs Eigen and nothing else; knows no transformer.
#pragma once

#include <regard/shapley/aggregate.hpp>
#include <regard/shapley/attention_games.hpp>
#include <regard/shapley/attention_matrix.hpp>
#include <regard/shapley/coalition.hpp>
#include <regard/shapley/confidence.hpp>
#include <regard/shapley/exact.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/grouped_game.hpp>
#include <regard/shapley/image_partition_tree.hpp>
#include <regard/shapley/interactions.hpp>
#include <regard/shapley/options.hpp>
#include <regard/shapley/owen.hpp>
#include <regard/shapley/partition.hpp>
#include <regard/shapley/partition_tree.hpp>
#include <regard/shapley/result.hpp>
#include <regard/shapley/samplers.hpp>
#include <regard/shapley/solver.hpp>
