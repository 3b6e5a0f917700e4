// SPDX-License-Identifier: MIT
// Image models: decoding, preprocessing, and image classifiers from their checkpoint folders. Needs
// libjpeg-turbo, libpng and nlohmann/json.
#pragma once

#include <regard/checkpoint.hpp>
#include <regard/image/load.hpp>
#include <regard/image/png.hpp>
#include <regard/image/processor.hpp>
#include <regard/image/resize.hpp>
#include <regard/models/image_classifier.hpp>
#include <regard/regard.hpp>
