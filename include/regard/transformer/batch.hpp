// SPDX-License-Identifier: MIT
// Cuts a list of inputs into ragged batches for the workers of an executor.
#pragma once

#include <regard/tensor.hpp>

#include <vector>

namespace regard::inline REGARD_ABI {

/// Inputs `begin` to `end` (exclusive) of a list, run in one pass.
struct InputRange {
  Index begin = 0;
  Index end = 0;
};

/// Consecutive ranges with at most `max_rows` tokens each (a single longer input stands alone). A batch as
/// large as this shares the cost of reading the weights; a larger one would only need more memory. Results do
/// not depend on the cut.
/// @param tokens  tokens(i) is the number of tokens of input i
template <class Tokens>
std::vector<InputRange> cut_batches(Index inputs, Tokens tokens, Index max_rows = 256) {
  std::vector<InputRange> ranges;
  Index rows = 0;
  for (Index i = 0; i < inputs; ++i) {
    const Index count = tokens(i);
    if (ranges.empty() || rows + count > max_rows) {
      ranges.push_back({i, i});
      rows = 0;
    }
    rows += count;
    ranges.back().end = i + 1;
  }
  return ranges;
}

} // namespace regard::inline REGARD_ABI
