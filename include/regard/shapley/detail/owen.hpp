// SPDX-License-Identifier: MIT
// Body of shapley/owen.hpp.
#pragma once

#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/detail/result.hpp>
#include <regard/shapley/owen.hpp>

#include <algorithm>
#include <optional>

namespace regard::inline REGARD_ABI {
namespace detail {

/// Throws InvalidArgument unless the tree is over the players of the game.
REGARD_LAZY
void check_tree(const PartitionTree& tree, Index players) {
  if (tree.players() != players)
    throw InvalidArgument("partition tree: found " + std::to_string(tree.players()) + " players, expected " +
                          std::to_string(players) + " as the game has");
}

/// How many coalitions the Owen values of a tree take, as far as a double goes.
REGARD_LAZY
double owen_evaluations(const PartitionTree& tree) {
  if (tree.players() == 0)
    return 1;
  std::vector<double> counts(tree.nodes(), 0.0); // below a node, in one context
  for (Index node = tree.players(); node < tree.nodes(); ++node) {
    const double subsets = std::exp2(static_cast<double>(tree.children(node).size()));
    counts[node] = subsets - 2;
    for (const Index child : tree.children(node))
      counts[node] += subsets / 2 * counts[child];
  }
  return counts[tree.root()] + 2;
}

/// Walks down the tree with every context of every node.
template <class G>
class OwenExpansion {
 public:
  OwenExpansion(const G& game, const PartitionTree& tree, const SolverOptions& options,
                const Executor& executor)
      : game_(game), tree_(tree), options_(options), executor_(executor), context_(tree.players()),
        values_(tree.players()) {}

  /// Shares out weight * (full - empty), the worth of `node` to the context, which it finds and leaves in
  /// context_. False after a stop request.
  bool expand(Index node, double empty, double full, double weight) {
    if (tree_.is_player(node)) {
      values_[node].add(weight * (full - empty));
      return true;
    }
    const std::span<const Index> children = tree_.children(node);
    const Index count = children.size(), subsets = Index{1} << count;
    const std::optional<std::vector<double>> known = subset_values(children, empty, full);
    if (!known)
      return false;
    const std::vector<double>& worth = *known;
    std::vector<double> chance(count); // of a set of siblings to stand before a child, by its size
    double choices = 1;
    for (Index size = 0; size < count; ++size) {
      chance[size] = 1 / (static_cast<double>(count) * choices);
      choices = choices * static_cast<double>(count - 1 - size) / static_cast<double>(size + 1);
    }
    for (Index before = 0; before < subsets; ++before) {
      toggle(children, before);
      for (Index c = 0; c < count; ++c)
        if (((before >> c) & 1) == 0 && !expand(children[c], worth[before], worth[before | (Index{1} << c)],
                                                weight * chance[static_cast<Index>(std::popcount(before))]))
          return false;
      toggle(children, before);
    }
    return true;
  }

  Index evaluations() const { return evaluations_; }

  std::vector<double> values() const {
    std::vector<double> phi;
    phi.reserve(values_.size());
    for (const CompensatedSum& sum : values_)
      phi.push_back(sum.value());
    return phi;
  }

 private:
  /// The values of the context with every set of children; none after a stop request.
  std::optional<std::vector<double>> subset_values(std::span<const Index> children, double empty,
                                                   double full) {
    std::vector<double> worth(Index{1} << children.size());
    worth.front() = empty;
    worth.back() = full;
    const Index wave = std::max(options_.batch_size, Index{256}) * executor_.workers();
    for (Index first = 1; first + 1 < worth.size(); first += wave) {
      const Index size = std::min(wave, worth.size() - 1 - first);
      CoalitionBuffer wanted(tree_.players());
      for (Index set = first; set < first + size; ++set) {
        toggle(children, set);
        wanted.add(context_);
        toggle(children, set);
      }
      std::vector<Coalition> coalitions;
      for (Index c = 0; c < size; ++c)
        coalitions.push_back(wanted[c]);
      const Index known =
          evaluate(game_, coalitions, std::span(worth).subspan(first, size), options_, executor_);
      evaluations_ += known;
      if (known < size)
        return std::nullopt;
    }
    return worth;
  }

  /// Takes the players below a set of children into the context, or out of it.
  void toggle(std::span<const Index> children, Index set) {
    for (Index rest = set; rest != 0; rest &= rest - 1)
      for (const Index player : tree_.leaves(children[static_cast<Index>(std::countr_zero(rest))]))
        context_.flip(player);
  }

  const G& game_;
  const PartitionTree& tree_;
  const SolverOptions& options_;
  const Executor& executor_;
  MutableCoalition context_;
  Index evaluations_ = 0;
  std::vector<CompensatedSum> values_;
};

} // namespace detail

template <class G>
ShapleyResult owen_values(const G& game, const PartitionTree& tree, const SolverOptions& options,
                          const Executor& executor) {
  require_game<G>();
  detail::check(options);
  const Index players = game.players();
  detail::check_tree(tree, players);
  const double count = detail::owen_evaluations(tree);
  if (count > static_cast<double>(max_owen_evaluations))
    throw InvalidArgument("Owen values of a tree of " + std::to_string(players) + " players take " +
                          detail::number_text(count) + " evaluations, expected at most " +
                          std::to_string(max_owen_evaluations));
  ShapleyResult result;
  result.solver = "owen";
  result.value_empty = detail::evaluate(game, MutableCoalition(players));
  result.value_full = detail::evaluate(game, MutableCoalition::full(players));
  detail::OwenExpansion<G> expansion(game, tree, options, executor);
  if (players > 0 && !expansion.expand(tree.root(), result.value_empty, result.value_full, 1)) {
    result.status = Status::stopped;
    result.values.assign(players, 0.0);
  } else {
    result.values = expansion.values();
  }
  result.evaluations = expansion.evaluations() + (players == 0 ? 1 : 2);
  result.completeness_gap = detail::completeness_gap(result);
  if (options.observer)
    options.observer({result.evaluations, static_cast<Index>(count), {}});
  return result;
}

} // namespace regard::inline REGARD_ABI
