// SPDX-License-Identifier: MIT
// Tensors that are only read and whose memory is shared: the weights of a model.
#pragma once

#include <regard/tensor.hpp>

#include <memory>
#include <utility>

namespace regard::inline REGARD_ABI {

/// A read-only tensor and what keeps its memory alive: a mapped file, memory of its own, or nothing when the
/// caller looks after it. Cheap to copy.
template <class Scalar, std::size_t Rank>
struct SharedTensor {
  TensorView<const Scalar, Rank> view;
  std::shared_ptr<const void> keep_alive; ///< owns the memory behind `view`

  operator TensorView<const Scalar, Rank>() const { return view; }
  const Scalar* data() const { return view.data(); }
  Index extent(std::size_t dimension) const { return view.extent(dimension); }
};

/// Shares a tensor that the caller made.
template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> share(Tensor<Scalar, Rank> tensor) {
  auto owned = std::make_shared<const Tensor<Scalar, Rank>>(std::move(tensor));
  const TensorView<const Scalar, Rank> view = owned->view();
  return {view, std::move(owned)};
}

} // namespace regard::inline REGARD_ABI
