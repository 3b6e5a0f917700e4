// SPDX-License-Identifier: MIT
// The transformer encoder, forward and backward, one block at a time.
//
// A block takes the hidden states of a ragged batch (one row for each token of each input, nothing padded)
// and keeps in a `BlockState` what its backward pass needs. Attention is an ordinary value on the way: hooks
// read it, may change it before it is applied, and receive its gradient.
//
//     for (regard::Index layer = 0; layer < encoder.layers(); ++layer)
//       encoder.forward(layer, rows, hidden, states[layer], workspace, hooks); // hidden: input, then output
//     for (regard::Index layer = encoder.layers(); layer-- > 0;)
//       encoder.backward(layer, rows, states[layer], gradient, workspace, hooks); // d output, then d input
//
// An input's results have the same bits alone and in any batch, and with and without hooks that only read.
#pragma once

#include <regard/core/executor.hpp>
#include <regard/transformer/layers.hpp>

#include <functional>
#include <vector>

namespace regard::inline REGARD_ABI {

/// What all blocks of an encoder share.
struct EncoderConfig {
  Index width = 0; ///< of a hidden state, divisible by `heads`
  Index heads = 0;
  Activation activation = Activation::gelu;
  NormPosition norm = NormPosition::after;
};

/// The weights of one block. `width` inputs and outputs, but for `intermediate` [inner, width] and `output`
/// [width, inner].
template <class Scalar>
struct BlockWeights {
  Linear<Scalar> query, key, value;
  Linear<Scalar> attention_output;
  LayerNorm<Scalar> attention_norm; ///< before the attention, or after its residual sum
  Linear<Scalar> intermediate, output;
  LayerNorm<Scalar> output_norm; ///< before the feed-forward part, or after its residual sum
};

/// What a pass shows to its caller while it runs; unset members cost nothing. `input` is the position in the
/// batch, `layer` the 0-based block. Views are valid during the call only. Hooks are called in the thread
/// that runs the pass, one after the other, whatever the executor.
template <class Scalar>
struct Hooks {
  /// Post-softmax attention [heads, query, key] before it is applied to the values: an intervention may
  /// change it. The backward pass treats the change as a constant that was added to the softmax.
  std::function<void(Index layer, Index input, TensorView<Scalar, 3> attention)> on_attention;
  /// The attention as it is applied.
  std::function<void(Index layer, Index input, TensorView<const Scalar, 3> attention)> on_attention_applied;
  /// Output of a block, [tokens, width].
  std::function<void(Index layer, Index input, TensorView<const Scalar, 2> hidden)> on_hidden;
  /// d loss / d attention, each entry a free variable after the softmax, beside the attention that was
  /// applied.
  std::function<void(Index layer, Index input, TensorView<const Scalar, 3> attention,
                     TensorView<const Scalar, 3> gradient)>
      on_attention_gradient;
  /// d loss / d output of a block, [tokens, width].
  std::function<void(Index layer, Index input, TensorView<const Scalar, 2> gradient)> on_hidden_gradient;
};

/// What the forward pass of one block leaves for its backward pass. Reuse one to reuse its memory. `rows` are
/// all tokens of a batch, `queries` those whose output was computed: all, or the first few of each input.
template <class Scalar>
struct BlockState {
  Index read = 0;                     ///< how many tokens of each input were queries; 0 means all
  Tensor<Scalar, 2> projections;      ///< [rows, 3 width]: query, key and value side by side
  Tensor<Scalar, 1> attention;        ///< [heads, queries, tokens] of each input, one after the other
  Tensor<Scalar, 1> softmax;          ///< the same before a hook changed it; empty without a hook
  Tensor<Scalar, 2> attention_normal; ///< normalised rows of the attention's LayerNorm
  Tensor<Scalar, 1> attention_scale;  ///< 1 / deviation of each row
  Tensor<Scalar, 2> slope;            ///< [queries, inner]: slope of the activation at its input
  Tensor<Scalar, 2> output_normal;    ///< normalised rows of the second LayerNorm
  Tensor<Scalar, 1> output_scale;
};

/// Scratch memory of the passes; one for each thread. Stops allocating after the largest batch.
template <class Scalar>
struct EncoderWorkspace {
  Tensor<Scalar, 2> rows_a, rows_b;        ///< [rows, width]
  Tensor<Scalar, 2> queries_a, queries_b;  ///< [queries, width]
  Tensor<Scalar, 2> inner;                 ///< [queries, inner]
  Tensor<Scalar, 2> projections;           ///< [rows, 3 width]
  Tensor<Scalar, 1> maps;                  ///< [heads, queries, tokens] of each input
  Tensor<Scalar, 1> shown, shown_gradient; ///< [heads, tokens, tokens] of one input, for hooks
};

/// Whether the first projections of a block are computed, or stand in its BlockState already.
enum class Projections { compute, given };

/// Whether a backward pass goes on to the input of a block, or ends at its attention.
enum class InputGradient { compute, skip };

/// A stack of transformer blocks (Vaswani et al. 2017) with bidirectional self-attention.
template <class Scalar>
class Encoder {
 public:
  /// Throws InvalidArgument naming the block and the weight whose shape does not fit.
  Encoder(EncoderConfig config, std::vector<BlockWeights<Scalar>> blocks);

  const EncoderConfig& config() const { return config_; }
  Index layers() const { return blocks_.size(); }
  const BlockWeights<Scalar>& block(Index layer) const { return blocks_[layer]; }

  /// Runs block `layer` on `hidden` [rows, width], which holds its input before and its output after.
  /// `executor` spreads rows and heads over its workers; the result has the same bits for any number.
  /// Throws InvalidArgument for another shape.
  void forward(Index layer, const RowOffsets& rows, TensorView<Scalar, 2> hidden, BlockState<Scalar>& state,
               EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks = {},
               const Executor& executor = Serial{}, Projections projections = Projections::compute) const;

  /// Takes `gradient` [rows, width] from the output of block `layer` to its input. The state is only read, so
  /// that several gradients can follow one forward pass. Throws InvalidArgument for another shape, or for a
  /// state of another batch. With InputGradient::skip `gradient` is unspecified afterwards.
  void backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                TensorView<Scalar, 2> gradient, EncoderWorkspace<Scalar>& workspace,
                const Hooks<Scalar>& hooks = {}, const Executor& executor = Serial{},
                InputGradient input_gradient = InputGradient::compute) const;

  /// Runs block `layer` for the first `read` tokens of each input alone, to the same bits: what a head needs
  /// of the last block. Hooks see attention rows of zeros for the other queries, and no hidden states.
  /// @param hidden  [rows, width], input of the block; its memory is used and holds nothing of note
  /// afterwards
  /// @param output  [inputs * read, width]
  /// Throws InvalidArgument for another shape, or for an input with fewer than `read` tokens.
  void forward_read(Index layer, const RowOffsets& rows, Index read, TensorView<Scalar, 2> hidden,
                    TensorView<Scalar, 2> output, BlockState<Scalar>& state,
                    EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks = {},
                    const Executor& executor = Serial{},
                    Projections projections = Projections::compute) const;

  /// Takes `output_gradient` [inputs * read, width] back through a forward_read to `gradient` [rows, width],
  /// as `backward` does for a gradient that is zero in all other rows. `output_gradient` is used up.
  void backward_read(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                     TensorView<Scalar, 2> output_gradient, TensorView<Scalar, 2> gradient,
                     EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks = {},
                     const Executor& executor = Serial{},
                     InputGradient input_gradient = InputGradient::compute) const;

  /// Fills `projections` [rows, 3 width] with query, key and value of `input` [rows, width] in block `layer`:
  /// for callers whose inputs share rows, and who hand them to `forward` with Projections::given.
  void project(Index layer, TensorView<const Scalar, 2> input, TensorView<Scalar, 2> projections) const;

 private:
  using Rows = TensorView<Scalar, 2>;

  void project_rows(Index layer, const RowOffsets& rows, Rows hidden, BlockState<Scalar>& state,
                    EncoderWorkspace<Scalar>& workspace, const Executor& executor) const;
  void attend(Index layer, const RowOffsets& rows, BlockState<Scalar>& state, Rows context,
              EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks,
              const Executor& executor) const;
  void finish(Index layer, Rows hidden, Rows context, BlockState<Scalar>& state,
              EncoderWorkspace<Scalar>& workspace, const Executor& executor) const;
  void finish_backward(Index layer, Rows gradient, Rows d_context, const BlockState<Scalar>& state,
                       EncoderWorkspace<Scalar>& workspace, const Executor& executor) const;
  void attend_backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state, Rows d_context,
                       EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks,
                       const Executor& executor, InputGradient input_gradient) const;
  void project_backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state, Rows gradient,
                        EncoderWorkspace<Scalar>& workspace, const Executor& executor) const;

  EncoderConfig config_;
  std::vector<BlockWeights<Scalar>> blocks_;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/transformer/detail/encoder.hpp>
#endif
