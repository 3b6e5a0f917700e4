// SPDX-License-Identifier: MIT
// Occlusion: what the model's output loses when one player alone is hidden (Zeiler and Fergus 2014).
//
//     auto why = regard::explain(model, "a gripping , funny film", regard::occlusion{});
#pragma once

#include <regard/attribution/masked_input_game.hpp>

namespace regard::inline REGARD_ABI {

/// value_i = v(N) - v(N without i) in the masked-input game. n + 2 evaluations, v(empty) for the gap
/// included. A word or a block of patches is hidden as a whole.
struct occlusion {
  PlayerUnit players = PlayerUnit::tokens;
  Masking masking = Masking::automatic;
  ValueFunction value = ValueFunction::probability;
  Index super_patch = 1;
};

} // namespace regard::inline REGARD_ABI
