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

/// A batch on its way through a classifier, with the memory it works in. Reuse one to stop allocating; one
/// for each thread.
template <class Scalar>
struct Pass {
  RowOffsets rows;
  Tensor<Scalar, 2> hidden;   ///< [rows, width]: embedded tokens before, last hidden states after `forward`
  Tensor<Scalar, 2> logits;   ///< [inputs, classes], after `forward`
  Tensor<Scalar, 2> gradient; ///< [rows, width]: d loss / d embedded tokens, after `backward`

  Keep kept = Keep::nothing; ///< what the last forward pass kept
  std::vector<BlockState<Scalar>> blocks;
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

  /// Runs all blocks and the head over `pass.hidden`. Every input has at least the tokens that the head reads.
  /// Throws InvalidArgument when one has fewer, or when `pass.hidden` is not [rows, width].
  void forward(Pass<Scalar>& pass, Keep keep = Keep::nothing, const Hooks<Scalar>& hooks = {}) const {
    for (Index input = 0; input < pass.rows.inputs(); ++input)
      if (pass.rows.length(input) < head_.tokens_read())
        throw InvalidArgument("input " + std::to_string(input) + " has " +
                              (pass.rows.length(input) == 0 ? "no token" : "one token") +
                              ", expected at least " + (head_.tokens_read() == 1 ? "one" : "two"));
    pass.kept = keep;
    if (const Index states = keep == Keep::for_backward ? layers() : 1; pass.blocks.size() < states)
      pass.blocks.resize(states); // never fewer, so that their memory stays
    for (Index layer = 0; layer < layers(); ++layer)
      encoder_.forward(layer, pass.rows, pass.hidden, pass.blocks[keep == Keep::for_backward ? layer : 0],
                       pass.workspace, hooks);
    pass.logits.resize({pass.rows.inputs(), classes()});
    head_.forward(pass.rows, pass.hidden, pass.head, pass.logits);
  }

  /// Takes `seeds` [inputs, classes] = d loss / d logits back through the pass that `forward` kept; may be
  /// called again with other seeds.
  void backward(Pass<Scalar>& pass, TensorView<const Scalar, 2> seeds,
                const Hooks<Scalar>& hooks = {}) const {
    if (pass.kept != Keep::for_backward)
      throw InvalidArgument("backward needs a forward pass with Keep::for_backward");
    if (seeds.shape() != Shape<2>{pass.rows.inputs(), classes()})
      throw InvalidArgument("the seeds have shape " + detail::to_string(seeds.shape()) + ", expected " +
                            detail::to_string(Shape<2>{pass.rows.inputs(), classes()}));
    pass.gradient.resize({pass.rows.rows(), width()});
    head_.backward(pass.rows, pass.head, seeds, pass.gradient);
    for (Index layer = layers(); layer-- > 0;)
      encoder_.backward(layer, pass.rows, pass.blocks[layer], pass.gradient, pass.workspace, hooks);
  }

 private:
  Encoder<Scalar> encoder_;
  ClassificationHead<Scalar> head_;
};

} // namespace regard::inline REGARD_ABI
