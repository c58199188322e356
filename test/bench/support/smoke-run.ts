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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runSuite(prepareSmokeRun(process.argv[2] ?? ''));
}
