// SPDX-License-Identifier: MIT
// Body of checkpoint/weights.hpp.
#pragma once

#include <regard/checkpoint/detail/problems.hpp>
#include <regard/checkpoint/weights.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

namespace regard::inline REGARD_ABI {

namespace detail {

/// One little-endian number at any address.
template <class Number>
Number load_little_endian(const std::byte* from) {
  std::array<std::byte, sizeof(Number)> bytes;
  std::memcpy(bytes.data(), from, sizeof(Number));
  if constexpr (std::endian::native == std::endian::big)
    std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<Number>(bytes);
}

/// A plain loop without branches or calls, which compilers turn into vector instructions.
template <class Stored, class Scalar, class Function>
void convert_each(const std::byte* from, std::span<Scalar> numbers, Function value) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = static_cast<Scalar>(value(load_little_endian<Stored>(from + i * sizeof(Stored))));
}

template <class Scalar>
inline constexpr DataType stored_type = std::is_same_v<Scalar, double> ? DataType::f64 : DataType::f32;

/// Whether the bytes can be used where they are.
template <class Scalar>
bool is_in_place(const TensorInfo& tensor) {
  return std::endian::native == std::endian::little && tensor.dtype == stored_type<Scalar> &&
         reinterpret_cast<std::uintptr_t>(tensor.bytes.data()) % alignof(Scalar) == 0;
}

/// Notes what keeps `tensor` from being used as weights of that shape. @return true when nothing does.
REGARD_LAZY
bool check_tensor(const TensorInfo& tensor, std::span<const Index> shape, Problems& problems) {
  const std::string subject = "tensor " + quote(tensor.name) + ": ";
  if (!std::equal(tensor.shape.begin(), tensor.shape.end(), shape.begin(), shape.end()))
    problems.malformed(subject + "found shape " + shape_text(tensor.shape) + ", expected " +
                       shape_text(shape));
  else if (!is_weight_type(tensor.dtype))
    problems.unsupported(subject + "found dtype " + std::string(to_string(tensor.dtype)) +
                         ", expected one of F16, BF16, F32, F64");
  else
    return true;
  return false;
}

REGARD_LAZY
std::string missing_text(std::string_view name, std::span<const Index> shape) {
  return "tensor " + quote(name) + ": found nothing, expected shape " + shape_text(shape);
}

/// Weights from a tensor that passed check_tensor.
template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> load_checked(const TensorInfo& tensor, const Shape<Rank>& shape,
                                        const std::shared_ptr<const void>& keep_alive) {
  static_assert(std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>,
                "weights are float or double");
  if (is_in_place<Scalar>(tensor))
    return {{reinterpret_cast<const Scalar*>(tensor.bytes.data()), shape}, keep_alive};
  Tensor<Scalar, Rank> numbers;
  numbers.resize(shape);
  convert(tensor.dtype, tensor.bytes, numbers.flat());
  return share(std::move(numbers));
}

} // namespace detail

constexpr float float_from_half(std::uint16_t bits) {
  // Moved into place, the five exponent bits stand for an exponent that is 127 - 15 too low. Exponent 31
  // (infinity, NaN) has to become 255 and gets the difference twice. Exponent 0 has no implicit leading bit:
  // counted as if it had one, the value is 2^-14 too large. All of it is arithmetic on normal numbers, so
  // flush-to-zero modes do no harm; and it is arithmetic without a comparison, so every compiler vectorises
  // it.
  constexpr std::uint32_t rebias = (127u - 15u) << 23;
  const std::uint32_t moved = (bits & 0x7fffu) << 13, exponent = moved >> 23;
  const std::uint32_t is_special = 0u - ((exponent + 1) >> 5); // all ones for exponent 31
  const std::uint32_t is_small = 0u - ((exponent - 1) >> 31);  // all ones for exponent 0
  const std::uint32_t normal = moved + rebias + (rebias & is_special);
  const float small = std::bit_cast<float>(moved + rebias + (1u << 23)) - 0x1p-14f;
  const std::uint32_t magnitude = (normal & ~is_small) | (std::bit_cast<std::uint32_t>(small) & is_small);
  return std::bit_cast<float>(magnitude | (bits & 0x8000u) << 16);
}

constexpr float float_from_bfloat16(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

template <class Lazy>
bool is_weight_type(DataType type) {
  return type == DataType::f16 || type == DataType::bf16 || type == DataType::f32 || type == DataType::f64;
}

template <class Scalar>
void convert(DataType type, std::span<const std::byte> bytes, std::span<Scalar> numbers) {
  if (!is_weight_type(type) || bytes.size() / (bits_per_element(type) / 8) != numbers.size() ||
      bytes.size() % (bits_per_element(type) / 8) != 0)
    throw InvalidArgument("convert: found " + std::to_string(bytes.size()) + " bytes of " +
                          std::string(to_string(type)) + ", expected " + std::to_string(numbers.size()) +
                          " numbers of F16, BF16, F32 or F64");
  const auto same = [](auto number) { return number; };
  if (type == DataType::f16)
    detail::convert_each<std::uint16_t>(bytes.data(), numbers,
                                        [](std::uint16_t bits) { return float_from_half(bits); });
  else if (type == DataType::bf16)
    detail::convert_each<std::uint16_t>(bytes.data(), numbers,
                                        [](std::uint16_t bits) { return float_from_bfloat16(bits); });
  else if (type == DataType::f32)
    detail::convert_each<float>(bytes.data(), numbers, same);
  else
    detail::convert_each<double>(bytes.data(), numbers, same);
}

template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> load_tensor(const SafeTensors& file, std::string_view name,
                                       const Shape<Rank>& shape) {
  const TensorInfo* const tensor = file.find(name);
  if (tensor == nullptr)
    throw MalformedFile(file.file(), detail::missing_text(name, shape));
  detail::Problems problems;
  detail::check_tensor(*tensor, shape, problems);
  problems.throw_if_any(file.file());
  return detail::load_checked<Scalar>(*tensor, shape, file.keep_alive());
}

} // namespace regard::inline REGARD_ABI
