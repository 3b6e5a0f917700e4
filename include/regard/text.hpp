// SPDX-License-Identifier: MIT
// Text models: tokenisers, and text classifiers from their checkpoint folders. Needs utf8proc and
// nlohmann/json.
#pragma once

#include <regard/checkpoint.hpp>
#include <regard/models/text_classifier.hpp>
#include <regard/regard.hpp>
#include <regard/text/load.hpp>
#include <regard/text/wordpiece.hpp>
