// SPDX-License-Identifier: MIT
// Body of shapley/coalition.hpp.
#pragma once

#include <regard/shapley/coalition.hpp>

namespace regard::inline REGARD_ABI {

template <class Lazy>
void Coalition::check_words() const {
  if (words_.size() != words_for(players_))
    throw BoundsError("a coalition among " + std::to_string(players_) + " players has " +
                      std::to_string(words_.size()) + " words, expected " +
                      std::to_string(words_for(players_)));
  if (players_ % 64 != 0 && (words_.back() >> (players_ % 64)) != 0)
    throw BoundsError("a coalition among " + std::to_string(players_) + " players has a bit beyond them");
}

template <class Lazy>
std::vector<Index> Coalition::members() const {
  std::vector<Index> list;
  list.reserve(size());
  for (const Index member : *this)
    list.push_back(member);
  return list;
}

template <class Lazy>
MutableCoalition MutableCoalition::full(Index players) {
  MutableCoalition all(players);
  std::fill(all.words_.begin(), all.words_.end(), ~std::uint64_t{0});
  if (players % 64 != 0)
    all.words_.back() = bit(players) - 1;
  return all;
}

template <class Lazy>
void MutableCoalition::assign(const Coalition& other) {
  words_.assign(other.words().begin(), other.words().end());
  players_ = other.players();
}

template <class Lazy>
std::string to_string(const Coalition& coalition) {
  constexpr Index shown = 12;
  const Index members = coalition.size();
  std::string text = "{";
  Index position = 0;
  for (const Index member : coalition) {
    if (position == shown)
      break;
    text += (position++ == 0 ? "" : ", ") + std::to_string(member);
  }
  if (members > shown)
    text += ", ... (" + std::to_string(members) + " members)";
  return text + "}";
}

} // namespace regard::inline REGARD_ABI
