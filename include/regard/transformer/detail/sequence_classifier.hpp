// SPDX-License-Identifier: MIT
// Body of transformer/sequence_classifier.hpp.
#pragma once

#include <regard/transformer/sequence_classifier.hpp>

namespace regard::inline REGARD_ABI {

template <class Scalar>
void SequenceClassifier<Scalar>::forward(Pass<Scalar>& pass, Keep keep, const Hooks<Scalar>& hooks,
                                         const ForwardOptions& options) const {
  const Index read = head_.tokens_read(), inputs = pass.rows.inputs();
  for (Index input = 0; input < inputs; ++input)
    if (pass.rows.length(input) < read)
      throw InvalidArgument("input " + std::to_string(input) + " has " +
                            (pass.rows.length(input) == 0 ? "no token" : "one token") +
                            ", expected at least " + (read == 1 ? "one" : "two"));
  if (keep == Keep::for_backward && options.first_projections == Projections::given)
    throw InvalidArgument(
        "given projections: found a pass that is kept for a gradient, expected Keep::nothing");
  const Serial serial;
  const Executor& executor = pass.executor == nullptr ? serial : *pass.executor;
  pass.kept = keep;
  pass.last_block = layers() == 0 ? LastBlock::all_tokens : options.last_block;
  if (const Index states = keep == Keep::for_backward ? layers() : 1; pass.blocks.size() < states)
    pass.blocks.resize(states); // never fewer, so that their memory stays
  pass.logits.resize({inputs, classes()});
  for (Index layer = 0; layer < layers(); ++layer) {
    BlockState<Scalar>& state = pass.blocks[keep == Keep::for_backward ? layer : 0];
    const Projections projections = layer == 0 ? options.first_projections : Projections::compute;
    if (layer + 1 < layers() || pass.last_block == LastBlock::all_tokens) {
      encoder_.forward(layer, pass.rows, pass.hidden, state, pass.workspace, hooks, executor, projections);
      continue;
    }
    pass.rows_read.clear();
    for (Index input = 0; input < inputs; ++input)
      pass.rows_read.append(read);
    pass.hidden_read.resize({inputs * read, width()});
    encoder_.forward_read(layer, pass.rows, read, pass.hidden, pass.hidden_read, state, pass.workspace, hooks,
                          executor, projections);
    head_.forward(pass.rows_read, pass.hidden_read, pass.head, pass.logits);
    return;
  }
  head_.forward(pass.rows, pass.hidden, pass.head, pass.logits);
}

template <class Scalar>
void SequenceClassifier<Scalar>::backward(Pass<Scalar>& pass, TensorView<const Scalar, 2> seeds,
                                          const Hooks<Scalar>& hooks, const BackwardOptions& options) const {
  if (pass.kept != Keep::for_backward)
    throw InvalidArgument("backward needs a forward pass with Keep::for_backward");
  if (seeds.shape() != Shape<2>{pass.rows.inputs(), classes()})
    throw InvalidArgument("the seeds have shape " + detail::to_string(seeds.shape()) + ", expected " +
                          detail::to_string(Shape<2>{pass.rows.inputs(), classes()}));
  const Serial serial;
  const Executor& executor = pass.executor == nullptr ? serial : *pass.executor;
  pass.gradient.resize({pass.rows.rows(), width()});
  const bool read_only = pass.last_block == LastBlock::tokens_read;
  if (read_only) {
    pass.hidden_read.resize({pass.rows_read.rows(), width()});
    head_.backward(pass.rows_read, pass.head, seeds, pass.hidden_read);
  } else {
    head_.backward(pass.rows, pass.head, seeds, pass.gradient);
  }
  for (Index layer = layers(); layer-- > options.first_layer;) {
    const InputGradient input_gradient =
        layer == options.first_layer ? options.input_gradient : InputGradient::compute;
    if (read_only && layer + 1 == layers())
      encoder_.backward_read(layer, pass.rows, pass.blocks[layer], pass.hidden_read, pass.gradient,
                             pass.workspace, hooks, executor, input_gradient);
    else
      encoder_.backward(layer, pass.rows, pass.blocks[layer], pass.gradient, pass.workspace, hooks, executor,
                        input_gradient);
  }
}

} // namespace regard::inline REGARD_ABI
