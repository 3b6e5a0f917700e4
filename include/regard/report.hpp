// SPDX-License-Identifier: MIT
// Umbrella of the report room: Explanations in, text and files out. Needs nlohmann/json;
// `report/terminal.hpp` alone does not.
//
// It reports explanations alone. Reports of other things need their rooms, and come by name, or with the
// umbrella of the thing: `report/comparison.hpp` and `report/comparison_json.hpp` (evaluation),
// `report/concepts.hpp` (with tcav.hpp) and `report/concepts_json.hpp`, `report/overlay.hpp` and
// `report/image_html.hpp` (with image.hpp; the latter needs libpng).
#pragma once

#include <regard/report/html.hpp>
#include <regard/report/json.hpp>
#include <regard/report/terminal.hpp>
