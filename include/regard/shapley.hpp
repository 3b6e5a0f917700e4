// SPDX-License-Identifier: MIT
// The Shapley part alone: games, closed forms, solvers. Needs Eigen and nothing else; knows no transformer.
// With regard::compiled too it has all bodies, since games are the caller's.
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

#include <regard/shapley/detail/aggregate.hpp>
#include <regard/shapley/detail/attention_games.hpp>
#include <regard/shapley/detail/attention_matrix.hpp>
#include <regard/shapley/detail/coalition.hpp>
#include <regard/shapley/detail/confidence.hpp>
#include <regard/shapley/detail/exact.hpp>
#include <regard/shapley/detail/grouped_game.hpp>
#include <regard/shapley/detail/interactions.hpp>
#include <regard/shapley/detail/interactions_sampled.hpp>
#include <regard/shapley/detail/options.hpp>
#include <regard/shapley/detail/owen.hpp>
#include <regard/shapley/detail/partition.hpp>
#include <regard/shapley/detail/partition_tree.hpp>
#include <regard/shapley/detail/result.hpp>
#include <regard/shapley/detail/samplers.hpp>
#include <regard/shapley/detail/solver.hpp>
