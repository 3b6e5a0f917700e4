// SPDX-License-Identifier: MIT
// The explainers by name. This table is the one place where the names stand: programs list and parse it.
#pragma once

#include <regard/attribution/attention.hpp>
#include <regard/attribution/input.hpp>

#include <array>
#include <string>
#include <string_view>
#include <variant>

namespace regard::inline REGARD_ABI {

/// Any explainer with its options.
using Method = std::variant<AttentionMethod, InputMethod>;

/// A named explainer.
struct MethodName {
  std::string_view name;
  std::string_view summary; ///< one line
  /// Which one: (game, source) of an attention method, or the solver of an input method.
  std::variant<std::pair<AttentionGame, AttentionSource>, InputSolver> kind;
};

inline constexpr std::array<MethodName, 10> method_names{{
    {"attention-cls", "attention that the class token pays to each token",
     std::pair(AttentionGame::cls, AttentionSource::attention)},
    {"grad-attention-cls", "attention-cls, each attention weighted by its positive gradient",
     std::pair(AttentionGame::cls, AttentionSource::gradient)},
    {"attention-mutual", "attention that tokens pay to each other, both directions added",
     std::pair(AttentionGame::mutual, AttentionSource::attention)},
    {"grad-attention-mutual", "attention-mutual, each attention weighted by its positive gradient",
     std::pair(AttentionGame::mutual, AttentionSource::gradient)},
    {"attention-max-mutual", "attention that tokens pay to each other, the stronger direction",
     std::pair(AttentionGame::max_mutual, AttentionSource::attention)},
    {"grad-attention-max-mutual", "attention-max-mutual, each attention weighted by its positive gradient",
     std::pair(AttentionGame::max_mutual, AttentionSource::gradient)},
    {"shapley-input", "the model's output with tokens masked, all 2^n coalitions: exact, for short texts",
     InputSolver::exact},
    {"kernel-shap", "the model's output with tokens masked, by KernelSHAP", InputSolver::kernel},
    {"permutation-shap", "the model's output with tokens masked, by pairs of permutations",
     InputSolver::permutation},
    {"partition-shap", "the model's output with tokens masked, by groups of neighbours (Owen values)",
     InputSolver::partition},
}};

/// What `explain_text` uses when no method is named.
inline constexpr std::string_view default_method = "grad-attention-mutual";

/// The method of that name with its default options.
/// Throws InvalidArgument listing the names when there is none.
inline Method find_method(std::string_view name) {
  std::string names;
  for (const MethodName& method : method_names) {
    if (method.name != name) {
      names += (names.empty() ? "" : ", ") + std::string(method.name);
      continue;
    }
    if (const auto* solver = std::get_if<InputSolver>(&method.kind))
      return InputMethod{*solver};
    const auto [game, source] = std::get<0>(method.kind);
    return AttentionMethod{game, source};
  }
  throw InvalidArgument("method: found '" + std::string(name) + "', expected one of " + names);
}

/// The name of a method.
inline std::string_view method_name(const Method& method) {
  for (const MethodName& entry : method_names) {
    if (const auto* input = std::get_if<InputMethod>(&method)) {
      if (entry.kind == decltype(entry.kind)(input->solver))
        return entry.name;
    } else {
      const AttentionMethod& attention = std::get<AttentionMethod>(method);
      if (entry.kind == decltype(entry.kind)(std::pair(attention.game, attention.source)))
        return entry.name;
    }
  }
  return "";
}

} // namespace regard::inline REGARD_ABI
