// SPDX-License-Identifier: MIT
// How good an explanation is: faithfulness to the model, plausibility to people, sanity checks, and the
// statistics to compare methods by.
#pragma once

#include <regard/evaluation/comparison.hpp>
#include <regard/evaluation/faithfulness.hpp>
#include <regard/evaluation/plausibility.hpp>
#include <regard/evaluation/sanity.hpp>
#include <regard/evaluation/statistics.hpp>
