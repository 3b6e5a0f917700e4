// SPDX-License-Identifier: MIT
// A set of distinct coalitions, numbered as they came.
#pragma once

#include <regard/shapley/coalition.hpp>

#include <unordered_map>
#include <utility>

namespace regard::inline REGARD_ABI {
namespace detail {

REGARD_LAZY
class CoalitionSet {
 public:
  explicit CoalitionSet(Index players) : players_(players) {}

  Index size() const { return count_; }

  Coalition operator[](Index i) const {
    const Index width = Coalition::words_for(players_);
    return {std::span(words_).subspan(i * width, width), players_};
  }

  /// The number of the coalition, and whether it is new.
  std::pair<Index, bool> add(const Coalition& coalition) {
    const std::uint64_t key = hash(coalition);
    const auto [begin, end] = numbers_.equal_range(key);
    for (auto known = begin; known != end; ++known)
      if ((*this)[known->second] == coalition)
        return {known->second, false};
    numbers_.emplace(key, count_);
    words_.insert(words_.end(), coalition.words().begin(), coalition.words().end());
    return {count_++, true};
  }

 private:
  static std::uint64_t hash(const Coalition& coalition) {
    std::uint64_t key = 0;
    for (const std::uint64_t word : coalition.words()) {
      key = (key ^ word) * 0x9e3779b97f4a7c15;
      key ^= key >> 29;
    }
    return key;
  }

  Index players_;
  Index count_ = 0;
  std::vector<std::uint64_t> words_;
  std::unordered_multimap<std::uint64_t, Index> numbers_;
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
