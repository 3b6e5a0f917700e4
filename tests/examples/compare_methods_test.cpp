// SPDX-License-Identifier: MIT
// The contract of compare_methods, by running it: options, keys, exit codes, files; and that it can be
// killed, split and threaded without a trace in its results.
#include "support/catch.hpp"
#include "support/program.hpp"
#include "support/seed.hpp"

#include <regard/core/random.hpp>
#include <regard/version.hpp>

#include <nlohmann/json.hpp>

#include <csignal>
#include <fcntl.h>
#include <sstream>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace fs = std::filesystem;
using nlohmann::json;
using regard_test::read_file;
using regard_test::Result;
using regard_test::TemporaryFolder;

namespace {

Result run(const std::string& arguments) {
  return regard_test::run_program("compare_methods", arguments);
}

void check_failure(const std::string& arguments, int code, const std::vector<std::string>& words) {
  INFO(arguments);
  regard_test::check_failure("compare_methods", run(arguments), code, words);
}

/// Labelled sentences of 1 to 12 words.
std::string sentences(std::size_t count) {
  const char* const words[] = {"a",    "gripping", "dull", ",",    "funny", "film",   "not",  "bad",
                               "mess", "warm",     "and",  "slow", "of",    "script", "with", "charm"};
  std::string text = "label\tsentence\n"; // columns go by name
  regard::RandomStream random(3);
  for (std::size_t i = 0; i < count; ++i) {
    text += std::to_string(random.below(2)) + "\t";
    for (std::size_t word = 0, length = 1 + random.below(12); word < length; ++word)
      text += (word == 0 ? "" : " ") + std::string(words[random.below(16)]);
    text += "\n";
  }
  return text;
}

/// CIFAR-10 records of noise.
std::string records(std::size_t count) {
  std::string bytes;
  regard::RandomStream random(4);
  for (std::size_t i = 0; i < count; ++i) {
    bytes += static_cast<char>(random.below(10));
    for (int byte = 0; byte < 3072; ++byte)
      bytes += static_cast<char>(random.below(256));
  }
  return bytes;
}

std::string quote(const fs::path& path) {
  return "'" + path.string() + "'";
}

/// Starts the program and kills it (kill -9) as soon as its results file has `bytes` bytes.
/// @return whether it was killed rather than done
bool run_and_kill(const std::vector<std::string>& arguments, const fs::path& results, std::uintmax_t bytes) {
  const std::string program = std::string(REGARD_PROGRAMS) + "/compare_methods";
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execv(program.c_str(), argv.data());
    _exit(127);
  }
  int status = 0;
  for (;;) {
    std::error_code error;
    const auto size = fs::file_size(results, error);
    if (!error && size >= bytes)
      kill(child, SIGKILL);
    if (waitpid(child, &status, WNOHANG) == child)
      break;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  REQUIRE((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
  return WIFSIGNALED(status);
}

const std::string methods = " --methods grad-attention-mutual,attention-cls,kernel-shap --samples 64";

} // namespace

TEST_CASE("a comparison as JSON has the keys of the contract", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(12));
  const Result result =
      run("--data " + quote(data) + methods + " --format json --resamples 100 --metrics all");
  REQUIRE(result.code == 0);
  CHECK(result.error.empty()); // no progress where there is no terminal
  CHECK(std::count(result.out.begin(), result.out.end(), '\n') == 1);
  const json found = json::parse(result.out);
  REQUIRE(found["rows"].size() == 3);
  for (const json& row : found["rows"]) {
    for (const char* key : {"method",
                            "comprehensiveness",
                            "sufficiency",
                            "f1_macro",
                            "f1_weighted",
                            "agreement",
                            "seconds_per_input",
                            "n",
                            "comprehensiveness_ci",
                            "sufficiency_ci",
                            "f1_macro_ci",
                            "agreement_ci",
                            "aopc_comprehensiveness",
                            "aopc_sufficiency",
                            "log_odds",
                            "deletion_auc",
                            "insertion_auc",
                            "monotone",
                            "infidelity",
                            "max_sensitivity",
                            "randomisation",
                            "comprehensiveness_difference",
                            "degenerate"})
      CHECK(row.contains(key));
    CHECK(row["n"] == 12);
    CHECK(row["seconds_per_input"].get<double>() > 0);
    for (const char* key : {"comprehensiveness", "sufficiency", "f1_macro", "agreement"}) {
      const auto interval = row[std::string(key) + "_ci"].get<std::vector<double>>();
      REQUIRE(interval.size() == 2);
      CHECK(interval[0] <= row[key].get<double>());
      CHECK(interval[1] >= row[key].get<double>());
    }
  }
  CHECK(found["rows"][0]["method"] == "grad-attention-mutual");
  CHECK(found["rows"][0]["comprehensiveness_difference"].is_null());
  CHECK(found["rows"][2]["method"] == "kernel-shap");
  CHECK(found["rows"][2]["max_sensitivity"].is_null()); // too dear to repeat
  CHECK(std::abs(found["rows"][1]["comprehensiveness"].get<double>() -
                 found["rows"][0]["comprehensiveness"].get<double>() -
                 found["rows"][1]["comprehensiveness_difference"].get<double>()) < 1e-12);
  CHECK(found["rank_agreement"]["spearman"][0][0] == 1);
  CHECK(found["rank_agreement"]["spearman"][0][2] == found["rank_agreement"]["spearman"][2][0]);
}

TEST_CASE("the same results on any number of threads, and in three shards merged", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(31));
  const std::string common =
      "--data " + quote(data) + methods + " --metrics all --resamples 50 --format json";
  const auto file = [&](const std::string& name) { return folder.path() / name; };
  const auto with = [&](const std::string& name, const std::string& more) {
    const Result result = run(common + " --resume " + quote(file(name)) + " " + more);
    INFO(result.error);
    REQUIRE(result.code == 0);
    return json::parse(result.out);
  };
  json one = with("one", "--threads 1"), two = with("two", "--threads 2");
  const std::string results = read_file(file("one"));
  CHECK(results == read_file(file("two")));
  CHECK(results.find("seconds") == std::string::npos); // timings stand beside them
  CHECK(std::count(results.begin(), results.end(), '\n') == 32);
  CHECK(fs::exists(file("one.timings")));

  with("part0", "--shard 0/3 --threads 1");
  with("part1", "--shard 1/3");
  with("part2", "--shard 2/3");
  const std::string parts = quote(file("part2")) + " " + quote(file("part0")) + " " + quote(file("part1"));
  const Result merged =
      run("--format json --resamples 50 --resume " + quote(file("merged")) + " --merge " + parts);
  INFO(merged.error);
  REQUIRE(merged.code == 0);
  CHECK(read_file(file("merged")) == results);
  json all = json::parse(merged.out);
  for (json* report : {&one, &two, &all})
    for (json& row : (*report)["rows"]) {
      CHECK(row["seconds_per_input"].get<double>() > 0);
      row.erase("seconds_per_input");
    }
  CHECK(one == two);
  CHECK(one == all);

  // A merged file is a results file like any other; shards count from 1, too.
  CHECK(with("merged", "")["rows"].size() == 3);
  CHECK(read_file(file("merged")) == results);
  with("part3", "--shard 3/3");
  CHECK(read_file(file("part3")) == read_file(file("part0")));
  check_failure("--merge " + quote(file("part0")) + " " + quote(file("part1")), 1,
                {"input 2 of 31", "shard"});
  check_failure("--merge " + parts + " " + quote(file("part3")), 1, {"part3", "input 0 twice", "part0"});
  CHECK(run("--data " + quote(data) + methods + " --merge " + parts).code == 0);
  check_failure("--methods attention-cls --merge " + parts, 2, {"--methods", "kernel-shap"});
  check_failure("--data " + quote(folder.write("other.tsv", sentences(30))) + " --merge " + parts, 2,
                {"--data"});
}

TEST_CASE("killed at any moment and started again, the results are the same bytes", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(40));
  const std::string common = "--data " + quote(data) + methods + " --resamples 10";
  REQUIRE(run(common + " --threads 1 --resume " + quote(folder.path() / "whole")).code == 0);
  const std::string whole = read_file(folder.path() / "whole");

  int kills = 0;
  for (const char* const threads : {"1", "2"}) {
    const fs::path file = folder.path() / (std::string("killed") + threads);
    const std::vector<std::string> arguments{
        "--data",    data.string(), "--methods",   "grad-attention-mutual,attention-cls,kernel-shap",
        "--samples", "64",          "--resamples", "10",
        "--threads", threads,       "--resume",    file.string()};
    for (const double share : {0.0, 0.05, 0.3, 0.31, 0.7, 0.95})
      kills += run_and_kill(arguments, file,
                            static_cast<std::uintmax_t>(share * static_cast<double>(whole.size())))
                   ? 1
                   : 0;
    REQUIRE(run_and_kill(arguments, file, whole.size() + 1) == false);
    CHECK(read_file(file) == whole);
  }
  CHECK(kills >= 8); // most kills came before the end
}

TEST_CASE("a last line that was torn anywhere is done again", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(6));
  const std::string common =
      "--data " + quote(data) + " --methods attention-cls,attention-mutual --resamples 10";
  const fs::path file = folder.path() / "results", timings = folder.path() / "results.timings";
  REQUIRE(run(common + " --resume " + quote(file)).code == 0);
  const std::string whole = read_file(file), times = read_file(timings);
  regard::RandomStream random(regard_test::seed(), 1);
  for (int cut = 0; cut < 12; ++cut) {
    const std::size_t keep = cut == 0 ? 0 : random.below(whole.size() + 1);
    INFO("seed " << regard_test::seed() << ", kept " << keep << " of " << whole.size());
    folder.write("results", whole.substr(0, keep));
    folder.write("results.timings", times.substr(0, random.below(times.size() + 1)));
    REQUIRE(run(common + " --resume " + quote(file)).code == 0);
    CHECK(read_file(file) == whole);
    std::istringstream lines(read_file(timings));
    for (std::string line; std::getline(lines, line);)
      CHECK_NOTHROW(json::parse(line));
  }
}

TEST_CASE("a results file of another configuration is refused by name, and kept", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(5)), other = folder.write("other.tsv", sentences(6));
  const fs::path file = folder.path() / "results";
  const std::string resume = " --resume " + quote(file);
  REQUIRE(run("--data " + quote(data) + methods + resume).code == 0);
  const std::string before = read_file(file);
  check_failure("--data " + quote(data) + methods + " --seed 1" + resume, 1, {"seed: found 0, expected 1"});
  check_failure("--data " + quote(data) + " --methods attention-cls --samples 64" + resume, 1,
                {"methods", "kernel-shap"});
  check_failure("--data " + quote(data) + methods + "0" + resume, 1, {"samples: found 64, expected 640"});
  check_failure("--data " + quote(data) + methods + " --masking delete" + resume, 1,
                {"masking", "mask", "delete"});
  check_failure("--data " + quote(data) + methods + " --max-players 7" + resume, 1, {"max_players"});
  check_failure("--data " + quote(data) + methods + " --shard 1/2" + resume, 1, {"shard"});
  check_failure("--data " + quote(other) + methods + resume, 1, {"data_hash", "inputs: found 5, expected 6"});
  CHECK(read_file(file) == before);
  for (const char* const content : {"some notes", "some notes\n", "{}\n", "{\"a\":1}\n[\n"}) {
    const auto notes = folder.write("notes", content);
    check_failure("--data " + quote(data) + methods + " --resume " + quote(notes), 1, {"notes"});
    CHECK(read_file(notes) == content);
  }
  // A line that was changed is found.
  std::string changed = before;
  changed.replace(changed.find("{\"input\":2"), 10, "{\"input\":3");
  folder.write("results", changed);
  check_failure("--data " + quote(data) + methods + resume, 1, {"line 4", "input 3, expected 2"});
}

TEST_CASE("a merge says what its files say, and writes over none of them", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(8));
  const auto file = [&](const std::string& name) { return folder.path() / name; };
  const std::string common = "--data " + quote(data) + methods + " --resamples 40 --format json";
  const auto without_times = [](const Result& result) {
    INFO(result.error);
    REQUIRE(result.code == 0);
    json report = json::parse(result.out);
    for (json& row : report["rows"])
      row.erase("seconds_per_input");
    return report;
  };
  const json whole = without_times(run(common + " --seed 5"));
  for (const char* const part : {"0", "1"})
    without_times(run(common + " --seed 5 --shard " + part + "/2 --resume " + quote(file(part))));
  const std::string merge = "--merge " + quote(file("0")) + " " + quote(file("1"));
  // The intervals are drawn with the seed of the run, which need not be said again.
  CHECK(without_times(run("--resamples 40 --format json " + merge)) == whole);
  CHECK(without_times(run(common + " --seed 5 " + merge)) == whole);
  for (const char* const other :
       {"--seed 4", "--limit 3", "--samples 65", "--metrics aopc", "--masking drop", "--percentages 10",
        "--aopc-divisor terms", "--max-players 9", "--windows 2", "--super-patch 2", "--model elsewhere"}) {
    const std::string name = std::string(other).substr(0, std::string(other).find(' '));
    check_failure(std::string(other) + " " + merge, 2, {name, "--merge"});
  }
  const std::string before = read_file(file("0"));
  for (const std::string option : {"--csv", "--resume", "--html", "--output"}) {
    check_failure(option + " " + quote(file("0")) + " " + merge, 2, {option, "--merge", "same file"});
    check_failure(option + " " + quote(folder.path() / "." / "0") + " " + merge, 2, {option, "same file"});
    check_failure(option + " " + quote(data) + " " + common, 2, {option, "--data", "same file"});
  }
  CHECK(read_file(file("0")) == before);
  CHECK(read_file(data) == sentences(8));

  // Shards that overlap, a shard that was torn, and lines that are no results.
  without_times(run(common + " --seed 5 --shard 1/3 --resume " + quote(file("third"))));
  check_failure(merge + " " + quote(file("third")), 1, {"third", "line 2", "input 1 twice"});
  folder.write("torn", before.substr(0, before.size() - 9));
  check_failure("--merge " + quote(file("1")) + " " + quote(file("torn")), 1, {"input 6 of 8", "shard"});
  const std::string header = before.substr(0, before.find('\n') + 1);
  for (const std::string line :
       {R"({"input":0})",
        R"({"input":0,"label":1,"players":2,"dropped_tokens":0,"prediction":1,"scores":[[1]]})",
        R"({"input":0,"label":-1,"players":2,"dropped_tokens":0,"skipped":"no players"})"}) {
    folder.write("bad", header + line + "\n");
    check_failure("--merge " + quote(file("1")) + " " + quote(file("bad")), 1, {"bad", "line 2"});
    check_failure(common + " --seed 5 --shard 0/2 --resume " + quote(file("bad")), 1, {"bad", "line 2"});
  }
  folder.write("bad", "{\"regard_comparison\":1,\"inputs\":8}\n");
  check_failure("--merge " + quote(file("bad")), 1, {"bad", "header"});
}

TEST_CASE("a file from a spreadsheet reads like any other", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto rows = [&](const std::string& content) {
    const Result result = run("--data " + quote(folder.write("data.tsv", content)) +
                              " --methods attention-cls,occlusion --resamples 10 --format json");
    INFO(result.error);
    REQUIRE(result.code == 0);
    json found = json::parse(result.out)["rows"];
    for (json& row : found)
      row.erase("seconds_per_input");
    return found;
  };
  const json plain = rows("sentence\tlabel\ngood film\t1\nbad one\t0\n");
  CHECK(plain[0]["n"] == 2);
  CHECK(rows("\xef\xbb\xbfsentence\tlabel\ngood film\t1\nbad one\t0") == plain);
  CHECK(rows("sentence\tlabel\r\ngood film\t1\r\nbad one\t0\r\n\r\n") == plain);
}

TEST_CASE("inputs are left out and counted, and limits hold", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data =
      folder.write("data.tsv", "sentence\tlabel\ngood\tPOSITIVE\n\t0\na b c d e f g\t1\nbad film\t0\n"
                               "never read\t0\n");
  const std::string common =
      "--data " + quote(data) + " --methods attention-cls,attention-mutual --resamples 10 --limit 4";
  const Result result = run(common + " --max-players 3 --format json");
  REQUIRE(result.code == 0);
  const json found = json::parse(result.out);
  CHECK(found["rows"][0]["n"] == 2);
  const std::string inputs = found["facts"]["inputs"];
  CHECK_THAT(inputs, Catch::Matchers::ContainsSubstring("2 compared") &&
                         Catch::Matchers::ContainsSubstring("1 left out (no players)") &&
                         Catch::Matchers::ContainsSubstring("1 left out (too many players)"));
  // Comprehensiveness of nothing hidden, and sufficiency of everything visible.
  const Result ends = run(common + " --percentages 0 --format json");
  CHECK(json::parse(ends.out)["rows"][0]["comprehensiveness"] == 0);
  const Result all = run(common + " --percentages 100 --aopc-divisor terms --format json");
  const json rows = json::parse(all.out)["rows"];
  CHECK(rows[0]["sufficiency"] == 0);
  CHECK(rows[0]["comprehensiveness"] == rows[1]["comprehensiveness"]);
}

TEST_CASE("rationales and windows", "[compare_methods]") {
  const TemporaryFolder folder;
  std::string text, tail;
  for (int i = 0; i < 200; ++i)
    text += (i == 0 ? "" : " ") + std::string(i % 40 == 7 ? "gripping" : "film");
  const auto data = folder.write(
      "data.tsv", "sentence\tlabel\tspans\n" + text +
                      "\t1\t7:8 47:48 87:88 127:128 167:168\na dull film\t0\t1:2\nso what\t0\t\n");
  const std::string common = "--data " + quote(data) +
                             " --methods attention-cls,shapley-input,attention-mutual --resamples 10 " +
                             "--metrics plausibility --rationales spans --max-players 10 --format json";
  const Result result = run(common);
  INFO(result.error);
  REQUIRE(result.code == 0);
  const json found = json::parse(result.out);
  for (const json& row : found["rows"]) {
    CHECK(row["n"] == 2);
    for (const char* key : {"token_f1", "iou_f1", "auprc", "iou_precision"})
      CHECK(row[key].is_number());
    CHECK_FALSE(row.contains("comprehensiveness"));
  }
  CHECK(found["rows"][1]["token_f1"] == 1); // "dull" has the largest share of NEGATIVE
  const auto windowed = [&](const std::string& windows) {
    const Result run_result =
        run("--data " + quote(data) + " --methods attention-cls --resamples 10 --metrics " +
            "plausibility --rationales spans --format json --windows " + windows);
    INFO(run_result.error);
    REQUIRE(run_result.code == 0);
    return json::parse(run_result.out);
  };
  CHECK(windowed("9")["rows"][0]["n"] == 4); // the model reads 126 tokens at a time
  const json first = windowed("1");
  CHECK(first["rows"][0]["n"] == 3);
  CHECK_THAT(first["facts"]["inputs"].get<std::string>(),
             Catch::Matchers::ContainsSubstring("36.1% of the tokens not seen"));
  CHECK_THAT(windowed("2")["facts"]["inputs"].get<std::string>(),
             !Catch::Matchers::ContainsSubstring("not seen"));
}

TEST_CASE("images are compared too", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.bin", records(4));
  const std::string common =
      "--data " + quote(data) +
      " --methods grad-attention-mutual,kernel-shap --samples 20 --super-patch 2 --resamples 10";
  const Result result = run(common + " --format json --threads 8"); // more threads than inputs
  REQUIRE(result.code == 0);
  CHECK(json::parse(result.out)["rows"][0]["n"] == 4);
  CHECK(json::parse(result.out)["facts"]["masking"] == "drop");
  json one = json::parse(run(common + " --format json --threads 1").out), eight = json::parse(result.out);
  for (json* report : {&one, &eight})
    for (json& row : (*report)["rows"])
      row.erase("seconds_per_input");
  CHECK(one == eight);
  for (const char* masking : {"zero", "mean", "blur"})
    CHECK(run(common + " --limit 1 --masking " + masking).code == 0);
  check_failure(common + " --masking mask", 2, {"masking", "mask", "drop"});
  check_failure(common + " --windows 2", 2, {"--windows"});
  folder.write("torn.bin", records(2).substr(1));
  check_failure("--data " + quote(folder.path() / "torn.bin") + methods, 1, {"torn.bin", "3073"});
}

TEST_CASE("the table names every method, and files are written", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(5));
  const auto file = [&](const std::string& name) { return folder.path() / name; };
  const Result result =
      run("--data " + quote(data) + methods + " --resamples 20 --reference attention-cls --csv " +
          quote(file("a.csv")) + " --svg " + quote(file("a.svg")) + " --html " + quote(file("a.html")) +
          " --per-input " + quote(file("p.csv")) + " --output " + quote(file("a.txt")));
  INFO(result.error);
  REQUIRE(result.code == 0);
  CHECK(result.out.empty());
  const std::string table = read_file(file("a.txt"));
  for (const char* word :
       {"kernel-shap", "comprehensiveness", "seconds an input", "difference to attention-cls"})
    CHECK_THAT(table, Catch::Matchers::ContainsSubstring(word));
  CHECK(table.find('\x1b') == std::string::npos);
  const std::string csv = read_file(file("a.csv"));
  CHECK(csv.rfind("method,n,degenerate,seconds_per_input,comprehensiveness,comprehensiveness_low,", 0) == 0);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  const std::string per_input = read_file(file("p.csv"));
  CHECK(per_input.rfind("input,label,prediction,method,comprehensiveness,sufficiency,kept_label,degenerate\n",
                        0) == 0);
  CHECK(std::count(per_input.begin(), per_input.end(), '\n') == 1 + 5 * 3);
  CHECK_THAT(read_file(file("a.svg")), Catch::Matchers::StartsWith("<svg xmlns"));
  CHECK_THAT(read_file(file("a.html")), Catch::Matchers::ContainsSubstring("<svg xmlns"));
}

TEST_CASE("bad usage is 2, a failure is 1, each with one line: compare_methods", "[compare_methods]") {
  const TemporaryFolder folder;
  const auto data = folder.write("data.tsv", sentences(3));
  const std::string common = "--data " + quote(data) + " --methods attention-cls";
  check_failure("", 2, {"--data", "--merge"});
  check_failure("--data " + quote(data), 2, {"methods"});
  check_failure("--data " + quote(data) + " --methods magic", 2, {"magic", "grad-attention-mutual"});
  check_failure("--data " + quote(data) + " --methods attention-cls,,attention-mutual", 2, {"--methods"});
  check_failure("--data " + quote(data) + " --methods attention-mutual,attention-mutual", 2,
                {"--methods", "different"});
  check_failure(common + " --metrics taste", 2, {"taste", "faithfulness"});
  check_failure(common + " --metrics plausibility", 2, {"--rationales"});
  check_failure(common + " --percentages 10,200", 2, {"--percentages", "200"});
  check_failure(common + " --shard 4/3", 2, {"--shard", "4/3"});
  check_failure(common + " --shard 1", 2, {"--shard"});
  check_failure(common + " --shard 0/2 --merge x", 2, {"--shard", "--merge"});
  check_failure(common + " --reference random", 2, {"--reference", "random"});
  check_failure(common + " --limit -1", 2, {"--limit", "-1"});
  check_failure(common + " --rationales spans", 1, {"data.tsv", "spans"});
  check_failure("--data /nowhere/at/all.tsv --methods attention-mutual", 1, {"/nowhere/at/all.tsv"});
  check_failure(common + " --resume /nowhere/at/all", 1, {"/nowhere/at/all"});
  check_failure(common + " --resume /dev/null", 1, {"/dev/null", "regular file"});
  check_failure("--merge /nowhere/at/all", 1, {"/nowhere/at/all"});
  const auto bad = [&](const std::string& content) {
    return "--methods attention-mutual --data " + quote(folder.write("bad.tsv", content));
  };
  check_failure(bad(""), 1, {"bad.tsv", "sentence"});
  check_failure(bad("text\tlabel\na\t1\n"), 1, {"bad.tsv", "sentence"});
  check_failure(bad("sentence\tlabel\n"), 1, {"bad.tsv", "no input"});
  check_failure(bad("sentence\tlabel\na\t1\nb\n"), 1, {"bad.tsv", "line 3", "1 columns, expected 2"});
  check_failure(bad("sentence\tlabel\na\t2\n"), 1, {"bad.tsv", "line 2", "'2'", "0 to 1"});
  check_failure(bad("sentence\tlabel\tspans\na b\t1\t1:3\n") + " --rationales spans", 1, {"line 2", "1:3"});
  const std::string long_text = "sentence\tlabel\na b c d e f g h i j k l m n o p q r s t u v w x y z\t1\n";
  check_failure("--methods shapley-input --data " + quote(folder.write("bad.tsv", long_text)), 2,
                {"shapley-input", "26 players", "--max-players 15"});
}

TEST_CASE("help and lists are no failures: compare_methods", "[compare_methods]") {
  const Result help = run("--help");
  CHECK(help.code == 0);
  for (const char* option :
       {"--model",     "--data",      "--methods", "--limit",       "--max-players",  "--samples",
        "--resume",    "--shard",     "--merge",   "--csv",         "--svg",          "--html",
        "--per-input", "--metrics",   "--masking", "--percentages", "--aopc-divisor", "--rationales",
        "--windows",   "--reference", "--seed",    "--threads",     "--format",       "--output"})
    CHECK_THAT(help.out, Catch::Matchers::ContainsSubstring(option));
  CHECK_THAT(run("--version").out, Catch::Matchers::ContainsSubstring(regard::version));
  CHECK_THAT(run("--list-metrics").out, Catch::Matchers::ContainsSubstring("plausibility"));
  CHECK_THAT(run("--list-methods").out, Catch::Matchers::ContainsSubstring("grad-attention-mutual\n"));
}
