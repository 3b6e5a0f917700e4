// SPDX-License-Identifier: MIT
// The one tensor abstraction: an owning, row-major, contiguous `Tensor`, and a non-owning `TensorView` of it
// or of any memory of the caller's.
//
//     regard::Tensor<float, 3> attention({heads, tokens, tokens});   // zeros
//     attention(0, 1, 2) = 0.5f;                                     // one element
//     auto head = attention[0];                                      // TensorView<float, 2>: no copy
//     float mass = head.matrix().row(1).sum();                       // an Eigen map of the same memory
//
// Indices and shapes are checked, and throw BoundsError, where NDEBUG is not defined; with NDEBUG the checks
// are not compiled.
#pragma once

#include <regard/core/error.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <type_traits>

namespace regard::inline REGARD_ABI {

/// Sizes and positions: elements, tokens, layers, heads.
using Index = std::size_t;

/// Extents of a tensor, outermost first.
template <std::size_t Rank>
using Shape = std::array<Index, Rank>;

/// Row-major matrix type behind `matrix()`.
template <class Scalar>
using RowMatrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

namespace detail {

#if defined(NDEBUG)
inline constexpr bool check_bounds = false;
#else
inline constexpr bool check_bounds = true;
#endif

template <std::size_t Rank>
constexpr Index product(const Shape<Rank>& shape) {
  Index count = 1;
  for (const Index extent : shape)
    count *= extent;
  return count;
}

template <std::size_t Rank>
std::string to_string(const Shape<Rank>& shape) {
  std::string text = "[";
  for (std::size_t d = 0; d < Rank; ++d)
    text += (d == 0 ? "" : ", ") + std::to_string(shape[d]);
  return text + "]";
}

template <std::size_t Rank>
[[noreturn]] void throw_index(std::size_t dimension, Index index, const Shape<Rank>& shape) {
  throw BoundsError("tensor index " + std::to_string(index) + " in dimension " + std::to_string(dimension) +
                    " is out of range for shape " + to_string(shape));
}

} // namespace detail

/// A non-owning view of `Rank` dimensions over contiguous row-major memory. Cheap to copy; the memory must
/// outlive it. `TensorView<const Scalar, Rank>` is the read-only form and converts from the mutable one.
template <class Scalar, std::size_t Rank>
class TensorView {
  static_assert(Rank >= 1, "a TensorView has at least one dimension");

 public:
  using Value = std::remove_const_t<Scalar>;

  TensorView() = default;

  /// @param data  first element; `shape` says how many follow it.
  TensorView(Scalar* data, const Shape<Rank>& shape) : data_(data), shape_(shape) {}

  /// A read-only view of a mutable one.
  template <class Other>
  requires(std::is_const_v<Scalar>&& std::is_same_v<Other, Value>)
      TensorView(const TensorView<Other, Rank>& other)
      : data_(other.data()), shape_(other.shape()) {}

  Scalar* data() const { return data_; }
  const Shape<Rank>& shape() const { return shape_; }
  Index extent(std::size_t dimension) const { return shape_[dimension]; }
  Index size() const { return detail::product(shape_); }
  bool empty() const { return size() == 0; }

  /// All elements in row-major order.
  std::span<Scalar> flat() const { return {data_, size()}; }
  Scalar* begin() const { return data_; }
  Scalar* end() const { return data_ + size(); }

  /// One element, by one index a dimension.
  template <class... Indices>
  Scalar& operator()(Indices... indices) const {
    static_assert(sizeof...(Indices) == Rank, "expected as many indices as dimensions");
    const Shape<Rank> at{static_cast<Index>(indices)...};
    Index offset = 0;
    for (std::size_t d = 0; d < Rank; ++d) {
      check(d, at[d]);
      offset = offset * shape_[d] + at[d];
    }
    return data_[offset];
  }

  /// Slice `index` of the outermost dimension; of a one-dimensional view, the element.
  decltype(auto) operator[](Index index) const {
    check(0, index);
    if constexpr (Rank == 1) {
      return static_cast<Scalar&>(data_[index]);
    } else {
      Shape<Rank - 1> inner;
      std::copy(shape_.begin() + 1, shape_.end(), inner.begin());
      return TensorView<Scalar, Rank - 1>(data_ + index * detail::product(inner), inner);
    }
  }

  /// Slices `begin` to `end` (exclusive) of the outermost dimension.
  TensorView slice(Index begin, Index end) const {
    if constexpr (detail::check_bounds)
      if (begin > end || end > shape_[0])
        detail::throw_index(0, end, shape_);
    Shape<Rank> shape = shape_;
    shape[0] = end - begin;
    const Index stride = shape_[0] == 0 ? 0 : size() / shape_[0];
    return TensorView(data_ + begin * stride, shape);
  }

  /// The same elements in another shape of the same size.
  template <std::size_t NewRank>
  TensorView<Scalar, NewRank> reshape(const Shape<NewRank>& shape) const {
    if constexpr (detail::check_bounds)
      if (detail::product(shape) != size())
        throw BoundsError("cannot reshape " + detail::to_string(shape_) + " to " + detail::to_string(shape));
    return TensorView<Scalar, NewRank>(data_, shape);
  }

  /// An Eigen map of a two-dimensional view.
  auto matrix() const requires(Rank == 2) {
    using Matrix = std::conditional_t<std::is_const_v<Scalar>, const RowMatrix<Value>, RowMatrix<Value>>;
    return Eigen::Map<Matrix>(data_, static_cast<Eigen::Index>(shape_[0]),
                              static_cast<Eigen::Index>(shape_[1]));
  }

  /// An Eigen map, as a column vector, of a one-dimensional view.
  auto vector() const requires(Rank == 1) {
    using Column = Eigen::Matrix<Value, Eigen::Dynamic, 1>;
    using Vector = std::conditional_t<std::is_const_v<Scalar>, const Column, Column>;
    return Eigen::Map<Vector>(data_, static_cast<Eigen::Index>(shape_[0]));
  }

 private:
  void check([[maybe_unused]] std::size_t dimension, [[maybe_unused]] Index index) const {
    if constexpr (detail::check_bounds)
      if (index >= shape_[dimension])
        detail::throw_index(dimension, index, shape_);
  }

  Scalar* data_ = nullptr;
  Shape<Rank> shape_{};
};

/// An owning, row-major, contiguous tensor of `Rank` dimensions. Memory is aligned to 64 bytes whatever the
/// compiler flags are. `resize` keeps the memory when it suffices, so a workspace stops allocating.
template <class Scalar, std::size_t Rank>
class Tensor {
  static_assert(std::is_trivially_copyable_v<Scalar>, "a Tensor holds plain numbers");

 public:
  using Value = Scalar;

  Tensor() = default;

  /// Zeros.
  explicit Tensor(const Shape<Rank>& shape) {
    resize(shape);
    fill(Scalar{});
  }

  /// A copy of what a view shows.
  template <class Other>
  requires std::is_same_v<std::remove_const_t<Other>, Scalar>
  explicit Tensor(const TensorView<Other, Rank>& source) {
    resize(source.shape());
    std::copy(source.begin(), source.end(), begin());
  }

  Tensor(const Tensor& other) : Tensor(other.view()) {}
  Tensor(Tensor&& other) noexcept { swap(other); }
  Tensor& operator=(Tensor other) noexcept {
    swap(other);
    return *this;
  }
  ~Tensor() = default;

  void swap(Tensor& other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(capacity_, other.capacity_);
    memory_.swap(other.memory_);
  }

  /// A new shape; the elements are unspecified afterwards. Allocates only beyond the largest size so far.
  void resize(const Shape<Rank>& shape) {
    const Index count = detail::product(shape);
    if (count > capacity_) {
      memory_.reset();
      capacity_ = 0;
      if (count > static_cast<Index>(-1) / 2 / sizeof(Scalar))
        throw std::bad_alloc();
      memory_.reset(static_cast<Scalar*>(::operator new(count * sizeof(Scalar), alignment)));
      capacity_ = count;
    }
    shape_ = shape;
  }

  void fill(Scalar value) { std::fill(begin(), end(), value); }

  TensorView<Scalar, Rank> view() & { return {memory_.get(), shape_}; }
  TensorView<const Scalar, Rank> view() const& { return {memory_.get(), shape_}; }
  TensorView<Scalar, Rank> view() && = delete; ///< it would outlive the memory: keep the tensor in a variable
  operator TensorView<Scalar, Rank>() { return {memory_.get(), shape_}; }
  operator TensorView<const Scalar, Rank>() const { return {memory_.get(), shape_}; }

  Scalar* data() { return memory_.get(); }
  const Scalar* data() const { return memory_.get(); }
  const Shape<Rank>& shape() const { return shape_; }
  Index extent(std::size_t dimension) const { return shape_[dimension]; }
  Index size() const { return memory_ ? detail::product(shape_) : 0; }
  bool empty() const { return size() == 0; }
  Scalar* begin() { return data(); }
  Scalar* end() { return data() + size(); }
  const Scalar* begin() const { return data(); }
  const Scalar* end() const { return data() + size(); }
  std::span<Scalar> flat() { return {data(), size()}; }
  std::span<const Scalar> flat() const { return {data(), size()}; }

  template <class... Indices>
  Scalar& operator()(Indices... indices) {
    return view()(indices...);
  }
  template <class... Indices>
  const Scalar& operator()(Indices... indices) const {
    return view()(indices...);
  }
  decltype(auto) operator[](Index index) { return view()[index]; }
  decltype(auto) operator[](Index index) const { return view()[index]; }
  auto slice(Index begin, Index end) { return view().slice(begin, end); }
  auto slice(Index begin, Index end) const { return view().slice(begin, end); }
  auto matrix() requires(Rank == 2) { return view().matrix(); }
  auto matrix() const requires(Rank == 2) { return view().matrix(); }
  auto vector() requires(Rank == 1) { return view().vector(); }
  auto vector() const requires(Rank == 1) { return view().vector(); }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(Scalar* memory) const { ::operator delete(memory, alignment); }
  };

  Shape<Rank> shape_{};
  Index capacity_ = 0;
  std::unique_ptr<Scalar, Free> memory_;
};

} // namespace regard::inline REGARD_ABI
