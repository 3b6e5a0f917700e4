// SPDX-License-Identifier: MIT
// Laws of the baselines.
#include <regard/bodies.hpp> // first: looks into what is behind them

#include "support/bundled_model.hpp"
#include "support/golden_trace.hpp"
#include "support/id_model.hpp"
#include "support/seed.hpp"

#include <regard/attribution/explain.hpp>

#include <Eigen/Dense>

#include <numeric>
#include <set>

using namespace regard;
using namespace regard_test;

namespace {

const TextClassifier<double>& bundled_model() {
  return regard_test::bundled_text_model<double>();
}

const std::vector<std::string> sentences = {"a gripping , unbelievably funny film", "Tedious.",
                                            "the plot is thin and the jokes are old , but nobody cares",
                                            "one"};

constexpr Index width = 6, vocabulary = 12;

Tensor<double, 2> random_table(RandomStream& random) {
  Tensor<double, 2> table = random_rows<double>(random, vocabulary, width);
  for (double& value : table[1]) // [MASK] is a vector of zeros
    value = 0;
  return table;
}

/// A model that does not know where a token stands.
IdModel<double> random_id_model(RandomStream& random, NormPosition norm = NormPosition::after) {
  const RandomModel shape{{width, 2, Activation::gelu, norm}, 2, 9, 3};
  return {random_classifier<double>(random, shape), rows_of(random_table(random)), 1};
}

/// A model whose logits are linear in the embedded tokens: attention is uniform, there is no feed-forward
/// part, and a LayerNorm divides by sqrt(variance + 1e18) and multiplies by 1e9, which is 1 to the last bit.
IdModel<double> linear_id_model(RandomStream& random) {
  const auto zero = [](Index outputs, Index inputs) {
    return Linear<double>{share(Tensor<double, 2>({outputs, inputs})), share(Tensor<double, 1>({outputs}))};
  };
  const auto norm = [] {
    Tensor<double, 1> weight({width});
    std::fill(weight.begin(), weight.end(), 1e9);
    return LayerNorm<double>{share(std::move(weight)), share(Tensor<double, 1>({width})), 1e18};
  };
  std::vector<BlockWeights<double>> blocks(2);
  for (BlockWeights<double>& block : blocks) {
    block.query = block.key = zero(width, width);
    block.value = random_linear<double>(random, width, width);
    block.attention_output = random_linear<double>(random, width, width);
    block.intermediate = zero(4, width);
    block.output = zero(width, 4);
    block.attention_norm = block.output_norm = norm();
  }
  Encoder<double> encoder({width, 2, Activation::gelu, NormPosition::before}, std::move(blocks));
  ClassificationHead<double> head(random_linear<double>(random, 3, width), {}, norm());
  return {{std::move(encoder), std::move(head)}, rows_of(random_table(random)), 1};
}

bool close(const std::vector<double>& a, const std::vector<double>& b,
           double tolerance = Tolerance<double>::closed_form) {
  return relative_error(a, b) < tolerance;
}

} // namespace

TEST_CASE("attention that is shared out over all tokens adds up to one", "[baselines]") {
  for (const std::string& text : sentences) {
    INFO(text);
    for (const Method& method :
         {Method(attention_received{}), Method(attention_row_sum{}), Method(attention_rollout{}),
          Method(value_zeroing{}), Method(attention_rollout{.layers = {1, 2}}),
          Method(attention_received{.layers = {3}}), Method(value_zeroing{.layers = {0}})})
      CHECK(std::abs(explain(bundled_model(), text, method).value_full - 1) < Tolerance<double>::closed_form);
    const Explanation rows = explain(bundled_model(), text, attention_row_sum{});
    for (const double value : rows.values)
      CHECK(std::abs(value * static_cast<double>(rows.tokens.size()) - 1) < Tolerance<double>::closed_form);
    CHECK(rows.degenerate);
  }
}

TEST_CASE("layers of rollouts are those that are named, the first one first", "[baselines]") {
  const auto trace = bundled_model().record(bundled_model().encode(sentences[0]));
  const Index heads = trace.attention.extent(1), tokens = trace.attention.extent(2);
  const auto mixed = [&](Index layer) {
    RowMatrix<double> mean =
        RowMatrix<double>::Identity(static_cast<Eigen::Index>(tokens), static_cast<Eigen::Index>(tokens));
    for (Index h = 0; h < heads; ++h)
      mean += trace.attention[layer][h].matrix() / static_cast<double>(heads);
    return RowMatrix<double>(mean / 2);
  };
  const RowMatrix<double> product = mixed(3) * mixed(1);
  const Explanation why = explain(bundled_model(), sentences[0], attention_rollout{.layers = {1, 3}});
  std::vector<double> expected;
  for (const auto& player : why.players)
    expected.push_back(product(0, static_cast<Eigen::Index>(player.front())));
  CHECK(close(why.values, expected));
  CHECK(why.layers == std::vector<Index>{1, 3});
}

TEST_CASE("in the last layer only what the head reads has a gradient", "[baselines]") {
  const Explanation given = explain(bundled_model(), sentences[0], grad_sam{.layers = {3}});
  for (const double value : given.values)
    CHECK(value == 0);
  CHECK(given.degenerate);
  const Explanation received =
      explain(bundled_model(), sentences[0], grad_sam{.side = TokenSide::received, .layers = {3}});
  CHECK_FALSE(received.degenerate);
  CHECK(received.options == decltype(received.options){{"side", "received"}});
}

TEST_CASE("where no value vector matters, value zeroing stays with the class token", "[baselines]") {
  RandomStream random(seed(), 31);
  auto model = linear_id_model(random);
  std::vector<BlockWeights<double>> blocks{model.classifier().encoder().block(0)};
  blocks[0].value = {share(Tensor<double, 2>({width, width})), share(Tensor<double, 1>({width}))};
  const IdModel<double> blind(
      {Encoder<double>(model.classifier().encoder().config(), blocks), model.classifier().head()},
      rows_of(random_table(random)), 1);
  const Explanation why = explain(blind, "2 4 5 6 3", value_zeroing{});
  CHECK(why.values == std::vector<double>(3, 0.0));
  CHECK(why.value_full == 1);
}

TEST_CASE("tokens that change places take their scores with them", "[baselines]") {
  INFO("seed " << seed());
  RandomStream random(seed(), 32);
  for (const NormPosition norm : {NormPosition::after, NormPosition::before}) {
    const auto model = random_id_model(random, norm);
    const std::vector<Index> ids = {2, 7, 4, 9, 5, 11, 3}, moved = {2, 5, 9, 11, 7, 4, 3};
    for (const MethodName& name : method_names()) {
      if (name.name == "kernel-shap" || name.name == "permutation-shap" || name.name == "partition-shap" ||
          name.name == "lime" || name.name == "smooth-grad" || name.name == "random" ||
          name.name.find("authors") != std::string_view::npos)
        continue; // what is drawn, or who is whose neighbour, depends on the place
      INFO(name.name);
      const Explanation why = explain(model, id_text(ids), find_method(name.name)),
                        other = explain(model, id_text(moved), find_method(name.name));
      std::vector<double> expected;
      for (Index i = 1; i + 1 < ids.size(); ++i)
        expected.push_back(
            why.values[static_cast<Index>(std::find(ids.begin(), ids.end(), moved[i]) - ids.begin()) - 1]);
      CHECK(close(other.values, expected, Tolerance<double>::parity));
    }
  }
}

TEST_CASE("in a linear model all scores of the output are the same, and add up", "[baselines]") {
  INFO("seed " << seed());
  RandomStream random(seed(), 33);
  const auto model = linear_id_model(random);
  const std::string text = "2 7 4 9 5 11 3";
  const Explanation exact = explain(model, text, shapley_input{.value = ValueFunction::logit});
  for (const Method& method :
       {Method(input_x_gradient{}), Method(integrated_gradients{}), Method(integrated_gradients{.points = 1}),
        Method(integrated_gradients{.points = 7, .baseline = Masking::zero}), Method(smooth_grad{}),
        Method(smooth_grad{.draws = 2, .noise = 3}), Method(occlusion{.value = ValueFunction::logit}),
        Method(lime{.value = ValueFunction::logit, .ridge = 1e-13})}) {
    const Explanation why = explain(model, text, method);
    INFO(why.method);
    CHECK(why.value_kind == "output-score");
    CHECK(close(why.values, exact.values, Tolerance<double>::parity));
    CHECK(std::abs(why.value_empty - exact.value_empty) < Tolerance<double>::parity);
    CHECK(std::abs(why.completeness_gap) < Tolerance<double>::parity);
    if (why.method == "smooth-grad")
      for (const double error : why.standard_errors.value())
        CHECK(error < Tolerance<double>::parity);
  }
}

TEST_CASE("Gauss-Legendre quadrature is exact for polynomials of twice its points", "[baselines]") {
  for (const Index points : std::initializer_list<Index>{1, 2, 3, 10, 50, 64}) {
    const auto rule = detail::gauss_legendre(points);
    REQUIRE(rule.nodes.size() == points);
    CHECK(std::is_sorted(rule.nodes.begin(), rule.nodes.end()));
    for (Index degree = 0; degree < 2 * points; ++degree) {
      double sum = 0;
      for (Index k = 0; k < points; ++k)
        sum += rule.weights[k] * std::pow(rule.nodes[k], static_cast<double>(degree));
      CHECK(std::abs(sum * static_cast<double>(degree + 1) - 1) < Tolerance<double>::closed_form);
    }
  }
}

TEST_CASE("integrated gradients add up, the better the more points there are", "[baselines]") {
  for (const Masking baseline : {Masking::mask, Masking::zero}) {
    double coarse = 0, fine = 0;
    for (const std::string& text : sentences) {
      const auto gap = [&](Index points) {
        const Explanation why =
            explain(bundled_model(), text, integrated_gradients{.points = points, .baseline = baseline});
        CHECK(why.masking == to_string(baseline));
        CHECK(why.samples == points);
        CHECK(why.value_full == why.logits[why.target.index]);
        return std::abs(why.completeness_gap) / std::abs(why.value_full - why.value_empty);
      };
      coarse += gap(4);
      fine += gap(300);
    }
    INFO(coarse << " " << fine);
    CHECK(fine < coarse);
    CHECK(fine < 1e-3 * static_cast<double>(sentences.size()));
  }
  // v(empty) of the mask baseline is the game's.
  CHECK(
      std::abs(explain(bundled_model(), sentences[0], integrated_gradients{}).value_empty -
               explain(bundled_model(), sentences[0], occlusion{.value = ValueFunction::logit}).value_empty) <
      Tolerance<double>::closed_form);
}

TEST_CASE("occlusion is what the game loses without a player", "[baselines]") {
  const Encoding encoding = bundled_model().encode(sentences[0]);
  for (const PlayerUnit unit : {PlayerUnit::tokens, PlayerUnit::words})
    for (const Masking masking : {Masking::mask, Masking::drop, Masking::remove})
      for (const ValueFunction value : {ValueFunction::probability, ValueFunction::log_odds}) {
        const auto players = find_players(encoding, unit);
        const MaskedInputGame game(bundled_model(), encoding, players, 1, {masking, value});
        const Explanation why = explain(bundled_model(), sentences[0],
                                        occlusion{.players = unit, .masking = masking, .value = value});
        REQUIRE(why.values.size() == players.size());
        MutableCoalition all = MutableCoalition::full(players.size());
        CHECK(why.value_full == game.value(all));
        CHECK(why.value_empty == game.value(MutableCoalition(players.size())));
        for (Index i = 0; i < players.size(); ++i) {
          all.flip(i);
          CHECK(why.values[i] == why.value_full - game.value(all));
          all.flip(i);
        }
        CHECK(why.evaluations == players.size() + 2);
      }
}

TEST_CASE("SmoothGrad is the mean over noise that anyone can draw", "[baselines]") {
  const Encoding encoding = bundled_model().encode(sentences[0]);
  const Index tokens = encoding.tokens.size(), full = bundled_model().classifier().width();
  Tensor<double, 2> x({tokens, full});
  bundled_model().embed(encoding, x);
  double least = HUGE_VAL, most = -HUGE_VAL;
  for (Index t = 1; t + 1 < tokens; ++t)
    for (const double value : x[t]) {
      least = std::min(least, value);
      most = std::max(most, value);
    }
  Tensor<double, 1> target({2});
  target(1) = 1;
  constexpr Index draws = 6;
  std::vector<double> mean(tokens - 2, 0.0), square(tokens - 2, 0.0);
  for (Index draw = 0; draw < draws; ++draw) {
    Tensor<double, 2> noisy = x;
    RandomStream random(77, draw);
    for (Index t = 1; t + 1 < tokens; ++t)
      for (double& value : noisy[t])
        value += 0.2 * (most - least) * random.normal();
    const auto recorded = record_gradients<double>(bundled_model().classifier(), noisy, target.view());
    for (Index t = 1; t + 1 < tokens; ++t) {
      double score = 0;
      for (Index k = 0; k < full; ++k)
        score += x(t, k) * recorded.gradients.hidden(0, t, k);
      mean[t - 1] += score / draws;
      square[t - 1] += score * score / draws;
    }
  }
  const Explanation why = explain(bundled_model(), sentences[0], smooth_grad{.draws = draws, .noise = 0.2},
                                  {PredictedTarget{}, 77, {}});
  CHECK(close(why.values, mean));
  REQUIRE(why.standard_errors);
  for (Index i = 0; i < mean.size(); ++i)
    CHECK((*why.standard_errors)[i] ==
          Approx(std::sqrt((square[i] - mean[i] * mean[i]) / (draws - 1))).epsilon(1e-6));
  CHECK(why.status == "few_samples");

  const Explanation still = explain(bundled_model(), sentences[0], smooth_grad{.draws = 30, .noise = 0});
  CHECK(close(still.values, explain(bundled_model(), sentences[0], input_x_gradient{}).values));
  CHECK(still.status == "budget_reached");
}

TEST_CASE("LIME draws how many to hide, then whom", "[baselines]") {
  constexpr Index n = 6, count = 12000;
  std::vector<Index> sizes(n + 1, 0), members(n, 0);
  MutableCoalition z(n);
  detail::draw_lime_sample(seed(), 0, z);
  CHECK(Coalition(z).size() == n);
  for (Index sample = 1; sample <= count; ++sample) {
    detail::draw_lime_sample(seed(), sample, z);
    ++sizes[Coalition(z).size()];
    for (const Index player : Coalition(z))
      ++members[player];
  }
  INFO("seed " << seed());
  CHECK(sizes[n] == 0);
  for (Index size = 0; size < n; ++size) // five standard deviations
    CHECK(std::abs(static_cast<double>(sizes[size]) - count / 6.0) < 5 * std::sqrt(count * 5 / 36.0));
  for (const Index visible : members) // visible in 5/12 of all samples
    CHECK(std::abs(static_cast<double>(visible) - count * 5 / 12.0) < 5 * std::sqrt(count * 35 / 144.0));
}

TEST_CASE("LIME is its regression on the samples that its seed names", "[baselines]") {
  const Encoding encoding = bundled_model().encode(sentences[2]);
  const auto players = find_players(encoding, PlayerUnit::tokens);
  const MaskedInputGame game(bundled_model(), encoding, players, 1);
  const auto n = static_cast<Eigen::Index>(players.size());
  constexpr Eigen::Index count = 50;
  // The normal equations with the intercept as a variable of its own.
  Eigen::MatrixXd z = Eigen::MatrixXd::Zero(count, n + 1);
  Eigen::VectorXd y(count), w(count);
  MutableCoalition drawn(players.size());
  std::set<std::string> distinct{to_string(MutableCoalition(players.size()))};
  for (Eigen::Index k = 0; k < count; ++k) {
    detail::draw_lime_sample(9, static_cast<Index>(k), drawn);
    distinct.insert(to_string(drawn));
    y(k) = game.value(drawn);
    z(k, n) = 1;
    for (const Index player : Coalition(drawn))
      z(k, static_cast<Eigen::Index>(player)) = 1;
    const double distance =
        100 * (1 - std::sqrt(static_cast<double>(Coalition(drawn).size()) / static_cast<double>(n)));
    w(k) = std::sqrt(std::exp(-distance * distance / (40.0 * 40.0)));
  }
  Eigen::MatrixXd normal = z.transpose() * w.asDiagonal() * z;
  for (Eigen::Index i = 0; i < n; ++i)
    normal(i, i) += 0.5;
  const Eigen::VectorXd solved = normal.fullPivLu().solve(z.transpose() * w.asDiagonal() * y);
  const Explanation why =
      explain(bundled_model(), sentences[2], lime{.samples = count, .kernel_width = 40, .ridge = 0.5},
              {Index{1}, 9, {}});
  CHECK(close(why.values, {solved.data(), solved.data() + n}, Tolerance<double>::parity));
  CHECK(why.evaluations == distinct.size());
  CHECK(why.samples == count);
  CHECK(why.options == decltype(why.options){{"kernel_width", "40"}, {"ridge", "0.5"}});
}

TEST_CASE("random scores are uniform, repeatable, and tied to no place", "[baselines]") {
  double sum = 0, first_wins = 0;
  constexpr Index texts = 300;
  for (Index i = 0; i < texts; ++i) {
    const std::string text = "good film number " + std::to_string(i);
    const Explanation why =
        explain(bundled_model(), text, regard::random_scores{}, {PredictedTarget{}, seed(), {}});
    CHECK(why.values ==
          explain(bundled_model(), text, regard::random_scores{}, {PredictedTarget{}, seed(), {}}).values);
    for (const double value : why.values) {
      CHECK((value >= 0 && value < 1));
      sum += value / static_cast<double>(why.values.size());
    }
    first_wins += why.values[0] > why.values[1] ? 1 : 0;
  }
  INFO("seed " << seed());
  CHECK(std::abs(sum / texts - 0.5) < 5 * std::sqrt(1 / 12.0 / texts));
  CHECK(std::abs(first_wins / texts - 0.5) < 5 * std::sqrt(1 / 4.0 / texts));
  const auto of = [](const TextInput& text, std::uint64_t with) {
    return explain(bundled_model(), text, regard::random_scores{}, {PredictedTarget{}, with, {}}).values;
  };
  CHECK(of({"good bad"}, 1) != of({"good bad"}, 2));
  CHECK(of({"good bad"}, 1) != of({"good", "bad"}, 1));
}

TEST_CASE("the authors' samplers are what they are called, and never silent", "[baselines]") {
  const Encoding encoding = bundled_model().encode(sentences[2]);
  Tensor<double, 1> target({2});
  target(1) = 1;
  const auto [trace, gradients] = bundled_model().record_gradients(encoding, target.view());
  const std::vector<Index> players = detail::flatten(find_players(encoding, PlayerUnit::tokens));
  const Index n = players.size();
  for (const bool gradient : {false, true})
    for (const Solver solver : {Solver::authors_random, Solver::authors_kernel}) {
      const auto matrix = gradient ? aggregate(trace.attention, gradients.attention, players)
                                   : aggregate(trace.attention, players);
      const auto game = max_mutual_game(matrix);
      const auto expected = shapley(game, {.solver = solver, .budget = 2 + 70 * (n + 1), .seed = 5});
      CHECK(expected.units == 70);
      Method method = find_method(std::string(gradient ? "grad-" : "") + "attention-max-mutual-" +
                                  std::string(to_string(solver)));
      std::get<AttentionMethod>(method).samples = 70;
      const Explanation why = explain(bundled_model(), sentences[2], method, {Index{1}, 5, {}});
      CHECK(close(why.values, expected.values, Tolerance<double>::parity));
      CHECK(why.solver == to_string(solver));
      CHECK(why.samples == 70);
      CHECK(why.seed == 5);
      CHECK(why.evaluations == expected.evaluations);
      CHECK(std::abs(why.completeness_gap) > 1e-6 * why.value_full); // they do not add up
      CHECK(explain(bundled_model(), sentences[3], method, {Index{1}, 5, {}}).values.size() == 1);
    }
  CHECK(explain(bundled_model(), sentences[2], attention_max_mutual{}).solver == "closed-form");
  // Any other solver is a choice too: pairs of orders are exact in a game of pairs without singletons.
  CHECK(close(explain(bundled_model(), sentences[2],
                      attention_mutual{.singleton = Singleton::zero, .solver = Solver::permutation})
                  .values,
              explain(bundled_model(), sentences[2], attention_mutual{.singleton = Singleton::zero}).values));
}
