import test from 'ava';
import type { SavedRecord, ServiceDescription } from '../../../broker/service/index.js';
import {
  forgetService,
  readState,
  type SavedHost,
  saveDescription,
  saveManager,
  saveService,
} from '../../../broker/supervisor/saved-state.js';
import { createStateMemory, type StateMemory } from '../../../broker/supervisor/state-memory.js';
import { describe } from '../../support/service-world.js';

const sleeper = (name: string, needs: readonly string[]): ServiceDescription =>
  describe(name, 'process', needs, { restart: 'yes', command: ['/bin/sleep', '1'], workingDirectory: '/' });

function createMemory(): StateMemory {
  const mapping = {
    descriptor: -1,
    bytes: new Uint8Array(4096),
    grow(bytes: number): void {
      const longer = new Uint8Array(Math.ceil(bytes / 8) * 8);
      longer.set(mapping.bytes);
      mapping.bytes = longer;
    },
  };
  return createStateMemory(mapping);
}

const manager = { machineOffsetMs: 12.5, startedWallMs: 99, isShuttingDown: false, hasBegun: true };
const host = (number: number): SavedHost => ({
  number,
  startToken: number * 10,
  stopToken: 0,
  sinceWallMs: 5,
  restarts: 2,
  signal: { purpose: 'start', signal: 15, scope: 'group' },
});
const record = (links: SavedRecord['links']): SavedRecord => ({
  fields: { state: 'started', pid: 7, isExplicit: true },
  exitStatus: { kind: 'code', code: 3 },
  links,
});

test('U11: what is saved of a service is what is read, in the order of loading, whatever the edges are', (t) => {
  const memory = createMemory();
  const b = sleeper('b', ['a', 'c']);
  const a = sleeper('a', []);
  saveManager(memory, manager);
  const asDescribed = record([
    ['a', 'regular', 5],
    ['c', 'regular', 0],
  ]);
  const otherwise = record([['x', 'waits-for', 3]]);
  saveDescription(memory, b);
  saveService(memory, b, asDescribed, host(2));
  saveDescription(memory, a);
  saveService(memory, a, otherwise, host(1));
  memory.commit();
  const state = readState(memory);
  t.deepEqual(state?.manager, manager);
  t.deepEqual(state?.unreadable, []);
  t.deepEqual(
    state?.services.map(({ saved }) => saved.description.name),
    ['a', 'b'],
  );
  t.deepEqual(state?.services[0]?.saved.record, otherwise);
  t.deepEqual(state?.services[1]?.saved.record, asDescribed);
  t.deepEqual(state?.services[1]?.host, host(2));
  t.is(state?.services[1]?.saved.description.dependencies.length, 2);
});

test('U11: without the manager’s entry there is nothing to take over; half a service is named', (t) => {
  const memory = createMemory();
  t.is(readState(memory), undefined);
  saveManager(memory, manager);
  const a = sleeper('a', []);
  saveService(memory, a, record([]), host(1));
  t.deepEqual(readState(memory)?.unreadable, ['s:a']);
  saveDescription(memory, a);
  t.is(readState(memory)?.services.length, 1);
  forgetService(memory, 'a');
  t.is(readState(memory)?.services.length, 0);
});
