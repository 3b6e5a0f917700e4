// SPDX-License-Identifier: MIT
// Keeps what a file does not use from costing it compile time.
#pragma once

#include <regard/version.hpp>

#include <type_traits>

/// In front of a function that could do without being a template. A compiler works through the body of an
/// inline function wherever its header is included, with all that the body calls; through that of a template
/// only where it is called. Calls look the same.
#define REGARD_LAZY template <class = void>

namespace regard::inline REGARD_ABI::detail {

/// Type, in a template whose parameter Lazy is always void: not looked into before the template is used.
template <class Lazy, class Type>
using Deferred = std::conditional_t<std::is_void_v<Lazy>, Type, Lazy>;

} // namespace regard::inline REGARD_ABI::detail
