// SPDX-License-Identifier: MIT
// A model class of the program's own beside regard::compiled: its explainers come from the bodies, the rest
// from the library.
#include <regard/bodies.hpp>

#include <iostream>

/// A classifier under another name.
struct OwnModel {
  using Scalar = float;
  const regard::TextClassifier<float>& model;

  const regard::SequenceClassifier<float>& classifier() const { return model.classifier(); }
  regard::Encoding encode(const regard::TextInput& input) const { return model.encode(input); }
  void embed(const regard::Encoding& encoding, regard::TensorView<float, 2> rows) const {
    model.embed(encoding, rows);
  }
  std::string_view piece(regard::Index id) const { return model.piece(id); }
  regard::Index mask_id() const { return model.mask_id(); }
  const std::vector<std::string>& labels() const { return model.labels(); }
  regard::ProblemType problem_type() const { return model.problem_type(); }
  std::string_view name() const { return model.name(); }
};

int main(int, char** argv) {
  const auto model = regard::load_text_classifier<float>(argv[1]);
  std::cout << regard::json(
                   regard::explain(OwnModel{model}, "a gripping , funny film", regard::attention_mutual{}))
            << '\n';
}
