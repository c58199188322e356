import test from 'ava';
import { claimMainProcess, type MainProcessQuery } from '../../../broker/supervisor/main-process.js';
import type { ProcessFacts } from '../../../broker/supervisor/platform.js';
import { describe, ServiceWorld } from '../../support/service-world.js';

const initPid = 10;
const brokerPid = 11;

interface Scene {
  readonly processes: Readonly<Record<number, Partial<ProcessFacts>>>;
  readonly uid?: number;
  readonly managerUid?: number;
  readonly signalsProcessOnly?: boolean;
  readonly endsMeanwhile?: boolean;
}

/** The service's process is 20, that of another service 30. */
function claim(pid: number, scene: Scene): unknown {
  const world = new ServiceWorld([
    describe('a', 'process', [], {
      signalsProcessOnly: scene.signalsProcessOnly ?? false,
      runAs: scene.uid === undefined ? undefined : { uid: scene.uid, gid: 1, groups: [] },
    }),
  ]);
  const record = world.record('a');
  record.pid = 20;
  const open = new Set<number>();
  const facts: Readonly<Record<number, Partial<ProcessFacts>>> = {
    20: { parent: initPid, group: 20 },
    30: { parent: initPid, group: 30 },
    [brokerPid]: { parent: initPid },
    [initPid]: { parent: 1 },
    ...scene.processes,
  };
  const query: MainProcessQuery = {
    ...{ record, initPid, brokerPid, managerUid: scene.managerUid ?? 0 },
    isOthers: (other) => other === 30,
    platform: {
      openProcess(number) {
        if (facts[number] === undefined) throw new Error('ESRCH');
        open.add(number);
        return number;
      },
      describeProcess(number) {
        const fact = facts[number];
        return fact === undefined ? undefined : { parent: 1, group: number, uid: 0, ...fact };
      },
      isRunning: () => scene.endsMeanwhile !== true,
      close: (descriptor) => open.delete(descriptor),
    },
  };
  const result = claimMainProcess(pid, query);
  if (typeof result !== 'number' && open.size > 0) throw new Error('a pidfd is left open');
  return typeof result === 'object' ? result.why : result;
}

test('W8 accepted: below the service’s process, and what was reparented to init', (t) => {
  t.is(claim(22, { processes: { 21: { parent: 20 }, 22: { parent: 21 } } }), 22);
  t.is(claim(22, { processes: { 22: { parent: initPid } } }), 22);
  t.is(claim(20, { processes: {} }), 'itself');
});

test('W8 refused: what belongs to others, what is elsewhere, and what has ended', (t) => {
  const none = "it is none of the service's processes";
  t.is(claim(30, { processes: {} }), none);
  t.is(claim(32, { processes: { 31: { parent: 30 }, 32: { parent: 31 } } }), none);
  t.is(claim(brokerPid, { processes: {} }), none);
  t.is(claim(50, { processes: { 50: { parent: 1 } } }), none);
  t.is(claim(initPid, { processes: {} }), none);
  t.is(claim(51, { processes: {} }), 'there is no such process');
  t.is(claim(22, { processes: { 22: { parent: 20 } }, endsMeanwhile: true }), 'it has ended');
});

test('W8 a way up that has no end is not followed for ever', (t) => {
  const circle = { 60: { parent: 61 }, 61: { parent: 60 } };
  t.is(claim(60, { processes: circle }), "it is none of the service's processes");
});

test('W8 it must be what the service could signal itself: its own user’s, unless it is root', (t) => {
  const processes = { 22: { parent: 20, uid: 1000 } };
  t.is(claim(22, { processes, uid: 1001 }), 'it runs as user 1000, and the service as 1001');
  t.is(claim(22, { processes, uid: 1000 }), 22);
  t.is(claim(22, { processes, managerUid: 1000 }), 22);
  t.is(claim(22, { processes, managerUid: 1001 }), 'it runs as user 1000, and the service as 1001');
  t.is(claim(22, { processes }), 22);
});

test('W8 what is in the group of the process would end with it, unless that is left alone', (t) => {
  const processes = { 22: { parent: 20, group: 20 } };
  t.regex(String(claim(22, { processes })), /^it is in the group of the service's process/);
  t.is(claim(22, { processes, signalsProcessOnly: true }), 22);
});
