// SPDX-License-Identifier: MIT
// Part of regard/compiled.hpp: explainers and their evaluation for the classifiers of models/.
#pragma once

#if defined(REGARD_COMPILED)
#error "the files that hold the bodies are compiled without REGARD_COMPILED"
#endif

#include <regard/all.hpp>

namespace regard::inline REGARD_ABI {

template std::vector<double> lime_regression(std::span<const Coalition>, std::span<const double>,
                                             std::span<const double>, double);

// NOLINTBEGIN(bugprone-macro-parentheses): names of templates and types
#define REGARD_INSTANTIATE(Model, Input, Scalar)                                                             \
  template Explanation explain(const Model<Scalar>&, const Input&, const Method&, const ExplainOptions&,     \
                               const Executor&);                                                             \
  template std::vector<Explanation> explain_all(const Model<Scalar>&, std::span<const Input>, const Method&, \
                                                const ExplainOptions&, const Executor&);                     \
  template Explanation explain_concept(const Model<Scalar>&, const Input&, std::string_view,                 \
                                       const LayerVector&, const DerivativeOptions&);                        \
  template Masking resolve_masking<Model<Scalar>>(Masking);                                                  \
  template class MaskedInputGame<Model<Scalar>>;                                                             \
  template MaskedPredictions masked_predictions(                                                             \
      const Model<Scalar>&, MaskedInputGame<Model<Scalar>>::EncodedInput, std::vector<std::vector<Index>>,   \
      const MaskedInputOptions&, const Executor&);                                                           \
  template double max_sensitivity(const Model<Scalar>&, const Input&, const Method&, const Explanation&,     \
                                  const SensitivityOptions&, const Executor&);                               \
  template std::vector<std::optional<double>> parameter_randomisation(                                       \
      const Model<Scalar>&, std::span<const SequenceClassifier<Scalar>>, const Input&, const Method&,        \
      const Explanation&, const RandomisationOptions&, const Executor&);
// NOLINTEND(bugprone-macro-parentheses)

REGARD_INSTANTIATE(TextClassifier, TextInput, float)
REGARD_INSTANTIATE(TextClassifier, TextInput, double)
REGARD_INSTANTIATE(ImageClassifier, ImageInput, float)
REGARD_INSTANTIATE(ImageClassifier, ImageInput, double)

#undef REGARD_INSTANTIATE

} // namespace regard::inline REGARD_ABI
