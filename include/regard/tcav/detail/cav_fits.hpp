// SPDX-License-Identifier: MIT
// All probes of one block: which fits share a metric, how they are cut into batches for the workers, and what
// becomes of their results.
#pragma once

#include <regard/shapley/confidence.hpp>
#include <regard/tcav/detail/cav_plan.hpp>
#include <regard/tcav/detail/probe_solver.hpp>

#include <map>

namespace regard::inline REGARD_ABI::detail {

/// The share of tokens that a probe gets right in an input that was held out.
struct HeldOut {
  Index input = 0;
  bool positive = false;
  double share = 0;
};

/// The fits of one concept, which share its positives and with them a centre: a metric and where to start.
struct FitGroup {
  const CavPlan<>::Member* member = nullptr;
  std::optional<Index> random = {}; ///< which of the member's random concepts; none: the member itself
  Index resamples = 0;
  bool same = false; ///< all fits are the same one

  Tensor<double, 2> vectors = {}; // [resamples, width]
  std::vector<ProbeStatus> statuses = {};
  std::vector<double> accuracies = {};
  std::vector<std::vector<HeldOut>> held_out = {};
};

template <class Real>
class LayerFits {
 public:
  LayerFits(const RowSource<Real>& source, const CavPlan<>& plan, const CavOptions& options)
      : source_(source), plan_(plan), options_(options) {
    for (const CavPlan<>::Member& member : plan.members())
      groups_.push_back({&member, {}, options.resamples, plan.exhausted(member)});
    own_ = groups_.size();
    std::map<Index, Index> by_size;
    for (const CavPlan<>::Member& member : plan.members()) {
      random_group_.push_back(none);
      if (plan.random_status(member) != TestStatus::tested)
        continue;
      const bool shared = options.negatives == Negatives::random;
      const auto [found, is_new] = by_size.try_emplace(member.size(), groups_.size());
      if (!shared || is_new) {
        found->second = groups_.size();
        for (Index k = 0; k < options.random_concepts; ++k)
          groups_.push_back({&member, k, random_resamples(member), plan.exhausted(member)});
      }
      random_group_.back() = found->second;
    }
  }

  /// @return false after a stop request.
  bool run(const Executor& executor) {
    for (FitGroup& group : groups_) {
      group.vectors.resize({group.resamples, source_.width});
      group.statuses.resize(group.resamples);
      group.accuracies.resize(group.resamples);
      group.held_out.resize(group.resamples);
    }
    struct Batch {
      FitGroup* group;
      const Solved<Real>* centre; ///< null: to be found first
      Index begin, end;
    };
    std::vector<Batch> batches;
    // The many resamples of a concept share a centre across batches; that of a random concept, which has few,
    // comes and goes with its batch, so that there are never many of them.
    std::vector<Solved<Real>> centres(own_);
    for (Index g = 0; g < groups_.size(); ++g) {
      constexpr Index batch = 25; // of fits whose weights and gradients stay in the cache beside the rows
      const Index size = g < own_ ? batch : groups_[g].resamples;
      for (Index begin = 0; begin < groups_[g].resamples; begin += size)
        batches.push_back({&groups_[g], g < own_ ? &centres[g] : nullptr, begin,
                           std::min(begin + size, groups_[g].resamples)});
    }
    const bool pattern = options_.probe.probe == Probe::pattern;
    return (pattern ||
            executor.for_each(
                own_, [&](Index g, Index) { centres[g] = find_centre(groups_[g]); }, options_.stop)) &&
           executor.for_each(
               batches.size(),
               [&](Index b, Index) {
                 const Batch& batch = batches[b];
                 if (pattern)
                   run_batch(*batch.group, nullptr, batch.begin, batch.end);
                 else if (batch.centre != nullptr)
                   run_batch(*batch.group, batch.centre, batch.begin, batch.end);
                 else
                   run_batch(*batch.group, std::make_unique<Solved<Real>>(find_centre(*batch.group)).get(),
                             batch.begin, batch.end);
               },
               options_.stop);
  }

  /// The results by member; moves them out.
  std::vector<CavSet> take(Index layer) {
    std::map<Index, std::shared_ptr<const RandomCavs>> random;
    std::vector<CavSet> sets;
    for (Index m = 0; m < own_; ++m) {
      FitGroup& group = groups_[m];
      CavSet set;
      set.concept_name = group.member->name;
      set.layer = layer;
      set.negatives_exhausted = group.same;
      for (const ProbeStatus status : group.statuses) {
        set.no_direction = set.no_direction || status == ProbeStatus::no_direction;
        set.not_converged = set.not_converged || status == ProbeStatus::not_converged;
      }
      if (!group.held_out[0].empty()) {
        set.accuracies = std::move(group.accuracies);
        set.chance = is_chance(group.held_out);
      }
      set.vectors = std::move(group.vectors);
      set.random_status = plan_.random_status(*group.member);
      if (const Index g = random_group_[m]; g != none) {
        std::shared_ptr<const RandomCavs>& cavs = random[g];
        if (!cavs) {
          auto made = std::make_shared<RandomCavs>();
          made->vectors.resize({options_.random_concepts, groups_[g].resamples, source_.width});
          for (Index k = 0; k < options_.random_concepts; ++k)
            std::copy(groups_[g + k].vectors.begin(), groups_[g + k].vectors.end(), made->vectors[k].begin());
          made->overlap = plan_.overlap(*group.member);
          cavs = std::move(made);
        }
        set.random = cavs;
      }
      sets.push_back(std::move(set));
    }
    return sets;
  }

 private:
  static constexpr Index none = static_cast<Index>(-1);

  /// Where negatives are exhausted, all resamples would be the same.
  Index random_resamples(const CavPlan<>::Member& member) const {
    return plan_.exhausted(member) ? 1 : std::min(options_.random_resamples, options_.resamples);
  }

  Example example(const FitGroup& group, Index resample) const {
    return group.random ? plan_.random_example(*group.member, *group.random, resample)
                        : plan_.example(*group.member, resample);
  }

  Sides sides(const Example& example) const {
    Sides sides(source_.inputs(), 0.0);
    for (const Index input : example.positives)
      sides[input] = 1;
    for (const Index input : example.negatives)
      sides[input] = -1;
    return sides;
  }

  /// The fit on all that a group draws from, each input with its share of the draws: close to each of its
  /// fits, and the same where nothing is left to draw.
  Solved<Real> find_centre(const FitGroup& group) const {
    const std::vector<Index> positives = example(group, 0).positives;
    std::vector<Index> from = plan_.candidates(*group.member);
    if (group.random && options_.negatives == Negatives::random)
      std::erase_if(from, [&](Index i) { return std::ranges::binary_search(positives, i); });
    Sides sides(source_.inputs(), 0.0);
    for (const Index i : from)
      sides[i] = -std::min(1.0, static_cast<double>(group.member->size()) / static_cast<double>(from.size()));
    for (const Index i : positives)
      sides[i] = 1;
    return solve_alone<Real>(source_, sides, options_.probe.probe,
                             Weights<Real>::Zero(static_cast<Eigen::Index>(source_.width + 1)),
                             group.same ? options_.probe.tolerance : std::max(1e-3, options_.probe.tolerance),
                             options_.probe.max_passes);
  }

  /// Fits from given starts; those that the shared metric does not lead there get their own.
  struct Fit {
    Weights<Real> weights;
    bool converged = false;
  };
  std::vector<Fit> fit(const Solved<Real>* centre, const std::vector<Sides>& sides,
                       const std::vector<Weights<Real>>& starts, double tolerance) const {
    std::vector<Fit> fits(sides.size());
    if (options_.probe.probe == Probe::pattern) {
      for (Index i = 0; i < sides.size(); ++i)
        fits[i] = {mean_difference(source_, sides[i]), true};
      return fits;
    }
    std::vector<FitState<Real>> states;
    std::vector<const Sides*> pointers;
    for (Index i = 0; i < sides.size(); ++i) {
      states.emplace_back(centre->metric, starts[i], tolerance);
      pointers.push_back(&sides[i]);
    }
    run_fits<Real>(source_, pointers, options_.probe.probe, states,
                   std::min<Index>(60, options_.probe.max_passes));
    for (Index i = 0; i < sides.size(); ++i) {
      fits[i] = {states[i].best(), states[i].converged()};
      if (!fits[i].converged && states[i].passes() < options_.probe.max_passes) {
        Solved<Real> alone = solve_alone<Real>(source_, sides[i], options_.probe.probe, fits[i].weights,
                                               tolerance, options_.probe.max_passes - states[i].passes());
        fits[i] = {std::move(alone.weights), alone.converged};
      }
    }
    return fits;
  }

  /// @param centre  null for the pattern probe, which has none
  void run_batch(FitGroup& group, const Solved<Real>* centre, Index begin, Index end) const {
    std::vector<Example> examples;
    std::vector<Sides> all;
    for (Index resample = begin; resample < end; ++resample) {
      examples.push_back(example(group, resample));
      all.push_back(sides(examples.back()));
    }
    std::vector<Fit> fits;
    if (group.same && centre != nullptr)
      fits.assign(all.size(), {centre->weights, centre->converged});
    else
      fits =
          fit(centre, all, std::vector<Weights<Real>>(all.size(), centre ? centre->weights : Weights<Real>()),
              options_.probe.tolerance);
    const double row_scale = centre != nullptr ? centre->metric.row_scale : 1e300;
    std::vector<Weights<Real>> weights;
    for (Index i = 0; i < fits.size(); ++i) {
      const FittedProbe probe = fitted_probe(fits[i].weights, row_scale, fits[i].converged, 0);
      std::copy(probe.direction.begin(), probe.direction.end(), group.vectors[begin + i].begin());
      group.statuses[begin + i] = probe.status;
      weights.push_back(std::move(fits[i].weights));
    }
    if (options_.validate && !group.random)
      validate(group, centre, begin, examples, std::move(all), weights);
  }

  /// The second, split fit. It starts at the first one, which has seen what is held out, and ends far closer
  /// to its own optimum than the two are to each other.
  void validate(FitGroup& group, const Solved<Real>* centre, Index begin,
                const std::vector<Example>& examples, std::vector<Sides> all,
                const std::vector<Weights<Real>>& starts) const {
    std::vector<Example> out;
    for (Index i = 0; i < examples.size(); ++i) {
      out.push_back(plan_.held_out(*group.member, examples[i], begin + i));
      for (const auto* inputs : {&out[i].positives, &out[i].negatives})
        for (const Index input : *inputs)
          all[i][input] = 0;
    }
    if (out[0].positives.empty())
      return;
    const std::vector<Fit> fits = fit(centre, all, starts, std::max(1e-3, options_.probe.tolerance));
    std::vector<Real> rows(source_.longest() * source_.width);
    for (Index i = 0; i < fits.size(); ++i) {
      double sides[2] = {0, 0};
      for (const bool positive : {true, false}) {
        const std::vector<Index>& inputs = positive ? out[i].positives : out[i].negatives;
        for (const Index input : inputs) {
          source_.load(input, rows.data());
          Index right = 0;
          for (Index r = 0; r < source_.counts[input]; ++r)
            right +=
                (decision(rows.data() + r * source_.width, source_.width, fits[i].weights) > 0) == positive
                    ? 1
                    : 0;
          const double share = static_cast<double>(right) / static_cast<double>(source_.counts[input]);
          sides[positive] += share / static_cast<double>(inputs.size());
          group.held_out[begin + i].push_back({input, positive, share});
        }
      }
      group.accuracies[begin + i] = (sides[0] + sides[1]) / 2;
    }
  }

  /// One-sided test of the accuracy, with inputs as the units: each counts by its mean share over the
  /// resamples that held it out.
  static bool is_chance(const std::vector<std::vector<HeldOut>>& resamples) {
    std::map<Index, Moments> means[2];
    for (const auto& resample : resamples)
      for (const HeldOut& out : resample) {
        Moments& mean = means[out.positive][out.input];
        mean.count += 1;
        mean.mean += out.share;
      }
    double accuracy = 0, variance = 0, degrees = 0;
    for (const auto& side : means) {
      std::vector<double> shares;
      shares.reserve(side.size());
      for (const auto& [input, mean] : side)
        shares.push_back(mean.mean / mean.count);
      const Moments m = moments(shares);
      accuracy += m.mean / 2;
      if (m.count > 1)
        variance += m.variance() / m.count / 4;
      degrees += m.count - 1;
    }
    if (degrees == 0)
      return !(accuracy > 0.5);
    return !(accuracy - student_t_quantile(0.95, degrees) * std::sqrt(variance) > 0.5);
  }

  const RowSource<Real>& source_;
  const CavPlan<>& plan_;
  const CavOptions& options_;
  std::vector<FitGroup> groups_;
  Index own_ = 0;
  std::vector<Index> random_group_; // by member; `none` without
};

} // namespace regard::inline REGARD_ABI::detail
