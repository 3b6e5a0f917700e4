// SPDX-License-Identifier: MIT
// How solvers evaluate games.
#pragma once

#include <regard/core/error.hpp>
#include <regard/core/executor.hpp>
#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/game.hpp>
#include <regard/shapley/options.hpp>

#include <algorithm>
#include <exception>
#include <limits>

namespace regard::inline REGARD_ABI {
namespace detail {

/// "the game's value of coalition {0, 3} among 5 players: ".
REGARD_LAZY
std::string value_of(const Coalition& coalition) {
  return "the game's value of coalition " + to_string(coalition) + " among " +
         std::to_string(coalition.players()) + " players: ";
}

/// The value of one coalition, as the game gives it. What the game throws is nested in an Error that names
/// the coalition.
template <class G>
double raw_value(const G& game, const Coalition& coalition) {
  try {
    return static_cast<double>(game.value(coalition));
  } catch (const std::exception& thrown) {
    std::throw_with_nested(Error(value_of(coalition) + "the game threw: " + thrown.what()));
  }
}

/// The same in one call. When that throws, coalitions are asked for one by one to find which is to blame.
template <class G>
void raw_values(const G& game, std::span<const Coalition> coalitions, std::span<double> values) {
  try {
    game.values(coalitions, values);
  } catch (const std::exception& thrown) {
    for (const Coalition& coalition : coalitions)
      raw_value(game, coalition);
    std::throw_with_nested(Error("the game's values of " + std::to_string(coalitions.size()) +
                                 " coalitions, the first " + to_string(coalitions.front()) + " among " +
                                 std::to_string(coalitions.front().players()) +
                                 " players: the game threw: " + thrown.what()));
  }
}

/// Evaluates coalitions, in one call where the game has one. Throws InvalidArgument naming the first
/// coalition whose value is not finite, and Error naming the first where the game throws, with what it threw
/// nested (std::rethrow_if_nested).
template <class G>
void evaluate(const G& game, std::span<const Coalition> coalitions, std::span<double> values) {
  if constexpr (BatchGame<G>) {
    // An entry that the game forgets to set is found out below.
    std::fill(values.begin(), values.end(), std::numeric_limits<double>::quiet_NaN());
    raw_values(game, coalitions, values);
  } else {
    for (Index i = 0; i < coalitions.size(); ++i)
      values[i] = raw_value(game, coalitions[i]);
  }
  for (Index i = 0; i < coalitions.size(); ++i)
    if (!std::isfinite(values[i]))
      throw InvalidArgument(value_of(coalitions[i]) + "found " + number_text(values[i]) +
                            ", expected a finite number");
}

/// The value of one coalition.
template <class G>
double evaluate(const G& game, const Coalition& coalition) {
  double value = 0;
  evaluate(game, std::span(&coalition, 1), std::span(&value, 1));
  return value;
}

/// Evaluates many coalitions in batches that may run in parallel.
/// @return how many of the first ones have their values: all of them, or fewer after a stop request
template <class G>
Index evaluate(const G& game, std::span<const Coalition> coalitions, std::span<double> values,
               const SolverOptions& options, const Executor& executor) {
  const Index size = options.batch_size, batches = (coalitions.size() + size - 1) / size;
  std::vector<char> done(batches, 0);
  executor.for_each(
      batches,
      [&](Index batch, Index) {
        const Index first = batch * size, count = std::min(size, coalitions.size() - first);
        evaluate(game, coalitions.subspan(first, count), values.subspan(first, count));
        done[batch] = 1;
      },
      options.stop);
  const auto complete = static_cast<Index>(std::find(done.begin(), done.end(), 0) - done.begin());
  return std::min(complete * size, coalitions.size());
}

/// Coalitions that wait to be evaluated together.
class CoalitionBuffer {
 public:
  explicit CoalitionBuffer(Index players) : players_(players) {}

  void clear() {
    words_.clear();
    count_ = 0;
  }
  void add(const Coalition& coalition) {
    words_.insert(words_.end(), coalition.words().begin(), coalition.words().end());
    ++count_;
  }
  Index size() const { return count_; }
  Coalition operator[](Index i) const {
    const Index width = Coalition::words_for(players_);
    return {std::span(words_).subspan(i * width, width), players_};
  }

 private:
  Index players_;
  Index count_ = 0;
  std::vector<std::uint64_t> words_;
};

} // namespace detail
} // namespace regard::inline REGARD_ABI
