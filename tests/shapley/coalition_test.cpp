// SPDX-License-Identifier: MIT
// Coalitions. Bounds are checked in this file whatever the build type is.
#undef NDEBUG
#include "support/catch.hpp"
#include "support/seed.hpp"

#include <regard/core/random.hpp>
#include <regard/shapley/coalition.hpp>

#include <set>

using regard::Coalition;
using regard::Index;
using regard::MutableCoalition;

static_assert(std::forward_iterator<Coalition::Iterator>);
static_assert(std::sentinel_for<std::default_sentinel_t, Coalition::Iterator>);

TEST_CASE("a coalition agrees with a set of players under random changes", "[coalition]") {
  INFO("seed " << regard_test::seed());
  for (const Index players : std::initializer_list<Index>{1, 2, 63, 64, 65, 128, 200}) {
    regard::RandomStream random(regard_test::seed(), players);
    MutableCoalition coalition(players);
    std::set<Index> reference;
    for (int change = 0; change < 300; ++change) {
      const Index player = random.below(players);
      const bool member = reference.count(player) > 0;
      switch (random.below(4)) {
      case 0:
        coalition.insert(player);
        reference.insert(player);
        break;
      case 1:
        coalition.erase(player);
        reference.erase(player);
        break;
      case 2:
        coalition.flip(player);
        member ? (void)reference.erase(player) : (void)reference.insert(player);
        break;
      default:
        coalition.assign(player, !member);
        member ? (void)reference.erase(player) : (void)reference.insert(player);
      }
      const Coalition view = coalition;
      REQUIRE(view.contains(player) == (reference.count(player) > 0));
      REQUIRE(view.size() == reference.size());
      REQUIRE(view.empty() == reference.empty());
    }
    const std::vector<Index> members(reference.begin(), reference.end());
    CHECK(coalition.view().members() == members);
    CHECK(MutableCoalition(players, members) == coalition);
    CHECK(MutableCoalition(coalition.view()).view() == coalition.view());
    coalition.clear();
    CHECK(coalition.view().empty());
    CHECK(coalition.view().begin() == coalition.view().end());
  }
}

TEST_CASE("all players, and no bit beyond them", "[coalition]") {
  for (const Index players : std::initializer_list<Index>{0, 1, 63, 64, 65, 128, 130}) {
    const MutableCoalition all = MutableCoalition::full(players);
    CHECK(all.size() == players);
    CHECK(all.players() == players);
    CHECK(all.view().words().size() == Coalition::words_for(players));
    CHECK(all.view().members().size() == players);
  }
}

TEST_CASE("members are walked over in increasing order", "[coalition]") {
  const MutableCoalition coalition(130, {129, 0, 64, 63});
  std::vector<Index> walked;
  for (const Index player : coalition.view())
    walked.push_back(player);
  CHECK(walked == std::vector<Index>{0, 63, 64, 129});
}

TEST_CASE("coalitions among other numbers of players differ", "[coalition]") {
  CHECK(MutableCoalition(3, {1}).view() == MutableCoalition(3, {1}).view());
  CHECK_FALSE(MutableCoalition(3, {1}).view() == MutableCoalition(3, {2}).view());
  CHECK_FALSE(MutableCoalition(3, {1}).view() == MutableCoalition(4, {1}).view());
  MutableCoalition copy(1);
  copy.assign(MutableCoalition(70, {69}));
  CHECK(copy.players() == 70);
  CHECK(copy.contains(69));
}

TEST_CASE("a coalition as text is short", "[coalition]") {
  CHECK(to_string(MutableCoalition(5)) == "{}");
  CHECK(to_string(MutableCoalition(5, {0, 3})) == "{0, 3}");
  CHECK(to_string(MutableCoalition::full(12)) == "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}");
  CHECK(to_string(MutableCoalition::full(40)) == "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ... (40 members)}");
}

TEST_CASE("players and bits beyond the last player are refused", "[coalition]") {
  MutableCoalition coalition(3);
  CHECK_THROWS_AS(coalition.insert(3), regard::BoundsError);
  CHECK_THROWS_AS(coalition.contains(3), regard::BoundsError);
  CHECK_THROWS_AS(MutableCoalition(3, {5}), regard::BoundsError);
  const std::vector<std::uint64_t> words{8, 0};
  CHECK_THROWS_WITH(Coalition(std::span(words).first(1), 3),
                    "a coalition among 3 players has a bit beyond them");
  CHECK_THROWS_WITH(Coalition(words, 64), "a coalition among 64 players has 2 words, expected 1");
  CHECK(Coalition(std::span(words).first(1), 4).contains(3));
}
