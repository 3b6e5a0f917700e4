// SPDX-License-Identifier: MIT
// Body of core/output.hpp: POSIX, and a portable fallback that renames but cannot force bytes to the disk.
#pragma once

#include <regard/core/output.hpp>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#else
#include <fstream>
#include <random>
#endif

namespace regard::inline REGARD_ABI {

namespace detail {

[[noreturn]] inline void throw_cannot_write(const std::filesystem::path& path,
                                            const std::error_code& reason) {
  throw IoError("cannot write " + path.string() + ": " + reason.message());
}

[[noreturn]] inline void throw_cannot_write(const std::filesystem::path& path, int error) {
  throw_cannot_write(path, std::error_code(error, std::generic_category()));
}

/// Where `path` leads after every symbolic link, also when nothing is there yet. Stops at the links of /dev
/// and /proc, which stand for open files rather than for names.
inline std::filesystem::path output_target(const std::filesystem::path& path) {
  std::filesystem::path target = path;
  for (int links = 0; links < 40; ++links) {
    std::error_code error;
    const auto given = target.parent_path();
    const auto folder = std::filesystem::canonical(given.empty() ? "." : given, error);
    if (error)
      throw_cannot_write(path, error);
    target = folder / target.filename();
    if (folder == "/dev" || folder.native().starts_with(std::filesystem::path("/proc/").native()) ||
        !std::filesystem::is_symlink(target, error))
      return target;
    const auto next = std::filesystem::read_symlink(target, error);
    if (error)
      throw_cannot_write(path, error);
    target = folder / next;
  }
  throw_cannot_write(path, ELOOP);
}

#if defined(__unix__) || defined(__APPLE__)

/// An open file that is closed, and if it has a name still to lose is removed, when the scope ends early.
class OutputFile {
 public:
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
    if (!name_.empty())
      ::unlink(name_.c_str());
  }

  /// What is there already and is no regular file.
  explicit OutputFile(const std::filesystem::path& target)
      : descriptor_(::open(target.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC)) {}

  /// A new file of a name that nobody else has, in `folder`.
  OutputFile(const std::filesystem::path& folder, mode_t mode) {
    for (int attempt = 0; attempt < 10000; ++attempt) {
      const auto name =
          folder / (".regard-" + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".tmp");
      descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
      if (descriptor_ >= 0)
        name_ = name;
      if (descriptor_ >= 0 || errno != EEXIST)
        return;
    }
  }

  bool is_open() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

  /// All of `content`; false with errno set when the system refuses.
  bool write(std::string_view content) const {
    while (!content.empty()) {
      const auto count = ::write(descriptor_, content.data(), content.size());
      if (count < 0 && errno != EINTR)
        return false;
      if (count > 0)
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// To the disk. Some file systems cannot, and say EINVAL.
  bool sync() const { return ::fsync(descriptor_) == 0 || errno == EINVAL; }

  bool close() {
    const int closed = ::close(descriptor_);
    descriptor_ = -1;
    return closed == 0;
  }

  bool rename(const std::filesystem::path& target) {
    if (::rename(name_.c_str(), target.c_str()) != 0)
      return false;
    name_.clear();
    return true;
  }

 private:
  int descriptor_ = -1;
  std::filesystem::path name_;
};

/// The content of a file on the disk, which has the target's name still to take.
class StagedFile {
 public:
  StagedFile(const std::filesystem::path& path, std::string_view content)
      : path_(path), target_(output_target(path)) {
    struct stat old {};
    const bool exists = ::stat(target_.c_str(), &old) == 0;
    check(exists || errno == ENOENT);
    if (target_.filename().empty() || (exists && S_ISDIR(old.st_mode)))
      throw_cannot_write(path_, EISDIR);

    if (target_.parent_path() == "/dev" || (exists && !S_ISREG(old.st_mode)) ||
        target_.native().starts_with("/proc/")) {
      OutputFile device(target_);
      check(device.is_open() && device.write(content) && device.close());
      return;
    }

    // rename() asks for the permission of the folder alone: respect that of the file as well.
    check(!exists || ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) == 0);
    file_.emplace(target_.parent_path(), exists ? old.st_mode & 0777 : 0666);
    check(file_->is_open());
    if (exists) {
      // Only root may give a file away; a group of ours we may. What is refused stays ours.
      const bool owned = ::fchown(file_->descriptor(), old.st_uid, old.st_gid) == 0 ||
                         ::fchown(file_->descriptor(), static_cast<uid_t>(-1), old.st_gid) == 0;
      check(::fchmod(file_->descriptor(), old.st_mode & (owned ? 0777 : 0707)) == 0);
    }
    check(file_->write(content) && file_->sync() && file_->close());
  }

  void commit() {
    if (file_)
      check(file_->rename(target_));
  }

 private:
  void check(bool done) const {
    if (!done)
      throw_cannot_write(path_, errno);
  }

  std::filesystem::path path_, target_;
  std::optional<OutputFile> file_; ///< none for what is no regular file: that has been written
};

#else

class StagedFile {
 public:
  StagedFile(const std::filesystem::path& path, std::string_view content)
      : path_(path), target_(output_target(path)) {
    std::error_code error;
    const auto status = std::filesystem::status(target_, error);
    if (target_.filename().empty() || std::filesystem::is_directory(status))
      throw_cannot_write(path_, EISDIR);
    if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
      std::ofstream device(target_, std::ios::binary | std::ios::app);
      if (!device.write(content.data(), static_cast<std::streamsize>(content.size())).flush())
        throw_cannot_write(path_, EIO);
      return;
    }
    temporary_ = target_.parent_path() / (".regard-" + std::to_string(std::random_device{}()) + ".tmp");
    errno = 0;
    std::ofstream file(temporary_, std::ios::binary);
    file.write(content.data(), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) {
      const int reason = errno != 0 ? errno : EIO;
      remove();
      throw_cannot_write(path_, reason);
    }
  }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile() { remove(); }

  void commit() {
    if (temporary_.empty())
      return;
    std::error_code error;
    std::filesystem::rename(temporary_, target_, error);
    if (error)
      throw_cannot_write(path_, error);
    temporary_.clear();
  }

 private:
  void remove() {
    std::error_code ignored;
    if (!temporary_.empty())
      std::filesystem::remove(temporary_, ignored);
  }

  std::filesystem::path path_, target_, temporary_;
};

#endif

} // namespace detail

REGARD_INLINE void write_file(const std::filesystem::path& path, std::string_view content) {
  detail::StagedFile(path, content).commit();
}

REGARD_INLINE void write_files(std::span<const FileContent> files) {
  std::vector<std::unique_ptr<detail::StagedFile>> staged;
  staged.reserve(files.size());
  for (const FileContent& file : files)
    staged.push_back(std::make_unique<detail::StagedFile>(file.path, file.content));
  for (const auto& file : staged)
    file->commit();
}

} // namespace regard::inline REGARD_ABI
