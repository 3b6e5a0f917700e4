// SPDX-License-Identifier: MIT
// Body of models/image_classifier.hpp.
#pragma once

#include <regard/models/detail/load_bert.hpp>
#include <regard/models/detail/load_vit.hpp>
#include <regard/models/detail/read_layers.hpp>
#include <regard/models/detail/self_test.hpp>
#include <regard/models/image_classifier.hpp>
#include <regard/transformer/batch.hpp>

namespace regard::inline REGARD_ABI {

template <class Scalar>
ImageClassifier<Scalar>::ImageClassifier(ImageProcessor processor, ViTClassifier<Scalar> vit,
                                         ImageSize trained_size, std::vector<std::string> labels,
                                         ProblemType problem_type, std::string name,
                                         PositionEmbeddings positions)
    : processor_(processor), vit_(std::move(vit)), trained_size_(trained_size), labels_(std::move(labels)),
      problem_type_(problem_type), name_(std::move(name)), positions_(positions) {
  if (labels_.size() != vit_.classifier.classes())
    throw InvalidArgument("found " + std::to_string(labels_.size()) +
                          " labels, expected one for each of the " +
                          std::to_string(vit_.classifier.classes()) + " classes");
}

template <class Scalar>
EncodedImage<Scalar> ImageClassifier<Scalar>::encode(const ImageInput& input) const {
  const std::string who = input.name.empty() ? "image" : input.name;
  if (input.pixels.empty())
    throw InvalidArgument(who + ": found no pixels, expected an image");
  const ImageSize size = processor_.output_size({input.pixels.extent(0), input.pixels.extent(1)});
  if (size != trained_size_ && positions_ == PositionEmbeddings::trained)
    throw InvalidArgument(who + ": found " + std::to_string(size.width) + " x " +
                          std::to_string(size.height) + " pixels after the preprocessing, expected the " +
                          std::to_string(trained_size_.width) + " x " + std::to_string(trained_size_.height) +
                          " that the model was trained on; its position embeddings can be interpolated");
  auto [pixels, area] = processor_.process<Scalar>(input.pixels);
  EncodedImage<Scalar> image;
  image.grid = vit_.embeddings.grid(pixels.extent(1), pixels.extent(2));
  if (image.grid.patches() == 0)
    throw InvalidArgument(who + ": found " + std::to_string(size.width) + " x " +
                          std::to_string(size.height) +
                          " pixels after the preprocessing, expected at least one patch");
  image.pixels = std::move(pixels);
  image.area = area;
  image.patch_height = vit_.embeddings.patch_height();
  image.patch_width = vit_.embeddings.patch_width();
  image.special_tokens = vit_.embeddings.special_tokens();
  image.image_height = input.pixels.extent(0);
  image.image_width = input.pixels.extent(1);
  return image;
}

template <class Scalar>
Tensor<Scalar, 2> ImageClassifier<Scalar>::logits(std::span<const EncodedImage<Scalar>> inputs,
                                                  const Executor& executor) const {
  return batch_logits<Scalar>(
      classifier(), inputs.size(), [&](Index i) { return inputs[i].tokens(); },
      [&](Index i, TensorView<Scalar, 2> rows) { embed(inputs[i], rows); }, executor);
}

template <class Scalar>
Trace<Scalar> ImageClassifier<Scalar>::record(const EncodedImage<Scalar>& image, Record what,
                                              decltype(Hooks<Scalar>::on_attention) on_attention) const {
  const Tensor<Scalar, 2> rows = vit_.embed(image.pixels);
  return regard::record<Scalar>(classifier(), rows, what, std::move(on_attention));
}

template <class Scalar>
TraceWithGradients<Scalar>
ImageClassifier<Scalar>::record_gradients(const EncodedImage<Scalar>& image, TensorView<const Scalar, 1> seed,
                                          Record what,
                                          decltype(Hooks<Scalar>::on_attention) on_attention) const {
  const Tensor<Scalar, 2> rows = vit_.embed(image.pixels);
  return regard::record_gradients<Scalar>(classifier(), rows, seed, what, std::move(on_attention));
}

template <class Scalar>
ImageClassifier<Scalar> load_image_classifier(const std::filesystem::path& folder,
                                              const ImageClassifierOptions& options,
                                              std::vector<std::string>* notes) {
  if (options.self_test != SelfTest::skip && options.input_size)
    throw InvalidArgument("self_test: found an input_size beside it, expected none, as the test is of the "
                          "folder's own size");
  const Checkpoint checkpoint = Checkpoint::open(folder, options.mapping);
  ViTConfig config = read_vit_config(checkpoint.config());
  ImageProcessor processor = load_image_processor(folder);
  if (options.input_size) {
    processor.do_resize = true;
    processor.size = *options.input_size;
    processor.shortest_edge.reset();
    processor.do_center_crop = false;
  }
  auto vit = detail::read_vit<Scalar>(checkpoint, config, notes);
  ImageClassifier<Scalar> model(processor, std::move(vit),
                                {config.image_size.height, config.image_size.width}, std::move(config.labels),
                                detail::problem_of(config.problem_type), folder.string(), options.positions);
  if (detail::self_test_file(folder, options.self_test))
    self_test(model, folder);
  return model;
}

namespace detail {

/// The image of a sample; nothing when something is wrong with it, which is noted.
REGARD_LAZY
std::optional<Image> self_test_image(const SelfTestSample<>& sample) {
  const auto object = sample.object().object("image");
  if (!object)
    return std::nullopt;
  for (const char* key : {"height", "width", "rgb"})
    if (!object->has(key))
      object->malformed(key, nullptr, "the image's");
  Index height = 0, width = 0;
  std::string digits;
  object->read("height", height, 1);
  object->read("width", width, 1);
  object->read("rgb", digits);
  if (!object->problems().empty())
    return std::nullopt;
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  // Divided, as the product of two hostile extents may not fit.
  if (digits.size() % 6 != 0 || digits.size() / 6 % width != 0 || digits.size() / 6 / width != height ||
      digits.find_first_not_of("0123456789abcdef") != std::string::npos) {
    object->malformed("rgb", object->find("rgb"), "six hexadecimal digits for each pixel");
    return std::nullopt;
  }
  Image image({height, width, 3});
  for (Index i = 0; i < image.size(); ++i)
    image.data()[i] = static_cast<std::uint8_t>(16 * digit(digits[2 * i]) + digit(digits[2 * i + 1]));
  return image;
}

} // namespace detail

template <class Scalar>
SelfTestReport self_test(const ImageClassifier<Scalar>& model, const std::filesystem::path& folder) {
  detail::SelfTestComparison<> comparison(folder / "self_test.json", self_test_tolerance<Scalar>);
  comparison.for_each_sample([&](const detail::SelfTestSample<>& sample) {
    auto image = detail::self_test_image(sample);
    const detail::Sums expected = sample.sums("pixels");
    if (!image || !sample.object().problems().empty())
      return;
    const EncodedImage<Scalar> encoded = model.encode({*std::move(image), "the sample's image"});
    comparison.compare_sums("the pixels differ", detail::self_test_sums<Scalar>(encoded.pixels.flat()),
                            expected);
    if (comparison.agrees())
      comparison.compare_trace(sample, model.record(encoded, {.attention = false}));
  });
  return comparison.finish();
}

} // namespace regard::inline REGARD_ABI
