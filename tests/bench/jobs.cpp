// SPDX-License-Identifier: MIT
// Our side of tests/bench/peers.py: one job on one model, run whenever a line comes in.
//
//     jobs JOB MODEL INPUT THREADS
//
// JOB is forward, backward (INPUT: a file of token ids, one input a line; of a ViT raw float pixels), mutual
// (texts, one a line), exact, kernel (the first line of a file of texts), or matrix (INPUT: number of
// players, MODEL is not read). Commands on standard input: `run N` runs the job N times and prints the
// seconds of one; `result FILE` writes what the last run computed as raw doubles.
#include <regard/all.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

using regard::Index;
using Scalar = float;

std::vector<std::string> read_lines(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      lines.push_back(line);
  if (lines.empty())
    throw regard::IoError(file + ": nothing to read");
  return lines;
}

/// A number that every entry of a tensor takes part in, the same on both sides.
template <std::size_t Rank>
double weigh(regard::TensorView<const Scalar, Rank> values) {
  double sum = 0;
  Index at = 0;
  for (const Scalar value : values)
    sum += static_cast<double>(value) * static_cast<double>(at++ % 7 + 1);
  return sum;
}

std::vector<regard::Encoding> inputs_of(const regard::TextClassifier<Scalar>&, const std::string& file) {
  std::vector<regard::Encoding> inputs;
  for (const std::string& line : read_lines(file)) {
    std::istringstream ids(line);
    regard::Encoding encoding;
    for (Index id = 0; ids >> id;)
      encoding.tokens.push_back({.id = id});
    inputs.push_back(encoding);
  }
  return inputs;
}

Index tokens_of(const regard::Encoding& encoding) {
  return encoding.tokens.size();
}

std::vector<regard::EncodedImage<Scalar>> inputs_of(const regard::ImageClassifier<Scalar>& model,
                                                    const std::string& file) {
  regard::EncodedImage<Scalar> image = model.encode(regard::ImageInput(regard::Image({32, 32, 3})));
  std::ifstream in(file, std::ios::binary);
  std::vector<regard::EncodedImage<Scalar>> inputs;
  const auto bytes = static_cast<std::streamsize>(image.pixels.size() * sizeof(Scalar));
  while (in.read(reinterpret_cast<char*>(image.pixels.data()), bytes))
    inputs.push_back(image);
  if (inputs.empty())
    throw regard::IoError(file + ": no image of " + std::to_string(bytes) + " bytes");
  return inputs;
}

Index tokens_of(const regard::EncodedImage<Scalar>& image) {
  return image.tokens();
}

/// Logits, all attentions and with `backward` all gradients of attentions and hidden states (of the largest
/// logit) of a ragged batch.
template <class Model>
class Passes {
 public:
  Passes(const Model& model, const std::string& file, bool backward, const regard::Executor& executor)
      : model_(model), inputs_(inputs_of(model, file)), backward_(backward), executor_(executor),
        passes_(executor.workers()), kept_(inputs_.size()) {}

  void run() {
    Index rows = 0;
    for (const auto& input : inputs_)
      rows += tokens_of(input);
    const auto ranges = regard::cut_batches(
        inputs_.size(), [&](Index i) { return tokens_of(inputs_[i]); },
        regard::batch_rows(rows, executor_.workers()));
    executor_.for_each(ranges.size(), [&](Index range, Index worker) {
      passes_[worker].executor = ranges.size() == 1 ? &executor_ : nullptr;
      run_range(ranges[range].begin, ranges[range].end, passes_[worker]);
    });
  }

  std::vector<double> result() const {
    std::vector<double> all;
    for (const regard::TraceWithGradients<Scalar>& kept : kept_) {
      all.insert(all.end(), kept.trace.logits.begin(), kept.trace.logits.end());
      for (Index layer = 0; layer < model_.classifier().layers(); ++layer) {
        all.push_back(weigh<3>(kept.trace.attention[layer]));
        if (backward_) {
          all.push_back(weigh<3>(kept.gradients.attention[layer]));
          all.push_back(weigh<2>(kept.gradients.hidden[layer + 1]));
        }
      }
    }
    return all;
  }

 private:
  void run_range(Index begin, Index end, regard::Pass<Scalar>& pass) {
    const auto& classifier = model_.classifier();
    pass.rows.clear();
    for (Index i = begin; i < end; ++i)
      pass.rows.append(tokens_of(inputs_[i]));
    pass.hidden.resize({pass.rows.rows(), classifier.width()});
    for (Index b = 0; b < end - begin; ++b) {
      model_.embed(inputs_[begin + b], pass.hidden.slice(pass.rows.begin(b), pass.rows.end(b)));
      const Index tokens = pass.rows.length(b);
      auto& [trace, gradients] = kept_[begin + b];
      trace.attention.resize({classifier.layers(), classifier.heads(), tokens, tokens});
      if (backward_) {
        gradients.attention.resize(trace.attention.shape());
        gradients.hidden.resize({classifier.layers() + 1, tokens, classifier.width()});
      }
    }
    regard::Hooks<Scalar> hooks;
    hooks.on_attention_applied = [&](Index layer, Index input, auto attention) {
      std::copy(attention.begin(), attention.end(), kept_[begin + input].trace.attention[layer].begin());
    };
    classifier.forward(pass, backward_ ? regard::Keep::for_backward : regard::Keep::nothing, hooks);
    for (Index b = 0; b < end - begin; ++b)
      kept_[begin + b].trace.logits = regard::Tensor<Scalar, 1>(pass.logits[b]);
    if (!backward_)
      return;
    regard::Tensor<Scalar, 2> seeds({end - begin, classifier.classes()});
    for (Index b = 0; b < end - begin; ++b) {
      const auto logits = pass.logits[b];
      seeds(b, static_cast<Index>(std::max_element(logits.begin(), logits.end()) - logits.begin())) = 1;
    }
    hooks = {};
    hooks.on_attention_gradient = [&](Index layer, Index input, auto, auto gradient) {
      std::copy(gradient.begin(), gradient.end(), kept_[begin + input].gradients.attention[layer].begin());
    };
    hooks.on_hidden_gradient = [&](Index layer, Index input, auto gradient) {
      std::copy(gradient.begin(), gradient.end(), kept_[begin + input].gradients.hidden[layer + 1].begin());
    };
    classifier.backward(pass, seeds, hooks);
    for (Index b = 0; b < end - begin; ++b) {
      const auto gradient = pass.gradient.slice(pass.rows.begin(b), pass.rows.end(b));
      std::copy(gradient.begin(), gradient.end(), kept_[begin + b].gradients.hidden[0].begin());
    }
  }

  const Model& model_;
  decltype(inputs_of(std::declval<const Model&>(), "")) inputs_;
  bool backward_;
  const regard::Executor& executor_;
  std::vector<regard::Pass<Scalar>> passes_;
  std::vector<regard::TraceWithGradients<Scalar>> kept_;
};

/// Answers the commands of the driver. `run` is timed, `result` gives what it computed.
template <class Run, class Result>
void serve(Run run, Result result) {
  std::cout << "ready" << std::endl;
  for (std::string command, argument; std::cin >> command >> argument;) {
    if (command == "run") {
      const auto times = std::stoi(argument);
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < times; ++i)
        run();
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
      std::printf("%.9g\n", seconds.count() / times);
      std::fflush(stdout);
    } else {
      const std::vector<double> all = result();
      std::ofstream(argument, std::ios::binary)
          .write(reinterpret_cast<const char*>(all.data()),
                 static_cast<std::streamsize>(all.size() * sizeof(double)));
      std::cout << all.size() << std::endl;
    }
  }
}

template <class Model>
void serve_passes(const Model& model, const std::string& input, bool backward,
                  const regard::Executor& executor) {
  Passes<Model> passes(model, input, backward, executor);
  serve([&] { passes.run(); }, [&] { return passes.result(); });
}

void serve_texts(const regard::TextClassifier<Scalar>& model, const std::string& job, const std::string& file,
                 const regard::Executor& executor) {
  const std::vector<std::string> lines = read_lines(file);
  std::vector<regard::TextInput> texts(lines.begin(), job == "mutual" ? lines.end() : lines.begin() + 1);
  const regard::Method method = job == "mutual"  ? regard::Method(regard::grad_attention_mutual{})
                                : job == "exact" ? regard::Method(regard::shapley_input{})
                                                 : regard::Method(regard::kernel_shap_input{.samples = 2048});
  std::vector<regard::Explanation> why;
  serve(
      [&] {
        why = regard::explain_all(model, std::span<const regard::TextInput>(texts), method, {}, executor);
      },
      [&] {
        std::vector<double> all;
        for (const regard::Explanation& explanation : why)
          all.insert(all.end(), explanation.values.begin(), explanation.values.end());
        return all;
      });
}

/// Rows of a softmax that anybody can compute.
void serve_matrix(Index players) {
  regard::Tensor<double, 2> matrix({players, players});
  for (Index i = 0; i < players; ++i) {
    double sum = 0;
    for (Index j = 0; j < players; ++j)
      sum += matrix(i, j) = static_cast<double>((i * 7919 + j * 104729 + i * j) % 1009 + 1);
    for (Index j = 0; j < players; ++j)
      matrix(i, j) /= sum;
  }
  std::vector<double> values;
  serve([&] { values = regard::shapley(regard::max_mutual_game(matrix)).values; }, [&] { return values; });
}

} // namespace

int main(int count, char** arguments) {
  if (count != 5) {
    std::cerr << "usage: jobs JOB MODEL INPUT THREADS\n";
    return 2;
  }
  const std::string job = arguments[1], model = arguments[2], input = arguments[3];
  try {
    const regard::Threads executor(std::stoul(arguments[4]));
    const bool backward = job == "backward";
    if (job == "matrix")
      serve_matrix(std::stoul(input));
    else if (job != "forward" && !backward)
      serve_texts(regard::load_text_classifier<Scalar>(model), job, input, executor);
    else if (std::filesystem::exists(std::filesystem::path(model) / "vocab.txt"))
      serve_passes(regard::load_text_classifier<Scalar>(model), input, backward, executor);
    else
      serve_passes(regard::load_image_classifier<Scalar>(model), input, backward, executor);
  } catch (const std::exception& error) {
    std::cerr << "jobs: " << error.what() << '\n';
    return 1;
  }
}
