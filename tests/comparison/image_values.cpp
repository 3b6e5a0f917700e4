// SPDX-License-Identifier: MIT
// What this library makes of pictures, as raw numbers for images.py to compare.
//
//     image_values photos MODEL OUT PHOTO...      for each photo i, OUT/i.{decoded,bilinear,bicubic,logits}
//     image_values cifar MODEL OUT TEST.BIN N K   logits of the first N records; all of the first K recorded
#include <regard/image.hpp>

#include <fstream>
#include <iostream>

namespace {

/// Written as they lie in memory.
template <class Values>
void write(const std::filesystem::path& path, const Values& values,
           std::ios::openmode mode = std::ios::trunc) {
  std::ofstream file(path, std::ios::binary | mode);
  const auto flat = values.flat();
  file.write(reinterpret_cast<const char*>(flat.data()),
             static_cast<std::streamsize>(flat.size() * sizeof(flat[0])));
  if (!file)
    throw regard::IoError(path.string() + ": cannot be written");
}

void photos(const regard::ImageClassifier<double>& model, const std::filesystem::path& out,
            std::span<char*> files) {
  for (std::size_t i = 0; i < files.size(); ++i) {
    const regard::Image image = regard::load_image(files[i]);
    const auto path = [&](const std::string& what) { return out / (std::to_string(i) + "." + what); };
    write(path("decoded"), image);
    write(path("bilinear"), regard::resize(image, 224, 224, regard::Resample::bilinear));
    write(path("bicubic"), regard::resize(image, 224, 224, regard::Resample::bicubic));
    const auto encoded = model.encode(image);
    write(path("logits"), model.logits(std::span(&encoded, 1)));
    std::cout << image.extent(0) << ' ' << image.extent(1) << '\n';
  }
}

void cifar(const regard::ImageClassifier<double>& model, const std::filesystem::path& out, const char* file,
           int records, int recorded) {
  std::ifstream bin(file, std::ios::binary);
  std::filesystem::remove(out / "logits");
  for (int i = 0; i < records; ++i) {
    std::array<char, 3073> record;
    if (!bin.read(record.data(), record.size()))
      throw regard::IoError(std::string(file) + ": ends in record " + std::to_string(i));
    regard::Image image({32, 32, 3});
    for (regard::Index p = 0; p < 1024; ++p)
      for (regard::Index c = 0; c < 3; ++c)
        image.flat()[3 * p + c] = static_cast<std::uint8_t>(record[1 + 1024 * c + p]);
    const auto encoded = model.encode(image);
    write(out / "logits", model.logits(std::span(&encoded, 1)), std::ios::app);
    if (i >= recorded)
      continue;
    regard::Tensor<double, 1> seed({model.labels().size()});
    seed(static_cast<regard::Index>(record[0])) = 1;
    const auto [trace, gradients] = model.record_gradients(encoded, seed);
    write(out / (std::to_string(i) + ".attention"), trace.attention);
    write(out / (std::to_string(i) + ".attention_gradient"), gradients.attention);
    write(out / (std::to_string(i) + ".hidden"), trace.hidden);
    write(out / (std::to_string(i) + ".hidden_gradient"), gradients.hidden);
  }
}

} // namespace

int main(int argc, char** argv) try {
  const std::string_view job = argc > 4 ? argv[1] : "";
  if (job != "photos" && (job != "cifar" || argc != 7))
    throw regard::InvalidArgument("found other arguments, expected those at the top of this file");
  const auto model = regard::load_image_classifier<double>(argv[2]);
  if (job == "photos")
    photos(model, argv[3], std::span(argv + 4, argv + argc));
  else
    cifar(model, argv[3], argv[4], std::stoi(argv[5]), std::stoi(argv[6]));
} catch (const std::exception& error) {
  std::cerr << "image_values: " << error.what() << '\n';
  return 1;
}
