/**
 * What a run has to show: ratios between cells of the same run and placement, each with the bound that it must keep. Whether it does is said
 * only where the whole 95 % interval over launches lies on one side of the bound.
 */
import Table from 'cli-table3';
import type { CellLine, Figures, LaunchFigures } from '../results/line.js';
import {
  type Bound,
  type LaunchRatio,
  launchRatio,
  type Reached,
  reachedBy,
} from '../statistics/launch-ratio.js';
import { interval as intervalText } from './quantity.js';

/** The judged ratio as it stands in the JSON, with the cell that is judged. */
export interface Must {
  readonly measure: string;
  /** The cell that is judged, and the contender that it is compared with. */
  readonly workload: string;
  readonly contender: string;
  readonly call: string;
  readonly over: string;
  readonly placement: string;
  /** The measured ratio, and its 95 % interval; null where a cell of it is missing, or where one launch tells of no spread. */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly must: number;
  /** Whether the value may not be above the bound, or not below it. */
  readonly bound: Bound;
  /** Null where the ratio was not measured. */
  readonly reached: Reached | null;
  /** Of the two cells the more launches, and how many of these both have the figure of; null where the ratio was not measured. */
  readonly launches: number | null;
  readonly launches_used: number | null;
}

/** What is judged; results of earlier versions have one launch only, and do not say its figures. */
export type JudgedCell = Pick<
  CellLine,
  | 'workload'
  | 'contender'
  | 'call'
  | 'placement'
  | 'p50_us'
  | 'per_broker_cpu_second'
  | 'violations'
  | 'invalid'
> & { readonly launches?: readonly LaunchFigures[] };

type Measured = Pick<Figures, 'p50_us' | 'per_broker_cpu_second'>;

interface Rule {
  readonly measure: string;
  readonly workload: string;
  readonly ours: readonly [contender: string, call: string];
  readonly theirs: readonly [contender: string, call: string];
  readonly value: (figures: Measured) => number | null;
  readonly must: number;
  readonly bound: Bound;
}

const rules: readonly Rule[] = [
  {
    measure: 'empty call, bus / sd-bus through dbus-broker, p50',
    workload: 'W1',
    ours: ['bus', 'empty'],
    theirs: ['dbus-broker', 'empty'],
    value: (figures) => figures.p50_us,
    must: 0.8,
    bound: 'most',
  },
  {
    measure: 'empty call, bus / sd-bus through dbus-daemon, p50',
    workload: 'W1',
    ours: ['bus', 'empty'],
    theirs: ['dbus-daemon', 'empty'],
    value: (figures) => figures.p50_us,
    must: 0.5,
    bound: 'most',
  },
  {
    measure: 'one-way messages a CPU second of the broker, bus / dbus-broker',
    workload: 'W2',
    ours: ['bus', 'one-way'],
    theirs: ['dbus-broker', 'one-way'],
    value: (figures) => figures.per_broker_cpu_second,
    must: 3,
    bound: 'least',
  },
  {
    measure: 'multicast until the last has it, bus / loop over sockets, p50',
    workload: 'W4',
    ours: ['bus', 'multicast'],
    theirs: ['sockets', 'multicast'],
    value: (figures) => figures.p50_us,
    must: 0.9,
    bound: 'most',
  },
];

/** Intervals are the same whenever they are computed from the same results. */
const intervalSeed = 1;

function ratioOf({ value }: Rule, ours: JudgedCell, theirs: JudgedCell): LaunchRatio | null {
  if (ours.launches !== undefined && theirs.launches !== undefined)
    return launchRatio(ours.launches, theirs.launches, value, intervalSeed);
  const [over, under] = [value(ours), value(theirs)];
  return over === null || under === null
    ? null
    : { estimate: over / under, low: null, high: null, launches: 1, p: null };
}

function judge(rule: Rule, placement: string, cells: readonly JudgedCell[]): Must {
  const { measure, must, bound } = rule;
  const usable = ([contender, call]: readonly [string, string]): JudgedCell | undefined =>
    cells.find(
      (cell) =>
        cell.workload === rule.workload &&
        cell.placement === placement &&
        cell.contender === contender &&
        cell.call === call &&
        cell.violations === 0 &&
        cell.invalid === undefined,
    );
  const [ours, theirs] = [usable(rule.ours), usable(rule.theirs)];
  const ratio = ours === undefined || theirs === undefined ? null : ratioOf(rule, ours, theirs);
  const launches = Math.max(ours?.launches?.length ?? 1, theirs?.launches?.length ?? 1);
  const rounded = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : Number(value.toFixed(3));
  return {
    measure,
    workload: rule.workload,
    contender: rule.ours[0],
    call: rule.ours[1],
    over: rule.theirs[0],
    placement,
    value: rounded(ratio?.estimate),
    low: rounded(ratio?.low),
    high: rounded(ratio?.high),
    must,
    bound,
    reached: ratio === null ? null : reachedBy(ratio, bound, must),
    launches: ratio === null ? null : launches,
    launches_used: ratio?.launches ?? null,
  };
}

/** Every rule at every placement at which its workload was measured. */
export function judgeMusts(cells: readonly JudgedCell[]): Must[] {
  return rules.flatMap((rule) => {
    const ofWorkload = cells.filter((cell) => cell.workload === rule.workload);
    const placements = [...new Set(ofWorkload.map((cell) => cell.placement))];
    return placements.map((placement) => judge(rule, placement, cells));
  });
}

/** `0.79`, or `0.79 (3 of 5 launches)` where some were left out. */
function measuredText({ value, launches, launches_used }: Must): string {
  if (value === null) return '–';
  const isWhole = launches === null || launches_used === null || launches_used === launches;
  return isWhole ? value.toFixed(2) : `${value.toFixed(2)} (${launches_used} of ${launches} launches)`;
}

/** What is said of it in a table: each cell of a row, the interval among them. */
export function mustRow(judged: Must): string[] {
  const { measure, placement, low, high, must, bound, reached } = judged;
  return [
    measure,
    placement,
    measuredText(judged),
    intervalText(low, high),
    `${bound === 'most' ? '≤' : '≥'} ${must}`,
    reached ?? 'not measured',
  ];
}

export const mustHead = ['what', 'placement', 'measured', '95 %', 'must', 'reached'] as const;

export function mustTable(musts: readonly Must[], isColoured: boolean): string {
  const table = new Table({
    head: [...mustHead],
    colAligns: ['left', 'left', 'right', 'right', 'right', 'left'],
    ...(isColoured ? {} : { style: { head: [], border: [] } }),
  });
  for (const must of musts) table.push(mustRow(must));
  return table.toString();
}
