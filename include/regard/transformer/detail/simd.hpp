// SPDX-License-Identifier: MIT
// A register's worth of numbers. The width follows the compiler's flags; every operation works lane by lane,
// so a number's result never depends on its position. Sums run over lanes in a fixed order.
#pragma once

#include <regard/tensor.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <type_traits>
#include <utility>

#if defined(__AVX__) && defined(__GNUC__)
#include <immintrin.h>
#endif

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
#if defined(__AVX512F__) && defined(__GNUC__)
    // A masked instruction takes a cycle where a copy of unknown length is a call.
    if constexpr (sizeof(Scalar) == 4)
      return std::bit_cast<Native>(
          _mm512_mask_loadu_ps(std::bit_cast<__m512>(broadcast(rest)), low_lanes(count), from));
    else
      return std::bit_cast<Native>(_mm512_mask_loadu_pd(std::bit_cast<__m512d>(broadcast(rest)),
                                                        static_cast<__mmask8>(low_lanes(count)), from));
#elif defined(__AVX__) && defined(__GNUC__)
    const Bits low = low_lanes(count);
    Native pack;
    if constexpr (sizeof(Scalar) == 4)
      pack = std::bit_cast<Native>(_mm256_maskload_ps(from, std::bit_cast<__m256i>(low)));
    else
      pack = std::bit_cast<Native>(_mm256_maskload_pd(from, std::bit_cast<__m256i>(low)));
    return low < 0 ? pack : broadcast(rest);
#else
    Native pack = broadcast(rest);
    std::memcpy(&pack, from, count * sizeof(Scalar));
    return pack;
#endif
  }
  static void store(Scalar* to, const Native& pack, Index count) {
    if (count == lanes) {
      store(to, pack);
      return;
    }
#if defined(__AVX512F__) && defined(__GNUC__)
    if constexpr (sizeof(Scalar) == 4)
      _mm512_mask_storeu_ps(to, low_lanes(count), std::bit_cast<__m512>(pack));
    else
      _mm512_mask_storeu_pd(to, static_cast<__mmask8>(low_lanes(count)), std::bit_cast<__m512d>(pack));
#elif defined(__AVX__) && defined(__GNUC__)
    const auto low = std::bit_cast<__m256i>(low_lanes(count));
    if constexpr (sizeof(Scalar) == 4)
      _mm256_maskstore_ps(to, low, std::bit_cast<__m256>(pack));
    else
      _mm256_maskstore_pd(to, low, std::bit_cast<__m256d>(pack));
#else
    std::memcpy(to, &pack, count * sizeof(Scalar));
#endif
  }

  /// All lanes joined by `join` of two packs, halves first: a fixed order, in few steps.
  template <class Join>
  static Scalar reduce(Native pack, Join join) {
    return reduce_halves<lanes / 2>(pack, join);
  }

 private:
  template <Index Half, class Join>
  static Scalar reduce_halves(const Native& pack, Join join) {
    if constexpr (Half == 0)
      return pack[0];
    else
      return reduce_halves<Half / 2>(join(pack, rotate<Half>(pack, std::make_index_sequence<lanes>{})), join);
  }
  template <Index By, std::size_t... Lane>
  static Native rotate(const Native& pack, std::index_sequence<Lane...>) {
#if defined(__GNUC__)
    return __builtin_shufflevector(pack, pack, static_cast<int>((Lane + By) % lanes)...);
#else
    return {{pack.lane[(Lane + By) % lanes]...}};
#endif
  }

#if defined(__AVX512F__) && defined(__GNUC__)
  static __mmask16 low_lanes(Index count) {
    return static_cast<__mmask16>((1u << count) - 1);
  }
#elif defined(__AVX__) && defined(__GNUC__)
  static Bits low_lanes(Index count) {
    static constexpr Integer ones_then_zeros[] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
    Bits mask;
    std::memcpy(&mask, ones_then_zeros + 8 - count, sizeof(mask));
    return mask;
  }
#endif
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
  Scalar total = P::reduce(partial, std::plus<>());
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
