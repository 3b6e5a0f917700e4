// SPDX-License-Identifier: MIT
// The contract of concepts, by running it: options, keys, exit codes, files, and the cases at the edge.
#include "support/catch.hpp"
#include "support/program.hpp"

#include <regard/checkpoint/safetensors.hpp>
#include <regard/image/load.hpp>
#include <regard/image/png.hpp>
#include <regard/version.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <set>

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;
using nlohmann::json;
using regard_test::read_file;
using regard_test::Result;
using regard_test::TemporaryFolder;

namespace {

Result run(const std::string& arguments) {
  return regard_test::run_program("concepts", arguments);
}

void check_failure(const std::string& arguments, int code, const std::vector<std::string>& words) {
  INFO(arguments);
  regard_test::check_failure("concepts", run(arguments), code, words);
}

json run_json(const std::string& arguments) {
  INFO(arguments);
  const Result result = run(arguments + " --format json");
  INFO(result.error);
  REQUIRE(result.code == 0);
  CHECK(result.error.empty());
  return json::parse(result.out);
}

/// Sentences of a few words of `words`, which differ.
std::string sentences(const std::vector<std::string>& words, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t w = 0; w < 2 + i % 4; ++w)
      text += words[(i * 7 + w * (1 + i / words.size())) % words.size()] + " ";
    text += "\n";
  }
  return text;
}

/// Concepts of text in a folder of their own.
struct Texts {
  Texts() {
    folder.write("praise", sentences({"wonderful", "superb", "brilliant", "moving", "charming"}, 6));
    folder.write("blame", sentences({"dull", "awful", "tedious", "boring", "clumsy"}, 6));
    folder.write("weather", sentences({"rain", "snow", "the sun", "a cloud", "wind"}, 6));
    folder.write("random", sentences({"a", "table", "two", "runs", "green", "of", "paper", "late", "seven",
                                      "from", "door"},
                                     190));
    folder.write("inputs", "a gripping , funny film\nI slept through it\nnot bad at all\n\nwhy ?\r\n");
  }
  std::string at(const std::string& name) const { return (folder.path() / name).string(); }
  std::string concepts(const std::vector<std::string>& names) const {
    std::string text;
    for (const std::string& name : names)
      text += " --concept " + name + "=" + at(name);
    return text;
  }
  std::string rest() const { return " --inputs " + at("inputs") + " --target POSITIVE "; }
  std::string usual() const { return concepts({"praise", "blame", "weather"}) + rest() + "--cavs 3 "; }

  TemporaryFolder folder;
};

void write_color(const fs::path& file, int red, int green, int blue) {
  regard::Image image({8, 8, 3});
  for (regard::Index i = 0; i < 64; ++i) {
    image.data()[3 * i] = static_cast<std::uint8_t>(red);
    image.data()[3 * i + 1] = static_cast<std::uint8_t>(green);
    image.data()[3 * i + 2] = static_cast<std::uint8_t>(blue);
  }
  regard::write_png(file, image);
}

/// Folders of flat colours, and of the pictures in examples/images.
struct Pictures {
  explicit Pictures(int count = 4) {
    for (const char* name : {"red", "green", "blue"})
      fs::create_directory(folder.path() / name);
    for (int i = 0; i < count; ++i) {
      const std::string file = std::to_string(i) + ".png";
      const int shade = 90 + 150 * i / std::max(1, count);
      write_color(folder.path() / "red" / file, shade, 10, 10);
      write_color(folder.path() / "green" / file, 10, shade, 10);
      write_color(folder.path() / "blue" / file, 10, 10, shade);
    }
    fs::create_directory(folder.path() / "inputs");
    for (const char* name : {"ship.png", "airplane.png", "frog.png"})
      fs::copy(fs::path(REGARD_SOURCE "/examples/images") / name, folder.path() / "inputs" / name);
    folder.write("inputs/notes.txt", "no image");
  }
  std::string at(const std::string& name) const { return (folder.path() / name).string(); }
  std::string concepts(const std::vector<std::string>& names) const {
    std::string text;
    for (const std::string& name : names)
      text += " --concept " + name + "=" + at(name);
    return text;
  }
  std::string rest() const { return " --inputs " + at("inputs") + " --target ship "; }
  std::string usual() const { return concepts({"red", "green", "blue"}) + rest() + "--cavs 3 "; }

  TemporaryFolder folder;
};

bool holds(const std::string& status, const std::string& word) {
  return ("," + status + ",").find("," + word + ",") != std::string::npos;
}

/// What every result must be.
void check_results(const json& report, std::size_t concepts, std::size_t layers, std::size_t cavs) {
  REQUIRE(report["results"].size() == concepts * layers);
  std::size_t at = 0;
  for (const json& result : report["results"]) {
    INFO(result.dump());
    CHECK(result["layer"] == at++ % layers);
    const auto scores = result["scores"].get<std::vector<double>>();
    REQUIRE(scores.size() == cavs);
    double mean = 0;
    for (const double score : scores) {
      CHECK(score >= 0);
      CHECK(score <= 1);
      mean += score / static_cast<double>(cavs);
    }
    CHECK(result["mean"].get<double>() == Approx(mean).margin(1e-12));
    CHECK(result["std"].get<double>() >= 0);
    CHECK_FALSE(result["status"].get<std::string>().empty());
    for (const char* key : {"p_value", "p_adjusted", "cav_accuracy"})
      CHECK((result[key].is_null() || (result[key] >= 0 && result[key] <= 1)));
    CHECK(result["p_value"].is_null() == result["p_adjusted"].is_null());
    if (!result["p_value"].is_null())
      CHECK(result["p_adjusted"] >= result["p_value"]);
  }
}

} // namespace

TEST_CASE("JSON of texts has the keys of the contract and numbers that fit each other", "[concepts]") {
  const Texts texts;
  const json report = run_json(texts.usual() + "--seed 5");
  for (const char* key : {"version", "model", "target", "mode", "cav", "negatives", "test", "correction",
                          "seed", "inputs", "results"})
    CHECK(report.contains(key));
  CHECK(report["version"] == regard::version);
  CHECK(report["target"] == json{{"index", 1}, {"label", "POSITIVE"}});
  CHECK(report["mode"] == "token");
  CHECK(report["cav"] == "logistic");
  CHECK(report["negatives"] == "relative");
  CHECK(report["test"] == "random-concepts");
  CHECK(report["seed"] == 5);
  CHECK(report["inputs"] == 4); // empty lines are none
  check_results(report, 3, 4, 3);
  CHECK(report["results"][0]["concept"] == "praise");
  CHECK(report["results"][4]["concept"] == "blame");
  for (const json& result : report["results"]) {
    for (const char* key : {"concept", "layer", "scores", "mean", "std", "p_value", "p_adjusted",
                            "effect_size", "cav_accuracy", "random_mean", "random_std", "status"})
      CHECK(result.contains(key));
    CHECK(result["p_value"].is_null());
    CHECK(result["cav_accuracy"].is_number());
    CHECK(holds(result["status"], "no_random"));
    CHECK_FALSE(holds(result["status"], "negatives_exhausted")); // 6 of 12
  }
  // Other seeds draw other negatives; the same one gives the same bytes on any number of threads.
  const std::string arguments = texts.usual() + "--format json --random " + texts.at("random");
  const Result one = run(arguments + " --threads 1"), two = run(arguments + " --threads 2");
  REQUIRE(one.code == 0);
  CHECK(one.out == two.out);
  CHECK(run(arguments + " --seed 1").out != one.out);
}

TEST_CASE("JSON of images, and the table", "[concepts]") {
  const Pictures pictures;
  const json report = run_json(pictures.usual());
  check_results(report, 3, 6, 3);
  CHECK(report["target"] == json{{"index", 8}, {"label", "ship"}});
  CHECK(report["inputs"] == 3); // what is no image is passed over
  for (const json& result : report["results"])
    CHECK(result["cav_accuracy"] > 0.7); // flat colours are easy to tell apart

  const Result table = run(pictures.concepts({"red", "green", "blue"}) + " --inputs " +
                           pictures.at("inputs") + " --target 8 --cavs 3 --layers 5,1");
  REQUIRE(table.code == 0);
  CHECK_THAT(table.out, ContainsSubstring("ship, 3 inputs") && ContainsSubstring("accuracy") &&
                            ContainsSubstring("no_random"));
  CHECK(std::count(table.out.begin(), table.out.end(), '\n') == 6 + 6);
}

TEST_CASE("every kind of vector, weights, test and correction", "[concepts]") {
  const Texts texts;
  const std::string some = texts.usual() + "--random " + texts.at("random") + " --layers 1,3 ";
  for (const char* cav : {"logistic", "ridge", "svm", "pattern"}) {
    const json report = run_json(some + "--cav " + cav);
    CHECK(report["cav"] == cav);
    for (const json& result : report["results"])
      CHECK_FALSE(holds(result["status"], "not_converged"));
  }
  for (const char* mode : {"token", "cls", "mean", "next-layer"})
    CHECK(run_json(some + "--mode " + mode)["mode"] == mode);
  run_json(some + "--save " + texts.at("cavs"));
  const std::string load = " --load " + texts.at("cavs") + texts.rest();
  for (const std::string test : {"random-concepts", "one-sample", "two-sample", "welch", "permutation"})
    for (const std::string correction : {"holm", "bonferroni", "none"}) {
      const json report = run_json(load + "--test " + test + " --correction " + correction);
      CHECK(report["test"] == test);
      CHECK(report["correction"] == correction);
      std::size_t tested = 0;
      for (const json& result : report["results"]) {
        CHECK(result["p_value"].is_number() != holds(result["status"], "saturated"));
        CHECK(result["effect_size"].is_null() == result["p_value"].is_null());
        CHECK(result["random_mean"].is_number());
        tested += result["p_value"].is_number() ? 1 : 0;
        if (correction == "none" && result["p_value"].is_number())
          CHECK(result["p_adjusted"] == result["p_value"]);
      }
      for (const json& result : report["results"])
        if (correction == "bonferroni" && result["p_value"].is_number())
          CHECK(result["p_adjusted"].get<double>() ==
                Approx(std::min(1.0, static_cast<double>(tested) * result["p_value"].get<double>())));
      if (test == "random-concepts")
        CHECK(tested > 0);
    }
  // The authors' test needs no random inputs, the others do.
  const std::string without = texts.usual() + "--layers 0 --test ";
  // Named, since a range-for does not keep a temporary whose part it walks over.
  const json one_sample = run_json(without + "one-sample"), welch = run_json(without + "welch");
  for (const json& result : one_sample["results"])
    CHECK_FALSE(holds(result["status"], "no_random"));
  for (const json& result : welch["results"])
    CHECK(holds(result["status"], "no_random"));
}

TEST_CASE("random inputs: negatives for a single concept, too few for a test", "[concepts]") {
  const Texts texts;
  const std::string random = " --random " + texts.at("random");
  const json single = run_json(texts.concepts({"praise"}) + texts.rest() + random + " --cavs 4 --layers 2");
  CHECK(single["negatives"] == "random");
  CHECK(single["results"].size() == 1);
  CHECK((single["results"][0]["p_value"].is_number() || single["results"][0]["status"] == "saturated"));
  check_failure(texts.concepts({"praise"}) + texts.rest(), 2, {"random"});
  const json chosen = run_json(texts.usual() + random + " --negatives random --layers 2");
  CHECK(chosen["negatives"] == "random");
  texts.folder.write("few", sentences({"a", "table", "two"}, 29));
  const json few = run_json(texts.usual() + "--layers 2 --random " + texts.at("few"));
  for (const json& result : few["results"]) {
    CHECK(result["p_value"].is_null());
    CHECK(holds(result["status"], "few_random"));
  }
}

TEST_CASE("vectors are saved as the contract says, and loaded to the same scores", "[concepts]") {
  const Texts texts;
  const std::string arguments = texts.usual() + "--random " + texts.at("random") + " --seed 3";
  const json report = run_json(arguments + " --save " + texts.at("new/cavs"));
  const json saved = json::parse(read_file(texts.folder.path() / "new/cavs/cavs.json"));
  CHECK(saved["model_hash"].get<std::string>().size() == 16);
  REQUIRE(saved["cavs"].size() == std::size_t{3} * 4 * 3);
  for (const json& cav : saved["cavs"]) {
    for (const char* key : {"concept", "layer", "resample", "seed", "accuracy"})
      CHECK(cav.contains(key));
    CHECK(cav["seed"] == 3);
    CHECK(cav["accuracy"].is_number());
  }
  const auto file = regard::SafeTensors::open(texts.folder.path() / "new/cavs/cavs.safetensors");
  for (const std::string name : {"praise", "blame", "weather"})
    for (const std::string layer : {"0", "1", "2", "3"}) {
      const regard::TensorInfo* const info = file.find(name + "/" + layer);
      REQUIRE(info != nullptr);
      REQUIRE(info->shape == std::vector<regard::Index>{3, 128});
      REQUIRE(info->dtype == regard::DataType::f64);
      std::vector<double> values(std::size_t{3} * 128);
      std::memcpy(values.data(), info->bytes.data(), values.size() * sizeof(double));
      for (std::size_t r = 0; r < 3; ++r) {
        double squares = 0;
        for (std::size_t j = 0; j < 128; ++j)
          squares += values[r * 128 + j] * values[r * 128 + j];
        CHECK(squares == Approx(1).margin(1e-12));
      }
    }
  const std::string load = " --load " + texts.at("new/cavs") + texts.rest();
  CHECK(run_json(load) == report);
  // Of other weights, inputs and tests there may be other scores, of the same vectors.
  CHECK(run_json(load + "--mode mean")["results"][0]["cav_accuracy"] == report["results"][0]["cav_accuracy"]);
  const json some = run_json(load + "--layers 2");
  REQUIRE(some["results"].size() == 3);
  CHECK(some["results"][0]["scores"] == report["results"][2]["scores"]);
  // Saved again, they are the same files.
  run_json(load + "--save " + texts.at("again"));
  for (const char* name : {"cavs.json", "cavs.safetensors", "random.safetensors"})
    CHECK(read_file(texts.folder.path() / "new/cavs" / name) ==
          read_file(texts.folder.path() / "again" / name));

  check_failure(load + "--layers 7", 2, {"--layers", "7"});
  check_failure(load + texts.concepts({"praise"}), 2, {"both --concept and --load"});
  check_failure(load + "--random " + texts.at("random"), 2, {"--random", "--load"});
  check_failure(" --load " + texts.at("nothing") + texts.rest(), 1, {"nothing", "cavs.json"});
  const Pictures pictures;
  check_failure(" --load " + texts.at("new/cavs") + pictures.rest(), 2, {"model_hash", "another model"});
  // Vectors that are not there, or are none.
  texts.folder.write("again/cavs.safetensors", "what?");
  check_failure(" --load " + texts.at("again") + texts.rest(), 1, {"cavs.safetensors"});
  texts.folder.write("again/cavs.json", "{}");
  check_failure(" --load " + texts.at("again") + texts.rest(), 1, {"cavs.json", "format"});
}

TEST_CASE("overlays and pages of images", "[concepts]") {
  const Pictures pictures;
  fs::create_directory(pictures.folder.path() / "inputs/sub");
  fs::copy(REGARD_SOURCE "/tests/golden/image/files/plain.jpg", pictures.folder.path() / "inputs/ship.JPG");
  const Result result = run(pictures.usual() + "--layers 1,5 --examples 4 --overlay " + pictures.at("maps") +
                            " --html " + pictures.at("page.html"));
  INFO(result.error);
  REQUIRE(result.code == 0);
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(pictures.folder.path() / "maps")) {
    files.insert(entry.path().filename().string());
    CHECK(regard::load_image(entry.path()).extent(1) >= 384);
  }
  // Of the last block there are none: only its class token has a derivative.
  std::set<std::string> expected;
  for (const char* name : {"red", "green", "blue"})
    for (const char* input : {"ship.png", "airplane.png", "frog.png", "ship.JPG.png"})
      expected.insert(name + std::string("-1-") + input);
  CHECK(files == expected);
  const std::string page = read_file(pictures.folder.path() / "page.html");
  CHECK_THAT(page, ContainsSubstring("<svg") && ContainsSubstring("data:image/png;base64,") &&
                       ContainsSubstring("no_random") && ContainsSubstring("vit-small-cifar10"));
  CHECK(page.find("http") == std::string::npos);
  CHECK(page.find("<script") == std::string::npos);

  const Texts texts;
  REQUIRE(run(texts.usual() + "--random " + texts.at("random") + " --html " + texts.at("page.html")).code ==
          0);
  const std::string words = read_file(texts.folder.path() / "page.html");
  CHECK_THAT(words, ContainsSubstring("gripping") && ContainsSubstring("<polygon class=\"band random\"") &&
                        ContainsSubstring("plus"));
  check_failure(texts.usual() + "--overlay " + texts.at("maps"), 2, {"--overlay"});
  CHECK(!fs::exists(texts.folder.path() / "maps"));
}

TEST_CASE("one image for each concept, one target, one vector", "[concepts]") {
  const Pictures pictures(1);
  fs::remove(pictures.folder.path() / "inputs/frog.png");
  fs::remove(pictures.folder.path() / "inputs/airplane.png");
  const json report = run_json(pictures.concepts({"red", "green"}) + pictures.rest() + "--cavs 1");
  check_results(report, 2, 6, 1);
  for (const json& result : report["results"]) {
    // The score is a share of inputs, of which there is one, and not of its tokens.
    CHECK((result["mean"] == 0 || result["mean"] == 1));
    CHECK(result["std"] == 0);
    CHECK(result["cav_accuracy"].is_null());
    CHECK(result["status"] == "not_validated,negatives_exhausted,no_random");
  }
  // Opposite vectors: one of them is positive.
  for (std::size_t layer = 0; layer < 6; ++layer)
    CHECK(report["results"][layer]["mean"].get<double>() +
              report["results"][6 + layer]["mean"].get<double>() ==
          1);
  const json single =
      run_json(pictures.concepts({"red", "green"}) + pictures.rest() + "--cavs 1 --test one-sample");
  for (const json& result : single["results"]) {
    CHECK(result["p_value"].is_null());
    CHECK(holds(result["status"], "few_scores"));
  }
}

TEST_CASE("sentences of one word and of thousands", "[concepts]") {
  const Texts texts;
  std::string long_text = "praise";
  for (int i = 0; i < 3000; ++i)
    long_text += " wonderful";
  texts.folder.write("praise", "superb\n" + long_text + "\n");
  texts.folder.write("blame", "awful\n" + std::string(20000, 'x') + "\n\xff\xfe broken bytes\n");
  check_results(run_json(texts.concepts({"praise", "blame"}) + texts.rest() + "--cavs 2"), 2, 4, 2);
  check_results(run_json(texts.concepts({"praise", "blame"}) + texts.rest() + "--cavs 2 --max-tokens 8"), 2,
                4, 2);
}

TEST_CASE("concepts that are the same have no direction, and are not tested", "[concepts]") {
  const Pictures pictures;
  const json report = run_json(" --concept a=" + pictures.at("red") + " --concept b=" + pictures.at("red") +
                               pictures.rest() + "--cavs 2 --test one-sample");
  for (const json& result : report["results"]) {
    CHECK(holds(result["status"], "no_direction"));
    CHECK(result["mean"] == 0);
    CHECK(result["p_value"].is_null());
  }
}

TEST_CASE("folders and files that cannot be read", "[concepts]") {
  const Pictures pictures;
  fs::create_directory(pictures.folder.path() / "empty");
  fs::create_directory(pictures.folder.path() / "broken");
  pictures.folder.write("broken/0.png", "no picture at all");
  const auto with = [&](const std::string& path) {
    return pictures.concepts({"red"}) + " --concept b=" + path + pictures.rest();
  };
  check_failure(with(pictures.at("empty")), 1, {"empty", "found no image"});
  check_failure(with(pictures.at("nothing")), 1, {"nothing"});
  check_failure(with(pictures.at("broken")), 1, {"0.png"});
  check_failure(with(pictures.at("inputs/notes.txt")), 1, {"notes.txt", "folder"});
  const std::string red_green = pictures.concepts({"red", "green"}) + " --target ship --inputs ";
  check_failure(red_green + pictures.at("empty"), 1, {"empty", "found no image"});
  check_failure(red_green + pictures.at("nothing"), 1, {"--inputs", "nothing"});
  check_failure(red_green + pictures.at("broken") + " --save " + pictures.at("saved"), 1, {"0.png"});
  CHECK(!fs::exists(pictures.folder.path() / "saved"));
  check_failure(pictures.usual() + "--random " + pictures.at("empty"), 1, {"empty"});

  const Texts texts;
  texts.folder.write("blank", "\n  \n\t\r\n");
  const auto text_with = [&](const std::string& path) {
    return texts.concepts({"praise"}) + " --concept b=" + path + texts.rest();
  };
  check_failure(text_with(texts.at("blank")), 1, {"blank", "found no sentence"});
  check_failure(text_with(texts.at("nothing")), 1, {"nothing"});
  check_failure(text_with(texts.folder.path().string()), 1, {"text file"});
  check_failure(text_with("/dev/null"), 1, {"/dev/null"});
}

TEST_CASE("what concepts refuses", "[concepts]") {
  const Texts texts;
  const std::string usual = texts.usual();
  check_failure(usual + "--layers 4", 2, {"layer: found 4", "4 blocks"});
  check_failure(usual + "--layers 1,1", 2, {"layer 1", "twice"});
  check_failure(usual + "--layers x", 2, {"--layers", "'x'"});
  check_failure(usual + "--cav linear", 2, {"--cav", "'linear'", "logistic"});
  check_failure(usual + "--mode attention", 2, {"--mode", "'attention'", "next-layer"});
  check_failure(usual + "--test t", 2, {"--test", "'t'", "welch"});
  check_failure(usual + "--correction fdr", 2, {"--correction", "'fdr'", "holm"});
  check_failure(usual + "--negatives all", 2, {"--negatives"});
  check_failure(usual + "--cavs 0", 2, {"--cavs"});
  check_failure(usual + "--html " + texts.at("no/page.html"), 1, {"--html", "folder"});
  check_failure(usual + "--model " + texts.at("no"), 1, {"no"});
  const std::string paths = texts.concepts({"praise", "blame"}) + " --inputs " + texts.at("inputs");
  check_failure(paths, 2, {"--target"});
  check_failure(paths + " --target GOOD", 2, {"--target", "'GOOD'", "NEGATIVE, POSITIVE"});
  check_failure(paths + " --target 2", 2, {"--target", "'2'"});
  check_failure(texts.concepts({"praise", "blame"}) + " --target 1", 2, {"--inputs"});
  check_failure(texts.rest(), 2, {"--concept"});
  check_failure(texts.rest() + "--concept " + texts.at("praise"), 2, {"NAME=PATH"});
  check_failure(texts.concepts({"praise", "praise"}) + texts.rest(), 2, {"praise", "twice"});

  const Result help = run("--help");
  CHECK(help.code == 0);
  for (const char* option :
       {"--model", "--concept", "--random", "--inputs", "--target", "--layers", "--cavs", "--cav ", "--mode",
        "--test", "--save", "--load", "--overlay", "--html", "--seed", "--threads", "--format", "--output"})
    CHECK_THAT(help.out, ContainsSubstring(option));
  // A file in place of standard output, whole or not at all.
  REQUIRE(run(usual + "--format json --layers 0 --output " + texts.at("out.json")).out.empty());
  CHECK(json::parse(read_file(texts.folder.path() / "out.json"))["results"].size() == 3);
}
