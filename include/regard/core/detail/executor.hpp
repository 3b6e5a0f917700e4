// SPDX-License-Identifier: MIT
// Body of core/executor.hpp.
#pragma once

#include <regard/core/executor.hpp>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Which pool this thread is working for, and as which worker: what makes a nested loop run inline.
struct CurrentWorker {
  const void* pool = nullptr;
  Index worker = 0;
};

inline CurrentWorker& current_worker() {
  thread_local CurrentWorker current;
  return current;
}

/// One parallel loop while it runs.
REGARD_LAZY
struct Loop {
  Index count;
  const Executor::Body& body;
  std::stop_token stop;
  std::atomic<Index> next{0};
  std::atomic<Index> end; // no item from here on is started
  std::atomic<bool> stopped{false};
  std::mutex mutex;
  Index failed_item;
  std::exception_ptr failure;

  Loop(Index items, const Executor::Body& what, std::stop_token token)
      : count(items), body(what), stop(std::move(token)), end(items), failed_item(items) {}

  // Items are taken in increasing order, so every item below a failing one has been taken before it and ends:
  // the lowest failing item is the same in every run.
  void work(Index worker) {
    for (;;) {
      if (stop.stop_requested()) {
        stopped = true;
        return;
      }
      const Index item = next.fetch_add(1);
      if (item >= end.load())
        return;
      try {
        body(item, worker);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (item < failed_item) {
          failed_item = item;
          failure = std::current_exception();
          end = item;
        }
      }
    }
  }
};

} // namespace detail

template <class Lazy>
struct ThreadPool<Lazy>::Pool {
  std::mutex one_loop; // held by the thread whose loop runs
  std::mutex mutex;
  std::condition_variable wake;
  std::condition_variable done;
  detail::Loop<>* loop = nullptr;
  std::uint64_t generation = 0;
  Index running = 0;
  bool closing = false;
  std::vector<std::thread> threads;

  void serve(Index worker) {
    detail::current_worker() = {this, worker};
    std::uint64_t seen = 0;
    std::unique_lock lock(mutex);
    for (;;) {
      wake.wait(lock, [&] { return closing || generation != seen; });
      if (closing)
        return;
      seen = generation;
      detail::Loop<>* current = loop;
      lock.unlock();
      current->work(worker);
      lock.lock();
      if (--running == 0)
        done.notify_one();
    }
  }

  void close() {
    {
      const std::lock_guard lock(mutex);
      closing = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads)
      thread.join();
  }
};

template <class Lazy>
ThreadPool<Lazy>::ThreadPool(Index count) : pool_(std::make_unique<Pool>()) {
  if (count == 0)
    count = std::max(1u, std::thread::hardware_concurrency());
  try {
    for (Index worker = 1; worker < count; ++worker)
      pool_->threads.emplace_back([pool = pool_.get(), worker] { pool->serve(worker); });
  } catch (...) {
    pool_->close();
    throw;
  }
}

template <class Lazy>
ThreadPool<Lazy>::~ThreadPool() {
  pool_->close();
}

template <class Lazy>
Index ThreadPool<Lazy>::workers() const {
  return pool_->threads.size() + 1;
}

template <class Lazy>
bool ThreadPool<Lazy>::for_each(Index count, const Body& body, std::stop_token stop) const {
  detail::CurrentWorker& current = detail::current_worker();
  detail::Loop<> loop(count, body, std::move(stop));
  const bool nested = current.pool == pool_.get();
  if (nested) {
    loop.work(current.worker);
  } else {
    const std::lock_guard one_loop(pool_->one_loop);
    const bool parallel = count > 1 && !pool_->threads.empty();
    if (parallel) {
      const std::lock_guard lock(pool_->mutex);
      pool_->loop = &loop;
      pool_->running = pool_->threads.size();
      ++pool_->generation;
    }
    if (parallel)
      pool_->wake.notify_all();
    const detail::CurrentWorker outer = current;
    current = {pool_.get(), 0};
    loop.work(0);
    current = outer;
    if (parallel) {
      std::unique_lock lock(pool_->mutex);
      pool_->done.wait(lock, [&] { return pool_->running == 0; });
    }
  }
  if (loop.failure)
    std::rethrow_exception(loop.failure);
  return !loop.stopped || loop.next.load() >= count;
}

} // namespace regard::inline REGARD_ABI
