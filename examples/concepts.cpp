// SPDX-License-Identifier: MIT
// Which concepts make a class: TTCAV and TCAV scores of concepts given by examples, for images and for texts.
//
//     concepts --concept red=red --concept green=green --concept blue=blue --inputs ships --target ship
//     concepts --concept praise=praise.txt --concept blame=blame.txt --inputs reviews.txt --target POSITIVE
#include "support/concept_inputs.hpp"
#include "support/methods.hpp"

#include <regard/all.hpp>

#include <deque>

namespace {

struct Options {
  program::CommonOptions common;
  std::string model, random, inputs, target, layers = "all", cav = "logistic", negatives = "auto";
  std::string mode = "token", test = "random-concepts", correction = "holm";
  std::string save, load, overlay, html;
  std::vector<std::string> concepts;
  std::size_t cavs = 50, max_tokens = 0, examples = 6;
};

/// A line on the terminal that is written over; nothing where standard error is none.
class Progress {
 public:
  Progress() : shown_(isatty(STDERR_FILENO) != 0) {}
  ~Progress() { clear(); }

  void operator()(const std::string& what, std::size_t done, std::size_t total) const {
    if (shown_)
      std::cerr << "\r\x1b[K" << what << ' ' << done << " of " << total << std::flush;
  }
  void clear() const {
    if (shown_)
      std::cerr << "\r\x1b[K" << std::flush;
  }

 private:
  bool shown_;
};

template <class Value>
Value found_or_refused(const std::string& option, const std::string& text, const std::optional<Value>& found,
                       const std::string& names) {
  if (found)
    return *found;
  throw regard::InvalidArgument(option + ": found '" + text + "', expected " + names);
}

regard::Index find_target(std::span<const std::string> labels, const std::string& text) {
  const regard::Target target = program::parse_target(text);
  if (const auto* index = std::get_if<regard::Index>(&target)) {
    if (*index < labels.size())
      return *index;
  } else if (const auto found = std::find(labels.begin(), labels.end(), text); found != labels.end()) {
    return static_cast<regard::Index>(found - labels.begin());
  }
  std::string known;
  for (std::size_t i = 0; i < std::min<std::size_t>(labels.size(), 20); ++i)
    known += (i == 0 ? "" : ", ") + labels[i];
  throw regard::InvalidArgument("--target: found '" + text + "', expected an index below " +
                                std::to_string(labels.size()) + " or a label: " + known +
                                (labels.size() > 20 ? ", .." : ""));
}

regard::Correction parse_correction(const std::string& text) {
  for (const auto correction :
       {regard::Correction::holm, regard::Correction::bonferroni, regard::Correction::none})
    if (text == to_string(correction))
      return correction;
  throw regard::InvalidArgument("--correction: found '" + text + "', expected holm, bonferroni or none");
}

/// Trains the vectors, or loads them.
template <class Source>
regard::Cavs find_cavs(const typename Source::Model& model, const Options& options,
                       regard::ConceptReport& report, const regard::Executor& executor,
                       const Progress& progress) {
  if (!options.load.empty())
    return regard::load_cavs(options.load, model.fingerprint());
  std::deque<Source> sources;
  std::vector<regard::ConceptInputs<float>> concepts;
  for (const std::string& text : options.concepts) {
    const program::NamedPath named = program::parse_named_path(text);
    concepts.push_back({named.name, sources.emplace_back(model, named.path).tokens()});
    report.concepts.emplace_back(named.name, sources.back().size());
  }
  regard::TokenInputs<float> random;
  if (!options.random.empty()) {
    random = sources.emplace_back(model, options.random).tokens();
    report.random = random.size();
  }
  regard::CavOptions training;
  training.layers = program::parse_layers(options.layers);
  training.resamples = options.cavs;
  training.seed = options.common.seed;
  training.probe.probe = found_or_refused("--cav", options.cav, regard::find_probe(options.cav),
                                          "logistic, ridge, svm or pattern");
  training.max_tokens = options.max_tokens;
  // A single concept can only be told from random inputs.
  training.negatives = options.negatives == "random" || (options.negatives == "auto" && concepts.size() == 1)
                           ? regard::Negatives::random
                           : regard::Negatives::relative;
  training.progress = [&](std::size_t done, std::size_t total) { progress("vectors: block", done, total); };
  return regard::train_cavs<float>(model.classifier(), concepts, random, training, executor);
}

/// CONCEPT-BLOCK-INPUT.png: another name for each, whatever concepts and inputs are called.
std::string overlay_name(std::string name, std::size_t layer, const std::string& input) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name + "-" + std::to_string(layer) + "-" + input + (input.ends_with(".png") ? "" : ".png");
}

/// Heat maps of the first inputs, of each concept in the block before the last where it is best told apart,
/// the later one of equals: in the last one only the class token has a derivative.
template <class Source>
void add_examples(const typename Source::Model& model, const Source& inputs, const Options& options,
                  const regard::Cavs& cavs, const regard::DerivativeOptions& derivatives,
                  regard::ConceptReport& report) {
  std::map<std::string, const regard::ConceptScore*> best;
  std::vector<std::string> names;
  for (const regard::ConceptScore& score : report.results) {
    if (score.layer + 1 == model.classifier().layers() && model.classifier().layers() > 1)
      continue;
    const regard::ConceptScore*& chosen = best[score.concept_name];
    if (chosen == nullptr)
      names.push_back(score.concept_name);
    if (chosen == nullptr || score.accuracy.value_or(0) >= chosen->accuracy.value_or(0))
      chosen = &score;
  }
  for (const std::string& name : names) {
    const regard::LayerVector vector = mean_direction(*cavs.find(name, best[name]->layer));
    for (std::size_t i = 0; i < std::min(options.examples, inputs.size()); ++i) {
      const auto input = inputs.input(i);
      regard::ConceptExample example{name, explain_concept(model, input, name, vector, derivatives), ""};
      if constexpr (std::is_same_v<Source, program::ImageSource>) {
        example.figure = concept_figure(example.heat_map, input.pixels);
        if (!options.overlay.empty())
          regard::write_png(std::filesystem::path(options.overlay) /
                                overlay_name(name, vector.layer, input.name),
                            overlay(example.heat_map, input.pixels));
      }
      report.examples.push_back(std::move(example));
    }
  }
}

template <class Source>
void run(const typename Source::Model& model, const Options& options, program::Output& output) {
  const regard::Threads threads(options.common.threads);
  const Progress progress;
  regard::ConceptReport report;
  report.model = model.name();
  report.target.index = find_target(model.labels(), options.target);
  report.target.name = model.labels()[report.target.index];
  regard::ScoreOptions scoring;
  scoring.test = found_or_refused("--test", options.test, regard::find_significance_test(options.test),
                                  "random-concepts, one-sample, two-sample, welch or permutation");
  scoring.correction = parse_correction(options.correction);
  regard::DerivativeOptions derivatives;
  derivatives.target = report.target.index;
  derivatives.weights = found_or_refused("--mode", options.mode, regard::find_token_weights(options.mode),
                                         "token, cls, mean or next-layer");
  derivatives.progress = [&](std::size_t done, std::size_t total) { progress("inputs:", done, total); };
  const Source inputs(model, options.inputs);
  // First, so that an input that cannot be read costs no training.
  const auto pooled = regard::pooled_gradients(model.classifier(), inputs.tokens(), derivatives, threads);

  regard::Cavs cavs = find_cavs<Source>(model, options, report, threads, progress);
  if (!options.load.empty() && options.layers != "all") {
    const auto wanted = program::parse_layers(options.layers);
    for (const std::size_t layer : wanted)
      if (std::none_of(cavs.sets.begin(), cavs.sets.end(),
                       [&](const auto& set) { return set.layer == layer; }))
        throw regard::InvalidArgument("--layers: found " + std::to_string(layer) + ", expected one that " +
                                      options.load + " holds");
    std::erase_if(cavs.sets, [&](const regard::CavSet& set) {
      return std::find(wanted.begin(), wanted.end(), set.layer) == wanted.end();
    });
  }
  if (!options.save.empty())
    regard::save_cavs(options.save, cavs, model.fingerprint());
  report.results = regard::concept_scores(cavs, pooled, scoring);
  report.mode = options.mode;
  report.cav = to_string(cavs.probe);
  report.negatives = to_string(cavs.negatives);
  report.test = options.test;
  report.correction = options.correction;
  report.seed = cavs.seed;
  report.inputs = inputs.size();
  if (!options.html.empty() || !options.overlay.empty())
    add_examples(model, inputs, options, cavs, derivatives, report);
  progress.clear();
  output.write(options.common.json() ? regard::json(report) + "\n"
                                     : regard::terminal(report, {.color = output.color()}));
  if (!options.html.empty())
    regard::write_html(options.html, report);
  output.finish();
}

/// Checks what can be checked before anything is loaded.
void check(const Options& options) {
  program::check_files({{"--output", options.common.output}, {"--html", options.html}});
  if (options.load.empty() == options.concepts.empty())
    throw regard::InvalidArgument("found " + std::string(options.load.empty() ? "neither" : "both") +
                                  " --concept and --load, expected one of them");
  if (!options.load.empty() && !options.random.empty())
    throw regard::InvalidArgument("--random: found beside --load, whose vectors are trained already");
  for (const auto& [option, value] :
       {std::pair{"--inputs", &options.inputs}, std::pair{"--target", &options.target}})
    if (value->empty())
      throw regard::InvalidArgument("found no " + std::string(option) + ", expected one");
}

void explain(Options& options, const char* program_path) {
  namespace fs = std::filesystem;
  program::Output output(options.common.output);
  check(options);
  std::error_code error;
  if (!fs::exists(options.inputs, error))
    throw regard::IoError("--inputs " + options.inputs + ": there is no such file or folder");
  const bool images = fs::is_directory(options.inputs, error);
  if (!options.overlay.empty()) {
    if (!images)
      throw regard::InvalidArgument("--overlay: found for texts, expected images");
    fs::create_directories(options.overlay, error);
    if (error)
      throw regard::IoError("--overlay " + options.overlay +
                            ": cannot create the folder: " + error.message());
  }
  const fs::path folder =
      options.model.empty()
          ? program::bundled_model(program_path, images ? "vit-small-cifar10" : "bert-tiny-sst2")
          : fs::path(options.model);
  if (images)
    run<program::ImageSource>(regard::load_image_classifier<float>(folder), options, output);
  else
    run<program::TextSource>(regard::load_text_classifier<float>(folder), options, output);
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Scores concepts, given by examples, for a class of an image or text classifier.", "concepts"};
  app.set_version_flag("--version", regard::version);
  app.add_option("--model", options.model,
                 "checkpoint folder in Hugging Face layout (default: a bundled model)");
  app.add_option(
      "--concept", options.concepts,
      "NAME=PATH, once for each concept: a folder of images, or a text file of one sentence a line");
  app.add_option("--random", options.random,
                 "inputs that show no concept in particular, for the test and for --negatives random");
  app.add_option("--inputs", options.inputs, "the inputs to score: a folder of images or a text file");
  app.add_option("--target", options.target, "the class: its index from 0, or its label");
  app.add_option("--layers", options.layers, "blocks, all (default) or 0,1,..");
  app.add_option("--cavs", options.cavs, "resampled vectors for each concept and block (default 50)")
      ->check(program::positive);
  app.add_option("--cav", options.cav, "logistic (default), ridge, svm or pattern");
  app.add_option(
         "--negatives", options.negatives,
         "what concepts are told from: relative (the others) or random; default auto: relative unless there "
         "is one concept")
      ->check(CLI::IsMember({"auto", "relative", "random"}));
  app.add_option("--mode", options.mode,
                 "weights of tokens: token (attention: TTCAV, default), cls, mean (TCAV) or next-layer");
  app.add_option(
      "--test", options.test,
      "random-concepts (default; the only one that holds its level), one-sample, two-sample, welch or "
      "permutation");
  app.add_option("--correction", options.correction, "of p-values: holm (default), bonferroni or none");
  app.add_option("--max-tokens", options.max_tokens,
                 "the most token vectors of one concept to fit on (default 0: all)")
      ->check(program::digits);
  app.add_option("--save", options.save, "write the vectors to this folder");
  app.add_option("--load", options.load, "read the vectors from this folder, in place of --concept");
  app.add_option("--overlay", options.overlay, "images: write heat maps as PNG files to this folder");
  app.add_option("--examples", options.examples, "how many inputs get heat maps (default 6)")
      ->check(program::digits);
  app.add_option("--html", options.html, "also write a self-contained page");
  program::add_common_options(app, options.common);
  return program::run(app, argc, argv, [&] { explain(options, argv[0]); });
}
