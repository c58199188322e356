/**
 * A neighbour that takes its CPU away from others: computes for a while, sleeps for a while, both of random length from a seed. Started with a
 * real-time priority it takes the CPU whenever it wants; with an ordinary one it makes others wait for their turn.
 *
 * `node neighbour.js BURST_US PAUSE_US SEED`; ends at end-of-file on its standard input.
 */
import { setTimeout as sleep, setImmediate as turnEnd } from 'node:timers/promises';
import { createPrng } from '../latency/shuffle.js';

const [burstUs = 0, pauseUs = 0, seed = 0] = process.argv.slice(2).map(Number);
const random = createPrng(seed);

/** Between half of it and one and a half. */
const aboutMs = (us: number): number => (us / 2 + (random() % Math.max(1, us))) / 1000;

let isOver = false;
process.stdin.on('end', () => {
  isOver = true;
});
process.stdin.resume();
console.log(`ready ${process.pid}`);
while (!isOver) {
  const endMs = performance.now() + aboutMs(burstUs);
  while (performance.now() < endMs);
  await (pauseUs > 0 ? sleep(aboutMs(pauseUs)) : turnEnd());
}
