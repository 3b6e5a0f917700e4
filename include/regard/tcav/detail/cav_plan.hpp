// SPDX-License-Identifier: MIT
// Who is drawn for which CAV: concepts, negatives, held-out inputs and random concepts. Concepts are looked
// at in the order of their names, and streams are keyed by name, so that the caller's order changes nothing.
#pragma once

#include <regard/core/random.hpp>
#include <regard/tcav/cavs.hpp>

#include <algorithm>
#include <numeric>

namespace regard::inline REGARD_ABI::detail {

/// A number for a name: FNV-1a.
REGARD_LAZY
std::uint64_t name_key(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// What a stream is for, added to the seed.
enum class Draw : std::uint64_t {
  negatives = 0,
  held_out = 0x68656c64,
  random_order = 0x6f726465,
  random_concept = 0x72616e64,
  random_negatives = 0x6e656761,
  tokens = 0x746f6b65,
};

/// `count` of `from` without replacement, in increasing order; all when there are no more.
REGARD_LAZY
std::vector<Index> draw(std::vector<Index> from, Index count, RandomStream random) {
  count = std::min(count, from.size());
  for (Index i = 0; i < count; ++i)
    std::swap(from[i], from[i + random.below(from.size() - i)]);
  from.resize(count);
  std::sort(from.begin(), from.end());
  return from;
}

/// One probe's inputs, by their position in the hidden states.
struct Example {
  std::vector<Index> positives, negatives;
};

REGARD_LAZY
class CavPlan {
 public:
  struct Member {
    std::string name;
    Index caller = 0; ///< position in the caller's list
    Index begin = 0, end = 0;
    Index size() const { return end - begin; }
  };

  /// @param sizes  inputs of each concept, by the caller's order
  CavPlan(std::span<const std::string> names, std::span<const Index> sizes, Index random,
          const CavOptions& options)
      : options_(options) {
    for (Index c = 0; c < names.size(); ++c)
      members_.push_back({names[c], c, 0, sizes[c]});
    std::sort(members_.begin(), members_.end(),
              [](const Member& a, const Member& b) { return a.name < b.name; });
    Index offset = 0, largest = 0;
    for (Member& member : members_) {
      largest = std::max(largest, member.end);
      member.begin = offset;
      offset = member.end += offset;
    }
    random_begin_ = offset;
    // As many random inputs as disjoint random concepts need, and enough to draw negatives from.
    std::vector<Index> order(random);
    std::iota(order.begin(), order.end(), Index{0});
    RandomStream stream = this->stream(Draw::random_order, "", 0);
    for (Index i = 0; i < random; ++i)
      std::swap(order[i], order[i + stream.below(random - i)]);
    const bool needed = options.negatives == Negatives::random || options.random_concepts > 0;
    order.resize(needed ? std::min(random, std::max<Index>(options.random_concepts, 10) * largest) : 0);
    random_inputs_ = std::move(order);
  }

  const std::vector<Member>& members() const { return members_; }
  /// Which of the caller's random inputs take part, in the order of their positions.
  const std::vector<Index>& random_inputs() const { return random_inputs_; }
  Index inputs() const { return random_begin_ + random_inputs_.size(); }

  /// All inputs that negatives of a concept are drawn from.
  std::vector<Index> candidates(const Member& member) const {
    std::vector<Index> others;
    if (options_.negatives == Negatives::random) {
      others = random_positions();
    } else {
      for (Index i = 0; i < random_begin_; ++i)
        if (i < member.begin || i >= member.end)
          others.push_back(i);
    }
    return others;
  }

  bool exhausted(const Member& member) const { return candidates(member).size() <= member.size(); }

  Example example(const Member& member, Index resample) const {
    Example example;
    for (Index i = member.begin; i < member.end; ++i)
      example.positives.push_back(i);
    example.negatives =
        draw(candidates(member), member.size(), stream(Draw::negatives, member.name, resample));
    return example;
  }

  /// What of an example is held out; empty on both sides when one of them has no two inputs.
  Example held_out(const Member& member, const Example& example, Index resample) const {
    Example out;
    if (example.positives.size() < 2 || example.negatives.size() < 2)
      return out;
    RandomStream random = stream(Draw::held_out, member.name, resample);
    for (auto [from, to] :
         {std::pair{&example.positives, &out.positives}, std::pair{&example.negatives, &out.negatives}}) {
      const auto count =
          static_cast<Index>(std::lround(options_.held_out * static_cast<double>(from->size())));
      *to = draw(*from, std::clamp<Index>(count, 1, from->size() - 1), RandomStream(random()));
    }
    return out;
  }

  /// Whether there are random concepts for this one.
  TestStatus random_status(const Member& member) const {
    if (random_inputs_.empty() || options_.random_concepts == 0)
      return TestStatus::no_random;
    // Overlapping draws from a small pool know little of how concepts spread: 30 inputs at least, as K is.
    return options_.random_concepts < 2 || random_inputs_.size() < std::max<Index>(30, 2 * member.size())
               ? TestStatus::few_random
               : TestStatus::tested;
  }

  bool disjoint(const Member& member) const {
    return random_inputs_.size() >= options_.random_concepts * member.size();
  }

  double overlap(const Member& member) const {
    // With negatives from the same random inputs, an overlap makes the random scores spread more, not less.
    if (disjoint(member) || options_.negatives == Negatives::random)
      return 0;
    return static_cast<double>(member.size()) / static_cast<double>(random_inputs_.size());
  }

  /// The positives of random concept k depend on the size alone, so that concepts of one size can share them.
  Example random_example(const Member& member, Index k, Index resample) const {
    Example example;
    const Index size = member.size();
    if (disjoint(member)) {
      for (Index i = 0; i < size; ++i)
        example.positives.push_back(random_begin_ + k * size + i);
    } else {
      example.positives = draw(random_positions(), size, stream(Draw::random_concept, "", k));
    }
    std::vector<Index> from = candidates(member);
    std::string_view key = member.name;
    if (options_.negatives == Negatives::random) {
      std::vector<Index> rest;
      std::set_difference(from.begin(), from.end(), example.positives.begin(), example.positives.end(),
                          std::back_inserter(rest));
      from = std::move(rest);
      key = "";
    }
    example.negatives =
        draw(std::move(from), size, stream(Draw::random_negatives, key, k * options_.resamples + resample));
    return example;
  }

  RandomStream stream(Draw what, std::string_view name, std::uint64_t item) const {
    return RandomStream(options_.seed + static_cast<std::uint64_t>(what) + name_key(name), item);
  }

 private:
  std::vector<Index> random_positions() const {
    std::vector<Index> positions(random_inputs_.size());
    std::iota(positions.begin(), positions.end(), random_begin_);
    return positions;
  }

  const CavOptions& options_;
  std::vector<Member> members_;
  Index random_begin_ = 0;
  std::vector<Index> random_inputs_;
};

} // namespace regard::inline REGARD_ABI::detail
