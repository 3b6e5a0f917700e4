// SPDX-License-Identifier: MIT
// Body of models/text_classifier.hpp.
#pragma once

#include <regard/models/detail/load_bert.hpp>
#include <regard/models/detail/read_layers.hpp>
#include <regard/models/detail/self_test.hpp>
#include <regard/models/text_classifier.hpp>
#include <regard/transformer/batch.hpp>

namespace regard::inline REGARD_ABI {

template <class Scalar>
TextClassifier<Scalar>::TextClassifier(WordPieceTokenizer tokenizer, BertClassifier<Scalar> bert,
                                       std::vector<std::string> labels, ProblemType problem_type,
                                       std::string name)
    : tokenizer_(std::move(tokenizer)), bert_(std::move(bert)), labels_(std::move(labels)),
      problem_type_(problem_type), name_(std::move(name)),
      max_tokens_(std::min(tokenizer_.options().model_max_length, bert_.embeddings.max_tokens())) {
  if (tokenizer_.size() > bert_.embeddings.vocabulary())
    throw InvalidArgument("the tokeniser has " + std::to_string(tokenizer_.size()) +
                          " tokens, expected at most the model's " +
                          std::to_string(bert_.embeddings.vocabulary()) + " word embeddings");
  if (labels_.size() != bert_.classifier.classes())
    throw InvalidArgument("found " + std::to_string(labels_.size()) +
                          " labels, expected one for each of the " +
                          std::to_string(bert_.classifier.classes()) + " classes");
}

template <class Scalar>
Encoding TextClassifier<Scalar>::encode(const TextInput& input) const {
  return input.pair ? tokenizer_.encode(input.text, *input.pair, max_tokens_)
                    : tokenizer_.encode(input.text, max_tokens_);
}

template <class Scalar>
void TextClassifier<Scalar>::embed(const Encoding& encoding, TensorView<Scalar, 2> rows) const {
  std::vector<BertToken> tokens;
  tokens.reserve(encoding.tokens.size());
  for (const Token& token : encoding.tokens)
    tokens.push_back({token.id, token.type, tokens.size()});
  bert_.embeddings.embed(tokens, rows);
}

template <class Scalar>
Tensor<Scalar, 2> TextClassifier<Scalar>::logits(std::span<const Encoding> inputs,
                                                 const Executor& executor) const {
  return batch_logits<Scalar>(
      classifier(), inputs.size(), [&](Index i) { return inputs[i].tokens.size(); },
      [&](Index i, TensorView<Scalar, 2> rows) { embed(inputs[i], rows); }, executor);
}

template <class Scalar>
Trace<Scalar> TextClassifier<Scalar>::record(const Encoding& encoding, Record what,
                                             decltype(Hooks<Scalar>::on_attention) on_attention) const {
  Tensor<Scalar, 2> rows({encoding.tokens.size(), classifier().width()});
  embed(encoding, rows);
  return regard::record<Scalar>(classifier(), rows, what, std::move(on_attention));
}

template <class Scalar>
TraceWithGradients<Scalar>
TextClassifier<Scalar>::record_gradients(const Encoding& encoding, TensorView<const Scalar, 1> seed,
                                         Record what,
                                         decltype(Hooks<Scalar>::on_attention) on_attention) const {
  Tensor<Scalar, 2> rows({encoding.tokens.size(), classifier().width()});
  embed(encoding, rows);
  return regard::record_gradients<Scalar>(classifier(), rows, seed, what, std::move(on_attention));
}

template <class Scalar>
TextClassifier<Scalar> load_text_classifier(const std::filesystem::path& folder,
                                            const TextClassifierOptions& options,
                                            std::vector<std::string>* notes) {
  const Checkpoint checkpoint = Checkpoint::open(folder, options.mapping);
  BertConfig config = read_bert_config(checkpoint.config());
  WordPieceTokenizer tokenizer = load_wordpiece(folder);
  if (tokenizer.size() > config.vocab_size)
    throw MalformedFile((folder / "config.json").string(), "vocab_size: found " +
                                                               std::to_string(config.vocab_size) +
                                                               ", expected at least the tokeniser's " +
                                                               std::to_string(tokenizer.size()) + " tokens");
  auto bert = detail::read_bert<Scalar>(checkpoint, config, notes);
  TextClassifier<Scalar> model(std::move(tokenizer), std::move(bert), std::move(config.labels),
                               detail::problem_of(config.problem_type), folder.string());
  if (detail::self_test_file(folder, options.self_test))
    self_test(model, folder);
  return model;
}

template <class Scalar>
SelfTestReport self_test(const TextClassifier<Scalar>& model, const std::filesystem::path& folder) {
  detail::SelfTestComparison<> comparison(folder / "self_test.json", self_test_tolerance<Scalar>);
  comparison.for_each_sample([&](const detail::SelfTestSample<>& sample) {
    TextInput input;
    if (!sample.object().has("text"))
      return sample.object().malformed("text", nullptr, "a text");
    sample.object().read("text", input.text);
    if (sample.object().has("pair"))
      sample.object().read("pair", input.pair.emplace());
    const std::vector<Index> expected = sample.ids("tokens");
    if (!sample.object().problems().empty())
      return;
    const Encoding encoding = model.encode(input);
    const auto id_at = [&](Index i) {
      return i < encoding.tokens.size() ? std::to_string(encoding.tokens[i].id) : "the end";
    };
    for (Index i = 0; i < std::max(expected.size(), encoding.tokens.size()) && comparison.agrees(); ++i)
      if (i >= encoding.tokens.size() || i >= expected.size() || encoding.tokens[i].id != expected[i])
        comparison.differ("the tokens differ at " + std::to_string(i) + ": found " + id_at(i) +
                          ", expected " + (i < expected.size() ? std::to_string(expected[i]) : "the end"));
    if (comparison.agrees())
      comparison.compare_trace(sample, model.record(encoding, {.attention = false}));
  });
  return comparison.finish();
}

} // namespace regard::inline REGARD_ABI
