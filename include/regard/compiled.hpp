// SPDX-License-Identifier: MIT
// Everything, compiled once: for programs of many files. One source file of the program includes this header
// and nothing else of regard,
//
//     #include <regard/compiled.hpp>
//
// and all others are compiled with REGARD_COMPILED defined, which leaves out the bodies: they come from that
// one, for float and double, and compile in a third of the time. The CMake target regard::compiled does both.
// The bodies are the same, so that results have the same bits.
//
// A file that has a model of its own, or another scalar type, includes regard/bodies.hpp besides. Games of
// one's own need no more than regard/shapley.hpp, which always has its bodies.
#pragma once

#include <regard/compiled/functions.hpp> // first

#include <regard/compiled/explainers.hpp>
#include <regard/compiled/models.hpp>
