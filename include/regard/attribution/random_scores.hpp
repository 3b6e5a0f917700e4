// SPDX-License-Identifier: MIT
// Random scores: what every metric is calibrated on.
#pragma once

#include <regard/attribution/players.hpp>

namespace regard::inline REGARD_ABI {

/// Values uniform on [0, 1), one a player, from RandomStream(seed, hash of the text or of the picture): other
/// inputs get other values, the same input the same ones alone and among others.
struct random_scores {
  PlayerUnit players = PlayerUnit::tokens;
  Index super_patch = 1;
};

} // namespace regard::inline REGARD_ABI
