#include "harness/main.h"

#include "adapters.h"

int main(int argc, char** argv) {
  return crashlab::Main(argc, argv, {&TinyAdapter(), &DocumentAdapter()});
}
