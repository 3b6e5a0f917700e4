// SPDX-License-Identifier: MIT
// The contract of explain_image, by running it: options, keys, exit codes, files, hostile pictures.
#include "support/catch.hpp"
#include "support/program.hpp"

#include <regard/version.hpp>

#include <nlohmann/json.hpp>

#include <numeric>
#include <sstream>

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using regard_test::Result;

namespace {

const std::string horse = "--image '" REGARD_SOURCE "/examples/images/horse.png' ";
const fs::path pictures = REGARD_SOURCE "/tests/golden/image/files";

Result run(const std::string& arguments) {
  return regard_test::run_program("explain_image", arguments);
}

void check_failure(const std::string& arguments, int code, const std::vector<std::string>& words) {
  INFO(arguments);
  regard_test::check_failure("explain_image", run(arguments), code, words);
}

} // namespace

TEST_CASE("JSON of an image has the keys of the contract and numbers that fit each other",
          "[explain_image]") {
  const Result result = run(horse + "--format json --seed 7");
  REQUIRE(result.code == 0);
  CHECK(result.error.empty());
  const json why = json::parse(result.out);
  for (const char* key :
       {"version",        "model",           "image",       "prediction", "method",
        "solver",         "status",          "seed",        "samples",    "masking",
        "value_function", "singleton",       "target",      "patches",    "players",
        "values",         "standard_errors", "value_empty", "value_full", "completeness_gap",
        "evaluations",    "degenerate"})
    CHECK(why.contains(key));
  for (const char* key : {"text", "tokens", "words"})
    CHECK_FALSE(why.contains(key));
  CHECK(why["version"] == regard::version);
  CHECK(why["seed"] == 7);
  CHECK(why["prediction"]["label"] == "horse");
  REQUIRE(why["patches"].size() == 64);
  CHECK(why["patches"][9] == json{{"x", 4.0}, {"y", 4.0}, {"width", 4.0}, {"height", 4.0}});
  std::vector<bool> seen(64);
  for (const json& player : why["players"])
    for (const json& patch : player)
      seen.at(patch.get<std::size_t>()) = true;
  CHECK(std::count(seen.begin(), seen.end(), true) == 64);
  const auto values = why["values"].get<std::vector<double>>();
  CHECK(values.size() == 64);
  CHECK(std::abs(std::accumulate(values.begin(), values.end(), 0.0) - why["value_full"].get<double>()) <
        1e-12);
}

TEST_CASE("every method, masking and block size runs, with the same bytes on any number of threads",
          "[explain_image]") {
  const Result list = run("--list-methods");
  REQUIRE(list.code == 0);
  std::istringstream stream(list.out);
  const std::vector<std::string> maskings = {"drop", "zero", "mean", "blur"};
  std::size_t methods = 0;
  for (std::string line; std::getline(stream, line); ++methods) {
    const std::string name = line.substr(0, line.find(' '));
    const std::string& masking = maskings[methods % 4];
    INFO(name);
    const std::string arguments = horse +
                                  "--format json --target ship --value logit --samples 40 --super-patch 5 "
                                  "--masking " +
                                  masking + " --method " + name;
    const Result result = run(arguments + " --threads 1");
    REQUIRE(result.code == 0);
    CHECK(result.out == run(arguments + " --threads 2").out);
    const json why = json::parse(result.out);
    CHECK(why["method"] == name);
    CHECK(why["target"]["label"] == "ship");
    CHECK(why["player_unit"] == "super-patches");
    CHECK(why["players"].size() == 4);
    CHECK(why["players"][3].size() == 9); // 8 patches in blocks of 5: 5 and 3
    // Each method takes the options that it has.
    if (name.ends_with("shap") || name == "shapley-input" || name == "occlusion" || name == "lime")
      CHECK(why["masking"] == masking);
    if (name == "integrated-gradients")
      CHECK(why["masking"] == (masking == "drop" ? "zero" : masking));
  }
  CHECK(methods == 28);
}

TEST_CASE("an overlay and a page are written whole or not at all", "[explain_image]") {
  const regard_test::TemporaryFolder folder;
  const std::string overlay = (folder.path() / "why.png").string(),
                    page = (folder.path() / "why.html").string();
  REQUIRE(run(horse + "--overlay " + overlay + " --html " + page).code == 0);
  CHECK(regard_test::read_file(overlay).substr(0, 8) == "\x89PNG\r\n\x1a\n");
  CHECK(run("--image " + overlay).code == 0); // a picture that this program itself can read
  const std::string html = regard_test::read_file(page);
  for (const char* words : {"horse.png", "data:image/png;base64,", "grad-attention-mutual", "automobile"})
    CHECK_THAT(html, ContainsSubstring(words));
  const std::string nowhere = (folder.path() / "no" / "why").string();
  check_failure(horse + "--output " + overlay + ".json --overlay " + nowhere, 1, {nowhere});
  CHECK_FALSE(fs::exists(overlay + ".json"));
  check_failure(horse + "--overlay same --html same", 2, {"--overlay", "same file"});
}

TEST_CASE("pictures of every kind are explained, one pixel included", "[explain_image]") {
  for (const fs::directory_entry& file : fs::directory_iterator(pictures)) {
    INFO(file.path());
    CHECK(run("--image " + file.path().string()).code == 0);
  }
}

TEST_CASE("corrupt, cut off and enormous pictures are one clear error", "[explain_image]") {
  const regard_test::TemporaryFolder folder;
  for (const char* name : {"plain.jpg", "progressive.jpg", "color8.png", "interlaced.png"}) {
    const std::string whole = regard_test::read_file(pictures / name);
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{10}, whole.size() / 4, whole.size() / 2}) {
      const std::string file = folder.write("cut", whole.substr(0, size)).string();
      check_failure("--image " + file, 1, {file});
    }
  }
  std::string huge = regard_test::read_file(pictures / "color8.png");
  huge.replace(16, 8, std::string("\x40\0\0\0\x40\0\0\0", 8)); // 2^30 x 2^30
  const std::string file = folder.write("huge.png", huge).string();
  check_failure("--image " + file, 1, {file});
  check_failure("--image " + folder.write("text.jpg", "no picture").string(), 1, {"text.jpg", "JPEG", "PNG"});
  check_failure("--image /nowhere/at/all", 1, {"/nowhere/at/all"});
  check_failure("--image " + folder.path().string(), 1, {folder.path().string()});
}

TEST_CASE("bad usage of explain_image is 2, with one line", "[explain_image]") {
  check_failure("", 2, {"--image"});
  check_failure(horse + "--method magic", 2, {"magic", "grad-attention-max-mutual"});
  check_failure(horse + "--target whale", 2, {"whale", "airplane"});
  check_failure(horse + "--masking delete", 2, {"--masking", "delete"});
  check_failure(horse + "--super-patch 0", 2, {"--super-patch"});
  check_failure(horse + "--method shapley-input", 2, {"shapley-input", "64", "15"});
  check_failure(horse + "--text a", 2, {"--text"});
  check_failure(horse + "--model /nowhere/at/all", 1, {"/nowhere/at/all"});
  check_failure(horse + "--model '" REGARD_SOURCE "/examples/models/bert-tiny-sst2'", 1, {"bert"});
}

TEST_CASE("help of explain_image names every option", "[explain_image]") {
  const Result help = run("--help");
  CHECK(help.code == 0);
  for (const char* option :
       {"--model", "--image", "--method", "--target", "--layers", "--singleton", "--super-patch",
        "--interpolate", "--masking", "--value", "--samples", "--precision", "--max-players", "--overlay",
        "--html", "--seed", "--threads", "--format", "--output"})
    CHECK_THAT(help.out, ContainsSubstring(option));
  CHECK_THAT(run("--version").out, ContainsSubstring(regard::version));
}
