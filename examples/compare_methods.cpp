// SPDX-License-Identifier: MIT
// Compares explainers on a data set: how faithful each is to the model, with intervals, and what it costs.
//
//     compare_methods --data dev.tsv --methods all --samples 256 --resume results.jsonl --html all.html
//
//     compare_methods --data test.bin --methods grad-attention-mutual,random --limit 500 --format json
//
// Many processes share the work: each runs a shard, and one merges.
//
//     compare_methods --data dev.tsv --methods all --shard 0/2 --resume part0 &
//
//     compare_methods --data dev.tsv --methods all --shard 1/2 --resume part1; wait
//
//     compare_methods --merge part0 part1 --html all.html
#include "support/program.hpp"
#include "support/study.hpp"

#include <regard/all.hpp>

#include <mutex>
#include <set>

namespace {

struct Options {
  program::CommonOptions common;
  std::string model, data, methods, metrics = "faithfulness", masking = "auto", percentages = "0,10,20,50";
  std::string divisor = "reference", reference, rationales;
  std::string resume, shard, csv, svg, agreement_svg, html, per_input;
  std::vector<std::string> merge;
  std::set<std::string> given; ///< names of the options that were given
  std::size_t limit = 0, max_players = 0, samples = 512, super_patch = 1, windows = 0, resamples = 2000;
  bool list_metrics = false, list_methods = false;
};

/// A line on the terminal that is written over; nothing where standard error is none.
class Progress {
 public:
  Progress(std::size_t done, std::size_t total)
      : shown_(isatty(STDERR_FILENO) != 0), first_(done), total_(total) {}
  ~Progress() {
    if (shown_)
      std::cerr << "\r\x1b[K" << std::flush;
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void operator()(std::size_t done) const {
    if (!shown_)
      return;
    const double left = (program::seconds(false) - begin_) /
                        static_cast<double>(std::max<std::size_t>(1, done - first_)) *
                        static_cast<double>(total_ - done);
    std::cerr << "\r\x1b[K" << done << " of " << total_ << " inputs, "
              << (left < 90 ? std::to_string(static_cast<int>(left) + 1) + " s"
                            : std::to_string(static_cast<int>(left / 60) + 1) + " min")
              << " left" << std::flush;
  }

 private:
  bool shown_;
  std::size_t first_, total_;
  double begin_ = program::seconds(false);
};

std::vector<std::string> names_of(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  for (const std::string_view name : program::split(text, ',')) {
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end())
      throw regard::InvalidArgument(option + ": found '" + text +
                                    "', expected different names, separated by commas");
    names.emplace_back(name);
  }
  return names;
}

/// "all" stands for all methods but shapley-input, which needs short inputs: where --max-players sees to
/// that, for it too.
std::vector<std::string> parse_methods(const Options& options) {
  std::vector<std::string> names;
  for (const std::string& name : names_of("--methods", options.methods)) {
    if (name != "all") {
      program::named_method(name);
      names.push_back(name);
      continue;
    }
    for (const regard::MethodName& method : regard::method_names())
      if (method.name != "shapley-input" || (options.max_players > 0 && options.max_players <= 15))
        names.emplace_back(method.name);
  }
  for (auto name = names.begin(); name != names.end(); ++name)
    if (std::find(names.begin(), name, *name) != name)
      throw regard::InvalidArgument("--methods: found " + *name + " twice, expected each once");
  return names;
}

std::vector<std::string> parse_metrics(const Options& options) {
  std::vector<std::string> known, wanted;
  std::string list;
  for (const program::MetricGroup& group : program::metric_groups()) {
    list += (list.empty() ? "" : ", ") + std::string(group.name);
    if (group.name != "plausibility" || !options.rationales.empty())
      known.emplace_back(group.name);
  }
  if (options.metrics == "all")
    return known;
  const std::vector<std::string> names = names_of("--metrics", options.metrics);
  for (const program::MetricGroup& group : program::metric_groups()) // in the order of the groups
    if (std::find(names.begin(), names.end(), group.name) != names.end())
      wanted.emplace_back(group.name);
  for (const std::string& name : names) {
    if (name == "plausibility" && options.rationales.empty())
      throw regard::InvalidArgument("--metrics: found plausibility, which needs --rationales COLUMN");
    if (std::find(wanted.begin(), wanted.end(), name) == wanted.end())
      throw regard::InvalidArgument("--metrics: found '" + name + "', expected all or some of " + list);
  }
  return wanted;
}

std::vector<regard::Index> parse_percentages(const std::string& text) {
  std::vector<regard::Index> percentages;
  for (const std::string_view part : program::split(text, ',')) {
    const auto number = program::parse_number(part);
    if (!number || *number > 100)
      throw regard::InvalidArgument("--percentages: found '" + text +
                                    "', expected whole numbers from 0 to 100 such as " + "0,10,20,50");
    percentages.push_back(*number);
  }
  return percentages;
}

regard::Masking parse_masking(const std::string& text) {
  using regard::Masking;
  for (const Masking masking : {Masking::automatic, Masking::mask, Masking::drop, Masking::remove,
                                Masking::zero, Masking::mean, Masking::blur})
    if (text == to_string(masking))
      return masking;
  throw regard::InvalidArgument("--masking: found '" + text +
                                "', expected auto, mask, drop, delete, zero, mean or blur");
}

/// Which inputs are this run's.
struct Shard {
  std::size_t remainder = 0, count = 1;
  bool has(std::size_t input) const { return input % count == remainder; }
};

Shard parse_shard(const std::string& text) {
  if (text.empty())
    return {};
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto which = program::parse_number(std::string_view(text).substr(0, slash)),
             count = program::parse_number(std::string_view(text).substr(std::min(slash + 1, text.size())));
  if (!which || !count || *count == 0 || *which > *count)
    throw regard::InvalidArgument("--shard: found '" + text +
                                  "', expected I/N, such as 0/3, 1/3 and 2/3 (or 1/3, 2/3 and 3/3)");
  return {*which % *count, *count};
}

program::StudyOptions study_options(const Options& options) {
  program::StudyOptions study;
  study.methods = parse_methods(options);
  study.metrics = parse_metrics(options);
  study.faithfulness.percentages = parse_percentages(options.percentages);
  study.faithfulness.divisor =
      options.divisor == "terms" ? regard::AopcDivisor::terms : regard::AopcDivisor::reference;
  if (!study.has("aopc"))
    study.faithfulness.aopc_percentages.clear();
  if (!study.has("log-odds"))
    study.faithfulness.log_odds_percentage = 0;
  if (!study.has("curves"))
    study.faithfulness.curve_steps = 0;
  if (!study.has("monotonicity"))
    study.faithfulness.monotonicity_steps = 0;
  study.masking.masking = parse_masking(options.masking);
  study.max_players = options.max_players;
  study.samples = options.samples;
  study.super_patch = options.super_patch;
  study.seed = options.common.seed;
  return study;
}

/// All that the lines of results depend on.
template <class Model>
program::Json make_header(const Options& options, const program::StudyOptions& study, const Model& model,
                          const std::filesystem::path& folder, const std::string& bytes, std::size_t inputs) {
  std::filesystem::path name = std::filesystem::weakly_canonical(folder);
  program::Json header{{"regard_comparison", 1},
                       {"version", regard::version},
                       {"model", name.filename().string()},
                       {"model_hash", std::to_string(model.fingerprint())},
                       {"data_hash", program::hash_text(bytes)},
                       {"inputs", inputs},
                       {"limit", options.limit},
                       {"methods", study.methods},
                       {"metrics", study.metrics},
                       {"samples", study.samples},
                       {"max_players", study.max_players},
                       {"masking", to_string(regard::resolve_masking<Model>(study.masking.masking))},
                       {"percentages", study.faithfulness.percentages},
                       {"divisor", to_string(study.faithfulness.divisor)},
                       {"seed", study.seed}};
  if constexpr (regard::ImageModel<Model>)
    header["super_patch"] = study.super_patch;
  else
    header["windows"] = options.windows;
  if (!options.rationales.empty()) {
    header["rationales"] = options.rationales;
    header["rationale_share"] = study.rationale_share;
  }
  std::vector<std::string> columns;
  for (const program::MetricGroup& group : program::metric_groups())
    if (study.has(group.name))
      columns.insert(columns.end(), group.columns.begin(), group.columns.end());
  columns.emplace_back("degenerate");
  header["columns"] = columns;
  if (const Shard shard = parse_shard(options.shard); shard.count > 1)
    header["shard"] = std::to_string(shard.remainder) + "/" + std::to_string(shard.count);
  return header;
}

/// shapley-input evaluates 2^n coalitions: refuse before any work what it would refuse on the way.
template <class Model, class Input>
void check_players(const Model& model, const std::vector<program::StudyItem<Input>>& items,
                   const program::StudyOptions& study) {
  for (const regard::Method& method : make_methods(study)) {
    const auto* input = std::get_if<regard::InputMethod>(&method);
    if (input == nullptr || input->solver != regard::InputSolver::exact)
      continue;
    std::size_t longer = 0, longest = 0;
    for (const auto& item : items) {
      const std::size_t players = program::study_players(model.encode(item.input), study.super_patch).size();
      const bool left_out = study.max_players > 0 && players > study.max_players;
      if (players > input->max_players && !left_out) {
        ++longer;
        longest = std::max(longest, players);
      }
    }
    if (longer > 0)
      throw regard::InvalidArgument("shapley-input: found " + std::to_string(longer) + " inputs of up to " +
                                    std::to_string(longest) + " players, expected at most " +
                                    std::to_string(input->max_players) + "; --max-players " +
                                    std::to_string(input->max_players) + " leaves longer ones out");
  }
}

/// Runs what is missing, in parallel over inputs, and hands over each line in the order of the inputs.
template <class Model, class Input, class Take>
void run_inputs(const Model& model, const std::vector<program::StudyItem<Input>>& items,
                std::span<const std::size_t> numbers, const program::StudyOptions& study,
                const regard::Executor& threads, Take take) {
  const program::InputStudy<Model, Input> study_input(model, study);
  std::mutex mutex;
  std::map<std::size_t, std::pair<std::string, std::string>> waiting;
  std::size_t next = 0;
  const regard::Serial serial;
  // Many inputs: one worker on each. A few: all workers on each.
  const bool outer = numbers.size() >= threads.workers();
  const regard::Executor& inner = outer ? static_cast<const regard::Executor&>(serial) : threads;
  (outer ? threads : static_cast<const regard::Executor&>(serial))
      .for_each(numbers.size(), [&](std::size_t i, std::size_t) {
        auto lines = study_input(numbers[i], items[numbers[i]], inner);
        const std::lock_guard lock(mutex);
        waiting.emplace(i, std::move(lines));
        for (auto first = waiting.begin(); first != waiting.end() && first->first == next;
             first = waiting.erase(first), ++next)
          take(first->second.first, first->second.second);
      });
}

program::StudyResult summarise(const Options& options, const program::Json& header,
                               const std::vector<program::ResultLine>& lines,
                               const std::vector<program::ResultLine>& timings) {
  program::StudySummary summary(header);
  for (const program::ResultLine& line : lines)
    summary.add(line);
  for (const program::ResultLine& line : timings)
    summary.add_timing(line.json);
  const auto methods = header.at("methods").get<std::vector<std::string>>();
  const auto has = [&](const std::string& name) {
    return std::find(methods.begin(), methods.end(), name) != methods.end();
  };
  std::string reference = options.reference;
  if (reference.empty())
    reference =
        has(std::string(regard::default_method)) ? std::string(regard::default_method) : methods.front();
  if (!has(reference))
    throw regard::InvalidArgument("--reference: found '" + reference +
                                  "', expected one of the methods compared");
  return summary.finish(reference, {options.resamples, 0.95,
                                    header.at("seed").get<std::uint64_t>()}); // of the run, merged or not
}

void write_report(const Options& options, program::Output& output, const program::StudyResult& result) {
  const regard::ComparisonReport& report = result.report;
  output.write(options.common.json() ? regard::json(report) + "\n"
                                     : regard::terminal(report, {.color = output.color()}));
  if (!options.csv.empty())
    regard::write_file(options.csv, regard::csv(report));
  if (!options.svg.empty())
    regard::write_file(options.svg, regard::svg(report));
  if (!options.agreement_svg.empty())
    regard::write_file(options.agreement_svg, regard::agreement_svg(report));
  if (!options.html.empty())
    regard::write_html(options.html, report);
  if (!options.per_input.empty())
    regard::write_file(options.per_input, result.per_input);
  output.finish();
}

template <class Model, class Input>
void compare(const Options& options, program::Output& output, const Model& model,
             const std::filesystem::path& folder, const std::string& bytes,
             const std::vector<program::StudyItem<Input>>& items) {
  program::StudyOptions study = study_options(options);
  if (items.empty())
    throw regard::MalformedFile(options.data, "found no input, expected at least one");
  if (model.problem_type() != regard::ProblemType::single_label)
    throw regard::InvalidArgument(
        "--model: found a model that does not choose one class, expected a classifier of "
        "problem_type single_label_classification");
  regard::resolve_masking<Model>(study.masking.masking);
  if constexpr (regard::TextModel<Model>) {
    if (!options.rationales.empty())
      study.rationale_share = program::rationale_share(model, items);
    if (options.super_patch != 1)
      throw regard::InvalidArgument("--super-patch: found a text, expected images");
  } else if (!options.rationales.empty() || options.windows > 0) {
    throw regard::InvalidArgument("--rationales, --windows: found images, expected texts");
  }
  check_players(model, items, study);
  const program::Json header = make_header(options, study, model, folder, bytes, items.size());

  const Shard shard = parse_shard(options.shard);
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (shard.has(i))
      numbers.push_back(i);
  std::optional<program::ResultsFile> file;
  std::vector<program::ResultLine> lines, timings;
  if (!options.resume.empty()) {
    file.emplace(options.resume, header, numbers);
    lines = file->lines();
  }
  const std::size_t done = lines.size();
  {
    const Progress progress(done, numbers.size());
    const regard::Threads threads(options.common.threads);
    run_inputs(model, items, std::span(numbers).subspan(done), study, threads,
               [&](const std::string& result, const std::string& timing) {
                 if (file)
                   file->append(result, timing);
                 lines.push_back({result, program::Json::parse(result)});
                 timings.push_back({timing, program::Json::parse(timing)});
                 progress(lines.size());
               });
  }
  if (file)
    timings = program::last_of_each(program::read_results(program::timings_of(options.resume)).lines);
  write_report(options, output, summarise(options, header, lines, timings));
}

/// What was run stands in the files: options that say it again must say the same.
void check_said_again(const Options& options, const program::Json& header) {
  const auto check = [&](const std::string& option, const char* key, const auto& said) {
    if (options.given.count(option) == 0)
      return;
    const program::Json value(said()), ran = header.contains(key) ? header[key] : program::Json();
    if (value != ran)
      throw regard::InvalidArgument(option + ": " +
                                    program::contrast(value, ran, " with --merge, but the files have "));
  };
  check("--methods", "methods", [&] { return parse_methods(options); });
  check("--metrics", "metrics", [&] { return parse_metrics(options); });
  check("--percentages", "percentages", [&] { return parse_percentages(options.percentages); });
  check("--aopc-divisor", "divisor", [&] { return options.divisor; });
  check("--rationales", "rationales", [&] { return options.rationales; });
  check("--limit", "limit", [&] { return options.limit; });
  check("--max-players", "max_players", [&] { return options.max_players; });
  check("--samples", "samples", [&] { return options.samples; });
  check("--super-patch", "super_patch", [&] { return options.super_patch; });
  check("--windows", "windows", [&] { return options.windows; });
  check("--seed", "seed", [&] { return options.common.seed; });
  check("--model", "model",
        [&] { return std::filesystem::weakly_canonical(options.model).filename().string(); });
  if (parse_masking(options.masking) != regard::Masking::automatic)
    check("--masking", "masking", [&] { return options.masking; });
  if (!options.data.empty() && program::hash_text(program::read_bytes(options.data, "--data")) !=
                                   header.at("data_hash").get<std::string>())
    throw regard::InvalidArgument("--data " + options.data +
                                  ": found other data than the files of --merge compare");
}

void merge(const Options& options, program::Output& output) {
  const program::MergedResults merged = program::merge_results(options.merge);
  check_said_again(options, merged.header);
  if (!options.resume.empty()) {
    if (std::filesystem::exists(options.resume)) {
      const program::Results there = program::read_results(options.resume);
      if (!there.header.is_null() && !program::header_difference(there.header, merged.header).empty())
        throw regard::MalformedFile(options.resume,
                                    "holds results of another configuration: " +
                                        program::header_difference(there.header, merged.header));
    }
    regard::write_file(program::timings_of(options.resume), merged.timings_text());
    regard::write_file(options.resume, merged.results_text());
  }
  write_report(options, output, summarise(options, merged.header, merged.lines, merged.timings));
}

void run(const Options& options, const char* program_path) {
  program::Output output(options.common.output);
  std::vector<std::pair<std::string, std::string>> files{{"--data", options.data}};
  for (const std::string& file : options.merge)
    files.insert(files.end(), {{"--merge", file}, {"--merge", program::timings_of(file).string()}});
  if (!options.resume.empty())
    files.emplace_back("--resume", program::timings_of(options.resume).string());
  files.insert(files.end(), {{"--resume", options.resume},
                             {"--output", options.common.output},
                             {"--csv", options.csv},
                             {"--svg", options.svg},
                             {"--agreement-svg", options.agreement_svg},
                             {"--html", options.html},
                             {"--per-input", options.per_input}});
  program::check_files(files); // above all, no file that is read is written over
  if (!options.merge.empty()) {
    merge(options, output);
    return;
  }
  const program::StudyOptions study = study_options(options); // refuses bad names before anything is loaded
  if (!options.agreement_svg.empty() && !study.has("rank-agreement"))
    throw regard::InvalidArgument("--agreement-svg: needs --metrics rank-agreement");
  parse_shard(options.shard);
  const std::string bytes = program::read_bytes(options.data, "--data");
  const program::DataOptions data{options.limit, options.rationales, options.windows};
  const bool images = std::filesystem::path(options.data).extension() == ".bin";
  const std::filesystem::path folder =
      options.model.empty()
          ? program::bundled_model(program_path, images ? "vit-small-cifar10" : "bert-tiny-sst2")
          : std::filesystem::path(options.model);
  if (images) {
    const auto model = regard::load_image_classifier<float>(folder);
    compare(options, output, model, folder, bytes, program::read_cifar(model, options.data, bytes, data));
  } else {
    const auto model = regard::load_text_classifier<float>(folder);
    compare(options, output, model, folder, bytes, program::read_tsv(model, options.data, bytes, data));
  }
}

std::string list_metrics() {
  std::string text;
  for (const program::MetricGroup& group : program::metric_groups()) {
    std::string name(group.name);
    name.resize(20, ' ');
    text += name + std::string(group.summary) + "\n";
  }
  return text;
}

std::string list_methods() {
  std::string text;
  for (const regard::MethodName& method : regard::method_names())
    text += std::string(method.name) + "\n";
  return text;
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Compares explainers on a data set.", "compare_methods"};
  app.set_version_flag("--version", regard::version);
  app.add_option("--model", options.model,
                 "checkpoint folder in Hugging Face layout (default: the bundled model)");
  auto* data =
      app.add_option("--data", options.data,
                     "a TSV file with the columns sentence and label, or a .bin file of CIFAR-10 records");
  auto* methods = app.add_option("--methods", options.methods,
                                 "a,b,.. (see --list-methods); all: shapley-input only with --max-players; "
                                 "grad-sam:received: the other side");
  app.add_option("--metrics", options.metrics, "a,b,.. (see --list-metrics; default faithfulness), or all");
  app.add_option("--limit", options.limit, "take the first N rows or records (default 0: all)")
      ->check(program::digits);
  app.add_option("--max-players", options.max_players,
                 "leave out inputs of more tokens or patches (default 0: none)")
      ->check(program::digits);
  app.add_option("--samples", options.samples, "input methods: the most model evaluations (default 512)")
      ->check(program::digits);
  app.add_option(
      "--masking", options.masking,
      "how metrics and input methods hide players: mask (default for texts), drop (default for images), "
      "delete, zero, mean or blur");
  app.add_option(
      "--percentages", options.percentages,
      "comprehensiveness, sufficiency: the shares of players that are hidden (default 0,10,20,50)");
  app.add_option(
         "--aopc-divisor", options.divisor,
         "their sum is divided by reference (number of shares + 1, default) or terms (number of shares)")
      ->check(CLI::IsMember({"reference", "terms"}));
  app.add_option("--super-patch", options.super_patch,
                 "images: a player is a block of K x K patches (default 1)")
      ->check(program::positive);
  app.add_option("--rationales", options.rationales,
                 "TSV: a column of human rationales, begin:end .. over white-space tokens, for plausibility");
  app.add_option(
         "--windows", options.windows,
         "TSV: cut longer texts at white space into inputs of the model's length, at most N of each text "
         "(default 0: one input, cut as the model does)")
      ->check(program::digits);
  app.add_option("--reference", options.reference,
                 "differences are to this method (default grad-attention-mutual, else the first)");
  app.add_option("--resamples", options.resamples, "bootstrap resamples for intervals (default 2000)")
      ->check(program::positive);
  app.add_option("--resume", options.resume,
                 "append the results of each input to this file as they come, and go on where "
                 "it ends; timings go to F.timings");
  app.add_option("--shard", options.shard,
                 "run every N-th input alone: I/N, I from 0 to N - 1 (or from 1 to N)");
  auto* merged =
      app.add_option("--merge", options.merge,
                     "report the results files of all shards as one; with --resume F, write it to F")
          ->expected(1, CLI::detail::expected_max_vector_size);
  app.add_option("--csv", options.csv, "also write the table as CSV");
  app.add_option("--svg", options.svg, "also write a chart");
  app.add_option("--agreement-svg", options.agreement_svg, "also write a chart of the metric rank-agreement");
  app.add_option("--html", options.html, "also write a self-contained page");
  app.add_option("--per-input", options.per_input, "also write the numbers of every input and method as CSV");
  app.add_flag("--list-methods", options.list_methods, "list the methods and end");
  app.add_flag("--list-metrics", options.list_metrics, "list the metrics and end");
  program::add_common_options(app, options.common);
  return program::run(app, argc, argv, [&] {
    if (options.list_methods || options.list_metrics) {
      program::Output("").write(options.list_methods ? list_methods() : list_metrics());
      return;
    }
    if (merged->count() == 0 && (data->count() == 0 || methods->count() == 0))
      throw regard::InvalidArgument("found no " + std::string(data->count() == 0 ? "data" : "methods") +
                                    ", expected --data F --methods a,b,.. or --merge F ..");
    if (merged->count() > 0 && !options.shard.empty())
      throw regard::InvalidArgument("--shard: found with --merge, expected one of them");
    for (const CLI::Option* option : app.get_options())
      if (option->count() > 0)
        options.given.insert(option->get_name());
    run(options, argv[0]);
  });
}
