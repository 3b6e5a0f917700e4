// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <regard/core/output.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#endif

namespace fs = std::filesystem;

namespace {

void write(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::size_t count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

std::string refusal(const fs::path& path, const std::string& content = "new") {
  try {
    regard::write_file(path, content);
  } catch (const regard::IoError& error) {
    return error.what();
  }
  return "written";
}

bool mentions(const std::string& message, const std::string& part) {
  UNSCOPED_INFO(message);
  return message.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a file holds exactly what was written, and nothing stays beside it", "[output]") {
  const regard_test::TemporaryFolder folder;
  const auto path = folder.path() / "why.html";
  for (const std::string& content :
       {std::string(1 << 20, 'x'), std::string("short\r\n\0 and \xff binary", 20), std::string()}) {
    regard::write_file(path, content);
    CHECK(regard_test::read_file(path) == content);
  }
  CHECK(count(folder.path()) == 1);

  const auto before = fs::current_path();
  fs::current_path(folder.path());
  regard::write_file("relative", "in the working folder");
  regard::write_file(std::string(255, 'n'), "the longest name");
  fs::current_path(before);
  CHECK(regard_test::read_file(folder.path() / "relative") == "in the working folder");
  CHECK(count(folder.path()) == 3);
}

TEST_CASE("a symbolic link stays and its target is replaced", "[output]") {
  const regard_test::TemporaryFolder folder;
  fs::create_directory(folder.path() / "real");
  write(folder.path() / "real/file", "old");
  fs::create_symlink("real/file", folder.path() / "link");
  fs::create_symlink("link", folder.path() / "link-to-link");
  fs::create_symlink("real/later", folder.path() / "dangling");
  fs::create_symlink("loop", folder.path() / "loop");

  regard::write_file(folder.path() / "link-to-link", "new");
  CHECK(fs::is_symlink(folder.path() / "link-to-link"));
  CHECK(fs::is_symlink(folder.path() / "link"));
  CHECK(regard_test::read_file(folder.path() / "real/file") == "new");
  regard::write_file(folder.path() / "dangling", "made");
  CHECK(fs::is_symlink(folder.path() / "dangling"));
  CHECK(regard_test::read_file(folder.path() / "real/later") == "made");
  CHECK(mentions(refusal(folder.path() / "loop"), "symbolic links"));
}

TEST_CASE("permissions of a replaced file are kept", "[output]") {
  const regard_test::TemporaryFolder folder;
  const auto path = folder.path() / "file";
  const auto mode = [&path] { return fs::status(path).permissions(); };
  for (const auto kept :
       {fs::perms::owner_read | fs::perms::owner_write, fs::perms::owner_all | fs::perms::group_read}) {
    write(path, "old");
    fs::permissions(path, kept);
    regard::write_file(path, "new");
    CHECK(mode() == kept);
    CHECK(regard_test::read_file(path) == "new");
  }
}

TEST_CASE("what cannot be written is refused by name, and the old file survives", "[output]") {
  const regard_test::TemporaryFolder folder;
  const auto missing = folder.path() / "no such folder" / "file";
  CHECK(mentions(refusal(missing), missing.string() + ": No such file"));
  CHECK(mentions(refusal(folder.path()), "Is a directory"));
  CHECK(mentions(refusal(folder.path() / ""), "Is a directory"));
  CHECK(refusal(folder.path() / "new" / "") != "written");
  CHECK(refusal("") != "written");
  write(folder.path() / "file", "old");
  CHECK(mentions(refusal(folder.path() / "file" / "below"), "Not a directory"));
  CHECK(refusal(folder.path() / std::string(256, 'n')) != "written");
  CHECK(count(folder.path()) == 1);

  if (::geteuid() == 0) {
    WARN("runs as root, whom no permission stops: read-only folder and file not tested");
  } else {
    fs::permissions(folder.path() / "file", fs::perms::owner_read);
    CHECK(mentions(refusal(folder.path() / "file"), "Permission denied"));
    fs::permissions(folder.path() / "file", fs::perms::owner_read | fs::perms::owner_write);
    fs::permissions(folder.path(), fs::perms::owner_read | fs::perms::owner_exec);
    CHECK(mentions(refusal(folder.path() / "file"), "Permission denied"));
    CHECK(mentions(refusal(folder.path() / "other"), "Permission denied"));
  }
  CHECK(regard_test::read_file(folder.path() / "file") == "old");
}

TEST_CASE("a file that does not fit leaves the old one and no temporary", "[output]") {
  // A limit on the size of files stands in for a full disk: the write starts well and then fails.
  const regard_test::TemporaryFolder folder;
  write(folder.path() / "file", "old");
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  rlimit small = before;
  small.rlim_cur = 4096;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string reason = refusal(folder.path() / "file", std::string(100000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(mentions(reason, "too large"));
  CHECK(regard_test::read_file(folder.path() / "file") == "old");
  CHECK(count(folder.path()) == 1);
}

TEST_CASE("devices and pipes are written to directly", "[output]") {
  if (fs::exists("/dev/null")) {
    CHECK(refusal("/dev/null") == "written");
    CHECK(fs::is_character_file("/dev/null"));
  }
  if (fs::exists("/dev/full"))
    CHECK(mentions(refusal("/dev/full"), "/dev/full: No space left"));
  CHECK(mentions(refusal("/dev/no-such-device"), "No such file"));

  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const auto name = "/dev/fd/" + std::to_string(ends[1]);
  if (fs::exists(name)) {
    CHECK(refusal(name, "through a pipe") == "written");
    char buffer[64];
    const auto length = ::read(ends[0], buffer, sizeof buffer);
    CHECK(std::string(buffer, static_cast<std::size_t>(length)) == "through a pipe");
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("a reader meets one whole file or the other", "[output]") {
  const regard_test::TemporaryFolder folder;
  const auto path = folder.path() / "file";
  regard::write_file(path, "");
  std::vector<std::thread> writers;
  for (const char letter : {'a', 'b'})
    writers.emplace_back([&path, letter] {
      for (int i = 0; i < 20; ++i)
        regard::write_file(path, std::string(50000, letter));
    });
  bool whole = true;
  for (int i = 0; i < 50; ++i) {
    const std::string content = regard_test::read_file(path);
    whole = whole && (content.empty() || content == std::string(50000, content[0]));
  }
  for (auto& writer : writers)
    writer.join();
  CHECK(whole);
  CHECK(count(folder.path()) == 1);
}

TEST_CASE("files that belong together are all written, or none is touched", "[core]") {
  const regard_test::TemporaryFolder folder;
  const fs::path first = folder.write("first", "old"), second = folder.path() / "second",
                 nowhere = folder.path() / "no such folder" / "third";
  const regard::FileContent some[] = {{first, "new"}, {nowhere, "new"}, {second, "new"}};
  CHECK_THROWS_AS(regard::write_files(some), regard::IoError);
  CHECK(regard_test::read_file(first) == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);

  const regard::FileContent both[] = {{first, "new"}, {second, "also new"}};
  regard::write_files(both);
  CHECK(regard_test::read_file(first) == "new");
  CHECK(regard_test::read_file(second) == "also new");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 2);
}
