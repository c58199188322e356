/** What a run has to show: ratios between cells of the same run and placement, each with the bound that it must keep and the one it aims at. */
import Table from 'cli-table3';
import type { CellResult } from './cells.js';

export interface Must {
  readonly measure: string;
  readonly placement: string;
  /** The measured ratio; null where a cell of it is missing. */
  readonly value: number | null;
  readonly must: number;
  /** Whether the value may not be above the bound, or not below it. */
  readonly bound: 'most' | 'least';
  readonly reached: boolean | null;
}

interface Rule {
  readonly measure: string;
  readonly workload: string;
  readonly ours: readonly [contender: string, call: string];
  readonly theirs: readonly [contender: string, call: string];
  readonly value: (cell: CellResult) => number | null;
  readonly must: number;
  readonly bound: 'most' | 'least';
}

const rules: readonly Rule[] = [
  {
    measure: 'empty call, bus / sd-bus through dbus-broker, p50',
    workload: 'W1',
    ours: ['bus', 'empty'],
    theirs: ['dbus-broker', 'empty'],
    value: (cell) => cell.p50_us,
    must: 0.8,
    bound: 'most',
  },
  {
    measure: 'empty call, bus / sd-bus through dbus-daemon, p50',
    workload: 'W1',
    ours: ['bus', 'empty'],
    theirs: ['dbus-daemon', 'empty'],
    value: (cell) => cell.p50_us,
    must: 0.5,
    bound: 'most',
  },
  {
    measure: 'one-way messages a CPU second of the broker, bus / dbus-broker',
    workload: 'W2',
    ours: ['bus', 'one-way'],
    theirs: ['dbus-broker', 'one-way'],
    value: (cell) => cell.per_broker_cpu_second,
    must: 3,
    bound: 'least',
  },
  {
    measure: 'multicast until the last has it, bus / loop over sockets, p50',
    workload: 'W4',
    ours: ['bus', 'multicast'],
    theirs: ['sockets', 'multicast'],
    value: (cell) => cell.p50_us,
    must: 0.9,
    bound: 'most',
  },
];

function judge(rule: Rule, placement: string, cells: readonly CellResult[]): Must {
  const { measure, must, bound } = rule;
  const measured = ([contender, call]: readonly [string, string]): number | null => {
    const found = cells.find(
      (cell) =>
        cell.workload === rule.workload &&
        cell.placement === placement &&
        cell.contender === contender &&
        cell.call === call,
    );
    return found === undefined ? null : rule.value(found);
  };
  const ours = measured(rule.ours);
  const theirs = measured(rule.theirs);
  if (ours === null || theirs === null)
    return { measure, placement, value: null, must, bound, reached: null };
  const value = Number((ours / theirs).toFixed(2));
  return {
    measure,
    placement,
    value,
    must,
    bound,
    reached: bound === 'most' ? value <= must : value >= must,
  };
}

/** Every rule at every placement at which its workload was measured. */
export function judgeMusts(cells: readonly CellResult[]): Must[] {
  return rules.flatMap((rule) => {
    const ofWorkload = cells.filter((cell) => cell.workload === rule.workload);
    const placements = [...new Set(ofWorkload.map((cell) => cell.placement))];
    return placements.map((placement) => judge(rule, placement, cells));
  });
}

export function mustTable(musts: readonly Must[], isColoured: boolean): string {
  const table = new Table({
    head: ['what', 'placement', 'measured', 'must', 'reached'],
    colAligns: ['left', 'left', 'right', 'right', 'left'],
    ...(isColoured ? {} : { style: { head: [], border: [] } }),
  });
  for (const { measure, placement, value, must, bound, reached } of musts) {
    table.push([
      measure,
      placement,
      value === null ? '–' : value.toFixed(2),
      `${bound === 'most' ? '≤' : '≥'} ${must}`,
      reached === null ? 'not measured' : reached ? 'yes' : 'NO',
    ]);
  }
  return table.toString();
}
