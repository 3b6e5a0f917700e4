// SPDX-License-Identifier: MIT
// What the checkpoints of all models store in the same way.
#pragma once

#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/tensor_reader.hpp>
#include <regard/models/problem_type.hpp>
#include <regard/transformer/layers.hpp>

namespace regard::inline REGARD_ABI::detail {

/// A Linear; without a bias in the file if the model has none.
template <class Scalar>
Linear<Scalar> read_linear(TensorReader& reader, const std::string& name, Index outputs, Index inputs,
                           bool bias = true) {
  auto weight = reader.require<Scalar, 2>(name + ".weight", {outputs, inputs});
  if (bias)
    return {std::move(weight), reader.require<Scalar, 1>(name + ".bias", {outputs})};
  auto zeros = share(Tensor<Scalar, 1>({weight.view.extent(0)})); // none for a weight that is not there
  return {std::move(weight), std::move(zeros)};
}

template <class Scalar>
LayerNorm<Scalar> read_norm(TensorReader& reader, const std::string& name, Index width, double epsilon) {
  return {reader.require<Scalar, 1>(name + ".weight", {width}),
          reader.require<Scalar, 1>(name + ".bias", {width}), epsilon};
}

REGARD_LAZY
Activation activation_of(BertConfig::Activation activation) {
  switch (activation) {
  case BertConfig::Activation::gelu:
    return Activation::gelu;
  case BertConfig::Activation::gelu_tanh:
    return Activation::gelu_tanh;
  case BertConfig::Activation::relu:
    break;
  }
  return Activation::relu;
}

REGARD_LAZY
ProblemType problem_of(BertConfig::Problem problem) {
  switch (problem) {
  case BertConfig::Problem::single_label:
    return ProblemType::single_label;
  case BertConfig::Problem::multi_label:
    return ProblemType::multi_label;
  case BertConfig::Problem::regression:
    break;
  }
  return ProblemType::regression;
}

} // namespace regard::inline REGARD_ABI::detail
