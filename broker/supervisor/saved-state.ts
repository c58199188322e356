/**
 * The texts in the state memory: one for the manager (`manager`), and two for each service, its description (`d:NAME`, constant)
 * and what changes (`s:NAME`). JSON, because an older or newer broker of the same machine may have to read it, and unknown
 * fields then do no harm.
 */
import type {
  ProcessPurpose,
  SavedRecord,
  SavedService,
  ServiceDescription,
  SignalScope,
} from '../service/index.js';
import type { ServiceFailure } from './api.js';
import type { StateMemory } from './state-memory.js';

/** A signal that was decided on, and that init may not have been told of yet. */
export interface PendingSignal {
  readonly purpose: ProcessPurpose;
  readonly signal: number;
  readonly scope: SignalScope;
}

/** What the supervisor keeps about a service beside its record. */
export interface SavedHost {
  /** Services are restored in the order in which they were loaded. */
  readonly number: number;
  /** 0: no process was asked for, or its exit is known. */
  readonly startToken: number;
  readonly stopToken: number;
  readonly sinceWallMs: number;
  readonly restarts: number;
  readonly lastFailure?: ServiceFailure | undefined;
  readonly signal?: PendingSignal | undefined;
  /** The process that the service has named as its own, for when the one that runs has ended; its pidfd is at init. */
  readonly successorPid?: number | undefined;
  /** `startToken` is for that process, which runs already: init was, or is to be, asked to watch it. */
  readonly isAdopting?: boolean | undefined;
}

export interface SavedManager {
  /** What the engine's time of this broker adds up to with the machine's: machine minus engine, in milliseconds. */
  readonly machineOffsetMs: number;
  readonly startedWallMs: number;
  readonly isShuttingDown: boolean;
  /** The services of the command line were loaded and asked to start. */
  readonly hasBegun: boolean;
}

export interface InheritedService {
  readonly saved: SavedService;
  readonly host: SavedHost;
}

export interface InheritedState {
  readonly manager: SavedManager;
  /** In the order in which they were loaded. */
  readonly services: readonly InheritedService[];
  /** Keys that could not be understood; their services are unknown to the new broker. */
  readonly unreadable: readonly string[];
}

const managerKey = 'manager';

export function saveManager(memory: StateMemory, manager: SavedManager): void {
  memory.set(managerKey, JSON.stringify(manager));
}

export function saveDescription(memory: StateMemory, description: ServiceDescription): void {
  memory.set(`d:${description.name}`, JSON.stringify(description), true);
}

/**
 * The edges of a record, shortened to their flags, a digit each, where they are the description's dependencies in order: a
 * service with a thousand dependencies is saved often while it starts.
 */
function shortLinks(
  description: ServiceDescription,
  links: SavedRecord['links'],
): string | SavedRecord['links'] {
  const { dependencies } = description;
  let flags = '';
  for (const [index, [name, kind, flag]] of links.entries()) {
    const declared = dependencies[index];
    if (declared?.name !== name || declared.kind !== kind) return links;
    flags += flag;
  }
  return links.length === dependencies.length ? flags : links;
}

function longLinks(
  description: ServiceDescription,
  links: string | SavedRecord['links'],
): SavedRecord['links'] {
  if (typeof links !== 'string') return links;
  return description.dependencies.map(({ name, kind }, index) => [name, kind, Number(links[index])]);
}

export function saveService(
  memory: StateMemory,
  description: ServiceDescription,
  record: SavedRecord,
  host: SavedHost,
): void {
  const { exitStatus, fields } = record;
  const links = shortLinks(description, record.links);
  memory.set(`s:${description.name}`, JSON.stringify({ host, fields, exitStatus, links }));
}

export function forgetService(memory: StateMemory, name: string): void {
  memory.delete(`s:${name}`);
  memory.delete(`d:${name}`);
}

/** Reads everything. Undefined where the memory was never completed by its writer: then there is nothing to take over. */
export function readState(memory: StateMemory): InheritedState | undefined {
  const managerText = memory.get(managerKey);
  if (managerText === undefined) return undefined;
  const services: InheritedService[] = [];
  const unreadable: string[] = [];
  for (const key of memory.keys()) {
    if (!key.startsWith('s:')) continue;
    const descriptionText = memory.get(`d:${key.slice(2)}`);
    const text = memory.get(key);
    if (descriptionText === undefined || text === undefined) {
      unreadable.push(key);
      continue;
    }
    const description: ServiceDescription = JSON.parse(descriptionText);
    const { host, fields, exitStatus, links } = JSON.parse(text);
    const record: SavedRecord = { fields, exitStatus, links: longLinks(description, links) };
    services.push({ saved: { description, record }, host });
  }
  services.sort((a, b) => a.host.number - b.host.number);
  return { manager: JSON.parse(managerText), services, unreadable };
}
