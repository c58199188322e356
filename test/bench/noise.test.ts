/** What makes a run noisy, and what does not. */
import test from 'ava';
import { noiseOf } from '../../bench/noise.js';
import type { CellLine } from '../../bench/results/line.js';
import { cellOf } from './statistics/runs.js';

const quiet = [{ steal: 0, load_before: 0 }];

/** A cell whose warm-up has settled in none of its launches. */
function unsettled(workload: string): CellLine {
  const cell = cellOf('bus', [1, 1, 1, 1, 1], { workload });
  return { ...cell, launches: cell.launches.map((launch) => ({ ...launch, is_settled: false })) };
}

test('launches that were still getting faster are told of', (t) => {
  t.deepEqual(noiseOf(quiet, [unsettled('W1')]), [
    '5 of 5 launches were still getting faster when they were measured',
  ]);
  t.deepEqual(noiseOf(quiet, [cellOf('bus', [1, 1, 1, 1, 1])]), []);
});

test('those of W6 say nothing, because their warm-up is too short to tell', (t) => {
  t.deepEqual(noiseOf(quiet, [unsettled('W6')]), []);
  t.is(noiseOf(quiet, [unsettled('W6'), unsettled('W1')]).length, 1);
});
