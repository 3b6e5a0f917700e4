// SPDX-License-Identifier: MIT
// A safetensors file, and its tensors as weights.
#pragma once

#include "fuzz/targets/support.hpp"

#include <regard/checkpoint/safetensors.hpp>
#include <regard/checkpoint/weights.hpp>
#include <regard/checkpoint/write_safetensors.hpp>

namespace regard_fuzz {

template <std::size_t Rank>
void load_as_weights(const regard::SafeTensors& file, const regard::TensorInfo& tensor) {
  if (tensor.shape.size() != Rank)
    return;
  regard::Shape<Rank> shape;
  std::copy(tensor.shape.begin(), tensor.shape.end(), shape.begin());
  const bool loaded = accepts([&] {
    const auto wide = regard::load_tensor<double>(file, tensor.name, shape);
    const auto narrow = regard::load_tensor<float>(file, tensor.name, shape);
    require(wide.view.size() == narrow.view.size(), "as many numbers in float as in double");
    for (std::size_t i = 0; i < wide.view.size() && tensor.dtype != regard::DataType::f64; ++i)
      require(wide.view.data()[i] != wide.view.data()[i] ||
                  wide.view.data()[i] == static_cast<double>(narrow.view.data()[i]),
              "every type but F64 fits into float");
  });
  require(loaded == regard::is_weight_type(tensor.dtype), "F16, BF16, F32 and F64 are weights");
  ++shape[0];
  require(!accepts([&] { regard::load_tensor<float>(file, tensor.name, shape); }), "no other shape");
}

inline void safetensors(Bytes input) {
  accepts([&] {
    const auto file = regard::SafeTensors::read(input, "fuzzed.safetensors");
    std::size_t bytes = 0;
    for (const regard::TensorInfo& tensor : file.tensors()) {
      require(file.find(tensor.name) == &tensor, "a tensor is found by its name");
      require(tensor.bytes.empty() ||
                  (tensor.bytes.data() >= input.data() &&
                   tensor.bytes.data() + tensor.bytes.size() <= input.data() + input.size()),
              "a tensor's bytes lie within the file");
      bytes += tensor.bytes.size();
      load_as_weights<1>(file, tensor);
      load_as_weights<2>(file, tensor);
      load_as_weights<3>(file, tensor);
    }
    std::size_t header = 0;
    for (std::size_t i = 8; i-- > 0;)
      header = header << 8 | std::to_integer<std::size_t>(input[i]);
    require(8 + header + bytes == input.size(), "every byte belongs to one tensor");
  });
}

} // namespace regard_fuzz
