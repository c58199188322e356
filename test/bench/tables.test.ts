/** The figures of the bus's tables at smoke sizes: real processes, nothing violated, lines with stable names. */
import test from 'ava';
import { cellResult } from '../../bench/report/cells.js';
import { type CellLine, isOrderLine } from '../../bench/results/line.js';
import {
  comparedCells,
  runTables,
  smokeTablesOptions,
  tablesLines,
  tablesParts,
  type UncomparedCell,
} from '../../bench/tables.js';
import { syntheticResults } from './support/synthetic-results.js';

const seed = 5;

test('every part gives its cells, nothing is violated, and the lines have their stable names', async (t) => {
  t.timeout(110_000);
  const result = await runTables(smokeTablesOptions);
  for (const reason of result.missing) t.log(`missing: ${reason}`);
  t.is(tablesParts.length, 4);
  const lines = tablesLines(result).map((text) => JSON.parse(text) as Record<string, unknown>);
  t.deepEqual(
    lines.map(({ workload, contender, call, layout, dimension, receivers }) =>
      [workload, contender, call, layout ?? dimension ?? receivers].join(' '),
    ),
    [
      'W9 bus memory shared',
      'W9 bus memory own',
      ...['none', 'handles', 'holders', 'peers'].map((dimension) => `W9 bus one-way ${dimension}`),
      ...[1, 5].flatMap((count) => [`W4 sockets multicast ${count}`, `W4 bus multicast ${count}`]),
      ...[1, 5].flatMap((count) => [`W4 sockets multicast-cost ${count}`, `W4 bus multicast-cost ${count}`]),
    ],
  );
  for (const line of lines) {
    const name = `${line['workload']} ${line['contender']} ${line['call']}`;
    t.is(line['violations'], 0, name);
    t.true(Number(line['samples']) > 0, name);
    t.is((line['launches'] as unknown[]).length, 1, name);
    if (line['call'] === 'memory') {
      t.is(typeof line['used_bytes_per_handle'], 'number');
      continue;
    }
    // So few samples may be behind a smoke run's p50 that there is none (method, point 10).
    t.true(line['compared'] === null || Number(line['compared']) > 0, name);
    t.is(line['compared_low'], null, name);
    t.is(line['compared_launches'], line['compared'] === null ? null : 1, name);
    const isJudged = line['workload'] === 'W9' && line['dimension'] !== 'none';
    const reached = line['compared'] === null ? null : 'unclear';
    t.is(line['reached'], isJudged ? reached : undefined, name);
    t.is(line['must'], isJudged ? 1.2 : undefined, name);
  }
});

/** A cell of the bus in which a message costs the broker so much in each of three launches. */
function cell(dimension: string, brokerCpuUs: number | null, more: Partial<CellLine> = {}): UncomparedCell {
  const template = syntheticResults({ seed, launches: 3, workloads: ['W9'] }).lines.find(
    (line): line is CellLine => !isOrderLine(line) && line.contender === 'bus' && line.call === 'one-way',
  );
  if (template === undefined) throw new Error('the synthetic run has no such cell');
  const launches = template.launches.map((figures) => ({
    ...figures,
    broker_cpu_us_per_message: brokerCpuUs,
  }));
  return { ...cellResult({ ...template, launches, ...more }), dimension, many: 10_000 };
}

test('what a message costs with many is judged in cells that did not fail, and not measured otherwise', (t) => {
  t.log(`seed ${seed}`);
  const judged = (cells: readonly UncomparedCell[]): unknown[] =>
    comparedCells(cells, seed).map(({ compared, must, reached }) => [compared, must, reached]);
  const one = cell('none', 2);
  t.deepEqual(judged([one, cell('handles', 2), cell('peers', 3)]), [
    [1, undefined, undefined],
    [1, 1.2, 'yes'],
    [1.5, 1.2, 'no'],
  ]);
  for (const failed of [{ violations: 1 }, { invalid: 'its process ended' }]) {
    t.deepEqual(judged([one, cell('handles', 2, failed), cell('peers', 2)]), [
      [1, undefined, undefined],
      [null, 1.2, null],
      [1, 1.2, 'yes'],
    ]);
    t.deepEqual(judged([cell('none', 2, failed), cell('handles', 2)]), [
      [null, undefined, undefined],
      [null, 1.2, null],
    ]);
  }
  t.deepEqual(judged([one, cell('handles', null)])[1], [null, 1.2, null]);
});
