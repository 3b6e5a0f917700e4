// SPDX-License-Identifier: MIT
// What a checkpoint folder holds.
#include <regard/checkpoint.hpp>

#include <iostream>

int main() {
  const std::string folder = "examples/models/bert-tiny-sst2";
  const auto config = regard::read_bert_config(regard::ConfigFile::open(folder + "/config.json"));
  std::cout << config.num_hidden_layers << " layers of width " << config.hidden_size << ", labels "
            << config.labels[0] << " and " << config.labels[1] << '\n';

  const auto checkpoint = regard::Checkpoint::open(folder); // mapped: nothing is read yet
  const auto bias = checkpoint.load<float, 1>("classifier.bias", {2});
  std::cout << checkpoint.names().size() << " tensors; classifier.bias has " << bias.extent(0)
            << " numbers\n";
  try {
    checkpoint.load<float, 1>("classifier.bias", {3});
  } catch (const regard::Error& error) {
    std::cout << error.what() << '\n';
  }
}
