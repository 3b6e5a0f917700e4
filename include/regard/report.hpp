// SPDX-License-Identifier: MIT
// Umbrella of the report room: Explanations in, text and files out. Needs nlohmann/json;
// `report/terminal.hpp` alone does not.
#pragma once

#include <regard/report/html.hpp>
#include <regard/report/json.hpp>
#include <regard/report/terminal.hpp>
