// SPDX-License-Identifier: MIT
// Where loops run. An executor is an argument, never a global: `Serial` runs a loop in the calling thread,
// `Threads` on a pool of its own. Results never depend on which one is used.
//
//     regard::Threads threads(2);
//     threads.for_each(sentences.size(), [&](regard::Index item, regard::Index worker) {
//       results[item] = explain(sentences[item], workspaces[worker]);
//     });
#pragma once

#include <regard/tensor.hpp>

#include <functional>
#include <memory>
#include <stop_token>

namespace regard::inline REGARD_ABI {

/// Runs the items of a loop. `for_each` returns when every started item has ended.
class Executor {
 public:
  /// What to run for an item; `worker` < `workers()` is not used by two running items at once, so it can
  /// index workspaces.
  using Body = std::function<void(Index item, Index worker)>;

  virtual ~Executor() = default;

  /// How many items may run at the same time, at least 1.
  virtual Index workers() const = 0;

  /// Runs `body` for items 0, ..., count - 1, taken in increasing order. A call from inside a body of the
  /// same executor runs inline; bodies of two pools that start loops on each other wait for ever. When bodies
  /// throw, no further item is started and the exception of the lowest item is rethrown. After a stop request
  /// no further item is started.
  /// @return true when every item ran, false when `stop` ended the loop early.
  virtual bool for_each(Index count, const Body& body, std::stop_token stop = {}) const = 0;
};

/// Runs every loop in the calling thread.
class Serial final : public Executor {
 public:
  Index workers() const override { return 1; }
  bool for_each(Index count, const Body& body, std::stop_token stop = {}) const override {
    for (Index item = 0; item < count; ++item) {
      if (stop.stop_requested())
        return false;
      body(item, 0);
    }
    return true;
  }
};

/// Runs loops on `count` workers: the calling thread and count - 1 threads that live as long as this object.
/// Loops that several threads start on one object run one after the other.
REGARD_LAZY
class ThreadPool final : public Executor {
 public:
  /// @param count  number of workers; 0 means one for each processor.
  explicit ThreadPool(Index count = 0);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  Index workers() const override;
  bool for_each(Index count, const Body& body, std::stop_token stop = {}) const override;

 private:
  struct Pool;
  std::unique_ptr<Pool> pool_;
};

/// The name to use: `regard::Threads threads(2);`
using Threads = ThreadPool<>;

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/core/detail/executor.hpp>
#endif
