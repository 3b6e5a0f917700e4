// SPDX-License-Identifier: MIT
// From the last hidden states to class logits, and back.
#pragma once

#include <regard/transformer/layers.hpp>

#include <optional>

namespace regard::inline REGARD_ABI {

/// What the forward pass of a head leaves for its backward pass.
template <class Scalar>
struct HeadState {
  Tensor<Scalar, 2> rows;       ///< [inputs, width]: what the classifier reads
  Tensor<Scalar, 2> normalised; ///< [inputs, width]: rows of the final LayerNorm
  Tensor<Scalar, 1> scale;      ///< 1 / deviation of each
  Tensor<Scalar, 2> scratch;    ///< [inputs, width]
  Tensor<Scalar, 2> first;      ///< [inputs, width]: d loss / d first tokens
};

/// The head of a sequence classifier: logits = classifier(pooler(norm(first token))), where norm and pooler
/// are optional. BERT has the pooler tanh(W h + b), ViT the final LayerNorm.
template <class Scalar>
class ClassificationHead {
 public:
  /// Throws InvalidArgument when shapes do not fit each other.
  explicit ClassificationHead(Linear<Scalar> classifier, std::optional<Linear<Scalar>> pooler = {},
                              std::optional<LayerNorm<Scalar>> norm = {});

  Index width() const { return classifier_.inputs(); }
  Index classes() const { return classifier_.outputs(); }

  /// @param hidden  output of the last block, [rows, width]
  /// @param logits  [inputs, classes]
  void forward(const RowOffsets& rows, TensorView<const Scalar, 2> hidden, HeadState<Scalar>& state,
               TensorView<Scalar, 2> logits) const;

  /// @param seeds     d loss / d logits, [inputs, classes]
  /// @param gradient  [rows, width], receives d loss / d hidden: zero for all rows but each input's first
  void backward(const RowOffsets& rows, HeadState<Scalar>& state, TensorView<const Scalar, 2> seeds,
                TensorView<Scalar, 2> gradient) const;

 private:
  Linear<Scalar> classifier_;
  std::optional<Linear<Scalar>> pooler_;
  std::optional<LayerNorm<Scalar>> norm_;
};

} // namespace regard::inline REGARD_ABI

#include <regard/transformer/detail/head.hpp>
