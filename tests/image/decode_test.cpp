// SPDX-License-Identifier: MIT
// Decoding and preprocessing against Pillow and the image processors of transformers (tests/golden/image),
// and files that want to do harm.
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/tolerance.hpp"

#include <regard/image/load.hpp>
#include <regard/image/png.hpp>
#include <regard/image/processor.hpp>

#include <nlohmann/json.hpp>

using namespace regard;
using namespace regard_test;
using Catch::Matchers::ContainsSubstring;

namespace {

const std::filesystem::path golden = std::filesystem::path(REGARD_TEST_DATA) / "image";

const nlohmann::json& expected() {
  static const nlohmann::json json = nlohmann::json::parse(std::ifstream(golden / "expected.json"));
  return json;
}

/// The FNV-1a hash of the bytes of an image, as make.py writes it.
std::string hash(const Image& image) {
  std::uint64_t value = 0xCBF29CE484222325u;
  for (const std::uint8_t byte : image)
    value = (value ^ byte) * 0x100000001B3u;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Image decode(const std::string& bytes, const ImageLimits& limits = {}) {
  return decode_image(std::as_bytes(std::span(bytes.data(), bytes.size())), "file", limits);
}

/// A PNG that claims a size, with correct checksums and no pixels.
std::string claim_png(std::uint32_t width, std::uint32_t height) {
  std::string png = read_bytes(golden / "files" / "one-pixel.png");
  const auto put = [&](std::size_t at, std::uint32_t value) {
    for (int i = 0; i < 4; ++i)
      png[at + static_cast<std::size_t>(i)] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  std::uint32_t crc = 0xFFFFFFFFu;
  for (std::size_t i = 12; i < 29; ++i) {
    crc ^= static_cast<unsigned char>(png[i]);
    for (int bit = 0; bit < 8; ++bit)
      crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
  }
  put(29, ~crc);
  return png;
}

} // namespace

TEST_CASE("every kind of file has Pillow's pixels", "[image]") {
  REQUIRE(expected()["files"].size() >= 30);
  for (const auto& [name, about] : expected()["files"].items()) {
    INFO(name);
    const Image image = load_image(golden / "files" / name);
    CHECK(image.shape() == Shape<3>{about["height"].get<Index>(), about["width"].get<Index>(), 3});
    CHECK(hash(image) == about["fnv"].get<std::string>());
  }
}

TEST_CASE("every filter gives Pillow's bytes at every size", "[image]") {
  const Image photo = load_image(golden / "files" / "sharp.jpg");
  const std::pair<const char*, Resample> filters[] = {
      {"nearest", Resample::nearest}, {"lanczos", Resample::lanczos}, {"bilinear", Resample::bilinear},
      {"bicubic", Resample::bicubic}, {"box", Resample::box},         {"hamming", Resample::hamming}};
  for (const auto& [name, filter] : filters)
    for (const auto& size : expected()["resized"][name]) {
      INFO(name << " " << size["height"] << " x " << size["width"]);
      CHECK(hash(resize(photo, size["height"], size["width"], filter)) == size["fnv"].get<std::string>());
    }
  CHECK_THROWS_WITH(resize(photo, 0, 3, Resample::box), ContainsSubstring("0 x 3"));
}

TEMPLATE_TEST_CASE("preprocessing gives the numbers of transformers", "[image]", float, double) {
  const Image photo = load_image(golden / "files" / "sharp.jpg");
  const TemporaryFolder folder;
  for (const auto& [name, about] : expected()["processed"].items()) {
    INFO(name);
    folder.write("preprocessor_config.json", about["config"].dump());
    const ImageProcessor processor = load_image_processor(folder.path());
    const auto pixels = processor.process<TestType>(photo).pixels;
    REQUIRE(pixels.shape() == about["shape"].template get<Shape<3>>());
    std::vector<double> actual{0, 0}, reference{about["sum"], about["sum_of_squares"]};
    for (const TestType value : pixels) {
      actual[0] += static_cast<double>(value);
      actual[1] += static_cast<double>(value) * static_cast<double>(value);
    }
    for (const auto& pick : about["picks"]) {
      const auto at = [&](std::size_t i) { return pick[i].template get<Index>(); };
      CHECK(static_cast<double>(pixels(at(0), at(1), at(2))) ==
            Approx(pick[3].template get<double>()).margin(1e-6));
    }
    CHECK(relative_error(actual, reference) < Tolerance<float>::parity);
  }
}

TEST_CASE("the area says which part of the image is seen", "[image]") {
  const Image photo({100, 200, 3});
  ImageProcessor processor;
  processor.size = {32, 32};
  auto area = processor.process<float>(photo).area;
  CHECK((area.x == 0 && area.y == 0 && area.width == 200 && area.height == 100));
  processor.shortest_edge = 50;
  processor.do_center_crop = true;
  processor.crop_size = {40, 40};
  CHECK(processor.output_size({100, 200}) == ImageSize{40, 40});
  area = processor.process<float>(photo).area;
  CHECK((area.x == 60 && area.y == 10 && area.width == 80 && area.height == 80));
  processor.crop_size = {60, 100};
  area = processor.process<float>(photo).area; // black above and below
  CHECK((area.x == 0 && area.y == -10 && area.width == 200 && area.height == 120));
}

TEST_CASE("a written PNG reads back as it was", "[image]") {
  const TemporaryFolder folder;
  const Image photo = load_image(golden / "files" / "plain.jpg");
  write_png(folder.path() / "copy.png", photo);
  const Image copy = load_image(folder.path() / "copy.png");
  CHECK(copy.shape() == photo.shape());
  CHECK(hash(copy) == hash(photo));
  CHECK_THROWS_WITH(encode_png(Image()), ContainsSubstring("[0, 0, 0]"));
}

TEST_CASE("a chunk of a PNG that claims more than the file has gets no memory", "[image]") {
  std::string bytes = read_bytes(golden / "files" / "exif.png");
  const auto chunk = bytes.find("eXIf");
  REQUIRE(chunk != std::string::npos);
  bytes[chunk - 4] = 9; // the highest byte of its length
  CHECK_THROWS_WITH(decode(bytes), ContainsSubstring("PNG: found a chunk of 1509") &&
                                       ContainsSubstring("expected at most") &&
                                       ContainsSubstring("ends early"));
  // Nothing after its name, not even a checksum.
  CHECK_THROWS_WITH(decode(bytes.substr(0, chunk + 4)),
                    ContainsSubstring("PNG: found 8 bytes where a chunk begins") &&
                        ContainsSubstring("ends early"));
}

TEST_CASE("a truncated image is one clear error wherever it ends", "[image]") {
  for (const char* const name : {"turned6.jpg", "progressive.jpg", "gray4.png", "exif.png"}) {
    const std::string bytes = read_bytes(golden / "files" / name);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      INFO(name << " cut at " << size << " of " << bytes.size());
      if (std::string_view(name).ends_with("jpg") && size + 2 >= bytes.size()) {
        CHECK_NOTHROW([&] { // nothing but the end marker is missing, or a byte of it
          try {
            decode(bytes.substr(0, size));
          } catch (const MalformedFile&) {
          }
        }());
        continue;
      }
      CHECK_THROWS_AS(decode(bytes.substr(0, size)), Error);
    }
  }
}

TEST_CASE("a damaged image is a result or one clear error", "[image]") {
  for (const char* const name :
       {"turned6.jpg", "one-pixel.jpg", "gray4.png", "palette4.png", "one-pixel.png", "exif.png"}) {
    const std::string bytes = read_bytes(golden / "files" / name);
    Index results = 0, errors = 0;
    for (std::size_t at = 0; at < bytes.size(); ++at)
      for (const int flip : {0x01, 0x80, 0xFF}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        try {
          decode(damaged, {1 << 20, 65535});
          ++results;
        } catch (const Error& error) {
          ++errors;
          CHECK(std::string(error.what()).starts_with("file"));
        }
      }
    INFO(name << ": " << results << " results, " << errors << " errors");
    CHECK(errors > 0);
  }
}

TEST_CASE("a size is refused before memory is taken", "[image]") {
  CHECK_THROWS_WITH(decode(claim_png(1u << 30, 1u << 30)), ContainsSubstring("1073741824 x 1073741824"));
  CHECK_THROWS_WITH(decode(claim_png(0x7FFFFFFF, 1)), ContainsSubstring("2147483647 x 1"));
  CHECK_THROWS_AS(decode(claim_png(60000, 60000)), UnsupportedFile);
  CHECK_THROWS_AS(decode(claim_png(0, 1)), MalformedFile);
  CHECK_THROWS_AS(decode(claim_png(10, 10)), MalformedFile); // it has pixels for one
  CHECK_THROWS_WITH(decode(claim_png(11585, 11585)),
                    ContainsSubstring("bytes, expected more for 11585 x 11585 pixels"));
  CHECK_THROWS_WITH(decode(read_bytes(golden / "files" / "plain.jpg"), {100, 65535}),
                    ContainsSubstring("67 x 41"));
}

TEST_CASE("what is no image is named", "[image]") {
  CHECK_THROWS_WITH(decode(""), ContainsSubstring("an empty file"));
  CHECK_THROWS_WITH(decode(std::string("GIF89a\1\0\1\0", 10)), ContainsSubstring("a GIF"));
  CHECK_THROWS_WITH(decode("RIFF\1\1\1\1WEBPVP8 "), ContainsSubstring("a WebP"));
  CHECK_THROWS_WITH(decode("hello"), ContainsSubstring("expected a JPEG or a PNG"));
  CHECK_THROWS_AS(load_image("no/such/file.png"), IoError);
  CHECK_THROWS_AS(load_image(std::filesystem::temp_directory_path()), IoError);
}

TEST_CASE("a preprocessor that this library does not follow is refused by name", "[image]") {
  const TemporaryFolder folder;
  const auto load = [&](const std::string& text) {
    folder.write("preprocessor_config.json", text);
    return load_image_processor(folder.path());
  };
  CHECK(load("{}").size == ImageSize{224, 224});
  CHECK(load(R"({"size": 32, "feature_extractor_type": "ViTFeatureExtractor"})").size == ImageSize{32, 32});
  CHECK(load(R"({"image_processor_type": "DeiTImageProcessor"})").do_center_crop);
  CHECK_THROWS_WITH(load(R"({"image_processor_type": "CLIPImageProcessor"})"),
                    ContainsSubstring("CLIPImageProcessor"));
  CHECK_THROWS_WITH(load(R"({"size": {"longest_edge": 3}})"), ContainsSubstring("size: found"));
  CHECK_THROWS_WITH(load(R"({"size": {"height": 0, "width": 3}})"),
                    ContainsSubstring("size.height: found 0"));
  CHECK_THROWS_WITH(load(R"({"size": {"height": 60000, "width": 60000}})"),
                    ContainsSubstring("size: found 60000 x 60000, expected at most 134217728 pixels"));
  CHECK_THROWS_WITH(load(R"({"resample": 6})"), ContainsSubstring("resample: found 6"));
  CHECK_THROWS_WITH(load(R"({"image_std": [0.5, 0, 0.5]})"), ContainsSubstring("image_std"));
  CHECK_THROWS_WITH(load(R"({"image_mean": [0.5]})"), ContainsSubstring("image_mean"));
}

TEST_CASE("an image does not grow beyond a limit", "[image]") {
  const Image line({2, 3000, 3});
  ImageProcessor processor;
  processor.shortest_edge = 400;
  CHECK_THROWS_WITH(processor.process<float>(line),
                    ContainsSubstring("height 2 and width 3000") &&
                        ContainsSubstring("400 x 600000, expected at most 134217728 pixels"));
  processor.shortest_edge.reset();
  processor.do_center_crop = true;
  processor.crop_size = {1 << 14, 1 << 14};
  CHECK_THROWS_WITH(processor.process<float>(line), ContainsSubstring("16384 x 16384"));
}
