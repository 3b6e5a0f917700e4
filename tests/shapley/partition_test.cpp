// SPDX-License-Identifier: MIT
// The partition explainer and the tree over the tokens of a text, beside shap's.
#include "games.hpp"
#include "peers.hpp"

#include "support/tolerance.hpp"

using namespace regard;
using namespace regard_test;
using testing::TableGame;

namespace {

constexpr double tolerance = Tolerance<double>::closed_form;
constexpr double enumerated = 1e-10; ///< relative; differences cancel

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

std::vector<std::vector<Index>> merges_of(const PartitionTree& tree) {
  std::vector<std::vector<Index>> merges;
  for (Index node = tree.players(); node < tree.nodes(); ++node)
    merges.emplace_back(tree.children(node).begin(), tree.children(node).end());
  return merges;
}

/// The players of each inner node as text, smallest groups first.
std::vector<std::string> groups_of(const std::string& text) {
  const std::vector<std::string> pieces = words(text);
  const PartitionTree tree = text_partition_tree(pieces);
  std::vector<std::string> groups;
  for (Index node = tree.players(); node < tree.nodes(); ++node) {
    groups.emplace_back();
    for (const Index player : tree.leaves(node))
      groups.back() += (groups.back().empty() ? "" : " ") + pieces[player];
  }
  return groups;
}

} // namespace

TEST_CASE("the partition explainer equals shap's at every budget", "[partition][peers]") {
  double worst = 0;
  for (const PeerGame& peer : read_peer_games())
    for (const PeerPartition& partition : peer.partitions) {
      const ShapleyResult result =
          partition_shap(peer.game(), PartitionTree(peer.players, peer.merges), {.budget = partition.budget},
                         Serial{}, (partition.batch + 1) / 2);
      const double error = relative_error(result.values, partition.values);
      INFO(peer.players << " players, budget " << partition.budget << ", batch " << partition.batch);
      CHECK(error < tolerance);
      worst = std::max(worst, error);
    }
  INFO("largest relative error " << worst);
  CHECK(worst < tolerance);
}

TEST_CASE("the partition explainer spends its budget and no more, and loses nothing", "[partition]") {
  INFO("seed " << seed());
  const Index n = 11;
  RandomStream random(seed(), 900);
  const TableGame game = TableGame::random(n, random);
  const PartitionTree tree = PartitionTree::halves(n);
  const ShapleyResult exact = owen_values(game, tree);
  for (Index budget = 2; budget <= exact.evaluations + 3; ++budget)
    for (const Index splits : {Index{1}, Index{3}, Index{1000}}) {
      const ShapleyResult result = partition_shap(game, tree, {.budget = budget}, Serial{}, splits);
      INFO("budget " << budget);
      CHECK(result.evaluations == std::min(budget - budget % 2, exact.evaluations));
      CHECK(std::abs(result.completeness_gap) < enumerated);
      CHECK(result.value_empty == game.table().front());
      CHECK(result.value_full == game.table().back());
      CHECK_FALSE(result.standard_errors);
      if (budget >= exact.evaluations) {
        CHECK(result.status == Status::converged);
        CHECK(relative_error(result.values, exact.values) < enumerated);
      } else {
        CHECK(result.status == Status::budget_reached);
      }
    }
  // With the two ends alone, all players share alike.
  const ShapleyResult ends = partition_shap(game, tree, {.budget = 2});
  for (const double value : ends.values)
    CHECK(std::abs(value - (exact.value_full - exact.value_empty) / static_cast<double>(n)) < tolerance);
}

TEST_CASE("the partition explainer splits the largest group first, the left one among equals",
          "[partition]") {
  const PartitionTree tree(4, {{2, 3}, {0, 1}, {5, 4}}); // {0, 1} stands left of {2, 3}
  const SolverOptions options{.budget = 6};
  CHECK(partition_shap(cls_game(std::vector<double>{1, 3, 0, 5}), tree, options, Serial{}, 1).values ==
        std::vector<double>{2, 2, 1.25, 3.75}); // one of the two contexts of {2, 3}
  CHECK(partition_shap(cls_game(std::vector<double>{1, 3, 0, 4}), tree, options, Serial{}, 1).values ==
        std::vector<double>{1.5, 2.5, 2, 2});
}

TEST_CASE("the partition explainer of few players", "[partition]") {
  const ShapleyResult none =
      partition_shap(cls_game(std::vector<double>{}), PartitionTree(0, {}), {.budget = 1});
  CHECK(none.values.empty());
  CHECK(none.evaluations == 1);
  const ShapleyResult one =
      partition_shap(cls_game(std::vector<double>{4}), PartitionTree(1, {}), {.budget = 2});
  CHECK(one.values == std::vector<double>{4});
  CHECK(one.status == Status::converged);
  const PairwiseGame pair(Eigen::MatrixXd{{.5, .2}, {.3, .1}}, PairRule::sum);
  CHECK(relative_error(partition_shap(pair, PartitionTree(2, {{0, 1}})).values, pair.shapley_values()) <
        tolerance);
}

TEST_CASE("the partition explainer stops, and refuses what it cannot do", "[partition]") {
  const auto game = cls_game(std::vector<double>{1, 2, 3});
  const PartitionTree tree = PartitionTree::halves(3);
  std::stop_source stop;
  stop.request_stop();
  const ShapleyResult stopped = partition_shap(game, tree, {.stop = stop.get_token()});
  CHECK(stopped.status == Status::stopped);
  CHECK(stopped.values == std::vector<double>{2, 2, 2});
  CHECK_THROWS_WITH(partition_shap(game, PartitionTree(3, {{0, 1, 2}})),
                    "partition explainer: found 3 children in merge 0 of the tree, expected 2 in each");
  CHECK_THROWS_WITH(
      partition_shap(game, tree, {.budget = 1}),
      "budget: found 1 evaluations, expected at least 2, which 'partition' takes for 3 players");
  CHECK_THROWS_WITH(partition_shap(game, tree, {}, Serial{}, 0),
                    "partition explainer: found 0 splits a round, expected at least 1");
  CHECK_THROWS_WITH(partition_shap(game, PartitionTree::halves(2)),
                    "partition tree: found 2 players, expected 3 as the game has");
}

TEST_CASE("the partition explainer and Owen values: threads, batches, observers", "[partition]") {
  RandomStream random(seed(), 910);
  const Index n = 10;
  const TableGame game = TableGame::random(n, random);
  const PartitionTree tree = PartitionTree::halves(n);
  const Threads threads(3);
  for (const Index batch : {Index{1}, Index{4}, Index{64}}) {
    CHECK(partition_shap(game, tree, {.budget = 40, .batch_size = batch}, threads).values ==
          partition_shap(game, tree, {.budget = 40}).values);
    CHECK(owen_values(game, tree, {.batch_size = batch}, threads).values == owen_values(game, tree).values);
  }
  Progress last;
  SolverOptions options{.budget = 40};
  options.observer = [&](const Progress& progress) { last = progress; };
  const ShapleyResult observed = partition_shap(game, tree, options);
  CHECK(observed.evaluations == last.evaluations);
  CHECK(last.budget == 40);
  std::stop_source stop;
  stop.request_stop();
  const ShapleyResult stopped = owen_values(game, tree, {.stop = stop.get_token()});
  CHECK(stopped.status == Status::stopped);
  CHECK(stopped.values == std::vector<double>(n, 0.0));
}

TEST_CASE("text trees equal shap's", "[partition][peers]") {
  std::ifstream file(REGARD_TEST_DATA "/peers/trees.txt");
  REQUIRE(file);
  int trees = 0;
  std::vector<std::string> pieces, separators;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string key;
    line >> key;
    if (key == "tree") {
      ++trees;
      INFO(trees << ": " << pieces.front() << " ...");
      CHECK(merges_of(text_partition_tree(pieces, separators)) == read_merges(line));
      continue;
    }
    Index count = 0;
    line >> count;
    std::vector<std::string>& list = key == "pieces" ? pieces : separators;
    list.assign(std::istream_iterator<std::string>(line), {});
    REQUIRE(list.size() == count);
  }
  CHECK(trees == 21);
}

TEST_CASE("text trees join what belongs together", "[partition]") {
  CHECK(text_partition_tree(std::vector<std::string>{}).nodes() == 0);
  CHECK(groups_of("film").empty());
  CHECK(groups_of("a grip ##ping film") ==
        std::vector<std::string>{"grip ##ping", "a grip ##ping", "a grip ##ping film"});
  CHECK(groups_of("good , bad") == std::vector<std::string>{"good ,", "good , bad"});
  CHECK(groups_of("i don ' t go").front() == "don '");
  const auto sentences = groups_of("it was long . i left .");
  CHECK(sentences.end()[-2].find(" . ") == std::string::npos); // no group but the last crosses the full stop
}
