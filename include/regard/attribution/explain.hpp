// SPDX-License-Identifier: MIT
// From a model and an input to an Explanation.
#pragma once

#include <regard/attribution/methods.hpp>
#include <regard/core/executor.hpp>
#include <regard/models/image_model.hpp>
#include <regard/models/text_model.hpp>

#include <variant>

namespace regard::inline REGARD_ABI {

/// Explain the class with the largest logit.
struct PredictedTarget {};

/// Which class to explain: the predicted one, or one by index or by name. A multi-label model predicts no
/// single class, so there the target must be named.
using Target = std::variant<PredictedTarget, Index, std::string>;

/// What every explainer takes.
struct ExplainOptions {
  Target target = PredictedTarget{};
  std::uint64_t seed = 0; ///< for methods that sample
  std::stop_token stop = {};
};

/// Explains one text, or one pair of texts. `method` is an option struct such as grad_attention_mutual{} or
/// shapley_input{}, or what find_method gives.
/// Throws InvalidArgument when the target or a layer does not exist, or when the method or its options do not
/// fit the input (too many players for an exact solver, words of an image).
template <TextModel Model>
Explanation explain(const Model& model, const TextInput& input, const Method& method,
                    const ExplainOptions& options = {}, const Executor& executor = Serial{});

/// Explains one image: players are its patches, or blocks of them.
template <ImageModel Model>
Explanation explain(const Model& model, const ImageInput& input, const Method& method,
                    const ExplainOptions& options = {}, const Executor& executor = Serial{});

/// Explains many texts in ragged batches on all workers of `executor`; result i belongs to input i and has
/// the same bits as `explain` gives. After a stop request the explanations that are missing have the status
/// "stopped" and no values.
template <TextModel Model>
std::vector<Explanation> explain_all(const Model& model, std::span<const TextInput> inputs,
                                     const Method& method, const ExplainOptions& options = {},
                                     const Executor& executor = Serial{});

/// The same for images.
template <ImageModel Model>
std::vector<Explanation> explain_all(const Model& model, std::span<const ImageInput> inputs,
                                     const Method& method, const ExplainOptions& options = {},
                                     const Executor& executor = Serial{});

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/attribution/detail/explain.hpp>
#endif
