// SPDX-License-Identifier: MIT
// Explains why a text classifier gave a text its label: a value for each token and each word.
//
//     explain_text --text "a gripping , funny film"
//     explain_text --text "a gripping , funny film" --format json
//     explain_text --file reviews.txt --format json --output why.jsonl --html why.html
#include "support/methods.hpp"

#include <regard/all.hpp>

#include <fstream>

namespace {

struct Options {
  program::CommonOptions common;
  program::MethodOptions method;
  std::string model, text, file, html;
  std::optional<std::string> pair;
  std::string players = "tokens";
  bool list_methods = false;
};

regard::Method parse_method(const Options& options) {
  regard::Method method = program::parse_method(options.method);
  const auto unit = options.players == "words" ? regard::PlayerUnit::words : regard::PlayerUnit::tokens;
  std::visit([&](auto& chosen) { chosen.players = unit; }, method);
  return method;
}

/// The next lines of a file, at most `count`, without their line ends.
std::vector<regard::TextInput> read_lines(std::istream& stream, const std::string& name, std::size_t count) {
  std::vector<regard::TextInput> lines;
  std::string line;
  while (lines.size() < count && std::getline(stream, line)) {
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    lines.push_back({line});
  }
  if (stream.bad())
    throw regard::IoError(name + ": cannot read");
  return lines;
}

void explain(const Options& options, const char* program_path) {
  program::Output output(options.common.output);
  program::check_files({{"--output", options.common.output}, {"--html", options.html}});
  const regard::Method method = parse_method(options);
  const std::filesystem::path folder = options.model.empty()
                                           ? program::bundled_model(program_path, "bert-tiny-sst2")
                                           : std::filesystem::path(options.model);
  const auto model = regard::load_text_classifier<float>(folder);
  const regard::Threads threads(options.common.threads);
  const regard::ExplainOptions explain_options{
      program::parse_target(options.method.target), options.common.seed, {}};

  std::vector<regard::Explanation> page;
  const auto report = [&](std::span<const regard::TextInput> inputs) {
    for (regard::Explanation& why : regard::explain_all(model, inputs, method, explain_options, threads)) {
      output.write(options.common.json() ? regard::json(why) + "\n"
                                         : regard::terminal(why, {.color = output.color()}) + "\n");
      if (!options.html.empty())
        page.push_back(std::move(why));
    }
  };

  if (options.file.empty()) {
    regard::TextInput input(options.text);
    input.pair = options.pair;
    report(std::span(&input, 1));
  } else {
    std::ifstream file;
    if (options.file != "-") {
      file.open(options.file, std::ios::binary);
      if (!file || std::filesystem::is_directory(options.file))
        throw regard::IoError("--file " + options.file +
                              ": cannot open, expected a text file of one text a line");
    }
    std::istream& stream = options.file == "-" ? std::cin : file;
    const std::string name = options.file == "-" ? "standard input" : options.file;
    for (;;) {
      const std::vector<regard::TextInput> lines = read_lines(stream, name, 256);
      if (lines.empty())
        break;
      report(lines);
    }
  }
  if (!options.html.empty())
    regard::write_html(options.html, std::span<const regard::Explanation>(page));
  output.finish();
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Explains why a text classifier gave a text its label.", "explain_text"};
  app.set_version_flag("--version", regard::version);
  app.add_option("--model", options.model,
                 "checkpoint folder in Hugging Face layout (default: the bundled model)");
  auto* text = app.add_option("--text", options.text, "the text to explain");
  auto* file = app.add_option("--file", options.file, "a file of one text a line, - for standard input")
                   ->excludes(text);
  app.add_option("--pair", options.pair, "second text of a sentence pair")->needs(text);
  program::add_method_options(
      app, options.method, {"mask", "drop", "delete", "zero"},
      "input methods: hide tokens by mask ([MASK], default), drop (attention mask) or delete; baseline of "
      "integrated-gradients: mask or zero");
  app.add_option("--players", options.players, "what a player is: tokens (default) or words")
      ->check(CLI::IsMember({"tokens", "words"}));
  app.add_option("--html", options.html, "also write a self-contained page");
  app.add_flag("--list-methods", options.list_methods, "list the methods and end");
  program::add_common_options(app, options.common);
  return program::run(app, argc, argv, [&] {
    if (options.list_methods) {
      program::Output("").write(program::list_methods());
      return;
    }
    if (text->count() + file->count() != 1)
      throw regard::InvalidArgument("found no text, expected --text S or --file F");
    explain(options, argv[0]);
  });
}
