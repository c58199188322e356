/** What a ratio is to is said with it: in the lines of the result, at a terminal, in the tables of the report and in the CSV. */
import assert from 'node:assert/strict';
import test from 'ava';
import { type CellDefinition, cellNameOf } from '../../bench/latency/cell.js';
import { missedSchedule } from '../../bench/latency/launch.js';
import type { CellRecord } from '../../bench/latency/record.js';
import { cellLines } from '../../bench/lines.js';
import { cellsCsv } from '../../bench/report/csv.js';
import { figuresOf } from '../../bench/report/figures/index.js';
import { printResults } from '../../bench/report/terminal.js';
import { type CellLine, cellKey, isOrderLine, isOverloaded } from '../../bench/results/line.js';
import { encodeHistogram, mergeHistograms } from '../../bench/statistics/histogram.js';
import { syntheticResults } from './support/synthetic-results.js';

const seed = 17;

function definition(contender: string, baseline?: string): CellDefinition {
  return {
    workload: 'W6',
    contender,
    call: 'death',
    payloadBytes: 0,
    placement: 'two-cores',
    ...(baseline === undefined ? {} : { baseline }),
    launch: () => Promise.reject(new Error('is never launched')),
  };
}

function record(cell: CellDefinition, us: number, samples: number): CellRecord {
  const histogram = mergeHistograms([]);
  histogram.recordValueWithCount(us * 1000, samples);
  return {
    key: cellKey(cellNameOf(cell)),
    samples,
    violations: 0,
    errors: 0,
    elapsed_ms: 100,
    cpu_ns: 1000,
    client_cpu_ns: 500,
    broker_cpu_ns: null,
    gc_ns: null,
    wait_ns: 0,
    switches: 0,
    cold_ns: null,
    is_settled: true,
    late_ns: null,
    offered_per_second: null,
    invalid: null,
    failure: null,
    rounds: [us * 1000],
    histogram: encodeHistogram(histogram),
  };
}

/** Lines of a group of which each launch has these samples of every cell. The bus takes twice as long as `sockets`. */
function linesOf(cells: readonly CellDefinition[], samples: readonly number[]): CellLine[] {
  const group = { key: 'g', workload: 'W6', placement: 'two-cores', cells };
  const entries = samples.map((count, launch) => ({
    group: 'g',
    launch,
    duration_ms: 1,
    cells: cells.map((cell) => record(cell, cell.contender === 'bus' ? 200 : 100, count)),
  }));
  return cellLines([group], entries, samples.length, seed);
}

test('a line names the contender that its ratio is to, and null where there is none', (t) => {
  const [bus, sockets] = linesOf([definition('bus', 'sockets'), definition('sockets', 'sockets')], [20, 20]);
  t.is(bus?.baseline, 'sockets');
  t.is(bus?.ratio, 2);
  t.is(sockets?.baseline, 'sockets');
  t.is(sockets?.ratio, 1);
  const [alone] = linesOf([definition('bus')], [20, 20]);
  t.is(alone?.baseline, null);
  t.is(alone?.ratio, null);
});

test('point 10: a launch with too few samples for a median has no part in the ratio', (t) => {
  const cells = [definition('bus', 'sockets'), definition('sockets', 'sockets')];
  const [few] = linesOf(cells, [19, 19]);
  t.is(few?.ratio, null);
  t.is(few?.ratio_low, null);
  t.is(few?.baseline, 'sockets');
  const [some] = linesOf(cells, [19, 20]);
  t.is(some?.ratio, 2);
  t.is(some?.ratio_low, null, 'one launch tells of no spread');
  const [enough] = linesOf(cells, [20, 20]);
  t.not(enough?.ratio_low, null);
});

/** The line of an open loop whose launches were planned to last so many ms; each took 100 ms, or what `took` says of it. */
function openLineOf(planned: readonly (number | undefined)[], took: readonly number[] = []): CellLine {
  const cell: CellDefinition = { ...definition('bus'), loop: 'open', varied: { load_share: 0.5 } };
  const group = { key: 'g', workload: 'W6', placement: 'two-cores', cells: [cell] };
  const entries = planned.map((ms, launch) => {
    const measured = { ...record(cell, 100, 20), elapsed_ms: took[launch] ?? 100 };
    return { group: 'g', launch, cells: [ms === undefined ? measured : { ...measured, planned_ms: ms }] };
  });
  const [line] = cellLines([group], entries, planned.length, seed);
  assert(line !== undefined);
  return line;
}

test('point 4: of an open loop it is told how much was done in the time for which it was planned', (t) => {
  const line = openLineOf([100, 80]);
  t.is(line.achieved_share, 0.9);
  t.true(isOverloaded(line));
  const kept = openLineOf([100, 91]);
  t.is(kept.achieved_share, 0.955);
  t.false(isOverloaded(kept));
  t.is(openLineOf([110, 110]).achieved_share, 1, 'who was done early has done all of it');
  // Results of earlier versions do not have it, nor do closed loops.
  t.is(openLineOf([undefined]).achieved_share, undefined);
});

test('point 4: one launch with a stall of its own makes nobody overloaded, and most of them do', (t) => {
  const stalled = openLineOf([100, 100, 100, 100, 100], [101, 101, 1000, 101, 101]);
  t.is(stalled.achieved_share, 0.99);
  t.false(isOverloaded(stalled));
  const slow = openLineOf([100, 100, 100, 100, 100], [125, 101, 125, 125, 101]);
  t.is(slow.achieved_share, 0.8);
  t.true(isOverloaded(slow));
  // A launch counts once, however long its load was planned to last.
  t.is(openLineOf([100, 100, 1000], [101, 101, 2000]).achieved_share, 0.99);
});

test('point 3: a launch in which the machine stalled is left out, and with most of them the cell is invalid', (t) => {
  const cell: CellDefinition = { ...definition('bus'), loop: 'open', varied: { load_share: 0.5 } };
  const group = { key: 'g', workload: 'W6', placement: 'two-cores', cells: [cell] };
  const lineOf = (stalled: readonly boolean[]): CellLine | undefined => {
    const entries = stalled.map((isStalled, launch) => ({
      group: 'g',
      launch,
      cells: [{ ...record(cell, isStalled ? 900 : 100, 20), invalid: isStalled ? missedSchedule : null }],
    }));
    return cellLines([group], entries, stalled.length, seed)[0];
  };
  const half = lineOf([false, true, false, true]);
  t.is(half?.invalid, undefined);
  t.is(half?.launches_stalled, 2);
  t.deepEqual(
    half?.launches.map(({ launch }) => launch),
    [0, 2],
  );
  t.true((half?.max_us ?? 900) < 200);
  t.is(lineOf([true, true, false])?.invalid, missedSchedule);
  t.is(lineOf([false, false])?.launches_stalled, undefined);
});

/** The synthetic results with these baselines by call; everything else has none. */
function withBaselines(
  baselines: Readonly<Record<string, string | undefined>>,
  workload: string,
): CellLine[] {
  return syntheticResults({ seed, launches: 2, workloads: [workload] }).lines.flatMap((line) => {
    if (isOrderLine(line) || line.placement !== 'two-cores') return [];
    const { baseline: _, ...rest } = line;
    const baseline = baselines[line.call];
    const ratio = { ratio: 1.5, ratio_low: 1.4, ratio_high: 1.6 };
    return [{ ...rest, ...ratio, ...(baseline === undefined ? {} : { baseline }) }];
  });
}

function terminal(lines: readonly CellLine[]): string {
  return printResults({ ...syntheticResults({ seed, workloads: [] }), lines }, false);
}

test('the head of a table at a terminal names C only where the ratios are to C', (t) => {
  const toC = terminal(withBaselines({ grant: 'c-seqpacket' }, 'W3'));
  t.regex(toC, /│ +× C \(95 %\) +│/);
  const toDescriptors = terminal(withBaselines({ grant: 'c-fd' }, 'W3'));
  t.regex(toDescriptors, /│ +× c-fd \(95 %\) +│/);
  t.notRegex(toDescriptors, /× C/);
  const unnamed = terminal(withBaselines({}, 'W3'));
  t.regex(unnamed, /│ +ratio \(95 %\) +│/);
  t.notRegex(unnamed, /× C/);
});

test('where the cells of a table have several baselines each value names its own', (t) => {
  const lines = withBaselines({ status: 'c-seqpacket', list: 'sockets' }, 'W7');
  const said = terminal(lines);
  t.regex(said, /│ +ratio \(95 %\) +│/);
  t.regex(said, /status .* 1\.50 \(1\.40–1\.60\) × C │/);
  t.regex(said, /list .* 1\.50 \(1\.40–1\.60\) × sockets │/);
  const [figure] = figuresOf(lines).figures;
  const titles = figure?.table.columns.map(({ title }) => title) ?? [];
  const rows = figure?.table.rows ?? [];
  t.true(titles.includes('ratio'));
  const at = titles.indexOf('ratio');
  const textOf = (call: string): unknown => rows.find((row) => row[1] === call)?.[at];
  t.is(textOf('status'), '1.50 × C');
  t.is(textOf('list'), '1.50 × sockets');
});

test('the tables of the report name the one baseline in their head', (t) => {
  const titlesOf = (baseline: string): string[] =>
    figuresOf(withBaselines({ multicast: baseline, signal: baseline }, 'W4'))
      .figures.find(({ id }) => id === 'fan-out')
      ?.table.columns.map(({ title }) => title) ?? [];
  t.true(titlesOf('sockets').includes('× sockets'));
  t.false(titlesOf('sockets').includes('× C'));
  t.true(titlesOf('c-seqpacket').includes('× C'));
});

test('the CSV has the baseline beside the ratio', (t) => {
  const [head = '', first = ''] = cellsCsv(withBaselines({ grant: 'c-fd' }, 'W3')).split('\r\n');
  const at = head.split(',').indexOf('baseline');
  t.is(head.split(',')[at + 1], 'ratio');
  t.is(first.split(',')[at], 'c-fd');
});
