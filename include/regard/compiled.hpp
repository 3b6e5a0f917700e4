// SPDX-License-Identifier: MIT
// Everything, compiled once: for programs of many files. One source file of the program includes this header
// and nothing else of regard,
//
//     #include <regard/compiled.hpp>
//
// and all others are compiled with REGARD_COMPILED defined, which leaves out the bodies: they come from that
// one, for float and double, and a file that explains a model compiles in a tenth of the time. The CMake
// target regard::compiled does both. The bodies are the same, so that results have the same bits.
//
// What is instantiated for a type of the caller's has to see the bodies: a file that solves a game, of
// whatever type, includes regard/shapley.hpp, which always has its bodies; one with a model of its own (an
// AlteredModel is one), or another scalar type, regard/bodies.hpp before all others.
#pragma once

#include <regard/compiled/functions.hpp> // first

#include <regard/compiled/explainers.hpp>
#include <regard/compiled/models.hpp>
