// SPDX-License-Identifier: MIT
// Does an explanation point at what people point at? Agreement with human rationales, as the ERASER benchmark
// measures it (DeYoung et al. 2020).
//
//     const auto truth = regard::rationale_players(why, spans);          // which players people marked
//     const auto marked = regard::top_rationale(why.values, count);      // which the explanation marks
//     use(regard::token_overlap(marked, truth).f1(), regard::rationale_auprc(why.values, truth));
//
// It says nothing of what the model does: a faithful explanation of a wrong model is not plausible.
#pragma once

#include <regard/attribution/explanation.hpp>
#include <regard/evaluation/ranking.hpp>

#include <optional>

namespace regard::inline REGARD_ABI {

/// A part of a text: bytes `begin` to `end` (exclusive).
struct TextSpan {
  Index begin = 0;
  Index end = 0;
};

/// Which players hold a token that overlaps one of the spans of the (first) text.
REGARD_LAZY std::vector<bool> rationale_players(const Explanation& why, std::span<const TextSpan> spans);

/// The `count` best players by signed score, ties to the first: a rationale of that length. ERASER takes the
/// mean share of the data set's rationales for all of its texts.
REGARD_LAZY std::vector<bool> top_rationale(std::span<const double> scores, Index count);

/// Two shares and their harmonic mean, which is 0 where either is 0.
struct PrecisionRecall {
  double precision = 0; ///< of what the explanation marks, how much people marked too; 0 where it marks none
  double recall = 0; ///< of what people marked, how much the explanation marks too; 0 where they marked none
  double f1() const {
    return precision > 0 && recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
  }
};

/// Player by player. Throws InvalidArgument when sizes differ.
REGARD_LAZY PrecisionRecall token_overlap(const std::vector<bool>& marked, const std::vector<bool>& truth);

/// Span by span, a span being a run of neighbours: a marked span is right if its best intersection over union
/// with a true span is at least `threshold`. Precision divides the right spans by the marked ones, recall by
/// the true ones, as ERASER does. Throws InvalidArgument when sizes differ.
REGARD_LAZY PrecisionRecall span_overlap(const std::vector<bool>& marked, const std::vector<bool>& truth,
                                         double threshold = 0.5);

/// Area below the curve of precision over recall, by trapezoids, over the distinct scores from the largest on
/// and the point (0, 1): sklearn's auc(recall, precision) of precision_recall_curve. None where no player is
/// true. Throws InvalidArgument when sizes differ or a score is not finite.
REGARD_LAZY std::optional<double> rationale_auprc(std::span<const double> scores,
                                                  const std::vector<bool>& truth);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/evaluation/detail/plausibility.hpp>
#endif
