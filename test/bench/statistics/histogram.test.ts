/** Merging, the rule of ten samples, and both written forms. */
import test from 'ava';
import fc from 'fast-check';
import * as simple from 'simple-statistics';
import { createHistogram } from '../../../bench/latency/cell.js';
import {
  decodeHistogram,
  encodeHistogram,
  histogramLog,
  mergeHistograms,
  percentileNs,
  readHistogramLog,
  samplesNeeded,
} from '../../../bench/statistics/histogram.js';
import { propertySeed } from './property.js';

type Histogram = ReturnType<typeof createHistogram>;

function histogramOf(values: readonly number[]): Histogram {
  const histogram = createHistogram();
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

const samples = fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 300 });

test('a merged histogram is that of all samples together', (t) => {
  fc.assert(
    fc.property(samples, samples, (a, b) => {
      const merged = mergeHistograms([histogramOf(a), histogramOf(b)]);
      const together = histogramOf([...a, ...b]);
      t.is(merged.totalCount, together.totalCount);
      for (const percentile of [0, 50, 90, 99, 100]) {
        t.is(merged.getValueAtPercentile(percentile), together.getValueAtPercentile(percentile));
      }
    }),
    propertySeed(t, 30),
  );
});

test('a percentile is within three digits of that of simple-statistics', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 101, maxLength: 400 }),
      (values) => {
        const histogram = histogramOf(values);
        for (const percentile of [50, 90]) {
          // The value below which this share lies, without averaging two of them.
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.ceil((percentile / 100) * sorted.length) - 1] ?? 0;
          const got = percentileNs(histogram, percentile) ?? 0;
          t.true(Math.abs(got - exact) <= Math.max(1, exact / 1000), `${got} for ${exact}`);
          if (values.length % 2 === 1) t.is(simple.quantile(values, 0.5), sorted[sorted.length >> 1] ?? 0);
        }
      },
    ),
    propertySeed(t, 30),
  );
});

test('no percentile with fewer than ten samples above it', (t) => {
  t.deepEqual(
    [50, 90, 99, 99.9, 99.99].map((percentile) => samplesNeeded(percentile)),
    [20, 100, 1000, 10_000, 100_000],
  );
  const values = Array.from({ length: 999 }, (_, at) => at + 1);
  t.is(percentileNs(histogramOf(values), 99), null);
  t.is(percentileNs(histogramOf([...values, 1000]), 99), 990);
  t.is(percentileNs(createHistogram(), 0), null);
});

test('the base64 form comes back as it was', (t) => {
  fc.assert(
    fc.property(samples, (values) => {
      const histogram = histogramOf(values);
      const back = decodeHistogram(encodeHistogram(histogram));
      t.is(back.totalCount, values.length);
      for (const percentile of [1, 50, 99, 100]) {
        t.is(back.getValueAtPercentile(percentile), histogram.getValueAtPercentile(percentile));
      }
    }),
    propertySeed(t, 30),
  );
  t.throws(() => decodeHistogram('not one'), { message: /no histogram/ });
});

test('a log has the head and the columns of the format, and reads back with times and tags', (t) => {
  const startMs = 1_700_000_000_000;
  const text = histogramLog(
    ['capstan bench, W1 bus empty'],
    [
      { startMs, endMs: startMs + 1500, tag: 'launch 1, cold', histogram: histogramOf([1_000, 2_500_000]) },
      { startMs: startMs + 2000, endMs: startMs + 3000, histogram: histogramOf([7]) },
    ],
  );
  const lines = text.trimEnd().split('\n');
  t.is(lines[0], '#[Histogram log format version 1.3]');
  t.is(lines[2], '#[StartTime: 1700000000.000 (seconds since epoch), 2023-11-14T22:13:20.000Z]');
  t.is(lines[3], '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"');
  t.regex(lines[4] ?? '', /^Tag=launch_1_cold,1700000000\.000,1\.500,2\.50\d,HISTFAAA/);
  const [first, second] = readHistogramLog(text);
  t.is(first?.tag, 'launch_1_cold');
  t.deepEqual([first?.startMs, first?.endMs], [startMs, startMs + 1500]);
  t.is(first?.histogram.totalCount, 2);
  t.is(second?.tag, undefined);
  t.is(second?.histogram.maxValue, 7);
});
