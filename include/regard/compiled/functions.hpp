// SPDX-License-Identifier: MIT
// Part of regard/compiled.hpp: functions that depend on no scalar type.
#pragma once

#if defined(REGARD_COMPILED)
#error "the files that hold the bodies are compiled without REGARD_COMPILED"
#endif

#define REGARD_COMPILING // the bodies that are no templates; before all other headers

#include <regard/all.hpp>

namespace regard::inline REGARD_ABI {

// regard/attribution/assign_scores.hpp
template void assign_scores(Explanation& why, std::vector<double> values);

// regard/checkpoint/checkpoint.hpp
template Checkpoint Checkpoint::open(const std::filesystem::path& folder, Mapping mapping);
template std::vector<std::string> Checkpoint::names() const;
template Index Checkpoint::count_layers(std::string_view stem) const;
template void Checkpoint::open_shards(const std::filesystem::path& index, Mapping mapping);

// regard/checkpoint/config.hpp
template ConfigFile ConfigFile::open(const std::filesystem::path& path);
template ConfigFile ConfigFile::parse(std::string_view text, std::string file);
template std::int64_t ConfigFile::integer(std::string_view key, std::int64_t least, std::int64_t most,
                                          std::optional<std::int64_t> fallback) const;
template double ConfigFile::number(std::string_view key, double least, std::optional<double> fallback) const;
template std::string ConfigFile::string(std::string_view key, std::optional<std::string> fallback) const;
template bool ConfigFile::boolean(std::string_view key, std::optional<bool> fallback) const;
template std::size_t ConfigFile::choice(std::string_view key, std::span<const std::string_view> choices,
                                        std::optional<std::size_t> fallback) const;
template void ConfigFile::fail(std::string_view key, const std::string& found,
                               const std::string& expected) const;
template ConfigFile::ConfigFile(std::string file, std::span<const std::byte> text);
template BertConfig read_bert_config(const ConfigFile& file);

// regard/checkpoint/safetensors.hpp
template std::string_view to_string(DataType type);
template std::optional<DataType> find_data_type(std::string_view name);
template Index bits_per_element(DataType type);
template SafeTensors SafeTensors::open(const std::filesystem::path& path, Mapping mapping);
template SafeTensors SafeTensors::read(std::span<const std::byte> bytes, std::string file,
                                       std::shared_ptr<const void> keep_alive);
template std::vector<std::string> SafeTensors::names() const;

// regard/checkpoint/tensor_reader.hpp
template bool TensorReader::contains(std::string_view name) const;
template void TensorReader::require_layers(std::string_view stem, std::string_view key, Index layers) const;
template std::vector<std::string> TensorReader::unused() const;
template std::vector<std::string> TensorReader::finish(const std::vector<std::string>& ignorable) const;
template detail::FoundTensor TensorReader::find(std::string_view name) const;

// regard/checkpoint/vit_config.hpp
template ViTConfig read_vit_config(const ConfigFile& file);

// regard/checkpoint/weights.hpp
template bool is_weight_type(DataType type);

// regard/checkpoint/write_safetensors.hpp
template std::string safetensors_bytes(std::vector<NamedTensor> tensors);
template void write_safetensors(const std::filesystem::path& path, std::vector<NamedTensor> tensors);

// regard/evaluation/comparison.hpp
template void MethodScores::add(Index label, Index prediction,
                                std::span<const std::optional<double>> input_values);
template Comparison compare(const MethodScores& scores, const ComparisonOptions& options);

// regard/evaluation/faithfulness.hpp
template Faithfulness faithfulness(MaskedPredictions& predictions, std::span<const double> scores,
                                   Index target, const FaithfulnessOptions& options);
template std::vector<MutableCoalition> faithfulness_inputs(std::span<const double> scores,
                                                           const FaithfulnessOptions& options);
template double comprehensiveness(MaskedPredictions& predictions, std::span<const double> scores,
                                  Index target, std::span<const Index> percentages, AopcDivisor divisor);
template double sufficiency(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                            std::span<const Index> percentages, AopcDivisor divisor);
template Index kept_label(MaskedPredictions& predictions, std::span<const double> scores, Index percentage);
template double log_odds(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                         Index percentage);
template PerturbationCurve deletion_curve(MaskedPredictions& predictions, std::span<const double> scores,
                                          Index target, Index steps);
template PerturbationCurve insertion_curve(MaskedPredictions& predictions, std::span<const double> scores,
                                           Index target, Index steps);
template Monotonicity monotonicity(MaskedPredictions& predictions, std::span<const double> scores,
                                   Index target, Index steps);
template double infidelity(MaskedPredictions& predictions, std::span<const double> scores, Index target,
                           const InfidelityOptions& options);
template std::vector<MutableCoalition> infidelity_inputs(Index players, const InfidelityOptions& options);

// regard/evaluation/masked_predictions.hpp
template MaskedPredictions::MaskedPredictions(Index players, Index classes, Evaluate evaluate,
                                              ProblemType problem);
template void MaskedPredictions::evaluate(std::span<const MutableCoalition> coalitions);
template std::span<const double> MaskedPredictions::logits(const Coalition& visible);
template double MaskedPredictions::probability(const Coalition& visible, Index target);
template double MaskedPredictions::log_probability(const Coalition& visible, Index target);
template Index MaskedPredictions::label(const Coalition& visible);

// regard/evaluation/plausibility.hpp
template std::vector<bool> rationale_players(const Explanation& why, std::span<const TextSpan> spans);
template std::vector<bool> top_rationale(std::span<const double> scores, Index count);
template PrecisionRecall token_overlap(const std::vector<bool>& marked, const std::vector<bool>& truth);
template PrecisionRecall span_overlap(const std::vector<bool>& marked, const std::vector<bool>& truth,
                                      double threshold);
template std::optional<double> rationale_auprc(std::span<const double> scores,
                                               const std::vector<bool>& truth);

// regard/evaluation/statistics.hpp
template Bootstrap::Bootstrap(Index inputs, const BootstrapOptions& options);
template std::optional<Interval> Bootstrap::interval(const Statistic& statistic) const;
template std::optional<Interval> Bootstrap::mean(std::span<const std::optional<double>> values) const;
template std::optional<Interval> Bootstrap::mean(std::span<const double> values) const;
template Bootstrap::Statistic weighted_mean(std::span<const std::optional<double>> values);
template std::optional<F1> f1_scores(std::span<const Index> predicted, std::span<const Index> actual,
                                     std::span<const double> weights);
template std::optional<double> spearman(std::span<const double> a, std::span<const double> b);
template std::optional<double> kendall(std::span<const double> a, std::span<const double> b);
template double trapezoid_area(std::span<const double> x, std::span<const double> y);

// regard/image/processor.hpp
template ImageSize ImageProcessor::output_size(ImageSize image) const;
template ImageSize ImageProcessor::resized(ImageSize image) const;
template ImageProcessor load_image_processor(const std::filesystem::path& folder);

// regard/report/comparison.hpp
template std::string terminal(const ComparisonReport& report, TerminalOptions options);
template std::string csv(const ComparisonReport& report);
template std::string json(const ComparisonReport& report);
template std::string svg(const ComparisonReport& report, std::span<const std::string> metrics);
template std::string agreement_svg(const ComparisonReport& report);
template std::string html(const ComparisonReport& report);
template void write_html(const std::filesystem::path& path, const ComparisonReport& report);

// regard/report/concepts.hpp
template std::string json(const ConceptReport& report);
template std::string terminal(const ConceptReport& report, TerminalOptions options);
template std::string html(const ConceptReport& report);
template void write_html(const std::filesystem::path& path, const ConceptReport& report);

// regard/report/html.hpp
template std::string html(const Explanation& why);
template std::string html(std::span<const Explanation> explanations);
template void write_html(const std::filesystem::path& path, const Explanation& why);
template void write_html(const std::filesystem::path& path, std::span<const Explanation> explanations);

// regard/report/image_html.hpp
template std::string html(const Explanation& why, const Image& image);
template void write_html(const std::filesystem::path& path, const Explanation& why, const Image& image);
template std::string concept_figure(const Explanation& heat_map, const Image& image);

// regard/report/json.hpp
template std::string json(const Explanation& why);

// regard/report/overlay.hpp
template Image overlay(const Explanation& why, const Image& image, const OverlayOptions& options);

// regard/report/terminal.hpp
template std::string terminal(const Explanation& why, TerminalOptions options);

// regard/shapley/aggregate.hpp
template AttentionAccumulator::AttentionAccumulator(Index tokens, std::span<const Index> players,
                                                    Index class_token);
template void AttentionAccumulator::add(TensorView<const float, 3> attention);
template void AttentionAccumulator::add(TensorView<const double, 3> attention);
template void AttentionAccumulator::add(TensorView<const float, 3> attention,
                                        TensorView<const float, 3> gradient);
template void AttentionAccumulator::add(TensorView<const double, 3> attention,
                                        TensorView<const double, 3> gradient);
template AggregatedAttention AttentionAccumulator::result() const;
template void AttentionAccumulator::check_layer(const Shape<3>& shape, Kind kind);
template double AttentionAccumulator::mean(double sum, Index query, Index key) const;
template AggregatedAttention aggregate(TensorView<const float, 4> attention, std::span<const Index> players,
                                       const AggregateOptions& options);
template AggregatedAttention aggregate(TensorView<const double, 4> attention, std::span<const Index> players,
                                       const AggregateOptions& options);
template AggregatedAttention aggregate(TensorView<const float, 4> attention,
                                       TensorView<const float, 4> gradients, std::span<const Index> players,
                                       const AggregateOptions& options);
template AggregatedAttention aggregate(TensorView<const double, 4> attention,
                                       TensorView<const double, 4> gradients, std::span<const Index> players,
                                       const AggregateOptions& options);

// regard/shapley/attention_games.hpp
template std::string_view to_string(Singleton singleton);
template AdditiveGame::AdditiveGame(std::vector<double> weights);
template double AdditiveGame::value(Coalition coalition) const;
template double PairwiseGame::value(Coalition coalition) const;
template std::vector<double> PairwiseGame::shapley_values() const;
template double PairwiseGame::pair(Index i, Index j) const;

// regard/shapley/coalition.hpp
template std::vector<Index> Coalition::members() const;
template void Coalition::check_words() const;
template MutableCoalition MutableCoalition::full(Index players);
template void MutableCoalition::assign(const Coalition& other);
template std::string to_string(const Coalition& coalition);

// regard/shapley/confidence.hpp
template double student_t_quantile(double probability, double degrees_of_freedom);
template std::optional<std::vector<Interval>> confidence_intervals(const ShapleyResult& result, double level);

// regard/shapley/interactions.hpp
template InteractionIndex interaction_named(std::string_view name);

// regard/shapley/options.hpp
template Solver solver_named(std::string_view name);

// regard/shapley/partition_tree.hpp
template PartitionTree::PartitionTree(Index players, std::vector<std::vector<Index>> merges);
template PartitionTree PartitionTree::groups(Index players, std::span<const std::vector<Index>> groups);
template PartitionTree PartitionTree::halves(Index players);
template bool PartitionTree::binary() const;
template void PartitionTree::check() const;
template std::string PartitionTree::name(Index node) const;
template PartitionTree text_partition_tree(std::span<const std::string> pieces,
                                           std::span<const std::string> separators);

// regard/shapley/result.hpp
template std::string_view to_string(Status status);
template bool degenerate(std::span<const double> values, double tolerance);

// regard/tcav/cav_files.hpp
template void save_cavs(const std::filesystem::path& folder, const Cavs& cavs, std::uint64_t model);
template Cavs load_cavs(const std::filesystem::path& folder, std::uint64_t model);

// regard/tcav/cavs.hpp
template std::string_view to_string(Negatives negatives);

// regard/tcav/concept_scores.hpp
template std::vector<ConceptScore> concept_scores(const Cavs& cavs, const PooledGradients& pooled,
                                                  const ScoreOptions& options);

// regard/tcav/probe.hpp
template std::string_view to_string(Probe probe);
template std::optional<Probe> find_probe(std::string_view name);
template std::string_view to_string(ProbeStatus status);

// regard/text/load.hpp
template WordPieceTokenizer load_wordpiece(const std::filesystem::path& folder);

// regard/text/wordpiece.hpp
template WordPieceTokenizer::WordPieceTokenizer(std::vector<std::string> vocabulary,
                                                WordPieceOptions options);
template Encoding WordPieceTokenizer::encode(std::string_view text, Index max_length) const;
template Encoding WordPieceTokenizer::encode(std::string_view text, std::string_view pair,
                                             Index max_length) const;
template std::string_view WordPieceTokenizer::piece(Index id) const;
template std::optional<Index> WordPieceTokenizer::id(std::string_view piece) const;
template void WordPieceTokenizer::add_rule(const AddedToken& token);
template Index WordPieceTokenizer::limit(Index max_length, Index special_tokens) const;
template WordPieceTokenizer::Segment WordPieceTokenizer::split(std::string_view text, Index segment,
                                                               Index budget) const;

// regard/core/executor.hpp
template class ThreadPool<>;

} // namespace regard::inline REGARD_ABI
