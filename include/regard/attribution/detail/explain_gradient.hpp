// SPDX-License-Identifier: MIT
// Bodies of the methods of gradient_scores.hpp.
#pragma once

#include <regard/attribution/detail/describe.hpp>
#include <regard/attribution/gradient_scores.hpp>
#include <regard/core/random.hpp>
#include <regard/shapley/detail/unit_loop.hpp>

#include <numbers>

namespace regard::inline REGARD_ABI::detail {

/// What a baseline that was not chosen is; refuses what another kind of input has.
template <class Model>
Masking resolve_baseline(Masking baseline) {
  constexpr bool image = ImageModel<Model>;
  if (baseline == Masking::automatic)
    return image ? Masking::zero : Masking::mask;
  const bool known =
      baseline == Masking::zero ||
      (image ? baseline == Masking::mean || baseline == Masking::blur : baseline == Masking::mask);
  if (!known)
    throw InvalidArgument("baseline (masking): found " + std::string(to_string(baseline)) + ", expected " +
                          (image ? "zero, mean or blur for an image" : "mask or zero for a text"));
  return baseline;
}

/// The embedded input [tokens, width] at the baseline; rows of tokens that are no players mean nothing.
template <class Model, class Encoded>
Tensor<typename Model::Scalar, 2> embed_baseline(const Model& model, const Encoded& encoding,
                                                 Masking baseline) {
  Tensor<typename Model::Scalar, 2> rows({token_count(encoding), model.classifier().width()});
  if (ImageModel<Model> || baseline != Masking::zero)
    model.embed(hide_all(model, encoding, baseline, {}), rows);
  return rows;
}

/// sum (x - x') * gradient of one token, in double.
template <class Scalar>
double inner_product(const Scalar* x, const Scalar* baseline, const Scalar* gradient, Index width) {
  double sum = 0;
  for (Index k = 0; k < width; ++k)
    sum += (static_cast<double>(x[k]) - static_cast<double>(baseline[k])) * static_cast<double>(gradient[k]);
  return sum;
}

/// For each of `points` inputs of equal length the sums over the embedding of (x - x') * d logit / d input,
/// for all tokens of `players`: [points, tokens], 0 for the others. Nothing after a stop request.
/// @param fill  fill(point, rows) sets the embedded input [tokens, width]; called from several threads
template <class Scalar, class Fill>
std::optional<Tensor<double, 2>>
gradient_scores(const SequenceClassifier<Scalar>& classifier, Index target, std::span<const Index> players,
                TensorView<const Scalar, 2> x, TensorView<const Scalar, 2> baseline, Index points, Fill fill,
                const Executor& executor, const std::stop_token& stop) {
  const Index tokens = x.extent(0), width = x.extent(1);
  Tensor<double, 2> scores({points, tokens});
  const std::vector<InputRange> ranges = cut_batches(
      points, [&](Index) { return tokens; }, batch_rows(points * tokens, executor.workers()));
  std::vector<Pass<Scalar>> passes(executor.workers());
  const auto run = [&](Index range, Index worker) {
    Pass<Scalar>& pass = passes[worker];
    const auto [begin, end] = ranges[range];
    pass.rows.clear();
    for (Index point = begin; point < end; ++point)
      pass.rows.append(tokens);
    pass.hidden.resize({pass.rows.rows(), width});
    for (Index b = 0; b < end - begin; ++b)
      fill(begin + b, pass.hidden.slice(pass.rows.begin(b), pass.rows.end(b)));
    classifier.forward(pass, Keep::for_backward, {}, {.last_block = LastBlock::tokens_read});
    Tensor<Scalar, 2> seeds({end - begin, classifier.classes()});
    for (Index b = 0; b < end - begin; ++b)
      seeds(b, target) = 1;
    classifier.backward(pass, seeds.view());
    for (Index b = 0; b < end - begin; ++b)
      for (const Index t : players)
        scores(begin + b, t) = inner_product(x[t].data(), baseline[t].data(),
                                             pass.gradient.view()[pass.rows.begin(b) + t].data(), width);
  };
  if (!executor.for_each(ranges.size(), run, stop))
    return {};
  return scores;
}

/// The nodes and weights of Gauss-Legendre quadrature on [0, 1], by Newton's method on the Legendre
/// polynomial.
struct Quadrature {
  std::vector<double> nodes, weights;
};
inline Quadrature gauss_legendre(Index points) {
  Quadrature rule;
  const auto n = static_cast<double>(points);
  for (Index k = 0; k < points; ++k) {
    double x = -std::cos(std::numbers::pi * (static_cast<double>(k) + 0.75) / (n + 0.5)), slope = 0;
    for (int step = 0; step < 100; ++step) {
      double value = 1, before = 0; // P_m(x) and P_{m-1}(x)
      for (Index m = 0; m < points; ++m) {
        const auto degree = static_cast<double>(m);
        const double next = ((2 * degree + 1) * x * value - degree * before) / (degree + 1);
        before = value;
        value = next;
      }
      slope = n * (x * value - before) / (x * x - 1);
      const double change = value / slope;
      x -= change;
      if (std::abs(change) < 1e-15)
        break;
    }
    rule.nodes.push_back((1 + x) / 2);
    rule.weights.push_back(1 / ((1 - x * x) * slope * slope));
  }
  return rule;
}

/// The logit of `target` for rows [tokens, width] whose players are replaced by those of `baseline`.
template <class Scalar>
double logit_at(const SequenceClassifier<Scalar>& classifier, Index target, std::span<const Index> players,
                TensorView<const Scalar, 2> x, TensorView<const Scalar, 2> baseline) {
  const auto embed = [&](Index, TensorView<Scalar, 2> rows) {
    std::copy(x.begin(), x.end(), rows.begin());
    for (const Index t : players)
      std::copy(baseline[t].begin(), baseline[t].end(), rows[t].begin());
  };
  const auto logits = batch_logits(
      classifier, 1, [&](Index) { return x.extent(0); }, embed, Serial{});
  return static_cast<double>(logits(0, target));
}

template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const input_x_gradient& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  using Scalar = typename Model::Scalar;
  const SequenceClassifier<Scalar>& classifier = model.classifier();
  const Index width = classifier.width();
  embed_range(model, encodings, range, pass);
  const Tensor<Scalar, 2> x = pass.hidden;
  classifier.forward(pass, Keep::for_backward, {}, {.last_block = LastBlock::tokens_read});
  const auto predictions = read_predictions(model, pass, options.target);
  const Tensor<Scalar, 2> seeds = target_seeds<Scalar>(predictions, classifier.classes());
  classifier.backward(pass, seeds.view());

  std::vector<std::vector<std::vector<Index>>> players;
  std::vector<std::vector<double>> scores;
  pass.hidden = x; // and from here on the input without its players
  for (Index b = 0; b < predictions.size(); ++b) {
    const Encoded& encoding = encodings[range.begin + b];
    players.push_back(players_of(encoding, method));
    scores.emplace_back(pass.rows.length(b), 0.0);
    const Tensor<Scalar, 2> baseline = embed_baseline(model, encoding, Masking::zero);
    for (const Index t : flatten(players.back())) {
      const Index row = pass.rows.begin(b) + t;
      scores.back()[t] = inner_product(x[row].data(), baseline[t].data(), pass.gradient[row].data(), width);
      std::copy(baseline[t].begin(), baseline[t].end(), pass.hidden[row].begin());
    }
  }
  classifier.forward(pass, Keep::nothing, {}, {.last_block = LastBlock::tokens_read});
  for (Index b = 0; b < predictions.size(); ++b) {
    const Encoded& encoding = encodings[range.begin + b];
    Explanation why = describe(model, inputs[range.begin + b], encoding, predictions[b], method, options);
    why.value_kind = "output-score";
    why.value_function = to_string(ValueFunction::logit);
    why.masking = to_string(Masking::zero);
    why.value_full = predictions[b].logits[predictions[b].target];
    why.value_empty = static_cast<double>(pass.logits(b, predictions[b].target));
    why.evaluations = 1;
    describe_scores(why, sum_players(scores[b], players[b]));
    describe_players(why, encoding, std::move(players[b]), method);
    explanations[range.begin + b] = std::move(why);
  }
}

template <class Model, class Input, class Encoded>
std::optional<Explanation> explain_one(const Model& model, const Input& input,
                                       const integrated_gradients& method, const ExplainOptions& options,
                                       const Executor& executor, const Encoded& encoding) {
  using Scalar = typename Model::Scalar;
  if (method.points == 0)
    throw InvalidArgument("points: found 0, expected at least 1");
  const Masking kind = resolve_baseline<Model>(method.baseline);
  const SequenceClassifier<Scalar>& classifier = model.classifier();
  const Prediction prediction = predict(model, encoding, options.target);
  Explanation why = describe(model, input, encoding, prediction, method, options);
  std::vector<std::vector<Index>> players = players_of(encoding, method);
  const std::vector<Index> moved = flatten(players);

  Tensor<Scalar, 2> x({token_count(encoding), classifier.width()});
  model.embed(encoding, x);
  const Tensor<Scalar, 2> baseline = embed_baseline(model, encoding, kind);
  const Quadrature rule = gauss_legendre(method.points);
  const auto fill = [&](Index point, TensorView<Scalar, 2> rows) {
    std::copy(x.begin(), x.end(), rows.begin());
    for (const Index t : moved)
      for (Index k = 0; k < rows.extent(1); ++k) {
        const double from = static_cast<double>(baseline(t, k)), to = static_cast<double>(x(t, k));
        rows(t, k) = static_cast<Scalar>(from + rule.nodes[point] * (to - from));
      }
  };
  const auto at_points = gradient_scores<Scalar>(classifier, prediction.target, moved, x, baseline,
                                                 method.points, fill, executor, options.stop);
  if (!at_points)
    return {};
  std::vector<double> scores(x.extent(0), 0.0);
  for (Index point = 0; point < method.points; ++point)
    for (const Index t : moved)
      scores[t] += rule.weights[point] * (*at_points)(point, t);

  why.solver = "gauss-legendre";
  why.value_kind = "output-score";
  why.value_function = to_string(ValueFunction::logit);
  why.masking = to_string(kind);
  why.samples = method.points;
  why.evaluations = method.points + 1;
  why.value_full = prediction.logits[prediction.target];
  why.value_empty = logit_at<Scalar>(classifier, prediction.target, moved, x, baseline);
  describe_scores(why, sum_players(scores, players));
  describe_players(why, encoding, std::move(players), method);
  return why;
}

/// Embeds a text with noise on the tokens of players.
/// @param deviation  of the noise, as a share of the range of their embedded tokens
template <TextModel Model>
void embed_noisy(const Model&, const Encoding&, TensorView<const typename Model::Scalar, 2> x,
                 std::span<const Index> players, double deviation, RandomStream random,
                 TensorView<typename Model::Scalar, 2> rows) {
  std::copy(x.begin(), x.end(), rows.begin());
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (const Index t : players)
    for (const auto value : x[t]) {
      least = std::min(least, static_cast<double>(value));
      most = std::max(most, static_cast<double>(value));
    }
  for (const Index t : players)
    for (auto& value : rows[t])
      value += static_cast<typename Model::Scalar>(deviation * (most - least) * random.normal());
}

/// Embeds an image with noise on its normalised pixels.
template <ImageModel Model>
void embed_noisy(const Model& model, EncodedImage<typename Model::Scalar> image,
                 TensorView<const typename Model::Scalar, 2>, std::span<const Index>, double deviation,
                 RandomStream random, TensorView<typename Model::Scalar, 2> rows) {
  const auto [least, most] = std::minmax_element(image.pixels.begin(), image.pixels.end());
  const double scale = deviation * (static_cast<double>(*most) - static_cast<double>(*least));
  for (auto& pixel : image.pixels)
    pixel += static_cast<typename Model::Scalar>(scale * random.normal());
  model.embed(image, rows);
}

template <class Model, class Input, class Encoded>
std::optional<Explanation> explain_one(const Model& model, const Input& input, const smooth_grad& method,
                                       const ExplainOptions& options, const Executor& executor,
                                       const Encoded& encoding) {
  using Scalar = typename Model::Scalar;
  if (method.draws == 0)
    throw InvalidArgument("draws: found 0, expected at least 1");
  if (!(method.noise >= 0) || !std::isfinite(method.noise))
    throw InvalidArgument("noise: found " + option_text(method.noise) +
                          ", expected a share of the input's range, 0 or more");
  const SequenceClassifier<Scalar>& classifier = model.classifier();
  const Prediction prediction = predict(model, encoding, options.target);
  Explanation why = describe(model, input, encoding, prediction, method, options);
  std::vector<std::vector<Index>> players = players_of(encoding, method);
  const std::vector<Index> noisy = flatten(players);

  Tensor<Scalar, 2> x({token_count(encoding), classifier.width()});
  model.embed(encoding, x);
  const Tensor<Scalar, 2> baseline = embed_baseline(model, encoding, Masking::zero);
  const auto fill = [&](Index draw, TensorView<Scalar, 2> rows) {
    embed_noisy(model, encoding, x, noisy, method.noise, RandomStream(options.seed, draw), rows);
  };
  const auto drawn = gradient_scores<Scalar>(classifier, prediction.target, noisy, x, baseline, method.draws,
                                             fill, executor, options.stop);
  if (!drawn)
    return {};
  UnitMean<> mean(players.size());
  for (Index draw = 0; draw < method.draws; ++draw)
    mean.add(sum_players((*drawn)[draw].flat(), players));
  Estimate estimate = mean.estimate();

  why.value_kind = "output-score";
  why.value_function = to_string(ValueFunction::logit);
  why.masking = to_string(Masking::zero);
  why.samples = method.draws;
  why.evaluations = method.draws + 1;
  why.options.emplace_back("noise", option_text(method.noise));
  why.status = to_string(method.draws < few_units ? Status::few_samples : Status::budget_reached);
  why.standard_errors = std::move(estimate.standard_errors);
  why.value_full = prediction.logits[prediction.target];
  why.value_empty = logit_at<Scalar>(classifier, prediction.target, noisy, x, baseline);
  describe_scores(why, std::move(estimate.values));
  describe_players(why, encoding, std::move(players), method);
  return why;
}

} // namespace regard::inline REGARD_ABI::detail
