// SPDX-License-Identifier: MIT
// Writing tensors as a safetensors file.
//
//     regard::write_safetensors("cavs.safetensors", {{"striped/3", {50, 128}, values}});
#pragma once

#include <regard/core/output.hpp>
#include <regard/tensor.hpp>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace regard::inline REGARD_ABI {

/// A tensor to write as F64.
struct NamedTensor {
  std::string name;               ///< valid UTF-8, not "__metadata__", once in a file
  std::vector<Index> shape;       ///< outermost first
  std::span<const double> values; ///< row-major
};

/// Writes the file, whole or not at all, in the order of names.
/// @throws InvalidArgument  for a name that is not allowed or twice there, or values that do not fill the
/// shape; IoError as write_file does.
REGARD_LAZY void write_safetensors(const std::filesystem::path& path, std::vector<NamedTensor> tensors);

/// What it writes.
REGARD_LAZY std::string safetensors_bytes(std::vector<NamedTensor> tensors);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/write_safetensors.hpp>
#endif
