// SPDX-License-Identifier: MIT
// An encoder and its head: embedded tokens in, class logits out, and gradients back to every attention matrix
// and hidden state. What turns a text or an image into embedded tokens stands in `models/`.
//
//     regard::Pass<float> pass;
//     pass.rows = regard::RowOffsets(lengths);       // tokens of each input
//     pass.hidden.resize({pass.rows.rows(), width}); // fill with the embedded tokens
//     classifier.forward(pass, regard::Keep::for_backward);
//     classifier.backward(pass, seeds, hooks);       // pass.gradient: d loss / d embedded tokens
#pragma once

#include <regard/transformer/encoder.hpp>
#include <regard/transformer/head.hpp>

namespace regard::inline REGARD_ABI {

/// Whether a forward pass keeps what a backward pass needs: memory grows with the layers if it does.
enum class Keep { nothing, for_backward };

/// Which tokens of the last block a pass computes. Logits and gradients have the same bits either way.
enum class LastBlock {
  all_tokens,
  /// Those that the head reads. Saves most of the last block; hooks see attention rows of zeros for the other
  /// queries and no hidden states of it, and `Pass::hidden` holds nothing of note after the pass.
  tokens_read
};

/// How a forward pass runs.
struct ForwardOptions {
  LastBlock last_block = LastBlock::all_tokens;
  /// Query, key and value of the first block stand in pass.blocks[0].projections already (Encoder::project);
  /// with Keep::nothing alone.
  Projections first_projections = Projections::compute;
};

/// How a backward pass runs.
struct BackwardOptions {
  Index first_layer = 0; ///< the last block that the pass goes back to
  /// With InputGradient::skip the pass ends at the attention of that block, and `Pass::gradient` holds
  /// nothing of note.
  InputGradient input_gradient = InputGradient::compute;
};

/// A batch on its way through a classifier, with the memory it works in. Reuse one to stop allocating; one
/// for each thread.
template <class Scalar>
struct Pass {
  RowOffsets rows;
  Tensor<Scalar, 2> hidden;   ///< [rows, width]: embedded tokens before, last hidden states after `forward`
  Tensor<Scalar, 2> logits;   ///< [inputs, classes], after `forward`
  Tensor<Scalar, 2> gradient; ///< [rows, width]: d loss / d embedded tokens, after `backward`

  /// Spreads rows and heads of the batch; null: all in this thread. Pays from about 64 rows of width 128 on.
  const Executor* executor = nullptr;

  Keep kept = Keep::nothing;                    ///< what the last forward pass kept
  LastBlock last_block = LastBlock::all_tokens; ///< what it computed
  std::vector<BlockState<Scalar>> blocks;
  RowOffsets rows_read;          ///< of the tokens that the head reads
  Tensor<Scalar, 2> hidden_read; ///< [inputs * tokens read, width]: their last hidden states, or gradients
  HeadState<Scalar> head;
  EncoderWorkspace<Scalar> workspace;
};

/// A transformer that classifies a sequence of embedded tokens.
template <class Scalar>
class SequenceClassifier {
 public:
  /// Throws InvalidArgument when the head does not have the encoder's width.
  SequenceClassifier(Encoder<Scalar> encoder, ClassificationHead<Scalar> head)
      : encoder_(std::move(encoder)), head_(std::move(head)) {
    if (head_.width() != encoder_.config().width)
      throw InvalidArgument("the head has width " + std::to_string(head_.width()) +
                            ", expected the encoder's " + std::to_string(encoder_.config().width));
  }

  const Encoder<Scalar>& encoder() const { return encoder_; }
  const ClassificationHead<Scalar>& head() const { return head_; }
  Index layers() const { return encoder_.layers(); }
  Index heads() const { return encoder_.config().heads; }
  Index width() const { return encoder_.config().width; }
  Index classes() const { return head_.classes(); }

  /// Runs all blocks and the head over `pass.hidden`. Every input has at least the tokens that the head
  /// reads. Throws InvalidArgument when one has fewer, or when `pass.hidden` is not [rows, width].
  void forward(Pass<Scalar>& pass, Keep keep = Keep::nothing, const Hooks<Scalar>& hooks = {},
               const ForwardOptions& options = {}) const;

  /// Takes `seeds` [inputs, classes] = d loss / d logits back through the pass that `forward` kept; may be
  /// called again with other seeds. Throws InvalidArgument when nothing was kept, or for another shape.
  void backward(Pass<Scalar>& pass, TensorView<const Scalar, 2> seeds, const Hooks<Scalar>& hooks = {},
                const BackwardOptions& options = {}) const;

 private:
  Encoder<Scalar> encoder_;
  ClassificationHead<Scalar> head_;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/transformer/detail/sequence_classifier.hpp>
#endif
