/**
 * How fast the cores of a cell are, beside each of its blocks.
 *
 * A virtual machine does not have its cores for itself. Where two hardware threads share a core and the other one belongs to a neighbour, what
 * is measured takes up to twice as long while the neighbour is busy, for some milliseconds or for minutes, and nothing in the guest tells:
 * no time is stolen, and the clock of the core is the same. A fixed piece of work tells (`bench/peers/pace.c`). It is done on the cell's
 * cores immediately before and after each block, and its time, the *pace*, is kept with the block's median; no figure is changed by it.
 * A comparison of runs takes out of both what goes with the pace (statistics/pace.ts), and the run says how often its cores were slowed down.
 */
import { readFileSync } from 'node:fs';
import { geometricMean } from '../statistics/averages.js';
import { type PeerProcess, startBeside } from './peer-process.js';

/** How long it may take to answer; its core may be as busy as a cell makes it. */
const patienceMs = 20_000;

/** Cores whose pace is told, at most; who runs on more has enough of them for their neighbours to be the same on average. */
const cpusMax = 4;

/** As the kernel lists them, `0-3` say; undefined if the process has ended. */
function allowedCpus(pid: number): string | undefined {
  try {
    return /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** The CPUs to which these processes are pinned, each once; none where one of them may run on several. */
export function pinnedCpus(pids: readonly number[]): number[] {
  const cpus = new Set<number>();
  for (const pid of pids) {
    const allowed = allowedCpus(pid);
    if (allowed === undefined) continue;
    if (!/^\d+$/.test(allowed)) return [];
    cpus.add(Number(allowed));
  }
  return [...cpus].sort((a, b) => a - b).slice(0, cpusMax);
}

export class PaceProbe {
  readonly #process: PeerProcess;

  private constructor(process: PeerProcess) {
    this.#process = process;
  }

  /** The caller stops or kills it. Throws if it is not built. */
  static async launch(): Promise<PaceProbe> {
    return new PaceProbe(await startBeside('the pace probe', 'pace'));
  }

  /** The pace of these CPUs now, on average, ns; of any one where none is named. Undefined where one of them may not be used. */
  async measure(cpus: readonly number[]): Promise<number | undefined> {
    this.#process.write(cpus.join(' '));
    const [word, ...paces] = (await this.#process.line(patienceMs)).split(' ');
    return word === 'pace' && paces.length > 0 ? geometricMean(paces.map(Number)) : undefined;
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  kill(): void {
    this.#process.kill();
  }
}
