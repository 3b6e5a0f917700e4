// SPDX-License-Identifier: MIT
// Body of models/vit.hpp.
#pragma once

#include <regard/models/vit.hpp>

#include <array>
#include <cmath>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Where one output sample of a bicubic interpolation reads its input, and with which weights.
struct CubicTaps {
  std::array<Index, 4> index;
  std::array<double, 4> weight;
};

/// Keys' cubic convolution with a = -0.75, at half-pixel centres, clamped at the border: what PyTorch's
/// `interpolate(mode="bicubic", align_corners=False)` computes.
REGARD_LAZY
std::vector<CubicTaps> cubic_taps(Index inputs, Index outputs) {
  constexpr double a = -0.75;
  const auto near = [](double x) { return ((a + 2) * x - (a + 3)) * x * x + 1; };
  const auto far = [](double x) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; };
  const double scale = static_cast<double>(inputs) / static_cast<double>(outputs);
  std::vector<CubicTaps> taps(outputs);
  for (Index o = 0; o < outputs; ++o) {
    const double center = scale * (static_cast<double>(o) + 0.5) - 0.5;
    const double first = std::floor(center), t = center - first;
    taps[o].weight = {far(t + 1), near(t), near(1 - t), far(2 - t)};
    for (std::size_t k = 0; k < 4; ++k) {
      const double at = first + static_cast<double>(k) - 1;
      taps[o].index[k] = static_cast<Index>(std::clamp(at, 0.0, static_cast<double>(inputs - 1)));
    }
  }
  return taps;
}

/// Visits a patch pixel by pixel in the order of the projection's weights: use(position in the patch, pixel).
template <class Scalar, class Use>
void visit_patch(TensorView<Scalar, 3> pixels, Index row, Index column, Index height, Index width, Use use) {
  Index k = 0;
  for (Index channel = 0; channel < pixels.extent(0); ++channel)
    for (Index y = 0; y < height; ++y) {
      Scalar* const line =
          pixels.data() + (channel * pixels.extent(1) + row * height + y) * pixels.extent(2) + column * width;
      for (Index x = 0; x < width; ++x)
        use(k++, line[x]);
    }
}

} // namespace detail

template <class Scalar>
PatchEmbeddings<Scalar>::PatchEmbeddings(Linear<Scalar> projection, SharedTensor<Scalar, 2> special,
                                         SharedTensor<Scalar, 2> positions, PatchGrid grid,
                                         Index patch_height, Index patch_width)
    : projection_(std::move(projection)), special_(std::move(special)), positions_(std::move(positions)),
      grid_(grid), patch_height_(patch_height), patch_width_(patch_width) {
  const Index area = patch_height_ * patch_width_;
  if (area == 0 || grid_.patches() == 0)
    throw InvalidArgument("patches: found " + std::to_string(grid_.rows) + " x " +
                          std::to_string(grid_.columns) + " of " + std::to_string(patch_height_) + " x " +
                          std::to_string(patch_width_) + " pixels, expected no 0");
  if (projection_.inputs() == 0 || projection_.inputs() % area != 0 ||
      projection_.bias.extent(0) != projection_.outputs())
    throw InvalidArgument("the patch projection has weight " +
                          detail::to_string(projection_.weight.view.shape()) + " and bias " +
                          detail::to_string(projection_.bias.view.shape()) + ", expected a multiple of " +
                          std::to_string(area) + " inputs");
  const Shape<2> expected{special_.extent(0) + grid_.patches(), width()};
  if (special_.extent(0) == 0 || special_.extent(1) != width() || positions_.view.shape() != expected)
    throw InvalidArgument("special tokens " + detail::to_string(special_.view.shape()) +
                          " and position embeddings " + detail::to_string(positions_.view.shape()) +
                          ", expected [1 or more, " + std::to_string(width()) + "] and " +
                          detail::to_string(expected));
}

template <class Scalar>
PatchGrid PatchEmbeddings<Scalar>::check(const Shape<3>& pixels, const Shape<2>& rows) const {
  const PatchGrid found = grid(pixels[1], pixels[2]);
  if (pixels[0] != channels() || found.patches() == 0)
    throw InvalidArgument("the pixels have shape " + detail::to_string(pixels) + ", expected [" +
                          std::to_string(channels()) + ", " + std::to_string(patch_height_) + " or more, " +
                          std::to_string(patch_width_) + " or more]");
  if (const Shape<2> expected{special_tokens() + found.patches(), width()}; rows != expected)
    throw InvalidArgument("the rows have shape " + detail::to_string(rows) + ", expected " +
                          detail::to_string(expected));
  return found;
}

template <class Scalar>
Tensor<Scalar, 2> PatchEmbeddings<Scalar>::patch_positions(PatchGrid grid) const {
  const auto trained = positions_.view.slice(special_tokens(), positions_.extent(0));
  if (grid == grid_)
    return Tensor<Scalar, 2>(trained);
  const auto rows = detail::cubic_taps(grid_.rows, grid.rows);
  const auto columns = detail::cubic_taps(grid_.columns, grid.columns);
  Tensor<Scalar, 2> result({grid.patches(), width()});
  std::vector<double> sum(width());
  for (Index r = 0; r < grid.rows; ++r)
    for (Index c = 0; c < grid.columns; ++c) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t j = 0; j < 4; ++j) {
          const double weight = rows[r].weight[i] * columns[c].weight[j];
          const auto source = trained[rows[r].index[i] * grid_.columns + columns[c].index[j]];
          for (Index k = 0; k < width(); ++k)
            sum[k] += weight * static_cast<double>(source[k]);
        }
      const auto out = result[r * grid.columns + c];
      for (Index k = 0; k < width(); ++k)
        out[k] = static_cast<Scalar>(sum[k]);
    }
  return result;
}

template <class Scalar>
void PatchEmbeddings<Scalar>::embed(TensorView<const Scalar, 3> pixels, TensorView<Scalar, 2> rows) const {
  const PatchGrid found = check(pixels.shape(), rows.shape());
  Tensor<Scalar, 2> patches({found.patches(), projection_.inputs()});
  for (Index r = 0; r < found.rows; ++r)
    for (Index c = 0; c < found.columns; ++c) {
      const auto patch = patches[r * found.columns + c];
      detail::visit_patch(pixels, r, c, patch_height_, patch_width_,
                          [&](Index k, const Scalar& pixel) { patch[k] = pixel; });
    }
  const Index special = special_tokens();
  detail::apply<Scalar>(projection_, patches, rows[special].data(), width());
  const auto add = [](TensorView<Scalar, 1> row, TensorView<const Scalar, 1> position) {
    for (Index k = 0; k < row.extent(0); ++k)
      row[k] += position[k];
  };
  for (Index t = 0; t < special; ++t) {
    std::copy(special_.view[t].begin(), special_.view[t].end(), rows[t].begin());
    add(rows[t], positions_.view[t]);
  }
  if (found == grid_) {
    for (Index p = 0; p < found.patches(); ++p)
      add(rows[special + p], positions_.view[special + p]);
  } else {
    const Tensor<Scalar, 2> positions = patch_positions(found);
    for (Index p = 0; p < found.patches(); ++p)
      add(rows[special + p], positions[p]);
  }
}

template <class Scalar>
void PatchEmbeddings<Scalar>::backward(TensorView<const Scalar, 2> gradient,
                                       TensorView<Scalar, 3> pixels) const {
  const PatchGrid found = check(pixels.shape(), gradient.shape());
  Tensor<Scalar, 2> patches({found.patches(), projection_.inputs()});
  detail::apply_transposed<Scalar>(projection_, found.patches(), detail::operand(gradient, special_tokens()),
                                   patches);
  std::fill(pixels.begin(), pixels.end(), Scalar(0));
  for (Index r = 0; r < found.rows; ++r)
    for (Index c = 0; c < found.columns; ++c) {
      const auto patch = patches[r * found.columns + c];
      detail::visit_patch(pixels, r, c, patch_height_, patch_width_,
                          [&](Index k, Scalar& pixel) { pixel = patch[k]; });
    }
}

} // namespace regard::inline REGARD_ABI
