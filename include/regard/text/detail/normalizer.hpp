// SPDX-License-Identifier: MIT
// BERT's normalisation as a stream: cleaning, spaces around ideographs, accent stripping, lower-casing, one
// code point after the other, each with the bytes of the original text that it stands for.
#pragma once

#include <regard/text/detail/unicode.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace regard::inline REGARD_ABI::detail {

/// Bytes [begin, end) of the original text.
struct Origin {
  Index begin = 0, end = 0;
};

struct NormalizerOptions {
  bool clean_text = true;
  bool ideographs_apart = true;
  bool strip_accents = true;
  bool lower_case = true;
};

/// Normalises one stretch of a text. The sink gets, in the order of the normalised text:
///
///     void ascii(std::string_view run, Index begin); // letters and digits as they stand in the text,
///                                                    // to be lower-cased by the sink where that is asked
///                                                    for
///     void character(char32_t code, Origin origin);  // anything else, finished
///
/// A character that becomes several gives its origin to each; one that is dropped leaves no trace in the
/// origins of its neighbours: NormalizedString of the tokenizers library aligns them so.
template <class Sink>
class Normalizer {
 public:
  /// @param base  where in the original text `text` begins.
  Normalizer(std::string_view text, Index base, const NormalizerOptions& options, Sink& sink)
      : text_(text), base_(base), options_(options), sink_(sink) {}

  void run() {
    while (at_ < text_.size()) {
      const Index begin = at_;
      while (at_ < text_.size() && is_ascii_word(text_[at_]))
        ++at_;
      if (at_ > begin) {
        sink_.ascii(text_.substr(begin, at_ - begin), base_ + begin);
        run_begin_ = at_ - 1;
        run_skip_ = 1;
      } else {
        step();
      }
    }
  }

 private:
  /// A code point between two starters, on its way through canonical ordering.
  struct Mark {
    char32_t code = 0;
    int combining_class = 0;
    unsigned kind = 0;
    bool inserted = false; // not the first of the decomposition of its character
  };

  static bool is_ascii_word(char byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
  }

  Origin origin(Index begin, Index size) const { return {base_ + begin, base_ + begin + size}; }

  void step() {
    const Index begin = at_;
    const Decoded decoded = decode(text_, at_);
    at_ += decoded.size;
    const Origin from = origin(begin, decoded.size);
    char32_t code = decoded.code;
    if (options_.clean_text) {
      const unsigned kind = kind_of(code);
      if (kind & removed_kind)
        return;
      if (kind & space_kind)
        code = ' ';
    }
    const bool apart = options_.ideographs_apart && is_ideograph(code);
    if (apart)
      sink_.character(' ', from);
    if (!options_.strip_accents)
      emit(code, from);
    else if (code < 0x80)
      start(code, from, begin, 1);
    else
      strip(code, from, begin);
    if (apart)
      sink_.character(' ', from);
  }

  /// A starter: marks that follow are ordered among themselves.
  void start(char32_t code, Origin from, Index begin, Index skip) {
    run_begin_ = begin;
    run_skip_ = skip;
    emit(code, from);
  }

  void strip(char32_t code, Origin from, Index begin) {
    const Decomposition parts = decompose(code);
    for (Index i = 0; i < parts.size; ++i) {
      const auto part = static_cast<char32_t>(parts.codes[i]);
      const unsigned kind = kind_of(part);
      if (combining_class(part, kind) == 0) {
        run_begin_ = begin;
        run_skip_ = i + 1;
        if ((kind & mark_kind) == 0)
          emit(part, from);
      } else if (kind & reordered_kind) {
        reorder();
        return;
      }
    }
  }

  /// Canonical ordering of the marks behind the last starter. Nearly all marks are dropped, and dropping
  /// needs no order; this is for the few that stay. After ordering, the k-th mark has the origin of the k-th
  /// character, whichever that was.
  void reorder() {
    std::vector<Mark> marks;
    std::vector<Origin> origins; // of the starter's character, then of each character of the run
    Index at = run_begin_;
    for (bool first = run_skip_ > 0; at < text_.size(); first = false) {
      const Decoded decoded = decode(text_, at);
      const unsigned kind = options_.clean_text ? kind_of(decoded.code) : 0u;
      const bool removed = kind & removed_kind;
      if (!removed && !append(decoded.code, first ? run_skip_ : 0, marks))
        break;
      if (!removed)
        origins.push_back(origin(at, decoded.size));
      at += decoded.size;
    }
    std::stable_sort(marks.begin(), marks.end(), [](const Mark& left, const Mark& right) {
      return left.combining_class < right.combining_class;
    });
    Index next = run_skip_ > 0 ? 1 : 0;
    for (const Mark& mark : marks) {
      next += mark.inserted ? 0 : 1;
      if ((mark.kind & mark_kind) == 0)
        emit(mark.code, origins[std::max<Index>(next, 1) - 1]);
    }
    at_ = at;
    run_begin_ = at;
    run_skip_ = 0;
  }

  /// @return false, and nothing appended, when the character begins with a starter.
  bool append(char32_t code, Index skip, std::vector<Mark>& marks) const {
    const Decomposition parts = decompose(code);
    for (Index i = skip; i < parts.size; ++i) {
      const auto part = static_cast<char32_t>(parts.codes[i]);
      const unsigned kind = kind_of(part);
      const int order = combining_class(part, kind);
      if (order == 0)
        return false;
      marks.push_back({part, order, kind, i > 0});
    }
    return true;
  }

  void emit(char32_t code, Origin from) {
    if (options_.lower_case && code == 0x130) { // the only character whose lower case is two
      sink_.character('i', from);
      sink_.character(0x307, from);
    } else {
      sink_.character(options_.lower_case ? lower_case(code) : code, from);
    }
  }

  std::string_view text_;
  Index base_;
  NormalizerOptions options_;
  Sink& sink_;
  Index at_ = 0;
  Index run_begin_ = 0; // the character that holds the last starter, in text_,
  Index run_skip_ = 0;  // and how much of its decomposition ends there; 0: no starter yet
};

} // namespace regard::inline REGARD_ABI::detail
