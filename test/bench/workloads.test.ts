/**
 * The workloads W2 to W7 and W9 over every own transport at smoke sizes: real processes, every outcome checked by the peers themselves, and
 * nothing left of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { placements } from '../../bench/index.js';
import type { CellDefinition } from '../../bench/latency/cell.js';
import { type LaunchOptions, runLaunch } from '../../bench/latency/launch.js';
import { controlScenario } from '../../bench/scenarios/control.js';
import { deathScenario } from '../../bench/scenarios/death.js';
import { fanOutScenario } from '../../bench/scenarios/fan-out.js';
import { grantScenario } from '../../bench/scenarios/grant.js';
import { allContenders } from '../../bench/scenarios/index.js';
import { manyScenario } from '../../bench/scenarios/many.js';
import { revokeScenario } from '../../bench/scenarios/revoke.js';
import type { Scenario, Tier } from '../../bench/scenarios/scenario.js';
import { streamScenario } from '../../bench/scenarios/stream.js';
import { eventually } from '../support/eventually.js';
import { checkDescriptors } from '../support/leaks.js';
import { processesNaming } from '../support/processes.js';

checkDescriptors(test);

const [placement] = placements();
const options: LaunchOptions = {
  seed: 1,
  rounds: 1,
  blockMs: 20,
  longBlockMs: 20,
  warmUpMs: 5,
  warmUpMaxMs: 1,
  rushMs: 0,
};

const names = ['c-seqpacket', 'memory', 'sockets', 'datagram', 'bus'];
const contenders = allContenders().filter(({ name }) => names.includes(name));

function cellsOf(scenario: Scenario, tier: Tier): CellDefinition[] {
  if (placement === undefined) throw new Error('no placement');
  return scenario.cells({ placement, tier, contenders, cannot: () => {} });
}

/** Runs a scenario's smoke cells, one group after the other; returns `contender call` of each. */
async function smoke(t: ExecutionContext, scenario: Scenario): Promise<string[]> {
  t.timeout(110_000);
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  const definitions = cellsOf(scenario, 'smoke');
  try {
    for (const group of new Set(definitions.map((definition) => definition.group))) {
      const members = definitions.filter((definition) => definition.group === group);
      const records = await runLaunch(members, options, directory, () => {});
      for (const { key, samples, violations, failure } of records) {
        t.is(failure, null, key);
        t.true(samples > 0, key);
        t.is(violations, 0, key);
      }
    }
    await eventually('no process is left', () => processesNaming(directory).length === 0, 10_000);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return definitions.map(({ contender, call }) => `${contender} ${call}`).sort();
}

const transports = ['bus', 'datagram', 'sockets'];

function all(call: string, ...more: readonly string[]): string[] {
  return [...transports, ...more].map((name) => `${name} ${call}`);
}

test.serial('W2: streams of one sender and of several lose and double nothing', async (t) => {
  const expected = [...all('one-way', 'c-seqpacket', 'memory'), ...all('one-way')];
  t.deepEqual(await smoke(t, streamScenario), expected.sort());
});

test.serial('W3: a handle that is given away is good for a call, and the right one', async (t) => {
  t.deepEqual(await smoke(t, grantScenario), all('grant', 'memory').sort());
});

test.serial('W4: one message reaches every receiver once', async (t) => {
  const expected = [...all('multicast', 'c-seqpacket'), ...all('multicast-cost')];
  t.deepEqual(await smoke(t, fanOutScenario), expected.sort());
});

test.serial('W5: who has lost a grant is told and can do nothing more, and nobody else has', async (t) => {
  t.deepEqual(await smoke(t, revokeScenario), [...all('revoke'), ...all('revoke-one')].sort());
});

test.serial('W6: everything that a killed peer had is told to be gone', async (t) => {
  t.deepEqual(await smoke(t, deathScenario), [...all('death'), ...all('death-held')].sort());
});

test.serial('W7: a manager answers what it is asked over each transport', async (t) => {
  const calls = ['status', 'list', 'start-event'].flatMap((call) => all(call, 'memory'));
  t.deepEqual(await smoke(t, controlScenario), ['c-seqpacket status', ...calls].sort());
});

test.serial('W9: messages arrive among many handles and many peers, and what is held is told', async (t) => {
  t.deepEqual(await smoke(t, manyScenario), [...all('one-way'), ...all('one-way')].sort());
});
