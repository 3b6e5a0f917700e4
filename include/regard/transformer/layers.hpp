// SPDX-License-Identifier: MIT
// The parts of a transformer block: their weights as views of the caller's memory, and the few settings they
// have.
#pragma once

#include <regard/core/shared_tensor.hpp>

#include <span>
#include <vector>

namespace regard::inline REGARD_ABI {

/// y = x W^T + b, with `weight` [outputs, inputs] and `bias` [outputs] as PyTorch's nn.Linear stores them.
template <class Scalar>
struct Linear {
  SharedTensor<Scalar, 2> weight;
  SharedTensor<Scalar, 1> bias;

  Index inputs() const { return weight.extent(1); }
  Index outputs() const { return weight.extent(0); }
};

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias over the last dimension, with the biased
/// variance (Ba et al. 2016). `weight` and `bias` are [width].
template <class Scalar>
struct LayerNorm {
  SharedTensor<Scalar, 1> weight;
  SharedTensor<Scalar, 1> bias;
  double epsilon = 1e-12;
};

/// Activation of the feed-forward part (Hendrycks and Gimpel 2016 for GELU).
enum class Activation {
  gelu,      ///< x Phi(x), exact, through erf
  gelu_tanh, ///< x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))
  relu,      ///< max(0, x)
};

/// Where a block normalises.
enum class NormPosition {
  before, ///< x + f(norm(x)), as in ViT
  after,  ///< norm(x + f(x)), as in BERT
};

/// Rows of a ragged batch: input b has rows `begin(b)` to `end(b)` of one matrix; nothing is padded.
class RowOffsets {
 public:
  RowOffsets() : offsets_{0} {}
  /// @param lengths  number of tokens of each input.
  explicit RowOffsets(std::span<const Index> lengths) : RowOffsets() {
    for (const Index length : lengths)
      append(length);
  }

  void append(Index length) { offsets_.push_back(offsets_.back() + length); }
  void clear() { offsets_.resize(1); }

  Index inputs() const { return offsets_.size() - 1; }
  Index rows() const { return offsets_.back(); }
  Index begin(Index input) const { return offsets_[input]; }
  Index end(Index input) const { return offsets_[input + 1]; }
  Index length(Index input) const { return end(input) - begin(input); }

 private:
  std::vector<Index> offsets_;
};

} // namespace regard::inline REGARD_ABI
