/**
 * Numbers of the manager as a whole, for those who watch many machines. Nothing in them grows with the number of peers or services:
 * how many numbers there are follows from the transports, the states and the error codes.
 */
import type { MeasuresShape, TransportMeasuresShape } from '../contract/control.js';
import type { Time } from '../contract/index.js';
import type { SupervisorApi } from '../supervisor/index.js';
import type { Introspected } from './census.js';
import type { Machine } from './machine.js';
import { stateNumber } from './shapes.js';

export interface MeasuresParts {
  readonly supervisor: SupervisorApi;
  readonly machine: Machine;
  readonly servers: readonly Introspected[];
  readonly monitors: number;
  readonly eventLoopDelayMs: number;
}

export function measuresShape(parts: MeasuresParts): MeasuresShape {
  const { supervisor, machine, servers } = parts;
  const info = supervisor.info();
  const { services, restarts, logBytes } = supervisor.measure();
  return {
    transports: servers.map(transportShape),
    services: services.map(({ state, isFailed, count }) => ({ state: stateNumber[state], isFailed, count })),
    serviceRestarts: restarts,
    brokerRestarts: info.brokerRestarts,
    startedWallMs: info.startedWallMs,
    uptimeMs: info.uptimeMs,
    ...machine.vitals(),
    eventLoopDelayMs: parts.eventLoopDelayMs,
    logBytes,
    monitors: parts.monitors,
  };
}

function transportShape({ transport, introspection, monitorLost }: Introspected): TransportMeasuresShape {
  const { refusals, ...traffic } = introspection.traffic;
  return {
    name: transport,
    ...introspection.totals(),
    messages: traffic.messages,
    calls: traffic.calls,
    replies: traffic.replies,
    repliesLost: traffic.repliesLost,
    nodesGone: traffic.nodesGone,
    nodesUnused: traffic.nodesUnused,
    writables: traffic.writables,
    refusals: Object.entries(refusals).map(([code, count]) => ({ code: Number(code), count })),
    monitorLost,
  };
}

/**
 * How late a timer fires now: one timer, made for the question and not before, so that a manager which nobody measures has none
 * that runs.
 */
export function eventLoopDelay(time: Time): Promise<number> {
  const askedMs = 1;
  const since = time.monotonicMs();
  return new Promise((resolve) => {
    time.createTimer(() => resolve(Math.max(0, time.monotonicMs() - since - askedMs))).arm(askedMs);
  });
}
