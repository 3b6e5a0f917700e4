// SPDX-License-Identifier: MIT
// Writing a file whole or not at all: whoever opens it sees the old content or the new, never half of it.
//
//     regard::write_file("why.html", page);
#pragma once

#include <regard/core/error.hpp>

#include <filesystem>
#include <span>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// Writes `content` to `path`, replacing what was there. The bytes go to a temporary file in the same folder,
/// which takes the target's name once they are on the disk (POSIX: fsync, then rename); after a failure the
/// temporary is gone and the target is as it was.
///
/// A symbolic link stays, and the file that it points to is replaced. Permissions (and, where the system lets
/// us, the owner) of a replaced file are kept; its other hard links keep the old content. What is no regular
/// file (/dev/stdout, /dev/null, a pipe) is written to directly, so a failure can leave a part there.
/// @throws IoError  naming the path and the system's reason: a missing folder, no permission (a read-only
/// file
///     is not replaced), a full disk, a folder in place of a file.
void write_file(const std::filesystem::path& path, std::string_view content);

/// A file to be.
struct FileContent {
  std::filesystem::path path;
  std::string_view content;
};

/// Writes files that belong together: no target is touched before the content of all is on the disk, so a
/// disk that fills leaves the old ones. They then take their names in order; only an end of the process
/// between two of these renames can leave new files beside old ones.
/// @throws IoError  as write_file does
void write_files(std::span<const FileContent> files);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/core/detail/output.hpp>
#endif
