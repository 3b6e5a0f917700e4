// SPDX-License-Identifier: MIT
// The options of the explainers, as explain_text and explain_image take them.
#pragma once

#include "program.hpp"

#include <regard/attribution/explain.hpp>

namespace program {

/// What the options of a method were set to.
struct MethodOptions {
  std::string method{regard::default_method};
  std::string target = "auto", layers = "all", singleton = "self";
  std::string masking = "auto", value = "probability";
  std::size_t samples = 512, max_players = 15;
  double precision = 0;
};

inline void add_method_options(CLI::App& app, MethodOptions& options,
                               const std::vector<std::string>& maskings, const std::string& masking_help) {
  app.add_option("--method", options.method, "see --list-methods (default grad-attention-mutual)");
  app.add_option(
      "--target", options.target,
      "class to explain: auto (the predicted one), its index from 0, or its label; a number is an index");
  app.add_option("--layers", options.layers,
                 "attention methods: layers that are averaged, all (default) or 0,1,..");
  app.add_option("--singleton", options.singleton,
                 "attention methods: what a player alone is worth, self (default), zero or additive")
      ->check(CLI::IsMember({"self", "zero", "additive"}));
  app.add_option("--masking", options.masking, masking_help)->check(CLI::IsMember(maskings));
  app.add_option("--value", options.value,
                 "input methods: a coalition is worth the class's probability (default), logit or log-odds")
      ->check(CLI::IsMember({"probability", "logit", "log-odds"}));
  app.add_option("--samples", options.samples, "input methods: the most model evaluations (default 512)")
      ->check(digits);
  app.add_option(
         "--precision", options.precision,
         "kernel-shap, permutation-shap: stop at this standard error, as a share of the range of the values")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-players", options.max_players, "shapley-input: refuse more players (default 15)")
      ->check(digits);
}

inline regard::Target parse_target(const std::string& text) {
  if (text == "auto")
    return regard::PredictedTarget{};
  if (!text.empty() && text.size() <= 9 && text.find_first_not_of("0123456789") == std::string::npos)
    return regard::Index{std::stoul(text)};
  return text;
}

/// The enumerator whose name is `text`, which the option's check has seen.
template <class Enum>
Enum parse_name(const std::string& text, std::initializer_list<Enum> choices) {
  for (const Enum choice : choices)
    if (text == to_string(choice))
      return choice;
  return *choices.begin();
}

inline regard::Method parse_method(const MethodOptions& options) {
  using regard::Masking;
  using regard::ValueFunction;
  regard::Method method = regard::find_method(options.method);
  if (auto* attention = std::get_if<regard::AttentionMethod>(&method)) {
    attention->layers = parse_layers(options.layers);
    attention->singleton = parse_singleton(options.singleton);
  } else {
    auto& input = std::get<regard::InputMethod>(method);
    input.masking =
        parse_name(options.masking, {Masking::automatic, Masking::mask, Masking::drop, Masking::remove,
                                     Masking::zero, Masking::mean, Masking::blur});
    input.value = parse_name(options.value,
                             {ValueFunction::probability, ValueFunction::logit, ValueFunction::log_odds});
    input.samples = options.samples;
    input.precision = options.precision;
    input.max_players = options.max_players;
  }
  return method;
}

inline std::string list_methods() {
  std::string text;
  for (const regard::MethodName& method : regard::method_names) {
    std::string name(method.name);
    name.resize(28, ' ');
    text +=
        name + std::string(method.summary) + (method.name == regard::default_method ? " (default)\n" : "\n");
  }
  return text;
}

} // namespace program
