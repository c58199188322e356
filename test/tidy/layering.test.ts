/** The arrows of `docs/architecture.md` hold, and the check that says so can fail. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { transports } from '../../transports/catalog.js';
import { projectRoot, sourceFiles } from '../support/source-tree.js';
import { importsOf, layeringFaults } from './layering.js';

const sources = sourceFiles(['broker', 'transports', 'clients', 'bench', 'test'], ['.ts']).filter(
  (file) => !file.path.endsWith('.d.ts'),
);

test('every import is an arrow of the architecture', (t) => {
  t.true(sources.length > 20);
  t.deepEqual(
    sources.flatMap((file) => layeringFaults(file.path, file.text)),
    [],
  );
});

test('an import is seen in every form', (t) => {
  const text = [
    `import '../a.js';`,
    `import type { B } from '../b.js';`,
    `export * from '../c.js';`,
    `const d = await import('../d.js');`,
    `const e = require('../e.js');`,
  ].join('\n');
  t.deepEqual(importsOf(text).sort(), ['../a.js', '../b.js', '../c.js', '../d.js', '../e.js']);
});

test('an arrow that is not drawn is refused', (t) => {
  const faults = (path: string, specifier: string): number =>
    layeringFaults(path, `import '${specifier}';`).length;
  t.is(faults('broker/contract/x.ts', '../native/addon.js'), 1);
  t.is(faults('broker/service/x.ts', '../native/addon.js'), 1);
  t.is(faults('broker/control/x.ts', '../native/addon.js'), 1);
  t.is(faults('transports/sockets/x.ts', '../bus/wire.js'), 1);
  t.is(faults('transports/sockets/x.ts', '../../broker/capability/core.js'), 1);
  t.is(faults('transports/bus/wire.ts', '../../broker/capability/core.js'), 1);
  t.is(faults('transports/bus/router.ts', '../../broker/capability/core.js'), 0);
  t.is(faults('clients/library/x.ts', '../../broker/control/x.js'), 1);
  t.is(faults('clients/library/x.ts', '../../transports/catalog.js'), 0);
  t.is(faults('bench/x.ts', '../broker/index.js'), 1);
  t.is(faults('broker/index.ts', '../transports/catalog.js'), 1);
  t.is(faults('somewhere/x.ts', '../broker/index.js'), 1);
});

test('a transport is in the catalog, has a README and runs the conformance suite', (t) => {
  const folders = readdirSync(join(projectRoot, 'transports'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  t.deepEqual(transports.map((entry) => entry.name).sort(), folders);
  for (const name of folders) {
    t.true(existsSync(join(projectRoot, 'transports', name, 'README.md')), `transports/${name}/README.md`);
    const suite = sources.find((file) => file.path === `test/transports/${name}.test.ts`);
    t.true(suite?.text.includes('transportConformance('), `test/transports/${name}.test.ts`);
  }
});
