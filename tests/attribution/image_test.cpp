// SPDX-License-Identifier: MIT
// Explanations of images: the masked-input game against transformers, a model whose answer is known, and
// what the players are.
#include "support/golden_trace.hpp"

#include <regard/image.hpp>
#include <regard/testing/laws.hpp>

#include <cmath>
#include <numeric>

using namespace regard;
using namespace regard_test;

namespace {

const std::filesystem::path data = REGARD_TEST_DATA;

const ImageClassifier<double>& bundled_model() {
  static const auto model =
      load_image_classifier<double>(std::filesystem::path(REGARD_TEST_MODELS) / "vit-small-cifar10");
  return model;
}

/// 3 x 5 patches, random weights.
const ImageClassifier<double>& small_model() {
  static const auto model = [] {
    ImageProcessor processor;
    processor.size = {12, 20};
    return ImageClassifier<double>(processor, load_vit<double>(data / "vit" / "non-square"), {12, 20},
                                   {"cat", "dog", "fish"});
  }();
  return model;
}

const std::vector<Method> methods = {
    attention_cls{},          grad_attention_cls{},        attention_mutual{}, grad_attention_mutual{},
    attention_max_mutual{},   grad_attention_max_mutual{}, shapley_input{},    kernel_shap_input{},
    permutation_shap_input{}, partition_shap_input{}};

// ---- a model whose answer is known ----
//
// Patches of 2 x 2 pixels are marked (all channels 1) or plain (0). Normalised by the LayerNorm, a marked
// token is (r, -r, 0, 0) with r = sqrt 2, a plain one (0, 0, r, -r), the class token (1, 1, -1, -1). Keys and
// values read whether a token is marked, queries are constant: every token attends to a marked one with
// weight e^score, to any other with weight 1. What a token gets, t = the attention on marked tokens, is added
// to it as (t, -t, 0, 0), and there is no feed-forward part. A second block does the same: the LayerNorm
// leaves a marked token as it was, and the others now read as a little marked. The final LayerNorm turns the
// class token (1 + t, 1 - t, -1, -1) into the logit 2 t / sqrt(1 + t^2 / 2) through the classifier
// (1, -1, 0, 0).

constexpr double score = 1.5;

/// The logit with that many visible patches.
double known_logit(double marked, double plain) {
  double t = marked * std::exp(score);
  t /= t + plain + 1; // 1: the class token
  const double plain_reads = t / std::sqrt(1 + t * t), class_reads = t / std::sqrt(2 + t * t);
  const double of_marked = marked * std::exp(score), of_plain = plain * std::exp(score * plain_reads),
               of_class = std::exp(score * class_reads);
  t += (of_marked + of_plain * plain_reads + of_class * class_reads) / (of_marked + of_plain + of_class);
  return 2 * t / std::sqrt(1 + t * t / 2);
}

SharedTensor<double, 1> vector_of(std::vector<double> values) {
  Tensor<double, 1> tensor({values.size()});
  std::copy(values.begin(), values.end(), tensor.begin());
  return share(std::move(tensor));
}

SharedTensor<double, 2> matrix_of(Index rows, Index columns, std::vector<double> values = {}) {
  values.resize(rows * columns);
  Tensor<double, 2> tensor({rows, columns});
  std::copy(values.begin(), values.end(), tensor.begin());
  return share(std::move(tensor));
}

ImageClassifier<double> planted_model(PatchGrid grid) {
  const Index width = 4, channels = 3, pixels = channels * 2 * 2;
  // From plain (0, 0, 1, -1) to marked (1, -1, 0, 0), spread over the pixels.
  std::vector<double> projection;
  for (const double change : {1.0, -1.0, -1.0, 1.0})
    projection.insert(projection.end(), pixels, change / static_cast<double>(pixels));
  PatchEmbeddings<double> embeddings(
      {matrix_of(width, pixels, std::move(projection)), vector_of({0, 0, 1, -1})},
      matrix_of(1, width, {1, 1, -1, -1}), matrix_of(1 + grid.patches(), width), grid, 2, 2);

  const double r = std::sqrt(2.0);
  const auto norm = [] { return LayerNorm<double>{vector_of({1, 1, 1, 1}), vector_of({0, 0, 0, 0}), 0}; };
  const auto none = [&](Index out, Index in) {
    return Linear<double>{matrix_of(out, in), vector_of(std::vector<double>(out))};
  };
  BlockWeights<double> block;
  block.query = {matrix_of(4, 4), vector_of({2 * score, 0, 0, 0})}; // 2: the square root of the head's width
  block.key = block.value = {matrix_of(4, 4, {1 / (2 * r), -1 / (2 * r)}), vector_of({0, 0, 0, 0})};
  // Of the class token, (1, 1, -1, -1), the key is 0; of a plain one too; of a marked one r / r = 1.
  block.attention_output = {matrix_of(4, 4, {1, 0, 0, 0, -1}), vector_of({0, 0, 0, 0})};
  block.attention_norm = block.output_norm = norm();
  block.intermediate = none(4, 4);
  block.output = none(4, 4);
  Encoder<double> encoder({4, 1, Activation::gelu, NormPosition::before}, {block, block});
  ClassificationHead<double> head({matrix_of(2, 4, {1, -1}), vector_of({0, 0})}, {}, norm());

  ImageProcessor processor;
  processor.do_resize = processor.do_normalize = false;
  ViTClassifier<double> vit{std::move(embeddings), {std::move(encoder), std::move(head)}};
  return {processor, std::move(vit), {2 * grid.rows, 2 * grid.columns}, {"marked", "nothing"}};
}

Image planted_image(PatchGrid grid, const std::vector<Index>& marked) {
  Image image({2 * grid.rows, 2 * grid.columns, 3});
  for (const Index patch : marked)
    for (Index y = 0; y < 2; ++y)
      for (Index x = 0; x < 2; ++x)
        for (Index c = 0; c < 3; ++c)
          image(patch / grid.columns * 2 + y, patch % grid.columns * 2 + x, c) = 255;
  return image;
}

/// Shapley values of a marked and of a plain patch, summed over sizes of what came before: `value(m, p)` is
/// that of a coalition with so many of each.
template <class Value>
std::pair<double, double> known_shapley(Index marked, Index plain, Value&& value) {
  const auto choose = [](Index n, Index k) {
    return std::exp(std::lgamma(static_cast<double>(n) + 1) - std::lgamma(static_cast<double>(k) + 1) -
                    std::lgamma(static_cast<double>(n - k) + 1));
  };
  const Index n = marked + plain;
  const auto mean = [&](bool of_marked) {
    double phi = 0;
    for (Index m = 0; m <= marked - (of_marked ? 1 : 0); ++m)
      for (Index p = 0; p <= plain - (of_marked ? 0 : 1); ++p) {
        const double ways =
            of_marked ? choose(marked - 1, m) * choose(plain, p) : choose(marked, m) * choose(plain - 1, p);
        phi += ways / (static_cast<double>(n) * choose(n - 1, m + p)) *
               (value(m + (of_marked ? 1 : 0), p + (of_marked ? 0 : 1)) - value(m, p));
      }
    return phi;
  };
  return {mean(true), mean(false)};
}

} // namespace

TEST_CASE("every method ranks the planted patches first", "[image]") {
  const PatchGrid grid{3, 5};
  const auto model = planted_model(grid);
  const std::vector<Index> marked = {4, 6, 13};
  const ImageInput input(planted_image(grid, marked), "planted");
  CHECK(std::abs(model.logits(std::vector{model.encode(input)})(0, 0) - known_logit(3, 12)) < 1e-12);
  for (const Method& method : methods)
    for (const Masking masking : {Masking::drop, Masking::zero, Masking::mean, Masking::blur}) {
      Method chosen = method;
      if (auto* of_input = std::get_if<InputMethod>(&chosen))
        of_input->masking = masking;
      INFO(method_name(method) << " " << to_string(masking));
      const Explanation why = explain(model, input, chosen, {Index{0}, 1, {}});
      REQUIRE(why.values.size() == grid.patches());
      std::vector<Index> order(grid.patches());
      std::iota(order.begin(), order.end(), Index{0});
      std::stable_sort(order.begin(), order.end(),
                       [&](Index a, Index b) { return why.values[a] > why.values[b]; });
      std::sort(order.begin(), order.begin() + 3);
      CHECK(std::vector(order.begin(), order.begin() + 3) == marked);
    }
}

TEST_CASE("shapley-input of an image equals the analytic value", "[image]") {
  const PatchGrid grid{2, 4};
  const auto model = planted_model(grid);
  const std::vector<Index> marked = {1, 2, 7};
  const ImageInput input(planted_image(grid, marked));
  const auto check = [&](Masking masking, auto&& value) {
    INFO(to_string(masking));
    const Explanation why = explain(
        model, input, shapley_input{.masking = masking, .value = ValueFunction::logit}, {Index{0}, 0, {}});
    const auto [of_marked, of_plain] = known_shapley(3, 5, value);
    std::vector<double> expected(8, of_plain);
    for (const Index patch : marked)
      expected[patch] = of_marked;
    CHECK(relative_error(why.values, expected) < 1e-10);
  };
  check(Masking::drop,
        [](Index m, Index p) { return known_logit(static_cast<double>(m), static_cast<double>(p)); });
  // A marked patch whose pixels are 0 is a plain one.
  check(Masking::zero,
        [](Index m, Index) { return known_logit(static_cast<double>(m), 8 - static_cast<double>(m)); });
}

TEST_CASE("a hidden patch is what transformers makes of its absence, zeros, the mean or a blur", "[image]") {
  const auto& model = bundled_model();
  const auto cases = read_json(data / "masked" / "images.json")["cases"];
  REQUIRE(cases.size() >= 12);
  for (const auto& example : cases) {
    const auto encoded = model.encode(load_image(data / "image" / "files" / example["image"]));
    const auto players = find_players(encoded);
    REQUIRE(players.size() == 64);
    const auto members = example["coalition"].get<std::vector<Index>>();
    const MutableCoalition coalition(players.size(), members);
    for (const Masking masking : {Masking::drop, Masking::zero, Masking::mean, Masking::blur}) {
      INFO(example["image"] << " " << to_string(coalition) << " " << to_string(masking));
      const auto logits = example[std::string(to_string(masking))].get<std::vector<double>>();
      for (const Index target : std::initializer_list<Index>{0, 7}) {
        const MaskedInputGame game(model, encoded, players, target, {masking, ValueFunction::logit});
        CHECK(relative_error(std::vector{game.value(coalition)}, std::vector{logits[target]}) <
              Tolerance<double>::parity);
      }
    }
  }
}

TEST_CASE("a coalition of patches has the same bits in any batch and on any number of threads", "[image]") {
  const auto& model = small_model();
  const auto encoded = model.encode(load_image(data / "image" / "files" / "sharp.jpg"));
  const auto players = find_players(encoded, 2);
  REQUIRE(players.size() == 6);
  const Threads threads(2);
  for (const Masking masking : {Masking::drop, Masking::zero, Masking::mean, Masking::blur}) {
    const auto solve = [&](Index batch_rows, const Executor& executor) {
      return enumerate(MaskedInputGame(model, encoded, players, 2,
                                       {masking, ValueFunction::probability, batch_rows}, executor))
          .values;
    };
    const auto alone = solve(1, Serial{});
    CHECK(alone == solve(1000, threads));
    const MaskedInputGame game(model, encoded, players, 2, {masking});
    CHECK(testing::check_game(game).empty());
  }
}

TEST_CASE("players of an image are its patches, or blocks of them", "[image]") {
  EncodedImage<double> image;
  image.grid = {3, 5};
  image.special_tokens = 2;
  CHECK(find_players(image).size() == 15);
  CHECK(find_players(image)[14] == std::vector<Index>{16});
  CHECK(find_players(image, 2) ==
        std::vector<std::vector<Index>>{{2, 3, 7, 8}, {4, 5, 9, 10}, {6, 11}, {12, 13}, {14, 15}, {16}});
  CHECK(find_players(image, 100).size() == 1);
  CHECK(find_players(image, std::numeric_limits<Index>::max()).front().size() == 15);
  CHECK_THROWS_WITH(find_players(image, 0), "super-patch: found 0, expected at least 1 patch");
}

TEST_CASE("an explanation of an image has the same bits alone and among others", "[image]") {
  const auto& model = small_model();
  std::vector<ImageInput> inputs;
  for (const char* name : {"sharp.jpg", "gray4.png", "one-pixel.png", "turned6.jpg", "palette8.png"})
    inputs.emplace_back(load_image(data / "image" / "files" / name), name);
  const Threads threads(2);
  for (const Method& method : methods) {
    Method chosen = method;
    if (auto* of_input = std::get_if<InputMethod>(&chosen)) {
      of_input->super_patch = 2;
      of_input->samples = 50;
    }
    INFO(method_name(method));
    const auto together = explain_all(model, inputs, chosen, {{}, 4, {}}, threads);
    REQUIRE(together.size() == inputs.size());
    for (Index i = 0; i < inputs.size(); ++i) {
      INFO(inputs[i].name);
      const Explanation why = explain(model, inputs[i], chosen, {{}, 4, {}});
      CHECK(why.values == together[i].values);
      CHECK(why.image->name == inputs[i].name);
      CHECK(std::abs(why.completeness_gap) < 1e-9);
      CHECK(std::abs(std::accumulate(why.values.begin(), why.values.end(), 0.0) -
                     (why.value_full - why.value_empty)) < 1e-9);
    }
  }
}

TEST_CASE("the patches of an explanation cover the picture that the model sees", "[image]") {
  const auto& model = bundled_model();
  const ImageInput input(load_image(data / "image" / "files" / "turned6.jpg")); // 14 rows of 9 pixels
  const Explanation why = explain(model, input, grad_attention_mutual{});
  REQUIRE(why.image);
  CHECK(why.image->width == 9);
  CHECK(why.image->height == 14);
  CHECK(why.image->rows * why.image->columns == 64);
  REQUIRE(why.patches.size() == 64);
  double area = 0;
  for (const ExplainedPatch& patch : why.patches)
    area += patch.width * patch.height;
  CHECK(std::abs(area - 9 * 14) < 1e-9);
  CHECK(why.patches[9].x == Approx(9.0 / 8));
  CHECK(why.patches[9].y == Approx(14.0 / 8));
  CHECK(why.tokens.empty());
  CHECK(why.player_unit == "patches");
}

TEST_CASE("what makes no sense for an image is refused", "[image]") {
  const auto& model = bundled_model();
  const ImageInput input(load_image(data / "image" / "files" / "sharp.jpg"));
  CHECK_THROWS_WITH(explain(model, input, shapley_input{}),
                    Catch::Matchers::StartsWith("shapley-input: found 64 players"));
  CHECK_THROWS_AS(explain(model, input, kernel_shap_input{.masking = Masking::remove}), InvalidArgument);
  CHECK_THROWS_AS(explain(model, input, kernel_shap_input{.players = PlayerUnit::words}), InvalidArgument);
  CHECK_THROWS_AS(explain(model, input, attention_mutual{.players = PlayerUnit::words}), InvalidArgument);
  CHECK_THROWS_AS(explain(model, input, attention_mutual{}, {"whale", 0, {}}), InvalidArgument);
  CHECK_THROWS_AS(explain(model, ImageInput{}, attention_mutual{}), InvalidArgument);
}
