/** The models of `docs/models/`: the small ones are explored here, all of them by `npm run model`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../support/source-tree.js';
import { modelRuns } from './catalog.js';
import { checkModel, modelPath, whyNoSpin } from './checker.js';

test('each model and each variant that it names is run', (t) => {
  const files = readdirSync(join(projectRoot, 'docs', 'models')).filter((name) => name.endsWith('.pml'));
  t.true(files.length >= 4);
  for (const file of files) {
    const model = file.replace('.pml', '');
    const used = new Set(modelRuns.filter((run) => run.model === model).flatMap((run) => run.defines));
    const text = readFileSync(modelPath(model), 'utf8');
    const named = [...text.matchAll(/^#\s*(?:ifdef|ifndef) ([A-Z_]+)/gm)].map((found) => found[1] ?? '');
    t.deepEqual(
      [...new Set(named)].filter((name) => !used.has(name)),
      [],
      `${file} has variants that nobody runs`,
    );
  }
  for (const run of modelRuns) t.true(existsSync(modelPath(run.model)), run.model);
});

test('bus O4: the algorithm of 2016 contradicts itself after a completed send, and a sequencer with acceptance does not', (t) => {
  const reason = whyNoSpin();
  if (reason !== undefined) {
    t.log(`not explored: ${reason}`);
    t.pass();
    return;
  }
  const broken = checkModel({ model: 'bus1-2016', defines: [], violates: 'ONE ORDER' });
  t.is(broken.violated, 'ONE ORDER');
  t.true(broken.diagram.length > 0);
  for (const defines of [['WAITS'], ['RECEIPT']]) {
    t.is(checkModel({ model: 'bus1-2016', defines, violates: undefined }).violated, undefined);
  }
  t.is(checkModel({ model: 'sequencer', defines: ['COMPLETION'], violates: undefined }).violated, undefined);
});
