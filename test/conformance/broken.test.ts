/**
 * The suite itself: on each transport that is broken on purpose, the clauses that speak of the mistake fail.
 */

import { closeSync } from 'node:fs';
import test from 'ava';
import { setPatience } from '../support/eventually.js';
import { openDescriptors } from '../support/leaks.js';
import { type Clause, clauses, clausesFor, inWorld, runClause } from './index.js';
import { memoryFixture } from './memory-fixture.js';
import { mutants } from './mutants/index.js';

// What a broken transport never does is waited for in vain; what a good one does takes a few milliseconds.
setPatience(250);

test.serial.before('what a process opens once is open', async (t) => {
  await t.notThrowsAsync(inWorld(memoryFixture, async () => {}));
});

/** The error of the first of these clauses that sees the mistake. */
async function firstFailure(candidates: readonly Clause[]): Promise<unknown> {
  for (const clause of candidates) {
    const before = openDescriptors();
    try {
      await runClause(clause, memoryFixture);
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

for (const { name, breaks, apply } of mutants) {
  for (const id of breaks) {
    test.serial(`${id} sees a transport that ${name}`, async (t) => {
      const undo = apply();
      try {
        const error = await firstFailure(clausesFor(memoryFixture).filter((clause) => clause.id === id));
        t.truthy(error, `no clause ${id} has seen it`);
        if (error instanceof Error) t.log(error.message.split('\n')[0] ?? '');
      } finally {
        undo();
      }
    });
  }
}

test.serial('every clause of the memory transport has seen a mistake', (t) => {
  const seen = new Set(mutants.flatMap(({ breaks }) => breaks));
  const ids = new Set(clausesFor(memoryFixture).map(({ id }) => id));
  t.deepEqual(
    [...ids].filter((id) => !seen.has(id)),
    [],
  );
});

test('a clause is named once', (t) => {
  const names = clauses.map(({ id, title }) => `${id} ${title}`);
  t.is(new Set(names).size, names.length);
});
