// SPDX-License-Identifier: MIT
// Vision transformers (ViT: Dosovitskiy et al. 2021; DeiT: Touvron et al. 2021) from weights in memory:
// normalised pixels in, logits out. `models/image_classifier.hpp` adds the preprocessing and the labels,
// `models/load_vit.hpp` the checkpoint folder.
#pragma once

#include <regard/transformer/fingerprint.hpp>
#include <regard/transformer/trace.hpp>

namespace regard::inline REGARD_ABI {

/// A rectangle of patches that covers an image; pixels beyond its last row and column are not seen.
struct PatchGrid {
  Index rows = 0;
  Index columns = 0;
  Index patches() const { return rows * columns; }
  friend bool operator==(const PatchGrid&, const PatchGrid&) = default;
};

/// From pixels to tokens: one matrix product over all patches, the special tokens before them (class token,
/// distillation token), and learned position embeddings.
template <class Scalar>
class PatchEmbeddings {
 public:
  /// @param projection    weight [width, channels * patch height * patch width], as the convolution
  ///                      [width, channels, patch height, patch width] lies in memory
  /// @param special       [special tokens, width]: what stands before the patches
  /// @param positions     [special tokens + patches of `grid`, width], patches row by row
  /// @param grid          of the images that the model was trained on
  /// Throws InvalidArgument when shapes do not fit each other.
  PatchEmbeddings(Linear<Scalar> projection, SharedTensor<Scalar, 2> special,
                  SharedTensor<Scalar, 2> positions, PatchGrid grid, Index patch_height, Index patch_width);

  Index width() const { return projection_.outputs(); }
  Index special_tokens() const { return special_.extent(0); }
  Index patch_height() const { return patch_height_; }
  Index patch_width() const { return patch_width_; }
  Index channels() const { return projection_.inputs() / (patch_height_ * patch_width_); }
  PatchGrid trained_grid() const { return grid_; }

  /// The patches of an image of that size, in pixels.
  PatchGrid grid(Index height, Index width) const { return {height / patch_height_, width / patch_width_}; }

  /// Writes the embedded tokens of an image, special tokens first and then the patches row by row, to `rows`
  /// [tokens, width]. For another grid than the trained one the position embeddings of the patches are
  /// interpolated as transformers does (`interpolate_pos_encoding`): bicubic with a = -0.75, pixel centres
  /// aligned at half pixels, no antialiasing.
  /// @param pixels  [channels, height, width], normalised
  /// Throws InvalidArgument for another number of channels or rows, or an image smaller than a patch.
  void embed(TensorView<const Scalar, 3> pixels, TensorView<Scalar, 2> rows) const;

  /// Takes `gradient` [tokens, width] from the embedded tokens to `pixels` [channels, height, width]; pixels
  /// that no patch covers get 0.
  void backward(TensorView<const Scalar, 2> gradient, TensorView<Scalar, 3> pixels) const;

  /// The position embeddings [patches, width] of the patches of a grid.
  Tensor<Scalar, 2> patch_positions(PatchGrid grid) const;

  /// Calls `visit` with the projection and each tensor.
  template <class Visit>
  void visit_weights(Visit&& visit) const {
    visit(projection_);
    visit(special_);
    visit(positions_);
  }

 private:
  PatchGrid check(const Shape<3>& pixels, const Shape<2>& rows) const;

  Linear<Scalar> projection_;
  SharedTensor<Scalar, 2> special_, positions_;
  PatchGrid grid_;
  Index patch_height_, patch_width_;
};

/// Embeddings, encoder and head: all of a vision transformer but its preprocessing.
template <class Scalar>
struct ViTClassifier {
  PatchEmbeddings<Scalar> embeddings;
  SequenceClassifier<Scalar> classifier;

  /// Of all weights; see transformer/fingerprint.hpp.
  std::uint64_t fingerprint() const {
    Fingerprint result;
    result.add(embeddings.patch_height());
    result.add(embeddings.patch_width());
    embeddings.visit_weights([&](const auto& weights) { result.add(weights); });
    result.add(classifier);
    return result.value();
  }

  /// The embedded tokens of `pixels` [channels, height, width]: [tokens, width].
  Tensor<Scalar, 2> embed(TensorView<const Scalar, 3> pixels) const {
    const PatchGrid grid = embeddings.grid(pixels.extent(1), pixels.extent(2));
    Tensor<Scalar, 2> rows({embeddings.special_tokens() + grid.patches(), embeddings.width()});
    embeddings.embed(pixels, rows);
    return rows;
  }
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/models/detail/vit.hpp>
#endif
