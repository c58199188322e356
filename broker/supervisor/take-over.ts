/**
 * Taking over from a broker that was killed (docs/decisions/0010-takeover.md). init has told what it keeps: processes, and
 * descriptors by name, among them the state memory. The engine is put back as it was, with the descriptions the services
 * were running with; then it is told what happened meanwhile.
 *
 * A process that no record knows of is killed: nobody could supervise or stop it. This is also what happens to all of them
 * where the state memory cannot be read; it is reported.
 */
import type { ServiceEngine } from '../service/index.js';
import type { Inheritance, KnownProcess } from './init-client.js';
import type { Platform } from './platform.js';
import type { Processes } from './processes.js';
import { type InheritedState, readState } from './saved-state.js';
import type { ServiceHost } from './service-host.js';
import { type GrowableMemory, openStateMemory, type StateMemory } from './state-memory.js';

export interface FoundState {
  readonly mapping: GrowableMemory;
  readonly memory: StateMemory;
  readonly state: InheritedState;
}

/** Reads a stored state memory, whose descriptor it takes; the reason where that cannot be done. */
export function findState(descriptor: number, platform: Platform): FoundState | string {
  let mapping: GrowableMemory;
  try {
    mapping = platform.openMemory(descriptor);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const memory = openStateMemory(mapping);
  const state = typeof memory === 'string' ? undefined : readState(memory);
  if (typeof memory === 'string' || state === undefined) {
    platform.close(mapping.descriptor);
    return typeof memory === 'string' ? memory : 'the state memory was never completed';
  }
  return { mapping, memory, state };
}

/** Puts the engine back as it was; `hostFor` makes the host of each service, in the order in which they were loaded. */
export function restoreEngine(
  engine: ServiceEngine,
  state: InheritedState,
  nowMs: number,
  machineMs: number,
): void {
  const offsetMs = machineMs - nowMs;
  const services = state.services.map((service) => service.saved);
  engine.restore(services, nowMs, state.manager.machineOffsetMs - offsetMs, state.manager.isShuttingDown);
}

/** Gives every process to its service and tells the engine what it missed. Returns what is worth a line, for people. */
export function inheritProcesses(
  hosts: Iterable<ServiceHost>,
  processes: Processes,
  inheritance: Inheritance,
): readonly string[] {
  const remarks: string[] = [];
  const unclaimed = new Map<number, KnownProcess>();
  for (const known of inheritance.processes) {
    unclaimed.set(known.token, known);
    processes.reserve(known.token);
  }
  const all = [...hosts];
  for (const host of all) {
    for (const purpose of ['start', 'stop'] as const) processes.reserve(host.slot(purpose).token);
  }
  for (const host of all) {
    for (const purpose of ['start', 'stop'] as const) {
      const { token } = host.slot(purpose);
      const known = unclaimed.get(token);
      unclaimed.delete(token);
      if (processes.inherit(host, purpose, known)) {
        remarks.push(`${host.record.name}: its process is unknown to init; it counts as killed`);
      }
    }
    processes.inheritSignal(host);
  }
  for (const known of unclaimed.values()) {
    processes.dismiss(known);
    if (!known.isDead) remarks.push(`process ${known.pid} belongs to no service and is killed`);
  }
  return remarks;
}
