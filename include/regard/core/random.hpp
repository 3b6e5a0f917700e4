// SPDX-License-Identifier: MIT
// Keyed random streams. A stream is a function of (seed, item) alone: no global state, no clock, and the same
// numbers whatever thread draws them and in whatever order items are worked on.
//
//     regard::RandomStream stream(seed, sentence);
//     const double u = stream.uniform();
#pragma once

#include <regard/version.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace regard::inline REGARD_ABI {

/// A stream of random numbers keyed by (seed, item): xoshiro256** (Blackman and Vigna 2018) whose state is
/// drawn from SplitMix64 at a hash of both keys. Models std::uniform_random_bit_generator, but prefer the
/// members below: the distributions of the standard library give other numbers on other systems.
class RandomStream {
 public:
  using result_type = std::uint64_t;

  explicit RandomStream(std::uint64_t seed, std::uint64_t item = 0) {
    std::uint64_t key = mix(seed + golden) ^ mix(mix(item + 2 * golden));
    for (std::uint64_t& word : state_)
      word = mix(key += golden);
  }

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  /// 64 random bits.
  result_type operator()() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }

  /// Uniform on [0, 1), 53 bits.
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }

  /// Uniform on 0, ..., bound - 1 without bias, by rejection. `bound` is at least 1.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t reject = (0 - bound) % bound;
    std::uint64_t bits = (*this)();
    while (bits < reject)
      bits = (*this)();
    return bits % bound;
  }

  /// Standard normal, by Box and Muller; each call draws two uniforms and keeps nothing.
  double normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return radius * std::cos(2 * std::numbers::pi * uniform());
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

  static constexpr std::uint64_t rotate(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  }

  std::uint64_t state_[4];
};

} // namespace regard::inline REGARD_ABI
