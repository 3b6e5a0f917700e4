// SPDX-License-Identifier: MIT
// Explains why an image classifier gave a picture its label: a value for each patch.
//
//     explain_image --image photo.jpg --overlay why.png --html why.html
//     explain_image --image photo.jpg --method kernel-shap --super-patch 2 --format json
#include "support/methods.hpp"

#include <regard/image.hpp>
#include <regard/report/json.hpp>
#include <regard/report/terminal.hpp>

namespace {

struct Options {
  program::CommonOptions common;
  program::MethodOptions method;
  std::string model, image, overlay, html;
  std::size_t super_patch = 1;
  bool interpolate = false, list_methods = false;
};

regard::Method parse_method(const Options& options) {
  regard::Method method = program::parse_method(options.method);
  std::visit([&](auto& chosen) { chosen.super_patch = options.super_patch; }, method);
  return method;
}

void explain(const Options& options, const char* program_path) {
  program::Output output(options.common.output);
  program::check_files(
      {{"--output", options.common.output}, {"--overlay", options.overlay}, {"--html", options.html}});
  const regard::Method method = parse_method(options);
  const std::filesystem::path folder = options.model.empty()
                                           ? program::bundled_model(program_path, "vit-small-cifar10")
                                           : std::filesystem::path(options.model);
  regard::ImageClassifierOptions load;
  if (options.interpolate)
    load.positions = regard::PositionEmbeddings::interpolated;
  const auto model = regard::load_image_classifier<float>(folder, load);
  const regard::ImageInput input(regard::load_image(options.image), options.image);
  const regard::Threads threads(options.common.threads);
  const regard::Explanation why = regard::explain(
      model, input, method, {program::parse_target(options.method.target), options.common.seed, {}}, threads);
  output.write(options.common.json() ? regard::json(why) + "\n"
                                     : regard::terminal(why, {.color = output.color()}));
  if (!options.overlay.empty())
    regard::write_png(options.overlay, regard::overlay(why, input.pixels));
  if (!options.html.empty())
    regard::write_html(options.html, why, input.pixels);
  output.finish();
}

} // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app{"Explains why an image classifier gave a picture its label.", "explain_image"};
  app.set_version_flag("--version", regard::version);
  app.add_option("--model", options.model,
                 "checkpoint folder of a ViT or DeiT in Hugging Face layout (default: the bundled model)");
  auto* image = app.add_option("--image", options.image, "the picture: a JPEG or PNG file");
  program::add_method_options(
      app, options.method, {"drop", "zero", "mean", "blur"},
      "input methods: hide patches by drop (absent, default), zero, mean or blur; baseline of "
      "integrated-gradients: zero (default), mean or blur");
  app.add_option("--super-patch", options.super_patch, "a player is a block of K x K patches (default 1)")
      ->check(program::positive);
  app.add_flag("--interpolate", options.interpolate,
               "allow a size that the model was not trained on: interpolate its position embeddings");
  app.add_option("--overlay", options.overlay, "also write a PNG of the picture with its patches shaded");
  app.add_option("--html", options.html, "also write a self-contained page");
  app.add_flag("--list-methods", options.list_methods, "list the methods and end");
  program::add_common_options(app, options.common);
  return program::run(app, argc, argv, [&] {
    if (options.list_methods) {
      program::Output("").write(program::list_methods());
      return;
    }
    if (image->count() == 0)
      throw regard::InvalidArgument("found no image, expected --image F");
    explain(options, argv[0]);
  });
}
