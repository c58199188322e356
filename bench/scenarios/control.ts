/**
 * Control operations, asked of a real manager (init, broker, its control sockets) through the client library: the status of one service (W1
 * and W7), the list of all, and a start until its event (W7).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { PeerProcess, pinned } from '../latency/peer-process.js';
import { type ControlOperation, canOverlap, controlOperations } from '../peers/control.js';
import { buildDirectory, freshPath, pingPongLaunch, startInOrder, startPeer } from './contenders.js';
import { processTransports } from './parties.js';
import {
  asking,
  type Launcher,
  type Scenario,
  type ScenarioContext,
  type Tier,
  thoseWho,
} from './scenario.js';

const command = join(buildDirectory, 'clients', 'cli', 'main.js');
const memoryManager = join(buildDirectory, 'bench', 'peers', 'manager.js');

/** The service that is asked about and started, and the one that brings all others. */
const probe = 'probe';
const rest = 'rest';

/** Writes descriptions of so many services into a directory of its own; returns it and the names that bring up all. */
function writeServices(
  directory: string,
  count: number,
): { readonly services: string; readonly names: readonly string[] } {
  const services = mkdtempSync(join(directory, 'services-'));
  const write = (name: string, more = ''): void => {
    writeFileSync(join(services, name), `type = internal\n${more}`);
  };
  write(probe);
  if (count === 1) return { services, names: [probe] };
  const others = Array.from({ length: count - 2 }, (_, at) => `service-${String(at).padStart(5, '0')}`);
  for (const name of others) write(name);
  // Nothing depends on the probe, so that stopping it concerns nobody else.
  write(rest, others.map((name) => `waits-for = ${name}\n`).join(''));
  return { services, names: [probe, rest] };
}

function startManager(
  directory: string,
  socket: string,
  cpu: number | undefined,
  names: readonly string[],
): PeerProcess {
  const where = ['-d', directory, '--socket', socket, '--ready-fd', '1'];
  const run = [process.execPath, command, 'run', '--quiet', ...where, ...names];
  return new PeerProcess('capstan run', pinned(cpu, run), { isTree: true });
}

function removal(services: string): () => void {
  return () => rmSync(services, { recursive: true, force: true });
}

/** The same manager with its client inside, over memory. */
function launchInMemory(
  placement: Placement,
  operation: ControlOperation,
  count: number,
): CellDefinition['launch'] {
  return async (directory): Promise<CellProcesses> => {
    const { services, names } = writeServices(directory, count);
    const args = ['launch', services, names.join(','), operation, String(count)];
    const started = pinned(placement.client, [process.execPath, memoryManager, ...args]);
    const [client] = await startInOrder([
      () => new PeerProcess('memory manager', started, { hasChildren: true }),
    ]);
    if (client === undefined) throw new Error('no peers');
    return { client, others: [], cleanUp: removal(services) };
  };
}

/** A manager, and a client over one of the transports on which it listens. */
function launchOver(
  name: string,
  placement: Placement,
  operation: ControlOperation,
  count: number,
): CellDefinition['launch'] {
  return async (directory): Promise<CellProcesses> => {
    const { services, names } = writeServices(directory, count);
    const socket = freshPath(directory);
    const [manager, client] = await startInOrder([
      () => startManager(services, socket, placement.service, names),
      () => startPeer(placement.client, 'control', name, socket, probe, operation, String(count)),
    ]);
    if (manager === undefined || client === undefined) throw new Error('no peers');
    return { client, others: [manager], cleanUp: removal(services) };
  };
}

/** W1: a status call over each of the transports on which a manager listens, and over memory. */
export function controlCallCells(placement: Placement): CellDefinition[] {
  const cell = (contender: string, launch: CellDefinition['launch']): CellDefinition => {
    const name = { workload: 'W1', contender, call: 'control', payloadBytes: 0, placement: placement.name };
    return { ...name, canRush: true, launch };
  };
  return [
    cell('memory', launchInMemory(placement, 'status', 1)),
    ...processTransports.map((name) => cell(name, launchOver(name, placement, 'status', 1))),
  ];
}

/** How an operation of W7 is done over an own transport. */
function launcherOf(name: string, operation: ControlOperation): Launcher {
  return (placement, { varied }) => {
    const count = varied.services ?? 1;
    return name === 'memory'
      ? launchInMemory(placement, operation, count)
      : launchOver(name, placement, operation, count);
  };
}

/** How the own transports do an operation of W7. */
export function controlLaunchers(operation: ControlOperation): Readonly<Record<string, Launcher>> {
  const names = ['memory', ...processTransports];
  return Object.fromEntries(names.map((name) => [name, launcherOf(name, operation)]));
}

type Operations = Readonly<Record<ControlOperation, readonly number[]>>;

/** Services of the manager, at each operation. */
const services: Readonly<Record<Tier, Operations>> = {
  smoke: { status: [3], list: [3], 'start-event': [3] },
  quick: { status: [], list: [], 'start-event': [] },
  standard: { status: [100], list: [100], 'start-event': [100] },
  full: { status: [1, 1_000], list: [100, 1_000], 'start-event': [100] },
};

/** What a round trip alone takes on this machine, to which a control call is a ratio. */
function roundTrip(context: ScenarioContext, count: number): CellDefinition[] {
  if (!context.contenders.some(({ name }) => name === 'c-seqpacket')) return [];
  return [
    {
      workload: 'W7',
      contender: 'c-seqpacket',
      call: 'status',
      payloadBytes: 0,
      placement: context.placement.name,
      varied: { services: count },
      group: groupOf('status', count),
      launch: pingPongLaunch(context.placement, 0),
    },
  ];
}

/** Measured, of the slowest, where it is more than a round trip: a list's length tells, and a start is several calls and events. */
function sampleMsOf(operation: ControlOperation, count: number): number | undefined {
  if (operation === 'status') return undefined;
  return operation === 'list' ? 0.3 + 0.009 * count : 2;
}

function groupOf(operation: ControlOperation, count: number): string {
  return `${operation}, ${count} services`;
}

function cellsOf(context: ScenarioContext, operation: ControlOperation, count: number): CellDefinition[] {
  const sampleMs = sampleMsOf(operation, count);
  // Who has no manager is not asked, unless by name.
  const own = thoseWho(asking(context, 'own'), operation, 'control a manager').map(
    ({ contender, launcher }): CellDefinition => ({
      workload: 'W7',
      contender: contender.name,
      call: operation,
      payloadBytes: 0,
      placement: context.placement.name,
      varied: { services: count },
      waiting: contender.waiting,
      canRush: canOverlap(operation),
      ...(operation === 'status' ? {} : { baseline: 'sockets' }),
      ...(sampleMs === undefined ? {} : { sampleMs }),
      group: groupOf(operation, count),
      launch: launcher(context.placement, { payloadBytes: 0, varied: { services: count } }),
    }),
  );
  return operation === 'status' ? [...roundTrip(context, count), ...own] : own;
}

export const controlScenario: Scenario = {
  workload: 'W7',
  title: 'control operations of a manager',
  question: 1,
  cells: (context): CellDefinition[] =>
    controlOperations.flatMap((operation) =>
      services[context.tier][operation].flatMap((count) => cellsOf(context, operation, count)),
    ),
};
