// SPDX-License-Identifier: MIT
// The README tells the truth: its program is examples/quickstart.cpp, its output is what that prints, and the
// other example programs run.
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <cstdlib>

namespace fs = std::filesystem;

namespace {

/// The content of the first fenced block of that language, or of the one after so many others.
std::string block(const std::string& page, const std::string& language, int skipped = 0) {
  const std::string fence = "```" + language + "\n";
  auto begin = page.find(fence) + fence.size();
  for (; skipped > 0; --skipped)
    begin = page.find(fence, begin) + fence.size();
  return page.substr(begin, page.find("```", begin) - begin);
}

/// Runs an example program in a folder of its own that sees the repository's examples; returns what it
/// prints.
std::string output_of(const std::string& program, const std::string& arguments = "") {
  const regard_test::TemporaryFolder folder;
  fs::create_directory_symlink(fs::path(REGARD_SOURCE) / "examples", folder.path() / "examples");
  const std::string command = "cd " + folder.path().string() + " && \"" + REGARD_PROGRAMS + "/" + program +
                              "\" " + arguments + " >output";
  CHECK(std::system(command.c_str()) == 0);
  return regard_test::read_file(folder.path() / "output");
}

} // namespace

TEST_CASE("the README's program and its output are real", "[readme]") {
  const std::string page = regard_test::read_file(fs::path(REGARD_SOURCE) / "README.md");
  CHECK(block(page, "cpp") == regard_test::read_file(fs::path(REGARD_SOURCE) / "examples/quickstart.cpp"));
  CHECK(block(page, "text") == output_of("quickstart"));
}

TEST_CASE("the walk-through of docs/extending.md is real", "[readme]") {
  const std::string page = regard_test::read_file(fs::path(REGARD_SOURCE) / "docs/extending.md");
  int number = 0;
  for (const std::string name : {"extend_game", "extend_method"}) {
    const std::string program =
        regard_test::read_file(fs::path(REGARD_SOURCE) / "examples" / (name + ".cpp"));
    CHECK(std::count(program.begin(), program.end(), '\n') <= 40);
    CHECK(block(page, "cpp", number) == program);
    CHECK(block(page, "text", number) == output_of(name));
    ++number;
  }
}

TEST_CASE("the other programs run", "[readme]") {
  CHECK_THAT(output_of("matrix"), Catch::Matchers::Contains("mutual      good 1.25  film 0.95"));
  CHECK_THAT(output_of("trace"),
             Catch::Matchers::Contains("attention 4 layers x 4 heads, 7 queries x 7 keys"));
  const std::string tested =
      output_of("self_test", "examples/models/bert-tiny-sst2 examples/models/vit-small-cifar10");
  CHECK_THAT(tested, Catch::Matchers::Contains("bert-tiny-sst2: 4 samples agree within 2e-05"));
  CHECK_THAT(tested, Catch::Matchers::Contains("vit-small-cifar10: 2 samples agree within 2e-05"));
}
