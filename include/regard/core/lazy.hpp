// SPDX-License-Identifier: MIT
// Keeps what a file does not use from costing it compile time.
#pragma once

#include <regard/version.hpp>

#include <type_traits>

/// In front of a function that could do without being a template. A compiler works through the body of an
/// inline function wherever its header is included, with all that the body calls; through that of a template
/// only where it is called. Calls look the same.
#define REGARD_LAZY template <class = void>

/// In front of the body of another function that is declared by itself. The library behind regard::compiled
/// has them all, used or not (regard/compiled.hpp).
#if defined(REGARD_COMPILING)
#define REGARD_INLINE [[gnu::used]] inline
#else
#define REGARD_INLINE inline
#endif

namespace regard::inline REGARD_ABI::detail {

/// Type, in a template whose parameter Lazy is always void: not looked into before the template is used.
template <class Lazy, class Type>
using Deferred = std::conditional_t<std::is_void_v<Lazy>, Type, Lazy>;

} // namespace regard::inline REGARD_ABI::detail
