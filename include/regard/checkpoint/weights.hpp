// SPDX-License-Identifier: MIT
// Weights as views with a shared keep-alive: of the mapped file itself where type and alignment allow, and of
// converted memory where they do not. A caller need not know which.
//
//     const auto file = regard::SafeTensors::open("model.safetensors");
//     const auto bias = regard::load_tensor<float, 1>(file, "classifier.bias", {2});
//     float first = bias.view(0); // `bias` keeps the file's memory alive, `file` may go
#pragma once

#include <regard/checkpoint/safetensors.hpp>
#include <regard/core/shared_tensor.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// The value of an IEEE 754 binary16 pattern (F16). Exact for every pattern: subnormals, infinities and NaN
/// (which keeps its sign and payload) included.
constexpr float float_from_half(std::uint16_t bits);

/// The value of a bfloat16 pattern (BF16): the upper half of a binary32. Exact.
constexpr float float_from_bfloat16(std::uint16_t bits);

/// Whether weights of that type can be read: F16, BF16, F32 and F64.
REGARD_LAZY bool is_weight_type(DataType type);

/// Reads numbers as they stand in a file. `bytes` holds `numbers.size()` little-endian elements of a weight
/// type, at any address. Exact, except that F64 read as float is rounded to nearest (infinity beyond its
/// range).
/// @throws InvalidArgument when the type is no weight type or the sizes differ.
template <class Scalar>
void convert(DataType type, std::span<const std::byte> bytes, std::span<Scalar> numbers);

/// The tensor of that name, which must have that shape. Not copied when its type is `Scalar` and its address
/// is aligned for it; converted otherwise.
/// @throws MalformedFile when it is missing or has another shape; UnsupportedFile when it is of no weight
/// type.
template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> load_tensor(const SafeTensors& file, std::string_view name,
                                       const Shape<Rank>& shape);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/weights.hpp>
#endif
