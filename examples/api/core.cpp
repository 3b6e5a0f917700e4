// SPDX-License-Identifier: MIT
// Tensors, loops on several threads, random numbers by key, and errors.
#include <regard/core/error.hpp>
#include <regard/core/executor.hpp>
#include <regard/core/random.hpp>

#include <iostream>

int main() {
  regard::Tensor<double, 2> rows({1000, 3}); // zeros; row by row in memory
  const regard::Threads threads(2);
  threads.for_each(rows.extent(0), [&](regard::Index row, regard::Index) {
    regard::RandomStream random(7, row); // the same numbers on any number of threads
    for (double& x : rows[row])
      x = random.uniform();
  });
  std::cout << "mean " << std::round(100 * rows.matrix().mean()) / 100 << '\n'; // an Eigen map
  try {
    throw regard::MalformedFile("config.json", "hidden_size: found -1, expected an integer from 1 on");
  } catch (const regard::Error& error) {
    std::cout << error.what() << '\n';
  }
}
