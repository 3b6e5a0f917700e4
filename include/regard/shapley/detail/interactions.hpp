// SPDX-License-Identifier: MIT
// Body of shapley/interactions.hpp: the indices, their closed forms and their enumeration.
#pragma once

#include <regard/shapley/detail/evaluate.hpp>
#include <regard/shapley/detail/exact.hpp>
#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/interactions.hpp>

#include <cmath>
#include <string>
#include <type_traits>

namespace regard::inline REGARD_ABI {

template <class Lazy>
InteractionIndex interaction_named(std::string_view name) {
  std::string known;
  for (const InteractionName& entry : interaction_names) {
    if (entry.name == name)
      return entry.index;
    known += (known.empty() ? "" : ", ") + std::string(entry.name);
  }
  throw InvalidArgument("interactions: found '" + std::string(name) + "', expected one of " + known);
}

namespace detail {

/// How an index weighs the sizes of coalitions: u and w of interactions.hpp, 0 for sizes that do not exist.
class InteractionLaw {
 public:
  InteractionLaw(InteractionIndex index, Index players)
      : index_(index), players_(players), n_(static_cast<double>(players)) {}

  /// u(s): of all derivatives of a player, how much those at coalitions of `size` others count.
  double single(Index size) const {
    if (size >= players_)
      return 0;
    const double s = static_cast<double>(size);
    switch (index_) {
    case InteractionIndex::sii:
      return 1 / n_;
    case InteractionIndex::k_sii:
      return 1 / n_ + (size == 0 ? 0.5 : 0) - (size + 1 == players_ ? 0.5 : 0);
    case InteractionIndex::stii:
      return size == 0 ? 1 : 0;
    case InteractionIndex::fsii:
      break;
    }
    return (4 - 6 * (s + 1) / (n_ + 1)) / n_;
  }

  /// w(t): the same for a pair.
  double pair(Index size) const {
    if (players_ < 2 || size > players_ - 2)
      return 0;
    const double t = static_cast<double>(size);
    switch (index_) {
    case InteractionIndex::sii:
    case InteractionIndex::k_sii:
      return 1 / (n_ - 1);
    case InteractionIndex::stii:
      return 2 * (n_ - 1 - t) / (n_ * (n_ - 1));
    case InteractionIndex::fsii:
      break;
    }
    return 6 * (t + 1) * (n_ - 1 - t) / ((n_ + 1) * n_ * (n_ - 1));
  }

  /// What a player gets of the weight of a pair that it is in, in a game of players and pairs alone.
  double share() const { return index_ == InteractionIndex::sii ? 0.5 : 0; }

  /// Whether players and pairs together sum to v(all) - v(empty).
  bool efficient() const { return index_ != InteractionIndex::sii; }

 private:
  InteractionIndex index_;
  Index players_;
  double n_;
};

/// Completes a result whose `matrix` is set on the diagonal and above it.
REGARD_LAZY
void finish(InteractionResult& result) {
  const Index n = result.matrix.extent(0);
  const bool efficient = InteractionLaw(result.index, n).efficient();
  result.values.clear();
  for (Index i = 0; i < n; ++i) {
    result.values.push_back(result.matrix(i, i));
    for (Index j = i + 1; j < n; ++j)
      result.matrix(j, i) = result.matrix(i, j);
  }
  result.completeness_gap = total([&](const auto& add) {
    add(result.value_full);
    add(-result.value_empty);
    for (Index i = 0; i < n; ++i) {
      add(-result.matrix(i, i));
      for (Index j = i + 1; efficient && j < n; ++j)
        add(-result.matrix(i, j));
    }
  });
}

REGARD_LAZY
InteractionResult interaction_result(InteractionIndex index, Index players, std::string_view solver) {
  InteractionResult result;
  result.index = index;
  result.matrix = Tensor<double, 2>({players, players});
  result.solver = solver;
  return result;
}

// ---- closed forms ----

REGARD_LAZY
void closed_form_interactions(const AdditiveGame& game, InteractionResult& result) {
  const std::vector<double> weights = game.shapley_values();
  for (Index i = 0; i < weights.size(); ++i)
    result.matrix(i, i) = weights[i];
}

REGARD_LAZY
void closed_form_interactions(const PairwiseGame& game, InteractionResult& result) {
  const Index n = game.players();
  const InteractionLaw law(result.index, n);
  const bool alone = game.singleton() != Singleton::additive; // d counts in coalitions of one only
  CompensatedSum total;
  for (Index i = 0; i < n; ++i)
    total.add(game.single(i));
  const double sum = total.value();
  const double other = n > 1 ? law.single(1) / static_cast<double>(n - 1) : 0;
  const double third = n > 2 ? law.pair(1) / static_cast<double>(n - 2) : 0;
  for (Index i = 0; i < n; ++i) {
    const double own = game.single(i);
    CompensatedSum pairs;
    for (Index j = 0; j < n; ++j)
      if (j != i) {
        const double weight = game.pair(i, j), both = own + game.single(j);
        pairs.add(law.share() * weight); // the sum of all may be too large, with a share of none
        result.matrix(i, j) = weight - (alone ? law.pair(0) * both - third * (sum - both) : 0);
      }
    result.matrix(i, i) = pairs.value() + (alone ? law.single(0) * own - other * (sum - own) : own);
  }
}

REGARD_LAZY
void closed_form_interactions(const GroupedGame<AdditiveGame>& game, InteractionResult& result) {
  const std::vector<double> values = game.shapley_values();
  for (Index i = 0; i < values.size(); ++i)
    result.matrix(i, i) = values[i];
}

/// Null players, which groups without members are, change none of the indices.
REGARD_LAZY
void closed_form_interactions(const GroupedGame<PairwiseGame>& game, InteractionResult& result) {
  const auto parts = game.parts();
  const std::vector<Index>& groups = parts.groups;
  InteractionResult part = interaction_result(result.index, groups.size(), result.solver);
  closed_form_interactions(parts.between, part);
  for (Index a = 0; a < groups.size(); ++a) {
    result.matrix(groups[a], groups[a]) = part.matrix(a, a) + parts.within[a];
    for (Index b = a + 1; b < groups.size(); ++b)
      result.matrix(groups[a], groups[b]) = part.matrix(a, b);
  }
}

/// Weights near the largest double may add up to more. Pairs come first: what is infinite in one is in its
/// players.
REGARD_LAZY
void check_closed_form(const InteractionResult& result) {
  const auto refuse = [](const std::string& what, double found) {
    throw InvalidArgument("the closed form's " + what + ": found " + number_text(found) +
                          ", expected a finite number");
  };
  const Index n = result.matrix.extent(0);
  for (Index i = 0; i < n; ++i)
    for (Index j = i + 1; j < n; ++j)
      if (const double found = result.matrix(i, j); !std::isfinite(found))
        refuse("interaction of players " + std::to_string(i) + " and " + std::to_string(j), found);
  for (Index i = 0; i < n; ++i)
    if (const double found = result.matrix(i, i); !std::isfinite(found))
      refuse("value of player " + std::to_string(i), found);
}

template <class G>
concept ClosedFormInteractions = requires(const G& game, InteractionResult& result) {
  closed_form_interactions(game, result);
};

// ---- enumeration ----

/// Adds up E_ij = sum over S of v(S) (a x_i x_j + b (x_i + x_j) + c) and E_i = sum over S of v(S) (d x_i +
/// e), where x_i says whether i is in S, and a, ..., e depend on |S|.
REGARD_LAZY
class InteractionSums {
 public:
  InteractionSums(InteractionIndex index, Index players)
      : players_(players), pairs_(players * players), links_(players), singles_(players),
        terms_(players + 1) {
    const InteractionLaw law(index, players);
    std::vector<double> single, pair; // of one coalition of each size
    double choices = 1;               // C(n-1, s), exact
    const double n = static_cast<double>(players);
    for (Index s = 0; s < players; ++s) {
      const double size = static_cast<double>(s);
      single.push_back(law.single(s) / choices);
      if (s + 1 < players) // C(n-2, s) = C(n-1, s) (n-1-s) / (n-1)
        pair.push_back(law.pair(s) / (choices * (n - 1 - size) / (n - 1)));
      choices = choices * (n - 1 - size) / (size + 1);
    }
    const auto at = [](const std::vector<double>& weights, Index size, Index less) {
      return size < less || size - less >= weights.size() ? 0.0 : weights[size - less];
    };
    for (Index s = 0; s <= players; ++s)
      terms_[s] = {.both = at(pair, s, 2) + 2 * at(pair, s, 1) + at(pair, s, 0),
                   .one = -at(pair, s, 1) - at(pair, s, 0),
                   .none = at(pair, s, 0),
                   .in = at(single, s, 1) + at(single, s, 0),
                   .any = -at(single, s, 0)};
  }

  /// Adds one aligned block: players beyond `low_players` are in all of its coalitions or in none.
  void add(std::span<const Coalition> coalitions, std::span<const double> values) {
    Terms total;
    std::array<Terms, low_players> low{};
    std::array<std::array<double, low_players>, low_players> low_pairs{};
    for (Index c = 0; c < coalitions.size(); ++c) {
      const std::uint64_t word = players_ == 0 ? 0 : coalitions[c].words().front();
      const Terms& weight = terms_[static_cast<Index>(std::popcount(word))];
      const double both = values[c] * weight.both, one = values[c] * weight.one, in = values[c] * weight.in;
      total.both += both;
      total.one += one;
      total.none += values[c] * weight.none;
      total.in += in;
      total.any += values[c] * weight.any;
      for (std::uint64_t rest = word & (enumeration_block - 1); rest != 0; rest &= rest - 1) {
        const Index i = static_cast<Index>(std::countr_zero(rest));
        low[i].both += both;
        low[i].one += one;
        low[i].in += in;
        for (std::uint64_t more = rest & (rest - 1); more != 0; more &= more - 1)
          low_pairs[i][static_cast<Index>(std::countr_zero(more))] += both;
      }
    }
    none_.add(total.none);
    any_.add(total.any);
    const Index lows = std::min(players_, low_players);
    for (Index i = 0; i < lows; ++i) {
      links_[i].add(low[i].one);
      singles_[i].add(low[i].in);
      for (Index j = i + 1; j < lows; ++j)
        pairs_[i * players_ + j].add(low_pairs[i][j]);
    }
    const Coalition& block = coalitions.front();
    for (auto i = block.begin(); i != block.end(); ++i) {
      if (*i < low_players)
        continue;
      links_[*i].add(total.one);
      singles_[*i].add(total.in);
      for (Index j = 0; j < lows; ++j)
        pairs_[j * players_ + *i].add(low[j].both);
      for (auto j = std::next(i); j != block.end(); ++j)
        pairs_[*i * players_ + *j].add(total.both);
    }
  }

  /// Sets the matrix on the diagonal and above it.
  void store(Tensor<double, 2>& matrix) const {
    for (Index i = 0; i < players_; ++i) {
      CompensatedSum single = singles_[i];
      single.add(any_.value());
      matrix(i, i) = single.value();
      for (Index j = i + 1; j < players_; ++j) {
        CompensatedSum pair = pairs_[i * players_ + j];
        pair.add(links_[i].value());
        pair.add(links_[j].value());
        pair.add(none_.value());
        matrix(i, j) = pair.value();
      }
    }
  }

 private:
  struct Terms {
    double both = 0, one = 0, none = 0, in = 0, any = 0;
  };

  Index players_;
  std::vector<CompensatedSum> pairs_; // [players, players], above the diagonal
  std::vector<CompensatedSum> links_, singles_;
  CompensatedSum none_, any_;
  std::vector<Terms> terms_; // by size
};

} // namespace detail

template <class G>
InteractionResult enumerate_interactions(const G& game, InteractionIndex index, const SolverOptions& options,
                                         const Executor& executor) {
  require_game<G>();
  detail::check(options);
  const Index players = game.players();
  detail::check_enumerable(players);
  InteractionResult result = detail::interaction_result(index, players, "exact");
  detail::InteractionSums<> sums(index, players);
  std::optional<double> value_empty;
  std::vector<double> centred; // an offset of the game costs no precision
  Progress progress{0, Index{1} << players, {}};
  const ShapleyResult values =
      detail::enumerate_blocks(players, [&](std::span<const Coalition> coalitions, std::span<double> out) {
        if (detail::evaluate(game, coalitions, out, options, executor) < coalitions.size())
          return false;
        if (!value_empty)
          value_empty = out.front();
        centred.assign(out.begin(), out.end());
        for (double& value : centred)
          value -= *value_empty;
        sums.add(coalitions, centred);
        progress.evaluations += coalitions.size();
        if (options.observer)
          options.observer(progress);
        return true;
      });
  result.status = values.status;
  if (result.status != Status::stopped)
    sums.store(result.matrix);
  result.value_empty = values.value_empty;
  result.value_full = values.value_full;
  result.evaluations = values.evaluations;
  detail::finish(result);
  return result;
}

template <class G>
InteractionResult interactions(const G& game, InteractionIndex index) {
  require_game<G>();
  if constexpr (detail::ClosedFormInteractions<G>) {
    const Index players = game.players();
    InteractionResult result = detail::interaction_result(index, players, "closed-form");
    detail::closed_form_interactions(game, result);
    detail::check_closed_form(result);
    result.value_empty = detail::evaluate(game, MutableCoalition(players));
    result.value_full = detail::evaluate(game, MutableCoalition::full(players));
    detail::finish(result);
    return result;
  } else {
    return enumerate_interactions(game, index);
  }
}

} // namespace regard::inline REGARD_ABI
