/**
 * The contenders that are not Capstan's, at smoke sizes: each that is here does everything that it says it can, with every answer checked,
 * and leaves nothing behind; each that is not here says why.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { CellProcesses, Placement } from '../../bench/latency/cell.js';
import { loadPackage, versionOf } from '../../bench/peers/foreign/package.js';
import { foreignContenders } from '../../bench/scenarios/foreign.js';
import { allContenders } from '../../bench/scenarios/index.js';
import type { Action, CellShape, Contender, Launcher } from '../../bench/scenarios/scenario.js';
import { eventually } from '../support/eventually.js';
import { checkDescriptors } from '../support/leaks.js';
import { processesNaming } from '../support/processes.js';
import { projectRoot } from '../support/source-tree.js';

checkDescriptors(test);

const nowhere: Placement = { name: 'not-pinned', client: undefined, service: undefined, broker: undefined };
const blockMs = 30;
const blockMsMax = 2_000;
const answerWithinMs = 20_000;

/** What is asked of each: a value that is not the least of each that varies. */
const shapes: Partial<Readonly<Record<Action, readonly CellShape[]>>> = {
  call: [
    { payloadBytes: 0, varied: {} },
    { payloadBytes: 65_536, varied: {} },
  ],
  stream: [{ payloadBytes: 64, varied: { senders: 1 } }],
  give: [{ payloadBytes: 64, varied: { handles: 3 } }],
  multicast: [{ payloadBytes: 64, varied: { receivers: 3, receiver_processes: 2 } }],
};

function inDirectory<T>(act: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'capstan-test-'));
  return act(directory).finally(() => rmSync(directory, { recursive: true, force: true }));
}

/** Gives the client a command, and checks that all it did was answered rightly; returns how many samples there were. */
async function block({ client }: CellProcesses, command: string): Promise<number> {
  client.write(command);
  const line = await client.line(answerWithinMs);
  const [word, samples, violations, ...notes] = line.split(' ');
  if (word !== 'done' || violations !== '0' || notes.some((note) => /^errors=[^0]/.test(note)))
    throw new Error(`"${command}" was answered with "${line}"`);
  return Number(samples);
}

/** The same for a block that is long enough for so many samples on a machine that has little time for it; fails if none is. */
async function enough(
  t: ExecutionContext,
  processes: CellProcesses,
  least: number,
  command: (durationMs: number) => string,
): Promise<void> {
  let samples = 0;
  for (let durationMs = blockMs; samples < least && durationMs <= blockMsMax; durationMs *= 4)
    samples = await block(processes, command(durationMs));
  t.true(samples >= least, command(blockMs));
}

/** Offsets of a schedule, one message a millisecond. */
function writeSchedule(path: string, messages: number): void {
  const offsets = BigUint64Array.from({ length: messages }, (_, at) => BigInt(at) * 1_000_000n);
  writeFileSync(path, new Uint8Array(offsets.buffer));
}

async function smoke(
  t: ExecutionContext,
  contender: Contender,
  action: string,
  launcher: Launcher,
  shape: CellShape,
): Promise<void> {
  await inDirectory(async (directory) => {
    const name = `${contender.name}, ${action} ${JSON.stringify(shape)}`;
    const samples = join(directory, 'samples');
    const processes = await launcher(nowhere, shape)(directory);
    const peers = [processes.client, ...processes.others];
    try {
      await enough(t, processes, 1, (ms) => `run ${ms} ${samples}`);
      if (action === 'call' && contender.isPipelined === true) {
        await enough(t, processes, 16, (ms) => `run ${ms} ${samples} 16`);
        await enough(t, processes, 1, (ms) => `run ${ms} ${samples} 1 5`);
        const schedule = join(directory, 'schedule');
        writeSchedule(schedule, 20);
        t.is(await block(processes, `open ${samples} ${schedule}`), 20, name);
        t.is(readFileSync(samples).length, 20 * 4);
      }
      await processes.client.stop();
      for (const peer of processes.others) await peer.stop();
    } finally {
      for (const peer of peers) peer.kill();
    }
    const pids = peers.flatMap((peer) => peer.pids);
    t.true(pids.length > 0, name);
    t.deepEqual(
      pids.filter((pid) => existsSync(`/proc/${pid}`)),
      [],
      `${name}: processes are left`,
    );
    t.deepEqual(processesNaming(directory), [], `${name}: processes are left`);
  });
}

const nodeNet = allContenders().filter(({ name }) => name === 'node-net');
for (const contender of [...nodeNet, ...foreignContenders]) {
  test.serial(`${contender.name} does what it says it can, and leaves nothing behind`, async (t) => {
    t.timeout(110_000);
    const presence = contender.presence();
    if (!presence.present) {
      t.log(`missing: ${presence.reason}`);
      t.regex(presence.reason, /^[\w-]+: .*; run ("npm run build:native"|bench\/setup-peers\.sh)$/);
      t.true(presence.reason.startsWith(`${contender.name}: `));
      return;
    }
    for (const [action, launcher] of Object.entries(contender.launchers)) {
      const asked = shapes[action as Action];
      if (asked === undefined) throw new Error(`this test has no shape for ${action}`);
      for (const shape of asked) await smoke(t, contender, action, launcher, shape);
    }
  });
}

test.serial('who is not installed says what to do about it', (t) => {
  const path = process.env['PATH'];
  try {
    process.env['PATH'] = '';
    const broker = foreignContenders.find(({ name }) => name === 'dbus-broker');
    const presence = broker?.presence();
    t.false(presence?.present);
    t.regex(
      presence?.present === false ? presence.reason : '',
      /^dbus-broker: .*; run bench\/setup-peers\.sh$/,
    );
  } finally {
    process.env['PATH'] = path;
  }
  t.is(versionOf('a-package-that-nobody-has'), undefined);
  t.throws(() => loadPackage('a-package-that-nobody-has'));
});

test('docs/benchmark-contenders.md has a row for each, and the versions that are installed', (t) => {
  const page = readFileSync(join(projectRoot, 'docs', 'benchmark-contenders.md'), 'utf8');
  const [, tables = '', abilities = ''] = page.split(/^## (?:Who they are|What they can and cannot do)$/m);
  const firstCells = (table: string): string =>
    table
      .split('\n')
      .map((line) => line.split('|')[1] ?? '')
      .join(' ');
  for (const { name } of allContenders().filter(({ kind }) => kind !== 'own')) {
    t.true(firstCells(tables).includes(`\`${name}\``), name);
    t.true(firstCells(abilities).includes(`\`${name}\``), name);
  }
  const text = readFileSync(join(projectRoot, 'bench', 'peers', 'package.json'), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Readonly<Record<string, string>> };
  for (const [name, version] of Object.entries(dependencies))
    t.true(tables.includes(`${name} ${version}`), name);
});

test('who spins does not run on the core of the other side', (t) => {
  const spins = foreignContenders.filter(({ waiting }) => waiting === 'spin');
  t.deepEqual(
    spins.map(({ name }) => name),
    ['c-shm-spin'],
  );
  for (const { cannotAt } of spins) {
    t.is(typeof cannotAt?.({ ...nowhere, name: 'one-core' }), 'string');
    t.is(cannotAt?.({ ...nowhere, name: 'two-cores' }), undefined);
  }
});

test.serial('no foreign process outlives a harness that is killed', async (t) => {
  t.timeout(110_000);
  await inDirectory(async (directory) => {
    const program = join(fileURLToPath(import.meta.url), '..', 'foreign-cells.js');
    const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('close', resolve));
    try {
      let tree: readonly number[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        tree = JSON.parse(line) as readonly number[];
        break;
      }
      t.true(tree.length > foreignContenders.length);
      child.kill('SIGKILL');
      await ended;
      await eventually('all are gone', () => tree.every((pid) => !existsSync(`/proc/${pid}`)), 20_000);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
