// SPDX-License-Identifier: MIT
// The explainers of the model that these tests have in common, compiled once.
#include <regard/bodies.hpp> // first: a model of its own

#include "support/id_model.hpp"

namespace regard::inline REGARD_ABI {

#define REGARD_INSTANTIATE(Scalar)                                                                           \
  template Explanation explain(const regard_test::IdModel<Scalar>&, const TextInput&, const Method&,         \
                               const ExplainOptions&, const Executor&);                                      \
  template std::vector<Explanation> explain_all(const regard_test::IdModel<Scalar>&,                         \
                                                std::span<const TextInput>, const Method&,                   \
                                                const ExplainOptions&, const Executor&);

REGARD_INSTANTIATE(float)
REGARD_INSTANTIATE(double)

#undef REGARD_INSTANTIATE

} // namespace regard::inline REGARD_ABI
