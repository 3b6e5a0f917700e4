// SPDX-License-Identifier: MIT
// Body of shapley/partition.hpp.
#pragma once

#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/detail/owen.hpp>
#include <regard/shapley/detail/result.hpp>
#include <regard/shapley/partition.hpp>

#include <queue>
#include <tuple>

namespace regard::inline REGARD_ABI {
namespace detail {

/// A node of the tree that joins a context: what it adds, and how much that counts.
struct PartitionGroup {
  Index node;
  MutableCoalition context;
  double empty, full; // values of the context, and of the context with all players below the node
  double weight;
  Index serial; // how many groups were made before

  double credit() const { return weight * (full - empty); }
};

/// The queue of groups, splitting, and credit.
template <class G>
class PartitionSolver {
 public:
  PartitionSolver(const G& game, const PartitionTree& tree, const SolverOptions& options,
                  const Executor& executor, Index splits_per_round)
      : game_(game), tree_(tree), options_(options), executor_(executor), splits_(splits_per_round),
        credit_(tree.nodes()) {
    const Index share = (2 * splits_ + executor.workers() - 1) / executor.workers();
    options_.batch_size = std::min(options_.batch_size, share); // every worker has something to do
  }

  ShapleyResult run() {
    ShapleyResult result;
    result.solver = "partition";
    const Index players = tree_.players();
    const MutableCoalition none(players), all = MutableCoalition::full(players);
    result.value_empty = evaluate(game_, none);
    used_ = 1;
    result.value_full = players == 0 ? result.value_empty : evaluate(game_, all);
    if (players > 0) {
      ++used_;
      push(tree_.root(), none, result.value_empty, result.value_full, 1);
    }
    while (!queue_.empty() && result.status == Status::converged) {
      result.status = split_round();
      if (options_.observer)
        options_.observer({used_, options_.budget, {}});
    }
    for (; !queue_.empty(); queue_.pop())
      credit_[queue_.top().node].add(queue_.top().credit());
    result.values = player_values();
    result.completeness_gap = completeness_gap(result);
    result.evaluations = used_;
    return result;
  }

 private:
  void push(Index node, MutableCoalition context, double empty, double full, double weight) {
    queue_.push({node, std::move(context), empty, full, weight, serial_++});
  }

  /// Splits the groups that stand first.
  /// @return `converged` if that went well, `budget_reached` if the budget does not allow for any, `stopped`
  Status split_round() {
    std::vector<PartitionGroup> groups;
    std::vector<MutableCoalition> coalitions; // each context with the left half, and with the right one
    while (!queue_.empty() && groups.size() < splits_) {
      if (tree_.is_player(queue_.top().node)) {
        credit_[queue_.top().node].add(queue_.top().credit());
        queue_.pop();
        continue;
      }
      if (options_.budget - used_ < coalitions.size() + 2)
        break;
      groups.push_back(queue_.top());
      queue_.pop();
      for (const Index half : tree_.children(groups.back().node))
        coalitions.push_back(with(groups.back().context, half));
    }
    if (groups.empty())
      return queue_.empty() ? Status::converged : Status::budget_reached;
    const std::vector<Coalition> views(coalitions.begin(), coalitions.end());
    std::vector<double> values(views.size());
    const Index known = evaluate(game_, views, values, options_, executor_);
    used_ += known;
    if (known < views.size()) {
      for (PartitionGroup& group : groups)
        queue_.push(std::move(group));
      return Status::stopped;
    }
    for (Index g = 0; g < groups.size(); ++g) {
      const PartitionGroup& group = groups[g];
      const Index left = tree_.children(group.node)[0], right = tree_.children(group.node)[1];
      const double with_left = values[2 * g], with_right = values[2 * g + 1], weight = group.weight / 2;
      push(left, group.context, group.empty, with_left, weight);
      push(right, group.context, group.empty, with_right, weight);
      push(left, coalitions[2 * g + 1], with_right, group.full, weight);
      push(right, coalitions[2 * g], with_left, group.full, weight);
    }
    return Status::converged;
  }

  MutableCoalition with(MutableCoalition context, Index node) const {
    for (const Index player : tree_.leaves(node))
      context.insert(player);
    return context;
  }

  /// Every node's credit, shared by the players below it.
  std::vector<double> player_values() const {
    std::vector<CompensatedSum> sums(tree_.players());
    for (Index node = 0; node < tree_.nodes(); ++node) {
      const std::span<const Index> players = tree_.leaves(node);
      for (const Index player : players)
        sums[player].add(credit_[node].value() / static_cast<double>(players.size()));
    }
    std::vector<double> values;
    values.reserve(sums.size());
    for (const CompensatedSum& sum : sums)
      values.push_back(sum.value());
    return values;
  }

  /// Orders the queue: the largest |worth| x weight first, then from left to right, then the older one.
  struct Later {
    const PartitionTree& tree;
    bool operator()(const PartitionGroup& a, const PartitionGroup& b) const {
      const auto key = [&](const PartitionGroup& g) {
        return std::tuple(-std::abs(g.credit()), tree.position(g.node), g.serial);
      };
      return key(a) > key(b);
    }
  };

  const G& game_;
  const PartitionTree& tree_;
  SolverOptions options_;
  const Executor& executor_;
  Index splits_;
  std::vector<CompensatedSum> credit_; // by node
  std::priority_queue<PartitionGroup, std::vector<PartitionGroup>, Later> queue_{Later{tree_}};
  Index used_ = 0, serial_ = 0;
};

} // namespace detail

template <class G>
ShapleyResult partition_shap(const G& game, const PartitionTree& tree, const SolverOptions& options,
                             const Executor& executor, Index splits_per_round) {
  require_game<G>();
  detail::check(options);
  const Index players = game.players();
  detail::check_tree(tree, players);
  for (Index node = players; node < tree.nodes(); ++node)
    if (tree.children(node).size() != 2)
      throw InvalidArgument("partition explainer: found " + std::to_string(tree.children(node).size()) +
                            " children in merge " + std::to_string(node - players) +
                            " of the tree, expected 2 in each");
  detail::check_budget(options, players == 0 ? 1 : 2, "partition", players);
  if (splits_per_round == 0)
    throw InvalidArgument("partition explainer: found 0 splits a round, expected at least 1");
  return detail::PartitionSolver<G>(game, tree, options, executor, splits_per_round).run();
}

} // namespace regard::inline REGARD_ABI
