// SPDX-License-Identifier: MIT
// The contract of explain_text, by running it: options, keys, exit codes, files.
#include "support/catch.hpp"
#include "support/program.hpp"

#include <regard/version.hpp>

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <numeric>
#include <sstream>

namespace fs = std::filesystem;
using nlohmann::json;
using regard_test::Result;

namespace {

Result run(const std::string& arguments, const std::string& input = "") {
  return regard_test::run_program("explain_text", arguments, input);
}

void check_failure(const std::string& arguments, int code, const std::vector<std::string>& words) {
  INFO(arguments);
  regard_test::check_failure("explain_text", run(arguments), code, words);
}

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> names;
  for (const auto& [key, value] : object.items())
    names.push_back(key);
  return names;
}

} // namespace

TEST_CASE("JSON has the keys of the contract and numbers that fit each other", "[explain_text]") {
  const Result result = run("--text 'An unbelievably gripping , funny film' --format json --seed 7");
  REQUIRE(result.code == 0);
  CHECK(result.error.empty());
  const json why = json::parse(result.out);
  const auto present = keys(why);
  for (const char* key :
       {"version",        "model",           "text",           "prediction", "method",
        "solver",         "status",          "seed",           "samples",    "masking",
        "value_function", "singleton",       "target",         "tokens",     "players",
        "values",         "standard_errors", "value_empty",    "value_full", "completeness_gap",
        "evaluations",    "degenerate",      "dropped_tokens", "words"})
    CHECK(std::count(present.begin(), present.end(), key) == 1);
  CHECK(why["version"] == regard::version);
  CHECK(why["seed"] == 7);
  CHECK(why["method"] == "grad-attention-mutual");
  CHECK(why["singleton"] == "self");
  CHECK(why["prediction"]["label"] == "POSITIVE");
  CHECK(why["target"]["index"] == why["prediction"]["index"]);
  const auto probabilities = why["prediction"]["probabilities"].get<std::vector<double>>();
  CHECK(std::abs(std::accumulate(probabilities.begin(), probabilities.end(), 0.0) - 1) < 1e-12);
  const auto values = why["values"].get<std::vector<double>>();
  REQUIRE(values.size() == why["players"].size());
  CHECK(std::abs(std::accumulate(values.begin(), values.end(), 0.0) - why["value_full"].get<double>()) <
        1e-12);
  const std::string text = why["text"];
  for (const json& token : why["tokens"]) {
    CHECK(token["begin"].get<std::size_t>() <= token["end"].get<std::size_t>());
    CHECK(token["end"].get<std::size_t>() <= text.size());
  }
  CHECK(why["tokens"][0]["special"] == true);
  for (const json& word : why["words"])
    CHECK(word["text"] ==
          text.substr(word["begin"], word["end"].get<std::size_t>() - word["begin"].get<std::size_t>()));
}

TEST_CASE("the same command gives the same bytes, on any number of threads", "[explain_text]") {
  std::string lines;
  for (int i = 0; i < 40; ++i)
    lines += std::string(static_cast<std::size_t>(i % 5), '!') + " a film number " + std::to_string(i) + "\n";
  const Result one = run("--file - --format json --threads 1", lines);
  const Result two = run("--file - --format json --threads 2", lines);
  REQUIRE(one.code == 0);
  CHECK(one.out == two.out);
  CHECK(std::count(one.out.begin(), one.out.end(), '\n') == 40);
}

TEST_CASE("a file gives one object a line, in order, empty lines included", "[explain_text]") {
  const regard_test::TemporaryFolder folder;
  folder.write("texts", "good\r\n\nbad film\n\xff\xfe\nlast");
  const Result result = run("--format json --file " + (folder.path() / "texts").string());
  REQUIRE(result.code == 0);
  std::istringstream stream(result.out);
  std::vector<std::string> texts;
  for (std::string line; std::getline(stream, line);)
    texts.push_back(json::parse(line)["text"]);
  CHECK(texts == std::vector<std::string>{"good", "", "bad film", "\uFFFD\uFFFD", "last"});
}

TEST_CASE("every method and option of the list runs", "[explain_text]") {
  const Result list = run("--list-methods");
  REQUIRE(list.code == 0);
  std::istringstream stream(list.out);
  int methods = 0;
  for (std::string line; std::getline(stream, line); ++methods) {
    const std::string name = line.substr(0, line.find(' '));
    INFO(name);
    const Result result =
        run("--text 'quite good' --format json --target NEGATIVE --layers 0,3 --singleton zero "
            "--players words --masking drop --value logit --samples 64 --method " +
            name);
    REQUIRE(result.code == 0);
    const json why = json::parse(result.out);
    CHECK(why["method"] == name);
    CHECK(why["target"]["label"] == "NEGATIVE");
    // Each method takes the options that it has.
    const bool reads_attention = why["value_function"].is_string() &&
                                 (why["value_kind"] == "attention-score" || !why["singleton"].is_null() ||
                                  name.find("-cls") != std::string::npos);
    CHECK(why["layers"] == (reads_attention ? json({0, 3}) : json()));
    if (name == "integrated-gradients")
      CHECK(why["masking"] == "mask"); // nothing of a dropped token could be a baseline
    else if (name == "input-x-gradient" || name == "smooth-grad")
      CHECK(why["masking"] == "zero");
    else
      CHECK(why["masking"] == (reads_attention || name == "random" ? json() : json("drop")));
    CHECK(why["player_unit"] == "words");
  }
  CHECK(methods == 28);
}

TEST_CASE("baselines take their own options and say what they are", "[explain_text]") {
  const auto of = [](const std::string& arguments) {
    const Result result = run("--text 'a gripping , funny film' --format json --method " + arguments);
    REQUIRE(result.code == 0);
    return json::parse(result.out);
  };
  const json path = of("integrated-gradients --points 20 --masking zero");
  CHECK(path["samples"] == 20);
  CHECK(path["masking"] == "zero");
  CHECK(path["value_kind"] == "output-score");
  CHECK(path["value_full"] == path["logits"][1]);
  const json side = of("grad-sam --side received");
  CHECK(side["options"] == json({{"side", "received"}}));
  CHECK(side["values"] != of("grad-sam")["values"]);
  CHECK(of("attention --side given")["values"] == of("attention")["values"]); // it has no such option
  const json norm = of("attention-norm --terms residual-norm");
  CHECK(norm["options"] == json({{"terms", "residual-norm"}}));
  CHECK(norm["value_kind"] == "attention-score");
  CHECK(of("lime --samples 30")["samples"] == 30);
  CHECK(of("lime")["samples"] == 512);
  CHECK(of("attention-max-mutual-authors-random")["samples"] == 100);
  CHECK(of("attention-max-mutual-authors-random")["solver"] == "authors-random");
  const Result table = run("--text 'a gripping , funny film' --method attention-rollout");
  CHECK_THAT(table.out, Catch::Matchers::ContainsSubstring("scores, not Shapley values"));
  check_failure("--text good --method integrated-gradients --points 0", 2, {"points: found 0"});
  check_failure("--text good --method occlusion --masking zero", 2, {"masking: found zero"});
}

TEST_CASE("the table names the prediction and every token, without colour in a pipe", "[explain_text]") {
  const Result result = run("--text 'a gripping , funny film'");
  REQUIRE(result.code == 0);
  for (const char* word : {"POSITIVE", "probability", "gripping", "funny", "grad-attention-mutual"})
    CHECK_THAT(result.out, Catch::Matchers::ContainsSubstring(word));
  CHECK(result.out.find('\x1b') == std::string::npos);
}

TEST_CASE("a pair is explained over both texts", "[explain_text]") {
  const Result result = run("--text good --pair 'very bad' --format json");
  REQUIRE(result.code == 0);
  const json why = json::parse(result.out);
  CHECK(why["text_pair"] == "very bad");
  CHECK(why["values"].size() == 3);
}

TEST_CASE("files are written whole or not at all", "[explain_text]") {
  const regard_test::TemporaryFolder folder;
  const std::string out = (folder.path() / "why.json").string(), page = (folder.path() / "why.html").string();
  REQUIRE(run("--text good --format json --output " + out + " --html " + page).code == 0);
  CHECK(json::parse(regard_test::read_file(out))["text"] == "good");
  CHECK_THAT(regard_test::read_file(page), Catch::Matchers::ContainsSubstring("<!DOCTYPE html>") ||
                                               Catch::Matchers::ContainsSubstring("<!doctype html>"));
  const std::string nowhere = (folder.path() / "no" / "why").string();
  check_failure("--text good --output " + nowhere, 1, {nowhere});
  check_failure("--text good --output " + out + ".2 --html " + nowhere, 1, {nowhere});
  CHECK_FALSE(fs::exists(out + ".2"));
  if (fs::exists("/dev/full"))
    CHECK(run("--text good --output /dev/full").code == 1);
}

TEST_CASE("bad usage is 2, a failure is 1, each with one line", "[explain_text]") {
  check_failure("", 2, {"--text", "--file"});
  check_failure("--text a --file b", 2, {"--file", "--text"});
  check_failure("--pair b --file x", 2, {"--pair"});
  check_failure("--text a --method magic", 2, {"magic", "grad-attention-max-mutual"});
  check_failure("--text a --target NEUTRAL", 2, {"NEUTRAL", "POSITIVE"});
  check_failure("--text a --target 2", 2, {"target", "2", "0 to 1"});
  check_failure("--text a --layers 4", 2, {"layers", "4", "0 to 3"});
  check_failure("--text a --layers 1,,2", 2, {"--layers", "1,,2"});
  check_failure("--text a --singleton none", 2, {"--singleton", "none"});
  check_failure("--text a --format xml", 2, {"--format", "xml"});
  check_failure("--text a --threads 0", 2, {"--threads"});
  check_failure("--text a --threads many", 2, {"--threads", "many"});
  check_failure("--text a --seed -1", 2, {"--seed", "-1"});
  check_failure("--text a --seed 99999999999999999999", 2, {"--seed"});
  for (const char* option : {"--model", "--output", "--html", "--seed"})
    check_failure(std::string("--text a ") + option + " ''", 2, {option});
  check_failure("--file ''", 2, {"--file"});
  check_failure("--text a --output same --html same", 2, {"--output", "same file"});
  check_failure("--text 'a b c' --method shapley-input --max-players 2", 2, {"shapley-input", "3", "2"});
  check_failure("--text a --masking hide", 2, {"--masking", "hide"});
  check_failure("--text a --frobnicate", 2, {"frobnicate"});
  check_failure("--text a --model /nowhere/at/all", 1, {"/nowhere/at/all"});
  check_failure("--file /nowhere/at/all", 1, {"/nowhere/at/all"});
  check_failure("--file /", 1, {"--file"});
}

TEST_CASE("help and version are no failures", "[explain_text]") {
  const Result help = run("--help");
  CHECK(help.code == 0);
  for (const char* option : {"--model", "--text", "--file", "--method", "--target", "--layers", "--singleton",
                             "--players", "--masking", "--value", "--samples", "--precision", "--max-players",
                             "--html", "--seed", "--threads", "--format", "--output"})
    CHECK_THAT(help.out, Catch::Matchers::ContainsSubstring(option));
  CHECK_THAT(run("--version").out, Catch::Matchers::ContainsSubstring(regard::version));
}
