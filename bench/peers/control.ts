/**
 * Control calls, asked through the client library of a real manager, decoded and checked: the status of one service, the list of all, and
 * a start until the subscriber has its event. Whatever there is no room for waits until there is, and its time runs meanwhile.
 */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { ErrorCode, type Handle, hasCode } from '../../broker/contract/index.js';
// Alone, because most peers ask no manager and need nothing else of the library.
import { ControlError } from '../../clients/library/control-error.js';
import type { Manager, Service } from '../../clients/library/index.js';
import type { ClosedLoop } from './client-port.js';

/** What a client of a manager can be made to do; the words are the calls of W7's cells. */
export const controlOperations = ['status', 'list', 'start-event'] as const;
export type ControlOperation = (typeof controlOperations)[number];

/** Whether many can be under way at once: lists would fill queues, and a service cannot be started and stopped at the same time. */
export const canOverlap = (operation: ControlOperation): boolean => operation === 'status';

/** Whether a transport had no room for a message, which then was not sent; what a manager refuses is an answer. */
function hadNoRoom(error: unknown): boolean {
  return hasCode(error, ErrorCode.OverQuota) && !(error instanceof ControlError);
}

/** Asks whoever `handle` leads to; again when there is room, while there is none. */
async function askWithRoom<T>({ handle }: { readonly handle: Handle }, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!hadNoRoom(error)) throw error;
      await handle.writable();
    }
  }
}

/** A loop of one thing after the other; `once` returns what it took in ms, and its violations. */
function loopOf(once: () => Promise<{ readonly tookMs: number; readonly violations: number }>): ClosedLoop {
  return async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      const result = await once();
      samples.add(result.tookMs);
      violations += result.violations;
    }
    return violations;
  };
}

/** An answer that names another service, or another state than started, is a violation. */
function createStatusLoop(service: Service, name: string): ClosedLoop {
  return loopOf(async () => {
    const start = performance.now();
    const status = await askWithRoom(service, () => service.status());
    const tookMs = performance.now() - start;
    return { tookMs, violations: status.name === name && status.state === 'started' ? 0 : 1 };
  });
}

/** A list that is not of so many services, each once and in the order of their names, is a violation. */
function createListLoop(manager: Manager, count: number): ClosedLoop {
  return loopOf(async () => {
    const start = performance.now();
    const list = await askWithRoom(manager, () => manager.list());
    const tookMs = performance.now() - start;
    let violations = list.length === count ? 0 : 1;
    for (let at = 1; at < list.length; at++) {
      if ((list[at - 1]?.name ?? '') >= (list[at]?.name ?? '')) violations++;
    }
    return { tookMs, violations };
  });
}

/**
 * A sample is from before `start` is called until the event `started` of this service has come, which is not the call's own answer; the
 * service is stopped again in between. An outcome other than these, a wrong state in the event, or lost events are violations.
 */
async function createStartLoop(manager: Manager, service: Service): Promise<ClosedLoop> {
  const stream = await manager.events();
  const events = stream[Symbol.asyncIterator]();
  let violations = 0;
  const until = async (kind: 'started' | 'stopped'): Promise<void> => {
    for (;;) {
      const { done, value } = await events.next();
      if (done === true) throw new Error('the manager has ended');
      if (value.lost > 0) violations++;
      if (value.kind !== kind) continue;
      if (value.service !== service.name || value.status?.state !== kind) violations++;
      return;
    }
  };
  await askWithRoom(service, () => service.stop());
  await until('stopped');
  return loopOf(async () => {
    violations = 0;
    const start = performance.now();
    const answered = askWithRoom(service, () => service.start());
    await until('started');
    const tookMs = performance.now() - start;
    const outcome = await answered;
    if (outcome.already || outcome.state !== 'started') violations++;
    const stopped = await askWithRoom(service, () => service.stop());
    if (stopped.state !== 'stopped') violations++;
    await until('stopped');
    return { tookMs, violations };
  });
}

const patienceMs = 20_000;

/** Waits until a manager that is being started has loaded its services and started this one. */
async function untilStarted(manager: Manager, name: string, count: number): Promise<void> {
  const endMs = performance.now() + patienceMs;
  const isStarted = async (): Promise<boolean> => {
    const list = await askWithRoom(manager, () => manager.list());
    return list.length === count && list.every(({ state }) => state === 'started');
  };
  while (!(await isStarted())) {
    if (performance.now() > endMs) throw new Error(`${name} and ${count - 1} other services are not started`);
    await sleep(20);
  }
}

/** The loop of an operation; `name` is a service of a manager that has `count` in all, which are waited for. */
export async function createControlLoop(
  manager: Manager,
  operation: ControlOperation,
  name: string,
  count: number,
): Promise<ClosedLoop> {
  await untilStarted(manager, name, count);
  if (operation === 'list') return createListLoop(manager, count);
  const service = await askWithRoom(manager, () => manager.find(name));
  return operation === 'status' ? createStatusLoop(service, name) : createStartLoop(manager, service);
}
