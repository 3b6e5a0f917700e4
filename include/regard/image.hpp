// SPDX-License-Identifier: MIT
// Image models: decoding, preprocessing, image classifiers from their checkpoint folders, and pictures and
// pages of what explains them. Needs libjpeg-turbo, libpng and nlohmann/json.
#pragma once

#include <regard/checkpoint.hpp>
#include <regard/image/load.hpp>
#include <regard/image/png.hpp>
#include <regard/image/processor.hpp>
#include <regard/image/resize.hpp>
#include <regard/models/image_classifier.hpp>
#include <regard/regard.hpp>
#include <regard/report/image_html.hpp>
#include <regard/report/overlay.hpp>
