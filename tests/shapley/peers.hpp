// SPDX-License-Identifier: MIT
// Reads what shap and shapiq say about fixed games: tests/golden/peers, whose make.py describes the files.
#pragma once

#include "support/catch.hpp"

#include <regard/testing/laws.hpp>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace regard_test {

using regard::Index;

/// What a budget makes of the partition explainer.
struct PeerPartition {
  Index budget, batch;
  std::vector<double> values;
};

/// A game and what is said about it.
struct PeerGame {
  Index players;
  std::string kind;
  std::map<std::string, std::vector<double>> numbers; // table, sv, sii, ...
  std::vector<std::vector<Index>> merges;
  std::vector<PeerPartition> partitions;

  regard::testing::TableGame game() const { return regard::testing::TableGame(numbers.at("table")); }
};

inline std::vector<std::vector<Index>> read_merges(std::istream& line) {
  std::vector<std::vector<Index>> merges;
  for (Index left = 0, right = 0; line >> left >> right;)
    merges.push_back({left, right});
  return merges;
}

inline std::vector<double> read_numbers(std::istream& line) {
  std::vector<double> numbers;
  for (double number = 0; line >> number;)
    numbers.push_back(number);
  return numbers;
}

inline std::vector<PeerGame> read_peer_games() {
  std::ifstream file(REGARD_TEST_DATA "/peers/games.txt");
  REQUIRE(file);
  std::vector<PeerGame> games;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string key;
    line >> key;
    if (key == "game") {
      games.emplace_back();
      line >> games.back().players >> games.back().kind;
    } else if (key == "tree") {
      games.back().merges = read_merges(line);
    } else if (key == "partition") {
      PeerPartition partition{};
      line >> partition.budget >> partition.batch;
      partition.values = read_numbers(line);
      games.back().partitions.push_back(partition);
    } else if (key != "end") {
      games.back().numbers[key] = read_numbers(line);
    }
  }
  REQUIRE(games.size() == 12);
  return games;
}

} // namespace regard_test
