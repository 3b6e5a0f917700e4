// SPDX-License-Identifier: MIT
// Memory that loops work in, kept from one loop to the next.
#pragma once

#include <regard/version.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// Workspaces that are lent out one at a time; threads may share a stock. What a borrower finds in one is
/// what the last borrower left.
template <class T>
class Stock {
 public:
  /// A workspace, and the promise to give it back.
  class Loan {
   public:
    Loan(Stock& stock, std::unique_ptr<T> item) : stock_(stock), item_(std::move(item)) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() {
      const std::lock_guard lock(stock_.mutex_);
      --stock_.lent_;
      stock_.items_.push_back(std::move(item_)); // never allocates: room was made when it was taken
    }
    T& operator*() const { return *item_; }

   private:
    Stock& stock_;
    std::unique_ptr<T> item_;
  };

  Loan take() {
    const std::lock_guard lock(mutex_);
    items_.reserve(items_.size() + lent_ + 1);
    if (items_.empty())
      items_.push_back(std::make_unique<T>());
    std::unique_ptr<T> item = std::move(items_.back());
    items_.pop_back();
    ++lent_;
    return {*this, std::move(item)};
  }

 private:
  std::mutex mutex_;
  std::size_t lent_ = 0;
  std::vector<std::unique_ptr<T>> items_;
};

} // namespace regard::inline REGARD_ABI::detail
