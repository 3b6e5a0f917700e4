// SPDX-License-Identifier: MIT
// The one place where the version is written; CMake reads it from here.
#pragma once

#if defined(REGARD_SINGLE_HEADER)
#error "a header of regard is included after its single header: use one or the other"
#endif

#define REGARD_VERSION_MAJOR 0
#define REGARD_VERSION_MINOR 1
#define REGARD_VERSION_PATCH 0
#define REGARD_VERSION_STRING "0.1.0"

// Everything public lives in an inline namespace whose name carries what must agree between two objects that
// exchange regard's types: the version, the vector instructions that the compiler flags select, and whether
// bounds are checked. Objects built with other settings get other symbols: they coexist, and a mismatch
// across a boundary fails at link time rather than at run time.
#define REGARD_ABI_JOIN_(major, minor, simd, checks) v##major##_##minor##_##simd##checks
#define REGARD_ABI_JOIN(major, minor, simd, checks) REGARD_ABI_JOIN_(major, minor, simd, checks)
#if defined(__AVX512F__)
#define REGARD_ABI_SIMD simd64
#elif defined(__AVX2__) || defined(__FMA__) // as wide as AVX alone, which lacks them
#define REGARD_ABI_SIMD simd32_avx2
#elif defined(__AVX__)
#define REGARD_ABI_SIMD simd32
#else
#define REGARD_ABI_SIMD simd16
#endif
#if defined(NDEBUG)
#define REGARD_ABI_CHECKS
#else
#define REGARD_ABI_CHECKS _checked
#endif
#define REGARD_ABI                                                                                           \
  REGARD_ABI_JOIN(REGARD_VERSION_MAJOR, REGARD_VERSION_MINOR, REGARD_ABI_SIMD, REGARD_ABI_CHECKS)

namespace regard::inline REGARD_ABI {

/// The library's version as "major.minor.patch".
inline constexpr const char* version = REGARD_VERSION_STRING;

} // namespace regard::inline REGARD_ABI
