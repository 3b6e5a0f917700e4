// SPDX-License-Identifier: MIT
// Coalitions: sets of players 0, ..., n - 1 as bits of 64-bit words.
#pragma once

#include <regard/tensor.hpp>

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A read-only view of a coalition among `players` players. Bits beyond them are zero. The words must outlive
/// it.
class Coalition {
 public:
  Coalition() = default;

  /// @param words  at least (players + 63) / 64 words; player i is bit i % 64 of word i / 64
  Coalition(std::span<const std::uint64_t> words, Index players)
      : words_(words.first((players + 63) / 64)), players_(players) {}

  /// How many players the game has.
  Index players() const { return players_; }
  std::span<const std::uint64_t> words() const { return words_; }

  /// How many of them are members.
  Index size() const {
    Index count = 0;
    for (const std::uint64_t word : words_)
      count += static_cast<Index>(std::popcount(word));
    return count;
  }

  bool contains(Index player) const {
    if constexpr (detail::check_bounds)
      if (player >= players_)
        detail::throw_index(0, player, Shape<1>{players_});
    return ((words_[player / 64] >> (player % 64)) & 1) != 0;
  }

  /// Calls visit(player) for each member in increasing order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (Index w = 0; w < words_.size(); ++w)
      for (std::uint64_t rest = words_[w]; rest != 0; rest &= rest - 1)
        visit(w * 64 + static_cast<Index>(std::countr_zero(rest)));
  }

  /// The members in increasing order.
  std::vector<Index> members() const {
    std::vector<Index> list;
    for_each([&](Index player) { list.push_back(player); });
    return list;
  }

  friend bool operator==(const Coalition& a, const Coalition& b) {
    return a.players_ == b.players_ && std::equal(a.words_.begin(), a.words_.end(), b.words_.begin());
  }

 private:
  std::span<const std::uint64_t> words_;
  Index players_ = 0;
};

/// A coalition that owns its words and can change.
class CoalitionSet {
 public:
  /// The empty coalition among `players` players.
  explicit CoalitionSet(Index players) : words_((players + 63) / 64), players_(players) {}

  /// The coalition of the listed members.
  CoalitionSet(Index players, std::span<const Index> members) : CoalitionSet(players) {
    for (const Index member : members)
      insert(member);
  }

  /// All players.
  static CoalitionSet full(Index players) {
    CoalitionSet all(players);
    for (Index player = 0; player < players; ++player)
      all.insert(player);
    return all;
  }

  Index players() const { return players_; }
  Coalition view() const { return {words_, players_}; }
  operator Coalition() const { return view(); }

  void insert(Index player) { word(player) |= bit(player); }
  void erase(Index player) { word(player) &= ~bit(player); }
  void flip(Index player) { word(player) ^= bit(player); }
  void clear() { std::fill(words_.begin(), words_.end(), 0); }
  bool contains(Index player) const { return view().contains(player); }
  Index size() const { return view().size(); }

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

/// The members as text, "{0, 3, 7}"; after twelve of them their number.
inline std::string to_string(const Coalition& coalition) {
  const std::vector<Index> members = coalition.members();
  std::string text = "{";
  for (Index i = 0; i < members.size() && i < 12; ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(members[i]);
  if (members.size() > 12)
    text += ", ... (" + std::to_string(members.size()) + " players)";
  return text + "}";
}

} // namespace regard::inline REGARD_ABI
