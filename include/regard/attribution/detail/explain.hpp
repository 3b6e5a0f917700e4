// SPDX-License-Identifier: MIT
// Body of attribution/explain.hpp.
#pragma once

#include <regard/attribution/explain.hpp>
#include <regard/shapley/image_partition_tree.hpp>
#include <regard/shapley/partition.hpp>
#include <regard/transformer/batch.hpp>

#include <cmath>

namespace regard::inline REGARD_ABI {

namespace detail {

/// What one input of a batch gives an attention game.
struct AttentionResult {
  std::vector<double> logits;
  Index target = 0;
  AggregatedAttention aggregated;
};

/// The index of the largest logit, the first one of several.
template <class Values>
Index argmax(const Values& values) {
  return static_cast<Index>(std::max_element(values.begin(), values.end()) - values.begin());
}

/// Resolves a target for one prediction, which must be one: logits that are not finite mean a broken model.
template <class Model>
Index resolve_target(const Model& model, const Target& target, std::span<const double> logits) {
  for (const double logit : logits)
    if (!std::isfinite(logit))
      throw Error(std::string(model.name()) +
                  ": found a logit that is not finite, expected a number; the weights " +
                  "hold NaN, infinity or numbers that are too large");
  const std::span<const std::string> labels = model.labels();
  if (const std::string* name = std::get_if<std::string>(&target)) {
    const auto found = std::find(labels.begin(), labels.end(), *name);
    if (found != labels.end())
      return static_cast<Index>(found - labels.begin());
    std::string known;
    for (std::size_t i = 0; i < labels.size() && i < 10; ++i)
      known += (i == 0 ? "" : ", ") + labels[i];
    if (labels.size() > 10)
      known += ", ... (" + std::to_string(labels.size()) + " labels)";
    throw InvalidArgument("target: found '" + *name + "', expected one of " + known);
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
inline std::vector<bool> select_layers(std::span<const Index> chosen, Index layers) {
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

/// Runs a pass whose rows and hidden states are set, and reduces its attention while it runs: nothing of the
/// size layers x heads x tokens x tokens outlives a block.
/// @param players      of each input: token positions
/// @param find_target  of (input, logits)
template <class Scalar, class FindTarget>
std::vector<AttentionResult> run_attention(const SequenceClassifier<Scalar>& classifier, Pass<Scalar>& pass,
                                           std::span<const std::vector<Index>> players,
                                           const AttentionMethod& method, FindTarget find_target) {
  const Index inputs = pass.rows.inputs();
  const bool gradient = method.source == AttentionSource::gradient;
  const std::vector<bool> selected = select_layers(method.layers, classifier.layers());
  std::vector<AttentionAccumulator> sums;
  for (Index b = 0; b < inputs; ++b)
    sums.emplace_back(pass.rows.length(b), players[b]);

  Hooks<Scalar> hooks;
  if (!gradient)
    hooks.on_attention_applied = [&](Index layer, Index b, TensorView<const Scalar, 3> attention) {
      if (selected[layer])
        sums[b].add(attention);
    };
  classifier.forward(pass, gradient ? Keep::for_backward : Keep::nothing, hooks);

  std::vector<AttentionResult> results(inputs);
  Tensor<Scalar, 2> seeds({inputs, classifier.classes()});
  for (Index b = 0; b < inputs; ++b) {
    const auto logits = pass.logits[b];
    results[b].logits.assign(logits.begin(), logits.end());
    results[b].target = find_target(b, std::span<const double>(results[b].logits));
    seeds(b, results[b].target) = 1;
  }
  if (gradient) {
    hooks = {};
    hooks.on_attention_gradient = [&](Index layer, Index b, TensorView<const Scalar, 3> attention,
                                      TensorView<const Scalar, 3> slope) {
      if (selected[layer])
        sums[b].add(attention, slope);
    };
    classifier.backward(pass, seeds.view(), hooks);
  }
  for (Index b = 0; b < inputs; ++b)
    results[b].aggregated = sums[b].result();
  return results;
}

/// The Shapley values of a game over tokens, played by players of one token or more each.
template <class G>
ShapleyResult solve(G game, std::span<const std::vector<Index>> players) {
  if (players.size() == game.players())
    return shapley(game);
  std::vector<std::vector<Index>> groups;
  Index next = 0;
  for (const std::vector<Index>& player : players) {
    groups.emplace_back(player.size());
    for (Index& member : groups.back())
      member = next++;
  }
  return shapley(grouped(std::move(game), std::move(groups)));
}

/// The Shapley values of the method's game.
inline ShapleyResult solve(const AttentionMethod& method, const AggregatedAttention& aggregated,
                           std::span<const std::vector<Index>> players) {
  switch (method.game) {
  case AttentionGame::cls:
    return solve(cls_game(aggregated), players);
  case AttentionGame::mutual:
    return solve(mutual_game(aggregated, method.singleton), players);
  case AttentionGame::max_mutual:
    break;
  }
  return solve(max_mutual_game(aggregated, method.singleton), players);
}

/// All tokens of all players, one after the other.
inline std::vector<Index> flatten(std::span<const std::vector<Index>> players) {
  std::vector<Index> tokens;
  for (const std::vector<Index>& player : players)
    tokens.insert(tokens.end(), player.begin(), player.end());
  return tokens;
}

/// What names an input, known before the model has seen it.
inline void describe_input(Explanation& why, const TextInput& input) {
  why.text = input.text;
  why.text_pair = input.pair;
}
inline void describe_input(Explanation& why, const ImageInput& input) {
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

/// Adds what a solver found.
inline void describe_solution(Explanation& why, const ShapleyResult& solved) {
  why.solver = solved.solver;
  why.status = to_string(solved.status);
  why.values = solved.values;
  why.standard_errors = solved.standard_errors;
  why.value_empty = solved.value_empty;
  why.value_full = solved.value_full;
  why.completeness_gap = solved.completeness_gap;
  why.evaluations = solved.evaluations;
  why.degenerate = degenerate(solved.values);
}

/// The words of the input with the sums of their players' values. A player is a token or a word.
inline std::vector<ExplainedWord> sum_words(const Explanation& why, const Encoding& encoding) {
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
    const std::string& text = word.segment == 0 ? why.text : *why.text_pair;
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

/// Which players are neighbours, for the partition explainer.
inline PartitionTree tree_of(const Explanation& why, const Encoding& encoding,
                             std::span<const std::vector<Index>> players, const InputMethod&) {
  std::vector<std::string> pieces;
  for (const std::vector<Index>& player : players) {
    const Token &first = encoding.tokens[player.front()], &last = encoding.tokens[player.back()];
    const std::string& text = first.segment == 0 ? why.text : *why.text_pair;
    pieces.push_back(player.size() == 1 ? why.tokens[player.front()].text
                                        : text.substr(first.begin, last.end - first.begin));
  }
  return text_partition_tree(pieces);
}
template <class Scalar>
PartitionTree tree_of(const Explanation&, const EncodedImage<Scalar>& image,
                      std::span<const std::vector<Index>>, const InputMethod& method) {
  const auto blocks = [&](Index patches) {
    return patches / method.super_patch + (patches % method.super_patch != 0 ? 1 : 0);
  };
  return image_partition_tree(blocks(image.grid.rows), blocks(image.grid.columns));
}

/// Explains inputs `range` in one pass; `pass` is reused from call to call.
template <class Model, class Input, class Encoded>
void explain_range(const Model& model, std::span<const Input> inputs, std::span<const Encoded> encodings,
                   InputRange range, const AttentionMethod& method, const ExplainOptions& options,
                   Pass<typename Model::Scalar>& pass, std::span<Explanation> explanations) {
  std::vector<std::vector<std::vector<Index>>> players; // of each input, of each player
  std::vector<std::vector<Index>> tokens;               // of each input
  pass.rows.clear();
  for (Index i = range.begin; i < range.end; ++i) {
    pass.rows.append(token_count(encodings[i]));
    players.push_back(players_of(encodings[i], method));
    tokens.push_back(flatten(players.back()));
  }
  pass.hidden.resize({pass.rows.rows(), model.classifier().width()});
  for (Index i = range.begin; i < range.end; ++i)
    model.embed(encodings[i],
                pass.hidden.slice(pass.rows.begin(i - range.begin), pass.rows.end(i - range.begin)));
  const auto find_target = [&](Index, std::span<const double> logits) {
    return resolve_target(model, options.target, logits);
  };
  const std::vector<AttentionResult> results =
      run_attention(model.classifier(), pass, tokens, method, find_target);

  for (Index b = 0; b < results.size(); ++b) {
    const Encoded& encoding = encodings[range.begin + b];
    Explanation& why = explanations[range.begin + b] = describe(model, inputs[range.begin + b], encoding);
    describe_prediction(why, model, results[b].logits, results[b].target);
    describe_solution(why, solve(method, results[b].aggregated, players[b]));
    why.method = method_name(method);
    why.seed = options.seed;
    why.value_function = method.source == AttentionSource::gradient ? "gradient-attention" : "attention";
    if (method.game != AttentionGame::cls)
      why.singleton = to_string(method.singleton);
    for (Index layer = 0; layer < model.classifier().layers(); ++layer)
      if (method.layers.empty() || std::count(method.layers.begin(), method.layers.end(), layer) > 0)
        why.layers.push_back(layer);
    describe_players(why, encoding, std::move(players[b]), method);
  }
}

/// Explains inputs by their attention, several in one pass.
template <class Model, class Input, class Encoded>
void explain_with(const Model& model, std::span<const Input> inputs, const AttentionMethod& method,
                  const ExplainOptions& options, const Executor& executor, std::span<const Encoded> encodings,
                  std::span<Explanation> explanations) {
  const std::vector<InputRange> ranges =
      cut_batches(inputs.size(), [&](Index i) { return token_count(encodings[i]); });
  std::vector<Pass<typename Model::Scalar>> passes(executor.workers());
  executor.for_each(
      ranges.size(),
      [&](Index range, Index worker) {
        explain_range(model, inputs, encodings, ranges[range], method, options, passes[worker], explanations);
      },
      options.stop);
}

/// The Shapley values of a masked-input game. @param tree  tree() is that of the partition explainer
template <class G, class Tree>
ShapleyResult solve(const InputMethod& method, const G& game, Tree tree, const ExplainOptions& options,
                    const Executor& executor) {
  SolverOptions solver;
  solver.budget = method.samples;
  solver.seed = options.seed;
  solver.precision = method.precision;
  solver.stop = options.stop;
  if (method.solver == InputSolver::partition)
    return partition_shap(game, tree(), solver, executor);
  solver.solver = method.solver == InputSolver::exact    ? Solver::exact
                  : method.solver == InputSolver::kernel ? Solver::kernel
                                                         : Solver::permutation;
  if (method.solver == InputSolver::exact && game.players() > method.max_players)
    throw InvalidArgument(
        "shapley-input: found " + std::to_string(game.players()) + " players, whose coalitions are 2^" +
        std::to_string(game.players()) + ", expected at most " + std::to_string(method.max_players) +
        "; raise the limit, take words or super-patches as players, or sample with kernel-shap");
  return shapley(game, solver, executor);
}

/// Explains one input by what the model says of it with tokens masked.
template <class Model, class Input, class Encoded>
Explanation explain_one(const Model& model, const Input& input, const InputMethod& method,
                        const ExplainOptions& options, const Executor& executor, const Encoded& encoding) {
  Explanation why = describe(model, input, encoding);
  Pass<typename Model::Scalar> pass;
  pass.rows.append(token_count(encoding));
  pass.hidden.resize({pass.rows.rows(), model.classifier().width()});
  model.embed(encoding, pass.hidden);
  model.classifier().forward(pass);
  const std::vector<double> logits(pass.logits.begin(), pass.logits.end());
  const Index target = resolve_target(model, options.target, logits);
  describe_prediction(why, model, logits, target);

  std::vector<std::vector<Index>> players = players_of(encoding, method);
  const MaskedInputGame<Model> game(model, encoding, players, target, {method.masking, method.value},
                                    executor);
  const auto tree = [&] { return tree_of(why, encoding, players, method); };
  describe_solution(why, solve(method, game, tree, options, executor));
  why.method = method_name(method);
  why.seed = options.seed;
  why.samples = method.solver == InputSolver::exact ? 0 : method.samples;
  why.masking = to_string(resolve_masking<Model>(method.masking));
  why.value_function = to_string(method.value);
  describe_players(why, encoding, std::move(players), method);
  return why;
}

/// Explains inputs one by one: a few with all workers on each, many with one worker on each.
template <class Model, class Input, class Encoded>
void explain_with(const Model& model, std::span<const Input> inputs, const InputMethod& method,
                  const ExplainOptions& options, const Executor& executor, std::span<const Encoded> encodings,
                  std::span<Explanation> explanations) {
  const auto one = [&](Index i, Index) {
    explanations[i] = explain_one(model, inputs[i], method, options, executor, encodings[i]);
  };
  if (inputs.size() < executor.workers())
    Serial{}.for_each(inputs.size(), one, options.stop);
  else
    executor.for_each(inputs.size(), one, options.stop);
}

template <class Model, class Input>
std::vector<Explanation> explain_inputs(const Model& model, std::span<const Input> inputs,
                                        const Method& method, const ExplainOptions& options,
                                        const Executor& executor) {
  using Encoded = typename EncodingOf<Model>::Type;
  std::vector<Encoded> encodings(inputs.size());
  std::vector<Explanation> explanations(inputs.size());
  for (Index i = 0; i < inputs.size(); ++i) { // what a stop request leaves as it is
    explanations[i].status = to_string(Status::stopped);
    explanations[i].model = model.name();
    describe_input(explanations[i], inputs[i]);
    explanations[i].method = method_name(method);
  }
  const auto encode = [&](Index i, Index) { encodings[i] = model.encode(inputs[i]); };
  if (executor.for_each(inputs.size(), encode, options.stop))
    std::visit(
        [&](const auto& chosen) {
          explain_with(model, inputs, chosen, options, executor, std::span<const Encoded>(encodings),
                       std::span<Explanation>(explanations));
        },
        method);
  return explanations;
}

} // namespace detail

template <TextModel Model>
std::vector<Explanation> explain_all(const Model& model, std::span<const TextInput> inputs,
                                     const Method& method, const ExplainOptions& options,
                                     const Executor& executor) {
  return detail::explain_inputs(model, inputs, method, options, executor);
}

template <ImageModel Model>
std::vector<Explanation> explain_all(const Model& model, std::span<const ImageInput> inputs,
                                     const Method& method, const ExplainOptions& options,
                                     const Executor& executor) {
  return detail::explain_inputs(model, inputs, method, options, executor);
}

template <TextModel Model>
Explanation explain(const Model& model, const TextInput& input, const Method& method,
                    const ExplainOptions& options, const Executor& executor) {
  return std::move(explain_all(model, std::span(&input, 1), method, options, executor).front());
}

template <ImageModel Model>
Explanation explain(const Model& model, const ImageInput& input, const Method& method,
                    const ExplainOptions& options, const Executor& executor) {
  return std::move(explain_all(model, std::span(&input, 1), method, options, executor).front());
}

} // namespace regard::inline REGARD_ABI
