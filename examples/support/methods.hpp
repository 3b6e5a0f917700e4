// SPDX-License-Identifier: MIT
// The options of the explainers, as explain_text and explain_image take them.
#pragma once

#include "program.hpp"

#include <regard/attribution/explain.hpp>

#include <optional>

namespace program {

/// What the options of a method were set to.
struct MethodOptions {
  std::string method{regard::default_method};
  std::string target = "auto", layers = "all", singleton = "self";
  std::string masking = "auto", value = "probability", side, terms;
  std::optional<std::size_t> samples, points; ///< none: as many as the method takes by itself
  std::size_t max_players = 15;
  double precision = 0;
};

inline void add_method_options(CLI::App& app, MethodOptions& options,
                               const std::vector<std::string>& maskings, const std::string& masking_help) {
  app.add_option("--method", options.method, "see --list-methods (default grad-attention-mutual)");
  app.add_option(
      "--target", options.target,
      "class to explain: auto (the predicted one), its index from 0, or its label; a number is an index");
  app.add_option("--layers", options.layers,
                 "methods that read attention: layers that are used, all (default) or 0,1,..");
  app.add_option("--singleton", options.singleton,
                 "attention games: what a player alone is worth, self (default), zero or additive")
      ->check(CLI::IsMember({"self", "zero", "additive"}));
  app.add_option("--masking", options.masking, masking_help)->check(CLI::IsMember(maskings));
  app.add_option("--value", options.value,
                 "input methods: a coalition is worth the class's probability (default), logit or log-odds")
      ->check(CLI::IsMember({"probability", "logit", "log-odds"}));
  app.add_option("--samples", options.samples,
                 "methods that sample: the most model evaluations (default 512); coalitions of the authors' "
                 "samplers (default 100)")
      ->check(digits);
  app.add_option("--points", options.points,
                 "integrated-gradients: points of the path (default 50); smooth-grad: draws (default 25)")
      ->check(digits);
  app.add_option(
         "--precision", options.precision,
         "kernel-shap, permutation-shap: stop at this standard error, as a share of the range of the values")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-players", options.max_players, "shapley-input: refuse more players (default 15)")
      ->check(digits);
  app.add_option("--side", options.side, "grad-sam: attention that a token has given (default) or received")
      ->check(CLI::IsMember({"given", "received"}));
  app.add_option("--terms", options.terms,
                 "attention-norm: what counts, attention (default), residual or residual-norm")
      ->check(CLI::IsMember({"attention", "residual", "residual-norm"}));
  app.footer("Options that the method does not have are ignored.");
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

/// The method that is named, with every option that it has. Others are ignored, so that one command line can
/// run many methods.
inline regard::Method parse_method(const MethodOptions& options) {
  using regard::Masking;
  using regard::NormTerms;
  using regard::TokenSide;
  using regard::ValueFunction;
  const auto masking =
      parse_name(options.masking, {Masking::automatic, Masking::mask, Masking::drop, Masking::remove,
                                   Masking::zero, Masking::mean, Masking::blur});
  regard::Method method = regard::find_method(options.method);
  const auto set = [&](auto& chosen) {
    if constexpr (requires { chosen.layers; })
      chosen.layers = parse_layers(options.layers);
    if constexpr (requires { chosen.singleton; })
      chosen.singleton = parse_singleton(options.singleton);
    if constexpr (requires { chosen.masking; })
      chosen.masking = masking;
    // A masking that hides by taking away is no point that a path can start from.
    if constexpr (requires { chosen.baseline; })
      if (masking != Masking::drop && masking != Masking::remove)
        chosen.baseline = masking;
    if constexpr (requires { chosen.value; })
      chosen.value = parse_name(options.value,
                                {ValueFunction::probability, ValueFunction::logit, ValueFunction::log_odds});
    if constexpr (requires { chosen.samples; })
      chosen.samples = options.samples.value_or(chosen.samples);
    if constexpr (requires { chosen.points; })
      chosen.points = options.points.value_or(chosen.points);
    if constexpr (requires { chosen.draws; })
      chosen.draws = options.points.value_or(chosen.draws);
    if constexpr (requires { chosen.precision; })
      chosen.precision = options.precision;
    if constexpr (requires { chosen.max_players; })
      chosen.max_players = options.max_players;
    if constexpr (requires { chosen.side; })
      if (!options.side.empty() && chosen.source == regard::AttentionSource::gradient)
        chosen.side = parse_name(options.side, {TokenSide::given, TokenSide::received});
    if constexpr (requires { chosen.terms; })
      if (!options.terms.empty())
        chosen.terms =
            parse_name(options.terms, {NormTerms::attention, NormTerms::residual, NormTerms::residual_norm});
  };
  std::visit(set, method);
  return method;
}

inline std::string list_methods() {
  std::string text;
  for (const regard::MethodName& method : regard::method_names()) {
    std::string name(method.name);
    name.resize(42, ' ');
    text +=
        name + std::string(method.summary) + (method.name == regard::default_method ? " (default)\n" : "\n");
  }
  return text;
}

} // namespace program
