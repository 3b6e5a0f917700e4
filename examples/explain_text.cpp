// SPDX-License-Identifier: MIT
// Explains why a text classifier gave a text its label: a value for each token and each word.
//
//     explain_text --text "a gripping , funny film"
//     explain_text --text "a gripping , funny film" --format json
//     explain_text --file reviews.txt --format json --output why.jsonl --html why.html
#include "support/program.hpp"

#include <regard/all.hpp>

#include <fstream>

namespace {

struct Options {
  program::CommonOptions common;
  std::string model, text, file, html;
  std::optional<std::string> pair;
  std::string method{regard::default_method};
  std::string target = "auto", layers = "all", singleton = "self", players = "tokens";
  std::string masking = "mask", value = "probability";
  std::size_t samples = 512, max_players = 15;
  double precision = 0;
  bool list_methods = false;
};

regard::Target parse_target(const std::string& text) {
  if (text == "auto")
    return regard::PredictedTarget{};
  if (!text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos)
    return regard::Index{std::stoul(text)};
  return text;
}

regard::Method parse_method(const Options& options) {
  regard::Method method = regard::find_method(options.method);
  const auto unit = options.players == "words" ? regard::PlayerUnit::words : regard::PlayerUnit::tokens;
  if (auto* attention = std::get_if<regard::AttentionMethod>(&method)) {
    attention->layers = program::parse_layers(options.layers);
    attention->singleton = program::parse_singleton(options.singleton);
    attention->players = unit;
  } else {
    auto& input = std::get<regard::InputMethod>(method);
    input.players = unit;
    input.masking = options.masking == "drop"     ? regard::Masking::drop
                    : options.masking == "delete" ? regard::Masking::remove
                                                  : regard::Masking::mask;
    input.value = options.value == "logit"      ? regard::ValueFunction::logit
                  : options.value == "log-odds" ? regard::ValueFunction::log_odds
                                                : regard::ValueFunction::probability;
    input.samples = options.samples;
    input.precision = options.precision;
    input.max_players = options.max_players;
  }
  return method;
}

std::string list_methods() {
  std::string text;
  for (const regard::MethodName& method : regard::method_names) {
    std::string name(method.name);
    name.resize(28, ' ');
    text +=
        name + std::string(method.summary) + (method.name == regard::default_method ? " (default)\n" : "\n");
  }
  return text;
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
  if (!options.html.empty()) {
    program::check_folder_of("--html", options.html);
    if (options.html == options.common.output)
      throw regard::InvalidArgument("--html and --output: found the same file, expected two");
  }
  const regard::Method method = parse_method(options);
  const std::filesystem::path folder = options.model.empty()
                                           ? program::bundled_model(program_path, "bert-tiny-sst2")
                                           : std::filesystem::path(options.model);
  const auto model = regard::load_text_classifier<float>(folder);
  const regard::Threads threads(options.common.threads);
  const regard::ExplainOptions explain_options{parse_target(options.target), options.common.seed, {}};

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
  app.add_option("--method", options.method, "see --list-methods (default grad-attention-mutual)");
  app.add_option(
      "--target", options.target,
      "class to explain: auto (the predicted one), its index from 0, or its label; a number is an index");
  app.add_option("--layers", options.layers,
                 "attention methods: layers that are averaged, all (default) or 0,1,..");
  app.add_option("--singleton", options.singleton,
                 "attention methods: what a token alone is worth, self (default), zero or additive")
      ->check(CLI::IsMember({"self", "zero", "additive"}));
  app.add_option("--players", options.players, "what a player is: tokens (default) or words")
      ->check(CLI::IsMember({"tokens", "words"}));
  app.add_option("--masking", options.masking,
                 "input methods: hide tokens by mask ([MASK], default), drop (attention mask) or delete")
      ->check(CLI::IsMember({"mask", "drop", "delete"}));
  app.add_option("--value", options.value,
                 "input methods: a coalition is worth the class's probability (default), logit or log-odds")
      ->check(CLI::IsMember({"probability", "logit", "log-odds"}));
  app.add_option("--samples", options.samples, "input methods: the most model evaluations (default 512)")
      ->check(program::digits);
  app.add_option(
         "--precision", options.precision,
         "kernel-shap, permutation-shap: stop at this standard error, as a share of the range of the values")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-players", options.max_players, "shapley-input: refuse more players (default 15)")
      ->check(program::digits);
  app.add_option("--html", options.html, "also write a self-contained page");
  app.add_flag("--list-methods", options.list_methods, "list the methods and end");
  program::add_common_options(app, options.common);
  return program::run(app, argc, argv, [&] {
    if (options.list_methods) {
      program::Output("").write(list_methods());
      return;
    }
    if (text->count() + file->count() != 1)
      throw regard::InvalidArgument("found no text, expected --text S or --file F");
    explain(options, argv[0]);
  });
}
