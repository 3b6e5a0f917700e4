// SPDX-License-Identifier: MIT
// Every failure of the library is one exception of this family. A message names the file, key or option,
// what was found and what was expected. Not converging is no failure: solvers report it as a status.
#pragma once

#include <regard/core/lazy.hpp>
#include <regard/version.hpp>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace regard::inline REGARD_ABI {

/// Root of the family: catch this to catch all that the library itself throws.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// An argument or an input that the called function cannot accept (an empty text, a target that the model
/// does not have, a shape that does not fit).
class InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// An index or a shape beyond its bounds. Thrown only where bounds are checked, that is without NDEBUG.
class BoundsError : public InvalidArgument {
 public:
  using InvalidArgument::InvalidArgument;
};

/// A file that cannot be opened, read, mapped or written. The message names the path and the system's reason.
class IoError : public Error {
 public:
  using Error::Error;
};

/// A file whose content is wrong. `problems()` lists every one that was found; `what()` shows the first five
/// and the count, on one line.
class FileError : public Error {
 public:
  FileError(const std::string& file, std::vector<std::string> problems)
      : Error(summary(file, problems)), file_(file), problems_(std::move(problems)) {}
  FileError(const std::string& file, const std::string& problem)
      : FileError(file, std::vector<std::string>{problem}) {}

  const std::string& file() const { return file_; }
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  static std::string summary(const std::string& file, const std::vector<std::string>& problems) {
    std::string text = file + ": ";
    if (problems.size() > 1)
      text += std::to_string(problems.size()) + " problems: ";
    for (std::size_t i = 0; i < problems.size() && i < 5; ++i)
      text += (i == 0 ? "" : "; ") + problems[i];
    if (problems.size() > 5)
      text += "; and " + std::to_string(problems.size() - 5) + " more";
    return text;
  }

  std::string file_;
  std::vector<std::string> problems_;
};

/// A file that breaks the rules of its own format: truncated, inconsistent, not what it claims to be.
class MalformedFile : public FileError {
 public:
  using FileError::FileError;
};

/// A file that is well formed but asks for something this library does not do. The message lists what it
/// does.
class UnsupportedFile : public FileError {
 public:
  using FileError::FileError;
};

} // namespace regard::inline REGARD_ABI
