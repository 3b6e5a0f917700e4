// SPDX-License-Identifier: MIT
// A whole file as read-only bytes: memory-mapped where the system can, read into memory where it cannot or
// where the caller asks for it.
//
//     const regard::MappedFile file("model.safetensors");
//     std::span<const std::byte> bytes = file.bytes(); // valid as long as `file` lives
#pragma once

#include <regard/core/error.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace regard::inline REGARD_ABI {

/// How the bytes of a file come into memory.
enum class Mapping {
  map, ///< Pages of the file itself, read when first touched; a plain copy on systems without memory mapping.
  copy ///< Read at once. The file may be changed, truncated or removed afterwards.
};

namespace detail {

/// Gives back what `MappedFile` holds: a mapping of `mapped` bytes or, when that is 0, an array.
struct ReleaseFile {
  std::size_t mapped = 0;
  void operator()(const std::byte* memory) const;
};

} // namespace detail

/// The bytes of one regular file, read-only and move-only. A file mapped with `Mapping::map` must not shrink
/// while it is in use: the system ends a program that reads pages beyond the new end.
class MappedFile {
 public:
  /// @throws IoError when `path` is missing, a directory, no regular file or unreadable, with the system's
  /// reason, or when there is no memory to hold it.
  explicit MappedFile(const std::filesystem::path& path, Mapping mapping = Mapping::map);

  /// All bytes, in file order; empty for an empty file.
  std::span<const std::byte> bytes() const { return {memory_.get(), memory_ ? size_ : 0}; }

  /// True when the bytes are pages of the file, false when they are a copy (or none).
  bool is_mapped() const { return memory_ && memory_.get_deleter().mapped != 0; }

 private:
  using Memory = std::unique_ptr<const std::byte[], detail::ReleaseFile>;

  void read(const std::filesystem::path& path);
  void map(const std::filesystem::path& path);

  Memory memory_;
  std::size_t size_ = 0;
};

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/checkpoint/detail/mapped_file.hpp>
#endif
