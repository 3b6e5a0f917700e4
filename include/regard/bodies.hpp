// SPDX-License-Identifier: MIT
// Everything with its bodies, in a file that is compiled with REGARD_COMPILED (regard/compiled.hpp) and has a
// model or a scalar type of its own. Include it before all other headers of regard.
#pragma once

#if defined(REGARD_COMPILED)
#if defined(REGARD_ABI)
#error "regard/bodies.hpp: a header of regard is included before it, expected none"
#endif
#undef REGARD_COMPILED
#endif

#include <regard/all.hpp>
