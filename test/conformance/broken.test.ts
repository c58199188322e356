/**
 * The suite itself: on each transport that is broken on purpose, the clauses that speak of the mistake fail.
 */

import { closeSync } from 'node:fs';
import test from 'ava';
import type { Manifest } from '../../broker/contract/transport.js';
import { setPatience } from '../support/eventually.js';
import { openDescriptors } from '../support/leaks.js';
import { clauses, clausesFor, type Fixture, inWorld, type RawConnection, runClause } from './index.js';
import { lesserFixture, memoryFixture } from './memory-fixture.js';
import { mutants } from './mutants/index.js';

// What a broken transport never does is waited for in vain; what a good one does takes a few milliseconds.
setPatience(250);

test.serial.before('what a process opens once is open', async (t) => {
  await t.notThrowsAsync(inWorld(memoryFixture, async () => {}));
});

/** The error of the first clause with this number that sees the mistake. */
async function firstFailure(fixture: Fixture, id: string): Promise<unknown> {
  for (const clause of clausesFor(fixture)) {
    if (clause.id !== id) continue;
    const before = openDescriptors();
    try {
      await runClause(clause, fixture);
    } catch (error) {
      // A broken transport leaves descriptors, and the next clause counts.
      for (const descriptor of openDescriptors().keys()) {
        if (!before.has(descriptor)) closeQuietly(descriptor);
      }
      return error;
    }
  }
  return undefined;
}

function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // It was open only while the descriptors were listed.
  }
}

function speaksOf(fixture: Fixture, id: string): boolean {
  return clausesFor(fixture).some((clause) => clause.id === id);
}

for (const { name, breaks, apply } of mutants) {
  for (const id of breaks) {
    test.serial(`${id} sees a transport that ${name}`, async (t) => {
      const undo = apply();
      try {
        const error = await firstFailure(speaksOf(memoryFixture, id) ? memoryFixture : lesserFixture, id);
        t.truthy(error, `no clause ${id} has seen it`);
        if (error instanceof Error) t.log(error.message.split('\n')[0] ?? '');
      } finally {
        undo();
      }
    });
  }
}

const lies: Record<string, readonly [Partial<Manifest>, string]> = {
  'promises no order and shows one': [{ order: 'per-handle' }, 'C52'],
  'promises causal order and shows a total one': [{ order: 'causal' }, 'C52'],
  'promises no credentials and chooses roots by some': [{ credentials: 'none' }, 'C71'],
  'promises to revoke holders and does not': [{ revocation: 'holder' }, 'C27'],
  'promises a loop and refuses the whole': [{ multicast: 'loop' }, 'C41'],
  'promises to refuse descriptors and passes them': [{ passesDescriptors: false }, 'C31'],
  'promises no credentials and shows some': [{ credentials: 'none' }, 'C70'],
};

for (const [lie, [over, id]] of Object.entries(lies)) {
  test.serial(`${id} sees a manifest that ${lie}`, async (t) => {
    const fixture = { ...memoryFixture, manifest: { ...memoryFixture.manifest, ...over } };
    t.truthy(await firstFailure(fixture, id));
  });
}

test.serial('C61 sees a transport that does not close a connection with garbage', async (t) => {
  const deaf: RawConnection = { send: () => {}, ended: new Promise(() => {}), close: () => {} };
  const fixture = { ...memoryFixture, rawConnect: async () => deaf };
  t.regex(String(await firstFailure(fixture, 'C61')), /garbage/);
});

test.serial('every clause of the memory transport has seen a mistake', (t) => {
  const seen = new Set(mutants.flatMap(({ breaks }) => breaks));
  const ids = new Set([memoryFixture, lesserFixture].flatMap(clausesFor).map(({ id }) => id));
  t.deepEqual(
    [...ids].filter((id) => !seen.has(id)),
    [],
  );
});

test('a clause is named once', (t) => {
  const names = clauses.map(({ id, title }) => `${id} ${title}`);
  t.is(new Set(names).size, names.length);
});
