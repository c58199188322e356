/**
 * The soak: a real broker process on the bus, peers in processes of their own that do as they please, pass handles and descriptors,
 * fill each other's quotas, stop reading, leave and are killed, round after round. After each round the checker sees what every
 * peer noted, and the broker has to be back where it was: peers, nodes, handles, descriptors, memory.
 *
 *     npm run soak -- --minutes 60 [--peers N] [--seed N] [--json]
 *
 * Exit status 0: nothing was lost, doubled or reordered and nothing is left; 1: something was, and why is printed; 2: wrong usage.
 */
import { randomInt } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aboveZero, numberOption, runMain } from '../../support/main-program.js';
import { createRandom } from '../../support/random.js';
import { type Child, startChild } from './child.js';
import { runRound } from './round.js';

interface Report {
  readonly rss: number;
  readonly heapUsed: number;
  readonly arrayBuffers: number;
  readonly descriptors: number;
  readonly peers: number;
  readonly nodes: number;
  readonly handles: number;
  readonly callsOutstanding: number;
  readonly repliesHeld: number;
}

const roundMs = 12_000;
/** Rounds in which the program may still grow: code is compiled, pools fill. */
const warmRounds = 3;
/** How much more than after the warm rounds is no leak: a soak of a night would exceed it with a few bytes for each message. */
const heapGrowthMax = 8 * 2 ** 20;
const rssGrowthMax = 64 * 2 ** 20;

interface Settings {
  readonly minutes: number;
  readonly peers: number;
  readonly seed: number;
  readonly isJson: boolean;
}

function settings(): Settings {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { minutes: text, peers: text, seed: text, json: { type: 'boolean' } },
  });
  return {
    minutes: numberOption('minutes', values.minutes, 5, aboveZero),
    peers: numberOption('peers', values.peers, 6, 1),
    seed: numberOption('seed', values.seed, randomInt(1, 2 ** 31), 1),
    isJson: values.json === true,
  };
}

const megabytes = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10;

/** What is not back where it was, if anything. */
function leak(before: Report, now: Report): string | undefined {
  if (now.peers !== 0) return `${now.peers} peers are left`;
  if (now.nodes + now.handles + now.callsOutstanding + now.repliesHeld !== 0) {
    return `the broker's own peer has ${now.nodes} nodes, ${now.handles} handles, ${now.callsOutstanding} calls and ${now.repliesHeld} replies left`;
  }
  if (now.descriptors !== before.descriptors) {
    return `the broker has ${now.descriptors} descriptors, not ${before.descriptors}`;
  }
  const heap = now.heapUsed + now.arrayBuffers;
  const heapBefore = before.heapUsed + before.arrayBuffers;
  if (heap > heapBefore + heapGrowthMax) {
    return `the broker's heap has grown from ${megabytes(heapBefore)} to ${megabytes(heap)} MB`;
  }
  if (now.rss > before.rss + rssGrowthMax) {
    return `the broker's memory has grown from ${megabytes(before.rss)} to ${megabytes(now.rss)} MB`;
  }
  return undefined;
}

/** Why it failed, or `undefined`. */
async function soak(
  { minutes, peers, seed, isJson }: Settings,
  directory: string,
): Promise<string | undefined> {
  const say = (text: string): void => {
    if (!isJson) process.stdout.write(`${text}\n`);
  };
  const random = createRandom(seed);
  const socket = join(directory, 'bus');
  const endMs = performance.now() + minutes * 60_000;
  say(`seed ${seed}, up to ${peers} peers, ${minutes} min`);
  const broker: Child = await startChild('broker', [socket], () => {});
  const first = (await broker.ask('report')) as Report;
  let base: Report | undefined;
  try {
    for (let round = 1; round === 1 || performance.now() < endMs; round += 1) {
      const notes = join(directory, `round-${round}`);
      mkdirSync(notes);
      const actingMs = Math.min(roundMs, Math.max(1000, endMs - performance.now()));
      const result = await runRound({
        ...{ broker, socket, directory: notes, random, actingMs, peersMax: peers, round },
      });
      const now = (await broker.ask('report')) as Report;
      const messages = result.history.events.filter(({ kind }) => kind === 'issued').length;
      const leftS = Math.max(0, Math.ceil((endMs - performance.now()) / 1000));
      const memory = { heap_mb: megabytes(now.heapUsed + now.arrayBuffers), rss_mb: megabytes(now.rss) };
      if (isJson) {
        const counts = { messages, peers: result.peers, killed: result.killed, descriptors: now.descriptors };
        process.stdout.write(
          `${JSON.stringify({ round, seed, ...counts, ...memory, violations: result.violations.length, left_s: leftS })}\n`,
        );
      }
      say(
        `round ${round}: ${messages} messages of ${result.peers} peers, ${result.killed} killed; broker: heap ${memory.heap_mb} MB, resident ${memory.rss_mb} MB, ${now.descriptors} descriptors; ${leftS} s left`,
      );
      const [violation] = result.violations;
      if (violation !== undefined) return `round ${round}: ${violation.rule}: ${violation.text}`;
      if (round === warmRounds) base = now;
      // Descriptors and tables are never allowed to stay; memory is, until the program is warm.
      const left = leak(base ?? { ...now, descriptors: first.descriptors }, now);
      if (left !== undefined) return `round ${round}: ${left}`;
      rmSync(notes, { recursive: true });
    }
    return undefined;
  } finally {
    broker.kill('SIGKILL');
    await broker.ended;
  }
}

async function main(): Promise<boolean> {
  const chosen = settings();
  const directory = mkdtempSync(join(tmpdir(), 'capstan-soak-'));
  const fault = await soak(chosen, directory).catch((error: unknown) => String(error));
  if (fault === undefined) {
    rmSync(directory, { recursive: true });
    return true;
  }
  if (chosen.isJson)
    process.stdout.write(`${JSON.stringify({ fault, seed: chosen.seed, notes: directory })}\n`);
  process.stderr.write(`${fault}\nseed ${chosen.seed}; what each peer noted is in ${directory}\n`);
  return false;
}

await runMain(main);
