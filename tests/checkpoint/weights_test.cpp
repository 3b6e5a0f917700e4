// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/checkpoint/weights.hpp>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using regard::DataType;
using regard::MalformedFile;
using regard::SafeTensors;
using regard::UnsupportedFile;
using regard_test::check_holds;
using regard_test::entry;
using regard_test::message_of;
using regard_test::safetensors;
using regard_test::TemporaryFolder;

namespace {

/// What IEEE 754 says that a binary format of these field widths stands for; NaN for every NaN.
double formula(std::uint32_t bits, int exponent_bits, int fraction_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto fraction = static_cast<double>(bits & ((1u << fraction_bits) - 1));
  const int exponent = static_cast<int>((bits >> fraction_bits) & ((1u << exponent_bits) - 1));
  const double sign = (bits >> (exponent_bits + fraction_bits)) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1)
    return fraction != 0 ? std::numeric_limits<double>::quiet_NaN() : sign * HUGE_VAL;
  if (exponent == 0)
    return sign * std::ldexp(fraction, 1 - bias - fraction_bits);
  return sign * std::ldexp(fraction + std::ldexp(1.0, fraction_bits), exponent - bias - fraction_bits);
}

/// The same number with the same sign, or both NaN.
template <class Scalar>
bool same(Scalar actual, double expected) {
  if (std::isnan(expected))
    return std::isnan(actual);
  return static_cast<double>(actual) == expected && std::signbit(actual) == std::signbit(expected);
}

template <class Number>
std::string bytes_of(const std::vector<Number>& numbers) {
  std::string bytes(numbers.size() * sizeof(Number), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

template <class Scalar>
bool is_aligned(const Scalar* data) {
  return reinterpret_cast<std::uintptr_t>(data) % alignof(Scalar) == 0;
}

} // namespace

TEMPLATE_TEST_CASE("every F16 and BF16 pattern is read exactly, at any address", "[weights]", float, double) {
  const auto type = GENERATE(DataType::f16, DataType::bf16);
  const std::size_t shift = GENERATE(0u, 1u);
  std::vector<std::uint16_t> patterns;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits)
    patterns.push_back(static_cast<std::uint16_t>(bits));
  const std::string bytes = std::string(shift, '\0') + bytes_of(patterns);
  std::vector<TestType> numbers(patterns.size());
  regard::convert<TestType>(type, std::as_bytes(std::span(bytes)).subspan(shift), numbers);
  std::size_t wrong = 0;
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits)
    wrong += same(numbers[bits], type == DataType::f16 ? formula(bits, 5, 10) : formula(bits, 8, 7)) ? 0 : 1;
  CHECK(wrong == 0);
}

TEST_CASE("a NaN keeps its sign and its payload", "[weights]") {
  CHECK(std::bit_cast<std::uint32_t>(regard::float_from_half(0xfe01)) == 0xffc02000u);
  CHECK(std::bit_cast<std::uint32_t>(regard::float_from_bfloat16(0xffc1)) == 0xffc10000u);
  static_assert(regard::float_from_half(0x0001) == 0x1p-24f);
  static_assert(regard::float_from_half(0x3c00) == 1.0f);
  static_assert(regard::float_from_bfloat16(0xc000) == -2.0f);
}

TEMPLATE_TEST_CASE("F32 and F64 are read exactly where the type can hold them", "[weights]", float, double) {
  const std::vector<float> floats{0.0f, -0.0f, 0.1f, -3e38f, 1e-45f, HUGE_VALF, -HUGE_VALF, NAN};
  std::vector<TestType> numbers(floats.size());
  const std::string single = bytes_of(floats);
  regard::convert<TestType>(DataType::f32, std::as_bytes(std::span(single)), numbers);
  for (std::size_t i = 0; i < floats.size(); ++i)
    CHECK(same(numbers[i], static_cast<double>(floats[i])));
  const std::vector<double> doubles{0.1, -0.0, 5e-324, HUGE_VAL, NAN, 1e300};
  const std::string twice = bytes_of(doubles);
  numbers.resize(doubles.size());
  regard::convert<TestType>(DataType::f64, std::as_bytes(std::span(twice)), numbers);
  for (std::size_t i = 0; i < doubles.size(); ++i)
    CHECK(same(numbers[i], static_cast<double>(static_cast<TestType>(doubles[i]))));
}

TEST_CASE("converting checks type and size", "[weights]") {
  std::vector<float> numbers(2);
  const std::vector<std::byte> bytes(9);
  const std::span<const std::byte> all(bytes);
  CHECK_THROWS_AS(regard::convert<float>(DataType::i32, all.first(8), numbers), regard::InvalidArgument);
  CHECK_THROWS_AS(regard::convert<float>(DataType::f4, all.first(1), numbers), regard::InvalidArgument);
  CHECK_THROWS_AS(regard::convert<float>(DataType::f32, all.first(4), numbers), regard::InvalidArgument);
  CHECK_THROWS_AS(regard::convert<float>(DataType::f32, all, numbers), regard::InvalidArgument);
}

TEMPLATE_TEST_CASE("aligned weights of the same type are not copied; others are, to the same values",
                   "[weights]", float, double) {
  const std::string type = sizeof(TestType) == 4 ? "F32" : "F64";
  const std::vector<TestType> numbers{1, -2, TestType(0.1), 4, 5, 6};
  const std::size_t size = numbers.size() * sizeof(TestType);
  std::string header = '{' + entry("a", type, "[2,3]", 0, size) + '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  const TemporaryFolder folder;
  const bool aligned = GENERATE(true, false);
  const auto path = folder.write("model", safetensors(aligned ? header : header + ' ', bytes_of(numbers)));
  const auto file = SafeTensors::open(path);
  const auto weights = regard::load_tensor<TestType, 2>(file, "a", {2, 3});
  const bool in_place = static_cast<const void*>(weights.view.data()) == file.find("a")->bytes.data();
  CHECK(in_place == aligned);
  CHECK(is_aligned(weights.view.data()));
  CHECK(std::equal(numbers.begin(), numbers.end(), weights.view.begin(), weights.view.end()));
}

TEST_CASE("weights keep what they show alive", "[weights]") {
  const TemporaryFolder folder;
  const auto path = folder.write(
      "model", safetensors('{' + entry("a", "F32", "[1]", 0, 4) + "} ", bytes_of(std::vector<float>{7})));
  const auto as_float = regard::load_tensor<float, 1>(SafeTensors::open(path), "a", {1});
  const auto as_double = regard::load_tensor<double, 1>(SafeTensors::open(path), "a", {1});
  CHECK(as_float.view(0) == 7.0f);
  CHECK(as_double.view(0) == 7.0);
  regard::Tensor<float, 2> own({2, 2});
  own(1, 0) = 3;
  const auto shared = regard::share(std::move(own));
  CHECK(shared.view(1, 0) == 3.0f);
}

TEST_CASE("tensors without elements are harmless", "[weights]") {
  const TemporaryFolder folder;
  const auto path = folder.write("model", safetensors('{' + entry("a", "F16", "[0,3]", 0, 0) + '}'));
  CHECK(regard::load_tensor<float, 2>(SafeTensors::open(path), "a", {0, 3}).view.size() == 0);
}

TEST_CASE("a missing, misshapen or integer tensor is refused by name", "[weights]") {
  const TemporaryFolder folder;
  const auto path = folder.write("model", safetensors('{' + entry("a", "F32", "[2,3]", 0, 24) + ',' +
                                                          entry("i", "I64", "[1]", 24, 32) + '}',
                                                      std::string(32, '\0')));
  const auto file = SafeTensors::open(path);
  check_holds(message_of<MalformedFile>([&] { regard::load_tensor<float, 1>(file, "b", {4}); }),
              {path.string(), "tensor \"b\": found nothing, expected shape [4]"});
  check_holds(message_of<MalformedFile>([&] {
                regard::load_tensor<float, 2>(file, "a", {3, 2});
              }),
              {path.string(), "tensor \"a\": found shape [2, 3], expected [3, 2]"});
  check_holds(message_of<MalformedFile>([&] { regard::load_tensor<float, 1>(file, "a", {6}); }),
              {"found shape [2, 3], expected [6]"});
  check_holds(message_of<UnsupportedFile>([&] { regard::load_tensor<float, 1>(file, "i", {1}); }),
              {path.string(), "tensor \"i\": found dtype I64, expected one of F16, BF16, F32, F64"});
}
