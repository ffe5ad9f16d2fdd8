// Any program of calls, reopens and deaths of the process: the store is a std::map.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "tests/store/store_world.h"

namespace kv {
namespace {

// The same programs in every run; RC_PARAMS in the environment asks for others.
const bool kSeedIsFixed = setenv("RC_PARAMS", "seed=20 max_success=500", /*overwrite=*/0) == 0;

enum class Step {
  kSet,
  kDelete,
  kClear,
  kBatch,
  kFlush,
  kSnapshot,
  kCompact,
  kForget,
  kReopen,
  kDie
};

std::string AnyKey() {
  // Few keys, so that they meet; the empty one and one with odd bytes among them.
  return *rc::gen::elementOf(std::vector<std::string>{"", "a", "b", "c", "aa", {"\0\xff", 2}});
}

std::string AnyValue() {
  return *rc::gen::oneOf(rc::gen::container<std::string>(rc::gen::arbitrary<char>()),
                         rc::gen::map(rc::gen::inRange(0, 9000), [](int size) {
                           return std::string(static_cast<size_t>(size), 'x');
                         }));
}

void Apply(Step step, StoreWorld& world, Dump& model) {
  const WriteOptions options{.durability =
                                 *rc::gen::element(Durability::kBuffered, Durability::kSync)};
  switch (step) {
    case Step::kSet: {
      const std::string key = AnyKey();
      const std::string value = AnyValue();
      RC_ASSERT(world.store().Set(key, value, options).ok());
      model[key] = value;
      break;
    }
    case Step::kDelete: {
      const std::string key = AnyKey();
      RC_ASSERT(world.store().Delete(key, options).ok());
      model.erase(key);
      break;
    }
    case Step::kClear:
      RC_ASSERT(world.store().Clear(options).ok());
      model.clear();
      break;
    case Step::kBatch: {
      WriteBatch batch;
      for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
        const std::string key = AnyKey();
        if (*rc::gen::arbitrary<bool>()) {
          const std::string value = AnyValue();
          batch.Set(key, value);
          model[key] = value;
        } else {
          batch.Delete(key);
          model.erase(key);
        }
      }
      RC_ASSERT(world.store().Write(batch, options).ok());
      break;
    }
    case Step::kFlush:
      RC_ASSERT(world.store().Flush().ok());
      break;
    case Step::kSnapshot:
      RC_ASSERT(world.store().Snapshot().ok());
      break;
    case Step::kCompact:
      RC_ASSERT(world.store().Compact().ok());
      break;
    case Step::kForget:
      RC_ASSERT(world.store().ClearPersistence().ok());
      model.clear();
      break;
    case Step::kReopen:
      RC_ASSERT(world.store().Close().ok());
      RC_ASSERT(world.Open().ok());
      break;
    case Step::kDie:
      RC_ASSERT(world.Open().ok());
      break;
  }
}

RC_GTEST_PROP(StoreProperty, IsAMap, ()) {
  RC_ASSERT(kSeedIsFixed);
  StoreWorld world;
  world.options.segment_bytes = *rc::gen::element<uint64_t>(1, 300, 5000, uint64_t{1} << 26);
  world.options.shards = *rc::gen::element<uint32_t>(1, 3, 16);
  RC_ASSERT(world.Open().ok());
  Dump model;
  const auto steps =
      *rc::gen::container<std::vector<Step>>(rc::gen::weightedElement<Step>({{12, Step::kSet},
                                                                             {4, Step::kDelete},
                                                                             {1, Step::kClear},
                                                                             {3, Step::kBatch},
                                                                             {1, Step::kFlush},
                                                                             {2, Step::kSnapshot},
                                                                             {2, Step::kCompact},
                                                                             {1, Step::kForget},
                                                                             {2, Step::kReopen},
                                                                             {2, Step::kDie}}));
  for (const Step step : steps) {
    Apply(step, world, model);
    RC_ASSERT(DumpOf(world.store()) == model);
  }
  for (const std::string key : {"", "a", "aa", "never"}) {
    const auto found = model.find(key);
    RC_ASSERT(world.store().Contains(key).value() == (found != model.end()));
    RC_ASSERT(world.store().Get(key).value() ==
              (found == model.end() ? std::nullopt : std::optional(found->second)));
  }
}

}  // namespace
}  // namespace kv
