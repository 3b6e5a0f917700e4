// SPDX-License-Identifier: MIT
// A register's worth of numbers. The width follows the compiler's flags; every operation works lane by lane,
// so a number's result never depends on its position. Sums run over lanes in a fixed order.
#pragma once

#include <regard/tensor.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace regard::inline REGARD_ABI::detail {

#if defined(__AVX512F__)
inline constexpr std::size_t simd_bytes = 64;
inline constexpr Index simd_registers = 32;
#elif defined(__AVX__)
inline constexpr std::size_t simd_bytes = 32;
inline constexpr Index simd_registers = 16;
#else
inline constexpr std::size_t simd_bytes = 16;
inline constexpr Index simd_registers = 16;
#endif

/// `lanes` numbers in one register where the compiler has vector types, an array elsewhere.
template <class Scalar>
struct Pack {
  static constexpr Index lanes = simd_bytes / sizeof(Scalar);

#if defined(__GNUC__)
  using Native [[gnu::vector_size(simd_bytes)]] = Scalar;
  using Integer = std::conditional_t<sizeof(Scalar) == 4, std::int32_t, std::int64_t>;
  using Bits [[gnu::vector_size(simd_bytes)]] = Integer; ///< as many integers, of a lane's size
#else
  struct Native {
    Scalar lane[lanes];
    Scalar operator[](Index i) const { return lane[i]; }
    friend Native operator*(const Native& a, const Native& b) {
      Native c;
      for (Index i = 0; i < lanes; ++i)
        c.lane[i] = a.lane[i] * b.lane[i];
      return c;
    }
    friend Native operator+(const Native& a, const Native& b) {
      Native c;
      for (Index i = 0; i < lanes; ++i)
        c.lane[i] = a.lane[i] + b.lane[i];
      return c;
    }
    friend Native operator-(const Native& a, const Native& b) {
      Native c;
      for (Index i = 0; i < lanes; ++i)
        c.lane[i] = a.lane[i] - b.lane[i];
      return c;
    }
  };
#endif

  /// From memory of any alignment.
  static Native load(const Scalar* from) {
    Native pack;
    std::memcpy(&pack, from, sizeof(pack));
    return pack;
  }
  static void store(Scalar* to, const Native& pack) {
    std::memcpy(to, &pack, sizeof(pack));
  }
  static Native broadcast(Scalar value) {
#if defined(__GNUC__)
    return value - Native{};
#else
    Native pack;
    std::fill(pack.lane, pack.lane + lanes, value);
    return pack;
#endif
  }

  /// The first `count` <= lanes numbers; the other lanes hold `rest`.
  static Native load(const Scalar* from, Index count, Scalar rest = 0) {
    if (count == lanes)
      return load(from);
    Native pack = broadcast(rest);
    std::memcpy(&pack, from, count * sizeof(Scalar));
    return pack;
  }
  static void store(Scalar* to, const Native& pack, Index count) {
    if (count == lanes)
      store(to, pack);
    else
      std::memcpy(to, &pack, count * sizeof(Scalar));
  }
};

/// Calls body(i, n) for the packs of a row: elements i, ..., i + n - 1, where n is the number of lanes but in
/// the last one. One copy of the body treats all, so an element's bits do not depend on where it stands.
template <class Scalar, class Body>
void for_packs(Index count, Body body) {
  for (Index i = 0; i < count; i += Pack<Scalar>::lanes)
    body(i, std::min(Pack<Scalar>::lanes, count - i));
}

/// The sum over `count` elements of term(i), where `pack_term(i)` gives the terms i, i + 1, ... of one pack.
/// The order of additions depends on `count` alone.
template <class Scalar, class PackTerm, class Term>
Scalar ordered_sum(Index count, PackTerm pack_term, Term term) {
  using P = Pack<Scalar>;
  typename P::Native partial = P::broadcast(0);
  Index i = 0;
  for (; i + P::lanes <= count; i += P::lanes)
    partial = partial + pack_term(i);
  Scalar total = 0;
  for (Index lane = 0; lane < P::lanes; ++lane)
    total += partial[lane];
  for (; i < count; ++i)
    total += term(i);
  return total;
}

/// Sum of the elements of x.
template <class Scalar>
Scalar sum(const Scalar* x, Index count) {
  return ordered_sum<Scalar>(
      count, [x](Index i) { return Pack<Scalar>::load(x + i); }, [x](Index i) { return x[i]; });
}

/// Inner product of x and y.
template <class Scalar>
Scalar dot(const Scalar* x, const Scalar* y, Index count) {
  using P = Pack<Scalar>;
  return ordered_sum<Scalar>(
      count, [x, y](Index i) { return P::load(x + i) * P::load(y + i); },
      [x, y](Index i) { return x[i] * y[i]; });
}

} // namespace regard::inline REGARD_ABI::detail
