// SPDX-License-Identifier: MIT
// Body of checkpoint/mapped_file.hpp.
#pragma once

#include <regard/checkpoint/mapped_file.hpp>

#include <cerrno>
#include <cstdint>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <system_error>

#if __has_include(                                                                                           \
    <sys/mman.h>) && __has_include(<sys/stat.h>) && __has_include(<fcntl.h>) && __has_include(<unistd.h>)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace regard::inline REGARD_ABI {

namespace detail {

[[noreturn]] inline void throw_unreadable(const std::filesystem::path& path, const std::string& reason) {
  throw IoError(path.string() + ": cannot be read: " + reason);
}

[[noreturn]] inline void throw_unreadable(const std::filesystem::path& path, int error) {
  throw_unreadable(path, std::generic_category().message(error));
}

/// The size in bytes, as an amount of memory.
inline std::size_t memory_size(const std::filesystem::path& path, std::uintmax_t size) {
  if (size > std::numeric_limits<std::size_t>::max() / 2)
    throw_unreadable(path, "found " + std::to_string(size) + " bytes, more than memory can address");
  return static_cast<std::size_t>(size);
}

REGARD_INLINE void ReleaseFile::operator()(const std::byte* memory) const {
#if defined(PROT_READ)
  if (mapped != 0) {
    ::munmap(const_cast<std::byte*>(memory), mapped);
    return;
  }
#endif
  delete[] memory;
}

} // namespace detail

REGARD_INLINE MappedFile::MappedFile(const std::filesystem::path& path, Mapping mapping) {
  std::error_code error;
  const auto type = std::filesystem::status(path, error).type();
  if (type == std::filesystem::file_type::not_found)
    detail::throw_unreadable(path, ENOENT);
  if (type == std::filesystem::file_type::directory)
    detail::throw_unreadable(path, EISDIR);
  if (error)
    detail::throw_unreadable(path, error.message());
  if (type != std::filesystem::file_type::regular) // reading a pipe or a device might never end
    detail::throw_unreadable(path, "not a regular file");
  if (mapping == Mapping::map)
    map(path);
  else
    read(path);
}

REGARD_INLINE void MappedFile::read(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream)
    detail::throw_unreadable(path, errno != 0 ? errno : EIO);
  std::error_code error;
  const std::uintmax_t length = std::filesystem::file_size(path, error);
  if (error)
    detail::throw_unreadable(path, error.message());
  size_ = detail::memory_size(path, length);
  if (size_ == 0)
    return;
  auto* const memory = new (std::nothrow) std::byte[size_];
  if (memory == nullptr)
    detail::throw_unreadable(path, "no memory for its " + std::to_string(size_) + " bytes");
  memory_ = Memory(memory);
  stream.read(reinterpret_cast<char*>(memory), static_cast<std::streamsize>(size_));
  const auto count = static_cast<std::size_t>(stream.gcount());
  if (count != size_)
    detail::throw_unreadable(path,
                             "found " + std::to_string(count) + " bytes, expected " + std::to_string(size_));
}

#if defined(PROT_READ)

REGARD_INLINE void MappedFile::map(const std::filesystem::path& path) {
  struct Descriptor {
    int number;
    ~Descriptor() {
      if (number >= 0)
        ::close(number);
    }
  };
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat status {};
  if (file.number < 0 || ::fstat(file.number, &status) != 0)
    detail::throw_unreadable(path, errno);
  size_ = detail::memory_size(path, static_cast<std::uintmax_t>(status.st_size));
  if (size_ == 0) // mmap refuses a length of 0
    return;
  void* const memory = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (memory == MAP_FAILED)
    detail::throw_unreadable(path, errno);
  memory_ = Memory(static_cast<const std::byte*>(memory), {size_});
}

#else

REGARD_INLINE void MappedFile::map(const std::filesystem::path& path) {
  read(path);
}

#endif

} // namespace regard::inline REGARD_ABI
