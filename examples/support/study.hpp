// SPDX-License-Identifier: MIT
// What compare_methods computes of one input, and what it makes of the lines of all.
#pragma once

#include "results_file.hpp"
#include "study_data.hpp"

#include <regard/attribution/explain.hpp>
#include <regard/evaluation.hpp>
#include <regard/report/comparison.hpp>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <map>

namespace program {

/// The metrics by name, and the columns of numbers that each gives for an input and a method.
struct MetricGroup {
  std::string_view name, summary;
  std::vector<std::string> columns;
};

inline const std::vector<MetricGroup>& metric_groups() {
  static const std::vector<MetricGroup> groups{
      {"faithfulness",
       "comprehensiveness, sufficiency, F1 and agreement",
       {"comprehensiveness", "sufficiency", "kept_label"}},
      {"aopc", "the same two over 1, 5, 10, 20, 50%", {"aopc_comprehensiveness", "aopc_sufficiency"}},
      {"log-odds", "log-odds without the top 20%", {"log_odds"}},
      {"curves", "areas below the deletion and insertion curves", {"deletion_auc", "insertion_auc"}},
      {"monotonicity", "does the probability rise while players are shown", {"monotone", "rising_steps"}},
      {"infidelity", "scaled infidelity over 10 draws", {"infidelity"}},
      {"max-sensitivity", "10 draws of noise; methods of a pass or two", {"max_sensitivity"}},
      {"randomisation",
       "Spearman with explanations of models with random weights; methods of a pass or two",
       {"randomisation", "randomisation_full"}},
      {"plausibility", "agreement with --rationales", {"token_f1", "iou_precision", "iou_recall", "auprc"}},
      {"rank-agreement", "Spearman and Kendall between all methods", {}},
  };
  return groups;
}

/// What is computed of each input.
struct StudyOptions {
  std::vector<std::string> methods;
  std::vector<std::string> metrics; ///< names of metric groups
  regard::FaithfulnessOptions faithfulness;
  regard::MaskedInputOptions masking;
  std::size_t max_players = 0; ///< inputs with more are left out; 0: none
  std::size_t samples = 512;   ///< evaluations of input methods
  std::size_t super_patch = 1;
  double rationale_share = 0; ///< length of predicted rationales, as a share of the players
  std::uint64_t seed = 0;

  bool has(std::string_view metric) const {
    return std::find(metrics.begin(), metrics.end(), metric) != metrics.end();
  }
};

/// Whether a method is cheap enough to repeat a dozen times: no loop over samples, draws or tokens.
inline bool repeatable(const regard::Method& method) {
  return std::visit(
      [](const auto& options) {
        return !requires {
          options.masking;
        }
        &&!requires {
          options.draws;
        }
        &&!requires {
          options.points;
        };
      },
      method);
}

/// The method of a name; a method that sums one side of the attention takes the side behind a colon:
/// "grad-sam:received", "grad-sam:given".
inline regard::Method named_method(const std::string& name) {
  const std::size_t colon = std::min(name.find(':'), name.size());
  regard::Method method = regard::find_method(name.substr(0, colon));
  if (colon == name.size())
    return method;
  const std::string side = name.substr(colon + 1);
  const bool taken = std::visit(
      [&](auto& options) {
        if constexpr (requires { options.side; }) {
          using Side = decltype(options.side);
          for (const Side choice : {Side::received, Side::given})
            if (side == to_string(choice)) {
              options.side = choice;
              return true;
            }
        }
        return false;
      },
      method);
  if (!taken)
    throw regard::InvalidArgument("--methods: found '" + name +
                                  "', expected :received or :given behind the name of " +
                                  "a method that sums attention");
  return method;
}

/// The named methods with this study's options.
inline std::vector<regard::Method> make_methods(const StudyOptions& options) {
  std::vector<regard::Method> methods;
  for (const std::string& name : options.methods) {
    methods.push_back(named_method(name));
    std::visit(
        [&](auto& method) {
          method.super_patch = options.super_patch;
          if constexpr (requires { method.masking; })
            method.masking = options.masking.masking;
          if constexpr (requires {
                          method.masking;
                          method.samples;
                        })
            method.samples = options.samples;
          if constexpr (requires { method.max_players; })
            if (options.max_players > 0)
              method.max_players = options.max_players;
        },
        methods.back());
  }
  return methods;
}

/// Seconds of work, to measure what a method costs: of this thread's processor where the work is its own, so
/// that other work on the machine does not count; else by the clock on the wall.
inline double seconds(bool own_thread) {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  timespec time{};
  if (own_thread && clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0)
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
#endif
  (void)own_thread;
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline std::vector<std::vector<regard::Index>> study_players(const regard::Encoding& encoding, std::size_t) {
  return find_players(encoding, regard::PlayerUnit::tokens);
}
template <class Scalar>
std::vector<std::vector<regard::Index>> study_players(const regard::EncodedImage<Scalar>& image,
                                                      std::size_t super_patch) {
  return find_players(image, super_patch);
}

/// Computes all numbers of one input.
template <class Model, class Input>
class InputStudy {
 public:
  using Altered = regard::AlteredModel<Model>; // explained as it is, too: one instance of all explainers

  InputStudy(const Model& model, const StudyOptions& options)
      : model_(model), options_(options), methods_(make_methods(options)) {
    if (options.has("randomisation"))
      cascade_ = regard::randomised_cascade(model.classifier(), options.seed);
  }

  /// The line of an input, and that of its timings.
  std::pair<std::string, std::string> operator()(std::size_t number, const StudyItem<Input>& item,
                                                 const regard::Executor& executor) const {
    const auto encoding = model_.encode(item.input);
    const auto players = study_players(encoding, options_.super_patch);
    Json line{{"input", number}, {"label", item.label}, {"players", players.size()}};
    std::size_t dropped = item.dropped_tokens;
    if constexpr (requires { encoding.dropped_tokens; })
      dropped += encoding.dropped_tokens;
    line["dropped_tokens"] = dropped;
    Json timing{{"input", number}};
    if (players.empty() || (options_.max_players > 0 && players.size() > options_.max_players)) {
      line["skipped"] = players.empty() ? "no players" : "too many players";
      return {line.dump(), timing.dump()};
    }
    std::vector<regard::Explanation> explanations = explain(number, item.input, executor, timing);
    line["prediction"] = explanations.front().prediction.index;
    regard::MaskedPredictions predictions =
        masked_predictions(model_, encoding, players, options_.masking, executor);
    evaluate_together(predictions, explanations, number);
    Json scores = Json::array();
    for (std::size_t m = 0; m < explanations.size(); ++m)
      scores.push_back(numbers(item, number, methods_[m], explanations[m], predictions, executor));
    line["scores"] = std::move(scores);
    if (options_.has("rank-agreement"))
      add_agreement(line, explanations);
    return {line.dump(), timing.dump()};
  }

 private:
  std::uint64_t seed_of(std::size_t number) const { return regard::RandomStream(options_.seed, number)(); }

  std::vector<regard::Explanation> explain(std::size_t number, const Input& input,
                                           const regard::Executor& executor, Json& timing) const {
    const bool own_thread = executor.workers() == 1;
    std::vector<regard::Explanation> explanations;
    for (const regard::Method& method : methods_) {
      const double begin = seconds(own_thread);
      explanations.push_back(regard::explain(Altered(model_), input, method,
                                             {regard::PredictedTarget{}, seed_of(number), {}}, executor));
      timing["seconds"].push_back(seconds(own_thread) - begin);
    }
    return explanations;
  }

  regard::InfidelityOptions infidelity(std::size_t number) const { return {10, true, options_.seed, number}; }

  bool hides_players() const {
    return options_.has("faithfulness") || options_.has("aopc") || options_.has("log-odds") ||
           options_.has("curves") || options_.has("monotonicity");
  }

  /// The masked inputs of all methods share batches, and each is evaluated once.
  void evaluate_together(regard::MaskedPredictions& predictions,
                         const std::vector<regard::Explanation>& explanations, std::size_t number) const {
    std::vector<regard::MutableCoalition> all;
    const auto add = [&](std::vector<regard::MutableCoalition> some) {
      std::move(some.begin(), some.end(), std::back_inserter(all));
    };
    if (hides_players())
      for (const regard::Explanation& why : explanations)
        add(faithfulness_inputs(why.values, options_.faithfulness));
    if (options_.has("infidelity"))
      add(infidelity_inputs(predictions.players(), infidelity(number)));
    if (!all.empty())
      predictions.evaluate(all);
  }

  /// The columns of one method, and whether its values tie.
  Json numbers(const StudyItem<Input>& item, std::size_t number, const regard::Method& method,
               const regard::Explanation& why, regard::MaskedPredictions& predictions,
               const regard::Executor& executor) const {
    const regard::Index target = why.target.index;
    regard::rank_descending(why.values); // refuses what cannot be ranked, whatever is asked
    Json row = Json::array();
    const auto add = [&](const std::optional<double>& value) {
      row.push_back(value ? Json(*value) : Json());
    };
    const regard::Faithfulness found =
        hides_players() ? faithfulness(predictions, why.values, target, options_.faithfulness)
                        : regard::Faithfulness{};
    if (options_.has("faithfulness")) {
      add(found.comprehensiveness);
      add(found.sufficiency);
      row.push_back(found.kept_label);
    }
    if (options_.has("aopc")) {
      add(found.aopc_comprehensiveness);
      add(found.aopc_sufficiency);
    }
    if (options_.has("log-odds"))
      add(found.log_odds);
    if (options_.has("curves")) {
      add(found.deletion_area);
      add(found.insertion_area);
    }
    if (options_.has("monotonicity")) {
      row.push_back(found.monotonicity->monotone ? 1 : 0);
      add(found.monotonicity->rising_steps);
    }
    if (options_.has("infidelity"))
      add(regard::infidelity(predictions, why.values, target, infidelity(number)));
    if (options_.has("max-sensitivity"))
      add(repeatable(method) ? std::optional(max_sensitivity(Altered(model_), item.input, method, why,
                                                             {0.02, 10, seed_of(number)}, executor))
                             : std::nullopt);
    if (options_.has("randomisation"))
      add_randomisation(row, item.input, method, why, executor);
    if (options_.has("plausibility"))
      add_plausibility(row, item, why);
    row.push_back(why.degenerate ? 1 : 0);
    return row;
  }

  /// The mean over the stages of the cascade, and the last one, where all is random.
  void add_randomisation(Json& row, const Input& input, const regard::Method& method,
                         const regard::Explanation& why, const regard::Executor& executor) const {
    double sum = 0;
    std::size_t count = 0;
    std::optional<double> last;
    if (repeatable(method))
      for (const auto& similarity : regard::parameter_randomisation<typename Model::Scalar>(
               Altered(model_), cascade_, input, method, why, {}, executor)) {
        last = similarity;
        sum += similarity.value_or(0);
        count += similarity ? 1 : 0;
      }
    row.push_back(count > 0 ? Json(sum / static_cast<double>(count)) : Json());
    row.push_back(last ? Json(*last) : Json());
  }

  void add_plausibility(Json& row, const StudyItem<Input>& item, const regard::Explanation& why) const {
    const std::vector<bool> truth = rationale_players(why, *item.rationale);
    if (std::find(truth.begin(), truth.end(), true) == truth.end()) { // nothing to agree with
      row.insert(row.end(), {nullptr, nullptr, nullptr, nullptr});
      return;
    }
    const double length = std::round(options_.rationale_share * static_cast<double>(truth.size()));
    const std::vector<bool> marked =
        regard::top_rationale(why.values, std::max<std::size_t>(1, static_cast<std::size_t>(length)));
    const regard::PrecisionRecall spans = regard::span_overlap(marked, truth);
    row.push_back(regard::token_overlap(marked, truth).f1());
    row.push_back(spans.precision);
    row.push_back(spans.recall);
    row.push_back(*regard::rationale_auprc(why.values, truth));
  }

  /// Of each method with the methods before it.
  static void add_agreement(Json& line, const std::vector<regard::Explanation>& explanations) {
    const auto number = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
    using Scores = std::span<const double>;
    using Correlation = std::optional<double> (*)(Scores, Scores);
    const std::pair<const char*, Correlation> correlations[] = {{"spearman", &regard::spearman},
                                                                {"kendall", &regard::kendall}};
    for (const auto& [name, correlate] : correlations) {
      Json rows = Json::array();
      for (std::size_t a = 0; a < explanations.size(); ++a) {
        Json row = Json::array();
        for (std::size_t b = 0; b < a; ++b)
          row.push_back(number(correlate(explanations[a].values, explanations[b].values)));
        rows.push_back(std::move(row));
      }
      line[name] = std::move(rows);
    }
  }

  const Model& model_;
  StudyOptions options_;
  std::vector<regard::Method> methods_;
  std::vector<regard::SequenceClassifier<typename Model::Scalar>> cascade_;
};

/// The mean length of the rationales of all items, as a share of their players.
template <class Model, class Items>
double rationale_share(const Model& model, const Items& items) {
  double sum = 0, count = 0;
  for (const auto& item : items) {
    const regard::Encoding encoding = model.encode(item.input);
    regard::Explanation why;
    why.players = find_players(encoding, regard::PlayerUnit::tokens);
    for (const regard::Token& token : encoding.tokens)
      why.tokens.push_back({"", token.id, token.begin, token.end, token.segment, token.special});
    const std::vector<bool> truth = rationale_players(why, *item.rationale);
    const auto marked = static_cast<double>(std::count(truth.begin(), truth.end(), true));
    if (marked > 0) {
      sum += marked / static_cast<double>(truth.size());
      count += 1;
    }
  }
  if (count == 0)
    throw regard::InvalidArgument("--rationales: found no marked token in any input, expected some");
  return sum / count;
}

/// What all lines come to.
struct StudyResult {
  regard::ComparisonReport report;
  std::string per_input; ///< CSV: a line for each input and method
};

class StudySummary {
 public:
  /// @param header  of the results file: names of methods and columns, and all options
  explicit StudySummary(const Json& header) : header_(header) {
    scores_.methods = header.at("methods").get<std::vector<std::string>>();
    scores_.columns = header.at("columns").get<std::vector<std::string>>();
    const std::size_t pairs = scores_.methods.size() * scores_.methods.size();
    for (Sums* sums : {&spearman_, &kendall_})
      sums->sum.resize(pairs), sums->count.resize(pairs);
    seconds_.resize(scores_.methods.size());
  }

  void add(const ResultLine& line) {
    players_ += line.json.at("players").get<double>();
    dropped_ += line.json.at("dropped_tokens").get<double>();
    if (line.json.contains("skipped")) {
      ++skipped_[line.json["skipped"].get<std::string>()];
      return;
    }
    std::vector<std::optional<double>> values;
    for (const Json& row : line.json.at("scores"))
      for (const Json& value : row)
        values.push_back(value.is_null() ? std::nullopt : std::optional(value.get<double>()));
    scores_.add(line.json.at("label"), line.json.at("prediction"), values);
    numbers_.push_back(line.json.at("input"));
    if (line.json.contains("spearman")) {
      spearman_.add(line.json["spearman"]);
      kendall_.add(line.json["kendall"]);
    }
  }

  void add_timing(const Json& line) {
    if (!line.contains("seconds") || line["seconds"].size() != seconds_.size())
      return;
    for (std::size_t m = 0; m < seconds_.size(); ++m)
      seconds_[m] += line["seconds"][m].get<double>();
    ++timed_;
  }

  StudyResult finish(const std::string& reference, const regard::BootstrapOptions& bootstrap) const {
    StudyResult result;
    result.report.comparison = regard::compare(scores_, {reference, bootstrap});
    if (timed_ > 0)
      for (std::size_t m = 0; m < seconds_.size(); ++m)
        result.report.comparison.methods[m].seconds_per_input = seconds_[m] / static_cast<double>(timed_);
    if (header_.contains("metrics") && spearman_.any())
      result.report.agreement = regard::RankAgreement{spearman_.means(), kendall_.means()};
    add_facts(result.report, bootstrap);
    result.per_input = per_input();
    return result;
  }

 private:
  /// Sums over inputs, of the lower triangle of a matrix.
  struct Sums {
    std::vector<double> sum, count;

    void add(const Json& rows) {
      const std::size_t methods = rows.size();
      for (std::size_t a = 0; a < methods; ++a)
        for (std::size_t b = 0; b < a; ++b)
          if (!rows[a][b].is_null())
            for (const std::size_t at : {a * methods + b, b * methods + a}) {
              sum[at] += rows[a][b].get<double>();
              count[at] += 1;
            }
      for (std::size_t a = 0; a < methods; ++a)
        sum[a * methods + a] = count[a * methods + a] = 1;
    }
    bool any() const {
      return std::any_of(count.begin(), count.end(), [](double n) { return n > 0; });
    }
    std::vector<std::optional<double>> means() const {
      std::vector<std::optional<double>> means(sum.size());
      for (std::size_t i = 0; i < sum.size(); ++i)
        if (count[i] > 0)
          means[i] = sum[i] / count[i];
      return means;
    }
  };

  static std::string text_of(const Json& value) {
    if (value.is_number_float()) {
      char text[32];
      std::snprintf(text, sizeof text, "%.1f%% of the players", 100 * value.get<double>());
      return text;
    }
    return value.is_string() ? value.get<std::string>() : value.dump();
  }

  void add_facts(regard::ComparisonReport& report, const regard::BootstrapOptions& bootstrap) const {
    auto& facts = report.facts;
    facts.emplace_back("model", text_of(header_.at("model")));
    std::string inputs = std::to_string(scores_.inputs()) + " compared";
    for (const auto& [reason, count] : skipped_)
      inputs += ", " + std::to_string(count) + " left out (" + reason + ")";
    if (dropped_ > 0) {
      char share[32];
      std::snprintf(share, sizeof share, "%.1f%%", 100 * dropped_ / (players_ + dropped_));
      inputs += ", " + std::string(share) + " of the tokens not seen";
    }
    facts.emplace_back("inputs", inputs);
    if (const auto& accuracy = report.comparison.model.accuracy) {
      char text[96];
      std::snprintf(text, sizeof text, "accuracy %.3f, F1 macro %.3f, weighted %.3f with nothing hidden",
                    *accuracy, *report.comparison.model.f1_macro, *report.comparison.model.f1_weighted);
      facts.emplace_back("labels", text);
    }
    for (const auto& [name, key] :
         {std::pair("masking", "masking"), std::pair("percentages", "percentages"),
          std::pair("divisor", "divisor"), std::pair("samples", "samples"),
          std::pair("max players", "max_players"), std::pair("windows", "windows"),
          std::pair("rationale", "rationale_share"), std::pair("super-patch", "super_patch")})
      if (header_.contains(key) && header_.at(key) != Json(0))
        facts.emplace_back(name, text_of(header_.at(key)));
    facts.emplace_back("seed", text_of(header_.at("seed")));
    facts.emplace_back("intervals", "percentile bootstrap, " + std::to_string(bootstrap.resamples) +
                                        " resamples of the inputs, level " +
                                        regard::detail::report::exact(bootstrap.level));
  }

  std::string per_input() const {
    std::string text = "input,label,prediction,method";
    for (const std::string& column : scores_.columns)
      text += "," + column;
    text += "\n";
    std::size_t next = 0;
    for (std::size_t i = 0; i < scores_.inputs(); ++i)
      for (const std::string& method : scores_.methods) {
        text += std::to_string(numbers_[i]) + "," + std::to_string(scores_.labels[i]) + "," +
                std::to_string(scores_.predictions[i]) + "," + method;
        for (std::size_t c = 0; c < scores_.columns.size(); ++c, ++next)
          text += "," + (scores_.values[next] ? regard::detail::report::exact(*scores_.values[next])
                                              : std::string());
        text += "\n";
      }
    return text;
  }

  Json header_;
  regard::MethodScores scores_;
  std::vector<std::size_t> numbers_; // of the inputs that were compared
  std::map<std::string, std::size_t> skipped_;
  double players_ = 0, dropped_ = 0;
  Sums spearman_, kendall_;
  std::vector<double> seconds_;
  std::size_t timed_ = 0;
};

} // namespace program
