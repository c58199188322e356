/**
 * W1, the round trip of a call: by payload (0 B to 64 KiB), by calls under way (1 to 256), and by offered load (an open loop at 10, 50, 70 and
 * 90 % of what a closed loop with many calls under way reaches on the same processes).
 *
 * Every message carries the number that its answer is checked by, so a payload of 0 stands for the 4 bytes of that number and no more.
 */
import type { CellDefinition } from '../latency/cell.js';
import type { Varied } from '../results/line.js';
import { controlCallCells } from './control.js';
import {
  type CellShape,
  type Contender,
  isNamed,
  type Launcher,
  type Scenario,
  type ScenarioContext,
  type Tier,
  thoseWho,
} from './scenario.js';

const usualPayload = 64;

/** Beside the first, which every table has. */
const payloads: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [],
  quick: [],
  standard: [65_536],
  full: [0, 4_096, 65_536],
};

const outstandings: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [8],
  quick: [],
  standard: [4, 64, 256],
  full: [2, 4, 16, 64, 256],
};

/** Sizes at which many calls under way are measured, too. */
const outstandingPayloads: Readonly<Record<Tier, readonly number[]>> = {
  smoke: [usualPayload],
  quick: [],
  standard: [usualPayload],
  full: [usualPayload],
};

type Load = readonly [schedule: 'constant' | 'poisson', share: number];

const shares = [0.1, 0.5, 0.7, 0.9];
const loads: Readonly<Record<Tier, readonly Load[]>> = {
  smoke: [['poisson', 0.1]],
  quick: [],
  standard: [...shares.map((share): Load => ['poisson', share]), ['constant', 0.5]],
  full: [...shares.map((share): Load => ['poisson', share]), ['constant', 0.5], ['constant', 0.9]],
};

export interface CallCell {
  readonly workload: string;
  readonly payloadBytes: number;
  readonly varied: Varied;
  readonly group: string;
  readonly sweep?: string;
  readonly isOpen?: boolean;
  readonly sampleMs?: number;
}

/** A cell of empty calls over one contender. */
export function callCell(
  context: ScenarioContext,
  contender: Contender,
  launcher: Launcher,
  cell: CallCell,
): CellDefinition {
  const { placement } = context;
  const { isOpen = false, ...rest } = cell;
  const shape: CellShape = { payloadBytes: cell.payloadBytes, varied: cell.varied };
  return {
    ...rest,
    contender: contender.name,
    call: 'empty',
    placement: placement.name,
    waiting: contender.waiting,
    loop: isOpen ? 'open' : 'closed',
    canOpen: contender.isPipelined === true,
    launch: launcher(placement, shape),
  };
}

/** Whoever serves many calls under way; the others are noted. */
export function pipelinedOf(context: ScenarioContext): ReturnType<typeof thoseWho> {
  return thoseWho(context, 'call', 'calls').filter(({ contender }) => {
    if (contender.isPipelined === true) return true;
    context.cannot(contender.name, 'more than one call under way, or calls by a schedule');
    return false;
  });
}

/** Whom the quick comparison shows: what everybody has, and no more than a minute allows. */
const quickNames = ['c-seqpacket', 'node-net'];

/** Whether the quick comparison has no place for somebody whom nobody named. */
export function isNotInQuick({ kind, name }: Contender): boolean {
  return kind !== 'own' && !quickNames.includes(name);
}

/** Whom a run shows on its curves beside the transports. */
const curveNames: readonly string[] = ['c-seqpacket', 'node-net', 'c-shm-futex', 'dbus-broker'];
const fullCurveNames: readonly string[] = [...curveNames, 'capnp', 'zeromq'];

function callers(context: ScenarioContext): ReturnType<typeof thoseWho> {
  const all = thoseWho(context, 'call', 'calls');
  if (context.tier !== 'quick') return all;
  return all.filter(({ contender }) => !isNotInQuick(contender) || isNamed(context, contender));
}

function takes(context: ScenarioContext, contender: Contender, payloadBytes: number): boolean {
  if (payloadBytes <= (contender.payloadBytesMax ?? 65_536)) return true;
  context.cannot(contender.name, `messages of ${payloadBytes} bytes`);
  return false;
}

/**
 * Everybody is in the first table of a workload. On its curves, where each value costs a launch of everybody, a standard run compares the
 * transports with a few who stand for the others, and a full one with some more. Who was asked for by name is on all of them.
 */
export function isOnCurves(context: ScenarioContext, contender: Contender): boolean {
  const { tier } = context;
  const { name, kind } = contender;
  if (kind === 'own' || isNamed(context, contender)) return true;
  if (tier === 'full') return fullCurveNames.includes(name);
  return tier !== 'standard' || curveNames.includes(name);
}

/** Round trips are compared at all placements, but with everybody at the first, and at the second in a full run. */
function isEverybodyAt({ tier, placement, isFirstPlacement }: ScenarioContext): boolean {
  if (tier === 'quick' || isFirstPlacement === true) return true;
  return tier === 'full' && placement.name === 'one-core';
}

function callersOf(context: ScenarioContext, payloadBytes: number): ReturnType<typeof thoseWho> {
  return callers(context).filter(
    ({ contender }) =>
      (payloadBytes === usualPayload && isEverybodyAt(context)) || isOnCurves(context, contender),
  );
}

function byPayload(context: ScenarioContext, sizes: readonly number[]): CellDefinition[] {
  const varied = { outstanding: 1 };
  return sizes.flatMap((payloadBytes) =>
    callersOf(context, payloadBytes)
      .filter(({ contender }) => takes(context, contender, payloadBytes))
      .map(({ contender, launcher }) => {
        const group = `payload-${payloadBytes}`;
        return callCell(context, contender, launcher, { workload: 'W1', payloadBytes, varied, group });
      }),
  );
}

/** On the same processes as the loads: both say how much a contender can do at once. */
function byOutstanding(context: ScenarioContext): CellDefinition[] {
  return outstandingPayloads[context.tier].flatMap((payloadBytes) =>
    pipelinedOf(context)
      .filter(({ contender }) => isOnCurves(context, contender) && takes(context, contender, payloadBytes))
      .flatMap(({ contender, launcher }) =>
        outstandings[context.tier].map((outstanding) => {
          const varied = { outstanding };
          const cell = { workload: 'W1', payloadBytes, varied, group: 'load', sweep: 'load' };
          return callCell(context, contender, launcher, cell);
        }),
      ),
  );
}

function byLoad(context: ScenarioContext): CellDefinition[] {
  if (loads[context.tier].length === 0) return [];
  return pipelinedOf(context)
    .filter(({ contender }) => isOnCurves(context, contender))
    .flatMap(({ contender, launcher }) =>
      loads[context.tier].map(([schedule, share]) => {
        const varied = { load_share: share, schedule };
        const cell = { workload: 'W1', payloadBytes: usualPayload, varied, group: 'load', sweep: 'load' };
        return callCell(context, contender, launcher, { ...cell, isOpen: true });
      }),
    );
}

/** In the quick comparison, which has no W7: a status call to a whole manager, beside the calls that it is made of. */
function controlCells(context: ScenarioContext): CellDefinition[] {
  if (context.tier !== 'quick') return [];
  const chosen = context.contenders.map(({ name }) => name);
  return controlCallCells(context.placement)
    .filter(({ contender }) => chosen.includes(contender))
    .map((cell) => ({ ...cell, varied: { outstanding: 1 }, group: `payload-${usualPayload}` }));
}

/** The curves are drawn at the first placement; one call under way is compared at all of them. */
export const callScenario: Scenario = {
  workload: 'W1',
  title: 'Round trip of a call',
  question: 1,
  cells(context) {
    const hasCurves = context.isFirstPlacement === true;
    const more = hasCurves ? payloads[context.tier] : [];
    const one = [...byPayload(context, [usualPayload, ...more]), ...controlCells(context)];
    return hasCurves ? [...one, ...byOutstanding(context), ...byLoad(context)] : one;
  },
};
