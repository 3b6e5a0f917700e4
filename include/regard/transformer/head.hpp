// SPDX-License-Identifier: MIT
// From the last hidden states to class logits, and back.
#pragma once

#include <regard/transformer/layers.hpp>

#include <optional>

namespace regard::inline REGARD_ABI {

/// What the forward pass of a head leaves for its backward pass.
template <class Scalar>
struct HeadState {
  Tensor<Scalar, 2> rows;       ///< [inputs, width]: what a classifier reads; of the second one below
  Tensor<Scalar, 2> normalised; ///< [inputs, width]: rows of the final LayerNorm
  Tensor<Scalar, 1> scale;      ///< 1 / deviation of each
  Tensor<Scalar, 2> scratch;    ///< [inputs, width], or [inputs, classes]
  Tensor<Scalar, 2> gradient;   ///< [inputs, width]: d loss / d tokens that are read
};

/// The head of a sequence classifier: logits = classifier(pooler(norm(first token))), where norm and pooler
/// are optional. BERT has the pooler tanh(W h + b), ViT the final LayerNorm. A distilled DeiT (Touvron et al.
/// 2021) has a second classifier that reads the second token; its logits are the mean of both.
template <class Scalar>
class ClassificationHead {
 public:
  /// Throws InvalidArgument when shapes do not fit each other.
  explicit ClassificationHead(Linear<Scalar> classifier, std::optional<Linear<Scalar>> pooler = {},
                              std::optional<LayerNorm<Scalar>> norm = {},
                              std::optional<Linear<Scalar>> second_classifier = {});

  Index width() const { return classifier_.inputs(); }
  Index classes() const { return classifier_.outputs(); }
  /// How many tokens at the start of an input are read: 1 or 2. A shorter input has no logits.
  Index tokens_read() const { return second_ ? 2 : 1; }

  /// @param hidden  output of the last block, [rows, width]
  /// @param logits  [inputs, classes]
  void forward(const RowOffsets& rows, TensorView<const Scalar, 2> hidden, HeadState<Scalar>& state,
               TensorView<Scalar, 2> logits) const;

  /// @param seeds     d loss / d logits, [inputs, classes]
  /// @param gradient  [rows, width], receives d loss / d hidden: zero for all rows that are not read
  void backward(const RowOffsets& rows, HeadState<Scalar>& state, TensorView<const Scalar, 2> seeds,
                TensorView<Scalar, 2> gradient) const;

  /// Calls `visit` with each Linear and LayerNorm that is there.
  template <class Visit>
  void visit_weights(Visit&& visit) const {
    visit(classifier_);
    if (pooler_)
      visit(*pooler_);
    if (norm_)
      visit(*norm_);
    if (second_)
      visit(*second_);
  }

 private:
  Linear<Scalar> classifier_;
  std::optional<Linear<Scalar>> pooler_;
  std::optional<LayerNorm<Scalar>> norm_;
  std::optional<Linear<Scalar>> second_;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/transformer/detail/head.hpp>
#endif
