/**
 * The control call: the status of one service, asked through the client library, decoded and checked.
 */
import { performance } from 'node:perf_hooks';
import type { Service } from '../../clients/library/index.js';
import type { ClosedLoop } from './client-port.js';

/** An answer that names another service, or another state than started, is a violation. */
export function createStatusLoop(service: Service, name: string): ClosedLoop {
  return async (endMs, samples) => {
    let violations = 0;
    for (let now = performance.now(); now < endMs && !samples.isFull; ) {
      const start = performance.now();
      const status = await service.status();
      now = performance.now();
      samples.add(now - start);
      if (status.name !== name || status.state !== 'started') violations++;
    }
    return violations;
  };
}
