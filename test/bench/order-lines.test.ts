/** Launches of W8 become lines: counts are added up, each launch stays visible, the worst example is shown; sizes are divided. */
import test from 'ava';
import type { MessageDiagram } from '../../bench/check/diagram.js';
import type { OrderEntry } from '../../bench/launch-log.js';
import { orderLines } from '../../bench/order-lines.js';
import type { OrderLine } from '../../bench/results/line.js';
import { orderSizes, partOf } from '../../bench/scenarios/order.js';
import { orderOf } from './statistics/runs.js';

function entryOf(launch: number, orders: readonly OrderLine[], placement = 'two-cores'): OrderEntry {
  const meanwhile = { duration_ms: 1, stolen_ticks: 0, all_ticks: 1, load_1min: 0 };
  return { launch, orders, placement, cannot: [], ...meanwhile };
}

function diagramOf(arrows: number): MessageDiagram {
  const arrow = {
    message: 'm',
    role: 'cause',
    isBeside: false,
    from: 0,
    fromRow: 0,
    to: 1,
    toRow: 1,
  } as const;
  return {
    processes: ['a', 'b'],
    rows: 2,
    events: [],
    arrows: Array.from({ length: arrows }, () => arrow),
    property: 'causality',
    sentence: '',
  };
}

test('counts are sums over launches, which stay in the line in their order', (t) => {
  const lines = orderLines(
    [
      entryOf(0, [orderOf('relay', 3, { runs: 40 }), orderOf('receipt', 0, { runs: 40 })]),
      // An interrupted run may have them in another order.
      entryOf(2, [orderOf('receipt', 0, { runs: 40 }), orderOf('relay', 5, { runs: 30, violations: 2 })]),
      entryOf(1, [orderOf('relay', 0, { runs: 40, delivery_faults: 1, violations: 1 })]),
    ],
    1,
  );
  t.deepEqual(
    lines.map(({ call }) => call),
    ['relay', 'receipt'],
  );
  const [relay, receipt] = lines;
  t.is(relay?.runs, 110);
  t.is(relay?.samples, 110);
  t.is(relay?.inversions, 8);
  t.is(relay?.violations, 3);
  t.is(relay?.delivery_faults, 1);
  t.deepEqual(relay?.launches, [
    { launch: 0, runs: 40, inversions: 3, violations: 0 },
    { launch: 1, runs: 40, inversions: 0, violations: 1 },
    { launch: 2, runs: 30, inversions: 5, violations: 2 },
  ]);
  t.true((relay?.share_low ?? 1) < 8 / 110 && (relay?.share_high ?? 0) > 8 / 110);
  t.is(receipt?.share_low, 0);
  t.true(Math.abs((receipt?.share_high ?? 0) - 3 / 80) < 0.002);
});

test('one launch has no interval, and launches of another placement are another line', (t) => {
  const lines = orderLines(
    [
      entryOf(0, [orderOf('relay', 3)]),
      entryOf(0, [orderOf('relay', 4, { placement: 'one-core' })], 'one-core'),
    ],
    1,
  );
  t.deepEqual(
    lines.map(({ placement, share_low, share_high, launches }) => [
      placement,
      share_low,
      share_high,
      launches?.length,
    ]),
    [
      ['two-cores', null, null, 1],
      ['one-core', null, null, 1],
    ],
  );
});

test('the example is that of a fault, then of a broken promise, then the shortest', (t) => {
  const shown = (...parts: Partial<OrderLine>[]): string | undefined =>
    orderLines(
      parts.map((part, launch) => entryOf(launch, [orderOf('relay', 1, part)])),
      1,
    )[0]?.example;
  const long = { example: 'long', diagram: diagramOf(4) };
  const short = { example: 'short', diagram: diagramOf(3) };
  const broken = { example: 'broken', diagram: diagramOf(9), violations: 1 };
  const lost = { example: 'lost', diagram: diagramOf(12), violations: 1, delivery_faults: 1 };
  t.is(shown({}, long, short), 'short');
  t.is(shown(long, {}, broken, short), 'broken');
  t.is(shown(broken, lost, short), 'lost');
  t.is(shown({}, {}), undefined);
});

test('the runs of a cell are divided among its launches, all of them and no more', (t) => {
  for (const sizes of Object.values(orderSizes)) {
    const parts = Array.from({ length: sizes.launches }, (_, launch) => partOf(sizes, launch));
    t.is(
      parts.reduce((sum, { runs }) => sum + runs, 0),
      sizes.runs,
    );
    t.is(
      parts.reduce((sum, { loadedRuns }) => sum + loadedRuns, 0),
      sizes.loadedRuns,
    );
    t.true(parts.every(({ runs, loadedRuns }) => runs > 0 && loadedRuns > 0));
    t.true(parts.reduce((sum, { maxMs }) => sum + maxMs, 0) < sizes.maxMs + sizes.launches);
  }
  t.true(orderSizes.standard.launches >= 5, 'fewer than four launches can tell nothing');
  t.is(orderSizes.smoke.launches, 1);
});
