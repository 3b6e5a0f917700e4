// SPDX-License-Identifier: MIT
// Reads golden tensors and compares recordings of a model with them.
#pragma once

#include "support/catch.hpp"
#include "support/tolerance.hpp"

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/transformer/trace.hpp>

#include <nlohmann/json.hpp>

#include <fstream>

namespace regard_test {

using regard::Index;

inline nlohmann::json read_json(const std::filesystem::path& path) {
  return nlohmann::json::parse(std::ifstream(path));
}

/// The numbers of a golden tensor.
inline std::vector<double> numbers(const regard::SafeTensors& file, const std::string& name) {
  const regard::TensorInfo* info = file.find(name);
  REQUIRE(info != nullptr);
  std::vector<double> values(info->bytes.size() / sizeof(double));
  regard::convert<double>(info->dtype, info->bytes, std::span<double>(values));
  return values;
}

/// Compares attention, hidden states and their gradients, layer by layer, with the tensors
/// PREFIXattention/LAYER and so on.
template <class Scalar>
void check_layers(const regard::TraceWithGradients<Scalar>& actual, const regard::SafeTensors& expected,
                  const std::string& prefix) {
  const auto& [trace, gradients] = actual;
  const auto compare = [&](const auto& values, const std::string& what, Index layer) {
    INFO(what << " " << layer);
    CHECK(relative_error(values, numbers(expected, prefix + what + "/" + std::to_string(layer))) <
          Tolerance<Scalar>::parity);
  };
  const Index layers = trace.attention.extent(0);
  for (Index layer = 0; layer < layers; ++layer) {
    compare(trace.attention[layer].flat(), "attention", layer);
    compare(gradients.attention[layer].flat(), "attention_gradient", layer);
  }
  for (Index layer = 0; layer <= layers; ++layer) {
    compare(trace.hidden[layer].flat(), "hidden", layer);
    compare(gradients.hidden[layer].flat(), "hidden_gradient", layer);
  }
}

} // namespace regard_test
