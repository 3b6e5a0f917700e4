// SPDX-License-Identifier: MIT
// The safetensors format: an 8-byte little-endian length, a JSON header that gives each tensor a name, a data
// type, a shape and a byte range, and then the bytes. Everything is validated before anything is sized by it.
//
//     const auto file = regard::SafeTensors::open("model.safetensors");
//     for (const regard::TensorInfo& tensor : file.tensors())
//       std::cout << tensor.name << ' ' << regard::to_string(tensor.dtype) << '\n';
//     if (const regard::TensorInfo* bias = file.find("classifier.bias"))
//       use(bias->shape, bias->bytes);
#pragma once

#include <regard/checkpoint/mapped_file.hpp>
#include <regard/core/error.hpp>
#include <regard/tensor.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Every element type that the format knows (safetensors 0.8), in the order of its reference implementation.
enum class DataType {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64
};

/// The name in a file's header, for example "BF16".
REGARD_LAZY std::string_view to_string(DataType type);

/// The type of that name; nothing when the format has no such type.
REGARD_LAZY std::optional<DataType> find_data_type(std::string_view name);

/// Bits (not bytes: F4 and F6 are narrower than a byte) of one element.
REGARD_LAZY Index bits_per_element(DataType type);

/// One tensor of a file, with the size of `bytes` checked against its type and shape.
struct TensorInfo {
  std::string name;
  DataType dtype = DataType::f32;
  std::vector<Index> shape;         ///< outermost first; empty for a scalar
  std::span<const std::byte> bytes; ///< row-major, little-endian, of no particular alignment
};

/// A validated safetensors file. Copies share the file's memory.
class SafeTensors {
 public:
  /// Opens and validates. The rules are those of the reference implementation: a header of at most 100 MB
  /// that starts with '{'; known data types; a byte range as long as shape and type ask for; ranges that
  /// cover the data without overlap or hole. Stricter than it: a repeated name is refused.
  /// @throws IoError when the file cannot be read; MalformedFile with every broken rule that was found;
  /// UnsupportedFile when nothing is wrong but a data type is unknown.
  REGARD_LAZY static SafeTensors open(const std::filesystem::path& path, Mapping mapping = Mapping::map);

  /// The same for bytes that are already in memory, which `keep_alive` owns (or the caller, when it is null).
  /// @param file  what error messages call it.
  REGARD_LAZY static SafeTensors read(std::span<const std::byte> bytes, std::string file,
                                      std::shared_ptr<const void> keep_alive = nullptr);

  /// All tensors, sorted by name (bytewise).
  const std::vector<TensorInfo>& tensors() const { return tensors_; }

  /// Their names in the same order.
  REGARD_LAZY std::vector<std::string> names() const;

  /// The tensor of exactly that name, or null. Valid as long as this object.
  const TensorInfo* find(std::string_view name) const;

  /// The free-form `__metadata__` of the header; empty when there is none.
  const std::map<std::string, std::string, std::less<>>& metadata() const { return metadata_; }

  /// What error messages call this file: its path.
  const std::string& file() const { return file_; }

  /// Owns the memory behind every `TensorInfo::bytes`: hold it as long as those are in use.
  const std::shared_ptr<const void>& keep_alive() const { return keep_alive_; }

 private:
  std::string file_;
  std::shared_ptr<const void> keep_alive_;
  std::vector<TensorInfo> tensors_;
  std::map<std::string, std::string, std::less<>> metadata_;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/safetensors.hpp>
#endif
