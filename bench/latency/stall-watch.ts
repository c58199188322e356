/**
 * Whether the machine stood still while an open loop was measured. A generator can miss its schedule because the contender is slow, and
 * that is the result; or because nothing at all was woken in time (a hypervisor took the core away, say), and then the block must not be
 * used (benchmark method, point 3). A small process with real-time priority on the client's core tells these apart: nothing of the
 * contender can delay it (`bench/peers/stall-watch.c`).
 */
import { type PeerProcess, startBeside } from './peer-process.js';

/** What the watch saw in one block. */
export interface Stalls {
  /** How often it should have been woken, one a millisecond, and how often it was so more than 0.2 ms late. */
  readonly beats: number;
  readonly late: number;
  readonly worstNs: number;
}

/** More of its beats than this, and more than one, may not be late: one can be by any interrupt. */
const lateShareMax = 0.01;

export function isStalled({ beats, late }: Stalls): boolean {
  return late > Math.max(1, beats * lateShareMax);
}

/** How long it may take to answer; whoever has real-time priority answers at once. */
const patienceMs = 5_000;

export class StallWatch {
  readonly #process: PeerProcess;

  private constructor(process: PeerProcess) {
    this.#process = process;
  }

  /** Watches the cores of this process. The caller stops or kills it. Throws if it is not built. */
  static async launch(pid: number): Promise<StallWatch> {
    return new StallWatch(await startBeside('the stall watch', 'stall-watch', String(pid)));
  }

  /**
   * Resolves when it watches; the function that it gives ends that and tells what was seen: undefined without the right to real-time
   * priority.
   */
  async begin(): Promise<() => Promise<Stalls | undefined>> {
    this.#process.write('begin');
    await this.#process.line(patienceMs);
    return async () => {
      this.#process.write('end');
      const line = await this.#process.line(patienceMs);
      const match = /^beats (\d+) late (\d+) worst (\d+)$/.exec(line);
      if (match === null) return undefined;
      return { beats: Number(match[1]), late: Number(match[2]), worstNs: Number(match[3]) };
    };
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  kill(): void {
    this.#process.kill();
  }
}
