// SPDX-License-Identifier: MIT
// The files that programs write, where there is no room for them: one error that names the file, the old one
// as it was, nothing beside it. A limit on the size of each file stands for the disk (setting one up needs
// privileges): a write fails with EFBIG in place of ENOSPC, and to make or rename a file never fails.
#include "support/program.hpp"

#include <map>

using namespace regard_test;
namespace fs = std::filesystem;

namespace {

const fs::path source = REGARD_SOURCE;

/// Runs a program that may write no file beyond `blocks` of 512 bytes; its output goes to /dev/null.
Result run_limited(const std::string& name, const std::string& arguments, int blocks = 0) {
  const TemporaryFolder folder;
  // The shell's own redirection makes an empty file; what the program says there must still fit.
  const std::string command = "sh -c 'trap \"\" XFSZ; ulimit -f " + std::to_string(blocks) +
                              "; exec \"$0\" \"$@\" >/dev/null 2>\"" + (folder.path() / "error").string() +
                              "\"' \"" + REGARD_PROGRAMS + "/" + name + "\" " + arguments + " </dev/null";
  const int status = std::system(command.c_str());
  return {WEXITSTATUS(status), "", read_file(folder.path() / "error")};
}

struct Writer {
  std::string program, arguments, option, file;
};

} // namespace

TEST_CASE("on a full disk a program writes nothing, says so, and leaves the old file", "[examples]") {
  const TemporaryFolder inputs;
  const std::string picture = (source / "tests/golden/image/files/plain.jpg").string();
  const std::string rows =
      inputs.write("rows.tsv", "sentence\tlabel\na fine film\t1\na dull film\t0\n").string();
  std::string numbers; // more than a block of output
  for (int i = 0; i < 40; ++i) {
    for (int j = 0; j < 40; ++j)
      numbers += (j > 0 ? "," : "") + std::to_string((i * 7 + j * 3) % 11 + 1);
    numbers += '\n';
  }
  const std::string matrix = inputs.write("matrix.csv", numbers).string();
  const std::vector<Writer> writers{
      {"explain_text", "--text 'a fine film'", "--html", "why.html"},
      {"explain_text", "--text 'a fine film' --format json", "--output", "why.json"},
      {"explain_image", "--image '" + picture + "'", "--html", "why.html"},
      {"explain_image", "--image '" + picture + "' --format json", "--output", "why.json"},
      {"explain_image", "--image '" + picture + "'", "--overlay", "why.png"},
      {"shapley_matrix", "--matrix '" + matrix + "' --game mutual --format json", "--output", "out.json"},
      {"compare_methods", "--data '" + rows + "' --methods random,attention --format json", "--output",
       "out.json"},
      {"compare_methods", "--data '" + rows + "' --methods random,attention", "--html", "out.html"},
      {"compare_methods",
       "--data '" + rows + "' --methods random,attention,attention-row-sum,attention-rollout,grad-sam",
       "--csv", "out.csv"},
      {"compare_methods", "--data '" + rows + "' --methods random,attention", "--svg", "out.svg"},
  };
  for (const Writer& writer : writers) {
    INFO(writer.program << " " << writer.option);
    const TemporaryFolder folder;
    const std::string old = "what was there before\n";
    const fs::path file = folder.write(writer.file, old);
    const std::string arguments = writer.arguments + " " + writer.option + " '" + file.string() + "'";
    // The same command works where there is room.
    const TemporaryFolder roomy;
    const fs::path there = roomy.path() / writer.file;
    const Result fine =
        run_program(writer.program, writer.arguments + " " + writer.option + " '" + there.string() + "'");
    CHECK(fine.error.find("error") == std::string::npos);
    REQUIRE(fine.code == 0);
    REQUIRE(fs::file_size(there) > 512);

    const Result result = run_limited(writer.program, arguments, 1);
    CHECK(result.code == 1);
    CHECK_THAT(result.error, Catch::Matchers::ContainsSubstring(file.string()));
    CHECK(read_file(file) == old);
    CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
  }
}

TEST_CASE("concepts and results that do not fit are no half of anything", "[examples]") {
  const TemporaryFolder folder;
  std::string praise, blame;
  for (const char* word : {"fine", "good", "great", "lovely", "funny", "moving"})
    praise += std::string("a ") + word + " film\n";
  for (const char* word : {"dull", "bad", "poor", "silly", "boring", "weak"})
    blame += std::string("a ") + word + " film\n";
  const std::string a = folder.write("praise.txt", praise).string(),
                    b = folder.write("blame.txt", blame).string();
  const std::string saved = (folder.path() / "cavs").string();
  const std::string arguments = "--concept praise='" + a + "' --concept blame='" + b + "' --inputs '" + a +
                                "' --target POSITIVE --cavs 2 --save '" + saved + "'";
  const Result limited = run_limited("concepts", arguments, 1);
  CHECK(limited.code == 1);
  CHECK_THAT(limited.error, Catch::Matchers::ContainsSubstring(saved));
  CHECK(fs::is_empty(saved));
  CHECK(run_program("concepts", arguments).code == 0);
  CHECK(fs::exists(fs::path(saved) / "cavs.json"));

  // Over CAVs that were saved before: whichever file it is that does not fit, all of the old ones stay.
  const auto content = [&] {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(saved))
      files[entry.path().filename().string()] = read_file(entry.path());
    return files;
  };
  const auto old = content();
  REQUIRE(old.size() == 2);
  const auto first = static_cast<int>(old.at("cavs.safetensors").size() / 512);
  std::string others;
  for (int i = 0; i < 40; ++i)
    others += "the table number " + std::to_string(i) + "\n";
  const std::string more =
      arguments + " --seed 1 --random '" + folder.write("others.txt", others).string() + "'";
  for (const int blocks : {1, first - 1, first + 1}) {
    CHECK(run_limited("concepts", more, blocks).code == 1);
    CHECK((content() == old));
  }
  CHECK(run_program("concepts", more).code == 0);
  CHECK(content().size() == 3);
  CHECK(content().at("random.safetensors").size() > (old.at("cavs.safetensors").size() / 512 + 1) * 512);
  CHECK((content().at("cavs.json") != old.at("cavs.json"))); // the seed

  // A results file keeps its whole lines: with room again, the run goes on where it was.
  std::string text = "sentence\tlabel\n";
  for (int i = 0; i < 12; ++i)
    text += "a film of " + std::to_string(i) + " words\t1\n";
  const std::string rows = folder.write("rows.tsv", text).string(),
                    results = (folder.path() / "results.jsonl").string(),
                    whole = (folder.path() / "whole.jsonl").string();
  const std::string study = "--data '" + rows + "' --methods random,attention --resume ";
  const Result cut = run_limited("compare_methods", study + "'" + results + "'", 4);
  CHECK(cut.code == 1);
  CHECK_THAT(cut.error, Catch::Matchers::ContainsSubstring(results));
  CHECK(read_file(results).size() > 500);
  CHECK(read_file(results).back() == '\n');
  CHECK(run_program("compare_methods", study + "'" + results + "'").code == 0);
  CHECK(run_program("compare_methods", study + "'" + whole + "'").code == 0);
  CHECK(read_file(results) == read_file(whole));
}
