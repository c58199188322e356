/**
 * How the tests are run. A file waits for much of its time, for a process that starts or ends or for a time that has to pass: two files side
 * by side leave a third of two cores idle, three hardly any of it.
 */
import { availableParallelism } from 'node:os';

export default {
  files: ['build/test/**/*.test.js'],
  workerThreads: false,
  timeout: '120s',
  failFast: false,
  concurrency: Math.max(3, availableParallelism()),
};
