// SPDX-License-Identifier: MIT
// Weights far from those of a trained model: nothing becomes NaN, up to what the type holds; beyond that an
// explanation is finite or an error that says so.
#include "support/catch.hpp"
#include "support/id_model.hpp"
#include "support/seed.hpp"

#include <regard/attribution/explain.hpp>
#include <regard/transformer/trace.hpp>

#include <limits>

using namespace regard;
using namespace regard_test;

namespace {

template <class Range>
bool all_finite(const Range& numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](auto x) { return std::isfinite(x); });
}

template <class Scalar, std::size_t Rank>
SharedTensor<Scalar, Rank> times(const SharedTensor<Scalar, Rank>& tensor, double factor) {
  Tensor<Scalar, Rank> result(tensor.view.shape());
  std::transform(tensor.view.begin(), tensor.view.end(), result.begin(),
                 [factor](Scalar x) { return static_cast<Scalar>(x * factor); });
  return share(std::move(result));
}

template <class Scalar>
Linear<Scalar> times(const Linear<Scalar>& linear, double factor) {
  return {times(linear.weight, factor), times(linear.bias, factor)};
}

template <class Scalar>
LayerNorm<Scalar> times(const LayerNorm<Scalar>& norm, double factor) {
  return {times(norm.weight, factor), times(norm.bias, factor), norm.epsilon};
}

/// What is multiplied: the matrices and biases of encoder and head, or these, every LayerNorm and the
/// embedded input.
enum class Scaled { matrices, all };

/// The largest factor, as a power of ten, up to which nothing is NaN. Scores are products of two matrices,
/// and of four weights where the norms are multiplied too; gradients pass all blocks.
template <class Scalar>
double largest_factor(Scaled scaled) {
  if constexpr (std::is_same_v<Scalar, float>)
    return scaled == Scaled::matrices ? 1e16 : 1e5;
  else
    return scaled == Scaled::matrices ? 1e150 : 1e45;
}

/// A random classifier whose weights are multiplied.
template <class Scalar>
SequenceClassifier<Scalar> classifier_times(double factor, Scaled what, NormPosition position,
                                            Activation activation = Activation::gelu) {
  RandomStream stream(seed(), 5);
  const auto usual = random_classifier<Scalar>(
      stream, {{8, 2, activation, position}, 3, 16, 3, position == NormPosition::after});
  const double norm_factor = what == Scaled::all ? factor : 1;
  std::vector<BlockWeights<Scalar>> blocks;
  for (Index layer = 0; layer < usual.layers(); ++layer) {
    BlockWeights<Scalar> block = usual.encoder().block(layer);
    for (Linear<Scalar>* linear : {&block.query, &block.key, &block.value, &block.attention_output,
                                   &block.intermediate, &block.output})
      *linear = times(*linear, factor);
    for (LayerNorm<Scalar>* norm : {&block.attention_norm, &block.output_norm})
      *norm = times(*norm, norm_factor);
    blocks.push_back(std::move(block));
  }
  std::vector<Linear<Scalar>> linears; // the classifier, and the pooler if there is one
  std::optional<LayerNorm<Scalar>> norm;
  usual.head().visit_weights([&](const auto& weights) {
    if constexpr (std::is_same_v<std::decay_t<decltype(weights)>, LayerNorm<Scalar>>)
      norm = times(weights, norm_factor);
    else
      linears.push_back(times(weights, factor));
  });
  std::optional<Linear<Scalar>> pooler;
  if (linears.size() == 2)
    pooler = linears[1];
  return {Encoder<Scalar>(usual.encoder().config(), std::move(blocks)),
          ClassificationHead<Scalar>(linears[0], std::move(pooler), std::move(norm))};
}

/// Random embedded tokens, multiplied.
template <class Scalar>
Tensor<Scalar, 2> rows_times(double factor, Index rows) {
  RandomStream stream(seed(), 6);
  Tensor<Scalar, 2> result = random_rows<Scalar>(stream, rows, 8);
  for (Scalar& x : result)
    x = static_cast<Scalar>(x * factor);
  return result;
}

/// Records a pass and its gradients, checks that all of it is finite and returns the largest |logit|.
template <class Scalar>
double check_pass(const SequenceClassifier<Scalar>& classifier, const Tensor<Scalar, 2>& rows) {
  Tensor<Scalar, 1> one({3});
  one(1) = 1;
  const auto [trace, gradients] = record_gradients<Scalar>(classifier, rows, std::as_const(one).view());
  CHECK(all_finite(trace.logits));
  CHECK(all_finite(trace.attention));
  CHECK(all_finite(trace.hidden));
  CHECK(all_finite(gradients.attention));
  CHECK(all_finite(gradients.hidden));
  for (const ProblemType type : {ProblemType::single_label, ProblemType::multi_label}) {
    const auto shares = probabilities(type, trace.logits.view());
    CHECK(shares.size() == 3);
    CHECK(all_finite(shares));
  }
  double error = 0, largest = 0;
  for (Index layer = 0; layer < 3; ++layer)
    for (Index head = 0; head < 2; ++head)
      for (Index query = 0; query < rows.extent(0); ++query) {
        double sum = 0;
        for (Index key = 0; key < rows.extent(0); ++key)
          sum += static_cast<double>(trace.attention[layer][head](query, key));
        error = std::max(error, std::abs(sum - 1));
      }
  CHECK(error < 1e-5);
  for (const Scalar logit : trace.logits)
    largest = std::max(largest, std::abs(static_cast<double>(logit)));
  return largest;
}

/// Every named method, quick.
std::vector<Method> quick_methods() {
  std::vector<Method> methods;
  for (const MethodName& name : method_names()) {
    Method& method = methods.emplace_back(name.make());
    if (auto* input = std::get_if<InputMethod>(&method))
      input->samples = 40;
    if (auto* local = std::get_if<lime>(&method))
      local->samples = 20;
    if (auto* integral = std::get_if<integrated_gradients>(&method))
      integral->points = 2;
    if (auto* smooth = std::get_if<smooth_grad>(&method))
      smooth->draws = 2;
  }
  return methods;
}

} // namespace

TEMPLATE_TEST_CASE("extreme weights give no NaN", "[load]", float, double) {
  using Scalar = TestType;
  INFO("seed " << seed());
  constexpr double tiny = std::numeric_limits<Scalar>::denorm_min();
  const Scaled what = GENERATE(Scaled::matrices, Scaled::all);
  const double most = largest_factor<Scalar>(what);
  for (const NormPosition norm : {NormPosition::before, NormPosition::after})
    for (const Activation activation : {Activation::gelu, Activation::gelu_tanh, Activation::relu})
      for (const double factor :
           {most, std::sqrt(most), what == Scaled::all ? 1e2 : 1e4, 0.0, 8 * tiny, 1e-20}) {
        CAPTURE(factor, what == Scaled::all, norm == NormPosition::before, static_cast<int>(activation));
        const auto classifier = classifier_times<Scalar>(factor, what, norm, activation);
        // Where the weights alone come close to the bound, the input is as large as a usual one, or that
        // times the factor.
        std::vector<double> sizes{what == Scaled::all ? factor : 1.0};
        if (factor <= (what == Scaled::all ? 1e2 : 1e4))
          sizes.insert(sizes.end(), {1e4, 0.0});
        for (const double size : sizes) {
          CAPTURE(size);
          const double logit = check_pass<Scalar>(classifier, rows_times<Scalar>(size, 5));
          if (factor == most)
            CHECK(logit > 1e-3 * factor); // large all the way to the end
        }
      }
}

TEMPLATE_TEST_CASE("weights beyond what the type holds give finite explanations or an error", "[load]", float,
                   double) {
  using Scalar = TestType;
  INFO("seed " << seed());
  const std::vector<Method> methods = quick_methods();
  const int last = std::numeric_limits<Scalar>::max_exponent10;
  Index refused = 0;
  for (const Scaled what : {Scaled::matrices, Scaled::all})
    for (const NormPosition norm : {NormPosition::before, NormPosition::after})
      for (int step = 0; step <= 12; ++step) {
        const double factor = std::pow(10.0, last * step / 12);
        CAPTURE(factor, what == Scaled::all, norm == NormPosition::before);
        const IdModel<Scalar> model(classifier_times<Scalar>(factor, what, norm),
                                    rows_of<Scalar>(rows_times<Scalar>(what == Scaled::all ? factor : 1, 12)),
                                    11);
        for (const Method& method : methods) {
          INFO(method_name(method));
          try {
            const auto why = explain(model, "1 3 4 5 6 7 2", method);
            CHECK(all_finite(why.values));
            CHECK(all_finite(why.logits));
            CHECK(all_finite(why.probabilities));
            CHECK(all_finite(std::array{why.value_full, why.value_empty, why.completeness_gap}));
            CHECK(all_finite(why.standard_errors.value_or(std::vector<double>())));
          } catch (const Error& error) {
            ++refused;
            // The method that multiplies the gradients of all blocks may end sooner.
            CHECK(
                (factor > largest_factor<Scalar>(what) || std::holds_alternative<gradient_rollout>(method)));
            CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring("too large"));
          }
        }
      }
  CHECK(refused > methods.size()); // the largest factors are too large for every method
}
