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
import { buildDirectory, startInOrder } from './contenders.js';
import type { Presence } from './scenario.js';

export type Preemption = 'none' | 'stopped' | 'neighbour' | 'real-time';

const neighbourMain = join(buildDirectory, 'bench', 'peers', 'neighbour.js');
const stopperMain = join(buildDirectory, 'bench', 'peers', 'stopper.js');
const chrtPath = ['/usr/bin/chrt', '/bin/chrt'].find((path) => existsSync(path));

/** The lowest real-time priority: above all that is not real-time, below all that is. */
const realTime = ['-f', '1'];

/** How long the stopper may take to answer. */
const answerMs = 20_000;

/** Whether this machine, and who runs this, can interfere in that way. */
export function preemptionPresence(preemption: Preemption): Presence {
  if (preemption !== 'real-time') return { present: true };
  if (chrtPath === undefined) return { present: false, reason: 'chrt (util-linux) is not installed' };
  const tried = spawnSync(chrtPath, [...realTime, process.execPath, '--version'], { stdio: 'ignore' });
  if (tried.status === 0) return { present: true };
  return { present: false, reason: 'real-time priority needs CAP_SYS_NICE (or root)' };
}

/**
 * Interferes with one cell after another; whoever makes one ends it. Neighbours stay for the next cell that wants the same, so cells of one
 * kind should follow each other.
 */
export class Interferer {
  #stopper: PeerProcess | undefined;
  #neighbours: readonly PeerProcess[] = [];
  #neighboursAre: Preemption = 'none';
  #isStopping = false;

  /** Begins to interfere with these processes, which run at this placement. */
  async begin(
    preemption: Preemption,
    peers: readonly PeerProcess[],
    placement: Placement,
    seed: number,
  ): Promise<void> {
    if (this.#neighboursAre === preemption) return;
    await this.#sendNeighboursAway();
    switch (preemption) {
      case 'none':
        return;
      case 'stopped':
        return this.#stop(peers, seed);
      case 'neighbour':
        this.#neighboursAre = preemption;
        return this.#startNeighbours(placement, 4_000, 0, seed, []);
      case 'real-time':
        this.#neighboursAre = preemption;
        return this.#startNeighbours(placement, 2_000, 2_000, seed, [chrtPath ?? 'chrt', ...realTime]);
    }
  }

  /** After each cell: all its processes run again when it resolves. */
  async pause(): Promise<void> {
    if (!this.#isStopping || this.#stopper === undefined) return;
    this.#isStopping = false;
    this.#stopper.write('end');
    await this.#stopper.line(answerMs);
  }

  async end(): Promise<void> {
    await this.pause();
    await this.#sendNeighboursAway();
    await this.#stopper?.stop();
    this.#stopper = undefined;
  }

  kill(): void {
    for (const neighbour of this.#neighbours) neighbour.kill();
    // Not killed: it lets everybody go on first.
    void this.#stopper?.stop();
  }

  async #sendNeighboursAway(): Promise<void> {
    const neighbours = this.#neighbours;
    this.#neighbours = [];
    this.#neighboursAre = 'none';
    await Promise.all(neighbours.map((neighbour) => neighbour.stop()));
  }

  async #stop(peers: readonly PeerProcess[], seed: number): Promise<void> {
    if (this.#stopper === undefined) {
      const [stopper] = await startInOrder([
        () => new PeerProcess('stopper', [process.execPath, stopperMain]),
      ]);
      this.#stopper = stopper;
    }
    const pids = peers.flatMap((peer) => peer.pids);
    this.#isStopping = true;
    this.#stopper?.write(`begin ${seed} ${pids.join(' ')}`);
    await this.#stopper?.line(answerMs);
  }

  async #startNeighbours(
    placement: Placement,
    burstUs: number,
    pauseUs: number,
    seed: number,
    before: readonly string[],
  ): Promise<void> {
    const cpus = new Set([placement.client, placement.service, placement.broker]);
    const times = [burstUs, pauseUs].map(String);
    this.#neighbours = await startInOrder(
      [...cpus].map((cpu, at) => () => {
        const command = [process.execPath, neighbourMain, ...times, String(seed + at)];
        return new PeerProcess('neighbour', pinned(cpu, [...before, ...command]));
      }),
    );
  }
}
