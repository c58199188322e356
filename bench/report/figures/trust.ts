/** How far the numbers can be trusted: the harness's cost, the machine, noise, failures, what is missing. Tables only. */
import { inOneLine } from '../../failure.js';
import type { Results, Run } from '../../results/directory.js';
import type { CellLine, OrderLine, ResultLine } from '../../results/line.js';
import { slownessOf } from '../../results/slowness.js';
import { whatOf } from '../contrast.js';
import * as say from '../quantity.js';
import { cellsOf, distinct, grouped, isUsable, ordersOf } from '../selection.js';
import type { ReportTable } from '../table.js';
import { loadShareText } from './calls.js';
import { conditions } from './order.js';

/** `sockets 9 of 36`: how many of the launches of some cells do not count. */
function stalledOf(cells: readonly CellLine[]): { readonly stalled: number; readonly text: string } {
  const stalled = cells.reduce((sum, { launches_stalled: count = 0 }) => sum + count, 0);
  const kept = cells.reduce((sum, { launches }) => sum + launches.length, 0);
  return { stalled, text: `${say.count(stalled)} of ${say.count(stalled + kept)}` };
}

/**
 * Launches that do not count, where there are any: the machine stalled in them, and nobody could send in time. Whose they are and at which
 * load says whose figures may be of a kinder selection.
 */
function stalledRows(cells: readonly CellLine[]): (readonly [string, string])[] {
  const open = cells.filter(({ loop }) => loop === 'open');
  const { stalled, text } = stalledOf(open);
  if (stalled === 0) return [];
  const byContender = [...grouped(open, ({ contender }) => `\`${contender}\``)]
    .map(([name, members]) => ({ name, ...stalledOf(members), of: members.length }))
    .sort((a, b) => b.stalled / b.of - a.stalled / a.of);
  const loads = distinct(open, ({ load_share }) => load_share).map((share) => {
    const members = open.filter(({ load_share }) => load_share === share);
    return `${stalledOf(members).text} at ${members.slice(0, 1).map(loadShareText).join('')}`;
  });
  return [
    [
      'launches of open loops left out, because the machine stalled in them',
      `${text}: ${say.listed(byContender.map((one) => `${one.name} (${one.text})`))}`,
    ],
    ...(loads.length === 0
      ? []
      : [['the same by the share of its peak that was offered', say.listed(loads)] as const]),
  ];
}

/** How often somebody else used the same cores, where it was looked at. */
function slowedRows(lines: readonly ResultLine[]): (readonly [string, string])[] {
  const slowness = slownessOf(lines);
  if (slowness === undefined) return [];
  const { share, factor } = slowness;
  const middle = factor === null ? '' : `; the same work took ${say.plain(factor)} times as long there`;
  return [
    ['blocks in which a neighbour on the host slowed down the cores', `${say.percent(share)}${middle}`],
  ];
}

/** `37 of 2314: W6 \`bus\` (18 of 18), W2 \`bus\` (1 of 30)`: whose they are says whether they matter. */
function unsettledText(cells: readonly CellLine[]): string {
  const unsettledOf = (members: readonly CellLine[]): number =>
    members.reduce((sum, { launches }) => sum + launches.filter((one) => !one.is_settled).length, 0);
  const allOf = (members: readonly CellLine[]): number =>
    members.reduce((sum, { launches }) => sum + launches.length, 0);
  const who = [...grouped(cells, ({ workload, contender }) => `${workload} \`${contender}\``)]
    .map(([name, members]) => ({ name, unsettled: unsettledOf(members), all: allOf(members) }))
    .filter(({ unsettled }) => unsettled > 0)
    .sort((a, b) => b.unsettled - a.unsettled);
  const names = who.map(
    ({ name, unsettled, all }) => `${name} (${say.count(unsettled)} of ${say.count(all)})`,
  );
  const sum = `${say.count(unsettledOf(cells))} of ${say.count(allOf(cells))}`;
  return names.length === 0 ? sum : `${sum}: ${say.listed(names)}`;
}

export function runTable({ run, machine, lines }: Results): ReportTable {
  const cells = cellsOf(lines);
  const rows: (readonly [string, string])[] = [
    ['command', `\`${run.command}\``],
    ['tier, seed', `${run.tier}, ${run.seed}`],
    [
      'begun',
      `${run.started
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC')
        .replace(/Z$/, ' UTC')}, took ${say.time(run.duration_ms * 1000)}`,
    ],
    ['cells, launches of each', `${say.count(lines.length)}, ${run.launches}`],
    ['samples', say.count(cells.reduce((sum, { samples }) => sum + samples, 0))],
    ['launches whose warm-up did not settle', unsettledText(cells)],
    ...stalledRows(cells),
    [
      'recording one sample costs the harness',
      run.sample_cost_ns === null ? '–' : `${say.plain(run.sample_cost_ns)}\u00a0ns`,
    ],
    ['one reading of the clock', `${say.plain(machine.clock_cost_ns)}\u00a0ns`],
    ['CPU time that a hypervisor took meanwhile', say.percent(run.steal)],
    ...slowedRows(lines),
    ...(run.again ?? []).map(({ workloads, commit, started, command }): readonly [string, string] => [
      `${say.listed(workloads)}, measured again`,
      `\`${command}\`, begun ${started.slice(0, 16).replace('T', ' ')} UTC, commit ${commit}`,
    ]),
    ['1-minute load before and after', `${run.load_before.toFixed(2)} and ${run.load_after.toFixed(2)}`],
  ];
  return { columns: [{ title: 'of this run' }, { title: 'is' }], rows };
}

/** What a reader has to know before the first figure, a sentence each; nothing after a quiet run of some length. */
export function cautions({ tier, noise }: Pick<Run, 'tier' | 'noise'>): readonly string[] {
  const smoke =
    'a smoke run shows that everything works, and not how fast it is: it has few samples of anything';
  return tier === 'smoke' ? [smoke, ...noise] : noise;
}

export function machineTable({ machine }: Results): ReportTable {
  const mitigated = Object.entries(machine.mitigations).filter(([, state]) => !/not affected/i.test(state));
  const rows: (readonly [string, string])[] = [
    ['CPU', `${machine.cpu}, ${machine.cpus} cores`],
    ['memory', `${say.count(machine.memory_mib)}\u00a0MiB`],
    ['kernel', machine.kernel],
    ['frequency governor', machine.governor],
    [
      'mitigations',
      mitigated.length === 0
        ? 'none active'
        : mitigated.map(([name, state]) => `${name}: ${state}`).join('; '),
    ],
    [
      'Node, V8',
      `${machine.node}, ${machine.v8}${machine.node_flags.length > 0 ? `, ${machine.node_flags.join(' ')}` : ''}`,
    ],
    ['commit', `${machine.commit}${machine.is_dirty ? ', with changes that are not committed' : ''}`],
  ];
  return { columns: [{ title: 'of the machine' }, { title: 'is' }], rows };
}

/** What else happened, for the cells that everything is compared with: garbage collection, waiting for a CPU, forced switches. */
export function disturbanceTable(cells: readonly CellLine[]): ReportTable | undefined {
  const measured = cells.filter(
    (cell) =>
      cell.gc_us_per_message !== null ||
      cell.wait_us_per_message !== null ||
      cell.switches_per_message !== null,
  );
  if (measured.length === 0) return undefined;
  return {
    columns: [
      { title: 'contender' },
      { title: 'call' },
      { title: 'placement' },
      ...['garbage collection µs', 'waiting for a CPU µs', 'switches', 'errors', 'cold µs'].map((title) => ({
        title,
        isNumber: true,
      })),
    ],
    rows: measured.map((cell) => [
      cell.contender,
      cell.call,
      say.placementName(cell.placement),
      say.plain(cell.gc_us_per_message),
      say.plain(cell.wait_us_per_message),
      say.plain(cell.switches_per_message),
      say.count(cell.errors),
      say.plain(cell.cold_us),
    ]),
  };
}

/** What was violated: messages that did not come as they were sent, an order that was promised, or, where nobody counted, either. */
function violationsOf({ violations, delivery_faults: faults, property }: OrderLine): string {
  const count = `${violations} ${violations === 1 ? 'violation' : 'violations'}`;
  if (faults === undefined) return `${count} of delivery or of a promised order`;
  const parts = [
    ...(faults > 0
      ? [`${faults} ${faults === 1 ? 'message' : 'messages'} lost, doubled, invented or changed`]
      : []),
    ...(violations > faults
      ? [
          `a promised order not kept in ${violations - faults} ${violations - faults === 1 ? 'run' : 'runs'} (the pattern is about ${property})`,
        ]
      : []),
  ];
  return `${count}: ${say.listed(parts)}`;
}

/** What stands over the list of `unmeasured`. */
export const unmeasuredTitle = 'What was not measured';
export const unmeasuredReason =
  'A contender is not installed, cannot do it, has no program in the suite that does, or has no place in a run of this size.';

/** What a run lacks: who could not be had, and what was not measured over whom, a line for all of whom the same is to be said. */
export function unmeasured(run: Pick<Run, 'missing' | 'left_out'> & Partial<Pick<Run, 'tier'>>): string[] {
  const { missing, left_out: leftOut = [], tier = 'quick' } = run;
  const parts = missing.map((text) => {
    const [, workload, who = '', what] = /^(W\d+): (\S+) cannot: (.*)$/s.exec(text) ?? [];
    return what === undefined ? { text, who } : { text: `${workload}, ${what}`, who };
  });
  const lacking = [...grouped(parts, ({ text }) => text)].map(([text, members]) => {
    const names = members.flatMap(({ who }) => (who === '' ? [] : [`\`${who}\``]));
    return names.length === 0
      ? text
      : `${text}: not over ${say.listed(names).replace(/ and (?=`[^`]*`$)/, ' or ')}`;
  });
  return leftOut.length === 0
    ? lacking
    : [...lacking, `Not in a ${tier} run: ${say.listed(leftOut.map((name) => `\`${name}\``))}`];
}

/** Cells whose figures are in no figure, each with the reason in a line: results of earlier versions have whole stacks there. */
export function unusable({ lines }: Results): string[] {
  const name = (line: ResultLine, what: string): string =>
    `${line.workload} \`${line.contender}\` ${what}, ${say.placementName(line.placement)}`;
  return [
    ...cellsOf(lines)
      .filter((cell) => !isUsable(cell))
      .map((cell) => {
        const reason = inOneLine(cell.invalid ?? (cell.samples === 0 ? 'no samples' : ''));
        return `${name(cell, whatOf(cell))}: ${cell.violations > 0 ? `failed, ${cell.violations} violations` : reason}`;
      }),
    ...ordersOf(lines)
      .filter((line) => line.violations > 0)
      .map((line) => `${name(line, `${line.call}, ${conditions(line)}`)}: failed, ${violationsOf(line)}`),
  ];
}
