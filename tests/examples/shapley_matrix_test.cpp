// SPDX-License-Identifier: MIT
// The contract of shapley_matrix, by running it.
#include "support/catch.hpp"
#include "support/program.hpp"

#include <nlohmann/json.hpp>

using nlohmann::json;
using regard_test::Result;

namespace {

const std::string three = ".5,.2,.1\n.3, .1 ,.4\r\n\n0,.6,.2\n";

Result run(const std::string& arguments, const std::string& csv) {
  const regard_test::TemporaryFolder folder;
  return regard_test::run_program("shapley_matrix",
                                  arguments + " --matrix " + folder.write("m.csv", csv).string());
}

void check_failure(const std::string& arguments, const std::string& csv, int code,
                   const std::vector<std::string>& words) {
  regard_test::check_failure("shapley_matrix", run(arguments, csv), code, words);
}

} // namespace

TEST_CASE("the golden values of the method", "[shapley_matrix]") {
  for (const char* solver : {"auto", "closed-form", "exact", "kernel", "leverage"}) {
    INFO(solver);
    const Result result = run("--game mutual --format json --solver " + std::string(solver), three);
    REQUIRE(result.code == 0);
    const json out = json::parse(result.out);
    for (const char* key : {"game", "solver", "status", "seed", "values", "standard_errors", "value_full",
                            "completeness_gap", "evaluations"})
      CHECK(out.contains(key));
    const std::vector<double> expected = {5. / 12, 2. / 3, 31. / 60};
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(std::abs(out["values"][i].get<double>() - expected[i]) < 1e-10);
    CHECK(std::abs(out["value_full"].get<double>() - 1.6) < 1e-12);
    CHECK_FALSE(out.contains("interactions"));
  }
  const json zero = json::parse(run("--game max-mutual --singleton zero --format json", three).out);
  CHECK(std::abs(zero["values"][0].get<double>() - .2) < 1e-12);
  const json row = json::parse(run("--game cls --format json", "1,2,3\n").out);
  CHECK(row["values"] == json({1, 2, 3}));
}

TEST_CASE("every solver and interaction index runs", "[shapley_matrix]") {
  for (const char* solver : {"permutation", "stratified", "self-normalised", "kernel", "unbiased-kernel",
                             "leverage", "authors-random", "authors-kernel"}) {
    INFO(solver);
    const Result result =
        run("--game max-mutual --format json --samples 300 --solver " + std::string(solver), three);
    REQUIRE(result.code == 0);
    CHECK(json::parse(result.out)["values"].size() == 3);
  }
  for (const char* index : {"sii", "k-sii", "stii", "fsii"}) {
    INFO(index);
    const json out =
        json::parse(run("--game max-mutual --format json --interactions " + std::string(index), three).out);
    CHECK(out["interactions"]["index"] == index);
    CHECK(out["interactions"]["matrix"].size() == 3);
  }
  CHECK_THAT(run("--game mutual --interactions sii", three).out,
             Catch::Matchers::ContainsSubstring("interactions, sii"));
}

TEST_CASE("a file that is no matrix is refused with its place", "[shapley_matrix]") {
  check_failure("--game mutual", "1,2\n3\n", 1, {"m.csv", "line 2", "found 1", "expected 2"});
  check_failure("--game mutual", "1,2\n3,x\n", 1, {"line 2, column 2", "'x'"});
  check_failure("--game mutual", "1,nan\n3,4\n", 1, {"line 1, column 2", "'nan'"});
  check_failure("--game mutual", "1,\n3,4\n", 1, {"line 1, column 2", "''"});
  check_failure("--game mutual", "1,2,3\n4,5,6\n", 1, {"2 rows of 3"});
  check_failure("--game cls", "1,2\n3,4\n", 1, {"2 rows", "cls"});
  check_failure("--game nobody", three, 2, {"--game", "nobody"});
  check_failure("--game mutual --solver magic", three, 2, {"--solver", "magic"});
  CHECK(run("--game mutual --format json", "").code == 0); // a game without players
}
