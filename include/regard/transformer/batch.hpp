// SPDX-License-Identifier: MIT
// Cuts a list of inputs into ragged batches for the workers of an executor.
#pragma once

#include <regard/core/executor.hpp>
#include <regard/transformer/sequence_classifier.hpp>

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

/// How many tokens a pass takes when `rows` are to be shared by `workers`: at most `max_rows`, and fewer
/// where that gives every worker something to do.
inline Index batch_rows(Index rows, Index workers, Index max_rows = 256) {
  constexpr Index few = 32; // less is not worth reading the weights for
  return workers == 1 ? max_rows : std::min(max_rows, std::max(few, rows / (2 * workers) + 1));
}

/// Logits [inputs, classes] of many inputs, in ragged batches on all workers of `executor`.
/// @param tokens  tokens(i) is the number of tokens of input i
/// @param embed   embed(i, rows) fills [tokens, width] with the embedded tokens of input i; called from
/// several
///                threads
template <class Scalar, class Tokens, class Embed>
Tensor<Scalar, 2> batch_logits(const SequenceClassifier<Scalar>& classifier, Index inputs, Tokens tokens,
                               Embed embed, const Executor& executor) {
  Tensor<Scalar, 2> result({inputs, classifier.classes()});
  Index rows = 0;
  for (Index i = 0; i < inputs; ++i)
    rows += tokens(i);
  const std::vector<InputRange> ranges = cut_batches(inputs, tokens, batch_rows(rows, executor.workers()));
  std::vector<Pass<Scalar>> passes(executor.workers());
  executor.for_each(ranges.size(), [&](Index range, Index worker) {
    Pass<Scalar>& pass = passes[worker];
    const auto [begin, end] = ranges[range];
    pass.rows.clear();
    for (Index i = begin; i < end; ++i)
      pass.rows.append(tokens(i));
    pass.hidden.resize({pass.rows.rows(), classifier.width()});
    for (Index b = 0; b < end - begin; ++b)
      embed(begin + b, pass.hidden.slice(pass.rows.begin(b), pass.rows.end(b)));
    classifier.forward(pass, Keep::nothing, {}, {.last_block = LastBlock::tokens_read});
    std::copy(pass.logits.begin(), pass.logits.end(), result[begin].begin());
  });
  return result;
}

} // namespace regard::inline REGARD_ABI
