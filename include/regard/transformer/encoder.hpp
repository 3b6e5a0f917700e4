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
/// batch, `layer` the 0-based block. Views are valid during the call only.
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

/// What the forward pass of one block leaves for its backward pass. Reuse one to reuse its memory.
template <class Scalar>
struct BlockState {
  Tensor<Scalar, 2> projections;      ///< [rows, 3 width]: query, key and value side by side
  Tensor<Scalar, 1> attention;        ///< [heads, tokens, tokens] of each input, one after the other
  Tensor<Scalar, 1> softmax;          ///< the same before a hook changed it; empty without a hook
  Tensor<Scalar, 2> attention_normal; ///< normalised rows of the attention's LayerNorm
  Tensor<Scalar, 1> attention_scale;  ///< 1 / deviation of each row
  Tensor<Scalar, 2> inner;            ///< [rows, inner]: input of the activation
  Tensor<Scalar, 2> output_normal;    ///< normalised rows of the second LayerNorm
  Tensor<Scalar, 1> output_scale;
};

/// Scratch memory of the passes; one for each thread. Stops allocating after the largest batch.
template <class Scalar>
struct EncoderWorkspace {
  Tensor<Scalar, 2> rows_a, rows_b, rows_c; ///< [rows, width]
  Tensor<Scalar, 2> inner;                  ///< [rows, inner]
  Tensor<Scalar, 2> projections;            ///< [rows, 3 width]
  Tensor<Scalar, 1> maps;                   ///< [heads, tokens, tokens] of one input
};

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
  /// Throws InvalidArgument for another shape.
  void forward(Index layer, const RowOffsets& rows, TensorView<Scalar, 2> hidden, BlockState<Scalar>& state,
               EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks = {}) const;

  /// Takes `gradient` [rows, width] from the output of block `layer` to its input. The state is only read, so
  /// that several gradients can follow one forward pass. Throws InvalidArgument for another shape, or for a
  /// state of another batch.
  void backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                TensorView<Scalar, 2> gradient, EncoderWorkspace<Scalar>& workspace,
                const Hooks<Scalar>& hooks = {}) const;

 private:
  void attend(Index layer, const RowOffsets& rows, BlockState<Scalar>& state, TensorView<Scalar, 2> context,
              const Hooks<Scalar>& hooks) const;
  void attend_backward(Index layer, const RowOffsets& rows, const BlockState<Scalar>& state,
                       TensorView<const Scalar, 2> d_context, TensorView<Scalar, 2> d_projections,
                       EncoderWorkspace<Scalar>& workspace, const Hooks<Scalar>& hooks) const;

  EncoderConfig config_;
  std::vector<BlockWeights<Scalar>> blocks_;
};

} // namespace regard::inline REGARD_ABI

#include <regard/transformer/detail/encoder.hpp>
