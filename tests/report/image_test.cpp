// SPDX-License-Identifier: MIT
// Overlays, pages, JSON and tables of explanations of images.
#include "support/catch.hpp"

#include <regard/report.hpp>
#include <regard/report/image_html.hpp>
#include <regard/report/overlay.hpp>

#include <nlohmann/json.hpp>

using namespace regard;
using Catch::Matchers::ContainsSubstring;

namespace {

/// A grey picture, 12 wide and 8 high, of which the model sees the 8 x 8 in the middle as 2 x 2 patches.
Explanation sample() {
  Explanation why;
  why.model = "models/tiny-vit";
  why.image = ExplainedImage{"<holiday> & co.jpg", 12, 8, 2, 2};
  why.labels = {"cat", "dog"};
  why.logits = {0, 1};
  why.probabilities = {0.25, 0.75};
  why.prediction = why.target = {1, "dog"};
  why.method = "kernel-shap";
  why.solver = "kernel";
  why.status = "budget_reached";
  why.player_unit = "patches";
  why.value_function = "probability";
  why.masking = "drop";
  for (Index p = 0; p < 4; ++p) {
    why.patches.push_back({p % 2 == 0 ? 2.0 : 6.0, p < 2 ? 0.0 : 4.0, 4, 4});
    why.players.push_back({p});
  }
  why.values = {0.5, -0.25, 0, 0.125};
  why.value_empty = 0.375;
  why.value_full = 0.75;
  return why;
}

Image gray() {
  Image image({8, 12, 3});
  std::fill(image.begin(), image.end(), std::uint8_t{128});
  return image;
}

struct Color {
  int red, green, blue;
};
Color at(const Image& image, Index y, Index x) {
  return {image(y, x, 0), image(y, x, 1), image(y, x, 2)};
}

} // namespace

TEST_CASE("an overlay shades by sign and size, and darkens what the model did not see", "[overlay]") {
  const Image picture = overlay(sample(), gray(), {.legend = false, .least_size = 24});
  REQUIRE(picture.extent(0) == 16); // enlarged twice
  REQUIRE(picture.extent(1) == 24);
  const Color positive = at(picture, 4, 8), negative = at(picture, 4, 14), none = at(picture, 12, 8),
              weak = at(picture, 12, 14), unseen = at(picture, 4, 1);
  CHECK(positive.blue - positive.red > 50);
  CHECK(negative.red - negative.blue > 30);
  CHECK(none.red == none.blue);
  CHECK(weak.blue > weak.red);
  CHECK(weak.blue - weak.red < positive.blue - positive.red);
  CHECK(std::abs(unseen.red - unseen.blue) < 10);
  CHECK(unseen.red < none.red);
}

TEST_CASE("a legend stands below the picture and changes nothing of it", "[overlay]") {
  const Image bare = overlay(sample(), gray(), {.legend = false}), whole = overlay(sample(), gray());
  REQUIRE(whole.extent(1) == bare.extent(1));
  CHECK(std::max(bare.extent(0), bare.extent(1)) == 384);
  CHECK(whole.extent(0) > bare.extent(0) + 10);
  CHECK(std::equal(bare.begin(), bare.end(), whole.begin()));
}

TEST_CASE("an overlay of ties shades nothing", "[overlay]") {
  Explanation why = sample();
  why.values = {0.1875, 0.1875, 0.1875, 0.1875};
  why.degenerate = true;
  const Image picture = overlay(why, gray(), {.legend = false});
  for (Index y = 0; y < picture.extent(0); ++y)
    for (Index x = picture.extent(1) / 6; x < picture.extent(1) * 5 / 6; ++x)
      for (Index c = 0; c < 3; ++c)
        REQUIRE(picture(y, x, c) == picture(0, picture.extent(1) / 2, 0));
}

TEST_CASE("an overlay needs the image that was explained", "[overlay]") {
  CHECK_THROWS_AS(overlay(sample(), Image({8, 8, 3})), InvalidArgument);
  Explanation text;
  text.text = "no picture";
  CHECK_THROWS_AS(overlay(text, gray()), InvalidArgument);
}

TEST_CASE("a page of an image holds the picture, its overlay and its name, and nothing from elsewhere",
          "[html]") {
  const std::string page = html(sample(), gray());
  CHECK_THAT(page, ContainsSubstring("&lt;holiday&gt; &amp; co.jpg"));
  CHECK_THAT(page, !ContainsSubstring("<holiday>"));
  CHECK_THAT(page, !ContainsSubstring("src=\"http") && !ContainsSubstring("href=\"http"));
  Index images = 0;
  for (Index i = page.find("data:image/png;base64,"); i != std::string::npos;
       i = page.find("data:image/png;base64,", i + 1))
    ++images;
  CHECK(images == 2);
  for (const char* words : {"dog", "kernel-shap", "0.75", "drop"})
    CHECK_THAT(page, ContainsSubstring(words));
}

TEST_CASE("JSON of an image has patches in place of tokens", "[json]") {
  const auto why = nlohmann::json::parse(json(sample()));
  CHECK(why["patches"].size() == 4);
  CHECK(why["patches"][3] == nlohmann::json{{"x", 6.0}, {"y", 4.0}, {"width", 4.0}, {"height", 4.0}});
  CHECK_FALSE(why.contains("tokens"));
  CHECK_FALSE(why.contains("text"));
  CHECK(why.contains("image"));
}

TEST_CASE("a table of an image lists the largest patches first", "[terminal]") {
  const std::string table = terminal(sample());
  CHECK_THAT(table, ContainsSubstring("12 x 8 pixels") && ContainsSubstring("2 x 2 patches"));
  CHECK(table.find("2,0 4x4") < table.find("6,0 4x4"));
  CHECK(table.find("6,0 4x4") < table.find("6,4 4x4"));
}
