/** What figures draw and what they leave to their tables, and in which tables placements stand apart. */
import test from 'ava';
import { answersOf } from '../../bench/report/answers.js';
import { commandOf, type Figure, undrawnSentence } from '../../bench/report/figures/figure.js';
import { figuresOf } from '../../bench/report/figures/index.js';
import { heatTables } from '../../bench/report/figures/order.js';
import { runTable, unmeasured } from '../../bench/report/figures/trust.js';
import { memoryTable } from '../../bench/report/memory.js';
import { isOrderLine, type ResultLine } from '../../bench/results/line.js';
import { syntheticResults } from './support/synthetic-results.js';

const seed = 29;

function figureOf(lines: readonly ResultLine[], id: string): Figure {
  const figure = figuresOf(lines).figures.find((one) => one.id === id);
  if (figure === undefined) throw new Error(`no figure ${id}`);
  return figure;
}

test('a placement at which one value was measured has no panel of curves, and the figure says so', (t) => {
  const all = syntheticResults({ seed, launches: 2, workloads: ['W1'] }).lines;
  const one = all.filter(
    (line) => isOrderLine(line) || line.placement === 'two-cores' || (line.outstanding ?? 1) === 1,
  );
  const figure = figureOf(one, 'outstanding');
  t.deepEqual(
    figure.panels.map(({ title }) => title),
    ['two cores'],
  );
  t.regex(undrawnSentence(figure) ?? '', /"one core".* with one value of "calls outstanding" only/);
  t.true(figure.table.rows.some((row) => row.includes('one core')));
});

test('who was measured at one value has no place among curves', (t) => {
  const lines = syntheticResults({ seed, launches: 2, workloads: ['W1'] }).lines.filter(
    (line) => isOrderLine(line) || line.contender !== 'grpc' || line.payload_bytes === 64,
  );
  const figure = figureOf(lines, 'payload');
  t.false(JSON.stringify(figure.panels).includes('"grpc"'));
  t.regex(undrawnSentence(figure) ?? '', /`grpc`.*, with one value of "payload" only/);
  t.regex(undrawnSentence(figure) ?? '', /`memory`, which is one process/);
  t.regex(undrawnSentence(figure) ?? '', /`c-shm-spin`, which does not wait as the others do/);
});

test('a control operation that was measured at one number of services is drawn as dots', (t) => {
  const { lines: one } = syntheticResults({ seed, launches: 2, workloads: ['W7'] });
  const more = one.filter((line) => line.call !== 'list');
  const lines = [...one, ...more.map((line) => ({ ...line, services: 100 }))];
  const figure = figureOf(lines, 'control');
  const panel = figure.panels.find(({ title }) => title.startsWith('list'));
  t.regex(panel?.title ?? '', /, 1000 services$/);
  t.regex(JSON.stringify(panel?.spec), /"label":"bus"/);
});

test('inversions are counted for each placement, in one row where a transport has none there', (t) => {
  const { lines } = syntheticResults({ seed, launches: 2, workloads: ['W8'] });
  const heats = heatTables(lines);
  const placements = new Set(lines.map(({ placement }) => placement));
  t.is(heats.length, placements.size);
  for (const { placement, table } of heats) {
    const here = lines.filter((line) => isOrderLine(line) && line.placement === placement);
    const bus = table.rows.filter(([contender]) => contender === 'bus');
    t.is(bus.length, 1);
    t.regex(bus[0]?.[1] ?? '', /^all \d+ conditions$/);
    const runs = table.rows
      .flatMap((row) => row.slice(2))
      .reduce((sum, text) => sum + Number(/of (.*)$/.exec(text)?.[1]?.replaceAll(/\D/g, '') ?? 0), 0);
    t.is(
      runs,
      here.reduce((sum, line) => sum + (isOrderLine(line) ? line.runs : 0), 0),
    );
  }
  t.deepEqual(heatTables([]), []);
  t.regex(answersOf(lines)[2].short, /over `sockets` .* without load .* with data queued/);
});

test('what was not measured over several is said once', (t) => {
  const missing = [
    'nats: not installed',
    'W4: memory cannot: send one message to many',
    'W4: node-net cannot: send one message to many',
    'W4: grpc cannot: send one message to many',
    'W6: datagram cannot: have a median: it is slow',
  ];
  t.deepEqual(unmeasured({ missing }), [
    'nats: not installed',
    'W4, send one message to many: not over `memory`, `node-net` or `grpc`',
    'W6, have a median: it is slow: not over `datagram`',
  ]);
  t.deepEqual(unmeasured({ missing: ['nats: not installed'], left_out: ['capnp', 'grpc'], tier: 'quick' }), [
    'nats: not installed',
    'Not in a quick run: `capnp` and `grpc`',
  ]);
});

test('the answer says what is held in memory over both, and what of it is the broker', (t) => {
  const { lines } = syntheticResults({ seed, launches: 3, workloads: ['W1', 'W9'] });
  const [{ short, sentences }] = answersOf(lines);
  t.regex(
    short,
    /The processes of the bus together hold 1\.00 times \(95.%: 1\.00–1\.00\) the memory on two cores/,
  );
  const said = sentences.join('\n');
  t.regex(said, /With one of everything all processes together hold 143.MiB over the bus and 143.MiB over/);
  t.regex(said, /the broker is a process of 52\.5.MiB/);
  t.regex(
    said,
    /With .* handles instead of one of everything they hold 1\.\d\d times .* descriptors instead of/,
  );
  const table = memoryTable(lines);
  t.true(table?.rows.some(([crowd]) => crowd === 'one of everything'));
  t.is(memoryTable([]), undefined);
  const without = answersOf(lines.filter(({ workload }) => workload === 'W1'))[0];
  t.notRegex([without.short, ...without.sentences].join(' '), /memory/);
});

test('11: launches whose warm-up did not settle are named by workload and contender, most of them first', (t) => {
  const results = syntheticResults({ seed, launches: 3, workloads: ['W1', 'W6'] });
  const said = (lines: readonly ResultLine[]): string =>
    runTable({ ...results, lines }).rows.find(([what]) => what?.includes('did not settle'))?.[1] ?? '';
  t.regex(said(results.lines), /^0 of [\d\u202f]+$/);
  const all = results.lines.filter((line) => line.workload === 'W6' && line.contender === 'bus').length * 3;
  const isFirstCall = (line: ResultLine): boolean =>
    line === results.lines.find(({ workload }) => workload === 'W1');
  const unsettled = results.lines.map((line) =>
    isOrderLine(line) || !(isFirstCall(line) || (line.workload === 'W6' && line.contender === 'bus'))
      ? line
      : {
          ...line,
          launches: line.launches.map((one) => ({ ...one, is_settled: isFirstCall(line) && one.launch > 0 })),
        },
  );
  t.regex(
    said(unsettled),
    new RegExp(
      `^${all + 1} of [\\d\u202f]+: W6 \`bus\` \\(${all} of ${all}\\) and W1 \`c-seqpacket\` \\(1 of \\d+\\)$`,
    ),
  );
});

test('the command of a figure measures the same contenders at the same places as often', (t) => {
  const run = (options: string): string =>
    commandOf(
      { workloads: ['W1'] },
      {
        tier: 'standard',
        seed: 3,
        command: `capstan bench --standard --seed 3${options} --out some --place`,
      },
    );
  const begin = 'npm run -s capstan -- bench --standard --workload W1';
  t.is(run(' --peers auto'), `${begin} --seed 3 --out DIR`);
  t.is(
    run(' --peers none --launches 30 --workload W1,W4 --transport sockets --placement one-core'),
    `${begin} --peers none --transport sockets --placement one-core --launches 30 --seed 3 --out DIR`,
  );
});
