// SPDX-License-Identifier: MIT
// Where concepts and inputs come from: folders of images, or text files of one sentence a line. Images are
// decoded when the encoder takes them in, so that they need not all be in memory.
#pragma once

#include <regard/core/error.hpp>
#include <regard/image.hpp>
#include <regard/tcav.hpp>
#include <regard/text.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace program {

/// "NAME=PATH".
struct NamedPath {
  std::string name;
  std::filesystem::path path;
};

inline NamedPath parse_named_path(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    throw regard::InvalidArgument("--concept: found '" + text + "', expected NAME=PATH");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// The JPEG and PNG files of a folder, by name.
inline std::vector<std::filesystem::path> list_images(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::directory_iterator files(folder, error);
  if (error)
    throw regard::IoError(folder.string() + ": cannot be read as a folder: " + error.message());
  std::vector<std::filesystem::path> images;
  for (const auto& file : files) {
    std::string extension = file.path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (extension == ".jpg" || extension == ".jpeg" || extension == ".png")
      images.push_back(file.path());
  }
  if (images.empty())
    throw regard::IoError(folder.string() + ": found no image, expected .jpg, .jpeg or .png files");
  std::sort(images.begin(), images.end());
  return images;
}

/// The lines of a file that hold more than white space.
inline std::vector<std::string> list_sentences(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw regard::IoError(path.string() + ": cannot be read as a text file");
  std::vector<std::string> sentences;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r')
      line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos)
      sentences.push_back(std::move(line));
  }
  if (file.bad())
    throw regard::IoError(path.string() + ": cannot be read to its end");
  if (sentences.empty())
    throw regard::IoError(path.string() + ": found no sentence, expected one a line");
  return sentences;
}

/// Inputs of a text model from one file.
class TextSource {
 public:
  using Model = regard::TextClassifier<float>;
  using Input = regard::TextInput;

  TextSource(const Model& model, const std::filesystem::path& path) : model_(&model) {
    for (std::string& sentence : list_sentences(path))
      encodings_.push_back(model.encode(inputs_.emplace_back(std::move(sentence))));
  }

  regard::TokenInputs<float> tokens() const {
    return regard::token_inputs(*model_, std::span<const regard::Encoding>(encodings_),
                                [](const auto& encoding) { return encoding.tokens.size(); });
  }
  std::size_t size() const { return inputs_.size(); }
  Input input(std::size_t i) const { return inputs_[i]; }

 private:
  const Model* model_;
  std::vector<Input> inputs_;
  std::vector<regard::Encoding> encodings_;
};

/// Inputs of an image model from one folder.
class ImageSource {
 public:
  using Model = regard::ImageClassifier<float>;
  using Input = regard::ImageInput;

  ImageSource(const Model& model, const std::filesystem::path& folder)
      : model_(&model), files_(list_images(folder)) {
    // Where the preprocessing gives one size, the images need not be seen beforehand.
    const regard::ImageProcessor& processor = model.processor();
    const bool one_size = processor.do_center_crop || (processor.do_resize && !processor.shortest_edge);
    std::size_t count = one_size ? encode(0).tokens() : 0;
    for (std::size_t i = 0; i < files_.size(); ++i)
      counts_.push_back(one_size ? count : encode(i).tokens());
  }

  regard::TokenInputs<float> tokens() const {
    return {counts_,
            [this](std::size_t i, regard::TensorView<float, 2> rows) { model_->embed(encode(i), rows); }};
  }
  std::size_t size() const { return files_.size(); }
  Input input(std::size_t i) const { return {regard::load_image(files_[i]), files_[i].filename().string()}; }

 private:
  regard::EncodedImage<float> encode(std::size_t i) const { return model_->encode(input(i)); }

  const Model* model_;
  std::vector<std::filesystem::path> files_;
  std::vector<std::size_t> counts_;
};

} // namespace program
