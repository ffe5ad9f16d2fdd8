// What every fuzz target is: one function that takes any bytes and aborts if a property does not
// hold. libFuzzer calls it (ci/fuzz, clang), and so does replay_main.cc, which any compiler builds,
// on the files of a folder: seeds, and what crashed once.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
