/**
 * How the scheduler is made to interfere with a run of W8. A property that holds only because nobody was interrupted at the wrong moment is not
 * one; so somebody is, often, at moments from a seed.
 *
 * - `none`: whatever happens by itself.
 * - `stopped`: one process after another, the broker among them, is stopped in the middle of whatever it does (SIGSTOP), and goes on
 *   some milliseconds later.
 * - `neighbour`: on each CPU in use a process computes all the time, so that everybody waits for a turn.
 * - `real-time`: the same with real-time priority, in bursts: whoever runs is interrupted at once. Needs CAP_SYS_NICE.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { createPrng } from '../latency/shuffle.js';
import { buildDirectory, startInOrder } from './contenders.js';
import type { Presence } from './scenario.js';

export const preemptions = ['none', 'stopped', 'neighbour', 'real-time'] as const;
export type Preemption = (typeof preemptions)[number];

const neighbourMain = join(buildDirectory, 'bench', 'peers', 'neighbour.js');
const chrtPath = ['/usr/bin/chrt', '/bin/chrt'].find((path) => existsSync(path));

/** The lowest real-time priority: above all that is not real-time, below all that is. */
const realTime = ['-f', '1'];

/** Whether this machine, and who runs this, can interfere in that way. */
export function preemptionPresence(preemption: Preemption): Presence {
  if (preemption !== 'real-time') return { present: true };
  if (chrtPath === undefined) return { present: false, reason: 'chrt (util-linux) is not installed' };
  const tried = spawnSync(chrtPath, [...realTime, process.execPath, '--version'], { stdio: 'ignore' });
  if (tried.status === 0) return { present: true };
  return { present: false, reason: 'real-time priority needs CAP_SYS_NICE (or root)' };
}

export interface Interference {
  /** Ends it; everybody runs again. */
  end(): Promise<void>;
}

const nothing: Interference = { end: () => Promise.resolve() };

/** Stops one of the processes at a time. */
function stopAndContinue(peers: readonly PeerProcess[], seed: number): Interference {
  const random = createPrng(seed);
  const stopMs = [1, 4] as const;
  const pauseMs = [1, 6] as const;
  const between = ([least, most]: readonly [number, number]): number =>
    least + (random() % ((most - least) * 1000)) / 1000;
  const pids = peers.flatMap((peer) => peer.pids);
  let stopped: number | undefined;
  const signal = (pid: number, name: NodeJS.Signals): void => {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended by itself; who waits for its answer finds that out.
    }
  };
  const step = (): void => {
    if (stopped === undefined) {
      stopped = pids[random() % pids.length] ?? 0;
      signal(stopped, 'SIGSTOP');
      timer = setTimeout(step, between(stopMs));
    } else {
      signal(stopped, 'SIGCONT');
      stopped = undefined;
      timer = setTimeout(step, between(pauseMs));
    }
  };
  let timer = setTimeout(step, between(pauseMs));
  return {
    end() {
      clearTimeout(timer);
      if (stopped !== undefined) signal(stopped, 'SIGCONT');
      return Promise.resolve();
    },
  };
}

async function startNeighbours(
  placement: Placement,
  burstUs: number,
  pauseUs: number,
  seed: number,
  before: readonly string[],
): Promise<Interference> {
  const cpus = new Set([placement.client, placement.service, placement.broker]);
  const neighbours = await startInOrder(
    [...cpus].map((cpu, at) => () => {
      const command = [process.execPath, neighbourMain, String(burstUs), String(pauseUs), String(seed + at)];
      return new PeerProcess('neighbour', pinned(cpu, [...before, ...command]));
    }),
  );
  return {
    async end() {
      await Promise.all(neighbours.map((neighbour) => neighbour.stop()));
    },
  };
}

/** Begins to interfere with these processes, which run at this placement. The caller ends it before he ends them. */
export async function interfere(
  preemption: Preemption,
  peers: readonly PeerProcess[],
  placement: Placement,
  seed: number,
): Promise<Interference> {
  switch (preemption) {
    case 'none':
      return nothing;
    case 'stopped':
      return stopAndContinue(peers, seed);
    case 'neighbour':
      return startNeighbours(placement, 4_000, 0, seed, []);
    case 'real-time':
      return startNeighbours(placement, 2_000, 2_000, seed, [chrtPath ?? 'chrt', ...realTime]);
  }
}
