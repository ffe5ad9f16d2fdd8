// What is said about a scenario that is wrong. The messages are part of the interface: people fix
// their files by them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "harness/scenario/scenario.h"
#include "tests/harness/scenario/lab_adapter.h"

namespace crashlab {
namespace {

struct Wrong {
  std::string_view text;
  std::string_view message;
};

void ExpectMessages(const std::vector<Wrong>& cases) {
  for (const Wrong& wrong : cases) {
    const Result<Scenario> scenario = ParseScenario(wrong.text, "f.toml", test::LabAdapters());
    ASSERT_FALSE(scenario.ok()) << wrong.text;
    EXPECT_EQ(scenario.status().message(), wrong.message) << wrong.text;
    EXPECT_EQ(scenario.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(scenario.status().file(), "f.toml");
    EXPECT_TRUE(scenario.status().offset().has_value());
  }
}

TEST(ScenarioErrorTest, Keys) {
  ExpectMessages({
      {"program = ''\n\n[crash]\nbugdet = 3",
       "f.toml:4: no key \"bugdet\" in [crash]; did you mean \"budget\"?"},
      {"program = ''\nexpected = 'pass'",
       "f.toml:2: no key \"expected\"; did you mean \"expect\"?"},
      {"program = ''\n[stores]", "f.toml:2: no key \"stores\"; did you mean \"store\"?"},
      {"program = ''\n[store]\nsegments_bytes = 1",
       "f.toml:3: no key \"segments_bytes\" in [store]; did you mean \"segment_bytes\"?"},
      {"program = ''\n[store]\nadapter = 'lab'\nmodes = 1",
       "f.toml:4: no key \"modes\" in [store]; did you mean \"mode\"?"},
      {"[workload]\nrun = 3", "f.toml:2: no key \"run\" in [workload]; did you mean \"runs\"?"},
      {"[workload]\nweights = { sets = 3 }",
       "f.toml:2: no key \"sets\" in weights; did you mean \"set\"?"},
      {"program = ''\nat_least = { recovery = 3 }",
       "f.toml:2: no key \"recovery\" in at_least; did you mean \"recoveries\"?"},
      {"program = ''\nexpect = { verdict = 'HOLE', alsp = [] }",
       "f.toml:2: no key \"alsp\" in expect; did you mean \"also\"?"},
      {"program = ''\n[faults]\nrule = 'x'",
       "f.toml:3: no key \"rule\" in [faults]; did you mean \"rules\"?"},
      {"program = ''\n[[crash.chain]]\nkind = 'power-loss'\nat = 'end'\nloss = []",
       "f.toml:5: no key \"loss\" in [[crash.chain]]; did you mean \"lost\"?"},
      {"program = ''\n[[crash.model]]\nname = 'posix'\nteer = '512'",
       "f.toml:4: no key \"teer\" in [[crash.model]]; did you mean \"tear\"?"},
      {"a = 1\na = 2\n",
       "f.toml:2: Error while parsing key-value pair: cannot redefine existing integer 'a'"},
  });
}

TEST(ScenarioErrorTest, Process) {
  ExpectMessages({
      {"program = ''\n[process]\nkils = 3",
       "f.toml:3: no key \"kils\" in [process]; did you mean \"kills\"?"},
      {"program = ''\n[process]\nkills = 0",
       "f.toml:3: \"kills\" in [process] must be from 1 to 1000000, not 0"},
      {"program = ''\n[process]\nwhen = ['cal']",
       "f.toml:3: no time of a kill \"cal\" in [process]; did you mean \"call\"?"},
      {"program = ''\n[process]\nwhen = ['call', 'call']",
       "f.toml:3: \"call\" in when is there twice"},
      {"program = ''\n[process]\ndirectory = 'tmpfs:1k'",
       "f.toml:3: no directory \"tmpfs:1k\"; it is \"temporary\" or \"tmpfs:SIZE\", from 16k to "
       "1024m"},
      {"program = ''\n[process]\nkill = 'call'",
       "f.toml:3: no kill \"call\"; it is end, call N, within N, operation N (all from 1) or "
       "moment N (below 1000)"},
      {"program = ''\n[process]\nkill = 'call 1, then operation 3'",
       "f.toml:3: no kill \"operation 3\" of a recovery; it is end, call N or within N"},
      {"program = ''\n[process]\nkill = 'call 1 then call 2'",
       "f.toml:3: no kill \"call 1 then call 2\"; it is end, call N, within N, operation N (all "
       "from 1) or moment N (below 1000)"},
      {"program = ''\n[process]\ndepth = 3",
       "f.toml:3: \"depth\" in [process] must be from 1 to 2, not 3"},
      // Not what follows from the mistake, although it comes first.
      {"program = ''\nat_least = { inner_reopened = 3 }\n[process]\ndepht = 2",
       "f.toml:4: no key \"depht\" in [process]; did you mean \"depth\"?"},
      {"program = ''\nat_least = { reopened = 3 }\n[proces]",
       "f.toml:3: no key \"proces\"; did you mean \"process\"?"},
      {"program = ''\nat_least = { inner_reopened = 3 }\n[process]",
       "f.toml:2: \"inner_reopened\" in at_least needs depth = 2 in [process]"},
      {"[workload]\n[process]\nkill = 'end'",
       "f.toml:2: \"kill\" in [process] needs a program, not a [workload]"},
      {"program = ''\n[process]\n[crash]",
       "f.toml:2: a scenario has [process] or [crash], not both"},
      {"program = ''\nat_least = { reopened = 3 }",
       "f.toml:2: \"reopened\" in at_least needs [process]"},
      {"program = ''\nat_least = { recoveries = 3 }\n[process]",
       "f.toml:2: with [process] at_least counts \"reopened\", not recoveries"},
  });
}

TEST(ScenarioErrorTest, Clients) {
  ExpectMessages({
      {"program = ''\n[store]\nadapter = 'toy'\n[clients]",
       "f.toml:4: adapter \"toy\" is for one client"},
      {"[workload]\n[clients]\ncounts = 3",
       "f.toml:3: no key \"counts\" in [clients]; did you mean \"count\"?"},
      {"[workload]\n[clients]\ncount = 17",
       "f.toml:3: \"count\" in [clients] must be from 1 to 16, not 17"},
      {"[workload]\n[clients]\ncount = [4, 2]",
       "f.toml:3: \"count\" in [clients]: [4, 2] ends before it begins"},
      {"program = ''\n[clients]\ncount = 3",
       "f.toml:3: \"count\" in [clients] is of a [workload]; a program itself says whose its lines "
       "are"},
      {"program = ''\n[clients]\nschedules = 0",
       "f.toml:3: \"schedules\" in [clients] must be from 1 to 1000000, not 0"},
      {"program = ''\n[clients]\nkinds = ['pkt']",
       "f.toml:3: no kind of schedule \"pkt\" in [clients]; did you mean \"pct\"?"},
      {"program = ''\n[clients]\nkinds = ['pct', 'random', 'pct']",
       "f.toml:3: \"pct\" in kinds is there twice"},
      {"program = ''\n[clients]\nkinds = ['pct', 'exhaustive']",
       "f.toml:3: \"exhaustive\" in kinds stands alone"},
      {"program = ''\n[clients]\ndepth = 17",
       "f.toml:3: \"depth\" in [clients] must be from 1 to 16, not 17"},
      {"program = ''\n[clients]\nkinds = ['random']\ndepth = 2",
       "f.toml:4: \"depth\" in [clients] needs \"pct\" in kinds"},
      {"program = ''\n[clients]\npreemptions = 2",
       "f.toml:3: \"preemptions\" in [clients] needs \"exhaustive\" in kinds"},
      {"program = ''\n[clients]\nkinds = ['exhaustive']\npreemptions = 9",
       "f.toml:4: \"preemptions\" in [clients] must be from 0 to 8, not 9"},
      {"program = ''\n[clients]\nthreads = 'reel'",
       "f.toml:3: no threads \"reel\" in [clients]; did you mean \"real\"?"},
      {"program = ''\n[clients]\nthreads = 'real'\nkinds = ['pct']",
       "f.toml:4: \"kinds\" in [clients] is of simulated threads"},
      {"program = ''\n[clients]\nthreads = 'real'\nschedule = '#3'",
       "f.toml:4: \"schedule\" in [clients] is of simulated threads"},
      {"program = ''\n[clients]\nthreads = 'real'\nschedules = 3\n[process]\nkills = 2",
       "f.toml:4: \"schedules\" in [clients] has no place beside [process], whose kills are runs"},
      {"program = ''\n[clients]\nthreads = 'real'\n[[crash.chain]]\nkind = 'process-death'\n"
       "at = 'end'",
       "f.toml:2: a run on real threads does not come again: no chain leads to it"},
  });
}

TEST(ScenarioErrorTest, SchedulesOfClients) {
  ExpectMessages({
      {"program = ''\n[clients]\nschedule = '0*'",
       "f.toml:3: a schedule is a list of clients, such as \"0*3 1 0*7\"; this is \"0*\""},
      {"program = ''\n[clients]\nschedule = '#'",
       "f.toml:3: no schedule \"#\"; the N-th of the plan is \"#N\""},
      {"program = ''\n[clients]\nschedule = '#1 2'",
       "f.toml:3: no schedule \"#1 2\"; the N-th of the plan is \"#N\""},
      {"[workload]\n[clients]\nschedule = '#1'",
       "f.toml:3: \"schedule\" in [clients] needs a program, not a [workload]"},
      {"program = ''\n[clients]\nschedule = '0 1'\nschedules = 3",
       "f.toml:4: \"schedules\" in [clients] has no place beside a schedule that names its picks"},
      {"program = ''\n[clients]\nschedule = '0 1'\nthreads = 'real'",
       "f.toml:3: \"schedule\" in [clients] is of simulated threads"},
  });
}

TEST(ScenarioErrorTest, ClientsBesideTheRest) {
  ExpectMessages({
      {"program = '''\nset a 1\n2: get a\n1: get a'''",
       "f.toml:1: operation 2 is of client 2: a program of several clients needs [clients]"},
      {"program = '''\nset a 1\n1: reopen'''\n[clients]",
       "f.toml:3: \"reopen\" is everybody's; leave \"1:\" out"},
      {"program = ''\n[clients]\n[process]",
       "f.toml:2: [clients] with [process] needs threads = \"real\""},
      {"program = ''\n[clients]\n[crash]\nrot = 3",
       "f.toml:2: rot needs one client; a scenario with rot has no [clients]"},
      {"program = ''\n[clients]\n[[crash.chain]]\nkind = 'power-loss'\nat = 'end'\n"
       "rot = ['flip /db/LOCK 3.1']",
       "f.toml:2: rot needs one client; a scenario with rot has no [clients]"},
      {"program = ''\nat_least = { schedules = 3 }",
       "f.toml:2: \"schedules\" in at_least needs [clients]"},
      {"program = ''\nclients = 3", "f.toml:2: \"clients\" must be a table, not a whole number"},
  });
}

TEST(ScenarioErrorTest, Types) {
  ExpectMessages({
      {"program = 3", "f.toml:1: \"program\" must be a string, not a whole number"},
      {"program = ''\ncrash = 1", "f.toml:2: \"crash\" must be a table, not a whole number"},
      {"program = ''\n[[store]]", "f.toml:2: \"store\" must be a table, not an array"},
      {"program = ''\n[crash]\nbudget = '3'",
       "f.toml:3: \"budget\" in [crash] must be a whole number, not a string"},
      {"program = ''\n[crash]\nbudget = 1.5",
       "f.toml:3: \"budget\" in [crash] must be a whole number, not a date, a time or a broken "
       "number"},
      {"program = ''\n[crash]\nprobe = 1",
       "f.toml:3: \"probe\" in [crash] must be true or false, not a whole number"},
      {"program = ''\n[crash]\nmodels = 'posix'",
       "f.toml:3: \"models\" in [crash] must be an array, not a string"},
      {"program = ''\n[crash]\nmodels = [1]",
       "f.toml:3: \"models\" in [crash] must hold strings, not a whole number"},
      {"program = ''\n[crash]\nchain = [1]",
       "f.toml:3: \"chain\" must hold tables: write [[crash.chain]]"},
      {"program = ''\n[crash]\nmodel = ['posix']",
       "f.toml:3: \"model\" must hold tables: write [[crash.model]]"},
      {"program = ''\n[store]\nadapter = 'lab'\nmode = []",
       "f.toml:4: \"mode\" in [store] must be a string, a whole number, true or false"},
      {"[workload]\noperations = [1, 2, 3]",
       "f.toml:2: \"operations\" in [workload] must be a whole number or [LOWEST, HIGHEST], not "
       "an array of anything else"},
      {"[workload]\noperations = 'many'",
       "f.toml:2: \"operations\" in [workload] must be a whole number or [LOWEST, HIGHEST], not a "
       "string"},
      {"program = ''\nwhy = \"two\\nlines\"", "f.toml:2: \"why\" is one line"},
  });
}

TEST(ScenarioErrorTest, ModelsOfAnExpectation) {
  ExpectMessages({
      {"program = ''\nexpect = { verdict = 'HOLE', on = ['xsf'] }\n[crash]\nmodels = ['xfs']",
       "f.toml:2: no model \"xsf\" in [crash], as expect has it; did you mean \"xfs\"?"},
      {"program = ''\nexpect = { verdict = 'HOLE', clean_on = ['btrfs'] }",
       "f.toml:2: no model \"btrfs\" in [crash], as expect has it; did you mean \"posix\"?"},
      {"program = ''\nexpect = { verdict = 'HOLE', on = ['xfs'] }\n"
       "[crash]\nmodels = ['xfs']\ntear = '4096'",
       "f.toml:2: no model \"xfs\" in [crash], as expect has it; did you mean "
       "\"xfs tear=4096\"?"},
      {"program = ''\nexpect = { verdict = 'HOLE', on = ['xfs'], clean_on = ['xfs'] }\n"
       "[crash]\nmodels = ['xfs', 'posix']",
       "f.toml:2: model \"xfs\" in expect is there twice"},
      {"program = ''\nexpect = { verdict = 'HOLE', on = [] }",
       "f.toml:2: \"on\" in expect must not be empty; leave it out"},
      {"program = ''\nexpect = { verdict = 'HOLE', clean_on = ['xfs', 'posix'] }\n"
       "[crash]\nmodels = ['xfs', 'posix']",
       "f.toml:2: expect leaves no model on which the verdict may come"},
      {"program = ''\nexpect = { verdict = 'HOLE', onn = ['posix'] }",
       "f.toml:2: no key \"onn\" in expect; did you mean \"on\"?"},
      {"program = ''\nexpect = { verdict = 'HOLE', on = 'posix' }",
       "f.toml:2: \"on\" in expect must be an array, not a string"},
  });
}

TEST(ScenarioErrorTest, Promises) {
  ExpectMessages({
      {"program = ''\n[promises]\ncoverage = ['log wal.append tron']",
       "f.toml:3: no fault class \"tron\"; did you mean \"torn\"?"},
      {"program = ''\n[promises]\ncoverage = ['log wal.append']",
       "f.toml:3: \"log wal.append\" is not FILE TAG FAULT, such as \"log wal.append torn\""},
      {"program = ''\n[promises]", "f.toml:2: empty [promises] check nothing"},
      {"program = ''\n[promises]\ncoverage = []",
       "f.toml:3: \"coverage\" in [promises] must not be empty; leave it out"},
      {"program = ''\n[promises]\ncover = 1",
       "f.toml:3: no key \"cover\" in [promises]; did you mean \"coverage\"?"},
      {"program = ''\n[promise]", "f.toml:2: no key \"promise\"; did you mean \"promises\"?"},
  });
}

TEST(ScenarioErrorTest, Numbers) {
  ExpectMessages({
      {"program = ''\n[crash]\nbudget = 0",
       "f.toml:3: \"budget\" in [crash] must be from 1 to 1000000000, not 0"},
      {"program = ''\n[crash]\nbudget = -7",
       "f.toml:3: \"budget\" in [crash] must be from 1 to 1000000000, not -7"},
      {"program = ''\n[crash]\ndepth = 3",
       "f.toml:3: \"depth\" in [crash] must be from 1 to 2, not 3"},
      {"program = ''\n[store]\nsegment_bytes = 0",
       "f.toml:3: \"segment_bytes\" in [store] must be from 1 to 1099511627776, not 0"},
      {"program = ''\n[store]\ncheckpoint_bytes = -1",
       "f.toml:3: \"checkpoint_bytes\" in [store] must be a whole number from 0 to 1099511627776, "
       "not \"-1\""},
      {"program = ''\n[store]\ncheckpoint_bytes = 'often'",
       "f.toml:3: \"checkpoint_bytes\" in [store] must be a whole number from 0 to 1099511627776, "
       "not \"often\""},
      {"program = ''\n[store]\ncheckpoint_byte = 1",
       "f.toml:3: no key \"checkpoint_byte\" in [store]; did you mean \"checkpoint_bytes\"?"},
      {"program = ''\n[store]\nadapter = 'toy'\ncheckpoint_bytes = 1",
       "f.toml:4: no key \"checkpoint_bytes\" in [store]; did you mean \"segment_bytes\"?"},
      {"program = 'snapshot'\n[store]\nadapter = 'toy'",
       "f.toml:1: operation 1: adapter \"toy\" has no \"snapshot\""},
      {"[store]\nadapter = 'toy'\n[workload]\nweights = { background = 1 }",
       "f.toml:4: adapter \"toy\" has no \"background\""},
      {"[workload]\nruns = 0",
       "f.toml:2: \"runs\" in [workload] must be from 1 to 1000000000, not 0"},
      {"[workload]\nkeys = 0", "f.toml:2: \"keys\" in [workload] must be from 1 to 10000, not 0"},
      {"[workload]\noperations = [9, 3]",
       "f.toml:2: \"operations\" in [workload]: [9, 3] ends before it begins"},
      {"[workload]\nvalue_bytes = [0, 999999999]",
       "f.toml:2: \"value_bytes\" in [workload] must be from 0 to 268435456, not 999999999"},
      {"program = ''\nseed = -1",
       "f.toml:2: \"seed\" must be a whole number from 0 to 2^64 - 1; beyond 2^63 - 1 a string "
       "such as \"0x8000000000000001\""},
      {"program = ''\nseed = '0x1ffffffffffffffff'",
       "f.toml:2: \"seed\" must be a whole number from 0 to 2^64 - 1; beyond 2^63 - 1 a string "
       "such as \"0x8000000000000001\""},
  });
}

TEST(ScenarioErrorTest, Words) {
  ExpectMessages({
      {"program = ''\n[store]\nadapter = 'kw'",
       "f.toml:3: no adapter \"kw\"; did you mean \"kv\"?"},
      {"program = ''\n[store]\ndurability = 'snyc'",
       "f.toml:3: no durability \"snyc\"; did you mean \"sync\"?"},
      {"program = ''\n[crash]\nkinds = ['power-lost']",
       "f.toml:3: no kind of crash \"power-lost\" in [crash]; did you mean \"power-loss\"?"},
      {"program = ''\n[crash]\nkinds = ['power-loss', 'power-loss']",
       "f.toml:3: \"power-loss\" in kinds is there twice"},
      {"program = ''\n[crash]\nkinds = []",
       "f.toml:3: \"kinds\" in [crash] must not be empty; leave it out"},
      {"program = ''\n[crash]\nmodels = ['posix', 'posix']",
       "f.toml:3: model \"posix\" with these switches is there twice"},
      {"program = ''\n[crash]\nmodels = ['posix']\n[[crash.model]]\nname = 'posix'",
       "f.toml:4: each [[crash.model]] has its own name and switches; [crash] then has none"},
      {"program = ''\n[[crash.model]]\ntear = '512'", "f.toml:2: a model needs a name"},
      {"program = ''\n[faults]\nrules = [\n'ignore sync',\n'fails sync']",
       "f.toml:5: fault rule, column 1: unknown fault \"fails\"; did you mean \"fail\"?"},
      {"program = ''\n[faults]\nrules = ['full 4096 any']\n[process]\nkills = 2",
       "f.toml:4: \"full 4096 any\" needs the simulator; with [process] a small disk is directory "
       "= \"tmpfs:64k\""},
      {"[workload]\nruns = 2\nfaults = ['ignore sync', 'full 4096 write']\n[process]\nkills = 2",
       "f.toml:4: \"full 4096 write\" needs the simulator; with [process] a small disk is "
       "directory "
       "= \"tmpfs:64k\""},
      {"program = ''\n[faults]\nsweep = ['evict any', 'evict any nth=2']",
       "f.toml:3: \"evict any nth=2\" in sweep names its call; leave nth out"},
      {"program = ''\n[faults]\nsweep = ['evict any']\n[[crash.chain]]\nkind = "
       "'process-death'\nat = 'end'",
       "f.toml:3: a sweep has no place beside [[crash.chain]], which is one run"},
      {"[workload]\nfaults = ['fail sync']",
       "f.toml:2: fault rule, column 6: unknown error code \"sync\"; did you mean \"NO_SPACE\"?"},
      {"[store]\nadapter = 'lab'\n[workload]\nweights = { delete = 1 }",
       "f.toml:4: adapter \"lab\" has no \"delete\""},
      {"[store]\nadapter = 'lab'\n[workload]\nweights = { set = 0, get = 0, reopen = 0, save = 0, "
       "sweep = 0 }",
       "f.toml:4: weights leave no operation to generate"},
      {"[workload]\nweights = { set = 0, delete = 0, clear = 0, batch = 0, get = 0, contains = 0, "
       "size = 0, for-each = 0, flush = 0, snapshot = 0, compact = 0, clear-persistence = 0, "
       "reopen = 0, kill = 0 }",
       "f.toml:2: weights leave no operation to generate"},
  });
}

TEST(ScenarioErrorTest, Programs) {
  ExpectMessages({
      {"why = 'x'", "f.toml:1: a scenario needs a program or a [workload]"},
      {"program = ''\n[workload]", "f.toml:2: a scenario has a program or a [workload], not both"},
      {"seed = 3\n[workload]", "f.toml:1: the seed of generated programs belongs to [workload]"},
      {"why = 'x'\nprogram = \"\"\"\nset a 1\nsett b 1\n\"\"\"",
       "f.toml:4: no operation \"sett\"; did you mean \"set\"?"},
      {"why = 'x'\nprogram = '''set a 1\nset b'''", "f.toml:3: \"set\" needs a number of bytes"},
      {"why = 'x'\nprogram = \"set a 1\\nset b\"", "f.toml:2: \"set\" needs a number of bytes"},
      {"program = 'set a 1\\x'", "f.toml:1: column 8: \"\\\\\" may stand only in a quoted key"},
      {"program = 'delete a'\n[store]\nadapter = 'lab'",
       "f.toml:1: operation 1: adapter \"lab\" has no \"delete\""},
      {"program = '''\nset a 1\ncall savee 3'''\n[store]\nadapter = 'lab'",
       "f.toml:1: operation 2: adapter \"lab\" has no \"savee\""},
      {"[workload]\n[[crash.chain]]\nkind = 'process-death'\nat = 'end'",
       "f.toml:2: [[crash.chain]] needs a program, not a [workload]"},
  });
}

TEST(ScenarioErrorTest, Expectations) {
  ExpectMessages({
      {"program = ''\nexpect = 'fail'", "f.toml:2: \"expect\" must be \"pass\" or { verdict = … }"},
      {"program = ''\nexpect = 'HOLE'", "f.toml:2: write expect = { verdict = \"HOLE\" }"},
      {"program = ''\nexpect = {}", "f.toml:2: \"expect\" without a verdict checks nothing"},
      {"program = ''\nexpect = { also = ['HOLE'] }",
       "f.toml:2: \"expect\" without a verdict checks nothing"},
      {"program = ''\nexpect = { verdict = 'LOST_ACK' }",
       "f.toml:2: no verdict \"LOST_ACK\"; did you mean \"LOST_ACKED\"?"},
      {"program = ''\nexpect = { verdict = 'HOLE', also = ['HOLE'] }",
       "f.toml:2: \"HOLE\" in expect is there twice"},
      {"program = ''\nexpect = { verdict = 'HOLE', signature = '' }",
       "f.toml:2: an empty signature in expect checks nothing; leave it out"},
      {"program = ''\nat_least = {}", "f.toml:2: an empty at_least checks nothing"},
      {"program = ''\nat_least = { recoveries = 0 }",
       "f.toml:2: \"recoveries\" in at_least must be from 1 to 1000000000000, not 0"},
      {"program = ''\nat_least = { exhausted = false }",
       "f.toml:2: \"exhausted\" in at_least checks nothing if it is false; leave it out"},
      {"program = ''\nat_least = { programs = 2 }",
       "f.toml:2: at_least asks for 2 programs, and there are 1"},
      {"program = ''\nat_least = { inner_recoveries = 2 }",
       "f.toml:2: \"inner_recoveries\" in at_least needs depth = 2 in [crash]"},
  });
}

TEST(ScenarioErrorTest, Chains) {
  ExpectMessages({
      {"program = ''\n[[crash.chain]]\nkind = 'power-loss'",
       "f.toml:2: a crash needs \"kind\" and \"at\""},
      {"program = ''\n[[crash.chain]]\nat = 'end'", "f.toml:2: a crash needs \"kind\" and \"at\""},
      {"program = ''\n[[crash.chain]]\nat = 'end'\nkind = 'process-death'\nlost = ['x']",
       "f.toml:5: \"lost\" in [[crash.chain]]: a process death loses nothing"},
      {"program = ''\n[[crash.chain]]\nat = 'end'\nkind = 'power-loss'\nfill = 'zeroes'",
       "f.toml:5: no fill \"zeroes\" in [[crash.chain]]; did you mean \"zeros\"?"},
      {"program = ''\n[[crash.chain]]\nat = 'end'\nkind = 'power-loss'\ntears = ['x front']",
       "f.toml:5: no tear \"x front\"; it reads \"EFFECT front BYTES\" or \"EFFECT back BYTES\""},
      {"program = ''\n[crash]\nmodels = ['posix', 'prefix']\n[[crash.chain]]\nat = 'end'\nkind = "
       "'power-loss'",
       "f.toml:4: a chain is of one model"},
      {"program = ''\n[crash]\nchain = []", "f.toml:3: \"chain\" in [crash] must not be empty"},
  });
}

TEST(ScenarioErrorTest, AMessageIsOneLineWhateverIsWrong) {
  ExpectMessages({
      {"program = ''\n[process]\ndirectory = \"a\\nb\"",
       "f.toml:3: no directory \"a\\x0ab\"; it is \"temporary\" or \"tmpfs:SIZE\", from 16k to "
       "1024m"},
      {"program = ''\n[clients]\nschedule = \"0\\n\"",
       "f.toml:3: a schedule is a list of clients, such as \"0*3 1 0*7\"; this is \"0\\x0a\""},
  });
}

TEST(ScenarioErrorTest, TheLowestLineIsReported) {
  ExpectMessages({
      {"sed = 1\nprogram = 'x'\n[crash]\nbudget = 0",
       "f.toml:1: no key \"sed\"; did you mean \"seed\"?"},
      {"program = 'x'\n[crash]\nbudget = 0", "f.toml:1: no operation \"x\"; did you mean \"set\"?"},
  });
}

}  // namespace
}  // namespace crashlab
