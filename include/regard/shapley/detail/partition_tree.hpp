// SPDX-License-Identifier: MIT
// Body of shapley/partition_tree.hpp.
#pragma once

#include <regard/shapley/partition_tree.hpp>

#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

namespace regard::inline REGARD_ABI {

template <class Lazy>
PartitionTree::PartitionTree(Index players, std::vector<std::vector<Index>> merges)
    : players_(players), merges_(std::move(merges)), order_(players), ranges_(nodes()) {
  check();
  for (Index node = 0; node < nodes(); ++node) // children come before their parents
    ranges_[node].second = is_player(node) ? 1 : 0;
  for (Index node = players_; node < nodes(); ++node)
    for (const Index child : children(node))
      ranges_[node].second += ranges_[child].second;
  for (Index node = nodes(); node-- > 0;) {
    Index first = ranges_[node].first;
    if (is_player(node))
      order_[first] = node;
    for (const Index child : children(node)) {
      ranges_[child].first = first;
      first += ranges_[child].second;
    }
  }
}

template <class Lazy>
std::string PartitionTree::name(Index node) const {
  return is_player(node) ? "player " + std::to_string(node) : "merge " + std::to_string(node - players_);
}

template <class Lazy>
void PartitionTree::check() const {
  const auto refuse = [](const std::string& what) { throw InvalidArgument("partition tree: " + what); };
  std::vector<bool> placed(nodes(), false);
  for (Index node = players_; node < nodes(); ++node) {
    if (children(node).size() < 2)
      refuse(name(node) + " has " + std::to_string(children(node).size()) + " children, expected at least 2");
    for (const Index child : children(node)) {
      if (child >= node)
        refuse(name(node) + " names node " + std::to_string(child) + ", expected a player below " +
               std::to_string(players_) + " or an earlier merge, below " + std::to_string(node));
      if (placed[child])
        refuse(name(child) + " stands in two places, expected one");
      placed[child] = true;
    }
  }
  for (Index node = 0; node + 1 < nodes(); ++node)
    if (!placed[node])
      refuse(name(node) + " is missing: no merge has it");
}

template <class Lazy>
PartitionTree PartitionTree::groups(Index players, std::span<const std::vector<Index>> groups) {
  std::vector<std::vector<Index>> merges;
  std::vector<Index> top;
  for (Index g = 0; g < groups.size(); ++g) {
    if (groups[g].empty())
      throw InvalidArgument("partition tree: group " + std::to_string(g) +
                            " is empty, expected at least one player");
    for (const Index player : groups[g])
      if (player >= players)
        throw InvalidArgument("partition tree: group " + std::to_string(g) + " has player " +
                              std::to_string(player) + " of " + std::to_string(players) + " players");
    if (groups[g].size() == 1) {
      top.push_back(groups[g].front());
    } else {
      top.push_back(players + merges.size());
      merges.push_back(groups[g]);
    }
  }
  if (top.size() >= 2)
    merges.push_back(std::move(top));
  return PartitionTree(players, std::move(merges));
}

template <class Lazy>
PartitionTree PartitionTree::halves(Index players) {
  std::vector<std::vector<Index>> merges;
  const auto build = [&](const auto& self, Index first, Index count) -> Index {
    if (count == 1)
      return first;
    const Index left = self(self, first, count / 2);
    const Index right = self(self, first + count / 2, count - count / 2);
    merges.push_back({left, right});
    return players + merges.size() - 1;
  };
  if (players > 0)
    build(build, 0, players);
  return PartitionTree(players, std::move(merges));
}

template <class Lazy>
bool PartitionTree::binary() const {
  return std::ranges::all_of(merges_, [](const auto& children) { return children.size() == 2; });
}

namespace detail {

/// Neighbouring tokens that were merged: those at places first, ..., last.
struct TextGroup {
  Index node, first, last;
  Index size() const { return last - first + 1; }
};

/// Scores merges of neighbours as shap does.
REGARD_LAZY
class TextMerges {
 public:
  TextMerges(std::span<const std::string> pieces, std::span<const std::string> separators)
      : pieces_(pieces), separators_(separators) {
    for (const std::string& piece : pieces)
      open_.push_back(piece == "(" || piece == ")");
  }

  /// How much the neighbours `a` and `b` belong together.
  double score(const TextGroup& a, const TextGroup& b) const {
    const std::string &begin = pieces_[a.first], &before = pieces_[a.last];
    const std::string &after = pieces_[b.first], &end = pieces_[b.last];
    double score = -static_cast<double>(a.size() + b.size());
    if (separator(before) && separator(after))
      return -std::numeric_limits<double>::infinity();
    if (after.starts_with("##"))
      score += 20;
    if (after == "'" && (b.size() == 1 || (b.size() == 2 && ending(end))))
      score += 15;
    if (before == "'" && ending(after))
      score += 15;
    if (special(begin) != special(end))
      score -= 1000;
    if (after == "(" && open_[b.first])
      score -= 100;
    if (before == ")" && open_[a.last])
      score -= 100;
    if (begin == "(")
      score -= 2;
    if (connector(before) || connector(after))
      score -= 2;
    if (before == ",")
      score -= 10;
    if (after == ",")
      score -= b.size() > 1 ? 10 : 1;
    if (sentence_end(before))
      score -= 20;
    if (sentence_end(after))
      score -= b.size() > 1 ? 20 : 1;
    return score;
  }

  /// Notes that a merged group has closed the bracket that it opens with.
  void merged(const TextGroup& group) {
    if (pieces_[group.first] == "(" && pieces_[group.last] == ")")
      open_[group.first] = open_[group.last] = false;
  }

 private:
  bool separator(const std::string& s) const {
    return std::ranges::find(separators_, s) != separators_.end();
  }
  static bool ending(const std::string& s) { return s == "t" || s == "s"; }
  static bool special(const std::string& s) { return s.starts_with("[") && s.ends_with("]"); }
  static bool connector(const std::string& s) { return s == "but" || s == "and" || s == "or"; }
  static bool sentence_end(const std::string& s) { return s == "." || s == "?" || s == "!"; }

  std::span<const std::string> pieces_, separators_;
  std::vector<bool> open_; // brackets that no merge has closed
};

} // namespace detail

template <class Lazy>
PartitionTree text_partition_tree(std::span<const std::string> pieces,
                                  std::span<const std::string> separators) {
  const Index players = pieces.size();
  detail::TextMerges<> rules(pieces, separators);
  std::vector<detail::TextGroup> groups;
  for (Index i = 0; i < players; ++i)
    groups.push_back({i, i, i});
  std::vector<std::vector<Index>> merges;
  while (groups.size() > 1) {
    Index best = 0;
    double highest = rules.score(groups[0], groups[1]);
    for (Index g = 1; g + 1 < groups.size(); ++g)
      if (const double score = rules.score(groups[g], groups[g + 1]); score > highest) {
        best = g;
        highest = score;
      }
    merges.push_back({groups[best].node, groups[best + 1].node});
    groups[best] = {players + merges.size() - 1, groups[best].first, groups[best + 1].last};
    groups.erase(std::next(groups.begin(), static_cast<std::ptrdiff_t>(best + 1)));
    rules.merged(groups[best]);
  }
  return PartitionTree(players, std::move(merges));
}

} // namespace regard::inline REGARD_ABI
