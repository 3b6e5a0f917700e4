// SPDX-License-Identifier: MIT
// Coalitions: sets of the players 0, ..., n - 1, kept as bits of 64-bit words.
//
//     regard::MutableCoalition s(5, {0, 3});      // owns its words
//     s.insert(4);
//     const regard::Coalition view = s;           // what a game is given
//     for (const regard::Index player : view)     // 0, 3, 4
//       use(player);
#pragma once

#include <regard/tensor.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A read-only view of a set of players. Cheap to copy; the words must outlive it. Player i is bit i % 64 of
/// word i / 64, and bits beyond the last player are zero. Where bounds are checked, a player or a bit beyond
/// `players()` throws BoundsError.
class Coalition {
 public:
  class Iterator;

  /// The number of words that hold `players` bits.
  static constexpr Index words_for(Index players) { return players / 64 + (players % 64 != 0 ? 1 : 0); }

  /// The empty coalition of a game without players.
  Coalition() = default;

  /// @param words    words_for(players) words
  /// @param players  how many players the game has
  Coalition(std::span<const std::uint64_t> words, Index players) : words_(words), players_(players) {
    if constexpr (detail::check_bounds)
      check_words();
  }

  /// How many players the game has.
  Index players() const { return players_; }

  /// How many of them are members.
  Index size() const {
    Index members = 0;
    for (const std::uint64_t word : words_)
      members += static_cast<Index>(std::popcount(word));
    return members;
  }

  bool empty() const { return size() == 0; }

  bool contains(Index player) const {
    if constexpr (detail::check_bounds)
      if (player >= players_)
        detail::throw_index(0, player, Shape<1>{players_});
    return ((words_[player / 64] >> (player % 64)) & 1) != 0;
  }

  std::span<const std::uint64_t> words() const { return words_; }

  /// The members, in increasing order.
  Iterator begin() const;
  std::default_sentinel_t end() const { return {}; }

  /// The same, as a list.
  REGARD_LAZY std::vector<Index> members() const;

  /// The same members among the same number of players.
  friend bool operator==(const Coalition& a, const Coalition& b) {
    return a.players_ == b.players_ &&
           std::equal(a.words_.begin(), a.words_.end(), b.words_.begin(), b.words_.end());
  }

 private:
  REGARD_LAZY void check_words() const;

  std::span<const std::uint64_t> words_;
  Index players_ = 0;
};

/// Walks over the members of a coalition: a forward iterator.
class Coalition::Iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = Index;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Index;

  Iterator() = default;
  explicit Iterator(std::span<const std::uint64_t> words)
      : words_(words), rest_(words.empty() ? 0 : words.front()) {
    settle();
  }

  Index operator*() const { return word_ * 64 + static_cast<Index>(std::countr_zero(rest_)); }
  Iterator& operator++() {
    rest_ &= rest_ - 1;
    settle();
    return *this;
  }
  Iterator operator++(int) {
    const Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) {
    return a.word_ == b.word_ && a.rest_ == b.rest_;
  }
  friend bool operator==(const Iterator& a, std::default_sentinel_t) { return a.rest_ == 0; }

 private:
  void settle() {
    while (rest_ == 0 && word_ + 1 < words_.size())
      rest_ = words_[++word_];
  }

  std::span<const std::uint64_t> words_;
  Index word_ = 0;         // the word that is walked over
  std::uint64_t rest_ = 0; // its members from the current one on; 0 at the end
};

inline Coalition::Iterator Coalition::begin() const {
  return Iterator(words_);
}

/// A coalition that owns its words and can change.
class MutableCoalition {
 public:
  /// The empty coalition among `players` players.
  explicit MutableCoalition(Index players) : words_(Coalition::words_for(players)), players_(players) {}

  /// The coalition of the listed members.
  MutableCoalition(Index players, std::span<const Index> members) : MutableCoalition(players) {
    for (const Index member : members)
      insert(member);
  }
  MutableCoalition(Index players, std::initializer_list<Index> members)
      : MutableCoalition(players, std::span(members.begin(), members.size())) {}

  /// A copy of what a view shows.
  explicit MutableCoalition(const Coalition& other)
      : words_(other.words().begin(), other.words().end()), players_(other.players()) {}

  /// All players.
  REGARD_LAZY static MutableCoalition full(Index players);

  void insert(Index player) { word(player) |= bit(player); }
  void erase(Index player) { word(player) &= ~bit(player); }
  void flip(Index player) { word(player) ^= bit(player); }
  /// Makes `player` a member, or not.
  void assign(Index player, bool member) { member ? insert(player) : erase(player); }
  /// Becomes a copy of `other`.
  REGARD_LAZY void assign(const Coalition& other);
  void clear() { std::fill(words_.begin(), words_.end(), 0); }

  Index players() const { return players_; }
  Index size() const { return view().size(); }
  bool contains(Index player) const { return view().contains(player); }

  /// Valid while this object lives and keeps its number of players.
  Coalition view() const { return {words_, players_}; }
  operator Coalition() const { return view(); }

  bool operator==(const MutableCoalition&) const = default;

 private:
  static std::uint64_t bit(Index player) { return std::uint64_t{1} << (player % 64); }
  std::uint64_t& word(Index player) {
    if constexpr (detail::check_bounds)
      if (player >= players_)
        detail::throw_index(0, player, Shape<1>{players_});
    return words_[player / 64];
  }

  std::vector<std::uint64_t> words_;
  Index players_;
};

/// The members as text, "{0, 3, 7}"; after twelve of them only their number.
REGARD_LAZY std::string to_string(const Coalition& coalition);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/shapley/detail/coalition.hpp>
#endif
