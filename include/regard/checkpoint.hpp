// SPDX-License-Identifier: MIT
// Checkpoints: weight files and configurations in, validated tensors and numbers out.
#pragma once

#include <regard/checkpoint/checkpoint.hpp>
#include <regard/checkpoint/config.hpp>
#include <regard/checkpoint/mapped_file.hpp>
#include <regard/checkpoint/safetensors.hpp>
#include <regard/checkpoint/tensor_reader.hpp>
#include <regard/checkpoint/vit_config.hpp>
#include <regard/checkpoint/weights.hpp>
#include <regard/checkpoint/write_safetensors.hpp>
