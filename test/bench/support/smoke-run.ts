/** A small run of the suite in a directory, for tests that interrupt it: two workloads over one transport. */
import { fileURLToPath } from 'node:url';
import { prepareSuite, runSuite, type Suite } from '../../../bench/index.js';

export function prepareSmokeRun(directory: string, onProgress?: (text: string) => void): Suite {
  return prepareSuite({
    tier: 'smoke',
    seed: 3,
    transports: ['sockets'],
    peers: [],
    workloads: ['W1', 'W10'],
    directory,
    command: 'test',
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/** Lets the first launch go by, and stands still when the second begins: whoever kills it then kills it in the middle. */
function standStill(): (text: string) => void {
  let first: string | undefined;
  return (text) => {
    first ??= text;
    if (text !== first) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runSuite(prepareSmokeRun(process.argv[2] ?? '', standStill()));
}
