// SPDX-License-Identifier: MIT
// The explainers by name. This table is the one place where the names stand: programs list and parse it.
#pragma once

#include <regard/attribution/attention.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace regard::inline REGARD_ABI {

/// A named explainer.
struct MethodName {
  std::string_view name;
  std::string_view summary; ///< one line
  AttentionGame game;
  AttentionSource source;
};

inline constexpr std::array<MethodName, 6> method_names{{
    {"attention-cls", "attention that the class token pays to each token", AttentionGame::cls,
     AttentionSource::attention},
    {"grad-attention-cls", "the same, each attention weighted by its positive gradient", AttentionGame::cls,
     AttentionSource::gradient},
    {"attention-mutual", "attention that tokens pay to each other, both directions added",
     AttentionGame::mutual, AttentionSource::attention},
    {"grad-attention-mutual", "the same, each attention weighted by its positive gradient",
     AttentionGame::mutual, AttentionSource::gradient},
    {"attention-max-mutual", "attention that tokens pay to each other, the stronger direction",
     AttentionGame::max_mutual, AttentionSource::attention},
    {"grad-attention-max-mutual", "the same, each attention weighted by its positive gradient",
     AttentionGame::max_mutual, AttentionSource::gradient},
}};

/// What `explain_text` and `explain_image` use when no method is named.
inline constexpr std::string_view default_method = "grad-attention-mutual";

/// The method of that name with its default options.
/// Throws InvalidArgument listing the names when there is none.
inline AttentionMethod find_method(std::string_view name) {
  std::string names;
  for (const MethodName& method : method_names) {
    if (method.name == name)
      return {method.game, method.source};
    names += (names.empty() ? "" : ", ") + std::string(method.name);
  }
  throw InvalidArgument("method: found '" + std::string(name) + "', expected one of " + names);
}

/// The name of a method.
inline std::string_view method_name(const AttentionMethod& method) {
  for (const MethodName& entry : method_names)
    if (entry.game == method.game && entry.source == method.source)
      return entry.name;
  return "";
}

} // namespace regard::inline REGARD_ABI
