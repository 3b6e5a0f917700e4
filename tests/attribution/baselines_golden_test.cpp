// SPDX-License-Identifier: MIT
// The baselines against captum, LIME, scikit-learn and PyTorch (tests/golden/baselines), on both bundled
// models and on random small ones.
#include <regard/bodies.hpp> // first: a model of its own

#include "support/bert_golden.hpp"
#include "support/id_model.hpp"

#include <regard/attribution/explain.hpp>
#include <regard/models/image_classifier.hpp>
#include <regard/models/load_vit.hpp>
#include <regard/models/text_classifier.hpp>

#include <cctype>
#include <set>

using namespace regard;
using namespace regard_test;

namespace {

const std::filesystem::path data = REGARD_TEST_DATA, models = REGARD_TEST_MODELS, golden = data / "baselines";

/// An image model whose images are named: their pixels lie in a golden file.
class PixelModel {
 public:
  using Scalar = double;

  PixelModel(const std::filesystem::path& folder, const std::string& name)
      : vit_(load_vit<double>(folder / name)),
        stored_(SafeTensors::open(data / "vit" / name / "expected.safetensors")),
        sizes_(read_json(data / "vit" / name / "inputs.json")["sizes"]
                   .get<std::vector<std::array<Index, 2>>>()) {
    for (Index c = 0; c < vit_.classifier.classes(); ++c)
      labels_.push_back("class " + std::to_string(c));
  }

  const SequenceClassifier<double>& classifier() const { return vit_.classifier; }
  EncodedImage<double> encode(const ImageInput& input) const {
    const auto [height, width] = sizes_[std::stoul(input.name)];
    EncodedImage<double> image;
    image.pixels = Tensor<double, 3>({3, height, width});
    const auto pixels = numbers(stored_, input.name + "/pixels");
    std::copy(pixels.begin(), pixels.end(), image.pixels.begin());
    image.grid = vit_.embeddings.grid(height, width);
    image.patch_height = vit_.embeddings.patch_height();
    image.patch_width = vit_.embeddings.patch_width();
    image.special_tokens = vit_.embeddings.special_tokens();
    image.image_height = height;
    image.image_width = width;
    image.area = {0, 0, static_cast<double>(width), static_cast<double>(height)};
    return image;
  }
  void embed(const EncodedImage<double>& image, TensorView<double, 2> rows) const {
    vit_.embeddings.embed(image.pixels, rows);
  }
  const std::vector<std::string>& labels() const { return labels_; }
  ProblemType problem_type() const { return ProblemType::single_label; }
  std::string_view name() const { return "pixels"; }

 private:
  ViTClassifier<double> vit_;
  SafeTensors stored_;
  std::vector<std::array<Index, 2>> sizes_;
  std::vector<std::string> labels_;
};

/// The method that a golden key names: a name of the table, and a variant.
Method method_of(const std::string& key) {
  const Index space = key.find(' ');
  const std::string variant = space == std::string::npos ? "" : key.substr(space + 1);
  Method method = find_method(key.substr(0, space));
  if (auto* sums = std::get_if<AttentionSumMethod>(&method); sums && !variant.empty())
    sums->side = variant == "given" ? TokenSide::given : TokenSide::received;
  if (auto* norm = std::get_if<attention_norm>(&method))
    for (const NormTerms terms : {NormTerms::attention, NormTerms::residual, NormTerms::residual_norm})
      if (variant == to_string(terms))
        norm->terms = terms;
  for (const Masking masking : {Masking::mask, Masking::zero, Masking::mean}) {
    if (auto* path = std::get_if<integrated_gradients>(&method); path && variant == to_string(masking))
      path->baseline = masking;
    if (auto* hide = std::get_if<occlusion>(&method); hide && variant == to_string(masking))
      hide->masking = masking;
  }
  return method;
}

/// |actual - expected| against the largest expected value, or the largest number that they are differences
/// of.
template <class Scalar>
void check_close(const std::vector<double>& actual, const std::vector<double>& expected, double scale) {
  REQUIRE(actual.size() == expected.size());
  for (const double value : expected)
    scale = std::max(scale, std::abs(value));
  double error = 0;
  for (Index i = 0; i < actual.size(); ++i)
    error = std::max(error, std::abs(actual[i] - expected[i]));
  CHECK(error <= Tolerance<Scalar>::parity * scale);
}

/// @param special  tokens before the first player; players follow one after the other
template <class Model, class Input>
void check_case(const Model& model, const Input& input, const nlohmann::json& expected, Index special) {
  using Scalar = typename Model::Scalar;
  Index compared = 0;
  for (const auto& [key, list] : expected["scores"].items()) {
    INFO(key);
    const auto tokens = list.template get<std::vector<double>>();
    const Explanation why = explain(model, input, method_of(key));
    REQUIRE(why.target.index == expected["target"].template get<Index>());
    REQUIRE(special + why.values.size() <= tokens.size());
    const auto first = tokens.begin() + static_cast<std::ptrdiff_t>(special);
    check_close<Scalar>(why.values, {first, first + static_cast<std::ptrdiff_t>(why.values.size())},
                        *std::max_element(tokens.begin(), tokens.end()));
    double total = 0;
    for (const double score : tokens)
      total += score;
    check_close<Scalar>({why.value_full}, {total}, 0);
    ++compared;
  }
  for (const auto& [key, list] : expected["output"].items()) {
    INFO(key);
    const Explanation why = explain(model, input, method_of(key));
    check_close<Scalar>(why.values, list.template get<std::vector<double>>(), std::abs(why.value_full));
    if (expected["gaps"].contains(key)) {
      const double empty = expected["empty"][key].template get<double>();
      // The gap is what is left of v(full), v(empty) and the values: near 0, with the rounding errors of all.
      check_close<Scalar>({why.completeness_gap}, {expected["gaps"][key].template get<double>()},
                          std::max(std::abs(why.value_full), std::abs(empty)));
      check_close<Scalar>({why.value_empty}, {empty}, std::abs(why.value_full));
    }
    ++compared;
  }
  CHECK(compared >= 13);
}

} // namespace

TEMPLATE_TEST_CASE("baselines of texts are captum's and PyTorch's", "[baselines][golden]", float, double) {
  const auto bundled = load_text_classifier<TestType>(models / "bert-tiny-sst2");
  Index cases = 0;
  for (const auto& expected : read_json(golden / "text.json")) {
    const std::string name = expected["model"];
    INFO(name << " " << cases++);
    if (name == "bert-tiny-sst2") {
      check_case(bundled, TextInput(expected["text"].get<std::string>()), expected, 1);
      continue;
    }
    const auto bert = load_bert<TestType>(bert_golden / name);
    const auto embed = [&bert](const Encoding& encoding, TensorView<TestType, 2> rows) {
      std::vector<BertToken> tokens;
      for (const Token& token : encoding.tokens)
        tokens.push_back({token.id, token.type, tokens.size()});
      bert.embeddings.embed(tokens, rows);
    };
    IdModel<TestType> model(bert.classifier, embed, expected["mask"].get<Index>());
    model.types = expected["types"].get<std::vector<Index>>();
    check_case(model, TextInput(id_text(expected["ids"].get<std::vector<Index>>())), expected, 1);
  }
  CHECK(cases >= 9);
}

TEST_CASE("baselines of images are captum's and PyTorch's", "[baselines][golden]") {
  Index cases = 0;
  for (const auto& expected : read_json(golden / "images.json")) {
    const std::string name = expected["model"];
    INFO(name << " " << cases++);
    const PixelModel model(name == "vit-small-cifar10" ? models : data / "vit", name);
    const Index special = name == "distilled" ? 2 : 1;
    check_case(model, ImageInput({}, std::to_string(expected["input"].get<Index>())), expected, special);
  }
  CHECK(cases >= 6);
}

TEST_CASE("Shapley values of masked inputs are shap's", "[baselines][golden]") {
  const auto bundled = load_text_classifier<double>(models / "bert-tiny-sst2");
  const auto check = [](const auto& model, const auto& input, const nlohmann::json& expected) {
    for (const auto& [name, list] : expected["values"].items()) {
      INFO(name);
      InputMethod method = std::get<InputMethod>(find_method(name));
      method.samples = 4096; // all coalitions
      if (expected.contains("super_patch")) {
        method.super_patch = expected["super_patch"].get<Index>();
        method.masking = Masking::zero;
      }
      const Explanation why = explain(model, input, method);
      CHECK(why.target.index == expected["target"].template get<Index>());
      // Values may be near 0: differences of probabilities whose rounding errors they keep.
      check_close<double>(why.values, list.template get<std::vector<double>>(), why.value_full);
      check_close<double>({why.value_empty, why.value_full},
                          {expected["empty"].template get<double>(), expected["full"].template get<double>()},
                          0);
    }
  };
  std::set<std::string> seen;
  for (const auto& expected : read_json(golden / "shapley.json")) {
    const std::string name = expected["model"];
    INFO(name);
    for (const auto& [method, list] : expected["values"].items())
      seen.insert(method);
    if (expected.contains("text")) {
      check(bundled, TextInput(expected["text"].get<std::string>()), expected);
    } else if (expected.contains("ids")) {
      const auto bert = load_bert<double>(bert_golden / name);
      const auto embed = [&bert](const Encoding& encoding, TensorView<double, 2> rows) {
        std::vector<BertToken> tokens;
        for (const Token& token : encoding.tokens)
          tokens.push_back({token.id, token.type, tokens.size()});
        bert.embeddings.embed(tokens, rows);
      };
      IdModel<double> model(bert.classifier, embed, expected["mask"].get<Index>());
      model.types = expected["types"].get<std::vector<Index>>();
      check(model, TextInput(id_text(expected["ids"].get<std::vector<Index>>())), expected);
    } else {
      const PixelModel model(name == "vit-small-cifar10" ? models : data / "vit", name);
      check(model, ImageInput({}, std::to_string(expected["input"].get<Index>())), expected);
    }
  }
  CHECK(seen == std::set<std::string>{"kernel-shap", "partition-shap", "permutation-shap", "shapley-input"});
}

TEST_CASE("LIME's kernel and regression are those of lime, captum and scikit-learn", "[baselines][golden]") {
  const auto cases = read_json(golden / "lime.json");
  REQUIRE(cases.size() >= 2);
  for (const auto& expected : cases) {
    const auto masks = expected["masks"].get<std::vector<std::vector<Index>>>();
    const auto weights = expected["weights"].get<std::vector<double>>();
    const auto outputs = expected["outputs"].get<std::vector<double>>();
    const Index n = masks.front().size();
    std::vector<MutableCoalition> samples;
    std::vector<double> kernel;
    for (const auto& mask : masks) {
      samples.emplace_back(n);
      for (Index i = 0; i < n; ++i)
        samples.back().assign(i, mask[i] != 0);
      kernel.push_back(detail::lime_weight(Coalition(samples.back()).size(), n, 25));
    }
    CHECK(relative_error(kernel, weights) < Tolerance<double>::parity);
    const std::vector<Coalition> views(samples.begin(), samples.end());
    CHECK(relative_error(lime_regression(views, outputs, kernel, 1),
                         expected["coefficients"].get<std::vector<double>>()) < Tolerance<double>::parity);
    CHECK(relative_error(lime_regression(views, outputs, kernel, 5),
                         expected["ridge_5"].get<std::vector<double>>()) < Tolerance<double>::parity);
    // The outputs are the bundled model's: what the explainer would have asked.
    const auto model = load_text_classifier<double>(models / "bert-tiny-sst2");
    const Encoding encoding = model.encode(expected["text"].get<std::string>());
    const auto players = find_players(encoding, PlayerUnit::tokens);
    std::vector<double> asked(views.size());
    MaskedInputGame(model, encoding, players, 1).values(views, asked);
    CHECK(relative_error(asked, outputs) < Tolerance<double>::parity);
  }
}
