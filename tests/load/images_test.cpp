// SPDX-License-Identifier: MIT
// Image models: shared by threads, and with the smallest and the largest images.
#include "support/catch.hpp"
#include "support/seed.hpp"

#include <regard/attribution/explain.hpp>
#include <regard/core/random.hpp>
#include <regard/models/image_classifier.hpp>

#include <thread>

using namespace regard;

namespace {

const std::filesystem::path folder = std::filesystem::path(REGARD_TEST_MODELS) / "vit-small-cifar10";

Image random_image(Index height, Index width) {
  RandomStream stream(regard_test::seed(), height * 10000 + width);
  Image image({height, width, 3});
  for (auto& value : image)
    value = static_cast<std::uint8_t>(stream.below(256));
  return image;
}

const std::array<Method, 4> methods{grad_attention_mutual{}, input_x_gradient{}, attention_rollout{},
                                    partition_shap_input{.samples = 8}};

bool all_finite(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

} // namespace

TEST_CASE("threads may share an image model", "[load]") {
  INFO("seed " << regard_test::seed());
  const auto model = load_image_classifier<float>(folder);
  const ImageInput image(random_image(32, 32));
  std::vector<std::vector<double>> expected;
  for (const Method& method : methods)
    expected.push_back(explain(model, image, method).values);
  std::vector<int> same(8, 0);
  {
    std::vector<std::jthread> threads;
    for (Index t = 0; t < same.size(); ++t)
      threads.emplace_back([&, t] {
        for (Index round = 0; round < 2; ++round)
          same[t] +=
              explain(model, image, methods[t % methods.size()]).values == expected[t % methods.size()];
      });
  }
  CHECK(same == std::vector<int>(8, 2));
}

TEST_CASE("an image of one patch and one of a thousand are explained", "[load]") {
  INFO("seed " << regard_test::seed());
  for (const Index side : std::initializer_list<Index>{1, 32}) {
    const ImageSize size{4 * side, 4 * side};
    const auto model = load_image_classifier<float>(
        folder, {.positions = PositionEmbeddings::interpolated, .input_size = size});
    for (const Method& method : std::span(methods).first(side == 1 ? 4 : 2)) {
      INFO(side << " patches a side, " << method_name(method));
      const auto why = explain(model, ImageInput(random_image(size.height, size.width)), method);
      CHECK(why.patches.size() == side * side);
      CHECK(why.values.size() == side * side);
      CHECK(all_finite(why.values));
      CHECK(all_finite(why.probabilities));
    }
  }
  // A grid that the model was not trained on is refused unless its positions are interpolated.
  const auto model = load_image_classifier<float>(folder, {.input_size = ImageSize{4, 4}});
  CHECK_THROWS_WITH(explain(model, ImageInput(random_image(4, 4)), methods[0]),
                    Catch::Matchers::ContainsSubstring("interpolated"));
}

TEST_CASE("images of one pixel, and of one row or column, are resized and explained", "[load]") {
  INFO("seed " << regard_test::seed());
  const auto model = load_image_classifier<float>(folder);
  for (const auto& [height, width] : {std::pair<Index, Index>(1, 1), {1, 4000}, {4000, 1}}) {
    CAPTURE(height, width);
    const auto why = explain(model, ImageInput(random_image(height, width)), methods[0]);
    CHECK(why.values.size() == 64);
    CHECK(all_finite(why.values));
    CHECK(why.image->height == height);
    CHECK(why.image->width == width);
  }
  CHECK_THROWS_AS(explain(model, ImageInput(Image()), methods[0]), InvalidArgument);
}
