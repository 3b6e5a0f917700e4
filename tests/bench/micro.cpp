// SPDX-License-Identifier: MIT
// Micro benchmarks of the kernels, the attention block, the games and the solvers: how cost grows with
// tokens, layers, players and threads.
//
//     micro --benchmark_filter=block --benchmark_out=micro.json --benchmark_out_format=json
#include "support/random_model.hpp"

#include <regard/regard.hpp>

#include <benchmark/benchmark.h>

namespace {

using regard::Index;
using regard_test::random_classifier;

Index argument(const benchmark::State& state, std::size_t which) {
  return static_cast<Index>(state.range(which));
}

template <class Scalar>
regard::SequenceClassifier<Scalar> classifier_of(Index width, Index heads, Index layers) {
  regard::RandomStream stream(1, 0);
  regard_test::RandomModel model;
  model.config.width = width;
  model.config.heads = heads;
  model.layers = layers;
  model.inner = 4 * width;
  model.classes = 2;
  return random_classifier<Scalar>(stream, model);
}

/// A pass over `inputs` inputs of `tokens` tokens each.
template <class Scalar>
regard::Pass<Scalar> pass_of(Index inputs, Index tokens, Index width) {
  regard::Pass<Scalar> pass;
  for (Index i = 0; i < inputs; ++i)
    pass.rows.append(tokens);
  pass.hidden.resize({pass.rows.rows(), width});
  return pass;
}

template <class Scalar>
void fill(regard::Tensor<Scalar, 2>& tensor) {
  regard::RandomStream stream(2, 0);
  for (Scalar& value : tensor)
    value = static_cast<Scalar>(stream.normal());
}

/// The product of [rows, inputs] and the transpose of [outputs, inputs], as every linear layer has it.
template <class Scalar>
void product(benchmark::State& state) {
  const Index rows = argument(state, 0), outputs = argument(state, 1), inputs = argument(state, 2);
  regard::Tensor<Scalar, 2> x({rows, inputs}), weight({outputs, inputs}), y({rows, outputs});
  fill(x);
  fill(weight);
  for ([[maybe_unused]] auto _ : state) {
    regard::detail::multiply<Scalar>(rows, outputs, inputs, {x.data(), inputs}, {weight.data(), 1, inputs},
                                     y.data(), outputs);
    benchmark::DoNotOptimize(y.data());
  }
  state.counters["FLOP/s"] = benchmark::Counter(static_cast<double>(2 * rows * outputs * inputs),
                                                benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(product<float>)
    ->Args({256, 128, 128})
    ->Args({256, 512, 128})
    ->Args({256, 768, 768})
    ->Args({256, 3072, 768});
BENCHMARK(product<double>)->Args({256, 768, 768});

template <class Scalar>
void softmax(benchmark::State& state) {
  const Index count = argument(state, 0);
  regard::Tensor<Scalar, 2> rows({64, count});
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    fill(rows);
    state.ResumeTiming();
    for (Index r = 0; r < 64; ++r)
      regard::detail::softmax(rows[r].data(), count);
  }
  state.SetItemsProcessed(state.iterations() * 64 * state.range(0));
}
BENCHMARK(softmax<float>)->Arg(65)->Arg(128)->Arg(512);

template <class Scalar>
void gelu(benchmark::State& state) {
  regard::Tensor<Scalar, 2> x({1, 4096}), slope({1, 4096});
  fill(x);
  for ([[maybe_unused]] auto _ : state) {
    regard::detail::activate(regard::Activation::gelu, x.data(), slope.data(), x.size());
    benchmark::DoNotOptimize(slope.data());
  }
  state.SetItemsProcessed(state.iterations() * 4096);
}
BENCHMARK(gelu<float>);

/// One input of `tokens` tokens: layers, heads of 32 or 64, width, tokens, threads inside the pass.
void block(benchmark::State& state, bool backward) {
  const Index layers = argument(state, 0), width = argument(state, 1), tokens = argument(state, 2),
              threads = argument(state, 3);
  const auto classifier = classifier_of<float>(width, width / (width < 256 ? 32 : 64), layers);
  const regard::Threads executor(threads);
  regard::Pass<float> pass = pass_of<float>(1, tokens, width);
  regard::Tensor<float, 2> input({tokens, width}), seed({1, 2});
  fill(input);
  seed(0, 0) = 1;
  pass.executor = &executor;
  for ([[maybe_unused]] auto _ : state) {
    std::copy(input.begin(), input.end(), pass.hidden.begin());
    classifier.forward(pass, backward ? regard::Keep::for_backward : regard::Keep::nothing);
    if (backward)
      classifier.backward(pass, seed);
    benchmark::DoNotOptimize(pass.logits.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(2));
}
void shapes(benchmark::internal::Benchmark* bench) {
  bench->Unit(benchmark::kMillisecond)->UseRealTime()->ArgNames({"layers", "width", "tokens", "threads"});
  for (const int tokens : {16, 32, 64, 128, 256, 512})
    bench->Args({4, 128, tokens, 1})->Args({4, 128, tokens, 2});
  for (const int layers : {1, 2, 8})
    bench->Args({layers, 128, 128, 1});
  bench->Args({12, 768, 128, 1})->Args({12, 768, 128, 2});
}
BENCHMARK_CAPTURE(block, forward, false)->Apply(shapes);
BENCHMARK_CAPTURE(block, backward, true)->Apply(shapes);

/// Rows of attention between `players` players.
regard::Tensor<double, 2> attention_of(Index players) {
  regard::RandomStream stream(3, 0);
  regard::Tensor<double, 2> matrix({players, players});
  for (double& value : matrix)
    value = stream.uniform() / static_cast<double>(players);
  return matrix;
}

void closed_form(benchmark::State& state) {
  const auto matrix = attention_of(argument(state, 0));
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(regard::shapley(regard::max_mutual_game(matrix)).values);
}
BENCHMARK(closed_form)->Arg(15)->Arg(64)->Arg(512);

void enumeration(benchmark::State& state) {
  const auto matrix = attention_of(argument(state, 0));
  const auto game = regard::max_mutual_game(matrix);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(regard::enumerate(game).values);
}
BENCHMARK(enumeration)->Arg(10)->Arg(15)->Arg(20)->Unit(benchmark::kMillisecond);

void sampled(benchmark::State& state, const char* solver) {
  const auto matrix = attention_of(argument(state, 0));
  const auto game = regard::max_mutual_game(matrix);
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(
        regard::shapley(game, {.solver = regard::solver_named(solver), .budget = argument(state, 1)}).values);
}
void samples(benchmark::internal::Benchmark* bench) {
  bench->Unit(benchmark::kMillisecond)->ArgNames({"players", "budget"});
  for (const int players : {20, 60, 200})
    bench->Args({players, 2048});
}
BENCHMARK_CAPTURE(sampled, permutation, "permutation")->Apply(samples);
BENCHMARK_CAPTURE(sampled, stratified, "stratified")->Apply(samples);
BENCHMARK_CAPTURE(sampled, kernel, "kernel")->Apply(samples);
BENCHMARK_CAPTURE(sampled, unbiased_kernel, "unbiased-kernel")->Apply(samples);
BENCHMARK_CAPTURE(sampled, leverage, "leverage")->Apply(samples);

} // namespace

BENCHMARK_MAIN();
