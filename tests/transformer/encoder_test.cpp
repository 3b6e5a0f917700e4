// SPDX-License-Identifier: MIT
// Laws of the forward and backward pass on random models: rows of attention sum to one, gradients equal
// central differences, a batch changes no bit, watching changes no bit.
#include "support/catch.hpp"
#include "support/random_model.hpp"
#include "support/seed.hpp"
#include "support/tolerance.hpp"

#include <regard/transformer/trace.hpp>

#include <cstring>

using namespace regard;
using namespace regard_test;

namespace {

const std::vector<RandomModel> models = {
    {{7, 1, Activation::gelu, NormPosition::after}, 1, 11, 2},
    {{20, 4, Activation::gelu_tanh, NormPosition::after}, 3, 33, 3},
    {{36, 2, Activation::gelu, NormPosition::before}, 2, 50, 5, false},
    {{40, 8, Activation::relu, NormPosition::after}, 2, 17, 1},
    {{21, 3, Activation::gelu_tanh, NormPosition::before}, 4, 29, 2, false},
    {{64, 4, Activation::gelu, NormPosition::after}, 2, 300, 2}, // longer than one depth block
};

template <class Scalar>
bool same_bits(TensorView<const Scalar, 2> a, TensorView<const Scalar, 2> b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(Scalar)) == 0;
}

} // namespace

TEMPLATE_TEST_CASE("rows of attention are distributions", "[encoder]", float, double) {
  INFO("seed " << seed());
  for (Index m = 0; m < models.size(); ++m) {
    RandomStream stream(seed(), m);
    const auto classifier = random_classifier<TestType>(stream, models[m]);
    const auto trace = record<TestType>(classifier, random_rows<TestType>(stream, 9, classifier.width()));
    REQUIRE(trace.attention.shape() == Shape<4>{models[m].layers, models[m].config.heads, 9, 9});
    const auto rows = trace.attention.view().template reshape<2>({trace.attention.size() / 9, 9});
    for (Index r = 0; r < rows.extent(0); ++r) {
      CHECK(rows[r].vector().minCoeff() >= 0);
      CHECK(std::abs(rows[r].vector().sum() - 1) < Tolerance<TestType>::closed_form);
    }
  }
}

TEST_CASE("gradients equal central differences", "[encoder]") {
  INFO("seed " << seed());
  const double step = 1e-5;
  for (Index m = 0; m < models.size(); ++m) {
    if (models[m].config.activation == Activation::relu)
      continue; // a difference across the kink is no derivative
    INFO("model " << m);
    RandomStream stream(seed(), 100 + m);
    const auto classifier = random_classifier<double>(stream, models[m]);
    const Index tokens = 4, width = classifier.width(), layers = classifier.layers();
    const auto embedded = random_rows<double>(stream, tokens, width);
    Tensor<double, 1> weights({classifier.classes()});
    for (double& weight : weights)
      weight = stream.normal();
    const auto [trace, gradients] = record_gradients<double>(classifier, embedded, weights.view());
    const auto loss = [&](const Tensor<double, 2>& rows, auto intervention) {
      return record<double>(classifier, rows, {false, false}, intervention)
          .logits.vector()
          .dot(weights.vector());
    };

    // Every entry of every attention matrix, perturbed after the softmax and not renormalised.
    Tensor<double, 4> attention(trace.attention.shape());
    for (Index layer = 0; layer < layers; ++layer)
      for (Index i = 0; i < attention[layer].size(); ++i) {
        const auto nudged = [&](double by) {
          return loss(embedded, [=](Index at, Index, TensorView<double, 3> maps) {
            if (at == layer)
              maps.data()[i] += by;
          });
        };
        attention[layer].data()[i] = (nudged(step) - nudged(-step)) / (2 * step);
      }
    CHECK(relative_error(gradients.attention, attention) < Tolerance<double>::difference);

    Tensor<double, 2> hidden(embedded.shape());
    for (Index i = 0; i < hidden.size(); ++i) {
      const auto nudged = [&](double by) {
        Tensor<double, 2> rows = embedded;
        rows.data()[i] += by;
        return loss(rows, nullptr);
      };
      hidden.data()[i] = (nudged(step) - nudged(-step)) / (2 * step);
    }
    CHECK(relative_error(gradients.hidden[0], hidden) < Tolerance<double>::difference);

    // Later hidden states: start the remaining blocks from the nudged state.
    for (Index layer = 0; layer < layers; ++layer) {
      Tensor<double, 2> difference(embedded.shape());
      for (Index i = 0; i < difference.size(); ++i) {
        const auto nudged = [&](double by) {
          Tensor<double, 2> rows(trace.hidden[layer + 1]);
          rows.data()[i] += by;
          const Index lengths[] = {tokens};
          const RowOffsets offsets(lengths);
          BlockState<double> state;
          EncoderWorkspace<double> workspace;
          HeadState<double> head;
          for (Index later = layer + 1; later < layers; ++later)
            classifier.encoder().forward(later, offsets, rows, state, workspace);
          Tensor<double, 2> logits({1, classifier.classes()});
          classifier.head().forward(offsets, rows, head, logits);
          return logits[0].vector().dot(weights.vector());
        };
        difference.data()[i] = (nudged(step) - nudged(-step)) / (2 * step);
      }
      CHECK(relative_error(gradients.hidden[layer + 1], difference) < Tolerance<double>::difference);
    }

    // The head reads the first token alone, so the last block's other queries cannot matter.
    const auto last = gradients.attention[layers - 1];
    for (Index h = 0; h < last.extent(0); ++h)
      CHECK(last[h].slice(1, tokens).reshape<1>({(tokens - 1) * tokens}).vector().isZero(0));
    CHECK(gradients.hidden[layers].slice(1, tokens).matrix().isZero(0));
  }
}

TEST_CASE("an intervention is a constant to the backward pass", "[encoder]") {
  INFO("seed " << seed());
  RandomStream stream(seed(), 200);
  const auto classifier = random_classifier<double>(stream, models[1]);
  const auto embedded = random_rows<double>(stream, 5, classifier.width());
  Tensor<double, 1> seeds({classifier.classes()});
  seeds(0) = 1;
  // A constant is added to some attention: the gradient at the embeddings still is that of the changed
  // function.
  const auto shift = [](Index layer, Index, TensorView<double, 3> maps) {
    if (layer == 1)
      maps(0, 2, 3) += 0.25;
  };
  const auto gradients = record_gradients<double>(classifier, embedded, seeds.view(), {}, shift).gradients;
  Tensor<double, 2> differences(embedded.shape());
  for (Index i = 0; i < embedded.size(); ++i) {
    const auto nudged = [&](double by) {
      Tensor<double, 2> rows = embedded;
      rows.data()[i] += by;
      return record<double>(classifier, rows, {}, shift).logits(0);
    };
    differences.data()[i] = (nudged(1e-5) - nudged(-1e-5)) / 2e-5;
  }
  CHECK(relative_error(gradients.hidden[0], differences) < Tolerance<double>::difference);
}

TEMPLATE_TEST_CASE("an input has the same bits alone and in any batch", "[encoder]", float, double) {
  INFO("seed " << seed());
  for (Index m = 0; m < models.size(); ++m) {
    INFO("model " << m);
    RandomStream stream(seed(), 300 + m);
    const auto classifier = random_classifier<TestType>(stream, models[m]);
    const Index width = classifier.width(), classes = classifier.classes();
    std::vector<Tensor<TestType, 2>> inputs;
    for (const Index length : std::initializer_list<Index>{5, 1, 2, 17, 3, 13, 1, 40})
      inputs.push_back(random_rows<TestType>(stream, length, width));
    const auto run = [&](std::span<const Index> order) {
      Pass<TestType> pass;
      for (const Index input : order)
        pass.rows.append(inputs[input].extent(0));
      pass.hidden.resize({pass.rows.rows(), width});
      Tensor<TestType, 2> seeds({order.size(), classes});
      for (Index b = 0; b < order.size(); ++b) {
        std::copy(inputs[order[b]].begin(), inputs[order[b]].end(), pass.hidden[pass.rows.begin(b)].begin());
        seeds(b, order[b] % classes) = 1;
      }
      classifier.forward(pass, Keep::for_backward);
      classifier.backward(pass, seeds.view());
      return pass;
    };
    const std::vector<Index> forwards = {0, 1, 2, 3, 4, 5, 6, 7}, shuffled = {7, 2, 5, 0, 6, 3, 1, 4};
    const Pass<TestType> batches[] = {run(forwards), run(shuffled)};
    for (Index input = 0; input < inputs.size(); ++input) {
      const Pass<TestType> alone = run(std::vector<Index>{input});
      for (int which = 0; which < 2; ++which) {
        const auto& batch = batches[which];
        const auto& order = which == 0 ? forwards : shuffled;
        const Index b = static_cast<Index>(std::find(order.begin(), order.end(), input) - order.begin());
        const auto rows = [&](const Tensor<TestType, 2>& all) {
          return all.slice(batch.rows.begin(b), batch.rows.end(b));
        };
        CHECK(same_bits<TestType>(alone.logits, batch.logits.slice(b, b + 1)));
        CHECK(same_bits<TestType>(alone.hidden, rows(batch.hidden)));
        CHECK(same_bits<TestType>(alone.gradient, rows(batch.gradient)));
      }
    }
  }
}

namespace {

/// A pass over inputs of several lengths, and everything that its hooks were shown.
template <class Scalar>
struct Watched {
  Pass<Scalar> pass;
  std::vector<std::vector<Scalar>> gradients; // of attention, and of hidden states, in the order of the calls

  Watched(const SequenceClassifier<Scalar>& classifier, const Tensor<Scalar, 2>& embedded,
          std::span<const Index> lengths, const ForwardOptions& forward, const BackwardOptions& backward,
          bool shift = false, const Executor* executor = nullptr) {
    pass.executor = executor;
    pass.rows = RowOffsets(lengths);
    pass.hidden = embedded;
    if (forward.first_projections == Projections::given) {
      pass.blocks.resize(1);
      pass.blocks[0].projections.resize({embedded.extent(0), 3 * classifier.width()});
      classifier.encoder().project(0, embedded, pass.blocks[0].projections);
      classifier.forward(pass, Keep::nothing, {}, forward);
      return;
    }
    Hooks<Scalar> hooks;
    if (shift)
      hooks.on_attention = [](Index layer, Index input, TensorView<Scalar, 3> maps) {
        maps(0, 0, maps.extent(2) - 1) += static_cast<Scalar>(0.1 * static_cast<double>(1 + layer + input));
      };
    classifier.forward(pass, Keep::for_backward, hooks, forward);
    Tensor<Scalar, 2> seeds({lengths.size(), classifier.classes()});
    for (Index b = 0; b < lengths.size(); ++b)
      seeds(b, b % classifier.classes()) = 1;
    hooks = {};
    hooks.on_attention_gradient = [&](Index, Index, TensorView<const Scalar, 3>,
                                      TensorView<const Scalar, 3> gradient) {
      gradients.emplace_back(gradient.begin(), gradient.end());
    };
    classifier.backward(pass, seeds.view(), hooks, backward);
  }
};

} // namespace

TEMPLATE_TEST_CASE("threads, and leaving out what nobody reads, change no bit", "[encoder]", float, double) {
  INFO("seed " << seed());
  const std::vector<Index> lengths = {5, 2, 17, 3, 40, 2};
  const Threads threads(3);
  for (Index m = 0; m < models.size(); ++m) {
    INFO("model " << m);
    RandomStream stream(seed(), 700 + m);
    auto classifier = random_classifier<TestType>(stream, models[m]);
    if (m % 2 == 1) // a second classifier, which reads the second token
      classifier = {classifier.encoder(),
                    ClassificationHead<TestType>(
                        random_linear<TestType>(stream, models[m].classes, classifier.width()), {}, {},
                        random_linear<TestType>(stream, models[m].classes, classifier.width()))};
    const auto embedded = random_rows<TestType>(stream, RowOffsets(lengths).rows(), classifier.width());
    for (const bool shift : {false, true}) {
      const Watched<TestType> plain(classifier, embedded, lengths, {}, {}, shift);
      for (const LastBlock last : {LastBlock::all_tokens, LastBlock::tokens_read})
        for (const Executor* executor :
             {static_cast<const Executor*>(nullptr), static_cast<const Executor*>(&threads)}) {
          const Watched<TestType> other(classifier, embedded, lengths, {.last_block = last}, {}, shift,
                                        executor);
          CHECK(same_bits<TestType>(plain.pass.logits, other.pass.logits));
          CHECK(same_bits<TestType>(plain.pass.gradient, other.pass.gradient));
          CHECK(plain.gradients == other.gradients);
        }
    }
    const Watched<TestType> plain(classifier, embedded, lengths, {}, {});
    const Watched<TestType> given(classifier, embedded, lengths, {.first_projections = Projections::given},
                                  {});
    CHECK(same_bits<TestType>(plain.pass.logits, given.pass.logits));
    // Not going further back than asked: the same maps, and no more.
    const Index layers = classifier.layers(), inputs = lengths.size();
    for (Index first = 0; first < layers; ++first) {
      const Watched<TestType> part(classifier, embedded, lengths, {.last_block = LastBlock::tokens_read},
                                   {.first_layer = first, .input_gradient = InputGradient::skip});
      REQUIRE(part.gradients.size() == (layers - first) * inputs);
      CHECK(std::equal(part.gradients.begin(), part.gradients.end(), plain.gradients.begin()));
    }
  }
}

TEMPLATE_TEST_CASE("recording and keeping change no bit of the logits", "[encoder]", float, double) {
  INFO("seed " << seed());
  for (Index m = 0; m < models.size(); ++m) {
    RandomStream stream(seed(), 400 + m);
    const auto classifier = random_classifier<TestType>(stream, models[m]);
    const auto embedded = random_rows<TestType>(stream, 12, classifier.width());
    const auto plain = record<TestType>(classifier, embedded, {false, false});
    const auto recorded = record<TestType>(classifier, embedded);
    const auto untouched =
        record<TestType>(classifier, embedded, {}, [](Index, Index, TensorView<TestType, 3>) {});
    const Tensor<TestType, 1> seeds({classifier.classes()});
    const auto kept = record_gradients<TestType>(classifier, embedded, seeds.view());
    CHECK(plain.attention.empty());
    CHECK(plain.hidden.empty());
    for (const auto* other : {&recorded, &untouched, &kept.trace})
      CHECK(std::equal(plain.logits.begin(), plain.logits.end(), other->logits.begin()));
  }
}

TEST_CASE("a backward pass is linear in its seeds and can be repeated", "[encoder]") {
  INFO("seed " << seed());
  RandomStream stream(seed(), 500);
  const auto classifier = random_classifier<double>(stream, models[1]);
  Pass<double> pass;
  pass.rows.append(6);
  pass.hidden = random_rows<double>(stream, 6, classifier.width());
  classifier.forward(pass, Keep::for_backward);
  const auto gradient = [&](double a, double b, double c) {
    Tensor<double, 2> seeds({1, 3});
    seeds(0, 0) = a, seeds(0, 1) = b, seeds(0, 2) = c;
    classifier.backward(pass, seeds.view());
    return Eigen::MatrixXd(pass.gradient.matrix());
  };
  const Eigen::MatrixXd whole = gradient(1, -2, 3);
  const Eigen::MatrixXd parts = gradient(1, 0, 0) - 2 * gradient(0, 1, 0) + 3 * gradient(0, 0, 1);
  CHECK((whole - parts).norm() < Tolerance<double>::closed_form * whole.norm());
  CHECK(gradient(1, -2, 3) == whole);
}

TEST_CASE("weights that do not fit are named", "[encoder]") {
  RandomStream stream(1, 1);
  std::vector<BlockWeights<double>> blocks(1);
  auto& block = blocks[0];
  for (auto* linear : {&block.query, &block.key, &block.value, &block.attention_output})
    *linear = random_linear<double>(stream, 6, 6);
  block.intermediate = random_linear<double>(stream, 9, 6);
  block.output = random_linear<double>(stream, 6, 8);
  block.attention_norm = block.output_norm = random_norm<double>(stream, 6, 1e-5);
  CHECK_THROWS_WITH((Encoder<double>({6, 2}, blocks)),
                    "block 0: output has weight [6, 8] and bias [6], expected [6, 9] and [6]");
  CHECK_THROWS_WITH((Encoder<double>({6, 4}, blocks)),
                    "an encoder of width 6 with 4 heads: expected a width divisible by the heads");
  const auto classifier = random_classifier<double>(stream, models[0]);
  CHECK_THROWS_AS(record<double>(classifier, random_rows<double>(stream, 3, 8)), InvalidArgument);
  CHECK_THROWS_AS(record<double>(classifier, Tensor<double, 2>({0, 7})), InvalidArgument);
  Pass<double> pass;
  const Tensor<double, 2> seeds({1, 2});
  CHECK_THROWS_AS(classifier.backward(pass, seeds.view()), InvalidArgument);
}

TEMPLATE_TEST_CASE("scores of any size give a distribution", "[encoder]", float, double) {
  RandomStream stream(seed(), 600);
  auto classifier = random_classifier<TestType>(stream, models[1]);
  auto block = classifier.encoder().block(0);
  Tensor<TestType, 2> huge(block.query.weight.view);
  huge.matrix() *= static_cast<TestType>(1e6);
  block.query.weight = share(std::move(huge));
  const SequenceClassifier<TestType> extreme(Encoder<TestType>(models[1].config, {block}), classifier.head());
  const auto trace = record<TestType>(extreme, random_rows<TestType>(stream, 9, extreme.width()));
  const auto rows = trace.attention.view().template reshape<2>({trace.attention.size() / 9, 9});
  for (Index r = 0; r < rows.extent(0); ++r)
    CHECK(std::abs(rows[r].vector().sum() - 1) < Tolerance<TestType>::closed_form);
}

TEST_CASE("states and projections that do not belong to a pass are refused", "[encoder]") {
  RandomStream stream(1, 3);
  const auto classifier = random_classifier<double>(stream, models[2]);
  const Encoder<double>& encoder = classifier.encoder();
  const Index lengths[] = {3, 1};
  const RowOffsets rows(lengths);
  auto hidden = random_rows<double>(stream, 4, 36);
  Tensor<double, 2> output({2, 36}), four({4, 36});
  BlockState<double> state;
  EncoderWorkspace<double> workspace;
  CHECK_THROWS_WITH(encoder.forward_read(0, rows, 2, hidden, four, state, workspace),
                    "input 1 has 1 tokens, expected at least the 2 that are read");
  encoder.forward_read(0, rows, 1, hidden, output, state, workspace);
  CHECK_THROWS_WITH(encoder.backward(0, rows, state, hidden, workspace),
                    "block state: found that of forward_read, expected that of forward");
  encoder.forward(0, rows, hidden, state, workspace);
  CHECK_THROWS_WITH(encoder.backward_read(0, rows, state, output, hidden, workspace),
                    "block state: found that of forward, expected that of forward_read");
  Pass<double> pass;
  pass.rows = rows;
  pass.hidden = random_rows<double>(stream, 4, 36);
  CHECK_THROWS_WITH(classifier.forward(pass, Keep::nothing, {}, {.first_projections = Projections::given}),
                    "projections of shape [0, 0], expected [4, 108]");
  CHECK_THROWS_WITH(
      classifier.forward(pass, Keep::for_backward, {}, {.first_projections = Projections::given}),
      "given projections: found a pass that is kept for a gradient, expected Keep::nothing");
}

TEST_CASE("a batch that does not fit is refused", "[encoder]") {
  RandomStream stream(1, 2);
  const auto classifier = random_classifier<double>(stream, models[1]);
  Pass<double> pass;
  pass.rows.append(3);
  pass.rows.append(0);
  pass.hidden.resize({3, classifier.width()});
  CHECK_THROWS_WITH(classifier.forward(pass), "input 1 has no token, expected at least one");
  pass.rows.clear();
  pass.rows.append(4);
  CHECK_THROWS_WITH(classifier.forward(pass), "hidden states of shape [3, 20], expected [4, 20]");
  pass.hidden = random_rows<double>(stream, 4, classifier.width());
  classifier.forward(pass, Keep::for_backward);
  const Tensor<double, 2> seeds({1, 2});
  CHECK_THROWS_WITH(classifier.backward(pass, seeds.view()), "the seeds have shape [1, 2], expected [1, 3]");
  classifier.forward(pass);
  const Tensor<double, 2> right({1, 3});
  CHECK_THROWS_AS(classifier.backward(pass, right.view()), InvalidArgument);
}
