// SPDX-License-Identifier: MIT
// Weights far from those of a trained model: nothing becomes NaN.
#include "support/catch.hpp"
#include "support/random_model.hpp"
#include "support/seed.hpp"

#include <regard/shapley/aggregate.hpp>
#include <regard/shapley/attention_games.hpp>
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

/// A random classifier whose matrices are multiplied.
template <class Scalar>
SequenceClassifier<Scalar> scaled(NormPosition norm, double factor) {
  RandomStream stream(seed(), 5);
  const auto usual = random_classifier<Scalar>(
      stream, {{8, 2, Activation::gelu, norm}, 3, 16, 3, norm == NormPosition::after});
  std::vector<BlockWeights<Scalar>> blocks;
  for (Index layer = 0; layer < usual.layers(); ++layer) {
    BlockWeights<Scalar> block = usual.encoder().block(layer);
    for (Linear<Scalar>* linear : {&block.query, &block.key, &block.value, &block.attention_output,
                                   &block.intermediate, &block.output})
      *linear = times(*linear, factor);
    blocks.push_back(std::move(block));
  }
  return {Encoder<Scalar>(usual.encoder().config(), std::move(blocks)), usual.head()};
}

} // namespace

TEMPLATE_TEST_CASE("extreme weights give no NaN", "[load]", float, double) {
  using Scalar = TestType;
  INFO("seed " << seed());
  constexpr double tiny = std::numeric_limits<Scalar>::denorm_min();
  for (const NormPosition norm : {NormPosition::before, NormPosition::after})
    for (const double factor : {1e4, 0.0, 8 * tiny, 1e-20}) {
      CAPTURE(factor, norm == NormPosition::before);
      const auto classifier = scaled<Scalar>(norm, factor);
      for (const double size : {1.0, 1e4, 0.0}) {
        RandomStream stream(seed(), 6);
        Tensor<Scalar, 2> rows = random_rows<Scalar>(stream, 5, 8);
        for (Scalar& x : rows)
          x = static_cast<Scalar>(x * size);
        CAPTURE(size);
        Tensor<Scalar, 1> one({3});
        one(1) = 1;
        const auto result =
            record_gradients(classifier, TensorView<const Scalar, 2>(rows), TensorView<const Scalar, 1>(one));
        const Trace<Scalar>& trace = result.trace;
        CHECK(all_finite(trace.logits));
        CHECK(all_finite(trace.attention));
        CHECK(all_finite(trace.hidden));
        CHECK(all_finite(result.gradients.attention));
        CHECK(all_finite(result.gradients.hidden));
        for (Index layer = 0; layer < 3; ++layer)
          for (Index head = 0; head < 2; ++head)
            for (Index query = 0; query < 5; ++query) {
              double sum = 0;
              for (Index key = 0; key < 5; ++key)
                sum += static_cast<double>(trace.attention[layer][head](query, key));
              CHECK(std::abs(sum - 1) < 1e-5);
            }
        const std::vector<Index> players{1, 2, 3};
        const auto mean = aggregate(trace.attention.view(), result.gradients.attention.view(), players);
        CHECK(all_finite(mutual_game(mean.matrix.view()).shapley_values()));
      }
    }
}
