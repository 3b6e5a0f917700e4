// SPDX-License-Identifier: MIT
// Partition trees and Owen values: the definition over orders, known special cases, and what is refused.
#include "games.hpp"
#include "peers.hpp"

#include "support/tolerance.hpp"

#include <set>

using namespace regard;
using namespace regard_test;
using testing::TableGame;

namespace {

constexpr double tolerance = Tolerance<double>::closed_form;
constexpr double enumerated = 1e-10; ///< relative; differences cancel

/// A random tree: merges of two to four nodes, not of neighbours only.
PartitionTree random_tree(Index players, RandomStream& random) {
  std::vector<Index> live;
  for (Index i = 0; i < players; ++i)
    live.push_back(i);
  std::vector<std::vector<Index>> merges;
  while (live.size() > 1) {
    std::vector<Index> children;
    for (Index count = std::min<Index>(live.size(), 2 + random.below(3)); count > 0; --count) {
      const auto place = std::next(live.begin(), static_cast<std::ptrdiff_t>(random.below(live.size())));
      children.push_back(*place);
      live.erase(place);
    }
    live.push_back(players + merges.size());
    merges.push_back(children);
  }
  return PartitionTree(players, merges);
}

/// Whether the players below every node stand together in an order.
bool consistent(const PartitionTree& tree, const std::vector<Index>& order) {
  std::vector<Index> place(order.size());
  for (Index p = 0; p < order.size(); ++p)
    place[order[p]] = p;
  for (Index node = 0; node < tree.nodes(); ++node) {
    Index first = order.size(), last = 0;
    for (const Index player : tree.leaves(node)) {
      first = std::min(first, place[player]);
      last = std::max(last, place[player]);
    }
    if (last - first + 1 != tree.leaves(node).size())
      return false;
  }
  return true;
}

/// The mean of what players add, over all orders in which the players below every node stand together.
std::vector<double> by_definition(const TableGame& game, const PartitionTree& tree) {
  const Index n = game.players();
  std::vector<Index> order(n);
  for (Index i = 0; i < n; ++i)
    order[i] = i;
  std::vector<double> phi(n, 0.0);
  double orders = 0;
  do {
    if (!consistent(tree, order))
      continue;
    ++orders;
    Index set = 0;
    for (const Index i : order) {
      phi[i] += game.table()[set | (Index{1} << i)] - game.table()[set];
      set |= Index{1} << i;
    }
  } while (std::ranges::next_permutation(order).found);
  for (double& value : phi)
    value /= orders;
  return phi;
}

} // namespace

TEST_CASE("partition trees know their nodes", "[owen]") {
  const PartitionTree tree(5, {{3, 1}, {5, 0, 4}, {2, 6}});
  CHECK(tree.players() == 5);
  CHECK(tree.nodes() == 8);
  CHECK(tree.root() == 7);
  CHECK(tree.is_player(4));
  CHECK_FALSE(tree.is_player(5));
  CHECK_FALSE(tree.binary());
  const auto list = [](std::span<const Index> span) { return std::vector<Index>(span.begin(), span.end()); };
  CHECK(list(tree.leaves(7)) == std::vector<Index>{2, 3, 1, 0, 4});
  CHECK(list(tree.leaves(6)) == std::vector<Index>{3, 1, 0, 4});
  CHECK(list(tree.leaves(4)) == std::vector<Index>{4});
  CHECK(list(tree.children(6)) == std::vector<Index>{5, 0, 4});
  CHECK(tree.children(2).empty());
  CHECK(tree.position(5) == 1);

  const PartitionTree halves = PartitionTree::halves(5);
  CHECK(halves.binary());
  CHECK(list(halves.leaves(halves.root())) == std::vector<Index>{0, 1, 2, 3, 4});
  CHECK(list(halves.leaves(halves.children(halves.root())[0])) == std::vector<Index>{0, 1});

  const PartitionTree groups = PartitionTree::groups(4, {{2}, {3, 0}, {1}});
  CHECK(list(groups.children(groups.root())) == std::vector<Index>{2, 4, 1});
  CHECK(PartitionTree::groups(3, {{0, 2, 1}}).nodes() == 4);
  for (Index n = 0; n <= 1; ++n) {
    CHECK(PartitionTree::halves(n).nodes() == n);
    CHECK(PartitionTree(n, {}).players() == n);
  }
}

TEST_CASE("trees that are none are refused", "[owen]") {
  const auto make = [](Index players, std::vector<std::vector<Index>> merges) {
    return PartitionTree(players, std::move(merges));
  };
  CHECK_THROWS_WITH(make(3, {{0, 1}}), "partition tree: player 2 is missing: no merge has it");
  CHECK_THROWS_WITH(make(3, {}), "partition tree: player 0 is missing: no merge has it");
  CHECK_THROWS_WITH(make(3, {{0, 1}, {3, 1}}), "partition tree: player 1 stands in two places, expected one");
  CHECK_THROWS_WITH(make(4, {{0, 1}, {2, 3}}), "partition tree: merge 0 is missing: no merge has it");
  CHECK_THROWS_WITH(make(3, {{0, 1}, {2, 4}}),
                    "partition tree: merge 1 names node 4, expected a player below 3 or an earlier merge, "
                    "below 4");
  CHECK_THROWS_WITH(make(2, {{0, 1}, {2}}), "partition tree: merge 1 has 1 children, expected at least 2");
  CHECK_THROWS_WITH(PartitionTree::groups(3, {{0}, {}, {1, 2}}),
                    "partition tree: group 1 is empty, expected at least one player");
  CHECK_THROWS_WITH(PartitionTree::groups(3, {{0}, {1, 3}}),
                    "partition tree: group 1 has player 3 of 3 players");
  CHECK_THROWS_WITH(PartitionTree::groups(3, {{0, 1}, {1, 2}}),
                    "partition tree: player 1 stands in two places, expected one");
  CHECK_THROWS_WITH(PartitionTree::groups(3, {{0}, {1}}),
                    "partition tree: player 2 is missing: no merge has it");
  CHECK_THROWS_WITH(owen_values(cls_game(std::vector<double>{1, 2, 3}), PartitionTree::halves(4)),
                    "partition tree: found 4 players, expected 3 as the game has");
}

TEST_CASE("Owen values equal their definition", "[owen]") {
  INFO("seed " << seed());
  for (Index n = 0; n <= 7; ++n)
    for (Index round = 0; round < 6; ++round) {
      RandomStream random(seed(), 700 + 10 * n + round);
      const TableGame game = TableGame::random(n, random);
      const PartitionTree tree = random_tree(n, random);
      const ShapleyResult result = owen_values(game, tree);
      INFO(n << " players, round " << round);
      CHECK(relative_error(result.values, by_definition(game, tree)) < enumerated);
      CHECK(std::abs(result.completeness_gap) < enumerated);
      CHECK(result.value_empty == game.table().front());
      CHECK(result.value_full == game.table().back());
      CHECK(result.solver == "owen");
    }
}

TEST_CASE("Owen values of special trees", "[owen]") {
  INFO("seed " << seed());
  RandomStream random(seed(), 800);
  const Index n = 9;
  const TableGame game = TableGame::random(n, random);
  std::vector<Index> all;
  for (Index i = 0; i < n; ++i)
    all.push_back(i);
  // Without groups they are the Shapley values, and evaluate every coalition.
  const ShapleyResult flat = owen_values(game, PartitionTree(n, {all}));
  CHECK(relative_error(flat.values, enumerate(game).values) < enumerated);
  CHECK(flat.evaluations == 512);
  // The players of a group share its Shapley value in the game of the groups.
  const std::vector<std::vector<Index>> groups{{4, 1, 7}, {0}, {2, 8, 5, 3}, {6}};
  const std::vector<double> phi = owen_values(game, PartitionTree::groups(n, groups)).values;
  const std::vector<double> outer = enumerate(grouped(game, groups)).values;
  for (Index g = 0; g < groups.size(); ++g) {
    double sum = 0;
    for (const Index player : groups[g])
      sum += phi[player];
    CHECK(std::abs(sum - outer[g]) < enumerated);
  }
  // Of an additive game every tree gives the weights.
  const auto additive = cls_game(std::vector<double>(game.table().begin(), game.table().begin() + n));
  CHECK(relative_error(owen_values(additive, random_tree(n, random)).values, additive.shapley_values()) <
        enumerated);
}

TEST_CASE("Owen values obey the Shapley axioms that no tree breaks", "[owen]") {
  RandomStream random(seed(), 810);
  const Index n = 6;
  const PartitionTree tree(n, {{0, 1}, {2, 3, 4}, {6, 7, 5}});
  const TableGame u = TableGame::random(n, random);
  std::vector<double> null(u.table()), twins(u.table());
  for (Index s = 0; s < null.size(); ++s) {
    null[s] = u.table()[s & ~Index{4}];
    const Index swapped = (s & ~Index{3}) | ((s & 1) << 1) | ((s >> 1) & 1);
    twins[s] = u.table()[s] + u.table()[swapped];
  }
  CHECK(std::abs(owen_values(TableGame(null), tree).values[2]) < enumerated);
  const std::vector<double> phi = owen_values(TableGame(twins), tree).values;
  CHECK(std::abs(phi[0] - phi[1]) < enumerated); // symmetric players of one group
}

TEST_CASE("Owen values evaluate each coalition once", "[owen]") {
  INFO("seed " << seed());
  for (Index round = 0; round < 20; ++round) {
    RandomStream random(seed(), 820 + round);
    std::multiset<std::vector<Index>> asked;
    const FunctionGame game{12, [&](Coalition s) {
                              asked.insert(s.members());
                              return static_cast<double>(s.size());
                            }};
    const ShapleyResult result = owen_values(game, random_tree(12, random));
    CHECK(asked.size() == result.evaluations);
    CHECK(std::set<std::vector<Index>>(asked.begin(), asked.end()).size() == result.evaluations);
  }
  const FunctionGame zero{64, [](Coalition) { return 0.0; }};
  CHECK(owen_values(zero, PartitionTree::halves(64)).evaluations == 2732);
}

TEST_CASE("Owen values refuse trees that take too long", "[owen]") {
  std::vector<std::vector<Index>> chain{{0, 1}};
  for (Index i = 2; i < 40; ++i)
    chain.push_back({40 + i - 2, i});
  const FunctionGame zero{40, [](Coalition) { return 0.0; }};
  CHECK_THROWS_WITH(
      owen_values(zero, PartitionTree(40, chain)),
      "Owen values of a tree of 40 players take 1099511627776 evaluations, expected at most 1073741824");
  const FunctionGame broken{3, [](Coalition s) { return s.contains(2) && s.size() == 1 ? -HUGE_VAL : 0; }};
  CHECK_THROWS_WITH(
      owen_values(broken, PartitionTree(3, {{0, 1}, {2, 3}})),
      "the game's value of coalition {2} among 3 players: found -inf, expected a finite number");
}

TEST_CASE("Owen values of binary trees equal shap's partition explainer", "[owen][peers]") {
  double worst = 0;
  for (const PeerGame& peer : read_peer_games()) {
    const std::vector<double> phi = owen_values(peer.game(), PartitionTree(peer.players, peer.merges)).values;
    worst = std::max(worst, relative_error(phi, peer.partitions.front().values));
  }
  INFO("largest relative error " << worst);
  CHECK(worst < tolerance);
}
