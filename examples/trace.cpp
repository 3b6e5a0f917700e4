// SPDX-License-Identifier: MIT
// Attention and its gradients as ordinary values: which head looks where, and which of it the prediction
// uses; and what happens to the prediction when one head is switched off.
#include <regard/text.hpp>

#include <iostream>

int main() {
  const auto model = regard::load_text_classifier<float>("examples/models/bert-tiny-sst2");
  const auto encoding = model.encode({"a gripping , funny film"});

  std::cout.precision(3);
  // d (logit of class 1) / d everything.
  regard::Tensor<float, 1> seed({model.labels().size()});
  seed(1) = 1;
  const auto [trace, gradients] = model.record_gradients(encoding, seed);
  std::cout << "attention " << trace.attention.extent(0) << " layers x " << trace.attention.extent(1)
            << " heads, " << trace.attention.extent(2) << " queries x " << trace.attention.extent(3)
            << " keys\n";

  // The key that the class token of the last layer attends to most, head by head.
  const auto last = trace.attention[model.classifier().layers() - 1];
  for (regard::Index head = 0; head < last.extent(0); ++head) {
    Eigen::Index key = 0;
    const float weight = last[head].matrix().row(0).maxCoeff(&key);
    const auto token = static_cast<regard::Index>(key);
    std::cout << "head " << head << "  " << model.piece(encoding.tokens[token].id) << "  attention " << weight
              << "  gradient " << gradients.attention(model.classifier().layers() - 1, head, 0, token)
              << '\n';
  }

  // An intervention: attention is an ordinary tensor on its way.
  const auto without = model.record(encoding, {}, [](regard::Index layer, regard::Index, auto attention) {
    if (layer == 3)
      attention[1].matrix().setZero();
  });
  std::cout << "logit " << trace.logits(1) << ", without head 1 of layer 3 " << without.logits(1) << '\n';
}
