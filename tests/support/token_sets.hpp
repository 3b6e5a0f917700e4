// SPDX-License-Identifier: MIT
// Lists of already embedded inputs.
#pragma once

#include "support/random_model.hpp"

#include <regard/tcav/token_inputs.hpp>

#include <memory>

namespace regard_test {

/// TokenInputs that hold their rows themselves.
template <class Scalar>
regard::TokenInputs<Scalar> token_set(std::vector<regard::Tensor<Scalar, 2>> rows) {
  regard::TokenInputs<Scalar> set;
  for (const auto& input : rows)
    set.tokens.push_back(input.extent(0));
  auto held = std::make_shared<const std::vector<regard::Tensor<Scalar, 2>>>(std::move(rows));
  set.embed = [held](Index input, regard::TensorView<Scalar, 2> to) {
    std::copy((*held)[input].begin(), (*held)[input].end(), to.begin());
  };
  return set;
}

/// Inputs of 2 to 6 random tokens, with `shift` added to every token's first entry.
template <class Scalar>
std::vector<regard::Tensor<Scalar, 2>> random_inputs(regard::RandomStream& stream, Index inputs, Index width,
                                                     double shift = 0) {
  std::vector<regard::Tensor<Scalar, 2>> rows;
  for (Index i = 0; i < inputs; ++i) {
    rows.push_back(random_rows<Scalar>(stream, 2 + stream.below(5), width));
    for (Index t = 0; t < rows.back().extent(0); ++t)
      rows.back()(t, 0) += static_cast<Scalar>(shift);
  }
  return rows;
}

} // namespace regard_test
