// SPDX-License-Identifier: MIT
// Everything. Prefer the smaller umbrellas where compile time matters.
#pragma once

#include <regard/checkpoint.hpp>
#include <regard/image.hpp>
#include <regard/regard.hpp>
#include <regard/report.hpp>
#include <regard/report/comparison_json.hpp>
#include <regard/report/concepts_json.hpp>
#include <regard/tcav.hpp>
#include <regard/tcav/cav_files.hpp>
#include <regard/text.hpp>
