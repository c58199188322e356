/** The figures of the bus's tables at smoke sizes: real processes, nothing violated, lines with stable names. */
import test from 'ava';
import { runTables, smokeTablesOptions, tablesLines, tablesParts } from '../../bench/tables.js';

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
    t.is(line['reached'], isJudged ? 'unclear' : undefined, name);
  }
});
