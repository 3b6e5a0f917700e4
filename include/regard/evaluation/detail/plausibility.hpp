// SPDX-License-Identifier: MIT
// Body of evaluation/plausibility.hpp.
#pragma once

#include <regard/evaluation/detail/statistics.hpp>
#include <regard/evaluation/plausibility.hpp>
#include <regard/evaluation/statistics.hpp>

namespace regard::inline REGARD_ABI {

namespace detail {

/// Runs of true, as [begin, end).
REGARD_LAZY
std::vector<TextSpan> runs(const std::vector<bool>& marks) {
  std::vector<TextSpan> found;
  for (Index i = 0; i < marks.size(); ++i)
    if (marks[i]) {
      if (i == 0 || !marks[i - 1])
        found.push_back({i, i});
      found.back().end = i + 1;
    }
  return found;
}

REGARD_LAZY
double intersection_over_union(const TextSpan& a, const TextSpan& b) {
  const Index begin = std::max(a.begin, b.begin), end = std::min(a.end, b.end);
  const Index common = begin < end ? end - begin : 0;
  return static_cast<double>(common) / static_cast<double>(a.end - a.begin + b.end - b.begin - common);
}

REGARD_LAZY
double share(Index part, Index whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

} // namespace detail

template <class Lazy>
std::vector<bool> rationale_players(const Explanation& why, std::span<const TextSpan> spans) {
  std::vector<bool> truth(why.players.size(), false);
  for (Index p = 0; p < why.players.size(); ++p)
    for (const Index t : why.players[p]) {
      const ExplainedToken& token = why.tokens.at(t);
      for (const TextSpan& span : spans)
        if (token.segment == 0 && token.begin < span.end && span.begin < token.end)
          truth[p] = true;
    }
  return truth;
}

template <class Lazy>
std::vector<bool> top_rationale(std::span<const double> scores, Index count) {
  const std::vector<Index> ranking = rank_descending(scores);
  std::vector<bool> marked(scores.size(), false);
  for (Index i = 0; i < std::min(count, ranking.size()); ++i)
    marked[ranking[i]] = true;
  return marked;
}

template <class Lazy>
PrecisionRecall token_overlap(const std::vector<bool>& marked, const std::vector<bool>& truth) {
  detail::check_same_size("rationale", marked.size(), truth.size());
  Index both = 0;
  for (Index i = 0; i < marked.size(); ++i)
    both += marked[i] && truth[i] ? 1 : 0;
  const auto count = [](const std::vector<bool>& marks) {
    return static_cast<Index>(std::count(marks.begin(), marks.end(), true));
  };
  return {detail::share(both, count(marked)), detail::share(both, count(truth))};
}

template <class Lazy>
PrecisionRecall span_overlap(const std::vector<bool>& marked, const std::vector<bool>& truth,
                             double threshold) {
  detail::check_same_size("rationale", marked.size(), truth.size());
  const std::vector<TextSpan> found = detail::runs(marked), expected = detail::runs(truth);
  Index right = 0;
  for (const TextSpan& span : found)
    right += std::any_of(expected.begin(), expected.end(), [&](const TextSpan& other) {
      return detail::intersection_over_union(span, other) >= threshold;
    });
  return {detail::share(right, found.size()), detail::share(right, expected.size())};
}

template <class Lazy>
std::optional<double> rationale_auprc(std::span<const double> scores, const std::vector<bool>& truth) {
  detail::check_same_size("rationale", scores.size(), truth.size());
  const std::vector<Index> ranking = rank_descending(scores);
  const auto positives = static_cast<double>(std::count(truth.begin(), truth.end(), true));
  if (positives == 0)
    return {};
  std::vector<double> recall{0}, precision{1};
  double hits = 0;
  for (Index i = 0; i < ranking.size(); ++i) {
    hits += truth[ranking[i]] ? 1 : 0;
    if (i + 1 < ranking.size() && scores[ranking[i + 1]] == scores[ranking[i]])
      continue;
    recall.push_back(hits / positives);
    precision.push_back(hits / static_cast<double>(i + 1));
  }
  return trapezoid_area(recall, precision);
}

} // namespace regard::inline REGARD_ABI
