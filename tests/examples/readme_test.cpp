// SPDX-License-Identifier: MIT
// The README tells the truth: its program is examples/quickstart.cpp, its output is what that prints, and the
// other example programs run.
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

#include <cstdlib>
#include <regex>

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
    CHECK(std::count(program.begin(), program.end(), '\n') < 40);
    CHECK(block(page, "cpp", number) == program);
    CHECK(block(page, "text", number) == output_of(name));
    ++number;
  }
}

TEST_CASE("the programs and outputs of the reference's pages are real", "[readme]") {
  const std::vector<std::pair<std::string, std::string>> pages{{"core", "api/core"},
                                                               {"transformer", "trace"},
                                                               {"checkpoint", "api/checkpoint"},
                                                               {"text", "api/text"},
                                                               {"image", "api/image"},
                                                               {"models", "self_test"},
                                                               {"shapley", "matrix"},
                                                               {"tcav", "api/tcav"},
                                                               {"attribution", "quickstart"},
                                                               {"evaluation", "api/evaluation"},
                                                               {"report", "api/report"},
                                                               {"testing", "extend_game"}};
  // How far two builds agree differs in its last digits.
  const auto without_difference = [](const std::string& text) {
    return std::regex_replace(text, std::regex(" \\(largest difference [^)]*\\)"), "");
  };
  for (const auto& [name, program] : pages) {
    INFO(name);
    const std::string page = regard_test::read_file(fs::path(REGARD_SOURCE) / "docs/api" / (name + ".md"));
    const std::string source =
        regard_test::read_file(fs::path(REGARD_SOURCE) / "examples" / (program + ".cpp"));
    CHECK(std::count(source.begin(), source.end(), '\n') <= 40);
    CHECK(block(page, "cpp") == source);
    std::string target = program;
    std::replace(target.begin(), target.end(), '/', '_');
    const std::string arguments =
        name == "models" ? "examples/models/bert-tiny-sst2 examples/models/vit-small-cifar10" : "";
    CHECK(without_difference(block(page, "text")) == without_difference(output_of(target, arguments)));
  }
  // No page is left out above.
  for (const auto& entry : fs::directory_iterator(fs::path(REGARD_SOURCE) / "docs/api"))
    if (entry.path().extension() == ".md" && entry.path().stem() != "main") {
      const auto same = [&](const auto& page) { return page.first == entry.path().stem(); };
      CHECK(std::any_of(pages.begin(), pages.end(), same));
    }
}

TEST_CASE("the other programs run", "[readme]") {
  CHECK_THAT(output_of("matrix"), Catch::Matchers::ContainsSubstring("mutual      good 1.25  film 0.95"));
  CHECK_THAT(output_of("trace"),
             Catch::Matchers::ContainsSubstring("attention 4 layers x 4 heads, 7 queries x 7 keys"));
  const std::string tested =
      output_of("self_test", "examples/models/bert-tiny-sst2 examples/models/vit-small-cifar10");
  CHECK_THAT(tested, Catch::Matchers::ContainsSubstring("bert-tiny-sst2: 4 samples agree within 2e-05"));
  CHECK_THAT(tested, Catch::Matchers::ContainsSubstring("vit-small-cifar10: 2 samples agree within 2e-05"));
}
