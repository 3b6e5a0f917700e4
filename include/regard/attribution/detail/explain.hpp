// SPDX-License-Identifier: MIT
// Body of attribution/explain.hpp. The methods themselves stand in explain_*.hpp: an overload of
// `explain_range` for a method that takes several inputs in one pass, of `explain_one` for one that takes
// many passes for each.
#pragma once

#include <regard/attribution/detail/explain_attention.hpp>
#include <regard/attribution/detail/explain_attention_scores.hpp>
#include <regard/attribution/detail/explain_gradient.hpp>
#include <regard/attribution/detail/explain_input.hpp>
#include <regard/attribution/detail/explain_masked.hpp>
#include <regard/attribution/detail/explain_vector_scores.hpp>
#include <regard/attribution/explain.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Whether a method takes inputs one by one.
template <class AnyMethod>
inline constexpr bool one_by_one = false;
template <>
inline constexpr bool one_by_one<InputMethod> = true;
template <>
inline constexpr bool one_by_one<value_zeroing> = true;
template <>
inline constexpr bool one_by_one<integrated_gradients> = true;
template <>
inline constexpr bool one_by_one<smooth_grad> = true;
template <>
inline constexpr bool one_by_one<occlusion> = true;
template <>
inline constexpr bool one_by_one<lime> = true;

/// Explains inputs several in one pass, or one by one: then a few with all workers on each, many with one
/// worker on each.
template <class Model, class Input, class Encoded, class AnyMethod>
void explain_with(const Model& model, std::span<const Input> inputs, const AnyMethod& method,
                  const ExplainOptions& options, const Executor& executor, std::span<const Encoded> encodings,
                  std::span<Explanation> explanations) {
  if constexpr (one_by_one<AnyMethod>) {
    const auto one = [&](Index i, Index) {
      if (auto why = explain_one(model, inputs[i], method, options, executor, encodings[i]))
        explanations[i] = std::move(*why);
    };
    if (inputs.size() < executor.workers())
      Serial{}.for_each(inputs.size(), one, options.stop);
    else
      executor.for_each(inputs.size(), one, options.stop);
  } else {
    const auto tokens = [&](Index i) { return token_count(encodings[i]); };
    Index rows = 0;
    for (Index i = 0; i < inputs.size(); ++i)
      rows += tokens(i);
    const std::vector<InputRange> ranges =
        cut_batches(inputs.size(), tokens, batch_rows(rows, executor.workers()));
    std::vector<Pass<typename Model::Scalar>> passes(executor.workers());
    if (ranges.size() < executor.workers()) { // then all share each
      // Below a quarter of a millisecond a block, starting threads costs more than it saves.
      const Index width = model.classifier().width();
      if (rows * width * width >= Index{1} << 20)
        passes[0].executor = &executor;
      Serial{}.for_each(
          ranges.size(),
          [&](Index range, Index) {
            explain_range(model, inputs, encodings, ranges[range], method, options, passes[0], explanations);
          },
          options.stop);
      return;
    }
    const auto one = [&](Index range, Index worker) {
      explain_range(model, inputs, encodings, ranges[range], method, options, passes[worker], explanations);
    };
    executor.for_each(ranges.size(), one, options.stop);
  }
}

template <class Model, class Input>
std::vector<Explanation> explain_inputs(const Model& model, std::span<const Input> inputs,
                                        const Method& method, const ExplainOptions& options,
                                        const Executor& executor) {
  using Encoded = typename EncodingOf<Model>::Type;
  std::vector<Encoded> encodings(inputs.size());
  std::vector<Explanation> explanations(inputs.size());
  for (Index i = 0; i < inputs.size(); ++i) { // what a stop request leaves as it is
    explanations[i].status = to_string(Status::stopped);
    explanations[i].model = model.name();
    describe_input(explanations[i], inputs[i]);
    explanations[i].method = method_name(method);
  }
  const auto encode = [&](Index i, Index) { encodings[i] = model.encode(inputs[i]); };
  if (executor.for_each(inputs.size(), encode, options.stop))
    std::visit(
        [&](const auto& chosen) {
          explain_with(model, inputs, chosen, options, executor, std::span<const Encoded>(encodings),
                       std::span<Explanation>(explanations));
        },
        method);
  return explanations;
}

} // namespace detail

template <TextModel Model>
std::vector<Explanation> explain_all(const Model& model, std::span<const TextInput> inputs,
                                     const Method& method, const ExplainOptions& options,
                                     const Executor& executor) {
  return detail::explain_inputs(model, inputs, method, options, executor);
}

template <ImageModel Model>
std::vector<Explanation> explain_all(const Model& model, std::span<const ImageInput> inputs,
                                     const Method& method, const ExplainOptions& options,
                                     const Executor& executor) {
  return detail::explain_inputs(model, inputs, method, options, executor);
}

template <TextModel Model>
Explanation explain(const Model& model, const TextInput& input, const Method& method,
                    const ExplainOptions& options, const Executor& executor) {
  return std::move(explain_all(model, std::span(&input, 1), method, options, executor).front());
}

template <ImageModel Model>
Explanation explain(const Model& model, const ImageInput& input, const Method& method,
                    const ExplainOptions& options, const Executor& executor) {
  return std::move(explain_all(model, std::span(&input, 1), method, options, executor).front());
}

} // namespace regard::inline REGARD_ABI
