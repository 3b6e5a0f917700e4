// SPDX-License-Identifier: MIT
// The hidden states of many inputs, taken through the encoder together, one block at a time.
#pragma once

#include <regard/core/executor.hpp>
#include <regard/tcav/token_inputs.hpp>

namespace regard::inline REGARD_ABI::detail {

template <class Scalar>
class HiddenStates {
 public:
  explicit HiddenStates(const SequenceClassifier<Scalar>& classifier) : classifier_(classifier) {}

  /// Appends inputs `which` of a list; before `embed`.
  void add(const TokenInputs<Scalar>& inputs, std::span<const Index> which) {
    for (const Index input : which) {
      if (inputs.tokens[input] == 0)
        throw InvalidArgument("an input has no token, expected at least one");
      rows_.append(inputs.tokens[input]);
      from_.push_back({&inputs, input});
    }
  }

  /// Embeds all inputs. @return false after a stop request.
  bool embed(const Executor& executor, const std::stop_token& stop) {
    hidden_.resize({rows_.rows(), classifier_.width()});
    batches_ = cut_batches(from_.size(), [&](Index i) { return rows_.length(i); });
    states_.resize(executor.workers());
    workspaces_.resize(executor.workers());
    return executor.for_each(
        from_.size(),
        [&](Index i, Index) {
          from_[i].inputs->embed(from_[i].input, hidden_.slice(rows_.begin(i), rows_.end(i)));
        },
        stop);
  }

  /// Takes all inputs through one block. @return false after a stop request: states are then mixed.
  bool advance(Index layer, const Executor& executor, const std::stop_token& stop) {
    return executor.for_each(
        batches_.size(),
        [&](Index batch, Index worker) {
          RowOffsets rows;
          for (Index i = batches_[batch].begin; i < batches_[batch].end; ++i)
            rows.append(rows_.length(i));
          const Index first = rows_.begin(batches_[batch].begin);
          classifier_.encoder().forward(layer, rows, hidden_.slice(first, first + rows.rows()),
                                        states_[worker], workspaces_[worker]);
        },
        stop);
  }

  Index inputs() const { return from_.size(); }
  Index tokens(Index input) const { return rows_.length(input); }
  const Scalar* row(Index input, Index token) const {
    return hidden_.data() + (rows_.begin(input) + token) * classifier_.width();
  }

 private:
  struct From {
    const TokenInputs<Scalar>* inputs;
    Index input;
  };

  const SequenceClassifier<Scalar>& classifier_;
  RowOffsets rows_;
  std::vector<From> from_;
  Tensor<Scalar, 2> hidden_;
  std::vector<InputRange> batches_;
  std::vector<BlockState<Scalar>> states_;
  std::vector<EncoderWorkspace<Scalar>> workspaces_;
};

} // namespace regard::inline REGARD_ABI::detail
