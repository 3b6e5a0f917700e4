// SPDX-License-Identifier: MIT
// What all explainers share: which class is explained, who plays, and the parts of an Explanation that do not
// depend on the method.
#pragma once

#include <regard/attribution/explain.hpp>
#include <regard/attribution/masked_input_game.hpp>
#include <regard/core/detail/escape.hpp>
#include <regard/shapley/detail/sum.hpp>
#include <regard/shapley/result.hpp>
#include <regard/transformer/batch.hpp>

#include <charconv>
#include <cmath>

namespace regard::inline REGARD_ABI::detail {

/// The index of the largest logit, the first one of several.
template <class Values>
Index argmax(const Values& values) {
  return static_cast<Index>(std::max_element(values.begin(), values.end()) - values.begin());
}

/// Resolves a target for one prediction, which must be one: logits that are not finite mean a broken model.
template <class Model>
Index resolve_target(const Model& model, const Target& target, std::span<const double> logits) {
  check_logits(model, logits);
  const std::span<const std::string> labels = model.labels();
  if (const std::string* name = std::get_if<std::string>(&target)) {
    const auto found = std::find(labels.begin(), labels.end(), *name);
    if (found != labels.end())
      return static_cast<Index>(found - labels.begin());
    std::string known;
    for (std::size_t i = 0; i < labels.size() && i < 10; ++i)
      known += (i == 0 ? "" : ", ") + escaped(labels[i]);
    if (labels.size() > 10)
      known += ", ... (" + std::to_string(labels.size()) + " labels)";
    throw InvalidArgument("target: found '" + escaped(*name) + "', expected one of " + known);
  }
  if (const Index* index = std::get_if<Index>(&target)) {
    if (*index < logits.size())
      return *index;
    throw InvalidArgument("target: found " + std::to_string(*index) + ", expected a class from 0 to " +
                          std::to_string(logits.size() - 1));
  }
  if (model.problem_type() == ProblemType::multi_label)
    throw InvalidArgument(
        "target: found auto, but a multi-label model predicts no single class; name the target "
        "by its index or label");
  return argmax(logits);
}

/// Which of `layers` blocks a method averages over.
REGARD_LAZY
std::vector<bool> select_layers(std::span<const Index> chosen, Index layers) {
  std::vector<bool> selected(layers, chosen.empty());
  for (const Index layer : chosen) {
    if (layer >= layers)
      throw InvalidArgument("layers: found " + std::to_string(layer) + ", expected 0 to " +
                            std::to_string(layers - 1));
    if (selected[layer])
      throw InvalidArgument("layers: found " + std::to_string(layer) + " twice, expected each layer once");
    selected[layer] = true;
  }
  return selected;
}

/// All tokens of all players, one after the other.
REGARD_LAZY
std::vector<Index> flatten(std::span<const std::vector<Index>> players) {
  std::vector<Index> tokens;
  for (const std::vector<Index>& player : players)
    tokens.insert(tokens.end(), player.begin(), player.end());
  return tokens;
}

/// What names an input, known before the model has seen it.
REGARD_LAZY
void describe_input(Explanation& why, const TextInput& input) {
  why.text = input.text;
  why.text_pair = input.pair;
}
REGARD_LAZY
void describe_input(Explanation& why, const ImageInput& input) {
  why.image = ExplainedImage{input.name, input.pixels.extent(1), input.pixels.extent(0)};
}

/// What the model sees of a text.
template <class Model>
void describe_tokens(Explanation& why, const Model& model, const Encoding& encoding) {
  why.dropped_tokens = encoding.dropped_tokens;
  for (const Token& token : encoding.tokens)
    why.tokens.push_back(
        {std::string(model.piece(token.id)), token.id, token.begin, token.end, token.segment, token.special});
}

/// What the model sees of an image.
template <class Model, class Scalar>
void describe_tokens(Explanation& why, const Model&, const EncodedImage<Scalar>& image) {
  why.image->rows = image.grid.rows;
  why.image->columns = image.grid.columns;
  for (Index patch = 0; patch < image.grid.patches(); ++patch) {
    const PixelBox box = image.patch_box(patch);
    why.patches.push_back({box.x, box.y, box.width, box.height});
  }
}

/// All of an explanation that does not depend on the method.
template <class Model, class Input, class Encoded>
Explanation describe(const Model& model, const Input& input, const Encoded& encoded) {
  Explanation why;
  why.model = model.name();
  why.labels.assign(model.labels().begin(), model.labels().end());
  why.scalar = std::is_same_v<typename Model::Scalar, float> ? "float" : "double";
  describe_input(why, input);
  describe_tokens(why, model, encoded);
  return why;
}

/// Adds the prediction.
template <class Model>
void describe_prediction(Explanation& why, const Model& model, const std::vector<double>& logits,
                         Index target) {
  why.logits = logits;
  why.probabilities =
      probabilities(model.problem_type(), TensorView<const double, 1>(logits.data(), {logits.size()}));
  why.prediction = {argmax(logits), why.labels[argmax(logits)]};
  why.target = {target, why.labels[target]};
}

/// A number as text that reads back as the same double.
REGARD_LAZY
std::string option_text(double value) {
  char buffer[40];
  return {std::begin(buffer), std::to_chars(std::begin(buffer), std::end(buffer), value).ptr};
}

/// Throws for values, errors or totals that are not finite: what a model with huge weights can give although
/// its logits are finite.
REGARD_LAZY
void check_values(const Explanation& why) {
  const auto check = [&](const std::string& what, double value) {
    if (!std::isfinite(value))
      throw Error(why.model + ": " + why.method + " gives " + what + " " + option_text(value) +
                  ", expected a finite number" + broken_weights);
  };
  for (Index player = 0; player < why.values.size(); ++player)
    check("player " + std::to_string(player) + " the value", why.values[player]);
  if (why.standard_errors)
    for (Index player = 0; player < why.standard_errors->size(); ++player)
      check("player " + std::to_string(player) + " the standard error", (*why.standard_errors)[player]);
  check("the whole input the value", why.value_full);
  check("the empty input the value", why.value_empty);
  check("the completeness gap", why.completeness_gap);
}

/// Adds what a solver found.
REGARD_LAZY
void describe_solution(Explanation& why, const ShapleyResult& solved) {
  why.value_kind = "shapley";
  why.solver = solved.solver;
  why.status = to_string(solved.status);
  why.values = solved.values;
  why.standard_errors = solved.standard_errors;
  why.value_empty = solved.value_empty;
  why.value_full = solved.value_full;
  why.completeness_gap = solved.completeness_gap;
  why.evaluations = solved.evaluations;
  check_values(why);
  why.degenerate = degenerate(solved.values);
}

/// The words of the input with the sums of their players' values. A player is a token or a word.
REGARD_LAZY
std::vector<ExplainedWord> sum_words(const Explanation& why, const Encoding& encoding) {
  std::vector<ExplainedWord> words;
  const Token* last = nullptr;
  for (Index p = 0; p < why.players.size(); ++p) {
    const Token& first = encoding.tokens[why.players[p].front()];
    if (last == nullptr || first.word != last->word || first.segment != last->segment)
      words.push_back({"", first.begin, first.end, first.segment, 0});
    last = &encoding.tokens[why.players[p].back()];
    words.back().end = last->end;
    words.back().value += why.values[p];
  }
  for (ExplainedWord& word : words) {
    const std::string& text = segment_text(why, word.segment);
    word.text = text.substr(word.begin, word.end - word.begin);
  }
  return words;
}

/// The token positions of the players that a method asks for.
template <class AnyMethod>
std::vector<std::vector<Index>> players_of(const Encoding& encoding, const AnyMethod& method) {
  if (method.super_patch != 1)
    throw InvalidArgument("super-patch: found " + std::to_string(method.super_patch) +
                          ", but a text has no patches; expected 1");
  return find_players(encoding, method.players);
}
template <class Scalar, class AnyMethod>
std::vector<std::vector<Index>> players_of(const EncodedImage<Scalar>& image, const AnyMethod& method) {
  if (method.players != PlayerUnit::tokens)
    throw InvalidArgument(
        "players: found words, but an image has none; expected tokens, which are its patches");
  return find_players(image, method.super_patch);
}

/// Adds players and values of what they make up.
template <class AnyMethod>
void describe_players(Explanation& why, const Encoding& encoding, std::vector<std::vector<Index>> players,
                      const AnyMethod& method) {
  why.player_unit = to_string(method.players);
  why.players = std::move(players);
  why.words = sum_words(why, encoding);
}
template <class Scalar, class AnyMethod>
void describe_players(Explanation& why, const EncodedImage<Scalar>& image,
                      std::vector<std::vector<Index>> players, const AnyMethod& method) {
  why.player_unit = method.super_patch == 1 ? "patches" : "super-patches";
  why.players = std::move(players);
  for (std::vector<Index>& player : why.players)
    for (Index& token : player)
      token -= image.special_tokens;
}

/// The layers that were selected, as an Explanation lists them.
REGARD_LAZY
std::vector<Index> list_layers(const std::vector<bool>& selected) {
  std::vector<Index> layers;
  for (Index layer = 0; layer < selected.size(); ++layer)
    if (selected[layer])
      layers.push_back(layer);
  return layers;
}

/// Adds values that are no solver's; the gap follows from value_full and value_empty.
REGARD_LAZY
void describe_scores(Explanation& why, std::vector<double> values) {
  why.values = std::move(values);
  why.completeness_gap = completeness_gap(why.value_full, why.value_empty, why.values);
  check_values(why);
  why.degenerate = degenerate(why.values);
  if (why.status.empty())
    why.status = to_string(Status::converged);
}

/// The sums over the tokens of each player.
REGARD_LAZY
std::vector<double> sum_players(std::span<const double> scores, std::span<const std::vector<Index>> players) {
  std::vector<double> values;
  for (const std::vector<Index>& player : players) {
    double sum = 0;
    for (const Index token : player)
      sum += scores[token];
    values.push_back(sum);
  }
  return values;
}

/// Adds scores of all tokens, which are shares of a total.
REGARD_LAZY
void describe_shares(Explanation& why, std::span<const double> scores,
                     std::span<const std::vector<Index>> players) {
  why.value_kind = "attention-score";
  why.value_full = 0;
  for (const double score : scores)
    why.value_full += score;
  describe_scores(why, sum_players(scores, players));
}

/// Sets up a pass over the embedded tokens of inputs `range`.
template <class Model, class Encoded>
void embed_range(const Model& model, std::span<const Encoded> encodings, InputRange range,
                 Pass<typename Model::Scalar>& pass) {
  pass.rows.clear();
  for (Index i = range.begin; i < range.end; ++i)
    pass.rows.append(token_count(encodings[i]));
  pass.hidden.resize({pass.rows.rows(), model.classifier().width()});
  for (Index b = 0; b < pass.rows.inputs(); ++b)
    model.embed(encodings[range.begin + b], pass.hidden.slice(pass.rows.begin(b), pass.rows.end(b)));
}

/// What a pass said of one input.
struct Prediction {
  std::vector<double> logits;
  Index target = 0;
};

/// The predictions of a pass that went forward.
template <class Model>
std::vector<Prediction> read_predictions(const Model& model, const Pass<typename Model::Scalar>& pass,
                                         const Target& target) {
  std::vector<Prediction> predictions(pass.rows.inputs());
  for (Index b = 0; b < predictions.size(); ++b) {
    const auto logits = pass.logits[b];
    predictions[b].logits.assign(logits.begin(), logits.end());
    predictions[b].target = resolve_target(model, target, predictions[b].logits);
  }
  return predictions;
}

/// 1 at the target of each input.
template <class Scalar>
Tensor<Scalar, 2> target_seeds(std::span<const Prediction> predictions, Index classes) {
  Tensor<Scalar, 2> seeds({predictions.size(), classes});
  for (Index b = 0; b < predictions.size(); ++b)
    seeds(b, predictions[b].target) = 1;
  return seeds;
}

/// Starts the explanation of input b of a range: all that does not depend on the method, and its name.
template <class Model, class Input, class Encoded, class AnyMethod>
Explanation describe(const Model& model, const Input& input, const Encoded& encoding,
                     const Prediction& prediction, const AnyMethod& method, const ExplainOptions& options) {
  Explanation why = describe(model, input, encoding);
  describe_prediction(why, model, prediction.logits, prediction.target);
  why.method = method_name(method);
  why.seed = options.seed;
  return why;
}

/// Runs one input alone to know its prediction.
template <class Model, class Encoded>
Prediction predict(const Model& model, const Encoded& encoding, const Target& target,
                   const Hooks<typename Model::Scalar>& hooks = {}) {
  Pass<typename Model::Scalar> pass;
  embed_range(model, std::span(&encoding, 1), {0, 1}, pass);
  model.classifier().forward(pass, Keep::nothing, hooks);
  return read_predictions(model, pass, target).front();
}

} // namespace regard::inline REGARD_ABI::detail
