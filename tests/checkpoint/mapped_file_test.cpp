// SPDX-License-Identifier: MIT
#include "checkpoint/files.hpp"

#include <regard/checkpoint/mapped_file.hpp>

#include <algorithm>

using regard::IoError;
using regard::MappedFile;
using regard::Mapping;
using regard_test::check_holds;
using regard_test::message_of;
using regard_test::TemporaryFolder;

namespace {

std::string text_of(const MappedFile& file) {
  const auto bytes = file.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

TEST_CASE("mapped or copied, a file has the bytes that were written", "[mapped_file]") {
  const TemporaryFolder folder;
  std::string written(100'003, '\0'); // no multiple of a page
  for (std::size_t i = 0; i < written.size(); ++i)
    written[i] = static_cast<char>(i * 7 % 251);
  const auto path = folder.write("bytes", written);
  const auto mapping = GENERATE(Mapping::map, Mapping::copy);
  const MappedFile file(path, mapping);
  CHECK(text_of(file) == written);
  CHECK((mapping == Mapping::map || !file.is_mapped()));
}

TEST_CASE("an empty file has no bytes", "[mapped_file]") {
  const TemporaryFolder folder;
  const auto path = folder.write("empty", "");
  CHECK(MappedFile(path, Mapping::map).bytes().empty());
  CHECK(MappedFile(path, Mapping::copy).bytes().empty());
}

TEST_CASE("moving hands the bytes over", "[mapped_file]") {
  const TemporaryFolder folder;
  const auto mapping = GENERATE(Mapping::map, Mapping::copy);
  MappedFile first(folder.write("one", "one"), mapping);
  MappedFile second(std::move(first));
  CHECK(first.bytes().empty()); // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  CHECK(text_of(second) == "one");
  first = MappedFile(folder.write("two", "two"), mapping);
  second = std::move(first);
  CHECK(text_of(second) == "two");
}

TEST_CASE("a copy does not depend on the file", "[mapped_file]") {
  const TemporaryFolder folder;
  const auto path = folder.write("file", "before");
  const MappedFile file(path, Mapping::copy);
  folder.write("file", "");
  std::filesystem::remove(path);
  CHECK(text_of(file) == "before");
}

TEST_CASE("what is no readable file is refused with path and reason", "[mapped_file]") {
  const TemporaryFolder folder;
  const auto mapping = GENERATE(Mapping::map, Mapping::copy);
  const auto missing = folder.path() / "missing";
  check_holds(message_of<IoError>([&] { MappedFile(missing, mapping); }),
              {missing.string(), "cannot be read", "No such file"});
  check_holds(message_of<IoError>([&] { MappedFile(folder.path(), mapping); }),
              {folder.path().string(), "cannot be read", "directory"});
  const auto beneath = folder.write("file", "x") / "beneath";
  check_holds(message_of<IoError>([&] { MappedFile(beneath, mapping); }),
              {beneath.string(), "cannot be read"});
  const auto closed = folder.write("closed", "x");
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  if (!std::ifstream(closed)) // who may read everything reads this too
    check_holds(message_of<IoError>([&] { MappedFile(closed, mapping); }), {closed.string(), "denied"});
}
