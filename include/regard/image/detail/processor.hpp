// SPDX-License-Identifier: MIT
// Body of image/processor.hpp.
#pragma once

#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/detail/json.hpp>
#include <regard/image/processor.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// What an image may grow to: 400 MB of bytes.
inline constexpr Index processed_pixel_limit = Index{1} << 27;

} // namespace detail

template <class Lazy>
ImageSize ImageProcessor::resized(ImageSize image) const {
  if (!do_resize)
    return image;
  if (!shortest_edge)
    return size;
  const Index shorter = std::min(image.height, image.width);
  const auto scaled = [&](Index side) {
    return side == shorter ? *shortest_edge : *shortest_edge * side / shorter;
  };
  return {scaled(image.height), scaled(image.width)};
}

template <class Lazy>
ImageSize ImageProcessor::output_size(ImageSize image) const {
  return do_center_crop ? crop_size : resized(image);
}

template <class Scalar>
ImageProcessor::Processed<Scalar> ImageProcessor::process(const Image& image) const {
  const ImageSize original{image.extent(0), image.extent(1)};
  if (image.empty() || image.extent(2) != 3)
    throw InvalidArgument("image: found shape " + detail::to_string(image.shape()) +
                          ", expected [height, width, 3] with at least one pixel");
  const ImageSize inner = resized(original), output = output_size(original);
  for (const ImageSize& grown : {inner, output})
    if (grown.width > detail::processed_pixel_limit / std::max<Index>(grown.height, 1))
      throw InvalidArgument("image of height " + std::to_string(original.height) + " and width " +
                            std::to_string(original.width) + ": found a preprocessing to " +
                            std::to_string(grown.height) + " x " + std::to_string(grown.width) +
                            ", expected at most " + std::to_string(detail::processed_pixel_limit) +
                            " pixels");
  Image changed;
  if (inner != original)
    changed = resize(image, inner.height, inner.width, resample);
  if (do_center_crop)
    changed = center_crop(inner != original ? changed : image, crop_size.height, crop_size.width);
  const Image& result = inner != original || do_center_crop ? changed : image;

  Processed<Scalar> processed;
  processed.pixels.resize({3, output.height, output.width});
  for (Index c = 0; c < 3; ++c) {
    // transformers rounds to float after each of the two steps.
    std::array<Scalar, 256> table;
    for (Index value = 0; value < 256; ++value) {
      const auto level = static_cast<double>(value);
      const auto rescaled = static_cast<float>(do_rescale ? level * rescale_factor : level);
      const auto mean = static_cast<float>(image_mean[c]), deviation = static_cast<float>(image_std[c]);
      table[value] = static_cast<Scalar>(do_normalize ? (rescaled - mean) / deviation : rescaled);
    }
    Scalar* const plane = processed.pixels[c].data();
    for (Index i = 0; i < output.height * output.width; ++i)
      plane[i] = table[result.data()[3 * i + c]];
  }
  // Where the crop begins in the resized image: before it, where black was added.
  const auto offset = [](Index have, Index want) {
    const Index pixels = have >= want ? (have - want) / 2 : (want - have + 1) / 2;
    return have >= want ? static_cast<double>(pixels) : -static_cast<double>(pixels);
  };
  const double scale_x = static_cast<double>(original.width) / static_cast<double>(inner.width),
               scale_y = static_cast<double>(original.height) / static_cast<double>(inner.height);
  processed.area = {
      offset(inner.width, output.width) * scale_x, offset(inner.height, output.height) * scale_y,
      static_cast<double>(output.width) * scale_x, static_cast<double>(output.height) * scale_y};
  return processed;
}

namespace detail {

inline constexpr std::int64_t side_limit = 65535;

REGARD_LAZY
Index read_side(const ConfigFile& file, std::string_view key, const nlohmann::json& value) {
  std::uint64_t side = 0;
  if (!get_unsigned(value, side) || side == 0 || side > side_limit)
    file.fail(key, found_text(value), "a number of pixels from 1 to " + std::to_string(side_limit));
  return static_cast<Index>(side);
}

/// A number for a square, or {"height", "width"}; {"shortest_edge"} too where it may be.
REGARD_LAZY
void read_image_size(const ConfigFile& file, std::string_view key, ImageSize& size,
                     std::optional<Index>* shortest_edge) {
  if (!file.has(key))
    return;
  const nlohmann::json& value = *file.json().find(key);
  const auto check_area = [&] {
    if (size.height > processed_pixel_limit / size.width)
      file.fail(key, std::to_string(size.height) + " x " + std::to_string(size.width),
                "at most " + std::to_string(processed_pixel_limit) + " pixels");
  };
  if (!value.is_object()) {
    size.height = size.width = read_side(file, key, value);
    check_area();
    return;
  }
  const std::string name(key);
  if (value.contains("height") && value.contains("width")) {
    size = {read_side(file, name + ".height", value["height"]),
            read_side(file, name + ".width", value["width"])};
    check_area();
  } else if (shortest_edge != nullptr && value.contains("shortest_edge") && value.size() == 1)
    *shortest_edge = read_side(file, name + ".shortest_edge", value["shortest_edge"]);
  else
    throw UnsupportedFile(file.file(), name + ": found " + found_text(value) + ", expected height and width" +
                                           (shortest_edge != nullptr ? ", or shortest_edge" : ""));
}

REGARD_LAZY
void read_channels(const ConfigFile& file, std::string_view key, std::array<double, 3>& channels,
                   bool zero_allowed) {
  if (!file.has(key))
    return;
  const nlohmann::json& value = *file.json().find(key);
  const auto bad = [&](const nlohmann::json& number) {
    return !number.is_number() || !(std::abs(number.get<double>()) < 1e6) ||
           (!zero_allowed && number.get<double>() <= 0);
  };
  if (!value.is_array() || value.size() != 3 || bad(value[0]) || bad(value[1]) || bad(value[2]))
    file.fail(key, found_text(value), zero_allowed ? "three numbers" : "three numbers above 0");
  for (std::size_t c = 0; c < 3; ++c)
    channels[c] = value[c].get<double>();
}

REGARD_LAZY
ImageProcessor read_image_processor(const ConfigFile& file) {
  constexpr std::array<std::string_view, 8> types{
      "ViTImageProcessor",  "ViTImageProcessorFast",  "ViTImageProcessorPil",  "ViTFeatureExtractor",
      "DeiTImageProcessor", "DeiTImageProcessorFast", "DeiTImageProcessorPil", "DeiTFeatureExtractor"};
  const std::string_view key =
      file.has("image_processor_type") ? "image_processor_type" : "feature_extractor_type";
  const std::size_t type = file.choice(key, types, 0);
  ImageProcessor processor;
  if (type >= 4 && type <= 7) {
    processor.size = {256, 256};
    processor.resample = Resample::bicubic;
    processor.do_center_crop = true;
  }
  processor.do_resize = file.boolean("do_resize", true);
  read_image_size(file, "size", processor.size, &processor.shortest_edge);
  processor.resample =
      static_cast<Resample>(file.integer("resample", 0, 5, static_cast<int>(processor.resample)));
  processor.do_center_crop = file.boolean("do_center_crop", processor.do_center_crop);
  read_image_size(file, "crop_size", processor.crop_size, nullptr);
  processor.do_rescale = file.boolean("do_rescale", true);
  processor.rescale_factor = file.number("rescale_factor", 0, processor.rescale_factor);
  processor.do_normalize = file.boolean("do_normalize", true);
  read_channels(file, "image_mean", processor.image_mean, true);
  read_channels(file, "image_std", processor.image_std, false);
  return processor;
}

} // namespace detail

template <class Lazy>
ImageProcessor load_image_processor(const std::filesystem::path& folder) {
  return detail::read_image_processor(ConfigFile::open(folder / "preprocessor_config.json"));
}

} // namespace regard::inline REGARD_ABI
