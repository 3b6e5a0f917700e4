// SPDX-License-Identifier: MIT
// Part of regard/compiled.hpp: transformers, models and concepts in float and double.
#pragma once

#if defined(REGARD_COMPILED)
#error "the files that hold the bodies are compiled without REGARD_COMPILED"
#endif

#include <regard/all.hpp>

namespace regard::inline REGARD_ABI {

// NOLINTBEGIN(bugprone-macro-parentheses): names of templates and types
#define REGARD_INSTANTIATE_RANK(Scalar, Rank)                                                                \
  template SharedTensor<Scalar, Rank> Checkpoint::load(std::string_view, const Shape<Rank>&) const;          \
  template SharedTensor<Scalar, Rank> TensorReader::require(std::string_view, const Shape<Rank>&);           \
  template std::optional<SharedTensor<Scalar, Rank>> TensorReader::optional(std::string_view,                \
                                                                            const Shape<Rank>&);             \
  template SharedTensor<Scalar, Rank> load_tensor(const SafeTensors&, std::string_view, const Shape<Rank>&);

#define REGARD_INSTANTIATE(Scalar)                                                                           \
  template void convert(DataType, std::span<const std::byte>, std::span<Scalar>);                            \
  REGARD_INSTANTIATE_RANK(Scalar, 1)                                                                         \
  REGARD_INSTANTIATE_RANK(Scalar, 2)                                                                         \
  REGARD_INSTANTIATE_RANK(Scalar, 3)                                                                         \
  REGARD_INSTANTIATE_RANK(Scalar, 4)                                                                         \
  template class Encoder<Scalar>;                                                                            \
  template class ClassificationHead<Scalar>;                                                                 \
  template class SequenceClassifier<Scalar>;                                                                 \
  template Trace<Scalar> record(const SequenceClassifier<Scalar>&, TensorView<const Scalar, 2>, Record,      \
                                decltype(Hooks<Scalar>::on_attention));                                      \
  template TraceWithGradients<Scalar> record_gradients(                                                      \
      const SequenceClassifier<Scalar>&, TensorView<const Scalar, 2>, TensorView<const Scalar, 1>, Record,   \
      decltype(Hooks<Scalar>::on_attention));                                                                \
  template ImageProcessor::Processed<Scalar> ImageProcessor::process(const Image&) const;                    \
  template class BertEmbeddings<Scalar>;                                                                     \
  template class PatchEmbeddings<Scalar>;                                                                    \
  template class TextClassifier<Scalar>;                                                                     \
  template class ImageClassifier<Scalar>;                                                                    \
  template BertClassifier<Scalar> load_bert(const std::filesystem::path&, Mapping,                           \
                                            std::vector<std::string>*);                                      \
  template ViTClassifier<Scalar> load_vit(const std::filesystem::path&, Mapping, std::vector<std::string>*); \
  template TextClassifier<Scalar> load_text_classifier(                                                      \
      const std::filesystem::path&, const TextClassifierOptions&, std::vector<std::string>*);                \
  template ImageClassifier<Scalar> load_image_classifier(                                                    \
      const std::filesystem::path&, const ImageClassifierOptions&, std::vector<std::string>*);               \
  template SelfTestReport self_test(const TextClassifier<Scalar>&, const std::filesystem::path&);            \
  template SelfTestReport self_test(const ImageClassifier<Scalar>&, const std::filesystem::path&);           \
  template Cavs train_cavs(const SequenceClassifier<Scalar>&, std::span<const ConceptInputs<Scalar>>,        \
                           const TokenInputs<Scalar>&, const CavOptions&, const Executor&);                  \
  template FittedProbe fit_probe(TensorView<const Scalar, 2>, TensorView<const Scalar, 2>,                   \
                                 const ProbeOptions&);                                                       \
  template PooledGradients pooled_gradients(const SequenceClassifier<Scalar>&, const TokenInputs<Scalar>&,   \
                                            const DerivativeOptions&, const Executor&);                      \
  template std::vector<ConceptHeatMap> concept_heat_maps(                                                    \
      const SequenceClassifier<Scalar>&, const TokenInputs<Scalar>&, Index, const DerivativeOptions&,        \
      std::span<const LayerVector>);                                                                         \
  template std::vector<SequenceClassifier<Scalar>> randomised_cascade(const SequenceClassifier<Scalar>&,     \
                                                                      std::uint64_t, double);
// NOLINTEND(bugprone-macro-parentheses)

REGARD_INSTANTIATE(float)
REGARD_INSTANTIATE(double)

#undef REGARD_INSTANTIATE
#undef REGARD_INSTANTIATE_RANK

} // namespace regard::inline REGARD_ABI
