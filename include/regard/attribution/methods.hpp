// SPDX-License-Identifier: MIT
// The explainers by name. This table is the one place where the names stand: programs list and parse it.
#pragma once

#include <regard/attribution/attention.hpp>
#include <regard/attribution/attention_scores.hpp>
#include <regard/attribution/gradient_scores.hpp>
#include <regard/attribution/input.hpp>
#include <regard/attribution/lime.hpp>
#include <regard/attribution/occlusion.hpp>
#include <regard/attribution/random_scores.hpp>
#include <regard/attribution/vector_scores.hpp>

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace regard::inline REGARD_ABI {

/// Any explainer with its options.
using Method =
    std::variant<AttentionMethod, InputMethod, AttentionSumMethod, attention_rollout, attention_grad_cam,
                 gradient_rollout, attention_norm, value_zeroing, input_x_gradient, integrated_gradients,
                 smooth_grad, occlusion, lime, random_scores>;

/// A named explainer.
struct MethodName {
  std::string_view name;
  std::string_view summary; ///< one line
  Method (*make)();         ///< with its default options
};

namespace detail {
template <class Options, class Lazy>
Method make_method() {
  return Options{};
}
} // namespace detail

namespace detail {
// A template, so that a file which asks for no method by its name does not pay for making all of them.
template <class Lazy>
inline constexpr std::array<MethodName, 28> method_table{{
    // Shapley values of attention games
    {"attention-cls", "attention that the class token pays to each token", make_method<attention_cls, Lazy>},
    {"grad-attention-cls", "attention-cls, each attention weighted by its positive gradient",
     make_method<grad_attention_cls, Lazy>},
    {"attention-mutual", "attention that tokens pay to each other, both directions added",
     make_method<attention_mutual, Lazy>},
    {"grad-attention-mutual", "attention-mutual, each attention weighted by its positive gradient",
     make_method<grad_attention_mutual, Lazy>},
    {"attention-max-mutual", "attention that tokens pay to each other, the stronger direction",
     make_method<attention_max_mutual, Lazy>},
    {"grad-attention-max-mutual", "attention-max-mutual, each attention weighted by its positive gradient",
     make_method<grad_attention_max_mutual, Lazy>},
    // Shapley values of the masked-input game
    {"shapley-input", "the model's output with tokens masked, all 2^n coalitions: exact, for short texts",
     make_method<shapley_input, Lazy>},
    {"kernel-shap", "the model's output with tokens masked, by KernelSHAP",
     make_method<kernel_shap_input, Lazy>},
    {"permutation-shap", "the model's output with tokens masked, by pairs of permutations",
     make_method<permutation_shap_input, Lazy>},
    {"partition-shap", "the model's output with tokens masked, by groups of neighbours (Owen values)",
     make_method<partition_shap_input, Lazy>},
    // Baselines: scores that are no Shapley values
    {"attention", "attention that a token receives from all tokens", make_method<attention_received, Lazy>},
    {"attention-row-sum", "attention that a token gives: the same for every token (for comparison)",
     make_method<attention_row_sum, Lazy>},
    {"attention-rollout", "attention followed through all layers", make_method<attention_rollout, Lazy>},
    {"grad-sam", "attention times its positive gradient, summed over keys", make_method<grad_sam, Lazy>},
    {"attention-grad-cam", "the class token's last attention, heads weighted by their gradient",
     make_method<attention_grad_cam, Lazy>},
    {"gradient-rollout", "attention times its positive gradient, followed through all layers",
     make_method<gradient_rollout, Lazy>},
    {"attention-norm", "norm of what attention carries from a token to all tokens",
     make_method<attention_norm, Lazy>},
    {"value-zeroing", "how far outputs turn when a token's value vectors are zero, through all layers",
     make_method<value_zeroing, Lazy>},
    {"input-x-gradient", "input times gradient of the logit", make_method<input_x_gradient, Lazy>},
    {"integrated-gradients", "gradients of the logit on the way from a masked input",
     make_method<integrated_gradients, Lazy>},
    {"smooth-grad", "input times gradient of the logit, averaged over noisy inputs",
     make_method<smooth_grad, Lazy>},
    {"occlusion", "what the model's output loses when a token alone is masked", make_method<occlusion, Lazy>},
    {"lime", "a linear model of the model's output with tokens masked", make_method<lime, Lazy>},
    {"random", "random numbers, to calibrate metrics", make_method<random_scores, Lazy>},
    // What the code of arXiv 2508.08966 samples in place of the closed form
    {"attention-max-mutual-authors-random",
     "attention-max-mutual by the authors' first sampler (for comparison)",
     make_method<attention_max_mutual_authors_random, Lazy>},
    {"attention-max-mutual-authors-kernel",
     "attention-max-mutual by the authors' second sampler (for comparison)",
     make_method<attention_max_mutual_authors_kernel, Lazy>},
    {"grad-attention-max-mutual-authors-random",
     "grad-attention-max-mutual by the authors' first sampler (for comparison)",
     make_method<grad_attention_max_mutual_authors_random, Lazy>},
    {"grad-attention-max-mutual-authors-kernel",
     "grad-attention-max-mutual by the authors' second sampler (for comparison)",
     make_method<grad_attention_max_mutual_authors_kernel, Lazy>},
}};
} // namespace detail

/// All named explainers.
template <class Lazy = void>
constexpr std::span<const MethodName> method_names() {
  return detail::method_table<Lazy>;
}

/// What `explain_text` uses when no method is named.
inline constexpr std::string_view default_method = "grad-attention-mutual";

/// The method of that name with its default options.
/// Throws InvalidArgument listing the names when there is none.
template <class Lazy = void>
Method find_method(std::string_view name) {
  std::string names;
  for (const auto& method : method_names<Lazy>()) {
    if (method.name == name)
      return method.make();
    names += (names.empty() ? "" : ", ") + std::string(method.name);
  }
  throw InvalidArgument("method: found '" + std::string(name) + "', expected one of " + names);
}

namespace detail {

/// Whether two methods differ in options alone.
inline bool same_method(const AttentionMethod& a, const AttentionMethod& b) {
  return a.game == b.game && a.source == b.source && a.solver == b.solver;
}
inline bool same_method(const InputMethod& a, const InputMethod& b) {
  return a.solver == b.solver;
}
inline bool same_method(const AttentionSumMethod& a, const AttentionSumMethod& b) {
  return a.source == b.source && (a.side == b.side || a.source == AttentionSource::gradient);
}
template <class Options>
bool same_method(const Options&, const Options&) {
  return true;
}

/// Whether `entry` names the method.
template <class AnyMethod>
bool is_named(const AnyMethod& method, const MethodName& entry) {
  const AnyMethod named = entry.make();
  const auto same = [&](const auto& options) {
    const auto* other = std::get_if<std::remove_cvref_t<decltype(options)>>(&named);
    return other != nullptr && same_method(options, *other);
  };
  return std::visit(same, method);
}

/// What is looked up for a method whose own name is not found: an attention game has one for its closed form,
/// and for some solvers.
template <class AnyMethod>
AnyMethod without_solver(AnyMethod method) {
  if (auto* attention = std::get_if<AttentionMethod>(&method))
    attention->solver = Solver::automatic;
  return method;
}

} // namespace detail

/// The name of a method. Options do not change it, but for the samplers that have a name of their own.
template <class Lazy = void>
std::string_view method_name(const Method& method) {
  const detail::Deferred<Lazy, Method>& named = method;
  for (const auto& entry : method_names<Lazy>())
    if (detail::is_named(named, entry))
      return entry.name;
  const auto other = detail::without_solver(named);
  for (const auto& entry : method_names<Lazy>())
    if (detail::is_named(other, entry))
      return entry.name;
  return "";
}

} // namespace regard::inline REGARD_ABI
