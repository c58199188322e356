/** Requests to the control objects, one of each kind that garbage can be made of; the numbers are at their limits. */
import type { RequestShape } from '../../broker/contract/control.js';

export const someRequests: readonly RequestShape[] = [
  { find: { name: 'web', load: true } },
  { list: { after: 'a', count: 3 } },
  { start: { wait: false, pin: true } },
  { stop: { force: true, wait: true }, deadlineMs: 5 },
  { log: { after: -1, linesMax: 2 ** 31, clear: true } },
  { dependencies: { dependents: true, skip: 2 ** 31 } },
  { signal: { number: 2 ** 31 } },
  { facet: { rights: 2 } },
  { subscribe: { current: true, logs: true, states: true } },
  { unload: {} },
];
