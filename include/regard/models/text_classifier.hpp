// SPDX-License-Identifier: MIT
// A BERT text classifier from its Hugging Face folder: text in, labelled probabilities out, and everything
// that an explainer needs in between.
//
//     const auto model = regard::load_text_classifier<float>("path/to/checkpoint");
//     const auto encoding = model.encode({"a gripping , funny film"});
//     const auto trace = model.record(encoding);       // logits, attention, hidden states
//     const auto p = regard::probabilities(model.problem_type(), trace.logits.view());
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/core/executor.hpp>
#include <regard/models/load_bert.hpp>
#include <regard/models/self_test.hpp>
#include <regard/models/text_model.hpp>
#include <regard/text/load.hpp>

#include <filesystem>

namespace regard::inline REGARD_ABI {

/// A BERT model with its tokeniser and labels. Immutable once built: threads may share one.
template <class ScalarType>
class TextClassifier {
 public:
  using Scalar = ScalarType;

  /// Throws InvalidArgument when the tokeniser knows more tokens than the model embeds, or when there is not
  /// one label for each class.
  TextClassifier(WordPieceTokenizer tokenizer, BertClassifier<Scalar> bert, std::vector<std::string> labels,
                 ProblemType problem_type = ProblemType::single_label, std::string name = "");

  const WordPieceTokenizer& tokenizer() const { return tokenizer_; }
  const BertClassifier<Scalar>& bert() const { return bert_; }
  const SequenceClassifier<Scalar>& classifier() const { return bert_.classifier; }
  const std::vector<std::string>& labels() const { return labels_; }
  ProblemType problem_type() const { return problem_type_; }
  const std::string& name() const { return name_; }
  /// Of all weights; see transformer/fingerprint.hpp.
  std::uint64_t fingerprint() const { return bert_.fingerprint(); }
  std::string_view piece(Index id) const { return tokenizer_.piece(id); }

  Index mask_id() const { return tokenizer_.mask_id(); }

  /// The longest input, special tokens included: what tokeniser and position embeddings both allow.
  Index max_tokens() const { return max_tokens_; }

  /// The tokens that the model sees; what does not fit is cut off from the right and counted.
  Encoding encode(const TextInput& input) const;

  /// Fills `rows` [tokens, width] with the embedded tokens.
  void embed(const Encoding& encoding, TensorView<Scalar, 2> rows) const;

  /// Logits [inputs, classes] of many inputs, in ragged batches on all workers of `executor`; each has the
  /// same bits alone and among others.
  Tensor<Scalar, 2> logits(std::span<const Encoding> inputs, const Executor& executor = Serial{}) const;

  /// Records a forward pass; see transformer/trace.hpp.
  Trace<Scalar> record(const Encoding& encoding, Record what = {},
                       decltype(Hooks<Scalar>::on_attention) on_attention = {}) const;

  /// Records a forward and a backward pass from `seed` [classes] = d loss / d logits.
  TraceWithGradients<Scalar> record_gradients(const Encoding& encoding, TensorView<const Scalar, 1> seed,
                                              Record what = {},
                                              decltype(Hooks<Scalar>::on_attention) on_attention = {}) const;

 private:
  WordPieceTokenizer tokenizer_;
  BertClassifier<Scalar> bert_;
  std::vector<std::string> labels_;
  ProblemType problem_type_;
  std::string name_;
  Index max_tokens_;
};

/// How a text classifier is loaded.
struct TextClassifierOptions {
  Mapping mapping = Mapping::map;
  SelfTest self_test = SelfTest::skip;
};

/// Reads config.json, the weights and the tokeniser of a BertForSequenceClassification folder. Weights are
/// mapped where their type is `Scalar`, converted otherwise. What was ignored (heads of other tasks, position
/// ids) is listed in `notes` if given. Throws IoError, MalformedFile or UnsupportedFile, naming the file and
/// all that is wrong with it, and SelfTestFailed if a self-test was asked for.
template <class Scalar>
TextClassifier<Scalar> load_text_classifier(const std::filesystem::path& folder,
                                            const TextClassifierOptions& options = {},
                                            std::vector<std::string>* notes = nullptr);

/// Compares what the model computes with what `folder`/self_test.json says; see models/self_test.hpp. Throws
/// SelfTestFailed when something differs, IoError or MalformedFile when the file cannot be read or is not
/// for such a model.
template <class Scalar>
SelfTestReport self_test(const TextClassifier<Scalar>& model, const std::filesystem::path& folder);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/models/detail/text_classifier.hpp>
#endif
