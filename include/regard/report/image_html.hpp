// SPDX-License-Identifier: MIT
// The explanation of an image as a web page that stands alone, with the image and its shaded patches in it.
// Needs libpng.
//
//     const regard::Image image = regard::load_image("photo.jpg");
//     regard::write_html("why.html", regard::explain(model, image, regard::grad_attention_mutual{}), image);
#pragma once

#include <regard/image/image.hpp>
#include <regard/report/concepts.hpp>
#include <regard/report/html.hpp>

namespace regard::inline REGARD_ABI {

/// The page of html(why), with the image and its overlay (report/overlay.hpp), both shrunk to at most 1,024
/// pixels a side.
/// @throws InvalidArgument  as html and overlay do.
REGARD_LAZY std::string html(const Explanation& why, const Image& image);

/// The page as a file, written whole or not at all.
/// @throws IoError  as write_file does.
REGARD_LAZY void write_html(const std::filesystem::path& path, const Explanation& why, const Image& image);

/// The markup of a heat map over its image, for a ConceptExample.
REGARD_LAZY std::string concept_figure(const Explanation& heat_map, const Image& image);

} // namespace regard::inline REGARD_ABI

#if !defined(REGARD_COMPILED)
#include <regard/report/detail/image_html.hpp>
#endif
