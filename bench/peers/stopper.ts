/**
 * Stops one of several processes after the other at random moments (SIGSTOP) and lets it go on some milliseconds later (SIGCONT). A
 * process of its own, so that nobody stays stopped when the harness is killed: at end-of-file on its standard input it lets everybody go on and ends.
 *
 * Commands on standard input: `begin SEED PID…`, answered `begun`; `end`, answered `ended` when all go on.
 */
import { createInterface } from 'node:readline';
import { createPrng } from '../latency/shuffle.js';

/** Least and most, ms. */
const stoppedMs = [1, 4] as const;
const pauseMs = [1, 6] as const;

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself; who waits for its answer finds that out.
  }
}

/** Begins; the returned function ends it. */
function stopAndContinue(pids: readonly number[], seed: number): () => void {
  const random = createPrng(seed);
  const between = ([least, most]: readonly [number, number]): number =>
    least + (random() % ((most - least) * 1000)) / 1000;
  let stopped: number | undefined;
  const step = (): void => {
    if (stopped === undefined) {
      stopped = pids[random() % pids.length];
      if (stopped !== undefined) signal(stopped, 'SIGSTOP');
      timer = setTimeout(step, between(stoppedMs));
    } else {
      signal(stopped, 'SIGCONT');
      stopped = undefined;
      timer = setTimeout(step, between(pauseMs));
    }
  };
  let timer = setTimeout(step, between(pauseMs));
  return () => {
    clearTimeout(timer);
    if (stopped !== undefined) signal(stopped, 'SIGCONT');
  };
}

let end: () => void = () => {};
console.log(`ready ${process.pid}`);
for await (const line of createInterface({ input: process.stdin })) {
  end();
  end = () => {};
  const [command, ...numbers] = line.split(' ');
  const [seed = 0, ...pids] = numbers.map(Number);
  if (command === 'begin') end = stopAndContinue(pids, seed);
  console.log(command === 'begin' ? 'begun' : 'ended');
}
end();
